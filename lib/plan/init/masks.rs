//! The section `[mask]`: a rule for everything that looks personal, and a word on every other text.
//!
//! In: the catalog, the relations, the tables whose rows come along, masks that there are already. Out: lines: what looks personal; what
//! nobody knows (masked, to be safe); what stays clear, and why; what a person has to decide.

use std::collections::{BTreeMap, BTreeSet};

use super::texts::DECIDE;
use crate::catalog::{Catalog, Column, Family, Table, words};
use crate::config::toml_text;
use crate::house::House;
use crate::mask::{self, Detected, Finding, Masks, Variety};
use crate::mysql::Session;
use crate::plan::error::Error;
use crate::plan::infer::roles::means_somebody;
use crate::plan::rules::cast::{self, Cast};
use crate::plan::rules::edge::{Edge, Place, ends, groups};
use crate::plan::safety::alike;
use crate::progress::Unit;

/// Among so many values and more, few different ones are a habit.
const TOTAL_MIN: u64 = 20;

/// A code has so many times more values than different ones.
const REPEATED: u64 = 10;

/// Texts of so many characters are no codes.
const CODE_CHARACTERS_MAX: u64 = 255;

/// A table that others refer to so many times as often as it has rows, and that has few, describes them.
const LOOKUP_FACTOR: u64 = 10;
const LOOKUP_ROWS_MAX: u64 = 300;

/// A reason that somebody writes has more room than a code (characters).
const REASON_MIN: u64 = 40;

/// Bytes that are longer are no key.
const KEY_BYTES_MAX: u64 = 16;

/// What a column is if no proposal fits: a person fills the reason in.
const OPEN: &str = "reason = \"…\"";

/// What the section `[mask]` is to say, as columns with what was found of each.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    /// Columns that look personal, and get a mask.
    pub(crate) personal: Vec<Finding>,
    /// Columns that nobody can tell anything of, which a person has to decide on.
    pub(crate) unknown: Vec<Finding>,
    /// Columns that stay clear, each for a reason.
    pub(crate) clear: Vec<Finding>,
    /// Warnings of documents that cannot be read.
    pub(crate) unread: Vec<String>,
}

impl Rules {
    /// All the columns, in this order.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Finding> {
        self.personal.iter().chain(&self.unknown).chain(&self.clear)
    }

    /// Takes what has to be written otherwise in the place of what it changes.
    pub(crate) fn change(&mut self, changes: Vec<Finding>) {
        for change in changes {
            let same = |finding: &Finding| finding.table == change.table && finding.column == change.column;
            let mut evidence = change.evidence.clone();
            for findings in [&mut self.personal, &mut self.unknown, &mut self.clear] {
                if let Some(at) = findings.iter().position(same) {
                    evidence = format!("{}; {}", findings.remove(at).evidence, change.evidence);
                }
            }
            self.personal.push(Finding { evidence, any_text: false, ..change });
        }
        self.personal.sort_by(|a, b| (a.table, &a.column).cmp(&(b.table, &b.column)));
    }

    /// Lines of TOML; what needs a person is a comment.
    pub(crate) fn lines(catalog: &Catalog, findings: &[Finding]) -> Vec<String> {
        let line = |finding: &Finding| {
            let line = finding.toml(catalog);
            if is_open(finding) { format!("{DECIDE} a mask or a reason: {line}") } else { line }
        };
        findings.iter().map(line).collect()
    }
}

/// Whether a person has to fill it in.
pub(crate) fn is_open(finding: &Finding) -> bool {
    finding.proposal.contains(OPEN)
}

