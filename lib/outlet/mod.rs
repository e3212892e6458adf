//! The one outlet for foreign words: texts of a server, a schema, a branch, a repository, the environment or another's document,
//! on their way to a terminal, a log or a report.
//!
//! In: a text. Out: the text without passwords in URLs, with every control character made visible. Only `place.rs` writes to
//! stderr: [`say`], the bars, and the message of a crash.
//!
//! ```text
//! a server's error   mysql::Error has already replaced values in it, by the error's number
//! stderr             say:      passwords, control characters; further lines are indented, so that none looks like a tool's own
//! reports            for_people: passwords, control characters
//! document           as_json:  characters that JSON may hold raw become \u escapes: a machine reads the same value
//! lists, plans       listed:   the same escapes, so that lists as JSON stay JSON
//! --get              the exact value in a pipe, since a machine reads it; for_people on a terminal
//! ```

mod control;
mod place;
mod userinfo;

pub(crate) use control::{as_json, listed, one_line, visible};
pub(crate) use place::{catch_panics, draw, draw_nothing, end_bars, is_terminal, say};
pub use userinfo::{UrlSecret, secret_in_url, without_userinfo};

/// Returns a text for people: without passwords in URLs, and with every control character but newline and tab made visible.
pub(crate) fn for_people(text: &str) -> String {
    visible(&without_userinfo(text)).into_owned()
}
