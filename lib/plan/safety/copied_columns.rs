//! Columns that hold copies of masked values: `orders.contact` with the addresses of `people.email`.
//!
//! In: the hashed originals, and a sample of every column that leaves unmasked or with a mask of its own. Out: nothing, or
//! a refusal with the rule to paste: a copy must have the mask and the domain of its original, or one of the two
//! contradicts the other. The server hashes the sample; clear text stays there.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::originals::{OriginalSource, is_person, source};
use super::originals_hash;
use crate::catalog::{Column, Family};
use crate::config::{Config, MaskConfig};
use crate::document::{ColumnPlan, TableClass, TablePlan};
use crate::house::House;
use crate::mask::{self, Mask, TraceTrait};
use crate::mysql::Session;
use crate::plan::closure::pool::share_out;
use crate::plan::error::Error;
use crate::plan::rules::blueprint::{Blueprint, RowsFrom};
use crate::scan::{self, RecordTally, Records, SearchedValues};
use crate::sql::name;
use crate::work_schema::Originals;

/// Rows of each table that are looked at, the last by key.
const SAMPLE_ROWS: u32 = 500;

/// Columns that are hashed in one pass.
const COLUMNS_MAX: usize = 32;

/// Fewer different values in common are chance.
const COMMON_MIN: u64 = 3;

/// A column that may hold copies.
struct Suspect {
    table: usize,
    column: String,
    /// The sampled rows of its table, as a FROM clause.
    rows: String,
    source: SearchedValues,
}

/// A column that does.
#[derive(Debug, Clone)]
struct ColumnCopy {
    suspect: usize,
    origin: usize,
    common: u64,
    total: u64,
}

/// Looks for copies; refuses them, or warns.
pub(crate) fn check(
    house: &House,
    sessions: &mut [Session],
    blueprint: &Blueprint,
    (tables, originals): (&[TablePlan], &Originals),
    origins: &[OriginalSource],
    refuse: bool,
) -> Result<Vec<String>, Error> {
    let suspects = suspects(blueprint, tables);
    let samples = samples(house, sessions, blueprint, originals, &suspects)?;
    let copies = copies(&mut sessions[0], originals, &samples)?;
    let copies: Vec<ColumnCopy> =
        copies.into_iter().filter(|copy| contradicts(blueprint, &suspects, origins, copy)).collect();
    told(house, blueprint, &suspects, origins, &copies, refuse)
}

/// The different values of each suspect's sample, as hashes.
fn samples(
    house: &House,
    sessions: &mut [Session],
    blueprint: &Blueprint,
    originals: &Originals,
    suspects: &[Suspect],
) -> Result<Vec<Vec<u64>>, Error> {
    let words = scan::stop_hashes(originals.key());
    // One pass a table: of some only, so that a wide table makes no statement without end.
    let jobs = suspects.chunk_by(|one, other| one.rows == other.rows).flat_map(|all| all.chunks(COLUMNS_MAX));
    let samples = share_out(sessions, jobs.collect(), |session, columns| {
        house.cancel.check()?;
        let mut tallies: Vec<RecordTally> = columns.iter().map(|_| RecordTally::default()).collect();
        let sources: Vec<&SearchedValues> = columns.iter().map(|suspect| &suspect.source).collect();
        let deed = format!("sampling {}", blueprint.catalog.tables[columns[0].table].label());
        originals_hash::each(
            session,
            &deed,
            &Records::of_any_sort(&sources, &columns[0].rows),
            |column, record| {
                if !words.contains(&scan::hash_of(&record)) {
                    tallies[column].add(record);
                }
                true
            },
        )?;
        Ok(tallies.into_iter().map(distinct).collect::<Vec<_>>())
    })?;
    Ok(samples.into_iter().flatten().collect())
}

/// The hashes of a sample, without what is nobody's own.
fn distinct(tally: RecordTally) -> Vec<u64> {
    let (values, _) = tally.end();
    values.iter().map(scan::hash_of).collect()
}

/// The columns with a habit of holding originals, with the origin that they share most with.
fn copies(
    session: &mut Session,
    originals: &Originals,
    samples: &[Vec<u64>],
) -> Result<Vec<ColumnCopy>, Error> {
    let mut values: Vec<(u64, usize)> = samples
        .iter()
        .enumerate()
        .flat_map(|(suspect, hashes)| hashes.iter().map(move |hash| (*hash, suspect)))
        .collect();
    values.sort_unstable();
    // A value may be in several runs of a column.
    let mut found: BTreeSet<(usize, usize, u64)> = BTreeSet::new();
    originals.each(session, |origin, record| {
        let hash = scan::hash_of(record);
        let begin = values.partition_point(|(sample, _)| *sample < hash);
        let same = values[begin..].iter().take_while(|(sample, _)| *sample == hash);
        found.extend(same.map(|(_, suspect)| (*suspect, origin, hash)));
    })?;
    let mut common: BTreeMap<usize, BTreeMap<usize, u64>> = BTreeMap::new();
    for (suspect, origin, _) in found {
        *common.entry(suspect).or_default().entry(origin).or_default() += 1;
    }
    let copies = common.into_iter().filter_map(|(suspect, origins)| {
        let (origin, common) = origins.into_iter().max_by_key(|(_, common)| *common)?;
        // Each value is there as what it may be.
        let total = (samples[suspect].len() as u64).div_ceil(2);
        (common >= COMMON_MIN && common * 2 >= total).then_some(ColumnCopy { suspect, origin, common, total })
    });
    Ok(copies.collect())
}

