//! Tables of attributes and values, settings among them: what a value is, the row's attribute says.
//!
//! In: a table with a column of values and one that says of what. Out: what was [`Seen`] in the column of values, with a rule that tells
//! the attributes apart. The server counts by attribute; the attributes' names leave it, no value.

use super::by_name::Names;
use super::by_value::{LOOKS, Seen, like_a_name};
use super::class::{Class, NO_DOCUMENT};
use super::keys::says_who;
use super::sample::{last_rows, text};
use super::vocabulary::{column_words, speaks};
use crate::catalog::{Column, Family, Table};
use crate::config::toml_text;
use crate::mysql::{Error, Session};
use crate::sql::{literal, name};

/// Rows that are looked at, the last by key.
const SAMPLE_ROWS: u32 = 5_000;

/// With more of them the column says something else of a row.
const ATTRIBUTES_MAX: u64 = 1_000;

/// So many attributes are named as evidence.
const NAMED_MAX: usize = 3;

/// Last words of columns of values.
const VALUES: &[&str] = &[
    "value", "val", "content", "answer", "response", "valor", "valore", "wert", "valeur", "waarde", "wartosc",
];

/// Words of columns that say of what.
const ATTRIBUTES: &[&str] = &[
    "key",
    "attribute",
    "attr",
    "field",
    "option",
    "property",
    "param",
    "parameter",
    "setting",
    "meta",
    "code",
    "question",
    "variable",
    "name",
    "atributo",
    "attributo",
    "attribut",
    "champ",
    "campo",
    "feld",
    "type",
    "path",
];

/// Of these alone a column says of what only beside a column of values that is called so: people write guest books, too.
const VAGUE: &[&str] = &["name", "type", "code"];
const SURE_VALUES: &[&str] = &["value", "val", "valor", "valore", "wert", "valeur"];

/// Longer attributes are none.
const ATTRIBUTE_MAX: usize = 64;

/// What the server counted of one attribute.
struct Group {
    /// The attribute's name; none for rows where it is NULL.
    attribute: Option<String>,
    total: u64,
    different: u64,
    like_names: u64,
    looks: Vec<u64>,
}

impl Group {
    /// The attribute, where it is a word for a kind of value: what people write is not named.
    fn plain(&self) -> Option<&str> {
        let in_one_word = |c: char| c.is_ascii_alphanumeric() || "_.:-/".contains(c);
        let attribute = self.attribute.as_deref()?;
        ((1..=ATTRIBUTE_MAX).contains(&attribute.len()) && attribute.chars().all(in_one_word))
            .then_some(attribute)
    }
}

/// A column of values, and the column that says of what. What is `masked`, or speaks of somebody, says of what to nobody.
pub(crate) fn shape<'a>(
    names: &Names<'a>,
    masked: impl Fn(&Column) -> bool,
) -> Option<(&'a Column, &'a Column)> {
    let table = names.table();
    let words = |column: &Column| column_words(&column.name);
    let value = table.columns.iter().find(|column| {
        matches!(column.family(), Family::Text | Family::Json | Family::Binary)
            && words(column).last().is_some_and(|word| VALUES.contains(&word.as_str()))
    })?;
    let sure = words(value).last().is_some_and(|word| SURE_VALUES.contains(&word.as_str()));
    let says = |column: &&Column| {
        let holds =
            column.integer() || (column.family() == Family::Text && column.length.is_some_and(|n| n <= 255));
        let own = table.key().len() == 1 && table.key()[0].name == column.name && column.integer();
        holds
            && !own
            && column.name != value.name
            && words(column)
                .iter()
                .any(|word| ATTRIBUTES.contains(&word.as_str()) && (sure || !VAGUE.contains(&word.as_str())))
            && names.class(column).is_none()
            && !masked(column)
    };
    let best = |column: &&Column| {
        let at = |word: &String| ATTRIBUTES.iter().position(|other| other == word);
        (column.integer(), words(column).iter().filter_map(at).min())
    };
    table.columns.iter().filter(says).min_by_key(best).map(|attribute| (value, attribute))
}

