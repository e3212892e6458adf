//! The scan of what leaves: every tuple on its way into the file is looked through for hashed originals.
//!
//! In: the plan's [`LeakScan`], a connection, and the tuples as they are written. Out: which columns hold originals, and
//! in which rows. The values themselves are never told.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::define::schema::TableReadPlan;
use super::error::Error;
use super::job::Selection;
use crate::archive::Manifest;
use crate::config::{toml_once, toml_text};
use crate::document::{LeakScan, TablePlan};
use crate::house::House;
use crate::mysql::{Server, Session};
use crate::rows::{Form, RowColumn};
use crate::scan::{Filter, Fold, Known, Scanner, Sniffer, lower};
use crate::sql::{Literals, hex};
use crate::work_schema::{HeldKeys, Originals};

/// So many columns are named in the error itself; all of them are in the hint.
const NAMES_MAX: usize = 20;

/// Longer keys are cut in messages (characters).
const KEY_CHARACTERS_MAX: usize = 60;

/// What all workers look for, and what they found.
#[derive(Debug)]
pub(crate) struct LeakScanner {
    scanner: Scanner,
    scan: LeakScan,
    originals: Originals,
    /// By position in the manifest.
    tables: BTreeMap<usize, ScannedTable>,
    /// Asked where the filter is not sure.
    confirm: Mutex<Session>,
    found: Mutex<BTreeMap<(usize, usize), ColumnHits>>,
}

/// What is looked at in one table.
#[derive(Debug)]
struct ScannedTable {
    label: String,
    /// As a rule of `[mask]` names it.
    rule: String,
    columns: Vec<ScannedColumn>,
    /// Positions and names of the key's columns.
    key: Vec<(usize, String)>,
}

#[derive(Debug)]
struct ScannedColumn {
    name: String,
    /// Whether it is looked at.
    scan: bool,
    kind: ScannedAs,
    /// What may stand for it, the best first.
    takes: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ScannedAs {
    Number,
    Short,
    Long,
    Json,
}

impl ScannedAs {
    fn of(column: &RowColumn) -> Self {
        match column.data_type.as_str() {
            _ if column.form == Form::Number => Self::Number,
            "json" => Self::Json,
            "text" | "mediumtext" | "longtext" | "blob" | "mediumblob" | "longblob" => Self::Long,
            _ => Self::Short,
        }
    }
}

/// Originals in one column.
#[derive(Debug, Clone)]
struct ColumnHits {
    rows: u64,
    /// Those of which an original is all.
    whole: u64,
    /// One of the hashes, and the first row's key in words.
    hash: u64,
    key: Option<String>,
}

impl LeakScanner {
    /// Reads the hashes; nothing if the plan has none.
    pub(crate) fn open(
        (server, wish): (&Server, &Selection),
        keys: Option<&HeldKeys>,
        manifest: &Manifest,
        parts: &[TableReadPlan],
    ) -> Result<Option<Self>, Error> {
        let (Selection::Plan(plan), Some(keys)) = (wish, keys) else { return Ok(None) };
        let Some(scan) = plan.leaks.clone() else { return Ok(None) };
        let mut session = server.connect()?;
        let broken = || Error::NoOriginals { schema: plan.work_schema.clone() };
        let originals = Originals::open(&mut session, &plan.work_schema, keys)?.ok_or_else(broken)?;
        let (count, scanner) = load(&mut session, &originals, &scan)?;
        if count != scan.values {
            return Err(broken());
        }
        let tables = parts.iter().filter_map(|part| {
            let entry = &manifest.tables[part.table];
            let planned =
                plan.tables.iter().find(|p| p.database == entry.database && p.table == entry.table)?;
            Some((part.table, ScannedTable::of(part, planned, manifest.databases.len() > 1)?))
        });
        Ok(Some(Self {
            scanner,
            originals,
            tables: tables.collect(),
            confirm: Mutex::new(session),
            found: Mutex::default(),
            scan,
        }))
    }

    /// For one worker and one part; nothing if no column of it is looked at.
    pub(crate) fn nose(&self, part: &TableReadPlan) -> Option<TableScanner<'_>> {
        let table = self.tables.get(&part.table)?;
        let sniffer = self.scanner.sniffer();
        Some(TableScanner { watch: self, at: part.table, table, sniffer, plain: Vec::new() })
    }

    /// The column that a hash comes from, if the server has it.
    fn confirmed(&self, hash: u64) -> Result<Option<usize>, Error> {
        let mut session = self.confirm.lock().expect("no panic under this lock");
        Ok(self.originals.origin_of(&mut session, hash)?)
    }

    fn note(&self, at: (usize, usize), (hash, whole): (u64, bool), key: impl FnOnce() -> Option<String>) {
        let mut found = self.found.lock().expect("no panic under this lock");
        let entry = found.entry(at).or_insert_with(|| ColumnHits { rows: 0, whole: 0, hash, key: key() });
        entry.rows += 1;
        entry.whole += u64::from(whole);
    }