fn suspects(blueprint: &Blueprint, tables: &[TablePlan]) -> Vec<Suspect> {
    let mut suspects = Vec::new();
    for plan in tables.iter().filter(|plan| plan.class != TableClass::Empty) {
        let Some(at) = blueprint.catalog.find(&plan.database, &plan.table) else { continue };
        if blueprint.kept(at) == RowsFrom::Nothing {
            continue;
        }
        let columns: Vec<&Column> =
            plan.columns.iter().filter_map(|outgoing| suspected(blueprint, at, outgoing)).collect();
        let rows = sampled(blueprint, at, plan, &columns);
        suspects.extend(columns.into_iter().map(|column| Suspect {
            table: at,
            column: column.name.clone(),
            rows: rows.clone(),
            source: source(column),
        }));
    }
    suspects
}

/// The column, if it may hold copies.
fn suspected<'a>(blueprint: &'a Blueprint, at: usize, outgoing: &ColumnPlan) -> Option<&'a Column> {
    let column = blueprint.catalog.tables[at].column(&outgoing.name)?;
    let mask = blueprint.masks.declared(at, &outgoing.name);
    let own = mask.is_some_and(|mask| mask.nature.trace == TraceTrait::Left);
    // What a relation counts by is a number of ours.
    let counted = column.integer() && refers(blueprint, at, &column.name);
    let holds = matches!(column.family(), Family::Text | Family::Binary) || (column.integer() && !counted);
    (holds && (own || (mask.is_none() && outgoing.scan))).then_some(column)
}

/// Whether the column is an end of a relation.
fn refers(blueprint: &Blueprint, at: usize, column: &str) -> bool {
    let named = |columns: &[String]| columns.iter().any(|name| name.eq_ignore_ascii_case(column));
    blueprint.edges.iter().any(|edge| {
        (edge.child == at && named(&edge.child_columns)) || (edge.parent == at && named(&edge.parent_columns))
    })
}

/// These columns of the last rows that come along, as a FROM clause.
fn sampled(blueprint: &Blueprint, at: usize, plan: &TablePlan, columns: &[&Column]) -> String {
    let mut filter = plan.filter.as_deref().map_or(String::new(), |filter| format!(" WHERE {filter}"));
    let mut from = Cow::Borrowed(plan.from.as_str());
    if let (RowsFrom::Along(_), Some(range)) = (blueprint.kept(at), plan.whole_ranges.last()) {
        // The last rows, without the parents of all of them.
        from = Cow::Owned(format!("{} AS t", blueprint.catalog.tables[at].sql()));
        filter = format!(" WHERE t.{} BETWEEN {} AND {}", name(&range.column), range.first, range.last);
    }
    // Of a key table the server reads the last keys and stops; by the table's own columns it would sort them all.
    let keyed = blueprint.kept(at) == RowsFrom::Keys;
    let key: Vec<String> = plan
        .key
        .iter()
        .enumerate()
        .map(|(n, key)| if keyed { format!("k.p{} DESC", n + 1) } else { format!("t.{} DESC", name(key)) })
        .collect();
    let order = if key.is_empty() { String::new() } else { format!(" ORDER BY {}", key.join(", ")) };
    let columns: Vec<String> =
        columns.iter().map(|column| format!("{} AS {}", column.of("t"), name(&column.name))).collect();
    format!("(SELECT {} FROM {from}{filter}{order} LIMIT {SAMPLE_ROWS}) AS t", columns.join(", "))
}

/// Whether the two leave differently.
fn contradicts(
    blueprint: &Blueprint,
    suspects: &[Suspect],
    origins: &[OriginalSource],
    copy: &ColumnCopy,
) -> bool {
    let suspect = &suspects[copy.suspect];
    let Some(origin) = origins.get(copy.origin) else { return false };
    let same = suspect.table == origin.table && suspect.column.eq_ignore_ascii_case(&origin.column);
    let mask = blueprint.masks.of(suspect.table, &suspect.column);
    let original = blueprint.masks.of(origin.table, &origin.column);
    let alike = |mask: &Mask| {
        original.is_some_and(|original| {
            // Of rows that differ, some are masked so.
            let partly = mask.kind.contains('+') && mask.kind.split('+').any(|kind| kind == original.kind);
            mask.domain == original.domain || partly
        })
    };
    // A name holds words that other columns have too, its halves and user names among them: masked, each in its own way.
    let column = |table: usize, name: &str| blueprint.catalog.tables[table].column(name);
    let person = origin.halves
        || column(origin.table, &origin.column)
            .zip(original)
            .is_some_and(|(column, mask)| is_person(column, mask) || mask.kind == "last_name");
    // `Insured alpha 123`: its number is no name, wherever else it stands.
    let number = column(suspect.table, &suspect.column).is_some_and(Column::integer);
    !same && !(person && (number || mask.is_some())) && !mask.is_some_and(alike)
}

