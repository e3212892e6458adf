//! Checks whether some tables of a database can be replaced while the others stay. These checks need no server.
//!
//! In: names, foreign keys, columns. Out: nothing, or a [`NotAlone`]: one sentence that says why not, and a hint what to name
//! instead.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::nearest;
use crate::document::{Ending, Exit, Failure};

/// Number of differing columns that a message names; the rest are counted.
const COLUMNS_SHOWN: usize = 5;

/// Why `--only` cannot replace the tables that it names.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAlone {
    /// A word of `--only` fits no table.
    #[error("there is no table {word} in {place}")]
    NoTable {
        /// The word, as it was given.
        word: String,
        /// Where the table is missing: the dump's file name, or `what was loaded`.
        place: String,
        /// The table with the most similar name, if one is similar.
        nearest: Option<String>,
    },
    /// The target's database has no tables that could stay.
    #[error("there is no database {database} with tables yet")]
    NothingThere {
        /// The target's database, which has no tables.
        database: String,
    },
    /// A table that would be replaced is a view in the target's database.
    #[error("{name} is a view in {database}, and a table in the dump")]
    View {
        /// Name of the view in the target's database.
        name: String,
        /// The target's database, whose tables stay.
        database: String,
    },
    /// Foreign keys lead from a table that is replaced to one that stays, or back.
    #[error("foreign keys tie {} to {}", asked.join(", "), others.join(", "))]
    Tied {
        /// The tables that `--only` fits.
        asked: Vec<String>,
        /// The tables that would have to be replaced with them.
        others: Vec<String>,
    },
    /// A table has other columns in the target's database than in what was loaded.
    #[error("{table} has other columns in {database} than it would get: {what}")]
    OtherColumns {
        /// Name of the table in the dump.
        table: String,
        /// The target's database, whose tables stay.
        database: String,
        /// Which columns differ, in words.
        what: String,
    },
    /// A column's default takes its value from a sequence that the target's database does not have.
    #[error("{table} asks the sequence {sequence}, which {database} does not have")]
    Sequence {
        /// Name of the table that would be replaced.
        table: String,
        /// Name of that sequence, unquoted.
        sequence: String,
        /// The target's database, whose tables stay.
        database: String,
    },
}

impl Failure for NotAlone {
    fn ending(&self) -> Ending {
        match self {
            Self::NoTable { nearest, .. } => Ending::new(Exit::BadInput, "no-such-table").hint(
                nearest
                    .as_ref()
                    .map_or_else(|| "names and globs, commas between them".to_owned(), |name| format!("did you mean {name}?")),
            ),
            Self::NothingThere { .. } => Ending::new(Exit::Refused, "not-alone").hint("without --only, all of the dump is loaded"),
            Self::View { .. } => Ending::new(Exit::Refused, "not-alone").hint("drop the view, or refresh without --only"),
            Self::Tied { asked, others } => {
                let all: BTreeSet<&String> = asked.iter().chain(others).collect();
                let all: Vec<&str> = all.into_iter().map(String::as_str).collect();
                Ending::new(Exit::Refused, "not-alone").hint(format!("--only {}", all.join(",")))
            }
            Self::OtherColumns { .. } => Ending::new(Exit::Refused, "not-alone")
                .hint("--ref BRANCH runs the migrations of that branch first; without --only, all tables are the dump's"),
            Self::Sequence { sequence, .. } => {
                Ending::new(Exit::Refused, "not-alone").hint(format!("name it, too: --only …,{sequence}"))
            }
        }
    }
}

/// Fails for the first word that fits none of `tables`. `fits` says whether a word fits a name.
pub(crate) fn refuse_unknown(
    words: &[String],
    tables: &[&str],
    place: &str,
    fits: impl Fn(&str, &str) -> bool,
) -> Result<(), NotAlone> {
    match words.iter().find(|word| !tables.iter().any(|table| fits(word, table))) {
        None => Ok(()),
        Some(word) => Err(NotAlone::NoTable {
            word: word.clone(),
            place: place.to_owned(),
            nearest: nearest(word, tables.iter().copied()).map(str::to_owned),
        }),
    }
}

