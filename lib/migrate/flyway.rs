//! The names, the order and the checksums of Flyway's migrations.
//!
//! In: a file and its name. Out: its version, the order of versions, its checksum as in `flyway_schema_history`.

use std::cmp::Ordering;

use super::error::Error;
use super::files::{MigrationFile, natural};
use crate::sql::{Mode, TokenKind, pieces};

/// The version in a file's name: `1_2` of `V1_2__words`.
pub(crate) fn version(stem: &str) -> Option<&str> {
    let (digits, _) = stem.strip_prefix('V')?.split_once("__")?;
    let valid = |c: char| c.is_ascii_digit() || c == '.' || c == '_';
    (!digits.is_empty() && digits.chars().all(valid)).then_some(digits)
}

/// The version with dots, without leading zeros and without zeros at its end: `1.2` for `01_2.0`.
pub(crate) fn dotted(version: &str) -> String {
    let parts = version.split(['.', '_']).map(|part| part.trim_start_matches('0'));
    let mut parts: Vec<&str> = parts.map(|part| if part.is_empty() { "0" } else { part }).collect();
    while parts.len() > 1 && parts.last() == Some(&"0") {
        parts.pop();
    }
    parts.join(".")
}

/// Compares two versions part by part, by value.
pub(crate) fn compare(a: &str, b: &str) -> Ordering {
    natural(&dotted(a), &dotted(b))
}

/// True for files that are no migrations: callbacks (`afterMigrate__words`), and baselines (`B5__words`), which replace all
/// migrations up to a version on a new database.
pub(crate) fn is_left_out(stem: &str) -> bool {
    let callback =
        stem.starts_with("before") || stem.starts_with("after") || stem.starts_with("createSchema");
    callback || stem.strip_prefix('B').is_some_and(|rest| version(&format!("V{rest}")).is_some())
}

/// The name in the first `${name}` outside of comments; `None` if there is no such placeholder.
pub(crate) fn placeholder(sql: &str) -> Option<String> {
    if !sql.contains("${") {
        return None;
    }
    let code: String = pieces(sql, Mode::default())
        .filter(|piece| piece.kind != TokenKind::Comment)
        .map(|piece| piece.text(sql))
        .collect();
    let (_, behind) = code.split_once("${")?;
    let (name, _) = behind.split_once('}')?;
    let plain = name.chars().all(|c| c.is_alphanumeric() || "_.-:".contains(c)) && !name.is_empty();
    plain.then(|| name.to_owned())
}

/// Flyway's checksum: the CRC-32 of the lines, without line ends and a byte-order mark.
pub(crate) fn checksum(file: &MigrationFile) -> Result<i32, Error> {
    let text = std::fs::read(&file.path);
    let text = text.map_err(|source| Error::Read { file: file.shown.clone(), source })?;
    let mut sum = flate2::Crc::new();
    for line in lines(text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text)) {
        sum.update(line);
    }
    Ok(sum.sum().cast_signed())
}

/// Lines as Java reads them: each ends with `\n`, `\r\n` or `\r`.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| matches!(byte, b'\n' | b'\r'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_seen_outside_of_comments() {
        assert_eq!(placeholder("INSERT INTO a VALUES ('${env}')").as_deref(), Some("env"));
        assert_eq!(placeholder("CREATE TABLE ${flyway:table}_x (a int)").as_deref(), Some("flyway:table"));
        for sql in ["SELECT 1 -- ${env}", "/* ${env} */ SELECT '$ {env}'", "SELECT '${not a name}', '${}'"] {
            assert_eq!(placeholder(sql), None, "{sql}");
        }
    }

    #[test]
    fn callbacks_and_baselines_are_no_migrations() {
        for stem in ["afterMigrate", "beforeEachMigrate__words", "B5__x", "B1_2__x"] {
            assert!(is_left_out(stem), "{stem}");
        }
        for stem in ["V5__after", "R__before", "B__x", "base"] {
            assert!(!is_left_out(stem), "{stem}");
        }
    }

    #[test]
    fn versions_are_equal_whatever_separates_them() {
        assert_eq!(version("V1_2__a__b"), Some("1_2"));
        assert_eq!(version("V__a"), None);
        assert_eq!((dotted("01_2.0").as_str(), dotted("0").as_str()), ("1.2", "0"));
        assert_eq!(compare("1.10", "1_9"), Ordering::Greater);
    }
}