/// Looks at everything that `masks` says nothing of.
pub(crate) fn rules(
    house: &House,
    session: &mut Session,
    catalog: &Catalog,
    edges: &[Edge],
    (tables, masks): (&[usize], &Masks),
) -> Result<Rules, Error> {
    let Detected { findings, unread } = detect(house, session, catalog, masks, tables)?;
    let mut open: BTreeMap<Place, Finding> = BTreeMap::new();
    for finding in findings {
        open.insert((finding.table, finding.column.to_lowercase()), finding);
    }
    let mut rules = Rules { unread, ..Rules::default() };
    let tied = groups(ends(edges));
    for places in &tied {
        rules.ends(session, (catalog, masks), places, &mut open)?;
    }
    rules.numbers(session, (catalog, masks), edges, &mut open)?;
    let referring: BTreeSet<&Place> = tied.iter().flatten().collect();
    let (personal, unknown): (Vec<Finding>, Vec<Finding>) = open.into_values().partition(|f| !f.any_text);
    let lookups = lookups(catalog, edges, &personal, masks);
    rules.personal.extend(personal);
    rules.documents(catalog, masks, tables, &referring);
    let mut by_table: BTreeMap<usize, Vec<Finding>> = BTreeMap::new();
    for finding in unknown {
        by_table.entry(finding.table).or_default().push(finding);
    }
    for (at, findings) in by_table {
        house.cancel.check()?;
        rules.texts(session, &catalog.tables[at], findings, lookups.contains(&at))?;
    }
    rules.personal.sort_by(|a, b| (a.table, &a.column).cmp(&(b.table, &b.column)));
    Ok(rules)
}

fn detect(
    house: &House,
    session: &mut Session,
    catalog: &Catalog,
    masks: &Masks,
    tables: &[usize],
) -> Result<Detected, Error> {
    let task = house.progress.start("looking for personal data", Some(tables.len() as u64), Unit::Count);
    let mut all = Detected::default();
    for table in tables {
        house.cancel.check()?;
        task.message(&catalog.tables[*table].label());
        let Detected { findings, unread } = mask::detect(session, catalog, masks, &[*table], true)?;
        all.findings.extend(findings);
        all.unread.extend(unread);
        task.add(1);
    }
    Ok(all)
}

impl Rules {
    /// Columns that refer to each other: all of them the same, or clear.
    fn ends(
        &mut self,
        session: &mut Session,
        (catalog, masks): (&Catalog, &Masks),
        places: &[Place],
        open: &mut BTreeMap<Place, Finding>,
    ) -> Result<(), Error> {
        // What a person said of one of them holds; whether it fits the others, the check says.
        if places.iter().any(|(table, column)| masks.declared(*table, column).is_some()) {
            for place in places {
                if open.get(place).is_some_and(|finding| finding.any_text) {
                    open.remove(place);
                }
            }
            return Ok(());
        }
        let own: Vec<Finding> = places.iter().filter_map(|place| open.remove(place)).collect();
        let columns: Vec<(usize, &Column)> = places
            .iter()
            .filter_map(|(table, column)| Some((*table, catalog.tables[*table].column(column)?)))
            .filter(|(_, column)| !column.generated)
            .collect();
        let finding = |(table, column): (usize, &Column), evidence: &str, proposal: &str| Finding {
            table,
            column: column.name.clone(),
            evidence: evidence.to_owned(),
            proposal: proposal.to_owned(),
            any_text: false,
        };
        let texts: Vec<_> =
            columns.iter().copied().filter(|(_, column)| column.family() == Family::Text).collect();
        let looks = own.iter().find(|finding| !finding.any_text).map(|first| first.evidence.as_str());
        let first = match looks {
            Some(first) => Some(first),
            None if are_telling(session, catalog, &texts)? => Some("its values look like names or sentences"),
            None => None,
        };
        let Some(first) = first else {
            let keep = format!("{{ keep = {} }}", toml_text("a key that relations compare"));
            self.clear.extend(
                texts.into_iter().map(|place| finding(place, "look whether it says who somebody is", &keep)),
            );
            return Ok(());
        };
        let wishes = own.iter().filter(|finding| !finding.any_text).map(|finding| finding.proposal.clone());
        let evidence = format!("{first}, and both ends of a relation mask alike");
        for (place, right) in alike::of_ends(catalog, places, &wishes.collect::<Vec<_>>()) {
            let Some(column) = catalog.tables[place.0].column(&place.1) else { continue };
            self.personal.push(finding((place.0, column), &evidence, &right));
        }
        Ok(())
    }

