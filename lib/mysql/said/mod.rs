//! What a server said, without the values of rows. Names stay, since an error must name what it is about.
//!
//! In: an error's number and message, and the statement that failed, if it is known. Out: the message to show.
//!
//! ```text
//! the number is of an error with values ── its template tells which ── none fits (another language) ──┐
//! the number is of an error with names  ── as it is                                                   │
//! free text (SIGNAL)                    ── nothing of it but what the statement itself says           │
//! any other                             ── what is quoted goes, and every longer number, unless the statement names it <┘
//! ```
//!
//! What another program printed has no number that can be trusted: every line is compared with all templates but that of
//! syntax errors.

mod table;

use std::borrow::Cow;
use std::collections::BTreeSet;

use table::{ErrorTemplate, FREE_TEXT, VALUES, has_only_names};

use crate::outlet;
use crate::sql::{TokenKind, tokens};

/// The text that replaces a value.
const VALUE: &str = "…";

/// The most characters of a name, or of a word of the server. Longer text is no name.
const NAME_CHARACTERS_MAX: usize = 400;

/// The message of a server's error, without values; `statement` may be empty.
pub(super) fn without_values(number: u16, message: &str, statement: &str) -> String {
    if FREE_TEXT.contains(&number) {
        let signals = || tokens(statement).iter().any(|token| token.is_word(statement, "SIGNAL"));
        let known = !message.is_empty() && statement.contains(message) && signals();
        return if known {
            message.to_owned()
        } else {
            "(the text of a SIGNAL, which may quote a row)".to_owned()
        };
    }
    let mut templates = VALUES.iter().filter(|template| template.number == number).peekable();
    let has_values = templates.peek().is_some();
    if let Some(shown) = templates.find_map(|template| replaced(template, message)) {
        return shown;
    }
    if !has_values && has_only_names(number) { message.to_owned() } else { names_only(message, statement) }
}

/// A line that another program printed (`mysql`, a framework, git), without values and passwords.
pub(crate) fn relayed(line: &str) -> String {
    let mut line = outlet::without_userinfo(line).into_owned();
    // A syntax error quotes the branch's own statement, which may be shown.
    for template in VALUES.iter().filter(|template| template.number != 1064) {
        if let Some(shown) = replaced(template, &line) {
            line = shown;
        }
    }
    line
}

/// The message with its values replaced, if the template fits a part of it; otherwise nothing.
fn replaced(template: &ErrorTemplate, message: &str) -> Option<String> {
    let parts = parts(template.text);
    // A name at the beginning of a template is left out: what stands before its first words is kept anyhow.
    let parts = if parts.first() == Some(&TemplatePart::Name) { &parts[1..] } else { &parts[..] };
    let Some(TemplatePart::Words(first)) = parts.first() else { return None };
    let mut from = 0;
    while let Some(at) = message[from..].find(first) {
        let start = from + at;
        if let Some(tail) = fit(parts, &message[start..]) {
            return Some(format!("{}{tail}", &message[..start]));
        }
        from = start + first.len();
    }
    None
}

#[derive(Debug, PartialEq, Eq)]
enum TemplatePart {
    Words(&'static str),
    Name,
    Value,
    Expression,
}

fn parts(template: &'static str) -> Vec<TemplatePart> {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        let close = rest[open..].find('}').map_or(rest.len(), |close| open + close);
        if open > 0 {
            parts.push(TemplatePart::Words(&rest[..open]));
        }
        parts.push(match &rest[open + 1..close] {
            "n" => TemplatePart::Name,
            "e" => TemplatePart::Expression,
            _ => TemplatePart::Value,
        });
        rest = rest.get(close + 1..).unwrap_or_default();
    }
    if !rest.is_empty() {
        parts.push(TemplatePart::Words(rest));
    }
    parts
}

