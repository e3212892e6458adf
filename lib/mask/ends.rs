//! Both ends of a relation must mask alike, or joins no longer match.

use super::masks::{Mask, Masks};
use crate::config::{Config, Error};

/// The two ends of a relation, by position in the catalog.
#[derive(Debug, Clone, Copy)]
pub struct Ends<'a> {
    /// The table that refers.
    pub child: usize,
    /// Its columns.
    pub child_columns: &'a [String],
    /// The table that is referred to.
    pub parent: usize,
    /// Its columns, in the same order.
    pub parent_columns: &'a [String],
    /// The relation's key in `[relations]`.
    pub key: Option<&'a str>,
}

/// Refuses relations whose ends mask differently. A reference that is masked to NULL is fine: it refers to nothing.
pub fn agree<'a>(masks: &Masks, config: &Config, edges: impl Iterator<Item = Ends<'a>>) -> Result<(), Error> {
    for edge in edges {
        for (from, to) in edge.child_columns.iter().zip(edge.parent_columns) {
            let (child, parent) = (masks.of(edge.child, from), masks.of(edge.parent, to));
            let recipe = |mask: Option<&Mask>| mask.map(|mask| mask.recipe.clone());
            if recipe(child) == recipe(parent) || child.is_some_and(|mask| mask.kind == "null") {
                continue;
            }
            let said = |mask: Option<&Mask>, column: &str| match mask {
                Some(mask) => format!("{column} is masked as {} by {:?}", mask.kind, mask.rule),
                None => format!("{column} is not masked"),
            };
            let message = format!(
                "the two ends of a relation mask differently: {}, {}",
                said(child, from),
                said(parent, to)
            );
            let hint = "give both the same kind, domain and length".to_owned();
            let rule = child.or(parent).map_or("", |mask| mask.rule.as_str());
            return Err(config.origin.error_at(&["mask", rule], message, Some(hint)));
        }
    }
    Ok(())
}
