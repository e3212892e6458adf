//! Masks inside a JSON document: the values at some paths. Only paths that exist are touched.
//!
//! In: `paths = { "$.email" = "email", "$.contacts[*].phones[*]" = "phone" }`. Out: JSON_REPLACE with the masked values;
//! elements of an array are masked one by one, in their order. `null` stays `null`. A text that is no JSON becomes
//! filler, and so does one with a member twice along a path.
//!
//! ```text
//! at(document, paths) = JSON_REPLACE(document, path, mask of the value there, …,
//!                                    array, [at(element, the rest of the paths through this array), …])
//! ```

use std::collections::{BTreeMap, BTreeSet};

use super::plain::filler;
use super::target::{Made, Make, MaskTarget, lossy, needed};
use crate::catalog::{Column, Family, Table};
use crate::config::{MaskConfig, Wrong};
use crate::sql::literal;

/// The deepest nesting on MySQL, below its limit of 100.
const BRACKETS_MAX: u32 = 90;

/// The length, in characters, of the column that a value of a document is treated as.
const VALUE_CHARACTERS: u64 = 65_535;

/// Reads the setting `paths`: each path with its mask.
pub(crate) fn paths(config: &MaskConfig) -> Result<BTreeMap<String, &MaskConfig>, Wrong> {
    let paths = Some(&config.paths).filter(|paths| !paths.is_empty());
    let paths = needed(paths, "json", "paths = { \"$.email\" = \"email\" }")?;
    paths.iter().map(|(path, mask)| Ok((checked(path)?, mask))).collect()
}

/// Masks a document; `make` makes the expressions for its values.
pub(crate) fn json(target: &MaskTarget<'_>, config: &MaskConfig, make: Make) -> Result<Made, Wrong> {
    if !matches!(target.column.family(), Family::Text | Family::Json) {
        let message = format!("{} is {}, no JSON", target.label(), target.column.column_type);
        return Err((message, Some("choose text, constant or null for it".to_owned())));
    }
    let paths = paths(config)?;
    let plain = &target.value;
    let masked = Within { table: target.table, make }.at(plain, &paths, 0)?;
    let twice = twice(plain, &paths);
    let (invalid, blank) = match target.column.family() {
        Family::Json => ("'{}'".to_owned(), ""),
        _ => (filler(plain), " WHEN TRIM(VALUE) = '' THEN ''"),
    };
    let blank = blank.replace("VALUE", plain);
    // A JSON column of MySQL holds JSON no deeper than the server reads; MariaDB's is a text whose check may be switched
    // off.
    let valid = match target.column.family() {
        Family::Json => maria(&format!("WHEN NOT JSON_VALID({plain}) THEN {invalid}")),
        _ => format!(" WHEN {} NOT JSON_VALID({plain}) THEN {invalid}", deep(plain)),
    };
    let twice = maria(&format!("WHEN {twice} THEN {invalid}"));
    let whole = format!("CASE WHEN {plain} IS NULL THEN NULL{blank}{valid}{twice} ELSE {masked} END");
    Ok(lossy(whole))
}

/// Checks a path such as `$.a."b c"[0][*].d`: members, elements, and `[*]` for every element.
fn checked(path: &str) -> Result<String, Wrong> {
    let wrong = || {
        let hint = "$.email, $.contact.phone, $.phones[*] or $.contacts[*].email".to_owned();
        (format!("{path:?} is no path of a JSON document"), Some(hint))
    };
    let mut rest = path.strip_prefix('$').filter(|rest| !rest.is_empty()).ok_or_else(wrong)?;
    while !rest.is_empty() {
        let length = step(rest).ok_or_else(wrong)?;
        rest = &rest[length..];
    }
    Ok(path.to_owned())
}

/// Length of the first step of a path.
fn step(path: &str) -> Option<usize> {
    if let Some(inside) = path.strip_prefix('[') {
        let end = inside.find(']')?;
        let index = &inside[..end];
        let fine = index == "*" || (!index.is_empty() && index.bytes().all(|b| b.is_ascii_digit()));
        return fine.then_some(end + 2);
    }
    let name = path.strip_prefix('.')?;
    if let Some(quoted) = name.strip_prefix('"') {
        let end = quoted.find('"')?;
        return (!quoted[..end].contains('\\')).then_some(end + 3);
    }
    let end = name.find(['.', '[']).unwrap_or(name.len());
    let plain = name[..end].chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$'));
    (end > 0 && plain).then_some(end + 1)
}

type Paths<'a> = BTreeMap<String, &'a MaskConfig>;

/// Makes the masks inside the documents of one table.
struct Within<'a> {
    table: &'a Table,
    make: Make,
}

