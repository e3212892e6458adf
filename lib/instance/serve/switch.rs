//! The switch: puts a generation in the place of the one that answers at the target's port.
//!
//! ```text
//! write the new generation's name to state.next     from here on the next run finishes or reverts the switch of a killed run
//! start the new server, and halt it (SIGSTOP) when it has read its data and before it takes the port
//! tell the old server to stop                       the port is down from here …
//! when the port is free: let the new server go on, and log in to it as the developer                    … to here
//! wait until the old server has ended; write state.current    the switch itself: one rename of state.json
//! ```
//!
//! If a step fails, the last one included, the old server is started again. A failure after that (to write the developer's
//! `client.cnf`) is a warning. [`repair`] ends the switch of a killed run: the new server stays if it answers, else the old one
//! comes back.

use std::path::Path;
use std::time::{Duration, Instant};

use super::Serving;
use super::accounts::Accounts;
use crate::engine::{self, Starting};
use crate::house::{Cancel, House};
use crate::instance::error::Error;
use crate::instance::home::{TargetPlace, TargetState};

/// Bytes that a server writes when it starts: for its temporary tablespaces and for recovery.
const START_BYTES: u64 = 32 << 20;

/// Puts a generation in the place of the one in use. Returns how long nobody answered at the port.
pub(crate) fn switch(
    house: &House,
    place: &mut TargetPlace<'_>,
    to: &str,
    accounts: &Accounts,
) -> Result<Duration, Error> {
    let before = place.state.clone();
    let ran = before.current.as_ref().is_some_and(|old| engine::listens_at(&place.data(old), before.port));
    let bind = before.generations.get(to).map_or("", |generation| generation.bind.as_str());
    if !ran && super::stays_taken(bind, before.port) {
        return Err(Error::PortTaken { target: place.name.clone(), port: before.port });
    }
    if let Some(next) = serving(place, to) {
        next.check_program()?;
    }
    // Without room for a server's start neither the new nor the old server would come up.
    place.home.refuse_full(START_BYTES)?;
    place.state.next = Some(to.to_owned());
    let _held = house.hold();
    // From here on no signal interrupts: the switch is short, and half a switch is worse than none.
    match exchange(house, place, to, accounts) {
        Ok(down) => {
            write_client(house, place);
            Ok(down)
        }
        Err(e) => {
            revert(house, place, before, to, ran);
            Err(e)
        }
    }
}

fn exchange(
    house: &House,
    place: &mut TargetPlace<'_>,
    to: &str,
    accounts: &Accounts,
) -> Result<Duration, Error> {
    place.save()?;
    let old = place.state.current.as_ref().map(|old| place.data(old));
    let mut coming = begin(place, to, accounts)?;
    if old.as_ref().is_some_and(|old| !engine::running(old).is_empty()) {
        // Most faults of the new server show here, while the old one still answers.
        coming.hold()?;
    }
    let began = Instant::now();
    let served = old.as_ref().map_or(Ok(()), |old| leave(place, old, to));
    let served = served.and_then(|()| serve(house, place, to, accounts, coming));
    let down = began.elapsed();
    // The old server must have ended in any case: before it is started again, and before it is kept for `undo`.
    let ended = old.map_or(Ok(()), |old| engine::stop(&old).map(drop));
    served?;
    // The new server answers. So an old one that does not end is only a warning.
    if let Err(e) = ended {
        house.progress.warn(&format!(
            "{}: the new instance is in use, and the old one stays: {}",
            place.name,
            said(&e)
        ));
    }
    commit(place, to)?;
    Ok(down)
}

/// Makes the old server leave the port. It may still write its data while the new one starts: they share no files.
fn leave(place: &TargetPlace<'_>, old: &Path, to: &str) -> Result<(), Error> {
    let bind = place.state.generations.get(to).map_or("", |generation| generation.bind.as_str());
    engine::tell_to_stop(old)?;
    if super::stays_taken(bind, place.state.port) {
        engine::stop(old)?;
    }
    Ok(())
}

/// Begins to start a generation at the port, without waiting for an answer.
fn begin(place: &TargetPlace<'_>, name: &str, accounts: &Accounts) -> Result<Starting, Error> {
    let serving = known(place, name)?;
    // Two servers must never work on one data directory.
    let data = place.data(name);
    if !engine::running(&data).is_empty() {
        return Err(engine::Error::StillAlive { data }.into());
    }
    serving.begin_at_port(&accounts.configured, true)
}

fn serve(
    house: &House,
    place: &TargetPlace<'_>,
    name: &str,
    accounts: &Accounts,
    coming: Starting,
) -> Result<(), Error> {
    coming.answers(&Cancel::default())?;
    let serving = known(place, name)?;
    serving.prove()?;
    accounts.carry(house, &serving)
}

fn known<'a>(place: &'a TargetPlace<'a>, name: &'a str) -> Result<Serving<'a>, Error> {
    let nothing = || Error::Nothing { target: place.name.clone(), what: "no such generation" };
    serving(place, name).ok_or_else(nothing)
}

