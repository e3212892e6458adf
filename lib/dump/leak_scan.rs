//! The scan: it searches every tuple for hashed originals before the tuple is written into the file.
//!
//! In: the plan's [`LeakScan`], a connection, the tuples. Out: which columns hold originals, in how many rows, and the first
//! row's key. The originals themselves are never shown.

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

/// Most columns that the error itself names. The hint names all of them.
const NAMES_MAX: usize = 20;

/// Most characters of a key's value in a message.
const KEY_CHARACTERS_MAX: usize = 60;

/// The originals that all workers search for, and what they have found.
#[derive(Debug)]
pub(crate) struct LeakScanner {
    scanner: Scanner,
    scan: LeakScan,
    originals: Originals,
    /// The tables with scanned columns, by position in the manifest.
    tables: BTreeMap<usize, ScannedTable>,
    /// Connection that looks hashes up in the work schema, where the filter is not sure.
    confirm: Mutex<Session>,
    found: Mutex<BTreeMap<(usize, usize), ColumnHits>>,
}

/// One table with its columns, of which at least one is scanned.
#[derive(Debug)]
struct ScannedTable {
    label: String,
    /// The table's name in a rule of `[mask]`.
    rule: String,
    columns: Vec<ScannedColumn>,
    /// Positions and names of the key's columns.
    key: Vec<(usize, String)>,
}

#[derive(Debug)]
struct ScannedColumn {
    name: String,
    scan: bool,
    kind: ScannedAs,
    /// Masks that the column can take, the best first.
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

#[derive(Debug, Clone)]
struct ColumnHits {
    rows: u64,
    /// Number of rows in which an original is the whole value.
    whole: u64,
    /// Hash of the first original that was found. `key` is the key of its row as text.
    hash: u64,
    key: Option<String>,
}

impl LeakScanner {
    /// Reads the hashed originals. `None` if the plan has none. Fails when they are not those of the plan.
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

    /// Makes the scanner of one worker for one part. `None` if no column of the part is scanned.
    pub(crate) fn nose(&self, part: &TableReadPlan) -> Option<TableScanner<'_>> {
        let table = self.tables.get(&part.table)?;
        let sniffer = self.scanner.sniffer();
        Some(TableScanner { watch: self, at: part.table, table, sniffer, plain: Vec::new() })
    }

    /// Looks a hash up in the work schema. Returns the position of its column in `scan.origins`, if the hash is there.
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

    /// Fails for a dump that holds originals, or warns, as `[mask] leaks` says. Returns the warnings.
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
    /// Proposes a mask for this column: the original's own mask, so that joins still match, if the column can take it and each
    /// value is a whole original; otherwise, as for a text that mentions one, the column's best mask.
    fn proposal(&self, mask: &str, whole: bool) -> String {
        let own = format!("{mask:?}");
        let takes_own = whole && self.kind != ScannedAs::Json && self.takes.contains(&own);
        if takes_own { own } else { self.takes.first().cloned().unwrap_or_else(|| "\"text\"".to_owned()) }
    }
}

/// The scan of one part by one worker.
pub(crate) struct TableScanner<'a> {
    watch: &'a LeakScanner,
    at: usize,
    table: &'a ScannedTable,
    sniffer: Sniffer<'a>,
    plain: Vec<u8>,
}

impl TableScanner<'_> {
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

    /// Returns the hash of the first original in a text.
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

    /// Returns the row's key as text. `None` if the table has no key, or if the key itself holds an original.
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

/// Reads the server's lower-case letters and the hashed originals. Returns the number of originals and the scanner.
fn load(session: &mut Session, originals: &Originals, scan: &LeakScan) -> Result<(u64, Scanner), Error> {
    // Sent as hexadecimal digits: letters beyond U+FFFF would break clients that read the server's process list meanwhile.
    let question = lower(&format!("_utf8mb4 x'{}'", hex(Fold::question().as_bytes())));
    let answer: Option<String> =
        session.first("asking for lower-case letters", &format!("SELECT {question}"))?;
    let mut filter = Filter::with_room(*originals.key(), scan.values);
    let count = originals.each(session, |_, record| filter.add(record))?;
    filter.close();
    Ok((count, Scanner { fold: Fold::learn(&answer.unwrap_or_default()), filter }))
}
