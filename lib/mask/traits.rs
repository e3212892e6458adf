//! What is to be known of a kind beside the expression that it makes: how the scans look for what it hides.
//!
//! In: nothing. Out: a [`Nature`]; each row of the table of kinds has one.

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
    /// Nothing to look for: we make the result, and what stays of the value stays because the kind, or a setting of it,
    /// says so (`keep`; the country of a telephone number, the host with `host = "same"`, the network with
    /// `network = true`). A neighbour's value may come out of those by chance, so looking would cry wolf.
    Ours,
    /// Something of the value may be left.
    Open,
}

/// What one clear value says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// It says whose it is: a name, an address, a number of one person.
    Telling,
    /// Nothing is known but that it goes: only short texts are values, long ones are free text.
    Vague,
    /// Nothing: numbers, dates and documents of themselves.
    Untelling,
}

/// What a kind leaves behind of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trace {
    /// A value by which rows are told apart, made from the value or from the entity that `of` names: a copy under another
    /// kind says something else of the same row.
    Left,
    /// Nothing that a copy could contradict: nothing of the value, one of a few words, a part of a longer text, or what
    /// a person vouches for.
    None,
}

impl Nature {
    /// All three answers.
    pub(crate) const fn of(result: Outcome, value: Value, trace: Trace) -> Self {
        Self { result, value, trace }
    }

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

#[cfg(test)]
mod tests {
    use super::{Nature, Outcome, Trace, Value};

    #[test]
    fn rows_that_differ_get_the_more_careful_answer() {
        let email = Nature::of(Outcome::Ours, Value::Telling, Trace::Left);
        let text = Nature::of(Outcome::Ours, Value::Untelling, Trace::None);
        assert_eq!(email.or(text), Nature::of(Outcome::Ours, Value::Untelling, Trace::None));
        let sql = Nature::of(Outcome::Open, Value::Vague, Trace::None);
        assert_eq!(email.or(sql).result, Outcome::Open);
    }
}
