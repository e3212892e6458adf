//! Finds ranges of a key within which every row of a table is kept. A trailing window usually makes such a range.
//!
//! In: finished key tables, of the table itself or of the parents that it is read along. Out: the ranges with the most rows, if
//! most of the kept rows are in them. Kept rows and all rows are counted in slices of the key, by an index: a kept row outside of
//! the window, or a row that the window leaves out, spoils only its own slice. Within a range the table is read without its keys.

use std::collections::BTreeMap;

use crate::document::WholeRange;
use crate::mysql::Session;
use crate::plan::error::Error;
use crate::plan::rules::blueprint::Blueprint;
use crate::plan::rules::reading::CountedRows;
use crate::sql::name;

/// Number of slices that a key is counted in.
const SLICES: u64 = 1_024;

/// The key of a table, if it is one whole number without a mask: ranges of it can be read, and reveal nothing that is masked.
pub(crate) fn sortable(blueprint: &Blueprint, table: usize) -> Option<&str> {
    let [column] = blueprint.catalog.tables[table].key()[..] else { return None };
    (blueprint.masks.of(table, &column.name).is_none() && column.integer()).then_some(column.name.as_str())
}

/// At most this many ranges a table: each costs the dump a statement.
const RANGES_MAX: usize = 16;

/// A run of slices of which every row is kept: first and last slice, rows.
type SliceRun = (u64, u64, u64);

/// Counted slices: their numbers and how many rows are in each.
type Slices = Vec<(u64, u64)>;

/// Number of short stretches of the key that are looked at first, and rows in each. If most of their kept rows stand among rows
/// that are not kept, as with random keys, no slices are counted.
const STRETCHES: u64 = 96;
const STRETCH_ROWS: u64 = 32;

/// At most this many rows of the stretches are read, however unevenly the keys are spread.
const STRETCHED_ROWS_MAX: u64 = 4 * STRETCHES * STRETCH_ROWS;

/// The kept rows of a table, as SQL.
pub(crate) struct KeptRows<'a> {
    /// The FROM clause that the kept rows come from.
    pub(crate) from: &'a str,
    /// The table's key in that FROM clause.
    pub(crate) key: &'a str,
    /// Condition over alias `o` of the bare table: the row is kept.
    pub(crate) condition: &'a str,
}

/// Looks for the ranges. `None` if there are none, or if they hold too few of the kept rows.
pub(crate) fn find(
    session: &mut Session,
    blueprint: &Blueprint,
    table: usize,
    rows: &KeptRows<'_>,
) -> Result<Option<CountedRows>, Error> {
    let Some(column_name) = sortable(blueprint, table) else { return Ok(None) };
    let own = &blueprint.catalog.tables[table];
    let deed = format!("looking for the range that {} is kept in", own.label());
    let key = format!("t.{}", name(column_name));
    let ends = format!("SELECT CAST(MIN({key}) AS CHAR), CAST(MAX({key}) AS CHAR) FROM {} AS t", own.sql());
    let ends: Option<(Option<String>, Option<String>)> = session.first(&deed, &ends)?;
    // Keys below zero are rare, and DIV would round them upwards: no ranges.
    let number = |text: Option<String>| text.and_then(|text| text.parse::<u64>().ok());
    let Some((first, last)) = ends.and_then(|(first, last)| number(first).zip(number(last))) else {
        return Ok(None);
    };
    let ends = (first, last);
    if blueprint.read.share_percent > 0
        && !promising(session, (blueprint, table), (&deed, column_name), ends, rows)?
    {
        return Ok(None);
    }
    let slice = (last - first) / SLICES + 1;
    let count = |session: &mut Session, column: &str, from: &str| -> Result<Slices, Error> {
        let sql = format!(
            "SELECT CAST({column} DIV {slice} AS UNSIGNED) AS refreshkit_slice, COUNT(*) FROM {from} \
             GROUP BY refreshkit_slice"
        );
        Ok(session.rows(&deed, &sql)?)
    };
    let kept = count(session, rows.key, rows.from)?;
    let rows = kept.iter().map(|(_, rows)| rows).sum();
    let Some((first, last)) = crowded(&kept) else { return Ok(None) };
    let bounds = (first * slice, last.saturating_mul(slice).saturating_add(slice - 1));
    let there = count(
        session,
        &key,
        &format!("{} AS t WHERE {key} BETWEEN {} AND {}", own.sql(), bounds.0, bounds.1),
    )?;
    let runs = longest(&kept, &there);
    let whole: u64 = runs.iter().map(|(_, _, rows)| rows).sum();
    if whole == 0 || u128::from(whole) * 100 < u128::from(rows) * u128::from(blueprint.read.share_percent) {
        return Ok(None);
    }
    let range = |(first, last, rows): SliceRun| WholeRange {
        column: column_name.to_owned(),
        first: first * slice,
        last: last.saturating_mul(slice).saturating_add(slice - 1),
        rows,
        ..WholeRange::default()
    };
    Ok(Some(CountedRows { rows, ranges: runs.into_iter().map(range).collect() }))
}

