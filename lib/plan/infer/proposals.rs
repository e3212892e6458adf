//! Relations that nobody declared: names propose, data verifies.
//!
//! In: the catalog, the relations that are known, a bounded sample of values. Out: TOML to paste, each line with its
//! evidence; what is doubtful is commented out. Values alone propose nothing: small dense numbers are contained in
//! every other table's key.

use std::collections::HashSet;
use std::fmt::Write;

use super::by_table::{Candidate, NameMatch};
use super::candidates;
use super::composites;
use super::joins::Joins;
use super::lexicon::Lexicon;
use super::roles;
use super::sample::look_up;
use super::statements::Evidence;
use crate::catalog::{self, Catalog, Column, Family, Table};
use crate::config::{toml_comment, toml_text};
use crate::house::House;
use crate::mysql::Session;
use crate::plan::error::Error;
use crate::plan::place::SourceServer;
use crate::plan::rules::comparable::{collation_cast, comparable, number_cast};
use crate::plan::rules::edge::Edge;
use crate::plan::rules::relations;
use crate::progress::Unit;
use crate::sql::literal;

/// A `…_type` column with more values than this is no type.
const TYPES_MAX: u32 = 20;

/// One relation as a line of TOML, with its evidence behind it.
pub(crate) struct Proposal {
    /// The line of TOML, its evidence behind it as a comment.
    pub(crate) text: String,
    /// Whether names and values agree.
    pub(crate) stands: bool,
    /// The child and the columns of it that refer.
    pub(crate) child: (usize, String),
    /// The parent, unless polymorphic.
    pub(crate) parent: Option<usize>,
}

impl Proposal {
    /// The line without its evidence.
    pub(crate) fn line(&self) -> &str {
        self.text.split("  # ").next().unwrap_or_default()
    }
}

/// Proposes relations that nobody declared, as TOML to paste.
pub(crate) fn infer(house: &House, place: &SourceServer, evidence: &Evidence) -> Result<String, Error> {
    let mut session = place.connect()?;
    let catalog = Catalog::read(&mut session, &place.databases)?;
    let edges = relations::all(&catalog, &house.config)?;
    Ok(rendered(&proposals(house, &mut session, &catalog, &edges, evidence)?))
}

/// What names propose for columns that no relation is known of, looked up in the data.
pub(crate) fn proposals(
    house: &House,
    session: &mut Session,
    catalog: &Catalog,
    edges: &[Edge],
    evidence: &Evidence,
) -> Result<Vec<Proposal>, Error> {
    let columns = |edge: &Edge| edge.child_columns.iter().map(|c| c.to_lowercase()).collect::<Vec<_>>();
    let places: HashSet<(usize, String)> =
        edges.iter().flat_map(|edge| columns(edge).into_iter().map(|column| (edge.child, column))).collect();
    let known = |table: usize, column: &str| places.contains(&(table, column.to_lowercase()));
    let joins = Joins::read(session, catalog, &evidence.statements()?);
    let lexicon = Lexicon::of(catalog, roles::PEOPLE);
    let task = house.progress.start("looking for relations", Some(catalog.tables.len() as u64), Unit::Count);
    let mut proposals = Vec::new();
    for (at, table) in catalog.tables.iter().enumerate() {
        house.cancel.check()?;
        task.message(&table.label());
        for column in table.columns.iter().filter(|column| !known(at, &column.name)) {
            let kind = type_column(table, column);
            let of_many = match kind {
                Some(kind) => polymorphic(session, &lexicon, at, column, kind)?,
                None => None,
            };
            match of_many {
                Some(found) => proposals.push(found),
                None => proposals.extend(simple(session, &lexicon, &joins, (at, column), kind.is_some())?),
            }
        }
        task.add(1);
    }
    let standing: HashSet<(usize, String)> =
        proposals.iter().filter(|p: &&Proposal| p.stands).map(|p| p.child.clone()).collect();
    let found = |table: usize, column: &str| standing.contains(&(table, column.to_owned()));
    let refers = |table: usize, column: &str| known(table, column) || found(table, column);
    let mut composite = Vec::new();
    for (child, parent, columns) in composites::of(catalog, &refers) {
        house.cancel.check()?;
        if !edges.iter().any(|edge| edge.child == child && edge.child_columns == columns) {
            composite.extend(several(session, catalog, child, parent, &columns)?);
        }
    }
    proposals.extend(composite);
    Ok(proposals)
}

fn rendered(proposals: &[Proposal]) -> String {
    let mut out = String::new();
    if proposals.iter().any(|proposal| proposal.stands) {
        out.push_str("[relations]\n");
    }
    for proposal in proposals.iter().filter(|proposal| proposal.stands) {
        let _ = writeln!(out, "{}", proposal.text);
    }
    for proposal in proposals.iter().filter(|proposal| !proposal.stands) {
        let _ = writeln!(out, "# doubtful: {}", proposal.text);
    }
    if out.is_empty() {
        out.push_str("# no relation that is not declared already\n");
    }
    out
}

