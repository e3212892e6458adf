//! Finds columns that hold copies of masked values: `orders.contact` with the addresses of `people.email`.
//!
//! In: the hashed originals, and a sample of every column that leaves unmasked or with a mask of its own. Out: warnings, or
//! a refusal with the rules to paste. A copy must have the mask and the domain of its original, or one of the two
//! contradicts the other. The server hashes the sample; clear text stays there.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::alike::{self, Pair};
use super::originals::{OriginalColumns, OriginalSource, is_person, looked_for, originals, source};
use super::originals_hash;
use crate::catalog::{Column, Family, Table};
use crate::config::toml_once;
use crate::document::{ColumnPlan, TableClass, TablePlan};
use crate::house::House;
use crate::mask::{self, Mask, TraceTrait};
use crate::mysql::Session;
use crate::plan::closure::pool::share_out;
use crate::plan::error::Error;
use crate::plan::rules::blueprint::{Blueprint, RowsFrom};
use crate::scan::{self, KEY_BYTES, RecordTally, Records, SearchedValues};
use crate::sql::name;
use crate::work_schema::Originals;

/// At most this many rows of each table are sampled, the last by key.
const SAMPLE_ROWS: u32 = 500;

/// At most this many columns are hashed in one pass.
const COLUMNS_MAX: usize = 32;

/// Originals that `foreseen` reads: all rows of tables up to the first number, until the second number of values is reached;
/// of other tables the last rows.
const FORESEEN_ROWS_MAX: u64 = 200_000;
const FORESEEN_VALUES_MAX: u64 = 2_000_000;
const FORESEEN_ROWS_LAST: u32 = 5_000;

/// Fewer different values in common may be chance.
const COMMON_MIN: u64 = 3;

/// A column that may hold copies.
struct Suspect {
    table: usize,
    column: String,
    /// The sampled rows of its table, as a FROM clause.
    rows: String,
    source: SearchedValues,
}

/// `common` of a suspect's `total` sampled values are those of `origin`.
#[derive(Debug, Clone)]
struct ColumnCopy {
    suspect: usize,
    origin: usize,
    common: u64,
    total: u64,
}

/// Looks for copies; with `refuse`, fails when there are any.
pub(crate) fn check(
    house: &House,
    sessions: &mut [Session],
    blueprint: &Blueprint,
    (tables, originals): (&[TablePlan], &Originals),
    origins: &[OriginalSource],
    refuse: bool,
) -> Result<Vec<String>, Error> {
    let suspects = suspects(blueprint, tables);
    let samples = samples(house, sessions, blueprint, originals.key(), &suspects)?;
    let copies = copies(&mut sessions[0], originals, &samples)?;
    let copies: Vec<ColumnCopy> =
        copies.into_iter().filter(|copy| contradicts(blueprint, &suspects, origins, copy)).collect();
    told(house, blueprint, &suspects, origins, &copies, refuse)
}

/// Looks for copies before a key is collected and anything is written: compares the last rows of each table with originals.
pub(crate) fn foreseen(
    house: &House,
    session: &mut Session,
    blueprint: &Blueprint,
) -> Result<Vec<Pair>, Error> {
    let mut suspects = Vec::new();
    for at in (0..blueprint.catalog.tables.len()).filter(|at| blueprint.comes(*at)) {
        let table = &blueprint.catalog.tables[at];
        let columns: Vec<&Column> = table
            .columns
            .iter()
            .filter(|column| !column.generated)
            .filter(|column| {
                let mask = blueprint.masks.declared(at, &column.name);
                suspected(blueprint, at, column, looked_for(mask, column))
            })
            .collect();
        suspects.extend(suspects_of(at, &columns, &last_rows(table, &columns, SAMPLE_ROWS)));
    }
    session
        .run("preparing to look for copies", &format!("SET @refreshkit_scan = RANDOM_BYTES({KEY_BYTES})"))?;
    let key: Option<Vec<u8>> = session.first("preparing to look for copies", "SELECT @refreshkit_scan")?;
    let key: [u8; KEY_BYTES] = key.and_then(|key| key.try_into().ok()).unwrap_or_default();
    let samples = samples(house, std::slice::from_mut(session), blueprint, &key, &suspects)?;
    let mut values = Values::of(&samples);
    let mut places = Vec::new();
    let mut looked_at = 0;
    for at in (0..blueprint.catalog.tables.len()).filter(|at| blueprint.comes(*at)) {
        let (table, own) = (&blueprint.catalog.tables[at], originals(blueprint, at));
        if own.is_empty() {
            continue;
        }
        house.cancel.check()?;
        let rows = table.rows_estimate.min(FORESEEN_ROWS_MAX);
        looked_at += rows * own.len() as u64;
        let whole = table.rows_estimate <= FORESEEN_ROWS_MAX && looked_at <= FORESEEN_VALUES_MAX;
        let from = if whole {
            format!("{} AS t", table.sql())
        } else {
            format!("{} AS t", mask::last_rows(table, "*", FORESEEN_ROWS_LAST))
        };
        for (number, tally) in tallies(session, blueprint, at, &from, &own, &key)?.into_iter().enumerate() {
            for hash in distinct(tally) {
                values.found(places.len() + number, hash);
            }
        }
        places.extend(own.into_iter().map(|original| original.place));
    }
    let copies = values.copies(&samples);
    let pairs = copies.iter().filter(|copy| contradicts(blueprint, &suspects, &places, copy));
    Ok(pairs.map(|copy| pair(&suspects[copy.suspect], &places[copy.origin])).collect())
}

