//! What a sample of a column's values looks like. The server counts; no value leaves it.
//!
//! In: a table, the columns that nothing is known of. Out: what was [`Seen`] in them.

use super::by_name::Names;
use super::by_value::{LOOKS, Seen, birthday, document, free, like_a_name};
use super::class::{Class, NO_DOCUMENT};
use super::keys;
use crate::catalog::{Column, Family, Table};
use crate::document::chain;
use crate::mysql::{Error, Session};
use crate::sql::name;

/// Rows of each table that are looked at, the last by key: enough to see a habit, too few to notice.
const SAMPLE_ROWS: u32 = 500;

/// Characters of each value that are looked at.
const LOOK_CHARACTERS: u32 = 4_000;

/// Columns too short to hold any of this are not looked at.
const LENGTH_MIN: u64 = 6;

/// Columns that are looked at in one statement, so that a wide table makes none without end.
const COLUMNS_MAX: usize = 32;

/// One in so many dates before 1980 is a habit: dates of birth.
const BORN_ONE_IN: u64 = 4;

/// Fewer of anything are chance.
const HITS_MIN: u64 = 5;

/// What the server counted in one column.
struct Counted {
    /// Values that are not empty, and different ones.
    total: u64,
    different: u64,
    /// Values like names, documents.
    like_names: u64,
    documents: u64,
    /// By the position of the look.
    looks: Vec<u64>,
}

/// Looks at the columns that can hold something personal, among `columns`: a query for so many of them, and one for each that holds
/// documents. `unread`: warnings of documents that cannot be read.
pub(crate) fn values(
    session: &mut Session,
    names: &Names<'_>,
    columns: &[&Column],
    unread: &mut Vec<String>,
) -> Result<Vec<Seen>, Error> {
    let table = names.table();
    let mut seen = Vec::new();
    let texts: Vec<&Column> = columns.iter().copied().filter(|column| can_hold(column)).collect();
    let mut counts = Vec::new();
    for some in texts.chunks(COLUMNS_MAX) {
        counts.extend(count(session, table, some)?);
    }
    for (column, counted) in texts.iter().zip(&counts) {
        if let Some(found) = by_look(column, counted) {
            seen.push(found);
        } else if counted.documents > 0 {
            match keys::personal(session, table, column, &sampled(table, column)) {
                Ok(found) => seen.extend(found),
                // MySQL gives up on a regular expression that takes long (3699). A lost connection ends the run at its next statement.
                Err(error) => unread.push(format!(
                    "{}.{} holds documents whose keys cannot be read ({}): look at them and say what they are in [mask]",
                    table.label(),
                    column.name,
                    chain(&error)
                )),
            }
        }
    }
    seen.extend(last_names(names, &texts, &counts, &seen));
    let dates: Vec<&Column> = columns.iter().copied().filter(|column| column.data_type == "date").collect();
    for some in dates.chunks(COLUMNS_MAX) {
        seen.extend(birthdays(session, table, some)?);
    }
    Ok(seen)
}

/// The first look that is a habit of the column.
fn by_look(column: &Column, counted: &Counted) -> Option<Seen> {
    let mut found = LOOKS.iter().zip(&counted.looks);
    let (look, hits) = found.find(|(look, hits)| look.is_habit(column, **hits, counted.total))?;
    // An address in the middle of a text calls for a new text.
    let proposal = match column.family() {
        Family::Json => NO_DOCUMENT,
        _ if free(column) => "\"text\"",
        _ => look.proposal,
    };
    let evidence = format!("{hits} of {} sampled values hold {}", counted.total, look.what);
    Some(Seen { column: column.name.clone(), evidence, proposal: proposal.to_owned() })
}