/// What the attributes say of the values.
pub(crate) fn values(
    session: &mut Session,
    table: &Table,
    (value, attribute): (&Column, &Column),
) -> Result<Option<Seen>, Error> {
    let deed = format!("looking at the attributes of {}", table.label());
    let rows: Vec<mysql::Row> = session.rows(&deed, &question(table, value, attribute))?;
    if rows.len() as u64 > ATTRIBUTES_MAX {
        return Ok(None);
    }
    let groups: Vec<Group> = rows
        .iter()
        .map(|row| {
            let count = |at: usize| row.get::<u64, usize>(at).unwrap_or_default();
            Group {
                attribute: row.get::<Option<String>, usize>(0).flatten(),
                total: count(1),
                different: count(2),
                like_names: count(3),
                looks: (0..LOOKS.len()).map(|look| count(look + 4)).collect(),
            }
        })
        .collect();
    Ok(told(value, attribute, &groups))
}

fn told(value: &Column, attribute: &Column, groups: &[Group]) -> Option<Seen> {
    let mut found: Vec<(&Group, String)> =
        groups.iter().filter_map(|group| Some((group, kind(value, attribute, group)?))).collect();
    let has = |kind: &str| found.iter().any(|(_, found)| found == kind);
    if (has("\"name\"") || has("\"first_name\"")) && !has("\"last_name\"") {
        let others =
            groups.iter().filter(|group| found.iter().all(|(other, _)| other.attribute != group.attribute));
        let last: Vec<(&Group, String)> =
            others.filter(|group| beside(group)).map(|group| (group, "\"last_name\"".to_owned())).collect();
        found.extend(last);
    }
    if found.is_empty() {
        return None;
    }
    let plain: Vec<(&str, &String)> =
        found.iter().filter_map(|(group, kind)| Some((group.plain()?, kind))).collect();
    let mut entries: Vec<String> = plain
        .iter()
        .map(|(plain, kind)| {
            entry(kind, &format!("{} = {}", name(&attribute.name), quoted(attribute, plain)))
        })
        .collect();
    entries.push("\"text\"".to_owned());
    let evidence = format!("by {}: {}", attribute.name, named(&plain, found.len() - plain.len()));
    let all = plain.is_empty()
        || found.len() == groups.len()
        || entries.len() > 40
        || value.length.is_some_and(|n| n < 60);
    let proposal = match value.family() {
        Family::Json => NO_DOCUMENT.to_owned(),
        Family::Text if !all => format!("[{}]", entries.join(", ")),
        _ => "\"text\"".to_owned(),
    };
    Some(Seen { column: value.name.clone(), evidence, proposal })
}

/// Some of the attributes; what people wrote is counted.
fn named(plain: &[(&str, &String)], others: usize) -> String {
    let mut named: Vec<String> = plain.iter().take(NAMED_MAX).map(|(plain, _)| (*plain).to_owned()).collect();
    if plain.len() > NAMED_MAX {
        named.push("…".to_owned());
    }
    if others > 0 {
        named.push(format!("{others} that are no plain words"));
    }
    named.join(", ")
}

/// What kind of mask the values of an attribute want: its name says so, or they look so.
fn kind(value: &Column, attribute: &Column, group: &Group) -> Option<String> {
    let named = (attribute.family() == Family::Text)
        .then(|| speaks(&column_words(group.attribute.as_deref().unwrap_or_default()), true))
        .flatten()
        .filter(|hit| says_who(hit.class) && hit.class != Class::Special && group.total > 0);
    if let Some(hit) = named {
        return hit.class.wishes(value, hit.plain, hit.ends_with_id)?.first().map(|wish| (*wish).to_owned());
    }
    let mut looks = LOOKS.iter().zip(&group.looks);
    let (look, _) = looks.find(|(look, hits)| look.is_habit(value, **hits, group.total))?;
    Some(look.proposal.to_owned())
}

/// Words like names, most of them different.
fn beside(group: &Group) -> bool {
    group.total >= 10 && group.like_names * 5 >= group.total * 4 && group.different * 5 >= group.total
}

fn entry(kind: &str, when: &str) -> String {
    let when = toml_text(when);
    match kind.strip_prefix("{ ").and_then(|kind| kind.strip_suffix(" }")) {
        Some(settings) => format!("{{ {settings}, when = {when} }}"),
        None => format!("{{ kind = {kind}, when = {when} }}"),
    }
}

fn quoted(attribute: &Column, value: &str) -> String {
    if attribute.integer() { value.to_owned() } else { literal(value) }
}

