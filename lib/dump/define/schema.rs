//! Reads what is dumped: databases, tables with their definitions, and how to read each table's rows.
//!
//! In: the document's plan, or the names of whole databases; a connection. Out: an [`Outline`]: the manifest's tables, still
//! without number of rows and digest, and a [`TableReadPlan`] for each table whose rows are dumped.

use std::collections::{BTreeMap, BTreeSet};

use super::create;
use super::facts::{TableStatus, database_entry, tables_of};
use crate::archive::{DatabaseEntry, TableEntry, TableKind};
use crate::catalog::{self, Index};
use crate::document::{Dehydration, TableClass, TablePlan};
use crate::dump::error::Error;
use crate::dump::job::Selection;
use crate::mask::{self, Order};
use crate::mysql::Session;
use crate::rows::{self, RowColumn, columns_of};
use crate::sql::{name, portable, qualified, readable, unqualified, without_counter};

/// Name of the table in which dev-restore records its restores.
const RESERVED: &str = "refreshkit_refresh";

/// Everything that is known of a dump before a row is read.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    pub(crate) databases: Vec<DatabaseEntry>,
    pub(crate) tables: Vec<TableEntry>,
    pub(crate) parts: Vec<TableReadPlan>,
    /// Tables and views that are left out of the dump, as (database, name): views that read them cannot be restored.
    pub(crate) left_out: BTreeSet<(String, String)>,
    pub(crate) warnings: Vec<String>,
}

impl Outline {
    /// Leaves a view out, with a warning. The caller leaves out the views that read it.
    pub(crate) fn leave_out_view(&mut self, database: &str, view: &str, why: &str) {
        self.warnings.push(format!("view {database}.{view} {why}: left out"));
        self.left_out.insert((database.to_owned(), view.to_owned()));
    }
}

/// How to read the rows of one table.
#[derive(Debug, Clone)]
pub(crate) struct TableReadPlan {
    /// Position of the table in the manifest.
    pub(crate) table: usize,
    /// `database.table`, for messages.
    pub(crate) label: String,
    pub(crate) columns: Vec<RowColumn>,
    /// The selected expressions, one for each column.
    pub(crate) expressions: Vec<String>,
    pub(crate) from: String,
    /// FROM clause of the table alone, without joins, for the ranges of `whole`.
    pub(crate) table_alone: String,
    pub(crate) filter: Option<String>,
    /// Ranges of the key within which every row is dumped, so that the table is read without joins and filter.
    pub(crate) whole: Vec<RangeOfKey>,
    /// The columns to order by and to cut chunks by. If there are none, the table is read as one chunk.
    pub(crate) key: Vec<RowColumn>,
    /// The expression to order by, if `key` is empty.
    pub(crate) order: Option<String>,
    /// Number of rows: the plan's count, or the server's estimate.
    pub(crate) rows: u64,
    /// Bytes of one row, estimated from the table's size on the server.
    pub(crate) row_bytes: u64,
    /// True if the rows are part of the snapshot, so that every connection sees the same rows.
    pub(crate) transactional: bool,
}

/// A range of a key within which every row is dumped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RangeOfKey {
    /// First and last number of the range.
    pub(crate) ends: (u64, u64),
    pub(crate) rows: u64,
}

impl TableReadPlan {
    pub(crate) fn bytes(&self) -> u64 {
        self.rows.saturating_mul(self.row_bytes)
    }
}

/// Reads the definitions of the databases and tables that are dumped. Fails when the server lacks one of them.
pub(crate) fn outline(session: &mut Session, wish: &Selection) -> Result<Outline, Error> {
    let mut outline = Outline::default();
    for database in wish.databases() {
        outline.databases.push(database_entry(session, &database)?);
    }
    for database in wish.databases() {
        let columns = columns_of(session, &database, None)?;
        let indexes = catalog::indexes_of(session, &database)?;
        let found = tables_of(session, &database)?;
        if let Selection::Plan(plan) = wish {
            all_there(plan, &database, &found)?;
        }
        for table in found {
            let facts = DatabaseFacts { columns: &columns, indexes: &indexes, database: &database };
            add(session, &mut outline, wish, &facts, &table)?;
        }
    }
    Ok(outline)
}

struct DatabaseFacts<'a> {
    columns: &'a BTreeMap<String, Vec<RowColumn>>,
    indexes: &'a BTreeMap<String, Vec<Index>>,
    database: &'a str,
}

