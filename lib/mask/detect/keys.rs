//! Keys inside documents, read as names: `{"applicant": {"firstName": …}}`, `<DOB>`, `s:5:"email";`.
//!
//! In: a column that holds JSON, XML or serialised PHP. Out: what was [`Seen`] in it. The server takes values out and leaves the keys; of
//! serialised PHP, where both look alike, only words that many rows share leave it.

use super::by_value::{Seen, document};
use super::class::{Class, NO_DOCUMENT};
use super::vocabulary::{Hit, column_words, has_people, speaks};
use crate::catalog::{Column, Family, Table};
use crate::mysql::{Error, Session};
use crate::sql::literal;

/// So many keys are named as evidence.
const NAMED_MAX: usize = 4;

/// A personal key in one of so many documents is a habit.
const ONE_IN: u64 = 20;

/// A word in one of so many values of serialised PHP is a key.
const SHARED_ONE_IN: u64 = 5;

/// So many different keys of a column are read: more are no keys, but names of rows.
const KEYS_MAX: u32 = 2_000;

/// Tags of a page for people, whose text is looked at as any other.
const HTML: &[&str] = &["p", "div", "br", "span", "html", "td", "li", "h1", "h2"];

/// A text in quotes behind a colon, a comma or a bracket that no colon follows: a value, whole or cut. Nothing that it has taken is given
/// back. What a form calls a field stays: `{"name": "first_name", "value": …}`.
const JSON_VALUES: &str = r#"[:\[,](?!(?<="name":|"key":|"field":|"label":|"id":)[[:space:]]*"[A-Za-z_.-]{2,40}"[[:space:]]*,[[:space:]]*(?:"[a-z]{1,12}"[[:space:]]*:[[:space:]]*"[^"\\]*"[[:space:]]*,[[:space:]]*){0,2}"(?:value|val|answer)"[[:space:]]*:)[[:space:]]*"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"(?![[:space:]]*:)|\\?$)"#;

/// What is between tags and in attributes, whole or cut.
const XML_VALUES: &str =
    r#"(?s)<!\[CDATA\[.*?(?:\]\]>|$)|<!--.*?(?:-->|$)|<[?].*?(?:[?]>|$)|>[^<]*|="[^"]*"|='[^']*'?"#;

/// What no key is made of.
const BETWEEN: &str = r"[^A-Za-z0-9_.\x{80}-\x{10FFFF}-]+";

/// What a document's keys say of it, if that is personal. `sample`: its values as `v`, a FROM clause.
pub(crate) fn personal(
    session: &mut Session,
    table: &Table,
    column: &Column,
    sample: &str,
) -> Result<Option<Seen>, Error> {
    let deed = format!("reading keys in {}.{}", table.label(), column.name);
    let found: Vec<(String, u64, u64)> = session.rows(&deed, &keys_statement(sample))?;
    let total = found.first().map_or(0, |(_, _, total)| *total);
    let keys: Vec<(String, u64)> = found.into_iter().map(|(key, rows, _)| (key, rows)).collect();
    let told = telling(&keys, total);
    let most = told.iter().map(|(_, rows)| *rows).max().unwrap_or(0);
    if most == 0 || most * ONE_IN < total {
        return Ok(None);
    }
    let named: Vec<&str> = told.iter().take(NAMED_MAX).map(|(key, _)| key.as_str()).collect();
    let more = if told.len() > NAMED_MAX { ", …" } else { "" };
    let proposal = if column.family() == Family::Json { NO_DOCUMENT } else { "\"text\"" };
    Ok(Some(Seen {
        column: column.name.clone(),
        evidence: format!("{most} of {total} sampled documents have the keys {}{more}", named.join(", ")),
        proposal: proposal.to_owned(),
    }))
}

