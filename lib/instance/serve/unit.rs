//! In whose hands a running server is, where systemd runs the host.
//!
//! A server that a job of a build agent has started belongs to the agent's unit (it is in its cgroup), and when the unit is stopped
//! systemd ends all that belongs to it. So where `scripts/install --instances` was run, a server that is to stay up belongs to a unit of its own,
//! `refreshkit-instance@NAME.service`:
//!
//! ```text
//! the unit is not active: systemctl enable --now (as root; others by sudo: jenkins/refreshkit.sudoers); its own `up` finds the server running
//! the server is not counted to it: ask systemd to count it there (AttachProcessesToUnit, which it allows for a process and a unit of one user)
//! ```
//!
//! It is enabled as long as the instance is to be up, so it comes back after a reboot. What fails here is told, and the server serves on.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::engine::{self, HostUser};
use crate::house::House;
use crate::instance::home::TargetPlace;

/// There as long as systemd runs the host (sd_booted(3)).
const BOOTED: &str = "/run/systemd/system";

/// The configuration that the unit names: Units are for the targets of this file: one of the same name in another file is another server, without a unit.
const CONFIG: &str = "/etc/refreshkit/refresh.toml";

/// Directories in which the systemd unit may be.
const UNITS: [&str; 3] = ["/etc/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system"];

/// With the whole path, as in jenkins/refreshkit.sudoers.
const SYSTEMCTL: &str = "/usr/bin/systemctl";

/// What is to be up is in its unit's hands afterwards. Nobody may hold the target's lock: the unit's `up` takes it.
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

/// Disables and stops the unit of an instance that is down or gone, so that a boot does not start it again.
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
    // The unit's own `up` is not to wait for itself.
    if !is_counted_to(unit, "self") && !asked(&["is-active", unit]) {
        let user = said(SYSTEMCTL, &["show", "--property=User", "--value", unit])?;
        refuse_another(&user)?;
        systemctl("enable", unit)?;
    }
    // The unit's own `up` may have done it just now.
    if is_counted_to(unit, process) {
        return Ok(());
    }
    let manager = "org.freedesktop.systemd1";
    let interface = "org.freedesktop.systemd1.Manager";
    let attach = ["AttachProcessesToUnit", "ssau", unit, "", "1", process];
    said("busctl", &[&["call", manager, "/org/freedesktop/systemd1", interface][..], &attach].concat())?;
    Ok(())
}

/// Refuses a unit of another user: a server and its unit must be of one user.
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

/// Whether systemd counts a process to a unit.
fn is_counted_to(unit: &str, process: &str) -> bool {
    let groups = fs::read_to_string(format!("/proc/{process}/cgroup")).unwrap_or_default();
    groups.lines().any(|group| group.split('/').any(|part| part == unit))
}

/// Changes what is up now and after a reboot.
fn systemctl(verb: &str, unit: &str) -> Result<(), String> {
    let arguments = [verb, "--now", unit];
    if rustix::process::geteuid().is_root() {
        said(SYSTEMCTL, &arguments)?;
    } else {
        said("sudo", &[&["-n", SYSTEMCTL][..], &arguments].concat())?;
    }
    Ok(())
}

/// Whether systemctl says yes.
fn asked(arguments: &[&str]) -> bool {
    said(SYSTEMCTL, &[&["--quiet"][..], arguments].concat()).is_ok()
}

/// What a program says; or why it fails, in its own words.
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
