//! What the leak scan and the search for unmasked copies must know of a kind of mask, beside the expression that it
//! makes.
//!
//! In: nothing. Out: a [`LeakTraits`]; each row of the table of kinds has one.

/// What a kind of mask leaves of a value, as the leak scan and the search for copies have to know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeakTraits {
    /// What the mask's result holds of the original value.
    pub result: ResultTrait,
    /// Whether one unmasked value of such a column says whose it is.
    pub value: ValueTrait,
    /// Whether a copy of the value under another kind contradicts it: not where it leaves no trace of a value.
    pub trace: TraceTrait,
}

/// What the result of a mask holds of the original value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResultTrait {
    /// Nothing to look for: we make the result, and what stays of the value stays because the kind, or a setting of it,
    /// says so (`keep`; the country of a telephone number, the host with `host = "same"`, the network with
    /// `network = true`). A neighbour's value may come out of those by chance, so looking would cry wolf.
    Ours,
    /// Something of the value may be left, so the leak scan looks for it.
    Open,
}

/// What one unmasked value of a column says of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ValueTrait {
    /// It says whose it is: a name, an address, a number of one person.
    Telling,
    /// Nothing is known but that it goes: only short texts are values, long ones are free text.
    Vague,
    /// Nothing: numbers, dates and documents of themselves.
    Untelling,
}

/// Whether rows can still be told apart by what a mask makes of their values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TraceTrait {
    /// A value by which rows are told apart, made from the value or from the entity that `of` names: a copy under another
    /// kind says something else of the same row.
    Left,
    /// Nothing that a copy could contradict: nothing of the value, one of a few words, a part of a longer text, or what
    /// a person vouches for.
    None,
}

impl LeakTraits {
    /// Puts the answers to the three questions together.
    pub(crate) const fn of(result: ResultTrait, value: ValueTrait, trace: TraceTrait) -> Self {
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
    use super::{LeakTraits, ResultTrait, TraceTrait, ValueTrait};

    #[test]
    fn rows_that_differ_get_the_more_careful_answer() {
        let email = LeakTraits::of(ResultTrait::Ours, ValueTrait::Telling, TraceTrait::Left);
        let text = LeakTraits::of(ResultTrait::Ours, ValueTrait::Untelling, TraceTrait::None);
        assert_eq!(
            email.or(text),
            LeakTraits::of(ResultTrait::Ours, ValueTrait::Untelling, TraceTrait::None)
        );
        let sql = LeakTraits::of(ResultTrait::Open, ValueTrait::Vague, TraceTrait::None);
        assert_eq!(email.or(sql).result, ResultTrait::Open);
    }
}