/// The keys that speak of somebody, the most frequent first; none if most of the documents are pages for people.
fn telling(keys: &[(String, u64)], total: u64) -> Vec<(String, u64)> {
    let pages = keys.iter().filter(|(key, _)| HTML.contains(&key.to_lowercase().as_str()));
    if pages.map(|(_, rows)| *rows).max().is_some_and(|pages| pages * 2 > total) {
        return Vec::new();
    }
    let words: Vec<Vec<String>> = keys.iter().map(|(key, _)| column_words(key)).collect();
    let persons = [Class::FirstName, Class::LastName, Class::Birth, Class::Ssn];
    let person = |hit: Hit| persons.contains(&hit.class);
    let people = words.iter().any(|words| has_people(words) || speaks(words, false).is_some_and(person));
    let mut told: Vec<(String, u64)> = keys
        .iter()
        .zip(&words)
        .filter(|((key, _), words)| {
            is_a_word(key) && speaks(words, people).is_some_and(|hit| says_who(hit.class))
        })
        .map(|(key, _)| key.clone())
        .collect();
    told.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    told
}

/// Whether a key is made of letters as words are, most of them without a mark: of bytes that only look like a document a word may be
/// cut out, too.
fn is_a_word(key: &str) -> bool {
    let plain = key.chars().filter(char::is_ascii_alphanumeric).count();
    let letters = key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-'));
    letters && plain > 1 && plain * 3 >= key.chars().count() * 2
}

/// Whether a value of the class says who somebody is, or opens a door. The rest describes many.
pub(crate) fn says_who(class: Class) -> bool {
    !matches!(class, Class::Note | Class::Company | Class::Place | Class::Picture | Class::Agent)
}

/// The statement that asks for each key, in how many documents it is, and how many documents there are. `sample`: the documents as `v`,
/// a FROM clause.
pub fn keys_statement(sample: &str) -> String {
    let blank = |text: &str, shape: &str| format!("REGEXP_REPLACE({text}, {}, ' ')", literal(shape));
    let keys = format!(
        "CASE WHEN s.v REGEXP '^[aO]:[0-9]+:' THEN s.v WHEN s.v REGEXP '^[[:space:]]*<' THEN {} ELSE {} END",
        blank("s.v", XML_VALUES),
        blank("s.v", JSON_VALUES)
    );
    let list = format!("CONCAT('[\"', REGEXP_REPLACE({keys}, {}, '\",\"'), '\"]')", literal(BETWEEN));
    let documents = format!(
        "SELECT ROW_NUMBER() OVER () AS n, COUNT(*) OVER () AS total, s.v REGEXP '^[aO]:[0-9]+:' AS php, {list} AS list \
         FROM {sample} AS s WHERE {}",
        document("s.v")
    );
    format!(
        "SELECT j.w, COUNT(DISTINCT d.n), MAX(d.total) FROM ({documents}) AS d, \
         JSON_TABLE(d.list, '$[*]' COLUMNS (w VARCHAR(64) PATH '$')) AS j WHERE j.w NOT REGEXP '^[0-9.-]*$' GROUP BY j.w \
         HAVING MIN(d.php) = 0 OR COUNT(DISTINCT d.n) * {SHARED_ONE_IN} >= MAX(d.total) ORDER BY 2 DESC, 1 LIMIT {KEYS_MAX}"
    )
}

#[cfg(test)]
mod tests {
    use super::telling;

    fn told(keys: &[&str]) -> Vec<String> {
        let keys: Vec<(String, u64)> = keys.iter().map(|key| ((*key).to_owned(), 1)).collect();
        telling(&keys, 1).into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn keys_are_read_as_names_are() {
        assert_eq!(told(&["applicant", "firstName", "street", "theme"]), ["firstName", "street"]);
        assert_eq!(told(&["Insured", "Name", "DOB"]), ["DOB", "Name"]);
        assert!(told(&["name", "width", "color", "email_sent"]).is_empty());
    }

    #[test]
    fn what_only_looks_like_a_document_has_no_keys() {
        assert_eq!(told(&["prénom", "straße", "firstName"]), ["firstName", "prénom", "straße"]);
        assert!(told(&["ÅÞú÷cf", "ß", "pî", "sšñ", "CN¡Z—oÛQy"]).is_empty());
    }

    #[test]
    fn a_page_for_people_has_no_keys() {
        assert!(told(&["p", "address", "class"]).is_empty());
        let one_of_many = |key: &str, rows| (key.to_owned(), rows);
        let keys = [one_of_many("p", 1), one_of_many("firstName", 10)];
        assert_eq!(telling(&keys, 10), [one_of_many("firstName", 10)]);
    }
}
