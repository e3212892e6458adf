//! What the leak scan and the search for unmasked copies must know of a kind of mask, beside the expression that it
//! makes.
//!
//! In: nothing. Out: a [`LeakTraits`] for each row of the table of kinds.

/// The answers to three questions about a kind of mask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeakTraits {
    /// What the mask's result holds of the original value.
    pub result: ResultTrait,
    /// Whether one unmasked value of such a column tells whose it is.
    pub value: ValueTrait,
    /// Whether the search for copies looks at the column: a copy under another kind would tell something else of the same
    /// row.
    pub trace: TraceTrait,
}

/// What the result of a mask holds of the original value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResultTrait {
    /// Nothing to look for: we make the result. What stays of the value stays because the kind or a setting says so
    /// (`keep`; the country of a telephone number, the host with `host = "same"`, the network with `network = true`).
    /// Such a part may be another row's value by chance, so a search would give false alarms.
    Ours,
    /// Something of the value may be left, so the leak scan looks for it.
    Open,
}

/// What one unmasked value of a column says of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ValueTrait {
    /// It tells whose it is: a name, an address, a number of one person.
    Telling,
    /// The kind says nothing about the values. Only short texts and whole numbers count as values of a person, long texts
    /// as free text.
    Vague,
    /// It tells nothing: numbers, dates, whole documents.
    Untelling,
}

/// Whether rows can still be told apart by the results of a mask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TraceTrait {
    /// The result is made from the value, or from the entity that `of` names, and rows are told apart by it: a copy under
    /// another kind tells something else of the same row.
    Left,
    /// There is nothing that a copy could contradict: nothing of the value stays, or one of a few words, or a part of a
    /// longer text, or a person vouches for the result.
    None,
}

impl LeakTraits {
    /// Puts the three answers together.
    pub(crate) const fn of(result: ResultTrait, value: ValueTrait, trace: TraceTrait) -> Self {
        Self { result, value, trace }
    }

    /// The traits of a column whose rows have one kind or the other: `Open` if one is; `Telling` and `Left` only if both
    /// are.
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
