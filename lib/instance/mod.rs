//! A target that is a server of its own on this host: a copy of a template, sharing its blocks where the file system can.
//!
//! In: a target of `refresh.toml`, a dump, a branch. Out: a running server at the target's port with that data, in about a second
//! if blocks are shared; or the old server and an error. This is the face of `dev-restore`: commands for database targets
//! go on to `restore/`.

mod bake;
mod error;
mod home;
mod manage;
mod old;
mod options;
mod refresh;
mod serve;
mod settings;
mod show;
mod target;
mod template;

use std::io::Write;

pub use error::Error;
pub use options::InstanceCommand;

use crate::document::{Document, Done};
use crate::house::House;
use crate::restore;
use target::InstanceTarget;

/// Runs a command that gives a document.
pub fn perform(house: &House, document: &mut Document, command: &InstanceCommand) -> Result<Done, Error> {
    let instance = |name: &str| InstanceTarget::must(&house.config, name);
    match command {
        InstanceCommand::Run(options) => {
            match InstanceTarget::of(&house.config, options.target.as_deref().unwrap_or_default())? {
                Some(target) => {
                    kept_up(house, &target, || refresh::refresh(house, document, &target, options))
                }
                None => Ok(restore::refresh(house, document, options)?),
            }
        }
        InstanceCommand::Undo(options) => match InstanceTarget::of(&house.config, options.target.get())? {
            Some(target) => kept_up(house, &target, || manage::undo(house, document, &target)),
            None => Ok(restore::undo(house, document, options)?),
        },
        InstanceCommand::Bake(options) => bake::bake(house, document, options),
        InstanceCommand::Reset(options) => {
            let target = instance(options.target.get())?;
            kept_up(house, &target, || manage::reset(house, document, &target))
        }
        InstanceCommand::Up(options) => manage::up(house, options),
        InstanceCommand::Down(options) => manage::down(house, &instance(options.target.get())?),
        InstanceCommand::Drop(options) => manage::drop_some(house, options),
        InstanceCommand::List(_)
        | InstanceCommand::Targets(_)
        | InstanceCommand::Refs(_)
        | InstanceCommand::Status(_)
        | InstanceCommand::Doctor => Ok(Done::default()),
    }
}

/// Runs `deed`, then, whatever the outcome, gives the instance's server to its systemd unit: the new or the old server runs on.
fn kept_up(
    house: &House,
    target: &InstanceTarget,
    deed: impl FnOnce() -> Result<Done, Error>,
) -> Result<Done, Error> {
    let outcome = deed();
    manage::keep_up(house, target);
    outcome
}

/// Runs a command that writes a text of its own.
pub fn show(house: &House, out: &mut dyn Write, command: &InstanceCommand) -> Result<(), Error> {
    match command {
        InstanceCommand::List(options) => Ok(restore::list(house, out, options)?),
        InstanceCommand::Targets(options) => show::targets(house, out, options),
        InstanceCommand::Refs(options) => Ok(restore::refs(house, out, options)?),
        InstanceCommand::Doctor => doctor(house, out),
        InstanceCommand::Status(options) => match InstanceTarget::of(&house.config, options.target.get())? {
            Some(target) => show::status(house, out, &target, options),
            None => Ok(restore::status(house, out, options)?),
        },
        _ => Ok(()),
    }
}

/// Checks what every refresh needs, then each target, and writes the findings.
fn doctor(house: &House, out: &mut dyn Write) -> Result<(), Error> {
    let mut findings = restore::doctor_common(house);
    for (name, settings) in &house.config.targets {
        if settings.instance.is_none() {
            findings.push(restore::doctor_target(house, name));
        }
    }
    for (name, _) in InstanceTarget::sections(&house.config).filter(|(name, _)| !target::is_pattern(name)) {
        let program = InstanceTarget::must(&house.config, name).and_then(|target| target.program());
        let found = program.map(|program| program.path.display().to_string());
        findings.push(restore::doctor_finding(&format!("instance {name}"), found));
    }
    Ok(restore::doctor_tell(out, &findings)?)
}
