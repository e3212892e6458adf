//! Swaps a target's database with the one before the last refresh. A second undo swaps them again.
//!
//! In: a target with a `<db>__previous`. Out: the two databases have changed places; after a refresh with `--only`, only its
//! tables have.

use jiff::Timestamp;

use super::error::Error;
use super::options::UndoOptions;
use super::swap;
use super::target::DevTarget;
use crate::document::{Document, Done, Refresh, RefreshState};
use crate::house::House;
use crate::mysql::Access;
use crate::restore::swap::lock::Holder;
use crate::restore::swap::record::SwapPlan;
use crate::restore::swap::sync_objects::Contents;
use crate::restore::swap::{part, state, stored};

/// Swaps a target's database, or the tables of the last `--only`, with `<db>__previous`.
pub fn undo(house: &House, document: &mut Document, options: &UndoOptions) -> Result<Done, Error> {
    let target = DevTarget::of(&house.config, options.target.get(), &Access::of(house, &options.login))?;
    let mut holder = Holder::take(house, &target, options.wait)?;
    if !house.dry_run
        && let Some(done) = swap::repair(&mut holder, &target)?
    {
        house.progress.say(&done);
    }
    let session = &mut holder.session;
    let previous = target.previous();
    let nothing = |why| Err(Error::NothingToUndo { previous: previous.clone(), why });
    match state::stage(session, &previous)? {
        state::Stage::Previous => {}
        state::Stage::Absent => return nothing("is not there"),
        state::Stage::Empty => return nothing("is empty"),
        // Only a dry run finds such a stage here: any other run has repaired it above.
        state::Stage::Before | state::Stage::After => {
            return nothing(
                "waits for a refresh that was interrupted: dev-restore status --repair finishes or reverts it",
            );
        }
        state::Stage::Foreign => return Err(Error::NotOurs { database: previous }),
    }
    let mut live = Contents::read(session, &target.database)?;
    let mut incoming = Contents::kept(session, &previous)?;
    let only = part::last(session, &previous)?;
    if incoming.tables.is_empty() && only.is_empty() {
        return nothing("has no tables: the refresh was the first");
    }
    if house.dry_run {
        let what = if only.is_empty() { String::new() } else { format!("{} of ", only.join(", ")) };
        house.progress.say(&format!("would swap {what}{} and {previous}", target.database));
        return Ok(Done::default());
    }
    stored::recall(session, &mut incoming)?;
    if !only.is_empty() {
        (live, incoming) = part::cut_for_undo(session, &only, live, incoming)?;
    }
    // A later run that finds this table knows that a swap was begun. The tables in use pass through the staging database.
    state::create(session, &previous, state::BEFORE)?;
    state::create_database(session, &target.staging(), &live.collation)?;
    let history = serde_json::json!({"at": Timestamp::now(), "undo": true, "only": only});
    let plan = SwapPlan::undo(&target, live, incoming, history.to_string());
    match swap::swap(house, &mut holder, &target, &plan) {
        Ok(told) => told.iter().for_each(|told| house.progress.warn(told)),
        Err(e) => {
            if !matches!(e, Error::Unfinished { .. }) {
                // Nothing was swapped: repair() drops the state table and the staging database. If it cannot, the next run does,
                // and a person is told of the error that came first.
                if let Err(second) = swap::repair(&mut holder, &target) {
                    house.progress.warn(&format!("and what the undo began was not cleared away: {second}"));
                }
            }
            return Err(e);
        }
    }
    document.refresh = Some(Refresh {
        target: target.name.clone(),
        database: target.database.clone(),
        state: Some(RefreshState::Replaced),
        previous: Some(previous),
        only,
        ..Refresh::default()
    });
    Ok(Done::saying(format!("{} <- what it was before", target.name)))
}