fn serving<'a>(place: &'a TargetPlace<'a>, name: &'a str) -> Option<Serving<'a>> {
    let generation = place.state.generations.get(name)?;
    Some(Serving { place, name, generation })
}

/// Records the new generation as in use, by one rename of `state.json`: the switch itself.
fn commit(place: &mut TargetPlace<'_>, to: &str) -> Result<(), Error> {
    let old = place.state.current.replace(to.to_owned());
    if old.as_deref() != Some(to) {
        place.state.previous = old;
    }
    place.state.next = None;
    place.state.up = true;
    place.save()
}

/// Writes the developer's option file. A switch changes only the public key's path in it, so a failure is a warning; the next run
/// writes the file.
fn write_client(house: &House, place: &TargetPlace<'_>) {
    if let Err(e) = place.write_client() {
        house.progress.warn(&format!("{}: its client.cnf is as it was: {}", place.name, said(&e)));
    }
}

/// Starts the old server again, then restores `state.json`. In this order, since the next run repairs a wrong file, but nobody
/// starts a server that is down. Failures here are warnings: the caller returns the error of the switch.
fn revert(house: &House, place: &mut TargetPlace<'_>, before: TargetState, to: &str, ran: bool) {
    let warn = |name: &str, what: &str, e: &Error| {
        house.progress.warn(&format!("{name}: {what}: {}", said(e)));
    };
    if before.current.as_deref() != Some(to)
        && let Err(e) = engine::stop(&place.data(to))
    {
        warn(&place.name, "the new instance does not stop", &e.into());
    }
    place.state = before;
    if let Some(old) = place.state.current.as_ref().filter(|_| ran) {
        let runs = serving(place, old).is_some_and(|old| old.answers());
        match if runs { Ok(()) } else { again(house, place, old) } {
            Ok(()) => house.progress.say(&format!("{}: the old instance serves on", place.name)),
            Err(e) => warn(&place.name, "the old instance does not start", &e),
        }
    }
    if let Err(e) = place.save() {
        let what = "that the switch is reverted is not written down; dev-restore status --repair does it";
        warn(&place.name, what, &e);
    }
}

/// Starts the generation that was in use before, at the port.
fn again(house: &House, place: &TargetPlace<'_>, old: &str) -> Result<(), Error> {
    let none = Accounts::default();
    let coming = begin(place, old, &none)?;
    serve(house, place, old, &none, coming)
}

/// Formats an error with its cause, for a warning.
fn said(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}

/// Does [`finish`] and [`raise`]. Returns what was done, in words, if anything.
pub(crate) fn repair(house: &House, place: &mut TargetPlace<'_>) -> Result<Option<String>, Error> {
    let mut done: Vec<&str> = finish(house, place)?.into_iter().collect();
    if raise(house, place)? {
        done.push("the instance is started");
    }
    Ok((!done.is_empty()).then(|| done.join("; ")))
}

/// Finishes or reverts an interrupted switch. Removes generations that are not in the state, and stops the previous one, which a
/// killed run may have left running. Returns what was done with the switch, in words.
pub(crate) fn finish(house: &House, place: &mut TargetPlace<'_>) -> Result<Option<&'static str>, Error> {
    let mut done = None;
    if let Some(next) = place.state.next.clone() {
        if serving(place, &next).is_some_and(|next| next.answers() && next.prove().is_ok()) {
            if let Some(old) = place.state.current.clone().filter(|old| *old != next) {
                engine::stop(&place.data(&old))?;
            }
            commit(place, &next)?;
            done = Some("the switch that was interrupted is finished");
        } else {
            engine::stop(&place.data(&next))?;
            place.state.next = None;
            place.save()?;
            done = Some("the switch that was interrupted is reverted");
        }
    }
    place.sweep()?;
    if let Some(previous) = &place.state.previous {
        engine::stop(&place.data(previous))?;
    }
    if let Some(done) = done {
        house.progress.say(&format!("{}: {done}", place.name));
    }
    Ok(done)
}

/// Starts the instance if it is meant to be up and does not answer. Returns whether it was started.
pub(crate) fn raise(house: &House, place: &TargetPlace<'_>) -> Result<bool, Error> {
    let Some(current) = Serving::in_use(place) else { return Ok(false) };
    // A server that runs and does not answer there is stopping, or a killed run worked on it behind its socket.
    let at_port = current.answers();
    if !at_port {
        engine::stop(&place.data(current.name))?;
    }
    let starts = place.state.up && !at_port;
    if starts {
        if super::stays_taken(&current.generation.bind, place.state.port) {
            return Err(Error::PortTaken { target: place.name.clone(), port: place.state.port });
        }
        current.check_program()?;
        current.start_at_port("", &Cancel::default())?;
        house.progress.say(&format!("{}: the instance is started", place.name));
    }
    write_client(house, place);
    Ok(starts)
}