fn add(
    session: &mut Session,
    outline: &mut Outline,
    wish: &Selection,
    facts: &DatabaseFacts,
    found: &TableStatus,
) -> Result<(), Error> {
    let database = facts.database;
    let label = format!("{database}.{}", found.name);
    match found.kind.as_str() {
        "VIEW" | "SYSTEM VIEW" => return Ok(()),
        "SEQUENCE" => {
            outline.tables.push(sequence(session, database, &found.name)?);
            return Ok(());
        }
        _ => {}
    }
    let plan = match wish {
        Selection::Whole(_) => None,
        Selection::Plan(plan) => {
            let planned = plan.tables.iter().find(|t| t.database == database && t.table == found.name);
            let Some(planned) = planned.filter(|t| t.class != TableClass::Ignore) else {
                outline.left_out.insert((database.to_owned(), found.name.clone()));
                return Ok(());
            };
            Some(planned)
        }
    };
    if !matches!(found.engine.as_str(), "InnoDB" | "") {
        outline
            .warnings
            .push(format!("{label} uses {}: its rows are not part of the snapshot", found.engine));
    }
    let known = facts.columns.get(&found.name).map_or(&[][..], Vec::as_slice);
    if known.is_empty() {
        return Err(Error::Moved(label));
    }
    if found.name == RESERVED {
        outline.warnings.push(format!(
            "{label} has the name of the table in which dev-restore keeps what it did: `zcat | mysql` restores it, \
             dev-restore does not"
        ));
    }
    let names: Vec<String> = match plan {
        Some(plan) if plan.class != TableClass::Empty => {
            plan.columns.iter().map(|c| c.name.clone()).collect()
        }
        _ => known.iter().filter(|c| !c.generated).map(|c| c.name.clone()).collect(),
    };
    let columns = rows::pick(known, database, &found.name, &names)?;
    let position = outline.tables.len();
    // A MERGE table's rows are the rows of its tables, so none are dumped for the MERGE table itself.
    let is_union = found.engine.eq_ignore_ascii_case("MRG_MYISAM");
    let names = if is_union { Vec::new() } else { names };
    let entry = table_entry(session, outline, (database, found), (names, plan.is_some()))?;
    outline.tables.push(entry);
    let part = match plan {
        _ if is_union => return Ok(()),
        Some(plan) if plan.class == TableClass::Empty => return Ok(()),
        Some(plan) => planned_part(plan, columns, known, found),
        None => whole_part(columns, facts, found),
    };
    outline.parts.push(TableReadPlan { table: position, label, ..part });
    Ok(())
}

/// Fails when the server lacks a table of the plan.
fn all_there(plan: &Dehydration, database: &str, found: &[TableStatus]) -> Result<(), Error> {
    let missing = plan
        .tables
        .iter()
        .filter(|t| t.database == database && t.class != TableClass::Ignore)
        .find(|t| !found.iter().any(|f| f.name == t.table));
    match missing {
        Some(table) => Err(Error::NotThere(format!(
            "the plan names {database}.{}, which the server does not have",
            table.table
        ))),
        None => Ok(()),
    }
}

fn planned_part(
    plan: &TablePlan,
    columns: Vec<RowColumn>,
    known: &[RowColumn],
    found: &TableStatus,
) -> TableReadPlan {
    let expressions: Vec<String> = columns
        .iter()
        .zip(&plan.columns)
        .map(|(column, planned)| {
            // A mask's result has a type of its own, but the digest must be of the value that the column will hold.
            let expression = if mask::is_clear(planned) {
                planned.expression.clone()
            } else {
                column.coerced(&planned.expression)
            };
            column.form.read(&expression)
        })
        .collect();
    let key: Vec<RowColumn> = plan
        .key
        .iter()
        .filter_map(|name| known.iter().find(|column| column.name == *name).cloned())
        .collect();
    // A masked key is not used: the order of rows, and the boundaries of chunks, would depend on its originals.
    let (key, order) = match mask::order(plan) {
        Order::Key if key.len() == plan.key.len() => (key, None),
        Order::None => (Vec::new(), None),
        Order::Key | Order::Hash => {
            (Vec::new(), Some(mask::row_hash(expressions.iter().map(String::as_str))))
        }
    };
    // Without the order of the key, all rows of the table are sorted together, so no range is read apart.
    let ranges = plan.whole_ranges.iter().filter(|range| key.len() == 1 && key[0].name == range.column);
    let whole =
        ranges.map(|range| RangeOfKey { ends: (range.first, range.last), rows: range.rows }).collect();
    TableReadPlan {
        table: 0,
        label: String::new(),
        columns,
        expressions,
        whole,
        table_alone: format!("{} AS t", qualified(&plan.database, &plan.table)),
        from: plan.from.clone(),
        filter: plan.filter.clone().filter(|filter| !filter.trim().is_empty()),
        key,
        order,
        rows: plan.rows,
        row_bytes: found.row_bytes,
        transactional: found.is_transactional(),
    }
}

