//! Warns of what is no error but may not be meant: roots that chose no row, relations that match nothing, references to tables
//! without kept rows.
//!
//! In: finished key tables. Out: warnings, for the document and the report.

use crate::catalog::Catalog;
use crate::config::Up;
use crate::document::{EdgeReport, TableClass};
use crate::house::House;
use crate::mysql::Session;
use crate::plan::closure::conditions::kept_rows;
use crate::plan::closure::pool::share_out;
use crate::plan::closure::sql::ClosureSql;
use crate::plan::error::Error;
use crate::plan::rules::blueprint::{Blueprint, RowsFrom};
use crate::plan::rules::edge::{Edge, RelationOrigin};

/// At most this many references of a declared relation are looked up, to see whether any has a parent.
const SAMPLE_ROWS: u64 = 1_000;

/// Where no index helps, about this many parent rows are read for a relation.
const COMPARED_MAX: u64 = 1_000_000;

/// Where no index helps, at most this many references are looked up.
const SLOW_REFERENCES_MAX: u64 = 100;

/// With fewer references, no match may be chance: there is no warning.
const REFERENCES_MIN: u64 = 3;

/// All these warnings, one sentence each. Shows them on stderr too.
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

/// One warning for each root table of which no row was chosen.
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

/// One warning for each relation with `up = "always"` to a table without kept rows.
fn left_behind(
    house: &House,
    sessions: &mut [Session],
    blueprint: &Blueprint,
    last_down: u64,
) -> Result<Vec<String>, Error> {
    let lost = |edge: &&Edge| {
        edge.up == Up::Always
            && blueprint.comes(edge.child)
            && blueprint.kept(edge.parent) == RowsFrom::Nothing
    };
    let found = share_out(sessions, blueprint.edges.iter().filter(lost).collect(), |session, edge| {
        house.cancel.check()?;
        let words = blueprint.words();
        let (from, kept) = kept_rows(blueprint, words, edge, last_down);
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

/// One warning for each declared relation that brought no row, and of whose sampled references none has a parent.
fn nothing_matches(
    house: &House,
    sessions: &mut [Session],
    blueprint: &Blueprint,
    reports: &[EdgeReport],
) -> Result<Vec<String>, Error> {
    let idle = |edge: &&Edge| {
        let report = reports.get(edge.number - 1);
        edge.origin == RelationOrigin::Declared
            && blueprint.kept(edge.child) != RowsFrom::Nothing
            && blueprint.kept(edge.parent) != RowsFrom::Nothing
            && report.is_none_or(|report| report.down_rows == 0 && report.up_rows == 0)
    };
    let found = share_out(sessions, blueprint.edges.iter().filter(idle).collect(), |session, edge| {
        house.cancel.check()?;
        let words = blueprint.words();
        let values: Vec<String> = (1..=edge.child_columns.len()).map(|n| format!("c.v{n}")).collect();
        let sql = format!(
            "SELECT COUNT(*), CAST(COALESCE(SUM({}), 0) AS UNSIGNED) FROM (SELECT * FROM {} WHERE {} LIMIT {}) AS c",
            words.parent_exists(edge, &values),
            words.child_rows(edge, None),
            meant(words, edge),
            references_looked_up(&blueprint.catalog, edge)
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

/// How many references are looked up. Few if the types differ or no index helps: then the server reads all parents for each.
fn references_looked_up(catalog: &Catalog, edge: &Edge) -> u64 {
    let (child, parent) = (&catalog.tables[edge.child], &catalog.tables[edge.parent]);
    let same = |(from, to): (&String, &String)| {
        child
            .column(from)
            .zip(parent.column(to))
            .is_some_and(|(from, to)| from.family() == to.family() && from.collation == to.collation)
    };
    let mut pairs = edge.child_columns.iter().zip(&edge.parent_columns);
    if edge.cast.is_none() && parent.indexed(&edge.parent_columns) && pairs.all(same) {
        return SAMPLE_ROWS;
    }
    (COMPARED_MAX / parent.rows_estimate.max(1)).clamp(REFERENCES_MIN, SLOW_REFERENCES_MAX)
}

/// Condition: the reference is neither NULL nor a value that means "none".
fn meant(words: ClosureSql<'_>, edge: &Edge) -> String {
    let values: Vec<String> = (1..=edge.child_columns.len()).map(|n| format!("c.v{n}")).collect();
    format!("{} AND {}", ClosureSql::refers(edge), words.means_something_of(edge, &values))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Column, Index, IndexPart, Table};

    fn table(data_type: &str, collation: Option<&str>, rows: u64) -> Table {
        let column = Column {
            name: "a".to_owned(),
            data_type: data_type.to_owned(),
            collation: collation.map(str::to_owned),
            ..Column::default()
        };
        let part = IndexPart { column: Some("a".to_owned()), ..IndexPart::default() };
        let index = Index { name: "PRIMARY".to_owned(), unique: true, parts: vec![part] };
        Table { rows_estimate: rows, columns: vec![column], indexes: vec![index], ..Table::default() }
    }

    fn looked_up(child: Table, parent: Table) -> u64 {
        let edge = Edge {
            number: 1,
            child: 0,
            child_columns: vec!["a".to_owned()],
            parent: 1,
            parent_columns: vec!["a".to_owned()],
            filter: None,
            down: true,
            up: Up::Always,
            cap: None,
            order: None,
            cast: None,
            origin: RelationOrigin::Declared,
            key: None,
        };
        references_looked_up(&Catalog { tables: vec![child, parent] }, &edge)
    }

    #[test]
    fn where_no_index_helps_few_references_are_looked_up() {
        assert_eq!(looked_up(table("int", None, 9), table("bigint", None, 50_000_000)), SAMPLE_ROWS);
        let text = |collation| table("varchar", Some(collation), 0);
        assert_eq!(looked_up(text("utf8mb4_bin"), text("utf8mb4_bin")), SAMPLE_ROWS);
        assert_eq!(looked_up(text("utf8mb4_bin"), text("utf8mb4_general_ci")), SLOW_REFERENCES_MAX);
        assert_eq!(looked_up(text("utf8mb4_bin"), table("int", None, 50_000)), 20);
        assert_eq!(looked_up(text("utf8mb4_bin"), table("int", None, 50_000_000)), REFERENCES_MIN);
        let bare = Table { indexes: Vec::new(), ..table("int", None, 50_000) };
        assert_eq!(looked_up(table("int", None, 9), bare), 20);
    }
}
