//! The one outlet for foreign words: what a server, a schema, a branch, a repository, the environment or a document of somebody
//! else said, on its way to a terminal, a log or a report.
//!
//! In: a text. Out: the same without passwords in URLs, every control character made visible. [`say`] is the only function of the
//! house that writes to stderr, so nothing gets there around it.
//!
//! ```text
//! a server's error   values replaced where it is made (mysql::Error), by its number
//! stderr             say:      passwords, control characters; further lines are set in, so that none looks like a tool's own
//! reports            for_people: passwords, control characters
//! document           as_json:  what JSON lets through raw leaves as \u escapes: machines read the same value, terminals nothing
//! lists, plans       listed:   the same escapes, so that lists as JSON stay JSON
//! --get              exact in a pipe, for a machine asked for a value; for_people on a terminal
//! ```

mod control;
mod place;
mod userinfo;

pub(crate) use control::{as_json, listed, one_line, visible};
pub(crate) use place::{catch_panics, draw, draw_nothing, end_bars, is_terminal, say};
pub use userinfo::{UrlSecret, secret_in_url, without_userinfo};

/// A text that people read: without passwords in URLs, every control character but newline and tab made visible.
pub(crate) fn for_people(text: &str) -> String {
    visible(&without_userinfo(text)).into_owned()
}
