//! What the families of kinds are asked and what they answer.
//!
//! In: a column, or a part of it. Out: an expression, or a sentence with a hint.

use crate::catalog::{Column, Index, Table};
use crate::config::{MaskConfig, Wrong};

/// One column to mask, or a part of it: a value out of a JSON document is a column of its own kind.
#[derive(Debug, Clone)]
pub(crate) struct MaskTarget<'a> {
    pub(crate) table: &'a Table,
    pub(crate) column: &'a Column,
    /// SQL for the clear value.
    pub(crate) value: String,
}

impl<'a> MaskTarget<'a> {
    pub(crate) fn of(table: &'a Table, column: &'a Column) -> Self {
        Self { table, column, value: column.of("t") }
    }

    /// Whether the column is a part of the index.
    pub(crate) fn in_index(&self, index: &Index) -> bool {
        let own = |name: &String| name.eq_ignore_ascii_case(&self.column.name);
        index.parts.iter().any(|part| part.column.as_ref().is_some_and(own))
    }

    pub(crate) fn label(&self) -> String {
        format!("{}.{}", self.table.name, self.column.name)
    }
}

/// The rule and the column that a mask is made for.
pub(crate) struct MaskRequest<'a> {
    pub(crate) target: &'a MaskTarget<'a>,
    pub(crate) config: &'a MaskConfig,
    /// Values of one domain mask equally in every table.
    pub(crate) domain: &'a str,
}

/// An expression and what it does to different values.
pub(crate) struct Made {
    pub(crate) expression: String,
    pub(crate) lossy: bool,
}

/// Makes the expression of one entry, whatever its kind: what the table of kinds hands to kinds with masks inside.
pub(crate) type Make = fn(&MaskTarget<'_>, &MaskConfig) -> Result<Made, Wrong>;

/// Different inputs can give the same output.
pub(crate) fn lossy(expression: String) -> Made {
    Made { expression, lossy: true }
}

/// Different inputs give different outputs.
pub(crate) fn apart(expression: String) -> Made {
    Made { expression, lossy: false }
}

/// Refuses a kind without a setting that it cannot do without.
pub(crate) fn needed<'a, T>(setting: Option<&'a T>, kind: &str, example: &str) -> Result<&'a T, Wrong> {
    setting.ok_or_else(|| {
        let name = example.split(' ').next().unwrap_or_default();
        (format!("{kind} needs `{name}`"), Some(example.to_owned()))
    })
}
