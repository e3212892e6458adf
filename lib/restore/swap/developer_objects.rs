//! Keeps the objects that a developer made in the database in use after a swap was planned: a repair leaves them alone.
//!
//! In: the plan of a swap, the objects that the swap wants. Out: those objects, and the developer's objects that the swap must
//! not drop or replace.

use super::objects::{self, Object};
use super::record::SwapPlan;
use crate::mysql::Session;
use crate::restore::error::Error;

/// Returns `wanted` and the objects that the plan does not name: they were made after it.
pub(crate) fn beside(
    session: &mut Session,
    plan: &SwapPlan,
    wanted: &[Object],
) -> Result<Vec<Object>, Error> {
    let existing = objects::read(session, &plan.live.database)?;
    let planned = |object: &Object| {
        named(&plan.live.objects, object).is_some() || named(&plan.incoming.objects, object).is_some()
    };
    let own = existing.into_iter().filter(|object| !planned(object));
    Ok(wanted.iter().cloned().chain(own).collect())
}

/// Returns all objects that are there, unchanged, and those of `wanted` that are missing. For a swap that was not done: it has at
/// most dropped objects.
pub(crate) fn only_missing(
    session: &mut Session,
    plan: &SwapPlan,
    wanted: &[Object],
) -> Result<Vec<Object>, Error> {
    let existing = objects::read(session, &plan.live.database)?;
    // In the order of the plan, in which the triggers fire.
    let mut all: Vec<Object> =
        wanted.iter().map(|object| named(&existing, object).unwrap_or(object).clone()).collect();
    let own: Vec<Object> = existing.into_iter().filter(|object| named(&all, object).is_none()).collect();
    all.extend(own);
    Ok(all)
}

fn named<'a>(objects: &'a [Object], like: &Object) -> Option<&'a Object> {
    objects.iter().find(|object| object.kind == like.kind && object.name == like.name)
}
