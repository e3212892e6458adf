//! `mydehydrate init --update`: what a changed schema needs, added to a refresh.toml in place.
//!
//! In: a refresh.toml, the server. Out: the same file with more lines; none that a person wrote is touched, not its end either. What is added: relations of
//! tables that nothing reached, tables that no rule and no relation reaches, masks of columns that nothing is said of.

use std::fmt::Write as _;
use std::path::Path;

use toml_edit::{Array, DocumentMut, Item, Key, Table as Section, Value};

use super::begin::{self, InitInputs};
use super::endings::Endings;
use super::file;
use super::masks::{self, is_open};
use super::settle::decide;
use super::shares::{Shares, share};
use super::texts::{DECIDE, Entry};
use crate::config::{self, Config, MaskPolicy};
use crate::document::{TableClass, chain};
use crate::house::House;
use crate::mask::{self, Finding};
use crate::plan::error::Error;
use crate::plan::infer::proposals::{self, Proposal};
use crate::plan::infer::statements::Evidence;
use crate::plan::options::Options;
use crate::plan::rules::blueprint::Blueprint;
use crate::plan::rules::classes;
use crate::plan::rules::edge::Edge;
use crate::plan::rules::{reach, relations};
use crate::plan::safety::foresee;

/// A line to add: section, key, value, and what stands behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Added {
    section: &'static str,
    key: String,
    value: String,
    comment: String,
}

/// Adds what is missing. What was added is the answer.
pub(crate) fn update(
    house: &House,
    options: &Options,
    path: Option<&Path>,
    evidence: &Evidence,
) -> Result<String, Error> {
    let own = &house.config.origin.path;
    let path = match path {
        Some(path) => path,
        None if own.as_os_str().is_empty() => return Err(Error::NoConfiguration),
        None => own,
    };
    let config = config::load(path, &mask::vocabulary())?;
    let mut ground = begin::look(house, &config, options, &[])?;
    let mut file = Edited::of(path, &config.origin.text)?;
    let by_rule = classes::by_rules(&ground.catalog, &config)?;
    let edges = new_relations(house, (&config, evidence), &by_rule, &mut ground, &mut file)?;
    if config.dehydrate.unclassified.is_none() {
        new_tables(by_rule, &ground, &edges, &mut file)?;
    }
    new_masks(house, &mut ground, &mut file)?;
    let text = file.text();
    let left = decide(&text, path, &ground.catalog, &ground.databases).err();
    if let Some(left) = &left {
        house.progress.warn(&format!("a night is still refused: {}", chain(left)));
    }
    if file.added.is_empty() {
        return Ok(format!("nothing to add to {}\n", path.display()));
    }
    if !house.dry_run {
        file::replace(path, &config.origin.text, &text)
            .map_err(|source| Error::NotWritten { path: path.display().to_string(), source })?;
    }
    let word = if house.dry_run { "would be added to" } else { "added to" };
    Ok(format!("{} line(s) {word} {}:\n{}", file.added.len(), path.display(), file.said()))
}

/// Relations that names and values speak of, of tables that nothing reaches without them.
fn new_relations(
    house: &House,
    (config, evidence): (&Config, &Evidence),
    by_rule: &[Option<TableClass>],
    ground: &mut InitInputs,
    file: &mut Edited<'_>,
) -> Result<Vec<Edge>, Error> {
    let catalog = &ground.catalog;
    let edges = relations::all(catalog, config)?;
    let reached = reach::tables(catalog, &edges, by_rule);
    let lost = |at: usize| by_rule[at].is_none() && reached[at].is_none();
    if !(0..catalog.tables.len()).any(lost) {
        return Ok(edges);
    }
    let found = proposals::proposals(house, &mut ground.session, catalog, &edges, evidence)?;
    let wanted = |proposal: &&Proposal| {
        proposal.stands && (lost(proposal.child.0) || proposal.parent.is_some_and(lost))
    };
    for proposal in found.iter().filter(wanted) {
        file.line("relations", &proposal.text)?;
    }
    file.doubtful = found.into_iter().filter(|proposal| !proposal.stands).collect();
    Ok(relations::all(catalog, &file.config()?)?)
}

/// Tables that nothing reaches.
fn new_tables(
    by_rule: Vec<Option<TableClass>>,
    ground: &InitInputs,
    edges: &[Edge],
    file: &mut Edited<'_>,
) -> Result<(), Error> {
    let Shares { empty, full, .. } = share(&ground.catalog, edges, by_rule, false, &file.doubtful);
    for (key, entries) in [("empty", empty), ("full", full)] {
        for entry in entries {
            file.element("dehydrate", key, &entry)?;
        }
    }
    Ok(())
}