    /// Texts that hold nothing but the number of a row stay as clear as the number is.
    fn numbers(
        &mut self,
        session: &mut Session,
        (catalog, masks): (&Catalog, &Masks),
        edges: &[Edge],
        open: &mut BTreeMap<Place, Finding>,
    ) -> Result<(), Error> {
        let casts = |edge: &&Edge| {
            matches!(edge.cast, Some(Cast::Signed | Cast::Unsigned))
                && edge.filter.is_none()
                && edge.child_columns.len() == 1
        };
        for edge in edges.iter().filter(casts) {
            let (child, parent) = (&catalog.tables[edge.child], &catalog.tables[edge.parent]);
            let (from, to) = (edge.child_columns[0].to_lowercase(), edge.parent_columns[0].to_lowercase());
            let masked = masks.declared(edge.parent, &to).is_some()
                || open.contains_key(&(edge.parent, to.clone()))
                || self.personal.iter().any(|f| f.table == edge.parent && f.column.to_lowercase() == to);
            let place = (edge.child, from);
            let (Some(finding), Some(column), Some(key), false) =
                (open.get(&place), child.column(&place.1), parent.column(&to), masked)
            else {
                continue;
            };
            // One name among a million numbers would leave in clear: every value is asked for, once.
            let other = edge.cast.and_then(|cast| cast::unreadable(cast, column, key)).unwrap_or_default();
            let sql = format!("SELECT EXISTS (SELECT 1 FROM {} AS c WHERE {other})", child.sql());
            let other: Option<bool> = session.first("looking for what is no number", &sql)?;
            if !finding.any_text || other != Some(false) {
                continue;
            }
            let keep = toml_text(&format!("the number of a row of {}", parent.name));
            self.clear.push(Finding {
                evidence: "every value is a number".to_owned(),
                proposal: format!("{{ keep = {keep} }}"),
                any_text: false,
                ..finding.clone()
            });
            open.remove(&place);
        }
        Ok(())
    }

    /// Documents and bytes in which nothing was recognised hold anything.
    fn documents(
        &mut self,
        catalog: &Catalog,
        masks: &Masks,
        tables: &[usize],
        referring: &BTreeSet<&Place>,
    ) {
        let said: BTreeSet<Place> = self.all().map(|f| (f.table, f.column.to_lowercase())).collect();
        for &table in tables {
            for column in &catalog.tables[table].columns {
                let place = (table, column.name.to_lowercase());
                let is_key = catalog.tables[table].key().iter().any(|part| part.name == column.name);
                let known = said.contains(&place) || referring.contains(&place) || is_key;
                if column.generated || known || masks.declared(table, &column.name).is_some() {
                    continue;
                }
                let (wishes, what): (&[&str], &str) = match column.family() {
                    Family::Json => (&[], "a document in which nothing personal was recognised"),
                    Family::Binary if column.length.unwrap_or(u64::MAX) > KEY_BYTES_MAX => {
                        (&["\"empty\"", "\"null\""], "bytes that nobody can look into")
                    }
                    _ => continue,
                };
                let proposal = mask::propose(&catalog.tables[table], column, wishes);
                let (column, evidence) =
                    (column.name.clone(), format!("{what}: {{ keep = \"…\" }} if there is none"));
                self.unknown.push(Finding { table, column, evidence, proposal, any_text: false });
            }
        }
    }

    /// Texts of one table that only a look at their values says something of.
    fn texts(
        &mut self,
        session: &mut Session,
        table: &Table,
        findings: Vec<Finding>,
        lookup: bool,
    ) -> Result<(), Error> {
        let columns: Vec<&Column> = findings.iter().filter_map(|f| table.column(&f.column)).collect();
        let varieties = mask::variety(session, table, &columns)?;
        for ((finding, column), variety) in findings.into_iter().zip(columns).zip(varieties) {
            if let Some(why) = harmless(table, column, variety, lookup) {
                let proposal = format!("{{ keep = {} }}", toml_text(&why));
                self.clear.push(Finding { evidence: "seen in a sample".to_owned(), proposal, ..finding });
                continue;
            }
            let proposal = mask::propose(table, column, &["\"text\""]);
            let evidence = match variety.total {
                0 => "a text without a value so far".to_owned(),
                total => format!("a text: {} different values of {total}", variety.different),
            };
            self.unknown.push(Finding { evidence, proposal, ..finding });
        }
        Ok(())
    }
}

