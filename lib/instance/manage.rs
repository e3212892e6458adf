//! Commands on an existing instance: `undo`, `reset`, `up`, `down`, `drop`, and the repair of `status`.

use std::fs;
use std::io::ErrorKind;
use std::time::Duration;

use jiff::Timestamp;

use super::error::Error;
use super::home::{Generation, InstanceHome, Lock, TargetPlace, remove};
use super::options::{InstanceDropOptions, SomeOptions};
use super::serve::accounts::Accounts;
use super::serve::switch::{finish, raise, repair, switch};
use super::serve::unit::{hand_over, let_go};
use super::serve::{Serving, connected};
use super::target::InstanceTarget;
use crate::document::{Document, Done, Refresh, RefreshState};
use crate::engine;
use crate::house::House;

/// Switches to the generation that was in use before the last switch.
pub(crate) fn undo(house: &House, document: &mut Document, target: &InstanceTarget) -> Result<Done, Error> {
    let (home, _lock) = locked(house, target)?;
    let mut place = opened(house, &home, target)?;
    if !house.dry_run {
        repair(house, &mut place)?;
    }
    let nothing = Error::Nothing { target: target.name.clone(), what: "nothing to go back to" };
    let previous = place.state.previous.clone().ok_or(nothing)?;
    if house.dry_run {
        house.progress.say(&format!("would serve {}", place.generation(&previous).display()));
        return Ok(Done::default());
    }
    let down = switch(house, &mut place, &previous, &Accounts::default())?;
    tell(document, &place);
    Ok(Done::saying(format!("{} <- what it was before; {}", target.name, was_down(down))))
}

/// Switches to a new copy of the data as it was right after the last refresh.
pub(crate) fn reset(house: &House, document: &mut Document, target: &InstanceTarget) -> Result<Done, Error> {
    let (home, _lock) = locked(house, target)?;
    let mut place = opened(house, &home, target)?;
    if !house.dry_run {
        repair(house, &mut place)?;
    }
    let nothing = |what| Error::Nothing { target: target.name.clone(), what };
    let (current, generation) = place.state.in_use().ok_or(nothing("no instance yet"))?;
    let (current, generation) = (current.to_owned(), generation.clone());
    if !generation.base {
        let what = "no state kept, since its file system shares no blocks between files: refresh it again";
        return Err(nothing(what));
    }
    if house.dry_run {
        house.progress.say(&format!("would serve what it was at {:.0}", generation.at));
        return Ok(Done::default());
    }
    let name = place.new_generation()?;
    let kept = place.generation(&current).join("base");
    place.home.make(&place.generation(&name))?;
    engine::copy_data(&kept, &place.data(&name), None, &house.cancel)?;
    place.home.give(&place.data(&name))?;
    let base = place.keep_base(&name, &house.cancel)?;
    let mut session = match Serving::in_use(&place).filter(Serving::runs) {
        Some(serving) => Some(serving.admin().connect()?),
        None => None,
    };
    let accounts = Accounts::of(house, target, session.as_mut())?;
    drop(session);
    place.state.generations.insert(name.clone(), Generation { base, ..generation });
    engine::sync_file_system(&place.dir)?;
    let down = switch(house, &mut place, &name, &accounts)?;
    place.sweep_or_warn(house);
    tell(document, &place);
    Ok(Done::saying(format!("{} <- what it was after its refresh; {}", target.name, was_down(down))))
}

/// Starts the named instance, or all that are meant to be up. A failure of one does not stop the others.
pub(crate) fn up(house: &House, options: &SomeOptions) -> Result<Done, Error> {
    let named = options.name.as_deref().or(options.target.as_deref());
    let mut started = Vec::new();
    let mut failed = None;
    for (home, target) in places(house, named)? {
        let outcome = start(house, &home, &target, named.is_some());
        keep_up(house, &target);
        match outcome {
            Ok(said) => started.extend(said),
            Err(e) if failed.is_none() => failed = Some(e),
            Err(e) => house.progress.warn(&format!("{} is not up: {e}", target.name)),
        }
    }
    if let Some(failed) = failed {
        return Err(failed);
    }
    let said = if started.is_empty() { "nothing is to be up".to_owned() } else { started.join(", ") };
    Ok(Done::saying(said))
}