impl Within<'_> {
    /// The document `value` with everything at `paths` masked, as JSON.
    fn at(&self, value: &str, paths: &Paths<'_>, depth: usize) -> Result<String, Wrong> {
        let mut pairs = Vec::new();
        let mut arrays: BTreeMap<&str, Paths<'_>> = BTreeMap::new();
        for (path, mask) in paths {
            if let Some((array, rest)) = path.split_once("[*]") {
                arrays.entry(array).or_default().insert(format!("${rest}"), mask);
                continue;
            }
            let there = format!("JSON_EXTRACT({value}, {})", literal(path));
            let masked = self.one(&there, mask)?;
            if path == "$" {
                return Ok(masked);
            }
            pairs.push(format!("{}, {masked}", literal(path)));
        }
        for (array, rest) in arrays {
            let there = format!("JSON_EXTRACT({value}, {})", literal(array));
            let name = format!("e{depth}");
            let element = format!("{name}.v");
            let inner = self.at(&element, &rest, depth + 1)?;
            let ambiguous =
                maria(&format!("CASE WHEN {} THEN JSON_EXTRACT('{{}}', '$') ELSE", twice(&element, &rest)));
            let inner = format!("{ambiguous} {inner}{}", maria("END"));
            // JSON_ARRAYAGG may give any order, so this is GROUP_CONCAT with ORDER BY. `alone`: a single value in place
            // of a list is masked like an element.
            let elements = format!(
                "(SELECT CONCAT('[', COALESCE(GROUP_CONCAT({inner} ORDER BY {name}.n SEPARATOR ','), ''), ']') \
                 FROM JSON_TABLE({there}, '$[*]' COLUMNS (n FOR ORDINALITY, v JSON PATH '$')) AS {name})"
            );
            let alone = self.at(&there, &rest, depth)?;
            let whole = format!(
                "CASE WHEN JSON_TYPE({there}) = 'ARRAY' THEN JSON_EXTRACT({elements}, '$') ELSE {alone} END"
            );
            if array == "$" {
                return Ok(whole);
            }
            pairs.push(format!("{}, {whole}", literal(array)));
        }
        Ok(format!("JSON_REPLACE({value}, {})", pairs.join(", ")))
    }

    /// The masked value as JSON.
    fn one(&self, there: &str, mask: &MaskConfig) -> Result<String, Wrong> {
        let column = Column {
            name: "value".to_owned(),
            data_type: "longtext".to_owned(),
            column_type: "a JSON value".to_owned(),
            length: Some(VALUE_CHARACTERS),
            charset: Some("utf8mb4".to_owned()),
            collation: Some("utf8mb4_0900_ai_ci".to_owned()),
            nullable: true,
            ..Column::default()
        };
        let target =
            MaskTarget { table: self.table, column: &column, value: format!("JSON_UNQUOTE({there})") };
        let made = (self.make)(&target, mask)?.expression;
        let text = format!("COALESCE(JSON_QUOTE({made}), 'null')");
        Ok(format!("JSON_EXTRACT(CASE WHEN JSON_TYPE({there}) = 'NULL' THEN 'null' ELSE {text} END, '$')"))
    }
}

/// SQL that is true when an object along a path has a member twice, of which MariaDB would replace the first only. MySQL
/// keeps only one of them, so the condition is used on MariaDB only.
fn twice(value: &str, paths: &Paths<'_>) -> String {
    let mut parents = BTreeSet::new();
    for path in paths.keys() {
        let reached = path.split("[*]").next().unwrap_or(path);
        let mut at = 1;
        while let Some(length) = step(&reached[at..]) {
            parents.insert(&reached[..at]);
            at += length;
        }
    }
    let asked = |parent: &&str| {
        let parent = literal(parent);
        let keys = format!("JSON_KEYS({value}, {parent})");
        // A name with a `\u` escape may be another name, spelled differently. It is split in two, so that the lengths
        // differ.
        let split = format!("REPLACE({keys}, CONCAT(CHAR(92), 'u'), '\",\"')");
        format!("COALESCE(JSON_LENGTH({value}, {parent}) <> JSON_LENGTH({split}), 0)")
    };
    let asked: Vec<String> = parents.iter().map(asked).collect();
    if asked.is_empty() { "0".to_owned() } else { asked.join(" OR ") }
}

/// SQL for MySQL alone, which ends with OR: true when a text is nested so deep that JSON_VALID fails instead of giving 0.
/// The other JSON functions fail too, so the depth is counted: the text is split at its quotes (every other part is
/// outside of strings), and those parts at their opening brackets. Only a text with more than `BRACKETS_MAX` of them is
/// split.
fn deep(value: &str) -> String {
    let opens = format!("CHAR_LENGTH({value}) - CHAR_LENGTH(REPLACE(REPLACE({value}, '[', ''), '{{', ''))");
    let backslash = "CHAR(92 USING utf8mb4)";
    let plain = format!(
        "REPLACE(REPLACE(REPLACE({value}, CONCAT({backslash}, {backslash}), ''), CONCAT({backslash}, '\"'), ''), \
         {backslash}, '')"
    );
    let parts = format!(
        "CONCAT('[[', REPLACE(REPLACE(REPLACE(JSON_QUOTE({plain}), '[', '\",\"'), '{{', '\",\"'), \
         CONCAT({backslash}, '\"'), '\"],[\"'), ']]')"
    );
    let closes = "(CHAR_LENGTH(b.p) - CHAR_LENGTH(REPLACE(REPLACE(b.p, ']', ''), '}', '')))";
    let deepest = format!(
        "(SELECT SUM((b.m > 1) - {closes}) OVER (ORDER BY b.n, b.m) + {closes} AS depth \
         FROM JSON_TABLE({parts}, '$[*]' COLUMNS (n FOR ORDINALITY, NESTED PATH '$[*]' \
         COLUMNS (m FOR ORDINALITY, p LONGTEXT PATH '$'))) AS b WHERE b.n % 2 = 1 ORDER BY depth DESC LIMIT 1)"
    );
    format!("/*!80000 ({opens} > {BRACKETS_MAX} AND {deepest} > {BRACKETS_MAX}) OR */")
}

/// SQL for MariaDB alone; to MySQL it is a comment.
fn maria(sql: &str) -> String {
    format!(" /*M! {sql} */")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_from_what_is_none() {
        for fine in ["$.email", "$.a.b[0].c", "$.phones[*]", "$[*].\"odd name\"", "$.größe"] {
            assert!(checked(fine).is_ok(), "{fine}");
        }
        for wrong in ["email", "$", "$.", "$..a", "$.a b", "$.a[", "$.a[x]", "$.*", "$**.a", "$.\"a\\\"b\""] {
            assert!(checked(wrong).is_err(), "{wrong}");
        }
    }
}
