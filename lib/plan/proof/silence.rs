//! What went well and yet may not be what somebody meant: rules that chose nothing, relations that match nothing, references to what does
//! not come along.
//!
//! In: finished key tables. Out: warnings, for the document and the report.

use crate::config::Up;
use crate::document::{EdgeReport, TableClass};
use crate::house::House;
use crate::mysql::Session;
use crate::plan::closure::conditions::kept_children;
use crate::plan::closure::pool::share_out;
use crate::plan::closure::sql::{Rows, Words};
use crate::plan::error::Error;
use crate::plan::rules::blueprint::{Blueprint, Kept};
use crate::plan::rules::edge::{Edge, Origin};

/// So many references of a declared relation are looked up to tell whether it holds at all.
const SAMPLE_ROWS: u32 = 1_000;

/// Fewer references that match nothing are chance.
const REFERENCES_MIN: u64 = 3;

/// All of them.
pub(crate) fn warnings(
    house: &House,
    sessions: &mut [Session],
    blueprint: &Blueprint,
    edges: &[EdgeReport],
    last_down: u64,
) -> Result<Vec<String>, Error> {
    let mut all = no_roots(&mut sessions[0], blueprint)?;
    all.extend(left_behind(house, sessions, blueprint, last_down)?);
    all.extend(nothing_matches(house, sessions, blueprint, edges)?);
    for warning in &all {
        house.progress.warn(warning);
    }
    Ok(all)
}

/// Roots of which no row was chosen.
fn no_roots(session: &mut Session, blueprint: &Blueprint) -> Result<Vec<String>, Error> {
    let roots = blueprint.keyed().filter(|table| blueprint.class(*table) == TableClass::Root);
    let mut warnings = Vec::new();
    for table in roots.collect::<Vec<_>>() {
        let sql = format!("SELECT 1 FROM {} WHERE gen = 0 LIMIT 1", blueprint.words().keys(table));
        if session.first::<u8>("looking for chosen rows", &sql)?.is_none() {
            let label = blueprint.catalog.tables[table].label();
            warnings.push(format!(
                "the root {label} chose no row: look at its window, at_least, where and pinned"
            ));
        }
    }
    Ok(warnings)
}

/// Rows that always want a parent whose table comes without rows.
fn left_behind(
    house: &House,
    sessions: &mut [Session],
    blueprint: &Blueprint,
    last_down: u64,
) -> Result<Vec<String>, Error> {
    let lost = |edge: &&Edge| {
        edge.up == Up::Always && blueprint.comes(edge.child) && blueprint.kept(edge.parent) == Kept::Nothing
    };
    let found = share_out(sessions, blueprint.edges.iter().filter(lost).collect(), |session, edge| {
        house.cancel.check()?;
        let words = blueprint.words();
        let condition = kept_children(blueprint, words, edge.child, last_down);
        let rows = match blueprint.kept(edge.child) {
            Kept::Keys => Rows::Kept,
            Kept::Children => Rows::Matching(&condition),
            Kept::Along(owner) => Rows::Along(blueprint.owner(owner), last_down),
            Kept::All | Kept::Nothing => Rows::All,
        };
        let (from, kept) = words.kept_child_rows(edge, rows);
        let sql = format!("SELECT COUNT(*) FROM {from} WHERE {kept} AND {}", meant(words, edge));
        let deed = format!("counting references of {}", edge.child_label(&blueprint.catalog));
        Ok((edge, session.first::<u64>(&deed, &sql)?.unwrap_or_default()))
    })?;
    let told = found.into_iter().filter(|(_, rows)| *rows > 0).map(|(edge, rows)| {
        format!(
            "{rows} row(s) of {} refer to rows of {}, whose rows do not come along: they dangle (up = \"nullify\", \"drop\" or \
             \"never\" says what becomes of them)",
            edge.child_label(&blueprint.catalog),
            edge.parent_label(&blueprint.catalog)
        )
    });
    Ok(told.collect())
}

/// Declared relations along which nothing came, and of which no sampled reference has a parent.
fn nothing_matches(
    house: &House,
    sessions: &mut [Session],
    blueprint: &Blueprint,
    reports: &[EdgeReport],
) -> Result<Vec<String>, Error> {
    let idle = |edge: &&Edge| {
        let report = reports.get(edge.number - 1);
        edge.origin == Origin::Declared
            && blueprint.kept(edge.child) != Kept::Nothing
            && blueprint.kept(edge.parent) != Kept::Nothing
            && report.is_none_or(|report| report.down_rows == 0 && report.up_rows == 0)
    };
    let found = share_out(sessions, blueprint.edges.iter().filter(idle).collect(), |session, edge| {
        house.cancel.check()?;
        let words = blueprint.words();
        let values: Vec<String> = (1..=edge.child_columns.len()).map(|n| format!("c.v{n}")).collect();
        let sql = format!(
            "SELECT COUNT(*), CAST(COALESCE(SUM({}), 0) AS UNSIGNED) FROM (SELECT * FROM {} WHERE {} LIMIT {SAMPLE_ROWS}) AS c",
            words.parent_exists(edge, &values),
            words.child_rows(edge, None),
            meant(words, edge)
        );
        let deed = format!("sampling references of {}", edge.child_label(&blueprint.catalog));
        Ok((edge, session.first::<(u64, u64)>(&deed, &sql)?.unwrap_or_default()))
    })?;
    let told = found.into_iter().filter(|(_, (total, matched))| *matched == 0 && *total >= REFERENCES_MIN);
    let told = told.map(|(edge, (total, _))| {
        format!(
            "none of {total} sampled reference(s) of {} is in {}: is the relation right, or does it want a cast?",
            edge.child_label(&blueprint.catalog),
            edge.parent_label(&blueprint.catalog)
        )
    });
    Ok(told.collect())
}

/// A reference that is more than a word for none.
fn meant(words: Words<'_>, edge: &Edge) -> String {
    let values: Vec<String> = (1..=edge.child_columns.len()).map(|n| format!("c.v{n}")).collect();
    format!("{} AND {}", Words::refers(edge), words.means_something_of(edge, &values))
}
