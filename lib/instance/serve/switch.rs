//! The switch: which generation answers at the target's port.
//!
//! ```text
//! write down which one comes (state.next)        from here on a killed run is finished or reverted by the next
//! start the new one, and halt it (SIGSTOP) when it has read its data and before it wants the port
//! tell the old one to stop                       the port is down from here …
//! when it has left the port: let the new one go on, and log in there as the developer                  … to here
//! wait until the old one has ended; write down that the new one is in use   the switch: one rename of state.json
//! ```
//!
//! If any of it fails, the last step included, the old one is started again. What comes after (the developer's `client.cnf`) only
//! warns. [`repair`] finishes what a killed run began: if the new one answers, it stays, or else the old one
//! comes back.

use std::path::Path;
use std::time::{Duration, Instant};

use super::Serving;
use super::accounts::Accounts;
use crate::engine::{self, Starting};
use crate::house::{Cancel, House};
use crate::instance::error::Error;
use crate::instance::home::{TargetPlace, TargetState};

/// What a server writes when it starts: its temporary tablespaces, and what recovery takes.
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
    // Without room for what a server makes when it starts, neither the new one nor the old one would come up.
    place.home.refuse_full(START_BYTES)?;
    place.state.next = Some(to.to_owned());
    let _held = house.hold();
    // From here on nothing is interrupted: it is over in a moment, and half of it is worse than either end.
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
        // Most of what can be wrong with the new one shows here, while the old one still answers.
        coming.hold()?;
    }
    let began = Instant::now();
    let served = old.as_ref().map_or(Ok(()), |old| leave(place, old, to));
    let served = served.and_then(|()| serve(house, place, to, accounts, coming));
    let down = began.elapsed();
    // Whatever came of the new one: the old one must have ended before anybody starts it again or keeps it for an undo.
    let ended = old.map_or(Ok(()), |old| engine::stop(&old).map(drop));
    served?;
    // The new one answers, so an old one that does not end is worth a warning, and no reason to go back to it.
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

/// Has the old one leave the port. What it still has to write it writes while the new one goes on: they share nothing.
fn leave(place: &TargetPlace<'_>, old: &Path, to: &str) -> Result<(), Error> {
    let bind = place.state.generations.get(to).map_or("", |generation| generation.bind.as_str());
    engine::tell_to_stop(old)?;
    if super::stays_taken(bind, place.state.port) {
        engine::stop(old)?;
    }
    Ok(())
}

/// Begins to start a generation at the port, and does not wait until it answers.
fn begin(place: &TargetPlace<'_>, name: &str, accounts: &Accounts) -> Result<Starting, Error> {
    let serving = known(place, name)?;
    // Two servers never work on one directory.
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

/// The switch itself: one rename of `state.json`.
fn commit(place: &mut TargetPlace<'_>, to: &str) -> Result<(), Error> {
    let old = place.state.current.replace(to.to_owned());
    if old.as_deref() != Some(to) {
        place.state.previous = old;
    }
    place.state.next = None;
    place.state.up = true;
    place.save()
}

/// Writes the developer's option file. Only the path of the server's public key changes in it with a switch: a failure is a warning, and
/// the next run writes it.
fn write_client(house: &House, place: &TargetPlace<'_>) {
    if let Err(e) = place.write_client() {
        house.progress.warn(&format!("{}: its client.cnf is as it was: {}", place.name, said(&e)));
    }
}

/// Starts the old one again, and then writes down that it is in use: what is written wrong, the next run mends, but a server that is
/// down, nobody starts. What fails here is a warning: the error is what made the switch fail.
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

/// Starts the one that was there before.
fn again(house: &House, place: &TargetPlace<'_>, old: &str) -> Result<(), Error> {
    let none = Accounts::default();
    let coming = begin(place, old, &none)?;
    serve(house, place, old, &none, coming)
}

/// An error with what caused it, for a warning.
fn said(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}

/// Finishes or reverts what a killed run left behind, and starts what is to be up. Returns what was done, in words.
pub(crate) fn repair(house: &House, place: &mut TargetPlace<'_>) -> Result<Option<String>, Error> {
    let mut done: Vec<&str> = finish(house, place)?.into_iter().collect();
    if raise(house, place)? {
        done.push("the instance is started");
    }
    Ok((!done.is_empty()).then(|| done.join("; ")))
}

/// Finishes or reverts a switch that was interrupted. Removes generations that the state does not know, and stops the previous one,
/// which a kill may have left running.
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

/// Starts what is to be up and is not. Returns whether it did.
pub(crate) fn raise(house: &House, place: &TargetPlace<'_>) -> Result<bool, Error> {
    let Some(current) = Serving::in_use(place) else { return Ok(false) };
    // One that runs all the same is stopping, or a killed run worked on it behind its socket.
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
