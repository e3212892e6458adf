//! Generated columns: they are not in the dump, the server computes them anew from what is. So a mask for one is a mask for
//! what it is computed from.
//!
//! In: the catalog and the masks. Out: nothing, or the column that would show what a rule wants hidden, or that would no
//! longer be unique.

use super::Masks;
use super::kinds::Wrong;
use crate::catalog::{Column, Table};

/// A rule names a generated column: something that it is computed from must be masked.
pub(super) fn hidden(masks: &Masks, at: usize, table: &Table, column: &Column) -> Result<(), Wrong> {
    let sources = || table.columns.iter().filter(|source| column.computed_from(&source.name));
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
    let hint = names
        .first()
        .map(|name| format!("mask what it is computed from: {name:?} = …, or say keep = \"…\" there"));
    Err((message, hint))
}

/// A generated column in a unique index is no longer unique if what it is computed from is masked alike.
pub(super) fn unique(masks: &Masks, at: usize, table: &Table) -> Result<(), (String, Wrong)> {
    for column in table.columns.iter().filter(|column| column.generated) {
        let named =
            |name: &Option<String>| name.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(&column.name));
        let index = table.indexes.iter().find(|i| i.unique && i.parts.iter().any(|part| named(&part.column)));
        let Some(index) = index else { continue };
        let masked = |source: &&Column| {
            masks.of(at, &source.name).is_some_and(|mask| mask.lossy && mask.kind != "null")
        };
        let source = table.columns.iter().filter(|source| column.computed_from(&source.name)).find(masked);
        let Some((source, mask)) = source.and_then(|source| Some((source, masks.of(at, &source.name)?)))
        else {
            continue;
        };
        let message = format!(
            "{}.{} is computed from {} and in the unique index `{}`, and {} can make two values equal",
            table.name, column.name, source.name, index.name, mask.kind
        );
        return Err((
            mask.rule.clone(),
            (message, Some("hash, email, uuid and permute keep values apart".to_owned())),
        ));
    }
    Ok(())
}