/// True if at least half of the kept rows in the stretches are in stretches of which every row is kept.
fn promising(
    session: &mut Session,
    (blueprint, table): (&Blueprint, usize),
    (deed, key): (&str, &str),
    (first, last): (u64, u64),
    rows: &KeptRows<'_>,
) -> Result<bool, Error> {
    let (own, key) = (&blueprint.catalog.tables[table], name(key));
    let (stretches, step) = stretches(first, last, own.rows_estimate);
    let within: Vec<String> =
        stretches.iter().map(|(from, to)| format!("o.{key} BETWEEN {from} AND {to}")).collect();
    // One range scan: a statement with a derived table for each stretch took the server longer to parse than to run.
    let sql = format!(
        "SELECT CAST(COALESCE(SUM(w.kept), 0) AS UNSIGNED), \
         CAST(COALESCE(SUM(CASE WHEN w.kept = w.there THEN w.kept ELSE 0 END), 0) AS UNSIGNED) \
         FROM (SELECT COUNT(*) AS there, SUM(s.kept) AS kept FROM \
         (SELECT (o.{key} - {first}) DIV {step} AS n, {} AS kept FROM {} AS o WHERE {} \
         ORDER BY o.{key} LIMIT {STRETCHED_ROWS_MAX}) AS s GROUP BY s.n) AS w",
        rows.condition,
        own.sql(),
        within.join(" OR ")
    );
    let (kept, alone): (u64, u64) = session.first(deed, &sql)?.unwrap_or_default();
    Ok(alone * 2 >= kept)
}

/// Short stretches of a key at even distances, wide enough for [`STRETCH_ROWS`] if rows are spread evenly, and the distance.
fn stretches(first: u64, last: u64, rows: u64) -> (Vec<(u64, u64)>, u64) {
    let step = (last - first) / STRETCHES + 1;
    let share = u128::from(last - first) * u128::from(STRETCH_ROWS) / u128::from(rows.max(1));
    let width =
        u64::try_from(share).unwrap_or(u64::MAX).clamp(STRETCH_ROWS, step.max(STRETCH_ROWS)).min(step);
    let begins = (0..STRETCHES).map(|n| first.saturating_add(step * n)).take_while(|from| *from <= last);
    (begins.map(|from| (from, from.saturating_add(width - 1))).collect(), step)
}

/// The first and the last slice that hold at least half as many rows as the fullest slice.
fn crowded(kept: &[(u64, u64)]) -> Option<(u64, u64)> {
    let most = kept.iter().map(|(_, rows)| *rows).max()?;
    let full = || kept.iter().filter(|(_, rows)| rows * 2 >= most).map(|(slice, _)| *slice);
    Some((full().min()?, full().max()?))
}

/// The runs of slices with the most rows, in the order of the key. A slice without rows does not end a run.
fn longest(kept: &[(u64, u64)], there: &[(u64, u64)]) -> Vec<SliceRun> {
    let kept: BTreeMap<u64, u64> = kept.iter().copied().collect();
    let there: BTreeMap<u64, u64> = there.iter().copied().collect();
    let (mut runs, mut open): (Vec<SliceRun>, bool) = (Vec::new(), false);
    for (slice, rows) in there {
        let whole = kept.get(&slice) == Some(&rows);
        match runs.last_mut().filter(|_| open && whole) {
            Some(run) => (run.1, run.2) = (slice, run.2 + rows),
            None if whole => runs.push((slice, slice, rows)),
            None => {}
        }
        open = whole;
    }
    runs.sort_by_key(|run| std::cmp::Reverse(run.2));
    runs.truncate(RANGES_MAX);
    runs.sort_unstable();
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trailing_window_is_found_beside_rows_from_outside() {
        let kept = [(0, 1), (3, 2), (7, 40), (8, 100), (9, 90), (12, 80)];
        assert_eq!(crowded(&kept), Some((8, 12)));
        let there = [(7, 100), (8, 100), (9, 90), (12, 80)];
        assert_eq!(longest(&kept, &there), [(8, 12, 270)]);
    }

    #[test]
    fn stretches_are_apart_and_as_wide_as_the_keys_are_sparse() {
        let (dense, step) = stretches(1, 960_000, 960_000);
        assert_eq!((dense.len(), step), (96, 10_000));
        assert_eq!((dense[0], dense[1]), ((1, 32), (10_001, 10_032)));
        assert_eq!(stretches(1, 960_000, 96_000).0[1], (10_001, 10_319));
        // With fewer keys than stretches, each key is in one stretch.
        assert_eq!(stretches(5, 7, 3), (vec![(5, 5), (6, 6), (7, 7)], 1));
        assert_eq!(stretches(5, 5, 0), (vec![(5, 5)], 1));
        let (all, _) = stretches(0, u64::MAX, 1);
        assert!(all.windows(2).all(|pair| pair[0].1 < pair[1].0), "{all:?}");
    }

    #[test]
    fn one_row_that_is_left_out_breaks_a_slice_and_no_more() {
        let kept = [(1, 10), (2, 9), (3, 10), (4, 10)];
        let there = [(1, 10), (2, 10), (3, 10), (4, 10)];
        assert_eq!(longest(&kept, &there), [(1, 1, 10), (3, 4, 20)]);
        assert_eq!((longest(&[], &there), longest(&kept, &[]), crowded(&[])), (vec![], vec![], None));
    }
}