fn question(table: &Table, value: &Column, attribute: &Column) -> String {
    let looks: Vec<String> = LOOKS
        .iter()
        .map(|look| format!("COUNT(CASE WHEN {} THEN 1 END)", look.question(value, "s.v")))
        .collect();
    let columns = format!(
        "CAST({} AS CHAR({}) CHARACTER SET utf8mb4) AS a, {} AS v",
        attribute.of("t"),
        ATTRIBUTE_MAX + 1,
        text(value)
    );
    format!(
        "SELECT s.a, COUNT(NULLIF(TRIM(s.v), '')), COUNT(DISTINCT LEFT(s.v, 64)), COUNT(CASE WHEN {} THEN 1 END), {} \
         FROM {} AS s GROUP BY s.a ORDER BY 2 DESC, 1 LIMIT {}",
        like_a_name("s.v"),
        looks.join(", "),
        last_rows(table, &columns, SAMPLE_ROWS),
        ATTRIBUTES_MAX + 1
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, data_type: &str) -> Column {
        let length = (data_type == "varchar").then_some(255);
        Column { name: name.to_owned(), data_type: data_type.to_owned(), length, ..Column::default() }
    }

    fn group(attribute: &str, name: bool) -> Group {
        let mut looks = vec![0; LOOKS.len()];
        if name {
            looks[LOOKS.len() - 1] = 100;
        }
        Group { attribute: Some(attribute.to_owned()), total: 100, different: 90, like_names: 100, looks }
    }

    #[test]
    fn a_table_of_attributes_is_known_by_its_columns() {
        let table = |columns: &[(&str, &str)]| Table {
            columns: columns.iter().map(|(name, kind)| column(name, kind)).collect(),
            ..Table::default()
        };
        let names = |table: &Table| {
            shape(&Names::of(table), |_| false)
                .map(|(value, attribute)| (value.name.clone(), attribute.name.clone()))
        };
        let found = |value: &str, attribute: &str| Some((value.to_owned(), attribute.to_owned()));
        assert_eq!(
            names(&table(&[("option_id", "int"), ("option_name", "varchar"), ("option_value", "text")])),
            found("option_value", "option_name")
        );
        assert_eq!(
            names(&table(&[("value_id", "int"), ("attribute_id", "int"), ("value", "varchar")])),
            found("value", "attribute_id")
        );
        assert_eq!(names(&table(&[("path", "varchar"), ("value", "json")])), found("value", "path"));
        assert_eq!(names(&table(&[("id", "int"), ("title", "varchar")])), None);
        let book =
            Table { name: "guestbook".to_owned(), ..table(&[("name", "varchar"), ("content", "text")]) };
        assert_eq!(names(&book), None);
        let users = Table { name: "users".to_owned(), ..table(&[("name", "varchar"), ("value", "text")]) };
        assert_eq!(names(&users), None);
        let masked = table(&[("option_name", "varchar"), ("option_value", "text")]);
        assert!(shape(&Names::of(&masked), |column| column.name == "option_name").is_none());
    }

    #[test]
    fn attributes_speak_by_their_names_and_by_their_values() {
        let (value, key) = (column("meta_value", "varchar"), column("meta_key", "varchar"));
        let seen = told(&value, &key, &[group("billing_email", false), group("colour", false)]).unwrap();
        assert_eq!(seen.proposal, r#"[{ kind = "email", when = "`meta_key` = 'billing_email'" }, "text"]"#);
        let number = column("attribute_id", "int");
        let seen = told(&value, &number, &[group("1", true), group("2", false)]).unwrap();
        assert_eq!((seen.proposal.as_str(), seen.evidence.as_str()), ("\"text\"", "by attribute_id: 1, 2"));
        assert!(told(&value, &number, &[group("2", false)]).is_none());
        let nobody = Group { attribute: None, ..group("", true) };
        let seen = told(&value, &number, &[nobody, group("2", false)]).unwrap();
        assert_eq!(seen.proposal, "\"text\"");
        assert_eq!(seen.evidence, "by attribute_id: 2, 1 that are no plain words");
    }

    #[test]
    fn attributes_that_people_wrote_are_counted_and_not_named() {
        let (value, key) = (column("value", "varchar"), column("field_name", "varchar"));
        let colour = Group { like_names: 0, ..group("colour", false) };
        let groups = [group("Maria Huber", true), group("email", false), colour];
        let seen = told(&value, &key, &groups).unwrap();
        assert!(!format!("{} {}", seen.proposal, seen.evidence).contains("Maria"), "{}", seen.evidence);
        assert!(seen.proposal.contains("'email'"), "{}", seen.proposal);
    }
}
