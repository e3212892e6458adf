//! Which table a column may refer to, by names alone.
//!
//! In: the catalog, one column. Out: candidates, the most telling first: `app_id` is the key of `applications`,
//! `producer_id` names `producers`, `manager_user_id` ends like `users`, `parent_id` means the same table,
//! `created_by` means people.

use crate::catalog::{self, Catalog, Column, Family, Table, singular, words};

/// A parent that a column's name speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// Position in the catalog.
    pub(crate) parent: usize,
    /// For people.
    pub(crate) evidence: String,
    /// Whether the name alone is enough where there are no values.
    pub(crate) strong: bool,
    /// Whether the name says so little that values prove nothing.
    pub(crate) vague: bool,
}

/// Tables of people, in which `created_by` looks for its author.
const PEOPLE: &[&str] = &["user", "account", "employee", "staff", "person", "member", "admin"];

/// Words that mean a row of the same table.
const SELF: &[&str] =
    &["parent", "previous", "next", "original", "root", "replaces", "predecessor", "successor"];

/// Words that mean somebody of the same table, where no table is called so.
const SUPERIORS: &[&str] = &["manager", "supervisor", "boss", "mentor", "leader", "referrer", "sponsor"];

/// Words for what somebody is to a row.
const ROLES: &[&str] = &[
    "author",
    "owner",
    "creator",
    "editor",
    "rep",
    "agent",
    "assignee",
    "approver",
    "reviewer",
    "sender",
    "recipient",
    "seller",
    "buyer",
    "clerk",
    "operator",
    "manager",
    "supervisor",
];

/// Words for who did something to a row, which does not make it theirs.
const AUDITORS: &[&str] = &["creator", "editor", "modifier", "updater", "reviewer", "approver"];

/// What is done `to` somebody.
const ASSIGNED: &[&str] =
    &["assigned", "delegated", "escalated", "issued", "reports", "report", "belongs", "sent"];

/// Words that many tables end with.
const GENERIC: &[&str] = &["type", "kind", "status", "state", "class", "group", "level", "category", "mode"];

/// What is found so far for one column, each parent once.
struct Found<'a> {
    catalog: &'a Catalog,
    child: usize,
    is_key: bool,
    list: Vec<(u8, Candidate)>,
}

impl Found<'_> {
    fn add(&mut self, score: u8, parent: usize, evidence: String) {
        let itself = parent == self.child && self.is_key;
        if !itself && self.list.iter().all(|(_, c)| c.parent != parent) {
            self.list.push((score, Candidate { parent, evidence, strong: score >= 3, vague: score == 0 }));
        }
    }

    /// How many tables call their key so.
    fn sharing(&self, key: &[String]) -> usize {
        let called = |table: &&Table| matches!(table.key()[..], [one] if words(&one.name) == key);
        self.catalog.tables.iter().filter(called).count()
    }

    fn name(&self, table: usize) -> &str {
        &self.catalog.tables[table].name
    }
}

/// The candidates for a column, the most telling first.
pub(crate) fn of(catalog: &Catalog, child: usize, column: &Column) -> Vec<Candidate> {
    // The server numbers it: it is the beginning of references, and none itself.
    if column.auto_increment {
        return Vec::new();
    }
    let words = words(&column.name);
    let key = catalog.tables[child].key();
    let is_key = key.len() == 1 && key[0].name == column.name;
    let parents: Vec<usize> =
        (0..catalog.tables.len()).filter(|at| catalog.tables[*at].key().len() == 1).collect();
    let mut found = Found { catalog, child, is_key, list: Vec::new() };
    let prefix = common_prefix(catalog);
    let stem: Vec<String> = stem(&words).unwrap_or_default().iter().map(|word| singular(word)).collect();
    by_key(&mut found, &parents, &words, &stem, prefix.as_deref());
    if stem.is_empty() {
        // `state` may hold the code of `states`, but `status` with a number in it holds no status.
        let whole: Vec<String> = words.iter().map(|word| singular(word)).collect();
        for &at in parents.iter().filter(|_| column.family() == Family::Text && !is_key) {
            if table_words(&catalog.tables[at], prefix.as_deref()) == whole {
                found.add(1, at, format!("`{}` names {}", column.name, found.name(at)));
            }
        }
    }
    by_table(&mut found, &parents, column, &stem, prefix.as_deref());
    // `post_parent` and `post_author` are whole without an ending.
    let role = if stem.is_empty() && column.family() == Family::Exact { &words } else { &stem };
    if key.len() == 1 {
        by_role(&mut found, column, &words, role);
    }
    let indexed = catalog.tables[child].indexed(std::slice::from_ref(&column.name));
    let somebody = role.last().is_some_and(|last| ROLES.contains(&last.as_str()));
    if somebody || is_audit(&words) || is_assigned(&words) {
        for &at in &parents {
            let names = table_words(&catalog.tables[at], prefix.as_deref());
            if names.len() == 1 && PEOPLE.contains(&names[0].as_str()) {
                // `operator` may be one of `=` and `<` as well.
                let vague = stem.is_empty() && words.len() == 1 && !indexed;
                found.add(u8::from(!vague), at, format!("`{}` means people", column.name));
            }
        }
    }
    ordered(found.list)
}