fn told(
    house: &House,
    blueprint: &Blueprint,
    suspects: &[Suspect],
    origins: &[OriginalSource],
    copies: &[ColumnCopy],
    refuse: bool,
) -> Result<Vec<String>, Error> {
    let mut places = Vec::new();
    let mut rules = Vec::new();
    for copy in copies {
        let (suspect, origin) = (&suspects[copy.suspect], &origins[copy.origin]);
        let from = label(blueprint, origin.table, &origin.column);
        let column = label(blueprint, suspect.table, &suspect.column);
        places
            .push(format!("{column} ({} of {} sampled values are those of {from})", copy.common, copy.total));
        rules.extend(paste(&house.config, blueprint, suspect, origin));
    }
    rules.sort();
    rules.dedup();
    if refuse && !places.is_empty() {
        let (count, names) = (places.len(), places.join("; "));
        return Err(Error::Copies { count, names, toml: rules.join("\n") });
    }
    let warnings: Vec<String> =
        places.iter().map(|place| format!("copies of masked values leave as they are: {place}")).collect();
    for warning in &warnings {
        house.progress.warn(warning);
    }
    Ok(warnings)
}

fn label(blueprint: &Blueprint, table: usize, column: &str) -> String {
    format!("{}.{column}", blueprint.catalog.tables[table].label())
}

/// The lines that mask both alike: the rule of the original for its copy, or one that both take in place of what either has.
fn paste(config: &Config, blueprint: &Blueprint, suspect: &Suspect, origin: &OriginalSource) -> Vec<String> {
    let line = |(table, column): (usize, &str), evidence: String, proposal: &str| {
        let proposal = proposal.to_owned();
        mask::Finding { table, column: column.to_owned(), evidence, proposal, any_text: false }
            .toml(&blueprint.catalog)
    };
    let takes = |table: usize, column: &str, rule: &str| {
        let table = &blueprint.catalog.tables[table];
        table.column(column).is_some_and(|column| mask::fits(table, column, rule))
    };
    let own = proposal(config, blueprint, origin);
    let (copy, original) = ((suspect.table, suspect.column.as_str()), (origin.table, origin.column.as_str()));
    let from = label(blueprint, origin.table, &origin.column);
    if takes(copy.0, copy.1, &own) {
        return vec![line(copy, format!("as {from}"), &own)];
    }
    let both = |rule: &&&str| takes(copy.0, copy.1, rule) && takes(original.0, original.1, rule);
    match BOTH.iter().find(both) {
        Some(rule) => {
            let here = label(blueprint, suspect.table, &suspect.column);
            vec![
                line(copy, format!("as {from}, which would take this too"), rule),
                line(original, format!("in place of its rule: {here} is unique"), rule),
            ]
        }
        None => vec![line(
            copy,
            format!("as {from}, whose rule it does not take"),
            "{ kind = \"keep\", reason = \"…\" }",
        )],
    }
}

/// What may stand for an original and for its copy, where the original's own rule does not fit the copy.
const BOTH: &[&str] =
    &["\"hash\"", "{ kind = \"hash\", length = 16 }", "\"uuid\"", "\"cipher\"", "\"text\"", "\"null\""];

/// The rule of the original, for its copy.
fn proposal(config: &Config, blueprint: &Blueprint, origin: &OriginalSource) -> String {
    let mask = blueprint.masks.of(origin.table, &origin.column);
    let rule = mask.and_then(|mask| config.mask.rules.get(&mask.rule)?.entries().first());
    match rule {
        _ if origin.halves => "\"name\"".to_owned(),
        Some(rule) => written(rule),
        None => "\"hash\"".to_owned(),
    }
}

fn written(rule: &MaskConfig) -> String {
    let texts = [("domain", &rule.domain), ("format", &rule.format), ("prefix", &rule.prefix)];
    let mut settings: Vec<String> =
        texts.iter().filter_map(|(name, value)| Some(format!("{name} = {:?}", value.as_ref()?))).collect();
    settings.extend(rule.length.map(|length| format!("length = {length}")));
    if settings.is_empty() {
        return format!("{:?}", rule.kind);
    }
    format!("{{ kind = {:?}, {} }}", rule.kind, settings.join(", "))
}