/// Words like names, nearly all different, in a table with first names that has no last names otherwise.
fn last_names(names: &Names<'_>, texts: &[&Column], counts: &[Counted], seen: &[Seen]) -> Vec<Seen> {
    let table = names.table();
    let has = |class: Class| table.columns.iter().any(|column| names.class(column) == Some(class));
    let first = has(Class::FirstName) || seen.iter().any(|seen| seen.proposal == "\"name\"");
    if !first || has(Class::LastName) {
        return Vec::new();
    }
    let like = |(column, counted): &(&&Column, &Counted)| {
        !free(column)
            && seen.iter().all(|seen| seen.column != column.name)
            && counted.total >= HITS_MIN * 2
            && counted.like_names * 5 >= counted.total * 4
            && counted.different * 5 >= counted.total
            && counted.different > HITS_MIN * 2
    };
    let found = texts.iter().zip(counts).filter(like);
    found
        .map(|(column, counted)| Seen {
            column: column.name.clone(),
            evidence: format!(
                "{} of {} sampled values look like names, beside first names",
                counted.like_names, counted.total
            ),
            proposal: "\"last_name\"".to_owned(),
        })
        .collect()
}

fn count(session: &mut Session, table: &Table, texts: &[&Column]) -> Result<Vec<Counted>, Error> {
    let deed = format!("looking at a sample of {}", table.label());
    let row: Option<mysql::Row> = session.first(&deed, &question(table, texts))?;
    let Some(row) = row else { return Ok(Vec::new()) };
    let width = LOOKS.len() + 4;
    let count = |column: usize, at: usize| row.get::<u64, usize>(column * width + at).unwrap_or_default();
    let counted = |column: usize| Counted {
        total: count(column, 0),
        different: count(column, 1),
        like_names: count(column, 2),
        documents: count(column, 3),
        looks: (0..LOOKS.len()).map(|look| count(column, look + 4)).collect(),
    };
    Ok((0..texts.len()).map(counted).collect())
}

fn can_hold(column: &Column) -> bool {
    matches!(column.family(), Family::Text | Family::Json | Family::Binary)
        && column.length.unwrap_or(u64::MAX) >= LENGTH_MIN
}

fn question(table: &Table, texts: &[&Column]) -> String {
    let mut counts = Vec::new();
    for (at, column) in texts.iter().enumerate() {
        let value = format!("s.c{at}");
        let when = |condition: &str| format!("COUNT(CASE WHEN {condition} THEN 1 END)");
        counts.push(format!("COUNT(NULLIF(TRIM({value}), ''))"));
        counts.push(if free(column) { "0".to_owned() } else { format!("COUNT(DISTINCT {value})") });
        counts.push(if free(column) { "0".to_owned() } else { when(&like_a_name(&value)) });
        counts.push(when(&document(&value)));
        counts.extend(LOOKS.iter().map(|look| when(&look.question(column, &value))));
    }
    let each = |(at, column): (usize, &&Column)| format!("{} AS c{at}", text(column));
    let sample: Vec<String> = texts.iter().enumerate().map(each).collect();
    format!("SELECT {} FROM {} AS s", counts.join(", "), last_rows(table, &sample.join(", "), SAMPLE_ROWS))
}

/// How varied the values of a column are, in the sample.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Variety {
    /// Values that are not empty.
    pub total: u64,
    /// Different values among those.
    pub different: u64,
    /// Values of several words that begin like names.
    pub like_names: u64,
    /// Values that are longer than a code or a label, or of more than three words.
    pub long: u64,
}

/// Codes and labels have fewer characters.
const LABEL_CHARACTERS_MAX: u32 = 40;

