//! Orders an instance of the first class in a list of which the service has a machine.
//!
//! ```text
//! create: no capacity            -> the next class at once
//! wait: insufficient-capacity    -> delete the instance, the next class
//! ```
//!
//! In: the classes, and a create call for one. Out: an instance that is available. No availability zone is ever named, so
//! that "no machine" means in none of the subnet group's zones.

use crate::aws::FaultClass;
use crate::document::{Document, ResourceKind};
use crate::rds::api::Thing;
use crate::rds::desk::Desk;
use crate::rds::drop::owed::PendingDeletion;
use crate::rds::error::Error;
use crate::rds::guard::removal;
use crate::rds::poll::Patience;
use crate::rds::poll::states::NO_MACHINE;

/// An instance that was ordered, and the classes that were not tried for that instance yet.
#[derive(Debug)]
pub(crate) struct Ordered<'a> {
    id: String,
    left: &'a [String],
}

/// Orders an instance of the first class of which there is a machine.
pub(crate) fn order<'a>(
    desk: &Desk<'_>,
    id: &str,
    classes: &'a [String],
    mut create: impl FnMut(&str) -> Result<Thing, Error>,
) -> Result<Ordered<'a>, Error> {
    let Some((mut class, mut left)) = classes.split_first() else {
        return Err(Error::Missing("set [restore] instance_class in refresh.toml: its list is empty"));
    };
    loop {
        match (create(class), left.split_first()) {
            (Ok(_), _) => return Ok(Ordered { id: id.to_owned(), left }),
            (Err(Error::Call(fault)), Some((next, rest))) if fault.class == FaultClass::Capacity => {
                desk.house.progress.warn(&format!("{fault}; trying {next} instead of {class}"));
                (class, left) = (next, rest);
            }
            (Err(error), _) => return Err(error),
        }
    }
}

/// Waits for an ordered instance. The service may find out late that it has no machine: then that instance is deleted, and the
/// next class is ordered.
pub(crate) fn wait(
    desk: &Desk<'_>,
    document: &mut Document,
    ordered: Ordered<'_>,
    patience: Patience,
    mut create: impl FnMut(&mut Document, &str) -> Result<Thing, Error>,
) -> Result<Thing, Error> {
    let Ordered { id, mut left } = ordered;
    loop {
        let error = match desk.wait_usable(ResourceKind::Instance, &id, patience) {
            Ok(thing) => return Ok(thing),
            Err(error) => error,
        };
        match (&error, left.split_first()) {
            (Error::Terminal { status, .. }, Some((next, _))) if status == NO_MACHINE => {
                desk.house.progress.warn(&format!("{error}; trying {next}"));
            }
            _ => return Err(error),
        }
        removal::take_back(desk, &PendingDeletion::of(document, ResourceKind::Instance, &id))?;
        left = order(desk, &id, left, |class| create(document, class))?.left;
    }
}
