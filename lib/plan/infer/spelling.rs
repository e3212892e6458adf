//! How names are shortened and glued together, by their letters alone.
//!
//! In: names. Out: what all of them begin with; whether one word is short for another.

/// So many names make a habit.
const HABIT_MIN: usize = 4;

/// Whether a word is short for a longer one: `org` for `organization`, `dept` for `department`.
pub(crate) fn is_short_for(short: &str, long: &str) -> bool {
    if long.len() < short.len() + 3 || short.chars().next() != long.chars().next() {
        return false;
    }
    let mut letters = long.chars();
    short.chars().all(|letter| letters.any(|other| other == letter))
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