/// How varied the values of columns are.
pub fn variety(session: &mut Session, table: &Table, columns: &[&Column]) -> Result<Vec<Variety>, Error> {
    let mut found = Vec::new();
    for some in columns.chunks(COLUMNS_MAX) {
        let mut counts = Vec::new();
        for at in 0..some.len() {
            let value = format!("s.c{at}");
            counts.push(format!("COUNT(NULLIF(TRIM({value}), ''))"));
            counts.push(format!("COUNT(DISTINCT NULLIF(TRIM({value}), ''))"));
            let name = format!("{value} LIKE '% %' AND {}", like_a_name(&value));
            counts.push(format!("COUNT(CASE WHEN {name} THEN 1 END)"));
            let long = format!("CHAR_LENGTH({value}) > {LABEL_CHARACTERS_MAX} OR {value} LIKE '% % % %'");
            counts.push(format!("COUNT(CASE WHEN {long} THEN 1 END)"));
        }
        let each = |(at, column): (usize, &&Column)| format!("{} AS c{at}", text(column));
        let columns: Vec<String> = some.iter().enumerate().map(each).collect();
        // What was written long ago may be of another kind than what is written today.
        let columns = columns.join(", ");
        let sample = format!(
            "({} UNION ALL {})",
            last_rows(table, &columns, SAMPLE_ROWS),
            first_rows(table, &columns)
        );
        let deed = format!("looking at a sample of {}", table.label());
        let sql = format!("SELECT {} FROM {sample} AS s", counts.join(", "));
        let row: Option<mysql::Row> = session.first(&deed, &sql)?;
        let count = |at: usize| row.as_ref().and_then(|row| row.get::<u64, usize>(at)).unwrap_or_default();
        let one = |at: usize| Variety {
            total: count(4 * at),
            different: count(4 * at + 1),
            like_names: count(4 * at + 2),
            long: count(4 * at + 3),
        };
        found.extend((0..some.len()).map(one));
    }
    Ok(found)
}

/// The last rows by key, as a FROM clause in parentheses.
pub(crate) fn last_rows(table: &Table, columns: &str, rows: u32) -> String {
    rows_by_key(table, columns, rows, " DESC")
}

fn first_rows(table: &Table, columns: &str) -> String {
    rows_by_key(table, columns, SAMPLE_ROWS, "")
}

fn rows_by_key(table: &Table, columns: &str, rows: u32, direction: &str) -> String {
    let key: Vec<String> = table.key().iter().map(|c| format!("t.{}{direction}", name(&c.name))).collect();
    let order = if key.is_empty() { String::new() } else { format!(" ORDER BY {}", key.join(", ")) };
    format!("(SELECT {columns} FROM {} AS t{order} LIMIT {rows})", table.sql())
}

/// The sample of one column, called `v`.
fn sampled(table: &Table, column: &Column) -> String {
    last_rows(table, &format!("{} AS v", text(column)), SAMPLE_ROWS)
}

/// The beginning of a value as text. Bytes are read as latin1, which has a character for each.
pub(crate) fn text(column: &Column) -> String {
    let plain = column.of("t");
    match column.family() {
        Family::Binary => {
            format!("CONVERT(CONVERT(LEFT({plain}, {LOOK_CHARACTERS}) USING latin1) USING utf8mb4)")
        }
        _ => format!("LEFT(CONVERT({plain} USING utf8mb4), {LOOK_CHARACTERS})"),
    }
}

/// Dates of which many lie long before there was a database.
fn birthdays(session: &mut Session, table: &Table, dates: &[&Column]) -> Result<Vec<Seen>, Error> {
    let mut counts = Vec::new();
    for at in 0..dates.len() {
        counts.push(format!("COUNT(s.c{at})"));
        counts.push(format!("COUNT(CASE WHEN {} THEN 1 END)", birthday(&format!("s.c{at}"))));
    }
    let columns: Vec<String> =
        dates.iter().enumerate().map(|(at, column)| format!("{} AS c{at}", column.of("t"))).collect();
    let sample = last_rows(table, &columns.join(", "), SAMPLE_ROWS);
    let deed = format!("looking at dates of {}", table.label());
    let row: Option<mysql::Row> =
        session.first(&deed, &format!("SELECT {} FROM {sample} AS s", counts.join(", ")))?;
    let Some(row) = row else { return Ok(Vec::new()) };
    let count = |at: usize| row.get::<u64, usize>(at).unwrap_or_default();
    let seen = dates.iter().enumerate().filter_map(|(at, column)| {
        let (total, hits) = (count(2 * at), count(2 * at + 1));
        (hits >= HITS_MIN && hits * BORN_ONE_IN >= total).then(|| Seen {
            column: column.name.clone(),
            evidence: format!("{hits} of {total} sampled dates are before 1980, as dates of birth are"),
            proposal: "{ kind = \"generalise\", to = \"year\" }".to_owned(),
        })
    });
    Ok(seen.collect())
}
