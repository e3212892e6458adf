//! What a sample of a column's values looks like. The server counts; no value leaves it.

use crate::catalog::{Column, Family, Table};
use crate::mysql::{Error, Session, name};

/// Rows of each table that are looked at, the last by key: enough to see a habit, too few to notice.
const SAMPLE_ROWS: u32 = 500;

/// Characters of each value that are looked at.
const LOOK_CHARACTERS: u32 = 4_000;

/// Columns too short to hold any of this are not looked at.
const LENGTH_MIN: u64 = 6;

/// What was seen in a column.
pub(super) struct Seen {
    pub(super) column: String,
    pub(super) evidence: String,
    pub(super) proposal: &'static str,
}

struct Look {
    what: &'static str,
    proposal: &'static str,
    /// Seen in one of so many non-empty values, it is a habit.
    one_in: u64,
    condition: fn(&str) -> String,
    /// The same in the middle of a long text or of JSON, where one in [`HABIT_WITHIN`] is a habit.
    within: Option<&'static str>,
}

/// Seen inside one of so many long values, it is a habit.
const HABIT_WITHIN: u64 = 20;

/// A text that may hold anything, not one value of one kind.
fn free(column: &Column) -> bool {
    column.length.unwrap_or(u64::MAX) > 255 || column.family() == Family::Json
}

impl Look {
    fn question(&self, column: &Column, value: &str) -> String {
        match self.within {
            Some(shape) if free(column) => format!("{value} REGEXP '{shape}'"),
            _ => (self.condition)(value),
        }
    }

    fn is_habit(&self, column: &Column, hits: u64, total: u64) -> bool {
        let one_in = if self.within.is_some() && free(column) { HABIT_WITHIN } else { self.one_in };
        hits > 0 && hits * one_in >= total
    }
}

const PHONE_WITHIN: &str = "[+][0-9]{1,3}[ ./(-]?[0-9][0-9 ()./-]{6,16}[0-9]|(^|[^0-9.-])[(]?[0-9]{3}[)]?[ .-]{1,2}[0-9]{3}[ .-][0-9]{4}([^0-9]|$)";
const SSN_WITHIN: &str = "(^|[^0-9-])[0-9]{3}-[0-9]{2}-[0-9]{4}([^0-9-]|$)";
const IBAN_WITHIN: &str = "(^|[^A-Za-z0-9])[A-Z]{2}[0-9]{2} ?[A-Z0-9]{4}( ?[0-9]{4}){2,6}";

const LOOKS: &[Look] = &[
    Look { what: "an e-mail address", proposal: "\"email\"", one_in: 20, condition: email, within: None },
    Look {
        what: "a telephone number",
        proposal: "\"phone\"",
        one_in: 2,
        condition: phone,
        within: Some(PHONE_WITHIN),
    },
    Look {
        what: "a social security number",
        proposal: "{ kind = \"pattern\", format = \"###-##-####\" }",
        one_in: 2,
        condition: ssn,
        within: Some(SSN_WITHIN),
    },
    Look { what: "an IBAN", proposal: "\"hash\"", one_in: 2, condition: iban, within: Some(IBAN_WITHIN) },
    Look { what: "a card number", proposal: "\"hash\"", one_in: 2, condition: card, within: None },
];

/// Looks at the text columns among `columns`.
pub(super) fn values(session: &mut Session, table: &Table, columns: &[&Column]) -> Result<Vec<Seen>, Error> {
    let texts: Vec<&&Column> = columns
        .iter()
        .filter(|c| {
            matches!(c.family(), Family::Text | Family::Json) && c.length.unwrap_or(u64::MAX) >= LENGTH_MIN
        })
        .collect();
    if texts.is_empty() {
        return Ok(Vec::new());
    }
    let mut counts = Vec::new();
    for (at, column) in texts.iter().enumerate() {
        let value = format!("s.c{at}");
        counts.push(format!("COUNT(NULLIF(TRIM({value}), ''))"));
        let each =
            LOOKS.iter().map(|l| format!("COUNT(CASE WHEN {} THEN 1 END)", l.question(column, &value)));
        counts.extend(each);
    }
    let sample: Vec<String> = texts
        .iter()
        .enumerate()
        .map(|(at, c)| format!("LEFT(CONVERT({} USING utf8mb4), {LOOK_CHARACTERS}) AS c{at}", c.of("t")))
        .collect();
    let key: Vec<String> = table.key().iter().map(|c| format!("t.{} DESC", name(&c.name))).collect();
    let order = if key.is_empty() { String::new() } else { format!(" ORDER BY {}", key.join(", ")) };
    let sql = format!(
        "SELECT {} FROM (SELECT {} FROM {} AS t{order} LIMIT {SAMPLE_ROWS}) AS s",
        counts.join(", "),
        sample.join(", "),
        table.sql()
    );
    let deed = format!("looking at a sample of {}", table.label());
    let row: Option<mysql::Row> = session.first(&deed, &sql)?;
    let Some(row) = row else { return Ok(Vec::new()) };
    let count = |at: usize| row.get::<u64, usize>(at).unwrap_or_default();
    let width = LOOKS.len() + 1;
    let mut seen = Vec::new();
    for (at, column) in texts.iter().enumerate() {
        let total = count(at * width);
        let found = LOOKS.iter().enumerate().map(|(n, look)| (look, count(at * width + n + 1)));
        if let Some((look, hits)) = found.into_iter().find(|(look, hits)| look.is_habit(column, *hits, total))
        {
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

/// Only what is around the first `@` is matched: a long text would take the regular expression for ever.
fn email(value: &str) -> String {
    let near = format!("SUBSTR({value}, GREATEST(LOCATE('@', {value}) - 64, 1), 192)");
    format!(
        "{value} LIKE '%@%' AND {near} REGEXP '[A-Za-z0-9._%+-]+@[A-Za-z0-9][A-Za-z0-9.-]*[.][A-Za-z]{{2,}}'"
    )
}

fn phone(value: &str) -> String {
    short(value, "^([+][0-9 ()./-]{8,18}|[(]?[0-9]{3}[)]?[ .-][0-9]{3}[ .-][0-9]{4})$")
}

fn ssn(value: &str) -> String {
    short(value, "^[0-9]{3}-[0-9]{2}-[0-9]{4}$")
}

fn iban(value: &str) -> String {
    let packed = format!("REPLACE({value}, ' ', '')");
    short(&packed, "^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$")
}

/// 13 to 19 digits whose check digit is right (Luhn).
fn card(value: &str) -> String {
    let packed = format!("REPLACE(REPLACE({value}, ' ', ''), '-', '')");
    let digit = |at: u32| format!("SUBSTR(LPAD({packed}, 19, '0'), {}, 1)", 19 - at);
    let sum: Vec<String> = (0..19)
        .map(|at| if at % 2 == 0 { digit(at) } else { format!("({0} * 2 - 9 * ({0} > 4))", digit(at)) })
        .collect();
    format!("{} AND ({}) % 10 = 0", short(&packed, "^[0-9]{13,19}$"), sum.join(" + "))
}

fn short(value: &str, shape: &str) -> String {
    format!("CHAR_LENGTH({value}) <= 64 AND {value} REGEXP '{shape}'")
}
