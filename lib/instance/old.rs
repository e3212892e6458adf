//! The instance that a refresh replaces, as long as something is read from it.
//!
//! In: a place, a target. Out: our connection to the server in use, started for us alone where it was down.

use std::path::PathBuf;

use super::error::Error;
use super::home::TargetPlace;
use super::serve::Serving;
use super::target::InstanceTarget;
use crate::engine;
use crate::house::House;
use crate::mysql::Session;

/// The instance that is to be replaced, as long as something is read from it. One that was down and runs for us alone is stopped
/// whatever happens.
pub(super) struct Old {
    pub(super) session: Option<Session>,
    /// The data directory of one that was down.
    started: Option<PathBuf>,
}

impl Old {
    pub(super) fn of(house: &House, place: &TargetPlace<'_>, target: &InstanceTarget) -> Result<Self, Error> {
        let mut old = Self { session: None, started: None };
        let Some(serving) = Serving::in_use(place) else { return Ok(old) };
        if !serving.runs() {
            old.started = Some(place.data(serving.name));
            if let Err(e) = serving.start_privately(&house.cancel) {
                house.cancel.check()?;
                if needs_old(target) {
                    return Err(e);
                }
                house.progress.warn(&format!(
                    "the old instance of {} does not start, so its accounts are not carried: {e}",
                    target.name
                ));
                return Ok(old);
            }
            serving.lock_loader()?;
        }
        old.session = Some(serving.admin().connect()?);
        Ok(old)
    }

    /// A lock is held as long as its connection is: asks whether it is. Without one the connection ends, since MySQL waits two
    /// seconds for whoever is still there when it is told to stop.
    pub(super) fn before_the_switch(&mut self, locked: bool) -> Result<(), Error> {
        match self.session.as_mut().filter(|_| locked) {
            Some(session) => {
                session.first::<i64>("asking whether the old instance is still locked", "SELECT 1")?;
            }
            None => self.session = None,
        }
        Ok(())
    }
}

impl Drop for Old {
    fn drop(&mut self) {
        self.session = None;
        if let Some(data) = &self.started {
            // One that does not end is found and told by the next run.
            let _ = engine::stop(data);
        }
    }
}

/// Whether there is something in the old instance that nobody can do without.
pub(super) fn needs_old(target: &InstanceTarget) -> bool {
    !target.settings.preserve.is_empty()
}