/// Rebuilds `text` by the parts of a template; nothing if it does not fit. A value is taken as long as possible, since it
/// may hold anything, even words of the template.
fn fit(parts: &[TemplatePart], text: &str) -> Option<String> {
    let Some((part, rest)) = parts.split_first() else { return Some(text.to_owned()) };
    if let TemplatePart::Words(words) = part {
        return Some(format!("{words}{}", fit(rest, text.strip_prefix(words)?)?));
    }
    let next = match rest.first() {
        Some(TemplatePart::Words(words)) => Some(*words),
        _ => None,
    };
    if *part == TemplatePart::Name {
        let Some(next) = next else { return Some(text.to_owned()) };
        return text.match_indices(next).find_map(|(end, _)| {
            let name = &text[..end];
            let plausible = name.chars().count() <= NAME_CHARACTERS_MAX;
            Some(format!("{name}{}", fit(rest, &text[end..]).filter(|_| plausible)?))
        });
    }
    let Some(next) = next else { return Some(VALUE.to_owned()) };
    text.rmatch_indices(next).find_map(|(end, _)| {
        let after = fit(rest, &text[end..])?;
        let shown = match part {
            TemplatePart::Expression => without_literals(&text[..end]),
            _ => VALUE.to_owned(),
        };
        Some(format!("{shown}{after}"))
    })
}

/// An expression or a piece of a statement, with `?` for each text and each number.
fn without_literals(sql: &str) -> String {
    let mut out = String::new();
    let mut end = 0;
    for token in tokens(sql) {
        out.push_str(&sql[end..token.place.start]);
        let text = token.text(sql);
        let number = text.starts_with(|c: char| c.is_ascii_digit());
        out.push_str(if token.kind == TokenKind::Text || (token.kind == TokenKind::Word && number) {
            "?"
        } else {
            text
        });
        end = token.place.end;
    }
    out.push_str(&sql[end..]);
    out
}

/// A message of unknown form: quoted words and longer numbers are replaced, unless the statement has them.
fn names_only(message: &str, statement: &str) -> String {
    let names: BTreeSet<Cow<'_, str>> =
        tokens(statement).iter().filter_map(|token| token.possible_name(statement)).collect();
    let mut out = String::new();
    let mut rest = message;
    while let Some(at) = rest.find(['\'', '"', '`']) {
        let (before, quoted) = rest.split_at(at);
        without_numbers(before, statement, &mut out);
        let quote = &quoted[..1];
        // An apostrophe in a word (`can't`) opens nothing. A quote that never ends hides the rest.
        if quote == "'" && before.ends_with(char::is_alphanumeric) {
            out.push('\'');
            rest = &quoted[1..];
            continue;
        }
        let end = closing(&quoted[1..], quote);
        let inner = &quoted[1..=end];
        let known = inner.split('.').all(|part| names.contains(part.trim_matches('`')));
        out.push_str(quote);
        out.push_str(if known && !inner.is_empty() { inner } else { VALUE });
        out.push_str(quote);
        rest = quoted.get(end + 2..).unwrap_or_default();
    }
    without_numbers(rest, statement, &mut out);
    out
}

/// Where a quoted text ends: at a quote that no letter or digit follows, so not at an apostrophe in a word.
fn closing(text: &str, quote: &str) -> usize {
    let ends = |at: &usize| !text[at + 1..].starts_with(char::is_alphanumeric);
    text.match_indices(quote).map(|(at, _)| at).find(ends).unwrap_or(text.len())
}