/// The first candidate whose values are there, else the first doubtful one that is worth a look. `strong`: only strong
/// candidates, since the column may refer to rows of many tables.
fn simple(
    session: &mut Session,
    lexicon: &Lexicon<'_>,
    joins: &Joins,
    (at, column): (usize, &Column),
    strong: bool,
) -> Result<Option<Proposal>, Error> {
    let mut doubtful = None;
    let catalog = lexicon.catalog;
    let child = &catalog.tables[at];
    let key = child.key();
    let is_key = key.len() == 1 && key[0].name == column.name;
    for candidate in candidates(lexicon, joins, at, column) {
        if strong && !candidate.strong {
            continue;
        }
        let parent = &catalog.tables[candidate.parent];
        let Some(key) = parent.column(&candidate.column) else { continue };
        let joined = match joins.between((at, &column.name), (candidate.parent, &key.name)) {
            0 => String::new(),
            times => format!(", joined in {times} kind(s) of statements"),
        };
        // Whatever looks like a number in a text is one where name or statements say so.
        let other_type = number_cast(column, key).filter(|_| candidate.strong);
        let cast = collation_cast(column, key).or(other_type);
        if cast.is_none() && comparable(column, key).is_err() {
            continue;
        }
        let sample = look_up(session, (child, parent), &[(column, key)], cast, None)?;
        let index = if child.indexed(std::slice::from_ref(&column.name)) { ", indexed" } else { "" };
        let low = if sample.low { ", but only the key's first few numbers" } else { "" };
        // Rows that nothing tells apart cannot be followed.
        let followed = !parent.key().is_empty();
        let lost = if followed { "" } else { ", but its table has no unique key" };
        let to = toml_text(&catalog.written_column(parent, &key.name));
        // One user who made all orders would bring them all.
        let audit = roles::is_audit(&catalog::words(&column.name));
        let cast = cast.map(|cast| format!(", cast = {}", toml_text(cast.word()))).unwrap_or_default();
        let right = match (audit, cast.as_str()) {
            (true, cast) => format!("{{ to = {to}, down = \"never\"{cast} }}"),
            (false, "") => to,
            (false, cast) => format!("{{ to = {to}{cast} }}"),
        };
        let text = format!(
            "{} = {right}  # {}; {}{lost}{low}{index}{joined}",
            toml_text(&catalog.written_column(child, &column.name)),
            toml_comment(&candidate.evidence),
            sample.text(),
        );
        let stands = match sample.values {
            0 => candidate.strong && followed && other_type.is_none(),
            _ => sample.contained() && followed && (candidate.strong || !(candidate.vague || sample.low)),
        };
        let (child, parent) = ((at, column.name.clone()), Some(candidate.parent));
        let proposal = Proposal { text, stands, child, parent };
        if stands {
            return Ok(Some(proposal));
        }
        // A key whose values are only partly in another key refers to nothing.
        if sample.values > 0 && sample.is_worth_a_look(candidate.strong) && !is_key {
            doubtful.get_or_insert(proposal);
        }
    }
    Ok(doubtful)
}

/// What the name speaks of; then, unless it is its own table's key, tables that statements join it with.
fn candidates(lexicon: &Lexicon<'_>, joins: &Joins, at: usize, column: &Column) -> Vec<Candidate> {
    let catalog = lexicon.catalog;
    let mut all = candidates::of(lexicon, at, column);
    let key = catalog.tables[at].key();
    if key.len() == 1 && key[0].name == column.name {
        // A row that is another's, by the same key: `patron_images.cardnumber`. The log says with whom, the name or the server which way.
        for (parent, to) in joins.parents(catalog, at, &column.name) {
            let own = &catalog.tables[parent];
            let whole = own.key().len() == 1 && own.key()[0].name == to;
            let numbered = own.column(&to).is_some_and(|to| to.auto_increment) && !column.auto_increment;
            let called = lexicon
                .table(parent)
                .last()
                .is_some_and(|last| column.name.to_lowercase().starts_with(last.as_str()));
            let named = lexicon.table(at).len() > lexicon.table(parent).len() && called;
            if whole && (numbered || named) && all.iter().all(|one| one.parent != parent) {
                let evidence = "its name does not say so, but statements do".to_owned();
                all.push(Candidate {
                    parent,
                    column: to,
                    evidence,
                    strong: true,
                    vague: false,
                    named: NameMatch::None,
                });
            }
        }
        return all;
    }
    // What is unique here is what the others refer to.
    let unique = catalog.tables[at].unique(std::slice::from_ref(&column.name));
    let numbered = |parent: usize, key: &str| {
        catalog.tables[parent].column(key).is_some_and(|column| column.auto_increment)
    };
    for (parent, key) in joins.parents(catalog, at, &column.name) {
        match all.iter_mut().find(|candidate| candidate.parent == parent && candidate.column == key) {
            // Small numbers prove nothing; a statement that joins them does.
            Some(named) => named.strong = true,
            // Unless the server numbers them there.
            None if unique && !numbered(parent, &key) => {}
            None => all.push(Candidate {
                parent,
                column: key,
                evidence: "its name does not say so, but statements do".to_owned(),
                strong: true,
                vague: false,
                named: NameMatch::None,
            }),
        }
    }
    // What is named and joined comes first; what is named exactly stays before what is joined alone: the log may know a table beside it.
    all.sort_by_key(|candidate| {
        let joined = joins.between((at, &column.name), (candidate.parent, &candidate.column)) > 0;
        match (joined, candidate.named) {
            (true, NameMatch::Whole | NameMatch::Part) => 0,
            (false, NameMatch::Whole) => 1,
            (true, NameMatch::None) => 2,
            (false, _) => 3,
        }
    });
    all
}

