//! Definitions of MySQL or MariaDB that the other takes as well.
//!
//! In: the answer to `SHOW CREATE …`, or a SET under which an object was created. Out: the same; collations that only one
//! of the two knows are in comments that the other skips.

use super::lexer::{Token, TokenKind, tokens};

/// The server software that alone knows a collation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Only {
    MySql,
    MariaDb,
}

impl Only {
    fn of(collation: &str) -> Option<Self> {
        let has = |part: &str| collation.contains(part);
        if has("_0900_") {
            return Some(Self::MySql);
        }
        (has("_uca1400_") || has("_nopad_") || has("_general1400_") || has("_thai_520_"))
            .then_some(Self::MariaDb)
    }

    /// How a comment begins that only this server software reads as code.
    fn opening(self) -> &'static str {
        match self {
            Self::MySql => "/*!80000 ",
            Self::MariaDb => "/*M!100100 ",
        }
    }
}

/// Puts collations that only one server software knows into comments that only this one reads as code. The other uses the
/// default of the character set.
pub(crate) fn portable(sql: &str) -> String {
    let found = tokens(sql);
    let mut text = String::with_capacity(sql.len());
    let mut from = 0;
    for (i, token) in found.iter().enumerate().filter(|(_, token)| token.is_word(sql, "COLLATE")) {
        let value: Option<&Token> = found[i + 1..].iter().find(|next| !next.is(b'='));
        let Some(value) = value.filter(|value| value.kind == TokenKind::Word) else { continue };
        if let Some(only) = Only::of(value.text(sql)) {
            text += &sql[from..token.place.start];
            text += only.opening();
            text += &sql[token.place.start..value.place.end];
            text += " */";
            from = value.place.end;
        }
    }
    text + &sql[from..]
}

/// A statement that names a collation, in a comment that only servers with this collation read as code.
pub(crate) fn for_those_who_know(collation: &str, statement: &str) -> String {
    match Only::of(collation) {
        Some(only) => format!("{}{statement} */", only.opening()),
        None => statement.to_owned(),
    }
}

/// The nearest collation that both know; nothing if both know `collation` itself.
fn known_to_both(collation: &str) -> Option<String> {
    Only::of(collation)?;
    let charset = collation.split('_').next().unwrap_or("utf8mb4");
    let ending =
        if collation.ends_with("_bin") || collation.ends_with("_cs") { "bin" } else { "unicode_520_ci" };
    let has_unicode = matches!(charset, "utf8mb4" | "utf8mb3" | "utf8" | "ucs2" | "utf16" | "utf32");
    let ending = if has_unicode || ending == "bin" { ending } else { "general_ci" };
    Some(format!("{charset}_{ending}"))
}

/// `SET collation_connection = …` with the nearest collation that both know; nothing if both know that of `statement`.
fn setting_for_both(statement: &str) -> Option<String> {
    let collation = statement.strip_prefix(COLLATION_CONNECTION)?;
    known_to_both(collation).map(|collation| format!("{COLLATION_CONNECTION}{collation}"))
}

/// How the statement that sets the connection's collation begins.
const COLLATION_CONNECTION: &str = "SET collation_connection = ";

/// The statements that do on both what a SET of a dump does: they set the nearest collation, then the given one where it
/// is known.
pub(crate) fn settings(statement: &str) -> Vec<String> {
    let Some(both) = setting_for_both(statement) else { return vec![statement.to_owned()] };
    let collation = statement.strip_prefix(COLLATION_CONNECTION).unwrap_or_default();
    vec![both, for_those_who_know(collation, statement)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collations_of_one_server_alone_are_for_it_alone() {
        assert_eq!(
            portable("`a` text COLLATE utf8mb4_0900_bin, 'COLLATE utf8mb4_0900_bin') COLLATE=utf8mb4_bin"),
            "`a` text /*!80000 COLLATE utf8mb4_0900_bin */, 'COLLATE utf8mb4_0900_bin') COLLATE=utf8mb4_bin"
        );
        assert_eq!(
            portable("`a` text COLLATE utf8mb4_uca1400_as_ci) COLLATE=utf8mb4_unicode_nopad_ci"),
            "`a` text /*M!100100 COLLATE utf8mb4_uca1400_as_ci */) /*M!100100 COLLATE=utf8mb4_unicode_nopad_ci */"
        );
    }

    #[test]
    fn a_connection_takes_the_nearest_collation_first_and_its_own_where_it_is_known() {
        assert_eq!(
            settings("SET collation_connection = utf8mb4_0900_as_cs"),
            [
                "SET collation_connection = utf8mb4_bin",
                "/*!80000 SET collation_connection = utf8mb4_0900_as_cs */"
            ]
        );
        assert_eq!(
            settings("SET collation_connection = utf8mb4_uca1400_ai_ci")[0],
            "SET collation_connection = utf8mb4_unicode_520_ci"
        );
        for plain in ["SET collation_connection = utf8mb4_bin", "SET sql_mode = '_0900_'"] {
            assert_eq!(settings(plain), [plain]);
        }
    }
}