/// Fails if foreign keys (child, parent) tie the chosen tables to others. The hint names all tables that would have to be chosen.
pub(crate) fn refuse_ties(chosen: &BTreeSet<String>, keys: &[(String, String)]) -> Result<(), NotAlone> {
    let mut all = chosen.clone();
    loop {
        let known = all.len();
        for (child, parent) in keys {
            if all.contains(child) || all.contains(parent) {
                all.extend([child.clone(), parent.clone()]);
            }
        }
        if all.len() == known {
            break;
        }
    }
    let others: Vec<String> = all.difference(chosen).cloned().collect();
    if others.is_empty() {
        return Ok(());
    }
    Err(NotAlone::Tied { asked: chosen.iter().cloned().collect(), others })
}

/// The columns of a table: each one's type, with `not null`, by its name.
pub(crate) type Columns = BTreeMap<String, String>;

/// Fails if the columns differ: the views and triggers on the table stay, and may need a column that would be gone.
pub(crate) fn refuse_other_columns(
    table: &str,
    database: &str,
    now: &Columns,
    then: &Columns,
) -> Result<(), NotAlone> {
    let names: BTreeSet<&String> = now.keys().chain(then.keys()).collect();
    let differs = |name: &&String| now.get(*name) != then.get(*name);
    let says = |name: &String| match (now.get(name), then.get(name)) {
        (Some(now), Some(then)) => format!("{name} is {now} and would be {then}"),
        (Some(_), None) => format!("{name} would be gone"),
        _ => format!("{name} would be new"),
    };
    let mut found: Vec<String> = names.into_iter().filter(differs).map(says).collect();
    if found.is_empty() {
        return Ok(());
    }
    let more = found.len().saturating_sub(COLUMNS_SHOWN);
    found.truncate(COLUMNS_SHOWN);
    if more > 0 {
        found.push(format!("and {more} more"));
    }
    Err(NotAlone::OtherColumns {
        table: table.to_owned(),
        database: database.to_owned(),
        what: found.join(", "),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(of: &[&str]) -> BTreeSet<String> {
        of.iter().map(|name| (*name).to_owned()).collect()
    }

    fn keys(of: &[(&str, &str)]) -> Vec<(String, String)> {
        of.iter().map(|(child, parent)| ((*child).to_owned(), (*parent).to_owned())).collect()
    }

    #[test]
    fn a_part_that_is_tied_to_the_rest_is_told_all_that_it_would_have_to_be() {
        let ties = keys(&[("lines", "orders"), ("orders", "customers"), ("notes", "notes"), ("a", "b")]);
        let refused = refuse_ties(&names(&["orders"]), &ties).unwrap_err();
        assert_eq!(refused.to_string(), "foreign keys tie orders to customers, lines");
        assert_eq!(refused.ending().hint.unwrap(), "--only customers,lines,orders");
        assert_eq!(refuse_ties(&names(&["orders", "customers", "lines"]), &ties), Ok(()));
        assert_eq!(refuse_ties(&names(&["notes", "bag"]), &ties), Ok(()));
    }

    #[test]
    fn a_word_that_is_no_table_is_answered_with_the_nearest_one() {
        let fits = |word: &str, table: &str| word == table;
        let words = ["orders".to_owned(), "order".to_owned()];
        let refused = refuse_unknown(&words, &["orders", "bag"], "app.sql.gz", fits).unwrap_err();
        assert_eq!(refused.to_string(), "there is no table order in app.sql.gz");
        assert_eq!(refused.ending().hint.unwrap(), "did you mean orders?");
    }

    #[test]
    fn a_table_with_other_columns_says_which() {
        let columns = |of: &[(&str, &str)]| -> Columns {
            of.iter().map(|(name, kind)| ((*name).to_owned(), (*kind).to_owned())).collect()
        };
        let now = columns(&[("id", "int"), ("rating", "int"), ("total", "int")]);
        let then = columns(&[("id", "int"), ("legacy", "int"), ("total", "bigint")]);
        let refused = refuse_other_columns("orders", "app", &now, &then).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "orders has other columns in app than it would get: legacy would be new, rating would be gone, total is int and would be bigint"
        );
        assert_eq!(refuse_other_columns("orders", "app", &now, &now), Ok(()));
    }
}