fn whole_part(columns: Vec<RowColumn>, facts: &DatabaseFacts, found: &TableStatus) -> TableReadPlan {
    let known = facts.columns.get(&found.name).map_or(&[][..], Vec::as_slice);
    let never_null = |name: &str| known.iter().any(|column| column.name == name && !column.nullable);
    let indexes = facts.indexes.get(&found.name).map_or(&[][..], Vec::as_slice);
    // An index on a prefix can tell rows apart, but does not give them in the order of the whole value.
    let is_ordered = |index: &&Index| index.parts.iter().all(|part| part.prefix.is_none());
    let ordered: Vec<Index> = indexes.iter().filter(is_ordered).cloned().collect();
    let key = catalog::identity(&ordered, never_null);
    let hint = if key.is_some_and(|key| key.name == "PRIMARY") { " FORCE INDEX (PRIMARY)" } else { "" };
    TableReadPlan {
        table: 0,
        label: String::new(),
        whole: Vec::new(),
        table_alone: String::new(),
        expressions: columns.iter().map(|c| c.form.read(&format!("t.{}", name(&c.name)))).collect(),
        columns,
        from: format!("{} AS t{hint}", qualified(facts.database, &found.name)),
        filter: None,
        key: key
            .into_iter()
            .flat_map(|key| &key.parts)
            .filter_map(|part| {
                known.iter().find(|column| Some(&column.name) == part.column.as_ref()).cloned()
            })
            .collect(),
        order: None,
        rows: found.rows,
        row_bytes: found.row_bytes,
        transactional: found.is_transactional(),
    }
}

fn table_entry(
    session: &mut Session,
    outline: &mut Outline,
    (database, found): (&str, &TableStatus),
    (columns, is_planned): (Vec<String>, bool),
) -> Result<TableEntry, Error> {
    let table = found.name.as_str();
    let sql = format!("SHOW CREATE TABLE {}", qualified(database, table));
    let shown: Option<(String, Vec<u8>)> =
        session.first(&format!("reading the definition of {database}.{table}"), &sql)?;
    let (_, show_create) =
        shown.ok_or_else(|| Error::NotThere(format!("{database}.{table} is not there any more")))?;
    let show_create = readable(show_create).ok_or_else(|| Error::Unfaithful {
        object: format!("{database}.{table}"),
        problem: "its definition is no UTF-8".to_owned(),
    })?;
    // A plan's dump has no counter, which tells how many rows production has had. And ARCHIVE takes no row below its counter.
    let is_uncounted = is_planned || found.engine == "ARCHIVE";
    let show_create = if is_uncounted { without_counter(&show_create) } else { show_create };
    let databases: Vec<String> = outline.databases.iter().map(|entry| entry.name.clone()).collect();
    let pieces = create::cut(&show_create, database, &databases).unwrap_or_else(|| create::TablePieces {
        create: portable(&unqualified(&show_create, database)),
        ..create::TablePieces::default()
    });
    for key in &pieces.left_out {
        outline.warnings.push(format!(
            "{database}.{table}: a foreign key refers to a database that is not in the dump, and is left out: {key}"
        ));
    }
    Ok(TableEntry {
        kind: TableKind::Table,
        database: database.to_owned(),
        table: table.to_owned(),
        create: pieces.create,
        show_create,
        columns,
        indexes: pieces.indexes,
        foreign_keys: pieces.foreign_keys,
        digest: rows::Sum::default().digest(),
        ..TableEntry::default()
    })
}

fn sequence(session: &mut Session, database: &str, sequence: &str) -> Result<TableEntry, Error> {
    let deed = format!("reading the sequence {database}.{sequence}");
    let shown: Option<(String, String)> =
        session.first(&deed, &format!("SHOW CREATE SEQUENCE {}", qualified(database, sequence)))?;
    let state: Option<(i64, u64)> = session.first(
        &deed,
        &format!("SELECT next_not_cached_value, cycle_count FROM {}", qualified(database, sequence)),
    )?;
    let ((_, create), (next, cycle)) = shown
        .zip(state)
        .ok_or_else(|| Error::NotThere(format!("{database}.{sequence} is not there any more")))?;
    Ok(TableEntry {
        kind: TableKind::Sequence,
        database: database.to_owned(),
        table: sequence.to_owned(),
        show_create: create.clone(),
        create,
        after: vec![format!("DO SETVAL({}, {next}, 0, {cycle})", name(sequence))],
        digest: rows::Sum::default().digest(),
        ..TableEntry::default()
    })
}
