//! Columns that look like personal data: by their name, and by what a sample of their values looks like.
//!
//! In: the catalog, the masks, the tables whose rows come along, a session. Out: [`Finding`]s with the TOML to paste.
//! Values are looked at by the server; counts leave it, and the names of keys in documents, no value.

use super::by_name::{Names, wishes};
use super::by_value::Seen;
use super::class::{Class, NO_DOCUMENT};
use super::{eav, sample};
use crate::catalog::{Catalog, Column, Family, Table};
use crate::config::{toml_comment, toml_text};
use crate::document::chain;
use crate::mask::masks::Masks;
use crate::mask::propose::{self, KEEP};
use crate::mysql::{self, Session};

/// The evidence of a name.
const BY_NAME: &str = "by its name";

/// A column that looks like personal data and has neither mask nor reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Position of the table in the catalog.
    pub table: usize,
    /// Name of the column, unquoted.
    pub column: String,
    /// Why: `its name`, `31 of 500 sampled values hold an e-mail address`.
    pub evidence: String,
    /// What to write on the right side, such as `"email"`.
    pub proposal: String,
    /// Whether all that is known of it is that it is a text (`policy = "strict"`).
    pub any_text: bool,
}

impl Finding {
    /// `"customers.mobile" = "phone"  # its name`.
    pub fn toml(&self, catalog: &Catalog) -> String {
        let table = &catalog.tables[self.table];
        let key = catalog.written_column(table, &self.column);
        format!("{} = {}  # {}", toml_text(&key), self.proposal, toml_comment(&self.evidence))
    }
}

/// What looks personal, and what could not be looked at.
#[derive(Debug, Default)]
pub struct Detected {
    /// Columns that `[mask]` says nothing of.
    pub findings: Vec<Finding>,
    /// Warnings of documents that cannot be read.
    pub unread: Vec<String>,
}

/// Looks at every column of `tables` that `[mask]` says nothing of. `strict` also names every other text column.
pub fn detect(
    session: &mut Session,
    catalog: &Catalog,
    masks: &Masks,
    tables: &[usize],
    strict: bool,
) -> Result<Detected, mysql::Error> {
    let (mut findings, mut unread) = (Vec::new(), Vec::new());
    for &at in tables {
        let table = &catalog.tables[at];
        let open: Vec<&Column> = table
            .columns
            .iter()
            .filter(|column| !column.generated && masks.declared(at, &column.name).is_none())
            .collect();
        let names = Names::of(table);
        let finding = |column: &Column, evidence: String, wishes: &[&str]| Finding {
            table: at,
            column: column.name.clone(),
            evidence,
            proposal: propose::propose(table, column, wishes),
            any_text: false,
        };
        let (mut unnamed, mut notes) = (Vec::new(), Vec::new());
        for column in open {
            match wishes(&names, column) {
                // What a note holds says more than its name.
                Some(wishes) if names.class(column) == Some(Class::Note) => {
                    unnamed.push(column);
                    notes.push((column, wishes));
                }
                Some(wishes) => findings.push(finding(column, BY_NAME.to_owned(), &wishes)),
                None => unnamed.push(column),
            }
        }
        findings.extend(computed(masks, at, table, &names));
        let mut seen = Vec::new();
        let masked = |column: &Column| masks.of(at, &column.name).is_some();
        if let Some(shape) =
            eav::shape(&names, masked).filter(|(value, _)| unnamed.iter().any(|c| c.name == value.name))
        {
            match eav::values(session, table, shape) {
                Ok(found) => seen.extend(found),
                Err(error) => unread.push(unseen(table, "its attributes", &error)),
            }
        }
        unnamed.retain(|column| seen.iter().all(|seen: &Seen| seen.column != column.name));
        match sample::values(session, &names, &unnamed, &mut unread) {
            Ok(found) => seen.extend(found),
            Err(error) => unread.push(unseen(table, "a sample of its values", &error)),
        }
        let open = table
            .columns
            .iter()
            .filter(|column| !column.generated && masks.declared(at, &column.name).is_none());
        for column in open {
            match seen.iter().find(|seen| seen.column == column.name) {
                _ if findings.iter().any(|f| f.table == at && f.column == column.name) => {}
                Some(seen) => findings.push(finding(column, seen.evidence.clone(), &[&seen.proposal])),
                None if let Some((_, wishes)) = notes.iter().find(|(note, _)| note.name == column.name) => {
                    findings.push(finding(column, BY_NAME.to_owned(), wishes));
                }
                None if strict && column.family() == Family::Text => {
                    let evidence = "a text (policy = \"strict\")".to_owned();
                    findings.push(Finding { any_text: true, ..finding(column, evidence, &[KEEP]) });
                }
                None => {}
            }
        }
    }
    Ok(Detected { findings, unread })
}

/// What the server does not look at is no reason to end the run, and none to say nothing. A lost connection ends it at the next statement.
fn unseen(table: &Table, what: &str, error: &mysql::Error) -> String {
    format!(
        "{}: {what} cannot be looked at ({}): look at them and say what they are in [mask]",
        table.label(),
        chain(error)
    )
}

/// Generated columns with a telling name, computed from columns that nothing is said of: `payload` of `email`.
fn computed(masks: &Masks, at: usize, table: &Table, names: &Names<'_>) -> Vec<Finding> {
    let telling = |column: &&Column| column.generated && wishes(names, column).is_some();
    let mut findings: Vec<Finding> = Vec::new();
    for column in table.columns.iter().filter(telling) {
        let mut sources = table.columns.iter().filter(|source| column.computed_from(source));
        if sources
            .clone()
            .any(|source| masks.declared(at, &source.name).is_some() || wishes(names, source).is_some())
        {
            continue;
        }
        let Some(source) =
            sources.find(|s| matches!(s.family(), Family::Text | Family::Json | Family::Binary))
        else {
            continue;
        };
        let json = source.family() == Family::Json;
        let wish = if json { NO_DOCUMENT } else { "\"text\"" };
        findings.push(Finding {
            table: at,
            column: source.name.clone(),
            evidence: format!("{} is computed from it", column.name),
            proposal: propose::propose(table, source, &[wish]),
            any_text: false,
        });
    }
    findings
}
