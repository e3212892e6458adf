//! What a mask case can promise without code: each line of its `properties.txt` is a column and some words.
//!
//! ```text
//! email: null empty equal keyed unique hidden format ^u[0-9a-f]{16}@example[.]test$
//! b.copy: joins a.email
//! ```
//!
//! | word | what must hold of the masked column |
//! |---|---|
//! | `null`, `empty` | NULL stays NULL and the empty text empty, nothing else becomes so, and the case has such a row |
//! | `equal` | equal values become equal values |
//! | `keyed` | with another key something else comes out; with the same key the same |
//! | `unkeyed` | with another key the same comes out |
//! | `unique` | as many different values as before |
//! | `hidden` | no value has its original in it |
//! | `joins T.C` | as many pairs of rows match as before |
//! | `luhn`, `ean`, `mod97`, `iban` | check digits are right |
//! | `format REGEX` | every value that is neither NULL nor empty matches; to the end of the line |
//!
//! Everything fits, always: the rows are inserted in strict mode. A column without a table is in `a`; rows have an `id`.

use refreshkit::document::Dehydration;
use refreshkit::mysql::Session;

struct Asked<'a> {
    session: &'a mut Session,
    plan: &'a Dehydration,
    table: String,
    column: String,
    context: &'a str,
}

/// Checks one line against the copies `masked_…` of the planned tables.
pub(crate) fn check(session: &mut Session, plan: &Dehydration, line: &str, context: &str) {
    let (place, words) = line.split_once(": ").unwrap_or_else(|| panic!("{context}: no colon"));
    let (table, column) = place.split_once('.').unwrap_or(("a", place));
    let mut asked = Asked { session, plan, table: table.to_owned(), column: column.to_owned(), context };
    let (words, format) = words.split_once("format ").map_or((words, None), |(words, f)| (words, Some(f)));
    if let Some(format) = format {
        asked.format(format);
    }
    let mut words = words.split_whitespace();
    while let Some(word) = words.next() {
        asked.word(word, &mut words);
    }
}

/// So many keys must all lead to the same before a mask counts as one without a key.
const OTHER_KEYS: u32 = 8;