    /// Refuses a dump that holds originals, or warns, as `[mask] leaks` says. The warnings are returned.
    pub(crate) fn verdict(&self, house: &House) -> Result<Vec<String>, Error> {
        let found = self.found.lock().expect("no panic under this lock").clone();
        let mut places = Vec::new();
        let mut rules = Vec::new();
        for ((table, column), found) in &found {
            let Some(table) = self.tables.get(table) else { continue };
            let origin = self.confirmed(found.hash)?.and_then(|n| self.scan.origins.get(n));
            let look = &table.columns[*column];
            let of = origin.map(|origin| format!(", of {}", origin.column)).unwrap_or_default();
            let key = found.key.as_ref().map(|key| format!(", first {key}")).unwrap_or_default();
            places.push(format!("{}.{} ({} row(s){key}{of})", table.label, look.name, found.rows));
            let mask = origin.map(|origin| origin.mask.as_str()).unwrap_or_default();
            let rule = format!("{}.{}", table.rule, look.name);
            rules.push(format!("{} = {}", toml_text(&rule), look.proposal(mask, found.whole == found.rows)));
        }
        if places.is_empty() {
            return Ok(places);
        }
        if self.scan.refuse {
            let more = if places.len() > NAMES_MAX { "; …" } else { "" };
            places.truncate(NAMES_MAX);
            return Err(Error::Leaks {
                count: found.len(),
                places: places.join("; ") + more,
                toml: toml_once(rules).join("\n"),
            });
        }
        let warnings: Vec<String> =
            places.iter().map(|place| format!("original values are left in {place}")).collect();
        for warning in &warnings {
            house.progress.warn(warning);
        }
        Ok(warnings)
    }
}

impl ScannedTable {
    fn of(part: &TableReadPlan, planned: &TablePlan, several: bool) -> Option<Self> {
        let columns: Vec<ScannedColumn> = part
            .columns
            .iter()
            .map(|column| {
                let planned = planned.columns.iter().find(|planned| planned.name == column.name);
                ScannedColumn {
                    name: column.name.clone(),
                    scan: planned.is_some_and(|planned| planned.scan),
                    kind: ScannedAs::of(column),
                    takes: planned.map(|planned| planned.takes.clone()).unwrap_or_default(),
                }
            })
            .collect();
        let key = part.key.iter().filter_map(|key| {
            let at = columns.iter().position(|column| column.name == key.name)?;
            Some((at, key.name.clone()))
        });
        let key = key.collect();
        columns.iter().any(|column| column.scan).then(|| Self {
            label: part.label.clone(),
            rule: if several { part.label.clone() } else { planned.table.clone() },
            columns,
            key,
        })
    }
}

impl ScannedColumn {
    /// What stands well in place of values of this column: what stands for the original itself where that is all of each value, so
    /// that joins still match. A text that mentions one is not one.
    fn proposal(&self, mask: &str, whole: bool) -> String {
        let own = format!("{mask:?}");
        let takes_own = whole && self.kind != ScannedAs::Json && self.takes.contains(&own);
        if takes_own { own } else { self.takes.first().cloned().unwrap_or_else(|| "\"text\"".to_owned()) }
    }
}

/// One worker's look at one part.
pub(crate) struct TableScanner<'a> {
    watch: &'a LeakScanner,
    at: usize,
    table: &'a ScannedTable,
    sniffer: Sniffer<'a>,
    plain: Vec<u8>,
}

impl TableScanner<'_> {
    /// Looks at a tuple as it is written.
    pub(crate) fn row(&mut self, tuple: &[u8]) -> Result<(), Error> {
        for (position, cell) in Literals::of(tuple).enumerate() {
            let Some(look) = self.table.columns.get(position).filter(|look| look.scan) else { continue };
            if cell.is_null() {
                continue;
            }
            let mut plain = std::mem::take(&mut self.plain);
            let text = cell.plain(&mut plain);
            let watch = self.watch;
            let original = self.original(text, look.kind);
            let original = original.map(|hash| hash.map(|hash| (hash, watch.scanner.is_whole(text, hash))));
            self.plain = plain;
            if let Some(found) = original? {
                let key = self.key(tuple)?;
                self.watch.note((self.at, position), found, || key);
            }
        }
        Ok(())
    }

    /// The first original in a text.
    fn original(&mut self, text: &[u8], kind: ScannedAs) -> Result<Option<u64>, Error> {
        let watch = self.watch;
        let mut original = Ok(None);
        self.sniffer.cell(text, kind == ScannedAs::Number, &mut |hash, known| {
            original = match known {
                Known::No => Ok(None),
                Known::Yes => Ok(Some(hash)),
                Known::Perhaps => watch.confirmed(hash).map(|origin| origin.map(|_| hash)),
            };
            matches!(original, Ok(None))
        });
        original
    }

    /// The row's key in words, unless it holds an original itself.
    fn key(&mut self, tuple: &[u8]) -> Result<Option<String>, Error> {
        let mut words = Vec::new();
        for (position, name) in &self.table.key {
            let Some(cell) = Literals::of(tuple).nth(*position) else { return Ok(None) };
            let mut plain = std::mem::take(&mut self.plain);
            let text = cell.plain(&mut plain);
            if self.original(text, self.table.columns[*position].kind)?.is_some() {
                return Ok(None);
            }
            let shown = String::from_utf8_lossy(text);
            words.push(format!("{name}={}", shown.chars().take(KEY_CHARACTERS_MAX).collect::<String>()));
            self.plain = plain;
        }
        Ok((!words.is_empty()).then(|| words.join(", ")))
    }
}

/// Reads letters and records.
fn load(session: &mut Session, originals: &Originals, scan: &LeakScan) -> Result<(u64, Scanner), Error> {
    // As digits: letters beyond U+FFFF would break whoever reads the server's process list meanwhile.
    let question = lower(&format!("_utf8mb4 x'{}'", hex(Fold::question().as_bytes())));
    let answer: Option<String> =
        session.first("asking for lower-case letters", &format!("SELECT {question}"))?;
    let mut filter = Filter::with_room(*originals.key(), scan.values);
    let count = originals.each(session, |_, record| filter.add(record))?;
    filter.close();
    Ok((count, Scanner { fold: Fold::learn(&answer.unwrap_or_default()), filter }))
}
