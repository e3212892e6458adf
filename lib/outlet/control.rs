//! Replaces characters that a terminal acts upon, or that make a text look like another one.
//!
//! In: a text. Out: the text with each such character written as an escape. They are the control characters C0, DEL and C1
//! (escape sequences begin with one), and invisible characters that reorder text or break lines: U+2028, U+2029, the
//! bidirectional controls, the zero-width marks of direction.

use std::borrow::Cow;
use std::fmt::Write;

/// True for a character that a terminal does not show but acts upon.
fn acts(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Writes every such character except newline and tab as an escape, `\x1b` or `\u{202e}`, so that it can still be read.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    written_out(text, |character| acts(character) && !matches!(character, '\n' | '\t'))
}

/// Writes every such character, newline and tab too, as an escape: for a name within a line.
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
    written_out(text, acts)
}

fn written_out(text: &str, hidden: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            shown if !hidden(shown) => out.push(shown),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ => {
                let code = u32::from(character);
                let written =
                    if code < 0x100 { write!(out, "\\x{code:02x}") } else { write!(out, "\\u{{{code:x}}}") };
                debug_assert!(written.is_ok(), "a text takes all that is written to it");
            }
        }
    }
    Cow::Owned(out)
}

/// Writes these characters in the strings of a JSON text as `\u` escapes, which mean the same characters. Outside of strings JSON
/// has only newline, tab and carriage return of them, which stay.
pub(crate) fn as_json(json: &str) -> Cow<'_, str> {
    escaped(json, |character| acts(character) && !matches!(character, '\n' | '\r' | '\t'))
}

/// Writes these characters in the list of a command, text or JSON, as `\u` escapes. Only newline and tab stay.
pub(crate) fn listed(text: &str) -> Cow<'_, str> {
    escaped(text, |character| acts(character) && !matches!(character, '\n' | '\t'))
}

fn escaped(text: &str, hidden: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 64);
    for character in text.chars() {
        if hidden(character) {
            // All these characters are below U+10000, where one escape is one character.
            let written = write!(out, "\\u{:04x}", u32::from(character));
            debug_assert!(written.is_ok(), "a text takes all that is written to it");
        } else {
            out.push(character);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns all characters that must not reach a terminal.
    fn dangerous() -> impl Iterator<Item = char> {
        let rest = "\u{7f}\u{61c}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}";
        ('\0'..' ').chain('\u{80}'..='\u{9f}').chain(rest.chars())
    }

    #[test]
    fn what_a_terminal_acts_upon_can_be_read_instead() {
        assert_eq!(
            visible("a\u{1b}]52;c;eA==\u{7}b\r\u{9b}2J\u{202e}"),
            "a\\x1b]52;c;eA==\\x07b\\r\\x9b2J\\u{202e}"
        );
        assert_eq!(visible("two\n\tlines, é 😀 \u{200d}"), "two\n\tlines, é 😀 \u{200d}");
        assert_eq!(one_line("a\nmydehydrate: ok\t"), "a\\nmydehydrate: ok\\t");
        for character in dangerous() {
            let text = format!("a{character}b");
            assert!(!one_line(&text).contains(character), "{character:?}");
            assert_eq!(visible(&text).contains(character), matches!(character, '\n' | '\t'), "{character:?}");
        }
    }

    #[test]
    fn a_document_says_the_same_to_a_machine_and_nothing_to_a_terminal() {
        for character in dangerous() {
            let value = serde_json::json!({ "table": format!("a{character}b") });
            let safe = as_json(&value.to_string()).into_owned();
            assert!(!safe.contains(character), "{character:?}: {safe}");
            assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).unwrap(), value);
        }
        assert!(matches!(as_json("{\"a\": \"é\"}\n"), Cow::Borrowed(_)));
    }
}