/// A relation of several columns, if the values are there.
fn several(
    session: &mut Session,
    catalog: &Catalog,
    at: usize,
    parent: usize,
    columns: &[String],
) -> Result<Option<Proposal>, Error> {
    let parent_at = Some(parent);
    let (child, parent) = (&catalog.tables[at], &catalog.tables[parent]);
    let key = parent.key();
    let pairs: Vec<(&Column, &Column)> =
        columns.iter().zip(&key).filter_map(|(from, to)| Some((child.column(from)?, *to))).collect();
    if pairs.iter().any(|(from, to)| comparable(from, to).is_err()) {
        return Ok(None);
    }
    let sample = look_up(session, (child, parent), &pairs, None, None)?;
    if !sample.is_worth_a_look(true) {
        return Ok(None);
    }
    let names: Vec<String> = key.iter().map(|column| column.name.clone()).collect();
    let text = format!(
        "{} = {}  # these columns are the key of {}; {}",
        toml_text(&catalog.written_columns(child, columns)),
        toml_text(&catalog.written_columns(parent, &names)),
        toml_comment(&parent.name),
        sample.text(),
    );
    let stands = sample.values > 0 && sample.contained();
    Ok(Some(Proposal { text, stands, child: (at, columns.join(", ")), parent: parent_at }))
}

/// The `owner_type` that goes with `owner_id`.
fn type_column<'a>(table: &'a Table, column: &Column) -> Option<&'a Column> {
    let words = catalog::words(&column.name);
    let (last, stem) = words.split_last()?;
    if last != "id" || stem.is_empty() {
        return None;
    }
    table.columns.iter().find(|other| {
        let words = catalog::words(&other.name);
        let ends = words.last().is_some_and(|last| last == "type" || last == "kind" || last == "class");
        ends && words[..words.len() - 1] == *stem && matches!(other.family(), Family::Text | Family::Choice)
    })
}

/// One relation for each value of the type column that names a table.
fn polymorphic(
    session: &mut Session,
    lexicon: &Lexicon<'_>,
    child: usize,
    column: &Column,
    kind: &Column,
) -> Result<Option<Proposal>, Error> {
    let catalog = lexicon.catalog;
    let table = &catalog.tables[child];
    let sql = format!(
        "SELECT DISTINCT CAST({} AS CHAR) FROM {} AS c WHERE {} IS NOT NULL LIMIT {}",
        kind.of("c"),
        table.sql(),
        kind.of("c"),
        TYPES_MAX + 1
    );
    let values: Vec<String> = session.rows("listing types of owners", &sql)?;
    if values.is_empty() || values.len() > TYPES_MAX as usize {
        return Ok(None);
    }
    let (mut parts, mut evidence, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    for value in &values {
        let condition = format!("{} = {}", kind.of("c"), literal(value));
        let mut best = None;
        for parent in candidates::named(lexicon, value) {
            let Some(&key) = catalog.tables[parent].key().first() else { continue };
            if catalog.tables[parent].key().len() > 1 || comparable(column, key).is_err() {
                continue;
            }
            let parties = (table, &catalog.tables[parent]);
            let sample = look_up(session, parties, &[(column, key)], None, Some(&condition))?;
            if sample.contained() && sample.values > 0 {
                best = Some((parent, key, sample.found, sample.values));
                break;
            }
        }
        match best {
            Some((parent, key, found, total)) => {
                let to = catalog.written_column(&catalog.tables[parent], &key.name);
                let condition = format!("{} = {}", kind.name, literal(value));
                parts.push(format!("{{ to = {}, where = {} }}", toml_text(&to), toml_text(&condition)));
                evidence.push(format!("{value}: {found} of {total} found"));
            }
            None => unknown.push(value.as_str()),
        }
    }
    if parts.is_empty() {
        return Ok(None);
    }
    if !unknown.is_empty() {
        evidence.push(format!("no table for {}", unknown.join(", ")));
    }
    let left = toml_text(&catalog.written_column(table, &column.name));
    let text = format!("{left} = [{}]  # {}", parts.join(", "), toml_comment(&evidence.join("; ")));
    Ok(Some(Proposal { text, stands: true, child: (child, column.name.clone()), parent: None }))
}