/// Appends `text`; of numbers with four digits or more, and of fractions, only those that the statement has.
fn without_numbers(text: &str, statement: &str, out: &mut String) {
    let is_of_number = |c: char| c.is_ascii_digit() || c == '.';
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let end = rest[at..].find(|c| !is_of_number(c)).map_or(rest.len(), |end| at + end);
        let number = rest[at..end].trim_end_matches('.');
        let end = at + number.len();
        out.push_str(&rest[..at]);
        let short = number.len() < 4 && !number.contains('.');
        out.push_str(if short || statement.contains(number) { number } else { VALUE });
        rest = &rest[end..];
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_go_and_names_stay() {
        for (number, message, told) in [
            (
                1062,
                "Duplicate entry 'maria@x.cz' for key 'users.email'",
                "Duplicate entry '…' for key 'users.email'",
            ),
            (1062, "Duplicate entry 'a' for key 'b' for key 'k'", "Duplicate entry '…' for key 'k'"),
            (1062, "Duplicate entry 'a' for key 2", "Duplicate entry '…' for key 2"),
            (
                1292,
                "Truncated incorrect date value: 'Maria Secret, born in Prague'",
                "Truncated incorrect date value: '…'",
            ),
            (
                1292,
                "Incorrect datetime value: 'it's Maria' for column `app`.`users`.`born` at row 3",
                "Incorrect datetime value: '…' for column `app`.`users`.`born` at row 3",
            ),
            (
                1366,
                "Incorrect integer value: 'x' for column 'born' at row 1",
                "Incorrect integer value: '…' for column 'born' at row 1",
            ),
            (
                1411,
                "Incorrect datetime value: 'x' for function str_to_date",
                "Incorrect datetime value: '…' for function str_to_date",
            ),
            (1526, "Table has no partition for value 1972", "Table has no partition for value …"),
            (1863, "Found a row in wrong partition p0 (id=7)", "Found a row in wrong partition …"),
            (
                1690,
                "BIGINT UNSIGNED value is out of range in '(`app`.`t`.`a1` - 'Maria' - 12)'",
                "BIGINT UNSIGNED value is out of range in '(`app`.`t`.`a1` - ? - ?)'",
            ),
            (1054, "Unknown column 'nme' in 'field list'", "Unknown column 'nme' in 'field list'"),
            (1146, "Table 'app.usrs' doesn't exist", "Table 'app.usrs' doesn't exist"),
            (1406, "Data too long for column 'name' at row 1", "Data too long for column 'name' at row 1"),
            (3819, "Check constraint 'c' is violated.", "Check constraint 'c' is violated."),
            (
                1064,
                "You have an error in your SQL syntax; near 'SELEC 'Maria' FROM t WHERE id = 7' at line 1",
                "You have an error in your SQL syntax; near 'SELEC ? FROM t WHERE id = ?' at line 1",
            ),
        ] {
            assert_eq!(without_values(number, message, ""), told);
        }
    }

    #[test]
    fn a_server_that_speaks_another_language_tells_no_value_either() {
        let german = "Falscher datetime-Wert: 'Maria Secret' für Feld 'born' in Zeile 1";
        assert_eq!(
            without_values(1292, german, "UPDATE users SET born = x"),
            "Falscher datetime-Wert: '…' für Feld 'born' in Zeile 1"
        );
    }

    #[test]
    fn of_an_unknown_error_only_what_the_statement_names_stays() {
        let statement = "SELECT `e mail`, name FROM app.users WHERE note = 'Maria' AND n = 12345";
        for (message, told) in [
            ("Bad thing 'Maria' in 'app.users'", "Bad thing '…' in 'app.users'"),
            ("Can't do `e mail` to \"Maria\"", "Can't do `e mail` to \"…\""),
            (
                "Longitude 14.4378 is out of range, 12345 is not, 7 neither",
                "Longitude … is out of range, 12345 is not, 7 neither",
            ),
            ("it's 'Maria O'Hara' 'open", "it's '…' '…'"),
        ] {
            assert_eq!(without_values(9999, message, statement), told);
        }
    }

    #[test]
    fn a_signal_says_what_the_statement_says_itself_and_nothing_else() {
        for statement in ["CALL p()", "INSERT INTO t VALUES ('Maria owes 12')"] {
            assert!(!without_values(1644, "Maria owes 12", statement).contains("Maria"));
        }
        assert_eq!(without_values(1644, "no", "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no'"), "no");
    }

    #[test]
    fn what_a_framework_printed_of_a_server_tells_no_value() {
        for (line, told) in [
            (
                "ERROR 1292 (22007) at line 3: Truncated incorrect date value: 'Maria'",
                "ERROR 1292 (22007) at line 3: Truncated incorrect date value: '…'",
            ),
            (
                "SQLSTATE[23000]: Integrity constraint violation: 1062 Duplicate entry 'maria@x' for key 'email'",
                "SQLSTATE[23000]: Integrity constraint violation: 1062 Duplicate entry '…' for key 'email'",
            ),
            ("fatal: https://u:p@h/x not found", "fatal: https://***@h/x not found"),
            (
                "Migrating 20260101_add: done (12345 rows) 'ok'",
                "Migrating 20260101_add: done (12345 rows) 'ok'",
            ),
        ] {
            assert_eq!(relayed(line), told);
        }
    }

    #[test]
    fn every_template_is_well_formed_and_its_number_is_not_one_of_names() {
        for template in VALUES {
            assert!(!has_only_names(template.number), "{}", template.number);
            assert!(
                parts(template.text)
                    .iter()
                    .any(|part| matches!(part, TemplatePart::Value | TemplatePart::Expression))
            );
        }
    }
}