fn start(
    house: &House,
    home: &InstanceHome,
    target: &InstanceTarget,
    wanted: bool,
) -> Result<Option<String>, Error> {
    let _lock = lock_of(house, home, target)?;
    let mut place = TargetPlace::look(home, &target.name)?;
    if !house.dry_run {
        finish(house, &mut place)?;
    }
    if place.state.current.is_none() {
        let nothing = Error::Nothing { target: target.name.clone(), what: "no instance yet" };
        return if wanted { Err(nothing) } else { Ok(None) };
    }
    if house.dry_run {
        if wanted || place.state.up {
            house.progress.say(&format!("{} would be up at port {}", target.name, place.state.port));
        }
        return Ok(None);
    }
    if wanted && !place.state.up {
        place.state.up = true;
        place.save()?;
    }
    raise(house, &place)?;
    Ok(place.state.up.then(|| format!("{} at port {}", target.name, place.state.port)))
}

/// Stops the server of an instance; its data stays.
pub(crate) fn down(house: &House, target: &InstanceTarget) -> Result<Done, Error> {
    let (home, _lock) = locked(house, target)?;
    let mut place = TargetPlace::look(&home, &target.name)?;
    if !house.dry_run {
        // An interrupted switch is ended first: that decides which generation is in use.
        finish(house, &mut place)?;
    }
    let nothing = Error::Nothing { target: target.name.clone(), what: "no instance yet" };
    let current = place.state.current.clone().ok_or(nothing)?;
    if house.dry_run {
        return Ok(Done::saying("dry run"));
    }
    place.state.up = false;
    // A failure to write `state.json`, as on a full disk, does not prevent the stop.
    if let Err(e) = place.save() {
        house.progress.warn(&format!("{} is up again after the next dev-restore up: {e}", target.name));
    }
    engine::stop(&place.data(&current))?;
    let_go(house, &target.name);
    Ok(Done::saying(format!("{} is down", target.name)))
}

/// Gives the server of an instance to its systemd unit, if the instance is meant to be up. Failures are only warnings.
pub(crate) fn keep_up(house: &House, target: &InstanceTarget) {
    if house.dry_run || house.cancel.requested().is_some() {
        return;
    }
    // If the place cannot be read, the command itself has reported that.
    if let Ok(Some(home)) = InstanceHome::existing(target)
        && let Ok(place) = TargetPlace::look(&home, &target.name)
    {
        hand_over(house, &place);
    }
}

/// Removes one instance, or all that have expired.
pub(crate) fn drop_some(house: &House, options: &InstanceDropOptions) -> Result<Done, Error> {
    if options.expired {
        return expire(house);
    }
    let name = options.name.as_deref().or(options.target.as_deref()).unwrap_or_default();
    let target = InstanceTarget::must(&house.config, name)?;
    let (home, lock) = locked(house, &target)?;
    if house.dry_run {
        house.progress.say(&format!("would remove {}", home.target(name).display()));
        return Ok(Done::saying("dry run"));
    }
    drop_one(&home, &target, options.force)?;
    let_go(house, name);
    std::mem::drop(lock);
    Ok(Done::saying(format!("{name} is gone")))
}

/// Removes expired instances to which nobody is connected. One that cannot be removed is a warning, and stays until the next run.
pub(crate) fn expire(house: &House) -> Result<Done, Error> {
    let mut gone = Vec::new();
    for (home, target) in places(house, None)? {
        let Some(length) = target.settings.expires else { continue };
        let Ok(_lock) = lock_of(house, &home, &target) else { continue };
        let place = TargetPlace::look(&home, &target.name)?;
        let Some((_, generation)) = place.state.in_use() else { continue };
        let age = Timestamp::now().duration_since(generation.at).unsigned_abs();
        if age < length.duration() {
            continue;
        }
        if house.dry_run {
            house.progress.say(&format!("would remove {}", target.name));
            continue;
        }
        match drop_one(&home, &target, false) {
            Ok(()) => {
                let_go(house, &target.name);
                gone.push(target.name);
            }
            Err(e) => house.progress.warn(&format!("{} stays: {e}", target.name)),
        }
    }
    let said = if gone.is_empty() {
        "nothing is expired".to_owned()
    } else {
        format!("removed {}", gone.join(", "))
    };
    Ok(Done::saying(said))
}