/// Columns that look personal and that nothing is said of; with `policy = "strict"` every text.
fn new_masks(house: &House, ground: &mut InitInputs, file: &mut Edited<'_>) -> Result<(), Error> {
    let config = file.config()?;
    let blueprint = Blueprint::of(ground.catalog.clone(), &config, &ground.databases)?;
    let tables: Vec<usize> =
        (0..blueprint.catalog.tables.len()).filter(|table| blueprint.comes(*table)).collect();
    let masks = &blueprint.masks;
    let found = (tables.as_slice(), masks);
    let rules = masks::rules(house, &mut ground.session, &blueprint.catalog, &blueprint.edges, found)?;
    let strict = config.mask.policy == MaskPolicy::Strict;
    let wanted: Vec<Finding> = if strict { rules.all().cloned().collect() } else { rules.personal };
    for finding in foresee::settled(house, &mut ground.session, (&config, &blueprint), wanted)? {
        let line = finding.toml(&ground.catalog);
        if is_open(&finding) {
            house.progress.warn(&format!("a mask or a reason is wanted: {line}"));
        } else if masks.declared(finding.table, &finding.column).is_none() {
            file.line("mask", &line)?;
        } else {
            house.progress.warn(&format!("what the file says of a column has to be changed: {line}"));
        }
    }
    Ok(())
}

/// A file that lines are added to.
struct Edited<'a> {
    path: &'a Path,
    endings: Endings,
    document: DocumentMut,
    added: Vec<Added>,
    doubtful: Vec<Proposal>,
}

impl<'a> Edited<'a> {
    fn of(path: &'a Path, text: &str) -> Result<Self, Error> {
        let (endings, plain) = Endings::of(text);
        let document =
            plain.parse::<DocumentMut>().map_err(|error| not_editable(path, &error.to_string()))?;
        Ok(Self { path, endings, document, added: Vec::new(), doubtful: Vec::new() })
    }

    /// The file's text with everything that was added.
    fn text(&self) -> String {
        self.endings.back(&self.document.to_string())
    }

    fn config(&self) -> Result<Config, Error> {
        Ok(config::parse(self.path, self.text(), &mask::vocabulary())?)
    }

    fn section(&mut self, name: &str) -> Result<&mut Section, Error> {
        let path = self.path;
        let item = self.document.entry(name).or_insert_with(|| Item::Table(Section::new()));
        item.as_table_mut()
            .ok_or_else(|| not_editable(path, &format!("[{name}] is not written as a section of its own")))
    }

    /// `"key" = value  # evidence`, unless the key is there.
    fn line(&mut self, section: &'static str, line: &str) -> Result<(), Error> {
        let path = self.path;
        let parsed: DocumentMut = format!("{line}\n")
            .parse()
            .map_err(|e: toml_edit::TomlError| not_editable(path, &e.to_string()))?;
        let Some((key, Item::Value(value))) = parsed.iter().next() else { return Ok(()) };
        let comment = line.split_once("  # ").map_or("", |(_, comment)| comment);
        let added = Added {
            section,
            key: key.to_owned(),
            value: value.clone().decorated("", "").to_string(),
            comment: comment.to_owned(),
        };
        let value: Value = value.clone().decorated(" ", format!("  # {comment}"));
        let table = self.section(section)?;
        if table.contains_key(key) {
            return Ok(());
        }
        table.insert_formatted(&Key::new(key), Item::Value(value));
        self.added.push(added);
        Ok(())
    }

    /// Adds one more element to a list.
    fn element(&mut self, section: &'static str, key: &str, entry: &Entry) -> Result<(), Error> {
        let path = self.path;
        let item =
            self.section(section)?.entry(key).or_insert_with(|| Item::Value(Value::Array(Array::new())));
        let list = item.as_array_mut().ok_or_else(|| not_editable(path, &format!("{key} is no list")))?;
        push(list, entry);
        self.added.push(Added {
            section,
            key: key.to_owned(),
            value: config::toml_text(&entry.name),
            comment: format!("{}{}", if entry.decide { "decide: " } else { "" }, entry.why),
        });
        Ok(())
    }

