//! Whether an index finds the children of a parent, the condition of the relation counted in.
//!
//! In: a relation and its child table. Out: yes or no. It decides how fast a step is, never what it finds.

use super::relations::Edge;
use crate::catalog::{Column, Family, Table};

/// Whether an index begins with the columns that refer, or with them and columns that the relation's condition sets to
/// a constant: `(owner_type, owner_id)` under `owner_type = 'application'`.
pub(crate) fn indexed(child: &Table, edge: &Edge) -> bool {
    if edge.cast.is_some() {
        return false;
    }
    let fixed = edge.filter.as_deref().map_or(Vec::new(), |filter| constants(child, filter));
    let mut wanted = edge.child_columns.clone();
    if child.indexed(&wanted) {
        return true;
    }
    wanted.extend(fixed);
    child.indexed_fully(&wanted, &edge.child_columns)
}

/// Columns that a plain condition sets to a constant of their own kind. Of any other condition, none.
fn constants(child: &Table, filter: &str) -> Vec<String> {
    if filter.contains(['(', ')', '"', '\\', '#', ';']) || filter.contains("--") || filter.contains("/*") {
        return Vec::new();
    }
    let words: Vec<String> = filter.split_whitespace().map(str::to_lowercase).collect();
    if words.iter().any(|word| word == "or" || word == "xor" || word == "not" || word == "||") {
        return Vec::new();
    }
    let parts = split_words(filter, "and");
    parts.iter().filter_map(|part| constant(child, part)).collect()
}

/// The pieces between a word, as they are.
fn split_words(text: &str, word: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for piece in text.split_whitespace() {
        if piece.eq_ignore_ascii_case(word) {
            parts.push(String::new());
        } else if let Some(last) = parts.last_mut() {
            last.push_str(piece);
        }
    }
    parts
}

/// `column='text'` or `column=1`, where the column holds texts or numbers.
fn constant(child: &Table, part: &str) -> Option<String> {
    let (name, value) = part.split_once('=')?;
    let name = name.trim_matches('`');
    let column: &Column =
        child.column(name.rsplit_once('.').map_or(name, |(_, name)| name.trim_matches('`')))?;
    let quoted = value.len() >= 2 && value.starts_with('\'') && value.ends_with('\'');
    let fits = match column.family() {
        Family::Text | Family::Choice => quoted && value.matches('\'').count() == 2,
        Family::Exact => !value.is_empty() && value.chars().all(|c| c.is_ascii_digit()),
        _ => false,
    };
    fits.then(|| column.name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let column = |name: &str, data_type: &str| Column {
            name: name.to_owned(),
            data_type: data_type.to_owned(),
            ..Column::default()
        };
        Table { columns: vec![column("kind", "varchar"), column("n", "int")], ..Table::default() }
    }

    #[test]
    fn a_condition_that_sets_columns_to_constants_is_understood() {
        for (filter, found) in [
            ("kind = 'application'", vec!["kind"]),
            ("`kind`='a'", vec!["kind"]),
            ("c.kind = 'a' AND n = 3", vec!["kind", "n"]),
            ("kind = 'a' and n > 3", vec!["kind"]),
        ] {
            assert_eq!(constants(&table(), filter), found, "{filter}");
        }
    }

    #[test]
    fn any_other_condition_says_nothing() {
        for filter in [
            "kind = 'a' OR n = 1",
            "kind = 3",
            "n = 'x'",
            "(kind = 'a')",
            "kind = 'a' 'b'",
            "other = 'a'",
            "kind <> 'a'",
            "n = n",
        ] {
            assert_eq!(constants(&table(), filter), Vec::<String>::new(), "{filter}");
        }
    }
}
