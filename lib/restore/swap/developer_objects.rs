//! What a developer made in the database in use after a swap was planned: a repair leaves it alone.
//!
//! In: the plan of a swap, the objects that the database is to have. Out: those, together with what is not the swap's
//! to drop or replace.

use super::objects::{self, Object};
use super::record::SwapPlan;
use crate::mysql::Session;
use crate::restore::error::Error;

/// `wanted`, and what the plan does not name: it was not there when the swap was planned.
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

/// What is there as it is, and of `wanted` what is missing: for a database whose objects a swap at most set aside.
pub(crate) fn only_missing(
    session: &mut Session,
    plan: &SwapPlan,
    wanted: &[Object],
) -> Result<Vec<Object>, Error> {
    let existing = objects::read(session, &plan.live.database)?;
    // In the order of the plan, which is that in which triggers fire.
    let mut all: Vec<Object> =
        wanted.iter().map(|object| named(&existing, object).unwrap_or(object).clone()).collect();
    let own: Vec<Object> = existing.into_iter().filter(|object| named(&all, object).is_none()).collect();
    all.extend(own);
    Ok(all)
}

fn named<'a>(objects: &'a [Object], like: &Object) -> Option<&'a Object> {
    objects.iter().find(|object| object.kind == like.kind && object.name == like.name)
}
