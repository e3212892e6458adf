//! What a sample of a column's values looks like. The server counts; no value leaves it.

use super::by_value::{LOOKS, free};
use crate::catalog::{Column, Family, Table};
use crate::mysql::{Error, Session};
use crate::sql::name;

/// Rows of each table that are looked at, the last by key: enough to see a habit, too few to notice.
const SAMPLE_ROWS: u32 = 500;

/// Characters of each value that are looked at.
const LOOK_CHARACTERS: u32 = 4_000;

/// Columns too short to hold any of this are not looked at.
const LENGTH_MIN: u64 = 6;

/// What was seen in a column.
pub(crate) struct Seen {
    pub(crate) column: String,
    pub(crate) evidence: String,
    pub(crate) proposal: &'static str,
}

/// Looks at the columns that can hold text, among `columns`: one query.
pub(crate) fn values(session: &mut Session, table: &Table, columns: &[&Column]) -> Result<Vec<Seen>, Error> {
    let texts: Vec<&&Column> = columns.iter().filter(|column| can_hold(column)).collect();
    if texts.is_empty() {
        return Ok(Vec::new());
    }
    let deed = format!("looking at a sample of {}", table.label());
    let row: Option<mysql::Row> = session.first(&deed, &question(table, &texts))?;
    let Some(row) = row else { return Ok(Vec::new()) };
    let count = |at: usize| row.get::<u64, usize>(at).unwrap_or_default();
    let width = LOOKS.len() + 1;
    let mut seen = Vec::new();
    for (at, column) in texts.iter().enumerate() {
        let total = count(at * width);
        let mut found = LOOKS.iter().enumerate().map(|(n, look)| (look, count(at * width + n + 1)));
        if let Some((look, hits)) = found.find(|(look, hits)| look.is_habit(column, *hits, total)) {
            // An address in the middle of a text calls for a new text.
            let proposal = match column.family() {
                Family::Json => "{ kind = \"constant\", value = \"{}\" }",
                _ if free(column) => "\"text\"",
                _ => look.proposal,
            };
            let evidence = format!("{hits} of {total} sampled values hold {}", look.what);
            seen.push(Seen { column: column.name.clone(), evidence, proposal });
        }
    }
    Ok(seen)
}

fn can_hold(column: &Column) -> bool {
    matches!(column.family(), Family::Text | Family::Json | Family::Binary)
        && column.length.unwrap_or(u64::MAX) >= LENGTH_MIN
}

fn question(table: &Table, texts: &[&&Column]) -> String {
    let mut counts = Vec::new();
    for (at, column) in texts.iter().enumerate() {
        let value = format!("s.c{at}");
        counts.push(format!("COUNT(NULLIF(TRIM({value}), ''))"));
        let each =
            LOOKS.iter().map(|look| format!("COUNT(CASE WHEN {} THEN 1 END)", look.question(column, &value)));
        counts.extend(each);
    }
    let sample: Vec<String> =
        texts.iter().enumerate().map(|(at, column)| format!("{} AS c{at}", text(column))).collect();
    let key: Vec<String> = table.key().iter().map(|c| format!("t.{} DESC", name(&c.name))).collect();
    let order = if key.is_empty() { String::new() } else { format!(" ORDER BY {}", key.join(", ")) };
    format!(
        "SELECT {} FROM (SELECT {} FROM {} AS t{order} LIMIT {SAMPLE_ROWS}) AS s",
        counts.join(", "),
        sample.join(", "),
        table.sql()
    )
}

/// The beginning of a value as text. Bytes are read as latin1, which has a character for each.
fn text(column: &Column) -> String {
    let plain = column.of("t");
    match column.family() {
        Family::Binary => {
            format!("CONVERT(CONVERT(LEFT({plain}, {LOOK_CHARACTERS}) USING latin1) USING utf8mb4)")
        }
        _ => format!("LEFT(CONVERT({plain} USING utf8mb4), {LOOK_CHARACTERS})"),
    }
}
