//! An instance class that the service has a machine of: the next one of the list if it has none of the first.
//!
//! In: the classes, and a create call for one. Out: what was created. No availability zone is ever named, so that "no
//! machine" means in none of the subnet group's zones.

use super::Error;
use super::api::FaultClass;
use super::desk::Desk;

/// Creates with the first class of which there is a machine.
pub fn first_free<T>(
    desk: &Desk<'_>,
    classes: &[String],
    mut create: impl FnMut(&str) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut classes = classes.iter();
    let Some(mut class) = classes.next() else {
        return Err(Error::Missing("set [restore] instance_class in refresh.toml: its list is empty"));
    };
    loop {
        match (create(class), classes.next()) {
            (Err(Error::Call(fault)), Some(next)) if fault.class == FaultClass::Capacity => {
                desk.house.progress.warn(&format!("{fault}; trying {next} instead of {class}"));
                class = next;
            }
            (outcome, _) => return outcome,
        }
    }
}
