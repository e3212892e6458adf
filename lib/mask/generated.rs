//! Generated columns are not in the dump: the server computes them anew from the columns that are. So the columns that a
//! generated column is computed from must have the mask.
//!
//! In: the catalog and the masks. Out: nothing, or an error: a rule is for a generated column that would show clear
//! values, or a unique index would break.

use super::masks::{Mask, Masks};
use crate::catalog::{Column, Table};
use crate::config::{Wrong, toml_text};

/// Refuses a rule for a generated column if no column that it is computed from has a rule of its own (`keep` is one).
pub(crate) fn hidden(masks: &Masks, at: usize, table: &Table, column: &Column) -> Result<(), Wrong> {
    let sources = || table.columns.iter().filter(|source| column.computed_from(source));
    if sources().any(|source| masks.declared(at, &source.name).is_some()) {
        return Ok(());
    }
    let names: Vec<String> = sources().map(|source| format!("{}.{}", table.name, source.name)).collect();
    let message = format!(
        "{}.{} is computed from {}: it is computed anew from what is in the dump, which has no mask",
        table.name,
        column.name,
        if names.is_empty() { "nothing that can be masked".to_owned() } else { names.join(", ") }
    );
    let hint = names.first().map(|name| {
        format!("mask what it is computed from: {} = …, or say keep = \"…\" there", toml_text(name))
    });
    Err((message, hint))
}

/// Refuses a lossy mask on a column that a unique index is computed from, through a generated column or an expression of
/// the index.
pub(crate) fn unique(masks: &Masks, at: usize, table: &Table) -> Result<(), (String, Wrong)> {
    for index in table.indexes.iter().filter(|index| index.unique) {
        let computed = index.parts.iter().filter_map(|part| part.computed(table));
        let found = computed.into_iter().find_map(|expression| lossy(masks, at, table, expression));
        let Some((source, mask)) = found else { continue };
        let message = format!(
            "the unique index `{}` is computed from {}.{}, and {} can make two values equal",
            index.name, table.name, source.name, mask.kind
        );
        let hint = "hash, email, uuid and permute keep values apart".to_owned();
        return Err((mask.rule.clone(), (message, Some(hint))));
    }
    Ok(())
}

/// Whether a mask of `column` can make two values equal in a unique index that is computed from `column`.
pub(crate) fn merges(table: &Table, column: &Column, mask: &Mask) -> bool {
    let unique = table.indexes.iter().filter(|index| index.unique);
    let mut computed = unique.flat_map(|index| &index.parts).filter_map(|part| part.computed(table));
    mask.lossy && mask.kind != "null" && computed.any(|expression| column.named_in(expression))
}

/// The first column that an expression names and whose mask can make two values equal.
fn lossy<'a>(
    masks: &'a Masks,
    at: usize,
    table: &'a Table,
    expression: &str,
) -> Option<(&'a Column, &'a Mask)> {
    let masked = table.columns.iter().filter_map(|column| Some((column, masks.of(at, &column.name)?)));
    masked
        .filter(|(_, mask)| mask.lossy && mask.kind != "null")
        .find(|(column, _)| column.named_in(expression))
}
