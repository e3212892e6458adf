//! How names are shortened and glued together, by their letters alone.
//!
//! In: names. Out: what all of them begin with; whether one word is short for another.

use std::collections::{BTreeSet, HashMap};

use crate::catalog::singular;

/// So many names make a habit.
const HABIT_MIN: usize = 4;

/// Whether a word is short for a longer one: `org` for `organization`, `dept` for `department`.
pub(crate) fn is_short_for(short: &str, long: &str) -> bool {
    long.len() >= short.len() + 3 && abbreviates(short, long)
}

/// Whether a word begins like a longer one and has letters of it in their order.
fn abbreviates(short: &str, long: &str) -> bool {
    let mut letters = long.chars();
    short.chars().next() == long.chars().next()
        && short.chars().all(|letter| letters.any(|other| other == letter))
}

/// What all names of a catalog begin with, glued to what they say: `oxuser`, `OXUSERID`. In lower case.
pub(crate) fn glued_prefix<'a>(
    tables: impl Iterator<Item = &'a str>,
    columns: impl Iterator<Item = &'a str>,
) -> Option<String> {
    let tables: Vec<String> = tables.map(str::to_lowercase).collect();
    let columns: Vec<String> = columns.map(str::to_lowercase).collect();
    if tables.len() < HABIT_MIN {
        return None;
    }
    let begin = |names: &[String], prefix: &str| {
        let glued = |name: &&String| {
            name.strip_prefix(prefix)
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
        };
        names.iter().filter(glued).count() * 10 >= names.len() * 9
    };
    let first = tables.first()?;
    let prefixes = (2..=4).rev().filter_map(|length| first.get(..length));
    prefixes
        .filter(|prefix| prefix.bytes().all(|byte| byte.is_ascii_lowercase()))
        .find(|prefix| begin(&tables, prefix) && begin(&columns, prefix))
        .map(str::to_owned)
}

/// What only the tables begin with, glued to what columns call them: `tusers`, of which a column says `user`. In lower case.
pub(crate) fn table_prefix(tables: &[String], columns: &[Vec<String>]) -> Option<String> {
    if tables.len() < HABIT_MIN + 2 {
        return None;
    }
    let mut said = HashMap::<String, usize>::new();
    for words in columns {
        // A name counts once, however often it says a word.
        for word in words.iter().map(|word| singular(word)).collect::<BTreeSet<String>>() {
            *said.entry(word).or_default() += 1;
        }
    }
    let named = |name: &str| said.get(&singular(name)).copied().unwrap_or_default();
    let prefix = |length: usize| {
        let prefix = tables[0].get(..length)?;
        let rests: Vec<&str> = tables.iter().filter_map(|name| name.strip_prefix(prefix)).collect();
        let plain = rests.iter().all(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()));
        let habit = rests.len() * 10 >= tables.len() * 9
            && plain
            && prefix.bytes().all(|byte| byte.is_ascii_lowercase());
        let rest: usize = rests.iter().filter(|rest| rest.len() > 3).map(|rest| named(rest)).sum();
        let whole: usize = tables.iter().map(|name| named(name)).sum();
        (habit && rest >= HABIT_MIN && rest > 2 * whole).then(|| prefix.to_owned())
    };
    (1..=4).rev().find_map(prefix)
}

/// Whether the last of two words is short for the first: `person_per`, `user_usr`.
pub(crate) fn repeats(words: &[String]) -> bool {
    let [long, short] = words else { return false };
    (2..long.len()).contains(&short.len()) && abbreviates(short, long)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_one_of_tables_and_columns() {
        let tables = ["oxuser", "oxorder", "oxarticles", "oxgroups"];
        let prefix = |columns: &[&'static str]| glued_prefix(tables.into_iter(), columns.iter().copied());
        assert_eq!(prefix(&["OXID", "OXUSERID", "OXLNAME"]).as_deref(), Some("ox"));
        assert_eq!(prefix(&["OX_ID", "OX_USER", "OX_LNAME"]), None);
        assert_eq!(prefix(&["id", "user_id", "name"]), None);
    }

    #[test]
    fn tables_alone_may_have_a_prefix_if_columns_name_what_remains() {
        let tables = ["tusers", "tincidents", "tgroups", "tplaces", "tstates", "tassets"].map(str::to_owned);
        let said = |names: &[&str]| names.iter().map(|name| vec![(*name).to_owned()]).collect::<Vec<_>>();
        let columns = said(&["user", "incident", "group", "place", "title", "name"]);
        assert_eq!(table_prefix(&tables, &columns).as_deref(), Some("t"));
        assert_eq!(table_prefix(&tables, &said(&["tuser", "tgroup", "name", "title"])), None);
        let words = |name: &str| name.split('_').map(str::to_owned).collect::<Vec<_>>();
        assert!(repeats(&words("person_per")) && repeats(&words("user_usr")));
        assert!(!repeats(&words("order_item")) && !repeats(&words("person")));
    }

    #[test]
    fn a_word_is_short_for_one_that_begins_alike_and_has_its_letters() {
        for (short, long, is) in [
            ("org", "organization", true),
            ("dept", "department", true),
            ("dept", "depot", false),
            ("art", "cart", false),
            ("user", "users", false),
        ] {
            assert_eq!(is_short_for(short, long), is, "{short} {long}");
        }
    }
}
