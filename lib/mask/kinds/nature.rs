//! What is to be known of a kind beside the expression that it makes: how the scans look for what it hides.
//!
//! In: nothing. Out: one [`Nature`] a kind. Whoever adds a kind answers all of it, or it does not compile.

/// What a kind is to those who look for leaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nature {
    /// What it leaves of a value in its result.
    pub result: Outcome,
    /// Whether one clear value under it says whose it is.
    pub value: Value,
    /// Whether a copy of the value under another kind contradicts it: not where it leaves no trace of a value.
    pub trace: Trace,
}

/// What a kind leaves of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The result is made by us from first to last, or may be as it is: there is nothing to look for.
    Ours,
    /// Something of the value may be left.
    Open,
}

/// What one clear value says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// Whose it is.
    Telling,
    /// Nothing is known but that it goes: only short texts are values, long ones are free text.
    Vague,
    /// Nothing: numbers, dates and documents of themselves.
    Untelling,
}

/// What a kind leaves behind of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trace {
    /// Something that depends on the value: equal values stay equal.
    Left,
    /// Nothing that could be told from a copy's.
    None,
}

impl Nature {
    /// Of a column whose rows are masked by the one kind or the other: the more careful answer to each question.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            result: self.result.max(other.result),
            value: self.value.max(other.value),
            trace: self.trace.max(other.trace),
        }
    }
}

/// A kind by its name in `refresh.toml`.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) nature: Nature,
}

const fn kind(name: &'static str, result: Outcome, value: Value, trace: Trace) -> Kind {
    Kind { name, nature: Nature { result, value, trace } }
}

/// Every kind.
pub(crate) const KINDS: &[Kind] = {
    use Outcome::{Open, Ours};
    use Trace::{Left, None};
    use Value::{Telling, Untelling, Vague};
    &[
        kind("null", Ours, Vague, None),
        kind("constant", Ours, Vague, None),
        kind("empty", Ours, Vague, None),
        // With a reason: clear values are fine.
        kind("keep", Ours, Untelling, None),
        kind("text", Ours, Untelling, None),
        kind("redact", Open, Untelling, None),
        kind("partial", Open, Telling, Left),
        kind("shape", Ours, Telling, Left),
        kind("hash", Ours, Telling, Left),
        kind("email", Ours, Telling, Left),
        kind("username", Ours, Telling, Left),
        kind("slug", Ours, Telling, Left),
        kind("name", Ours, Telling, Left),
        kind("person", Ours, Telling, Left),
        kind("first_name", Ours, Telling, Left),
        kind("last_name", Ours, Telling, Left),
        kind("company", Ours, Telling, Left),
        kind("street", Ours, Telling, Left),
        kind("city", Ours, Untelling, Left),
        kind("phone", Ours, Telling, Left),
        kind("pattern", Ours, Telling, Left),
        kind("card", Ours, Telling, Left),
        kind("iban", Ours, Telling, Left),
        kind("permute", Ours, Untelling, Left),
        kind("noise", Ours, Untelling, Left),
        kind("bucket", Ours, Untelling, Left),
        kind("clamp", Ours, Untelling, Left),
        kind("geo", Ours, Untelling, Left),
        kind("shift", Ours, Untelling, Left),
        kind("generalise", Ours, Untelling, Left),
        kind("ip", Ours, Telling, Left),
        kind("mac", Ours, Telling, Left),
        kind("uuid", Ours, Telling, Left),
        kind("choice", Ours, Untelling, None),
        kind("json", Open, Untelling, None),
        kind("password", Ours, Telling, None),
        kind("sql", Open, Vague, None),
    ]
};

/// The kind of this name.
pub(crate) fn find(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

#[cfg(test)]
mod tests {
    use super::{Outcome, Trace, Value, find};

    #[test]
    fn rows_that_differ_get_the_more_careful_answer() {
        let nature = |name| find(name).map(|kind| kind.nature);
        let both = nature("email").zip(nature("text")).map(|(email, text)| email.or(text));
        let both = both.map(|both| (both.result, both.value, both.trace));
        assert_eq!(both, Some((Outcome::Ours, Value::Untelling, Trace::None)));
        let open = nature("hash").zip(nature("sql")).map(|(hash, sql)| hash.or(sql).result);
        assert_eq!(open, Some(Outcome::Open));
    }
}
