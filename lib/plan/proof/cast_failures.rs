//! Counts values that a declared cast cannot read. They refer to nothing, and a person should know.
//!
//! In: finished key tables. Out: for each relation with a cast, how many kept values are neither empty nor readable.

use crate::house::House;
use crate::mysql::Session;
use crate::plan::closure::conditions::kept_rows;
use crate::plan::closure::pool::share_out;
use crate::plan::error::Error;
use crate::plan::rules::blueprint::{Blueprint, RowsFrom};
use crate::plan::rules::cast;
use crate::plan::rules::edge::Edge;

/// Number of each relation with such values, and how many there are.
pub(crate) fn count(
    house: &House,
    sessions: &mut [Session],
    blueprint: &Blueprint,
    last_down: u64,
) -> Result<Vec<(usize, u64)>, Error> {
    let with_cast = |edge: &&Edge| edge.cast.is_some() && blueprint.kept(edge.child) != RowsFrom::Nothing;
    let edges: Vec<&Edge> = blueprint.edges.iter().filter(with_cast).collect();
    let counts = share_out(sessions, edges, |session, edge| {
        house.cancel.check()?;
        let deed =
            format!("looking for values of {} that cannot be read", edge.child_label(&blueprint.catalog));
        let mut rows = 0;
        for question in questions(blueprint, edge, last_down) {
            rows += session.first::<u64>(&deed, &question)?.unwrap_or_default();
        }
        Ok((edge.number, rows))
    })?;
    Ok(counts.into_iter().filter(|(_, rows)| *rows > 0).collect())
}

/// One warning for each relation with such values.
pub(crate) fn warnings(blueprint: &Blueprint, unread: &[(usize, u64)]) -> Vec<String> {
    let told = unread.iter().map(|(number, rows)| {
        let edge = &blueprint.edges[number - 1];
        format!(
            "{rows} value(s) of {} cannot be read with cast = \"{}\" and refer to nothing",
            edge.child_label(&blueprint.catalog),
            edge.cast.map_or("", cast::Cast::word)
        )
    });
    told.collect()
}

fn questions(blueprint: &Blueprint, edge: &Edge, last_down: u64) -> Vec<String> {
    let words = blueprint.words();
    let plain = Edge { cast: None, ..edge.clone() };
    let with = |edge: &Edge, unread: &str| {
        let filter = edge.filter.as_deref().map_or("TRUE", |filter| filter);
        let edge = Edge { filter: Some(format!("({filter}) AND {unread}")), ..edge.clone() };
        let (from, kept) = kept_rows(blueprint, words, &edge, last_down);
        format!("SELECT COUNT(*) FROM {from} WHERE {kept}")
    };
    let whole = words.unreadable(edge).into_iter().map(|unread| with(edge, &unread));
    let documents = words.no_documents(edge).into_iter().map(|unread| with(&plain, &unread));
    whole.chain(documents).collect()
}
