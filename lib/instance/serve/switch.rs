//! The switch: which generation answers at the target's port.
//!
//! ```text
//! write down which one comes (state.next)        from here on a killed run is finished or reverted by the next
//! stop the old one                               the port is down from here …
//! start the new one at the port, log in from outside          … to here
//! write down that it is in use                   the switch: one rename
//! ```
//!
//! Whatever fails in between, the old one is started again. [`repair`] finishes what a killed run began: if the new one answers, it
//! stays, or else the old one comes back.

use std::time::{Duration, Instant};

use super::Serving;
use crate::engine;
use crate::house::{Cancel, House};
use crate::instance::error::Error;
use crate::instance::home::Place;

/// Puts a generation in the place of the one in use. Returns how long nobody answered at the port.
pub(crate) fn switch(
    house: &House,
    place: &mut Place<'_>,
    to: &str,
    accounts: &str,
) -> Result<Duration, Error> {
    let old = place.state.current.clone();
    let ran = old.as_ref().is_some_and(|old| engine::listens_at(&place.data(old), place.state.port));
    let bind = place.state.generations.get(to).map_or("", |generation| generation.bind.as_str());
    if !ran && super::is_taken(bind, place.state.port) {
        return Err(Error::PortTaken { target: place.name.clone(), port: place.state.port });
    }
    place.state.next = Some(to.to_owned());
    place.save()?;
    let began = Instant::now();
    if let Some(old) = &old {
        engine::stop(&place.data(old));
    }
    if let Err(e) = serve(place, to, accounts) {
        engine::stop(&place.data(to));
        revert(house, place, ran)?;
        return Err(e);
    }
    let down = began.elapsed();
    commit(place, to)?;
    Ok(down)
}

/// From here on nothing is interrupted: it is over in a moment, and half of it is worse than either end.
fn serve(place: &Place<'_>, name: &str, accounts: &str) -> Result<(), Error> {
    let nothing = Error::Nothing { target: place.name.clone(), what: "no such generation" };
    serving(place, name).ok_or(nothing)?.start_at_port(accounts, &Cancel::default())
}

fn serving<'a>(place: &'a Place<'a>, name: &'a str) -> Option<Serving<'a>> {
    let generation = place.state.generations.get(name)?;
    Some(Serving { place, name, generation })
}

fn commit(place: &mut Place<'_>, to: &str) -> Result<(), Error> {
    let old = place.state.current.replace(to.to_owned());
    if old.as_deref() != Some(to) {
        place.state.previous = old;
    }
    place.state.next = None;
    place.state.up = true;
    place.save()?;
    place.write_client()
}

fn revert(house: &House, place: &mut Place<'_>, ran: bool) -> Result<(), Error> {
    place.state.next = None;
    place.save()?;
    let Some(old) = place.state.current.clone().filter(|_| ran) else { return Ok(()) };
    serve(place, &old, "")?;
    house.progress.say(&format!("{}: the old instance serves on", place.name));
    Ok(())
}

/// Finishes or reverts what a killed run left behind, and starts what is to be up. Returns what was done, in words.
pub(crate) fn repair(house: &House, place: &mut Place<'_>) -> Result<Option<String>, Error> {
    let mut done = Vec::new();
    if let Some(next) = place.state.next.clone() {
        if serving(place, &next).is_some_and(|next| next.answers() && next.prove().is_ok()) {
            if let Some(old) = place.state.current.clone().filter(|old| *old != next) {
                engine::stop(&place.data(&old));
            }
            commit(place, &next)?;
            done.push("the switch that was interrupted is finished");
        } else {
            engine::stop(&place.data(&next));
            place.state.next = None;
            place.save()?;
            done.push("the switch that was interrupted is reverted");
        }
    }
    place.sweep()?;
    if let Some(previous) = &place.state.previous {
        engine::stop(&place.data(previous));
    }
    let Some(current) = place.state.current.clone() else { return Ok(words(&done)) };
    // One that runs and does not answer is on its way down, or up for a run that was killed.
    let at_port = serving(place, &current).is_some_and(|current| current.answers());
    if !at_port {
        engine::stop(&place.data(&current));
    }
    if place.state.up && !at_port {
        let bind = place.state.generations.get(&current).map_or("", |generation| generation.bind.as_str());
        if super::is_taken(bind, place.state.port) {
            return Err(Error::PortTaken { target: place.name.clone(), port: place.state.port });
        }
        serve(place, &current, "")?;
        done.push("the instance is started");
    }
    place.write_client()?;
    let done = words(&done);
    if let Some(done) = &done {
        house.progress.say(&format!("{}: {done}", place.name));
    }
    Ok(done)
}

fn words(done: &[&str]) -> Option<String> {
    (!done.is_empty()).then(|| done.join("; "))
}