/// Whether the values of one of these columns are more than codes and labels.
fn are_telling(session: &mut Session, catalog: &Catalog, texts: &[(usize, &Column)]) -> Result<bool, Error> {
    for (at, column) in texts {
        if mask::variety(session, &catalog.tables[*at], &[column])?.into_iter().any(speaks_of_people) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether values are more than codes and labels.
fn speaks_of_people(Variety { total, like_names, long, .. }: Variety) -> bool {
    long > 0 || like_names * 5 > total
}

/// The reason for which a text may stay clear, if there is one.
fn harmless(table: &Table, column: &Column, variety: Variety, lookup: bool) -> Option<String> {
    let Variety { total, different, .. } = variety;
    let short = column.length.unwrap_or(u64::MAX) <= CODE_CHARACTERS_MAX;
    // Few names of colleagues, or of diseases, repeat as codes do.
    let own = words(&column.name);
    let told = means_somebody(&own)
        || (column.length >= Some(REASON_MIN) && own.last().is_some_and(|last| last == "reason"))
        || mask::is_sensitive(&table.name);
    if !short || total == 0 || (told && !lookup) || speaks_of_people(variety) {
        return None;
    }
    if total >= TOTAL_MIN && different * REPEATED <= total {
        return Some(format!("a code: {different} different values among {total}"));
    }
    lookup.then(|| "a lookup table that many rows refer to, and nothing personal in it".to_owned())
}

/// Small tables without dates that many rows of others refer to, and in which nothing is personal.
fn lookups(catalog: &Catalog, edges: &[Edge], personal: &[Finding], masks: &Masks) -> BTreeSet<usize> {
    let mut references: BTreeMap<usize, u64> = BTreeMap::new();
    for edge in edges.iter().filter(|edge| edge.child != edge.parent) {
        let rows = references.entry(edge.parent).or_default();
        *rows = rows.saturating_add(catalog.tables[edge.child].rows_estimate);
    }
    let looks_up = |at: &usize| {
        let rows = catalog.tables[*at].rows_estimate;
        (1..=LOOKUP_ROWS_MAX).contains(&rows)
            && references.get(at).is_some_and(|references| *references >= rows * LOOKUP_FACTOR)
            && catalog.tables[*at].columns.iter().all(|column| column.family() != Family::Time)
            && personal.iter().all(|finding| finding.table != *at)
            && masks.iter().all(|(table, _, mask)| table != *at || mask.kind == "keep")
    };
    (0..catalog.tables.len()).filter(looks_up).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values_that_come_often_are_a_code_and_names_and_long_texts_are_none() {
        let column = |length| Column { length: Some(length), ..Column::default() };
        let table = Table::default();
        let seen = |total, different, like_names| Variety { total, different, like_names, long: 0 };
        let sentence = Variety { long: 1, ..seen(500, 2, 0) };
        assert_eq!(
            [harmless(&table, &column(60), sentence, false), harmless(&table, &column(60), sentence, true)],
            [None, None]
        );
        assert!(harmless(&table, &column(20), seen(500, 12, 0), false).is_some());
        assert_eq!(harmless(&table, &column(20), seen(500, 120, 0), false), None);
        assert_eq!(harmless(&table, &column(20), seen(500, 12, 300), false), None);
        assert_eq!(harmless(&table, &column(65_535), seen(500, 2, 0), false), None);
        assert_eq!(harmless(&table, &column(20), seen(9, 1, 0), false), None);
        assert_eq!(harmless(&table, &column(20), seen(0, 0, 0), true), None);
        assert!(harmless(&table, &column(20), seen(9, 9, 0), true).is_some());
        for name in ["checked_by", "sentBy", "inb_last_receiver", "init_user"] {
            let column = Column { name: name.to_owned(), ..column(20) };
            assert_eq!(harmless(&table, &column, seen(500, 12, 0), false), None, "{name}");
        }
        // Among the few rows that describe others, it is a word to choose.
        let column = Column { name: "created_by".to_owned(), ..column(20) };
        assert!(harmless(&table, &column, seen(9, 9, 0), true).is_some());
        let column = |length| Column { length: Some(length), ..Column::default() };
        let allergies = Table { name: "allergies".to_owned(), ..Table::default() };
        assert_eq!(harmless(&allergies, &column(20), seen(500, 12, 0), false), None);
    }
}
