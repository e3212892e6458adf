//! A value for a column (a text, a number or a truth value), and texts as TOML, for lines that people paste into `refresh.toml`.

use std::collections::BTreeSet;
use std::fmt::Write;

use schemars::JsonSchema;
use serde::Deserialize;

/// A text, a number or a truth value.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Scalar {
    /// A truth value: `true` or `false`.
    Bool(bool),
    /// A whole number of 64 bits.
    Integer(i64),
    /// A number with a fraction.
    Float(f64),
    /// A text of any length.
    Text(String),
}

/// Writes a text as a TOML string, in quotes and on one line. (Rust's own form, `\\u{1b}`, is not TOML.)
pub fn toml_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A text for a TOML comment: control characters become blanks.
pub fn toml_comment(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Removes lines whose left side an earlier line has already: TOML refuses a key that is there twice.
pub fn toml_once(lines: Vec<String>) -> Vec<String> {
    let mut keys = BTreeSet::new();
    let left = |line: &str| line.split_once("\" = ").map_or(line, |(left, _)| left).to_owned();
    lines.into_iter().filter(|line| keys.insert(left(line))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_read_back_from_toml() {
        for text in ["a.b", "\u{1b}[31m", "quo\"te \\ back", "line\nbreak\ttab", "é…\u{7f}\u{0}"] {
            let line = format!("{} = {}", toml_text(text), toml_text(text));
            let read: toml::Table = line.parse().unwrap();
            assert_eq!(read.get(text).and_then(|value| value.as_str()), Some(text), "{line}");
        }
    }

    #[test]
    fn of_two_lines_with_one_key_the_first_stays() {
        let lines = ["\"a.b\" = \"text\"", "\"a.c\" = \"text\"", "\"a.b\" = \"null\"  # twice"];
        assert_eq!(toml_once(lines.map(str::to_owned).to_vec()), lines[..2]);
    }
}
