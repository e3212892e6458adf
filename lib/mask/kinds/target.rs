//! What the functions that make masks take and return.
//!
//! In: a column, or a value in one. Out: an expression, or an error message with a hint.

use crate::catalog::{Column, Index, Table};
use crate::config::{MaskConfig, Wrong};

/// One column to mask, or a value inside a JSON document, which is treated as a column of its own.
#[derive(Debug, Clone)]
pub(crate) struct MaskTarget<'a> {
    pub(crate) table: &'a Table,
    pub(crate) column: &'a Column,
    /// SQL for the unmasked value.
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

/// The column that a mask is made for, the entry of its rule, and the domain.
pub(crate) struct MaskRequest<'a> {
    pub(crate) target: &'a MaskTarget<'a>,
    pub(crate) config: &'a MaskConfig,
    /// Equal values of one domain mask equally in every table.
    pub(crate) domain: &'a str,
}

/// An expression, and whether it can make different values equal.
pub(crate) struct Made {
    pub(crate) expression: String,
    pub(crate) lossy: bool,
}

/// Makes the expression of one entry, whatever its kind: the table of kinds gives it to kinds with masks inside (`json`).
pub(crate) type Make = fn(&MaskTarget<'_>, &MaskConfig) -> Result<Made, Wrong>;

/// An expression that can give the same result for different values.
pub(crate) fn lossy(expression: String) -> Made {
    Made { expression, lossy: true }
}

/// An expression that gives different results for different values.
pub(crate) fn apart(expression: String) -> Made {
    Made { expression, lossy: false }
}

/// Fails when a kind lacks a setting that it needs; `example` is the hint.
pub(crate) fn needed<'a, T>(setting: Option<&'a T>, kind: &str, example: &str) -> Result<&'a T, Wrong> {
    setting.ok_or_else(|| {
        let name = example.split(' ').next().unwrap_or_default();
        (format!("{kind} needs `{name}`"), Some(example.to_owned()))
    })
}
