//! Instances on a host that systemd runs: what a job of a build agent has started outlives the agent, and the host's next start.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use refreshkit::mysql::Engine;

use crate::instance_place::Instances;
use crate::restore_place::assert_same;
use crate::support::{Booted, Disk, path, servers, until};

/// The unit as it is installed, but for where the tool is, and for whom it runs as.
fn install(host: &Booted, tool: &Path, user: &str) {
    let (_, unit) = crate::jenkins::file("refreshkit-instance@.service");
    let unit = unit.replace("/usr/local/bin/dev-restore", tool.to_str().unwrap());
    std::fs::write(host.unit("refreshkit-instance@.service"), unit).unwrap();
    let edited = host.unit("refreshkit-instance@.service.d");
    std::fs::create_dir_all(&edited).unwrap();
    std::fs::write(
        edited.join("override.conf"),
        format!("[Service]\nUser={user}\nEnvironment=REFRESH_STATE_DIR=/run/refreshkit\n"),
    )
    .unwrap();
    host.says(&["systemctl", "daemon-reload"]);
}

/// Whether all servers are counted to a unit, as the kernel says.
fn are_of(at: &Instances, unit: &str) -> bool {
    let group =
        |process: &i32| std::fs::read_to_string(format!("/proc/{process}/cgroup")).unwrap_or_default();
    at.processes().iter().all(|process| group(process).contains(&format!("/{unit}\n")))
}

fn ready() -> Option<(Instances, Booted, std::path::PathBuf)> {
    let server = servers().into_iter().find(|server| server.engine == Engine::MariaDb)?;
    // First what it has to see: it has mounts of its own.
    let at = Instances::on(&server, Disk::of("xfs", 2048));
    let host = Booted::new()?;
    // Where every user of that host can run it.
    let tool = at.disk.path().join("dev-restore");
    std::fs::copy(path("dev-restore"), &tool).unwrap();
    std::fs::set_permissions(&tool, PermissionsExt::from_mode(0o755)).unwrap();
    at.configure("", "");
    std::fs::copy(at.place.path("refresh.toml"), host.etc("refresh.toml")).unwrap();
    std::fs::set_permissions(host.etc("refresh.toml"), PermissionsExt::from_mode(0o644)).unwrap();
    Some((at, host, tool))
}

const UNIT: &str = "refreshkit-instance@dev3.service";

#[test]
fn a_server_that_a_job_has_started_is_systemds_and_not_the_agents() {
    let Some((at, mut host, tool)) = ready() else { return };
    let name = tool.to_str().unwrap();
    let refresh = [name, "--state-dir", "/run/refreshkit", "--target", "dev3"];
    // Where the unit is not installed, it goes with the agent: this is what the rest is about.
    host.job("agent-1", "root", &refresh);
    assert!(are_of(&at, "agent-1.service") && at.processes().len() == 1);
    host.says(&["systemctl", "stop", "agent-1"]);
    until("the agent has taken it along", || at.processes().is_empty());

    install(&host, &tool, "root");
    for agent in ["agent-2", "agent-3"] {
        let said = host.job(agent, "root", &refresh);
        assert!(!said.contains("not in the hands"), "{said}");
        until("the old one has ended", || at.processes().len() == 1);
        assert!(are_of(&at, UNIT), "after {agent}");
        assert_eq!(host.says(&["systemctl", "is-enabled", UNIT]), "enabled");
        host.says(&["systemctl", "stop", agent]);
        assert_same(&at.picture("dev3"), &at.source_picture());
    }
    at.sql("dev3", "INSERT INTO bag VALUES ('mine')");
    let mine = at.picture("dev3");
    host.says(&["systemctl", "stop", UNIT]);
    assert!(at.processes().is_empty(), "what the unit holds ends with it");
    host.says(&["systemctl", "start", UNIT]);
    assert_same(&at.picture("dev3"), &mine);
    assert!(are_of(&at, UNIT));

    host.boot_again();
    assert!(are_of(&at, UNIT) && at.processes().len() == 1, "nobody had to do anything");
    assert_same(&at.picture("dev3"), &mine);
    host.job("agent-4", "root", &[name, "undo", "--state-dir", "/run/refreshkit", "dev3"]);
    assert!(are_of(&at, UNIT));

    // Who puts it down does not want it back with the next start of the host.
    host.says(&[name, "down", "--state-dir", "/run/refreshkit", "dev3"]);
    assert_eq!(String::from_utf8_lossy(&host.run(&["systemctl", "is-enabled", UNIT]).stdout), "disabled\n");
    host.boot_again();
    assert!(at.processes().is_empty());
    host.job("agent-5", "root", &[name, "up", "--state-dir", "/run/refreshkit", "dev3"]);
    assert!(are_of(&at, UNIT) && at.processes().len() == 1);
    host.says(&[name, "drop", "--state-dir", "/run/refreshkit", "dev3"]);
    assert!(!host.run(&["systemctl", "is-enabled", UNIT]).status.success());
    assert!(!host.run(&["systemctl", "is-active", UNIT]).status.success());
    assert!(at.processes().is_empty());
}

#[test]
fn a_server_of_a_user_without_rights_is_counted_to_its_unit_by_that_user() {
    let Some((at, host, tool)) = ready() else { return };
    let name = tool.to_str().unwrap();
    // A directory of that user, who alone works in it.
    std::fs::create_dir(at.root()).unwrap();
    std::os::unix::fs::chown(at.root(), Some(65_534), Some(65_534)).unwrap();
    // Dumps that he can read.
    let dumps = at.disk.path().join("dumps");
    std::fs::create_dir(&dumps).unwrap();
    std::fs::set_permissions(&dumps, PermissionsExt::from_mode(0o755)).unwrap();
    let dump = "app-20261122T020000Z.sql.gz";
    std::fs::copy(at.place.path(dump), dumps.join(dump)).unwrap();
    std::fs::set_permissions(dumps.join(dump), PermissionsExt::from_mode(0o644)).unwrap();
    let text = std::fs::read_to_string(host.etc("refresh.toml")).unwrap();
    let text = text.replace(at.place.directory.path().to_str().unwrap(), dumps.to_str().unwrap());
    std::fs::write(host.etc("refresh.toml"), text).unwrap();
    let refresh = [name, "--state-dir", "/run/refreshkit", "--target", "dev3"];

    // A unit of somebody else has nothing to do with it.
    install(&host, &tool, "daemon");
    let said = host.job("agent-1", "nobody", &refresh);
    assert!(said.contains("the unit is of daemon") && said.contains("User="), "{said}");
    install(&host, &tool, "nobody");
    // An administrator enables it, or sudo lets him: what is left he may do.
    host.says(&["systemctl", "enable", "--now", UNIT]);
    assert!(are_of(&at, UNIT) && at.processes().len() == 1, "its own up has seen to it");
    host.says(&["systemctl", "stop", "agent-1"]);
    let said = host.job("agent-2", "nobody", &refresh);
    assert!(!said.contains("not in the hands"), "{said}");
    until("the old one has ended", || at.processes().len() == 1);
    assert!(are_of(&at, UNIT));
    host.says(&["systemctl", "stop", "agent-2"]);
    assert_same(&at.picture("dev3"), &at.source_picture());
    // Without the line for sudo he is told, and it is down all the same.
    let said = host.job("agent-3", "nobody", &[name, "down", "--state-dir", "/run/refreshkit", "dev3"]);
    assert!(at.processes().is_empty());
    if !Path::new("/usr/bin/sudo").exists() {
        assert!(said.contains("brings it back after a reboot: sudo"), "{said}");
    }
}