impl Asked<'_> {
    fn word<'a>(&mut self, word: &str, rest: &mut impl Iterator<Item = &'a str>) {
        match word {
            "null" => self.kept("IS NULL"),
            "empty" => self.kept("= ''"),
            "equal" => self.none(
                "SELECT COUNT(*) FROM {t} o JOIN masked_{t} m ON m.id = o.id \
                 JOIN {t} o2 ON o.{c} = o2.{c} JOIN masked_{t} m2 ON m2.id = o2.id WHERE NOT (m.{c} <=> m2.{c})",
            ),
            "keyed" => assert!(self.differs(), "{}: another key gives the same", self.context),
            "unkeyed" => assert!(!self.differs(), "{}: another key gives something else", self.context),
            "unique" => self.none(
                "SELECT (SELECT COUNT(DISTINCT {c}) FROM {t}) - (SELECT COUNT(DISTINCT {c}) FROM masked_{t})",
            ),
            "hidden" => self.none(
                "SELECT COUNT(*) FROM {t} o JOIN masked_{t} m USING (id) WHERE TRIM(o.{c}) <> '' \
                 AND INSTR(CAST(m.{c} AS CHAR), CAST(o.{c} AS CHAR)) > 0",
            ),
            "joins" => {
                let (table, column) = rest.next().unwrap().split_once('.').unwrap();
                let pairs = |prefix: &str| {
                    format!(
                        "SELECT COUNT(*) FROM {prefix}{{t}} o JOIN {prefix}{table} p ON o.{{c}} = p.{column}"
                    )
                };
                assert!(self.count(&pairs("")) > 0, "{}: nothing to join", self.context);
                assert_eq!(self.count(&pairs("")), self.count(&pairs("masked_")), "{}", self.context);
            }
            "luhn" => self.digits(luhn),
            "ean" => self.digits(ean),
            "mod97" => self.digits(|text| mod97(&digits(text)) == 1),
            "iban" => self.digits(iban),
            other => panic!("{}: unknown word {other:?}", self.context),
        }
    }

    fn filled(&self, sql: &str) -> String {
        sql.replace("{t}", &self.table).replace("{c}", &format!("`{}`", self.column))
    }

    fn count(&mut self, sql: &str) -> i64 {
        let sql = self.filled(sql);
        self.session.first("asking", &sql).unwrap().unwrap()
    }

    fn none(&mut self, sql: &str) {
        assert_eq!(self.count(sql), 0, "{}", self.context);
    }

    /// The same rows before and after.
    fn kept(&mut self, condition: &str) {
        let rows = format!("SELECT COUNT(*) FROM {{t}} WHERE {{c}} {condition}");
        assert!(self.count(&rows) > 0, "{}: the case has no such row", self.context);
        let both = format!(
            "SELECT COUNT(*) FROM {{t}} o JOIN masked_{{t}} m USING (id) \
             WHERE COALESCE(o.{{c}} {condition}, 0) <> COALESCE(m.{{c}} {condition}, 0)"
        );
        self.none(&both);
    }

    fn format(&mut self, format: &str) {
        let rows = "SELECT COUNT(*) FROM masked_{t} WHERE CAST({c} AS CHAR) <> ''";
        assert!(self.count(rows) > 0, "{}: nothing to look at", self.context);
        let format = format.replace('\'', "''");
        self.none(&format!("{rows} AND NOT CAST({{c}} AS CHAR) REGEXP '{format}'"));
    }

    fn digits(&mut self, holds: impl Fn(&str) -> bool) {
        let sql = self.filled("SELECT CAST({c} AS CHAR) FROM masked_{t} WHERE CAST({c} AS CHAR) <> ''");
        let values: Vec<String> = self.session.rows("asking", &sql).unwrap();
        assert!(!values.is_empty(), "{}: nothing to look at", self.context);
        for value in values {
            assert!(holds(&value), "{}: {value}", self.context);
        }
    }

    /// What the plan gives now, and with another key.
    fn differs(&mut self) -> bool {
        let plan = self.plan.tables.iter().find(|plan| plan.table == self.table).unwrap();
        let select = format!(
            "SELECT HEX(CAST(x.`{}` AS BINARY)) FROM ({}) AS x ORDER BY x.id",
            self.column, plan.select
        );
        let mut read = || -> Vec<Option<String>> { self.session.rows("reading a plan", &select).unwrap() };
        let (once, again) = (read(), read());
        assert_eq!(once, again, "{}: the same key gives something else", self.context);
        // Where few results are possible, one other key may well lead to the same.
        self.session.run("keeping the key", "SET @refreshkit_kept = @refreshkit_key").unwrap();
        let differs = (1..=OTHER_KEYS).any(|n| {
            let other = format!("SET @refreshkit_key = UNHEX(SHA2(CONCAT(@refreshkit_kept, {n}), 256))");
            self.session.run("taking another key", &other).unwrap();
            self.session.rows::<Option<String>>("reading a plan", &select).unwrap() != once
        });
        self.session.run("taking the key back", "SET @refreshkit_key = @refreshkit_kept").unwrap();
        differs
    }
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn weighted(text: &str, weigh: impl Fn(u32) -> u32) -> bool {
    let values = digits(text);
    let sum: u32 = values
        .chars()
        .rev()
        .filter_map(|c| c.to_digit(10))
        .enumerate()
        .map(|(at, digit)| if at % 2 == 1 { weigh(digit) } else { digit })
        .sum();
    sum.is_multiple_of(10)
}

fn luhn(text: &str) -> bool {
    weighted(text, |digit| if digit > 4 { 2 * digit - 9 } else { 2 * digit })
}

fn ean(text: &str) -> bool {
    weighted(text, |digit| 3 * digit)
}

fn mod97(digits: &str) -> u32 {
    digits.chars().filter_map(|c| c.to_digit(10)).fold(0, |rest, digit| (rest * 10 + digit) % 97)
}

fn iban(text: &str) -> bool {
    let turned: String = text.chars().skip(4).chain(text.chars().take(4)).collect();
    let numeric: String = turned.chars().filter_map(|c| c.to_digit(36)).map(|n| n.to_string()).collect();
    mod97(&numeric) == 1
}

#[test]
fn check_digits_are_told_from_wrong_ones() {
    assert!(luhn("4111 1111 1111 1111") && !luhn("4111 1111 1111 1112"));
    assert!(ean("4006381333931") && !ean("4006381333932"));
    assert!(
        iban("DE89370400440532013000") && iban("GB82WEST12345698765432") && !iban("DE88370400440532013000")
    );
}
