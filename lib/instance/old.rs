//! The instance that a refresh replaces, as long as the refresh reads from it.
//!
//! In: a place, a target. Out: our connection to the server in use. If it was down, it is started behind its socket alone.

use std::path::PathBuf;

use super::error::Error;
use super::home::TargetPlace;
use super::serve::Serving;
use super::target::InstanceTarget;
use crate::engine;
use crate::house::House;
use crate::mysql::Session;

/// The instance that is to be replaced, with our connection to it. A server that was started for this is stopped on drop.
pub(super) struct Old {
    pub(super) session: Option<Session>,
    /// The data directory of a server that was started for this.
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

    /// If the old instance is locked, checks that the connection is still there, since the lock ends with it. Otherwise closes
    /// the connection: a MySQL server that is told to stop waits two seconds for clients that are still connected.
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
            // A server that does not end is stopped, or reported, by the next run.
            let _ = engine::stop(data);
        }
    }
}

/// True when the target has `preserve`: rows of the old instance are then needed.
pub(super) fn needs_old(target: &InstanceTarget) -> bool {
    !target.settings.preserve.is_empty()
}