    /// Says what was added, section by section.
    fn said(&self) -> String {
        let mut text = String::new();
        for section in ["dehydrate", "relations", "mask"] {
            let lines: Vec<&Added> = self.added.iter().filter(|added| added.section == section).collect();
            if !lines.is_empty() {
                let _ = writeln!(text, "[{section}]");
            }
            for Added { key, value, comment, .. } in lines {
                let key = if section == "dehydrate" { format!("{key} +=") } else { format!("{key:?} =") };
                let _ = writeln!(text, "{key} {value}  # {comment}");
            }
        }
        text
    }
}

/// An element on a line of its own behind the others, its reason above it.
fn push(list: &mut Array, entry: &Entry) {
    let mark = if entry.decide { DECIDE } else { "#" };
    let why = config::toml_comment(&entry.why);
    // What stands between the last element and the bracket, a comment maybe, stays where it is.
    let before = list.trailing().as_str().unwrap_or_default().trim_end().to_owned();
    let between = if list.trailing_comma() || list.is_empty() { before } else { String::new() };
    let mut value = Value::from(entry.name.clone());
    value.decor_mut().set_prefix(format!("{between}\n    {mark} {why}\n    "));
    list.push_formatted(value);
    list.set_trailing("\n");
    list.set_trailing_comma(true);
}

fn not_editable(path: &Path, problem: &str) -> Error {
    Error::NotEditable { path: path.display().to_string(), problem: problem.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(text: &str) -> String {
        let path = Path::new("refresh.toml");
        let mut file = Edited::of(path, text).unwrap();
        file.line("mask", "\"a.b\" = \"text\"  # seen").unwrap();
        file.line("mask", "\"a.b\" = \"hash\"  # there already").unwrap();
        file.line("relations", "\"a.c\" = { to = \"d.e\", down = \"never\" }  # named").unwrap();
        let entry = |name: &str, decide| Entry { name: name.to_owned(), why: "few rows".to_owned(), decide };
        file.element("dehydrate", "full", &entry("f", false)).unwrap();
        file.element("dehydrate", "full", &entry("g", true)).unwrap();
        let text = file.text();
        let read: toml::Table = text.parse().unwrap_or_else(|e| panic!("{e}: {text}"));
        assert_eq!(read["mask"]["a.b"].as_str(), Some("text"), "{text}");
        assert_eq!(read["relations"]["a.c"]["to"].as_str(), Some("d.e"), "{text}");
        let full: Vec<&str> =
            read["dehydrate"]["full"].as_array().unwrap().iter().filter_map(|v| v.as_str()).collect();
        assert!(full.ends_with(&["f", "g"]), "{text}");
        text
    }

    #[test]
    fn no_line_of_a_person_is_touched() {
        for text in [
            "",
            "# mine\n[mask] # here\npolicy = \"strict\"   # so\n\n# between\n\n[dehydrate]\nfull = [\"x\", \"y\"] # both\n# last\n",
            "[dehydrate]\nfull = [\n  \"x\", # the first\n  \"y\" # the second\n  # more\n]\nroot = { table = \"t\" }\n[relations]\n\"a.b\"=\"c.d\"\n",
            "[dehydrate]\nfull = []\n[mask]\n\"z.z\" = [\n  \"text\",\n]\n",
        ] {
            let after = added(text);
            for line in text.lines().filter(|line| !line.trim().is_empty() && !line.contains("full = [")) {
                let line = line.trim_end_matches(']').trim();
                assert!(after.contains(line), "{line:?} is not in {after}");
            }
        }
    }

    #[test]
    fn a_file_of_another_system_keeps_its_mark_and_the_ends_of_its_lines() {
        let text = "\u{feff}# mine\r\n[mask] # here\r\npolicy = \"strict\"\r\n\r\n[dehydrate]\r\nfull = [\r\n  \"x\", # one\r\n]\r\nnote = \"\"\"\r\nlong\"\"\" # last";
        let after = added(text);
        assert!(after.starts_with("\u{feff}# mine\r\n[mask] # here\r\npolicy"), "{after:?}");
        assert_eq!(after.matches('\n').count(), after.matches("\r\n").count(), "{after:?}");
        let (mut old, all) = (text.split("\r\n").peekable(), after.split("\r\n"));
        for line in all {
            old.next_if_eq(&line);
        }
        assert_eq!(old.next(), None, "{after:?}");
    }

    #[test]
    fn a_section_that_is_no_section_is_not_rewritten() {
        let mut file = Edited::of(Path::new("x"), "mask = { policy = \"strict\" }\n").unwrap();
        assert!(file.line("mask", "\"a.b\" = \"text\"  # seen").is_err());
    }
}
