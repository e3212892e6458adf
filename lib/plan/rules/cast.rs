//! Makes a child's value comparable with its parent's.
//!
//! In: two columns and the declared cast. Out: the SQL of the child's value. MySQL compares mixed types as DOUBLE or not at
//! all, with results that depend on the query plan. So the child's value is converted first; a value that does not convert is
//! no reference.

use crate::catalog::{Column, Family};
use crate::config::Wrong;
use crate::config::nearest;
use crate::sql::name;

/// How a child's value is converted to the parent's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cast {
    /// A text of digits is read as a number.
    Unsigned,
    /// A text of digits, with or without a minus, is read as a number.
    Signed,
    /// A number, or a text of another collation, is read as a text.
    Char,
    /// A UUID, as text on one side and 16 bytes on the other.
    Uuid,
    /// A JSON array of references.
    Json,
    /// A list of references, separated by commas.
    List,
}

const WORDS: &[(&str, Cast)] = &[
    ("unsigned", Cast::Unsigned),
    ("signed", Cast::Signed),
    ("char", Cast::Char),
    ("uuid", Cast::Uuid),
    ("json", Cast::Json),
    ("list", Cast::List),
];

impl Cast {
    /// Reads `cast = "…"`.
    pub(crate) fn named(word: &str) -> Result<Self, Wrong> {
        let found = WORDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
        found.map(|(_, cast)| *cast).ok_or_else(|| {
            let names: Vec<&str> = WORDS.iter().map(|(name, _)| *name).collect();
            let hint = nearest(word, names.iter().copied()).map(|name| format!("did you mean `{name}`?"));
            (format!("unknown cast {word:?}: one of {}", names.join(", ")), hint)
        })
    }

    /// The word for the cast in `refresh.toml`.
    pub(crate) fn word(self) -> &'static str {
        WORDS.iter().find(|(_, cast)| *cast == self).map_or("", |(word, _)| word)
    }

    /// Whether one child value holds several references.
    pub(crate) fn splits(self) -> bool {
        matches!(self, Self::Json | Self::List)
    }
}

/// The child's value in the parent's type, as SQL over alias `c`. NULL means no reference.
pub(crate) fn value(cast: Option<Cast>, child: &Column, parent: &Column) -> String {
    let plain = child.of("c");
    match cast {
        None => plain,
        Some(Cast::Unsigned) => number(&plain, "", parent),
        Some(Cast::Signed) => number(&plain, "-?", parent),
        Some(Cast::Char) => text(&plain, parent),
        Some(Cast::Uuid) if parent.family() == Family::Binary => {
            format!(
                "CASE WHEN CHAR_LENGTH({plain}) = 36 THEN UNHEX(REPLACE(CAST({plain} AS CHAR), '-', '')) END"
            )
        }
        Some(Cast::Uuid) => {
            let hex = format!("LOWER(HEX({plain}))");
            let dashed = format!(
                "CONCAT_WS('-', SUBSTR({hex}, 1, 8), SUBSTR({hex}, 9, 4), SUBSTR({hex}, 13, 4), \
                 SUBSTR({hex}, 17, 4), SUBSTR({hex}, 21))"
            );
            text(&format!("CASE WHEN LENGTH({plain}) = 16 THEN {dashed} END"), parent)
        }
        Some(Cast::Json | Cast::List) => {
            let item = format!("TRIM({SPLIT_ALIAS}.{})", name(SPLIT_COLUMN));
            match parent.family() {
                Family::Exact => number(&item, "-?", parent),
                _ => text(&item, parent),
            }
        }
    }
}

/// Condition over alias `c`: a value is there and the cast cannot read it. None if the cast reads every value.
pub(crate) fn unreadable(cast: Cast, child: &Column, parent: &Column) -> Option<String> {
    let plain = match cast {
        Cast::Char => return None,
        Cast::Json | Cast::List if parent.family() != Family::Exact => return None,
        Cast::Json | Cast::List => format!("TRIM({SPLIT_ALIAS}.{})", name(SPLIT_COLUMN)),
        Cast::Unsigned | Cast::Signed | Cast::Uuid => child.of("c"),
    };
    let read = value(Some(cast), child, parent);
    // An empty value and -1 mean "no reference".
    Some(format!("({plain} IS NOT NULL AND CAST({plain} AS CHAR) NOT IN ('', '-1') AND ({read}) IS NULL)"))
}

/// Condition: a column that should hold JSON holds something else.
pub(crate) fn no_document(cast: Cast, child: &Column) -> Option<String> {
    let plain = child.of("c");
    (cast == Cast::Json && child.family() != Family::Json)
        .then(|| format!("({plain} IS NOT NULL AND {plain} <> '' AND NOT JSON_VALID({plain}))"))
}

const SPLIT_ALIAS: &str = "refreshkit_split";
const SPLIT_COLUMN: &str = "refreshkit_item";

/// The JOIN behind the child in FROM that makes a row of each of its references.
pub(crate) fn split(cast: Option<Cast>, child: &Column) -> String {
    let plain = child.of("c");
    let array = match cast {
        Some(Cast::Json) => format!("CASE WHEN JSON_VALID({plain}) THEN {plain} ELSE '[]' END"),
        Some(Cast::List) => format!(
            "CONCAT('[\"', REPLACE(REPLACE(REPLACE(COALESCE({plain}, ''), '\\\\', ''), '\"', ''), ',', '\",\"'), '\"]')"
        ),
        _ => return String::new(),
    };
    format!(
        " JOIN JSON_TABLE({array}, '$[*]' COLUMNS ({} VARCHAR(255) CHARACTER SET utf8mb4 PATH '$' NULL ON EMPTY \
         NULL ON ERROR)) AS {SPLIT_ALIAS}",
        name(SPLIT_COLUMN)
    )
}

/// A text of digits as a number of 64 bits (65 digits for a DECIMAL parent); any other text is NULL. Checked as DECIMAL first,
/// because a strict server fails the statement on a number that is too long.
fn number(text: &str, sign: &str, parent: &Column) -> String {
    let digits = |most: u8| format!("CAST({text} AS CHAR) REGEXP '^{sign}[0-9]{{1,{most}}}$'");
    if parent.data_type == "decimal" {
        return format!("CASE WHEN {} THEN CAST({text} AS DECIMAL(65,0)) END", digits(65));
    }
    let (kind, from, to) = if parent.column_type.contains("unsigned") {
        ("UNSIGNED", "0", "18446744073709551615")
    } else {
        ("SIGNED", "-9223372036854775808", "9223372036854775807")
    };
    format!(
        "CASE WHEN {} THEN CASE WHEN CAST({text} AS DECIMAL(20,0)) BETWEEN {from} AND {to} \
         THEN CAST({text} AS {kind}) END END",
        digits(20)
    )
}

fn text(value: &str, parent: &Column) -> String {
    match (&parent.charset, &parent.collation) {
        (Some(charset), Some(collation)) => {
            format!("CONVERT({value} USING {charset}) COLLATE {collation}")
        }
        _ => value.to_owned(),
    }
}
