//! Which table a column may refer to, by names alone.
//!
//! In: the catalog, one column. Out: candidates, the most telling first: `app_id` is the key of `applications`,
//! `producer_id` names `producers`, `manager_user_id` ends like `users`, `parent_id` means the same table,
//! `created_by` means people.

use crate::catalog::{Catalog, Column, Table};

/// A parent that a column's name speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    /// Position in the catalog.
    pub(super) parent: usize,
    /// For people.
    pub(super) evidence: String,
    /// Whether the name alone is enough where there are no values.
    pub(super) strong: bool,
}

/// Tables of people, in which `created_by` looks for its author.
const PEOPLE: &[&str] = &["user", "account", "employee", "staff", "person", "member", "admin"];

/// Words that mean a row of the same table.
const SELF: &[&str] =
    &["parent", "previous", "next", "original", "root", "replaces", "predecessor", "successor"];

/// The candidates for a column, the most telling first.
pub(super) fn of(catalog: &Catalog, child: usize, column: &Column) -> Vec<Candidate> {
    let words = words(&column.name);
    let table = &catalog.tables[child];
    let key = table.key();
    let is_key = key.len() == 1 && key[0].name == column.name;
    let parents: Vec<usize> =
        (0..catalog.tables.len()).filter(|at| catalog.tables[*at].key().len() == 1).collect();
    let mut found: Vec<(u8, Candidate)> = Vec::new();
    let mut add = |score: u8, parent: usize, evidence: String| {
        let itself = parent == child && is_key;
        if !itself && found.iter().all(|(_, c)| c.parent != parent) {
            found.push((score, Candidate { parent, evidence, strong: score >= 3 }));
        }
    };
    for &at in &parents {
        let parent = &catalog.tables[at];
        let own = self::words(&parent.key()[0].name);
        // `id` is everybody's key.
        if own.len() > 1 && words == own && at != child {
            add(if is_key { 2 } else { 4 }, at, format!("`{}` is the key of {}", column.name, parent.name));
        } else if own.len() > 1 && words.len() > own.len() && words.ends_with(&own) {
            add(3, at, format!("`{}` ends like the key of {}", column.name, parent.name));
        }
    }
    let Some(stem) = stem(&words) else {
        return ordered(found);
    };
    let prefix = common_prefix(catalog);
    for &at in &parents {
        let names = table_words(&catalog.tables[at], prefix.as_deref());
        let singular: Vec<String> = stem.iter().map(|word| self::singular(word)).collect();
        if singular == names {
            add(4, at, format!("`{}` names {}", column.name, catalog.tables[at].name));
        } else if singular.len() > names.len() && singular.ends_with(&names) {
            add(2, at, format!("`{}` ends like {}", column.name, catalog.tables[at].name));
        } else if names.len() > singular.len() && names.ends_with(&singular) {
            add(1, at, format!("{} ends like `{}`", catalog.tables[at].name, column.name));
        }
    }
    if stem.len() == 1 && SELF.contains(&stem[0].as_str()) && key.len() == 1 {
        add(3, child, format!("`{}` means the same table", column.name));
    }
    if words.last().is_some_and(|last| last == "by" || last == "to") {
        for &at in &parents {
            let names = table_words(&catalog.tables[at], prefix.as_deref());
            if names.len() == 1 && PEOPLE.contains(&names[0].as_str()) {
                add(1, at, format!("`{}` means people", column.name));
            }
        }
    }
    ordered(found)
}

fn ordered(mut found: Vec<(u8, Candidate)>) -> Vec<Candidate> {
    found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    found.into_iter().map(|(_, candidate)| candidate).collect()
}

/// The tables that a value such as `application` or `App\Models\User` names.
pub(super) fn named(catalog: &Catalog, value: &str) -> Vec<usize> {
    let last = value.rsplit(['\\', '/', '.', ':']).next().unwrap_or(value);
    let wanted: Vec<String> = words(last).iter().map(|word| singular(word)).collect();
    let prefix = common_prefix(catalog);
    let fits =
        |at: &usize| !wanted.is_empty() && table_words(&catalog.tables[*at], prefix.as_deref()) == wanted;
    (0..catalog.tables.len()).filter(fits).collect()
}

