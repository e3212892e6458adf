//! Checks whether a child's value can be compared with its parent's.
//!
//! In: an edge. Out: a refusal where types or collations differ and no cast is declared, or where the cast does not lead to the
//! parent's type.

use super::cast::Cast;
use super::edge::Edge;
use crate::catalog::{Catalog, Column, Family};
use crate::config::Wrong;
use crate::config::{Config, Error};

/// Refuses an edge whose two ends cannot be compared.
pub(crate) fn check(catalog: &Catalog, config: &Config, edge: &Edge) -> Result<(), Error> {
    let (child, parent) = (&catalog.tables[edge.child], &catalog.tables[edge.parent]);
    let keys: Vec<&str> = edge.key.as_deref().map_or(vec!["relations"], |key| vec!["relations", key]);
    if edge.cast.is_some_and(Cast::splits) && edge.child_columns.len() != 1 {
        let message = "json and list are for one column that refers to one".to_owned();
        return Err(config.origin.error_at(&keys, message, None));
    }
    for (from, to) in edge.child_columns.iter().zip(&edge.parent_columns) {
        let (Some(from), Some(to)) = (child.column(from), parent.column(to)) else { continue };
        let verdict = match edge.cast {
            None => comparable(from, to),
            Some(cast) => castable(cast, to),
        };
        if let Err((problem, hint)) = verdict {
            let message = format!(
                "{}.{} ({}) and {}.{} ({}) {problem}",
                child.label(),
                from.name,
                described(from),
                parent.label(),
                to.name,
                described(to),
            );
            return Err(config.origin.error_at(&keys, message, hint));
        }
    }
    Ok(())
}

fn described(column: &Column) -> String {
    match &column.collation {
        Some(collation) => format!("{} {collation}", column.column_type),
        None => column.column_type.clone(),
    }
}

/// Fails when two columns cannot be compared as they are; the hint names a cast.
pub(crate) fn comparable(child: &Column, parent: &Column) -> Result<(), Wrong> {
    let add = |cast: &str| Some(format!("declare the relation with cast = \"{cast}\""));
    match (child.family(), parent.family()) {
        (Family::Exact, Family::Exact) | (Family::Binary, Family::Binary) => Ok(()),
        (Family::Text, Family::Text) if child.collation == parent.collation => Ok(()),
        (Family::Text, Family::Text) => Err(("have different collations".to_owned(), add("char"))),
        (Family::Time, Family::Time) if child.data_type == parent.data_type => Ok(()),
        (Family::Choice | Family::Other, _)
            if child.column_type == parent.column_type && child.collation == parent.collation =>
        {
            Ok(())
        }
        (Family::Text, Family::Exact) => Err(("have different types".to_owned(), add(sign(parent).word()))),
        (Family::Exact | Family::Choice, Family::Text) => {
            Err(("have different types".to_owned(), add("char")))
        }
        (Family::Text, Family::Binary) | (Family::Binary, Family::Text) => {
            Err(("have different types".to_owned(), add("uuid")))
        }
        (Family::Json, _) => Err(("have different types".to_owned(), add("json"))),
        _ => Err(("have different types, which no cast joins".to_owned(), None)),
    }
}

/// The cast for two texts of different collations; none for other columns.
pub(crate) fn collation_cast(child: &Column, parent: &Column) -> Option<Cast> {
    let texts = child.family() == Family::Text && parent.family() == Family::Text;
    (texts && child.collation != parent.collation).then_some(Cast::Char)
}

/// The cast for a whole number and a text; none for other columns.
pub(crate) fn number_cast(child: &Column, parent: &Column) -> Option<Cast> {
    match (child.family(), parent.family()) {
        (Family::Text, Family::Exact) if parent.integer() => Some(sign(parent)),
        (Family::Exact, Family::Text) if child.integer() => Some(Cast::Char),
        _ => None,
    }
}

/// The cast that makes a text comparable with the numbers of the parent.
fn sign(parent: &Column) -> Cast {
    if parent.column_type.contains("unsigned") { Cast::Unsigned } else { Cast::Signed }
}

fn castable(cast: Cast, parent: &Column) -> Result<(), Wrong> {
    let fits = match cast {
        Cast::Unsigned | Cast::Signed => parent.family() == Family::Exact,
        Cast::Char => parent.family() == Family::Text,
        Cast::Uuid => matches!(parent.family(), Family::Text | Family::Binary),
        Cast::Json | Cast::List => matches!(parent.family(), Family::Text | Family::Exact),
    };
    if fits { Ok(()) } else { Err(("cannot be joined by this cast".to_owned(), None)) }
}
