//! Gives a running server to a systemd unit of its own, on hosts with systemd.
//!
//! A server that a job of a build agent starts is in the cgroup of the agent's unit, and systemd ends it when it stops that unit.
//! So where `scripts/install --instances` was run, a server that is meant to be up gets `refreshkit-instance@NAME.service`:
//!
//! ```text
//! the unit is not active: systemctl enable --now (as root; others by sudo: jenkins/refreshkit.sudoers)
//!   the unit runs `dev-restore up`, which finds the server running
//! the server is not in the unit: AttachProcessesToUnit (systemd allows it for a process and a unit of the same user)
//! ```
//!
//! The unit is enabled as long as the instance is meant to be up, so that a boot starts it. A failure here is a warning.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::engine::{self, HostUser};
use crate::house::House;
use crate::instance::home::TargetPlace;

/// A directory that exists if systemd runs the host (sd_booted(3)).
const BOOTED: &str = "/run/systemd/system";

/// The configuration file that the unit uses. A target of the same name in another file is another server and gets no unit.
const CONFIG: &str = "/etc/refreshkit/refresh.toml";

/// Directories in which the systemd unit may be.
const UNITS: [&str; 3] = ["/etc/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system"];

/// The whole path, since jenkins/refreshkit.sudoers allows only this one.
const SYSTEMCTL: &str = "/usr/bin/systemctl";

/// Gives the server of an instance that is meant to be up to its unit. Call this without the target's lock: the unit's `up`
/// takes it.
pub(crate) fn hand_over(house: &House, place: &TargetPlace<'_>) {
    let Some((name, _)) = place.state.in_use().filter(|_| place.state.up && is_wanted(house)) else { return };
    let unit = unit_of(&place.name);
    for process in engine::running(&place.data(name)) {
        if let Err(why) = give(&unit, &process.as_raw_nonzero().to_string()) {
            house.progress.warn(&format!(
                "{}: its server is not in the hands of {unit}, and ends with what has started it, if systemd ends that: {why}",
                place.name
            ));
        }
    }
}

/// Disables and stops the unit of an instance that is down or removed, so that a boot does not start it again.
pub(crate) fn let_go(house: &House, target: &str) {
    let unit = unit_of(target);
    if !is_wanted(house) || !asked(&["is-enabled", &unit]) && !asked(&["is-active", &unit]) {
        return;
    }
    if let Err(why) = systemctl("disable", &unit) {
        house.progress.warn(&format!("{target}: {unit} brings it back after a reboot: {why}"));
    }
}

fn unit_of(target: &str) -> String {
    format!("refreshkit-instance@{target}.service")
}

fn is_wanted(house: &House) -> bool {
    let installed =
        || UNITS.iter().any(|folder| Path::new(folder).join("refreshkit-instance@.service").exists());
    Path::new(BOOTED).is_dir() && house.config.origin.path == Path::new(CONFIG) && installed()
}

fn give(unit: &str, process: &str) -> Result<(), String> {
    if is_counted_to(unit, process) {
        return Ok(());
    }
    // If this process is the unit's own `up`, it must not wait for itself.
    if !is_counted_to(unit, "self") && !asked(&["is-active", unit]) {
        let user = said(SYSTEMCTL, &["show", "--property=User", "--value", unit])?;
        refuse_another(&user)?;
        systemctl("enable", unit)?;
    }
    // The unit's `up`, which `enable` has started, may have attached the server by now.
    if is_counted_to(unit, process) {
        return Ok(());
    }
    let manager = "org.freedesktop.systemd1";
    let interface = "org.freedesktop.systemd1.Manager";
    let attach = ["AttachProcessesToUnit", "ssau", unit, "", "1", process];
    said("busctl", &[&["call", manager, "/org/freedesktop/systemd1", interface][..], &attach].concat())?;
    Ok(())
}

/// Fails if the unit is of another user: systemd attaches a process only to a unit of its own user.
fn refuse_another(user: &str) -> Result<(), String> {
    let us = rustix::process::geteuid().as_raw();
    let user = if user.is_empty() { "root" } else { user };
    if (user == "root" && us == 0) || HostUser::named(user).is_some_and(|user| user.uid == us) {
        return Ok(());
    }
    Err(format!(
        "the unit is of {user}, and this runs as user {us}: systemctl edit refreshkit-instance@.service, [Service], User="
    ))
}

/// True when a process is in the cgroup of a unit.
fn is_counted_to(unit: &str, process: &str) -> bool {
    let groups = fs::read_to_string(format!("/proc/{process}/cgroup")).unwrap_or_default();
    groups.lines().any(|group| group.split('/').any(|part| part == unit))
}

/// Runs `systemctl VERB --now UNIT`, through sudo if this user is not root.
fn systemctl(verb: &str, unit: &str) -> Result<(), String> {
    let arguments = [verb, "--now", unit];
    if rustix::process::geteuid().is_root() {
        said(SYSTEMCTL, &arguments)?;
    } else {
        said("sudo", &[&["-n", SYSTEMCTL][..], &arguments].concat())?;
    }
    Ok(())
}

/// True when systemctl succeeds, as for `is-active` and `is-enabled`.
fn asked(arguments: &[&str]) -> bool {
    said(SYSTEMCTL, &[&["--quiet"][..], arguments].concat()).is_ok()
}

/// Runs a program. Returns its stdout; fails with the last line of its stderr.
fn said(program: &str, arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new(program);
    command.args(arguments.iter().map(OsStr::new)).env_clear().stdin(Stdio::null());
    command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LANG", "C.UTF-8");
    let output = command.output().map_err(|e| format!("{program}: {e}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    Err(format!("{program} {}: {}", arguments.join(" "), errors.lines().last().unwrap_or("it failed").trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_counted_to_where_the_kernel_says_it_is() {
        let own = fs::read_to_string("/proc/self/cgroup").unwrap();
        if let Some(part) = own.lines().flat_map(|line| line.split('/').skip(1)).find(|part| !part.is_empty())
        {
            assert!(is_counted_to(part, "self"));
        }
        assert!(!is_counted_to("refreshkit-instance@dev3.service", "self"));
        assert!(!is_counted_to("refreshkit-instance@dev3.service", "0"), "one that is gone is nobody's");
    }

    #[test]
    fn what_a_program_says_against_it_is_told_in_its_own_words() {
        assert_eq!(said("echo", &["a", "b"]).as_deref(), Ok("a b"));
        let failed = said("ls", &["/no/such/place"]).unwrap_err();
        assert!(failed.starts_with("ls /no/such/place: ls: ") && failed.contains("No such file"), "{failed}");
        assert!(said("no-such-program", &[]).unwrap_err().starts_with("no-such-program: "));
        assert!(refuse_another("no-such-user").unwrap_err().contains("User="));
    }
}