/// The hashed originals of one table, a tally for each column.
fn tallies(
    session: &mut Session,
    blueprint: &Blueprint,
    at: usize,
    from: &str,
    originals: &[OriginalColumns],
    key: &[u8; KEY_BYTES],
) -> Result<Vec<RecordTally>, Error> {
    let words = scan::stop_hashes(key);
    let sources: Vec<&SearchedValues> = originals.iter().map(|original| &original.source).collect();
    let mut tallies: Vec<RecordTally> = originals.iter().map(|_| RecordTally::default()).collect();
    let deed = format!("looking at originals of {}", blueprint.catalog.tables[at].label());
    originals_hash::each(session, &deed, &Records::of(&sources, from), |source, record| {
        if !words.contains(&scan::hash_of(&record)) {
            tallies[source].add(record);
        }
        true
    })?;
    Ok(tallies)
}

fn pair(suspect: &Suspect, origin: &OriginalSource) -> Pair {
    Pair {
        copy: (suspect.table, suspect.column.to_lowercase()),
        original: (origin.table, origin.column.to_lowercase()),
        halves: origin.halves,
    }
}

/// The different values of each suspect's sample, as hashes.
fn samples(
    house: &House,
    sessions: &mut [Session],
    blueprint: &Blueprint,
    key: &[u8; KEY_BYTES],
    suspects: &[Suspect],
) -> Result<Vec<Vec<u64>>, Error> {
    let words = scan::stop_hashes(key);
    // One pass a table; a wide table has several, so that no statement becomes too long.
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

/// The different hashes of a sample, without values that too many rows share.
fn distinct(tally: RecordTally) -> Vec<u64> {
    let (values, _) = tally.end();
    values.iter().map(scan::hash_of).collect()
}

/// The suspects that hold copies, each with the origin that it has most values in common with.
fn copies(
    session: &mut Session,
    originals: &Originals,
    samples: &[Vec<u64>],
) -> Result<Vec<ColumnCopy>, Error> {
    let mut values = Values::of(samples);
    originals.each(session, |origin, record| values.found(origin, scan::hash_of(record)))?;
    Ok(values.copies(samples))
}

/// The sampled values of all suspects, and which of them are originals.
struct Values {
    sampled: Vec<(u64, usize)>,
    /// A set, because a value may be in several runs of a column.
    found: BTreeSet<(usize, usize, u64)>,
}

impl Values {
    fn of(samples: &[Vec<u64>]) -> Self {
        let of = |(suspect, hashes): (usize, &Vec<u64>)| -> Vec<(u64, usize)> {
            hashes.iter().map(|hash| (*hash, suspect)).collect()
        };
        let mut all: Vec<(u64, usize)> = samples.iter().enumerate().flat_map(of).collect();
        all.sort_unstable();
        Self { sampled: all, found: BTreeSet::new() }
    }

    /// Notes the samples that hold this original.
    fn found(&mut self, origin: usize, hash: u64) {
        let begin = self.sampled.partition_point(|(sample, _)| *sample < hash);
        let same = self.sampled[begin..].iter().take_while(|(sample, _)| *sample == hash);
        self.found.extend(same.map(|(_, suspect)| (*suspect, origin, hash)));
    }

    /// Suspects with at least half of their values from one origin.
    fn copies(self, samples: &[Vec<u64>]) -> Vec<ColumnCopy> {
        let mut common: BTreeMap<usize, BTreeMap<usize, u64>> = BTreeMap::new();
        for (suspect, origin, _) in self.found {
            *common.entry(suspect).or_default().entry(origin).or_default() += 1;
        }
        let copies = common.into_iter().filter_map(|(suspect, origins)| {
            let (origin, common) = origins.into_iter().max_by_key(|(_, common)| *common)?;
            // Each value has two hashes: as one word and as any other text.
            let total = (samples[suspect].len() as u64).div_ceil(2);
            (common >= COMMON_MIN && common * 2 >= total).then_some(ColumnCopy {
                suspect,
                origin,
                common,
                total,
            })
        });
        copies.collect()
    }
}

fn suspects(blueprint: &Blueprint, tables: &[TablePlan]) -> Vec<Suspect> {
    let mut suspects = Vec::new();
    for plan in tables.iter().filter(|plan| plan.class != TableClass::Empty) {
        let Some(at) = blueprint.catalog.find(&plan.database, &plan.table) else { continue };
        if blueprint.kept(at) == RowsFrom::Nothing {
            continue;
        }
        let table = &blueprint.catalog.tables[at];
        let may_hold = |outgoing: &ColumnPlan| {
            table.column(&outgoing.name).filter(|column| suspected(blueprint, at, column, outgoing.scan))
        };
        let columns: Vec<&Column> = plan.columns.iter().filter_map(may_hold).collect();
        suspects.extend(suspects_of(at, &columns, &sampled(blueprint, at, plan, &columns)));
    }
    suspects
}

fn suspects_of(table: usize, columns: &[&Column], rows: &str) -> Vec<Suspect> {
    let suspect = |column: &&Column| Suspect {
        table,
        column: column.name.clone(),
        rows: rows.to_owned(),
        source: source(column),
    };
    columns.iter().map(suspect).collect()
}

/// True if a column may hold copies. `looked_for` says whether the dump looks for originals in it.
fn suspected(blueprint: &Blueprint, at: usize, column: &Column, looked_for: bool) -> bool {
    let mask = blueprint.masks.declared(at, &column.name);
    let own = mask.is_some_and(|mask| mask.nature.trace == TraceTrait::Left);
    // A whole number in a relation is an id, which says nothing of a person.
    let counted = column.integer() && refers(blueprint, at, &column.name);
    let holds = matches!(column.family(), Family::Text | Family::Binary) || (column.integer() && !counted);
    holds && (own || (mask.is_none() && looked_for))
}

/// True if the column is an end of a relation.
fn refers(blueprint: &Blueprint, at: usize, column: &str) -> bool {
    let named = |columns: &[String]| columns.iter().any(|name| name.eq_ignore_ascii_case(column));
    blueprint.edges.iter().any(|edge| {
        (edge.child == at && named(&edge.child_columns)) || (edge.parent == at && named(&edge.parent_columns))
    })
}

/// These columns of the last rows, as a FROM clause.
fn last_rows(table: &Table, columns: &[&Column], rows: u32) -> String {
    format!("{} AS t", mask::last_rows(table, &listed(columns), rows))
}

fn listed(columns: &[&Column]) -> String {
    let one = |column: &&Column| format!("{} AS {}", column.of("t"), name(&column.name));
    columns.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// These columns of the last kept rows, as a FROM clause.
fn sampled(blueprint: &Blueprint, at: usize, plan: &TablePlan, columns: &[&Column]) -> String {
    let mut filter = plan.filter.as_deref().map_or(String::new(), |filter| format!(" WHERE {filter}"));
    let mut from = Cow::Borrowed(plan.from.as_str());
    if let (RowsFrom::Along(_), Some(range)) = (blueprint.kept(at), plan.whole_ranges.last()) {
        // The last range of kept rows: no parent has to be read for it.
        from = Cow::Owned(format!("{} AS t", blueprint.catalog.tables[at].sql()));
        filter = format!(" WHERE t.{} BETWEEN {} AND {}", name(&range.column), range.first, range.last);
    }
    // In the order of a key table the server reads the last keys and stops; by the table's own columns it would sort all rows.
    let keyed = blueprint.kept(at) == RowsFrom::Keys;
    let key: Vec<String> = plan
        .key
        .iter()
        .enumerate()
        .map(|(n, key)| if keyed { format!("k.p{} DESC", n + 1) } else { format!("t.{} DESC", name(key)) })
        .collect();
    let order = if key.is_empty() { String::new() } else { format!(" ORDER BY {}", key.join(", ")) };
    format!("(SELECT {} FROM {from}{filter}{order} LIMIT {SAMPLE_ROWS}) AS t", listed(columns))
}

/// True if copy and original are masked differently.
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
            // A kind such as `email+text` masks some of the rows like the original.
            let partly = mask.kind.contains('+') && mask.kind.split('+').any(|kind| kind == original.kind);
            mask.domain == original.domain || partly
        })
    };
    // Words of a name are also in other columns, such as its halves and user names, each with a mask of its own.
    let column = |table: usize, name: &str| blueprint.catalog.tables[table].column(name);
    let person = origin.halves
        || column(origin.table, &origin.column)
            .zip(original)
            .is_some_and(|(column, mask)| is_person(column, mask) || mask.kind == "last_name");
    // The number in `Insured alpha 123` is no name, so a column that holds it is no copy.
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
    for copy in copies {
        let (suspect, origin) = (&suspects[copy.suspect], &origins[copy.origin]);
        let from = label(blueprint, origin.table, &origin.column);
        let column = label(blueprint, suspect.table, &suspect.column);
        places
            .push(format!("{column} ({} of {} sampled values are those of {from})", copy.common, copy.total));
    }
    if refuse && !places.is_empty() {
        let pairs: Vec<Pair> =
            copies.iter().map(|copy| pair(&suspects[copy.suspect], &origins[copy.origin])).collect();
        let mut takes = |at: usize, column: &str, rule: &str| {
            let table = &blueprint.catalog.tables[at];
            table.column(column).is_some_and(|column| mask::fits(table, column, rule))
        };
        let lines = alike::lines(&house.config, blueprint, &pairs, &mut takes);
        let rules = toml_once(lines.iter().map(|line| line.toml(&blueprint.catalog)).collect());
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