/// What is before `_id` (or after `id_`), or all of it before `_by`.
fn stem(words: &[String]) -> Option<&[String]> {
    const ENDINGS: &[&str] =
        &["id", "uuid", "guid", "no", "nr", "number", "code", "key", "fk", "ref", "by", "to"];
    match words {
        [stem @ .., last] if !stem.is_empty() && ENDINGS.contains(&last.as_str()) => Some(stem),
        [first, stem @ ..] if !stem.is_empty() && (first == "id" || first == "fk") => Some(stem),
        _ => None,
    }
}

/// Lower-case words of `customer_id`, `customerId`, `CustomerID`.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && !before.is_uppercase() && before.is_alphanumeric()) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The word that most tables begin with, such as `tbl` or `wp`.
fn common_prefix(catalog: &Catalog) -> Option<String> {
    let first = words(&catalog.tables.first()?.name);
    let first = first.first().filter(|_| catalog.tables.len() > 2)?;
    let all = catalog.tables.iter().all(|table| {
        let words = words(&table.name);
        words.len() > 1 && words.first() == Some(first)
    });
    all.then(|| first.clone())
}

fn table_words(table: &Table, prefix: Option<&str>) -> Vec<String> {
    let words = words(&table.name);
    let skip = usize::from(words.len() > 1 && prefix == words.first().map(String::as_str));
    words[skip..].iter().map(|word| singular(word)).collect()
}

fn singular(word: &str) -> String {
    const ODD: &[(&str, &str)] = &[
        ("people", "person"),
        ("children", "child"),
        ("men", "man"),
        ("women", "woman"),
        ("media", "medium"),
    ];
    if let Some((_, one)) = ODD.iter().find(|(many, _)| *many == word) {
        return (*one).to_owned();
    }
    for (ending, with) in [("ies", "y"), ("sses", "ss"), ("shes", "sh"), ("ches", "ch"), ("xes", "x")] {
        if let Some(stem) = word.strip_suffix(ending).filter(|stem| stem.len() > 1) {
            return format!("{stem}{with}");
        }
    }
    match word.strip_suffix('s') {
        Some(stem) if stem.len() > 1 && !stem.ends_with(['s', 'u']) => stem.to_owned(),
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Index, IndexPart};

    fn table(name: &str, columns: &[&str]) -> Table {
        let column = |name: &&str| Column { name: (*name).to_owned(), ..Column::default() };
        let part = IndexPart { column: Some(columns[0].to_owned()), prefix: None };
        Table {
            name: name.to_owned(),
            columns: columns.iter().map(column).collect(),
            indexes: vec![Index { name: "PRIMARY".to_owned(), unique: true, parts: vec![part] }],
            ..Table::default()
        }
    }

    fn first(tables: &[(&str, &[&str])], child: usize, column: &str) -> Option<String> {
        let catalog = Catalog { tables: tables.iter().map(|(name, columns)| table(name, columns)).collect() };
        let column = catalog.tables[child].column(column).unwrap().clone();
        of(&catalog, child, &column).first().map(|c| catalog.tables[c.parent].name.clone())
    }

    #[test]
    fn reads_the_ways_in_which_people_name_references() {
        let tables: &[(&str, &[&str])] = &[
            ("categories", &["id", "parent_id"]),
            ("languages", &["language_id", "name"]),
            (
                "orders",
                &["id", "category_id", "originalLanguageId", "created_by", "manager_user_id", "total"],
            ),
            ("users", &["id"]),
        ];
        for (child, column, parent) in [
            (2, "category_id", "categories"),
            (2, "originalLanguageId", "languages"),
            (2, "created_by", "users"),
            (2, "manager_user_id", "users"),
            (0, "parent_id", "categories"),
        ] {
            assert_eq!(first(tables, child, column).as_deref(), Some(parent), "{column}");
        }
        assert_eq!(first(tables, 2, "total"), None);
        assert_eq!(first(tables, 2, "id"), None);
    }

    #[test]
    fn tells_one_from_many() {
        for (many, one) in [
            ("policies", "policy"),
            ("addresses", "address"),
            ("status", "status"),
            ("boxes", "box"),
            ("people", "person"),
            ("states", "state"),
        ] {
            assert_eq!(singular(many), one);
        }
    }
}