/// `created_by`: who did something to a row does not own it.
pub(crate) fn is_audit(words: &[String]) -> bool {
    let last = words.last().map_or("", String::as_str);
    last == "by" || AUDITORS.contains(&last)
}

/// `assigned_to`, but not `step_to`.
fn is_assigned(words: &[String]) -> bool {
    matches!(words, [.., what, to] if to == "to" && ASSIGNED.contains(&what.as_str()))
}

/// `hostid`, the key of `hosts`, in one word.
fn glued(found: &Found<'_>, table: usize, key: &[String], prefix: Option<&str>) -> bool {
    let [key] = key else { return false };
    let names = table_words(&found.catalog.tables[table], prefix);
    let stem = ["id", "no", "nr", "code", "key"].iter().find_map(|ending| key.strip_suffix(ending));
    stem.is_some_and(|stem| !stem.is_empty() && names.concat() == singular(stem))
}

/// `app_id` is the key of `applications`; `id` is everybody's.
fn by_key(found: &mut Found<'_>, parents: &[usize], words: &[String], stem: &[String], prefix: Option<&str>) {
    // The key of `films` that says so is nobody else's, whoever shares it.
    if found.is_key && table_words(&found.catalog.tables[found.child], prefix) == stem {
        return;
    }
    for &at in parents {
        let own = catalog::words(&found.catalog.tables[at].key()[0].name);
        let column = words.join("_");
        let told = own.len() > 1 || glued(found, at, &own, prefix);
        if told && words == own && at != found.child {
            // `document_id` is the key of `documents` first, and of `document_files` only after that.
            let named = !stem.is_empty() && table_words(&found.catalog.tables[at], prefix) == stem;
            let score = match (found.is_key, named) {
                // What more than two tables call their own key is nobody's in particular, such as `meta_id`.
                (true, false) if found.sharing(&own) > 2 => continue,
                (true, false) => 2,
                (_, true) => 5,
                (false, false) => 4,
            };
            found.add(score, at, format!("`{column}` is the key of {}", found.name(at)));
        } else if told && words.len() > own.len() && words.ends_with(&own) {
            found.add(3, at, format!("`{column}` ends like the key of {}", found.name(at)));
        }
    }
}

/// `producer_id` names `producers`.
fn by_table(
    found: &mut Found<'_>,
    parents: &[usize],
    column: &Column,
    stem: &[String],
    prefix: Option<&str>,
) {
    for &at in parents.iter().filter(|_| !stem.is_empty()) {
        let names = table_words(&found.catalog.tables[at], prefix);
        if stem == names {
            found.add(4, at, format!("`{}` names {}", column.name, found.name(at)));
        } else if stem.len() > names.len() && stem.ends_with(&names) {
            found.add(2, at, format!("`{}` ends like {}", column.name, found.name(at)));
        } else if names.len() > stem.len() && names.ends_with(stem) {
            // `type_id` of `products` means `product_types`, but not `payment_types`.
            let own = table_words(&found.catalog.tables[found.child], prefix);
            let score = match stem {
                // `attribute_type_id` of `provider_attribute` means `provider_attribute_type`.
                _ if at != found.child && own.starts_with(&names[..names.len() - stem.len()]) => 3,
                [one] if GENERIC.contains(&one.as_str()) => 0,
                _ => 1,
            };
            found.add(score, at, format!("{} ends like `{}`", found.name(at), column.name));
        }
    }
}