fn drop_one(home: &InstanceHome, target: &InstanceTarget, force: bool) -> Result<(), Error> {
    let place = TargetPlace::look(home, &target.name)?;
    if !place.dir.exists() {
        return Err(Error::Nothing { target: target.name.clone(), what: "no instance yet" });
    }
    let running = Serving::in_use(&place).filter(Serving::runs);
    // If the server cannot be asked, somebody may be connected.
    let unknown = || vec!["somebody who cannot be asked for: it lets nobody of ours in".to_owned()];
    let who = running.map_or_else(Vec::new, |serving| connected(&serving).unwrap_or_else(unknown));
    if !who.is_empty() && !force {
        return Err(Error::InUse { target: target.name.clone(), who: who.join(", ") });
    }
    for name in place.on_disk()? {
        engine::stop(&place.data(&name))?;
    }
    // Without `state.json` the instance no longer exists. Its other files are only leftovers.
    let state = place.dir.join("state.json");
    match fs::remove_file(&state) {
        Err(e) if e.kind() != ErrorKind::NotFound => return Err(Error::file("remove", &state)(e)),
        _ => {}
    }
    remove(&place.dir)
}

/// Does [`repair`] under the target's lock. Returns what was done, in words.
pub(crate) fn mend(house: &House, target: &InstanceTarget) -> Result<String, Error> {
    let (home, lock) = locked(house, target)?;
    let mut place = opened(house, &home, target)?;
    if house.dry_run {
        return Ok("dry run".to_owned());
    }
    let repaired = repair(house, &mut place);
    std::mem::drop(lock);
    keep_up(house, target);
    Ok(repaired?.unwrap_or_else(|| "nothing to repair".to_owned()))
}

fn locked(house: &House, target: &InstanceTarget) -> Result<(InstanceHome, Option<Lock>), Error> {
    house.cancel.check()?;
    let home = InstanceHome::existing(target)?;
    let home = home.ok_or(Error::Nothing { target: target.name.clone(), what: "no instance yet" })?;
    let lock = lock_of(house, &home, target)?;
    Ok((home, lock))
}

/// Takes the target's lock; `None` in a dry run, which changes nothing, while a lock makes a file.
fn lock_of(house: &House, home: &InstanceHome, target: &InstanceTarget) -> Result<Option<Lock>, Error> {
    if house.dry_run { Ok(None) } else { Lock::of_target(house, home, &target.name, None).map(Some) }
}

/// Opens the place of a target. Makes nothing in a dry run, or if the target has no directory.
fn opened<'a>(
    house: &House,
    home: &'a InstanceHome,
    target: &InstanceTarget,
) -> Result<TargetPlace<'a>, Error> {
    if house.dry_run || !home.target(&target.name).exists() {
        return TargetPlace::look(home, &target.name);
    }
    TargetPlace::open(home, &target.name)
}

/// Returns the named target and its home, or all targets with a directory that `refresh.toml` still names.
pub(crate) fn places(
    house: &House,
    wish: Option<&str>,
) -> Result<Vec<(InstanceHome, InstanceTarget)>, Error> {
    if let Some(name) = wish {
        let target = InstanceTarget::must(&house.config, name)?;
        let nothing = Error::Nothing { target: target.name.clone(), what: "no instance yet" };
        return Ok(vec![(InstanceHome::existing(&target)?.ok_or(nothing)?, target)]);
    }
    let mut found: Vec<(InstanceHome, InstanceTarget)> = Vec::new();
    for (_, settings) in InstanceTarget::sections(&house.config) {
        let root = std::path::Path::new(settings.instance.as_deref().unwrap_or_default());
        let Ok(entries) = fs::read_dir(root.join("targets")) else { continue };
        let mut names: Vec<String> =
            entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        for name in names {
            let known = found.iter().any(|(_, target)| target.name == name && target.root == root);
            let Some(target) = InstanceTarget::of(&house.config, &name)?.filter(|target| target.root == root)
            else {
                continue;
            };
            if !known && let Some(home) = InstanceHome::existing(&target)? {
                found.push((home, target));
            }
        }
    }
    Ok(found)
}

fn was_down(length: Duration) -> String {
    format!("its port was down for {:.2} s", length.as_secs_f64())
}

fn tell(document: &mut Document, place: &TargetPlace<'_>) {
    let Some((_, generation)) = place.state.in_use() else { return };
    document.refresh = Some(Refresh {
        target: place.name.clone(),
        database: generation.database.clone(),
        state: Some(RefreshState::Replaced),
        dump: generation.dump.clone(),
        reference: generation.reference.clone(),
        commit: generation.commit.clone(),
        previous: place.state.previous.as_ref().map(|old| place.generation(old).display().to_string()),
        ..Refresh::default()
    });
}