/// `parent_id`, `renewal_of`, `manager_id`: a row of the same table.
fn by_role(found: &mut Found<'_>, column: &Column, words: &[String], stem: &[String]) {
    let of = words.len() > 1 && words.last().is_some_and(|last| last == "of");
    let (child, evidence) = (found.child, format!("`{}` means the same table", column.name));
    match stem {
        [one] if SELF.contains(&one.as_str()) => found.add(3, child, evidence),
        // `comment_parent` of `comments`.
        [.., last] if last == "parent" => found.add(1, child, evidence),
        [one] if SUPERIORS.contains(&one.as_str()) => found.add(1, child, evidence),
        _ if of => found.add(1, child, evidence),
        _ => {}
    }
}

fn ordered(mut found: Vec<(u8, Candidate)>) -> Vec<Candidate> {
    found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    found.into_iter().map(|(_, candidate)| candidate).collect()
}

/// The tables that a value such as `application` or `App\Models\User` names.
pub(crate) fn named(catalog: &Catalog, value: &str) -> Vec<usize> {
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

/// The word that most tables begin with, such as `tbl` or `wp`.
pub(crate) fn common_prefix(catalog: &Catalog) -> Option<String> {
    let first = words(&catalog.tables.first()?.name);
    let first = first.first().filter(|_| catalog.tables.len() > 2)?;
    let all = catalog.tables.iter().all(|table| {
        let words = words(&table.name);
        words.len() > 1 && words.first() == Some(first)
    });
    all.then(|| first.clone())
}

pub(crate) fn table_words(table: &Table, prefix: Option<&str>) -> Vec<String> {
    let words = words(&table.name);
    let skip = usize::from(words.len() > 1 && prefix == words.first().map(String::as_str));
    words[skip..].iter().map(|word| singular(word)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Index, IndexPart};

    fn table(name: &str, columns: &[&str]) -> Table {
        let column = |name: &&str| Column { name: (*name).to_owned(), ..Column::default() };
        let part = IndexPart { column: Some(columns[0].to_owned()), prefix: None, expression: None };
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
    fn of_tables_that_end_alike_the_one_that_begins_like_the_child_is_meant() {
        let tables: &[(&str, &[&str])] = &[
            ("concept_attribute_type", &["concept_attribute_type_id"]),
            ("hs_hr_config", &["k"]),
            ("ohrm_data_group_screen", &["id"]),
            ("ohrm_screen", &["id"]),
            ("ohrm_user_role_screen", &["id", "screen_id"]),
            ("provider_attribute", &["provider_attribute_id", "attribute_type_id"]),
            ("provider_attribute_type", &["provider_attribute_type_id"]),
        ];
        assert_eq!(first(tables, 5, "attribute_type_id").as_deref(), Some("provider_attribute_type"));
        assert_eq!(first(tables, 4, "screen_id").as_deref(), Some("ohrm_screen"));
    }

    #[test]
    fn keys_in_one_word_are_keys_and_numbered_ones_refer_to_nothing() {
        let tables: &[(&str, &[&str])] = &[
            ("alerts", &["alertid", "userid", "hostid", "esc_step_to"]),
            ("hosts", &["hostid"]),
            ("users", &["userid"]),
        ];
        assert_eq!(first(tables, 0, "userid").as_deref(), Some("users"));
        assert_eq!(first(tables, 0, "hostid").as_deref(), Some("hosts"));
        assert_eq!(first(tables, 0, "esc_step_to"), None);
        let mut catalog = Catalog { tables: vec![table("a", &["thing_id"]), table("b", &["thing_id"])] };
        catalog.tables[1].columns[0].auto_increment = true;
        let numbered = catalog.tables[1].columns[0].clone();
        assert_eq!(of(&catalog, 1, &numbered), Vec::new());
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
            ("users", &["id", "manager_id", "copy_of"]),
        ];
        for (child, column, parent) in [
            (2, "category_id", "categories"),
            (2, "originalLanguageId", "languages"),
            (2, "created_by", "users"),
            (2, "manager_user_id", "users"),
            (0, "parent_id", "categories"),
            (3, "manager_id", "users"),
            (3, "copy_of", "users"),
        ] {
            assert_eq!(first(tables, child, column).as_deref(), Some(parent), "{column}");
        }
        assert_eq!(first(tables, 2, "total"), None);
        assert_eq!(first(tables, 2, "id"), None);
    }
}
