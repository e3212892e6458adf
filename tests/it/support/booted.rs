//! A systemd that was booted for a test: the machine's own, with process numbers, mounts, `/etc` and control groups of its own, so
//! that units can be started, stopped and enabled, and a host can be started again, without anybody noticing.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Runs in the new namespaces, and becomes their first process. `$1`: what is kept from boot to boot.
const BOOT: &str = "
set -eu
mount --make-rprivate /
mount -t overlay overlay -o \"lowerdir=/etc,upperdir=$1/etc,workdir=$1/work\" /etc
mount --bind \"$1/units\" /etc/systemd/system
mount -t tmpfs -o mode=755 tmpfs /run
mount -t cgroup2 cgroup2 /sys/fs/cgroup
exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system --unit=test.target
";

/// It is up, and nothing is still to be started.
const READY: &str = "systemctl is-active --quiet test.target && systemctl is-active --quiet dbus.service && systemctl list-jobs | grep -q '^No jobs'";

/// A booted systemd. It and all that runs in it ends with this value.
#[derive(Debug)]
pub(crate) struct Booted {
    home: tempfile::TempDir,
    group: PathBuf,
    unshare: Child,
    /// Its first process, as this host numbers it.
    first: u32,
}

impl Booted {
    /// Boots one; where that cannot be done nobody does it, and the test says why.
    pub(crate) fn new() -> Option<Self> {
        let left_out = |why: &str| {
            eprintln!("left out: no systemd can be booted here: {why}");
            None
        };
        if !rustix::process::geteuid().is_root() {
            return left_out("it needs root");
        }
        for program in
            ["/lib/systemd/systemd", "/usr/bin/dbus-daemon", "/usr/bin/nsenter", "/usr/bin/unshare"]
        {
            if !Path::new(program).exists() {
                return left_out(&format!("there is no {program}"));
            }
        }
        let mounts = std::fs::read_to_string("/proc/mounts").unwrap();
        let of_groups = |line: &&str| line.split(' ').nth(2) == Some("cgroup2");
        let Some(groups) = mounts.lines().find(of_groups).and_then(|line| line.split(' ').nth(1)) else {
            return left_out("there are no control groups of version 2");
        };
        let home = tempfile::Builder::new().prefix("rk-boot").tempdir().unwrap();
        std::fs::set_permissions(home.path(), std::os::unix::fs::PermissionsExt::from_mode(0o711)).unwrap();
        let group = Path::new(groups).join(home.path().file_name().unwrap());
        if let Err(why) = std::fs::create_dir(&group) {
            return left_out(&format!("{}: {why}", group.display()));
        }
        for folder in ["etc/refreshkit", "work", "units"] {
            std::fs::create_dir_all(home.path().join(folder)).unwrap();
        }
        write_units(&home.path().join("units"));
        match start(home.path(), &group) {
            Ok((unshare, first)) => Some(Self { home, group, unshare, first }),
            Err(why) => {
                let _ = std::fs::remove_dir(&group);
                left_out(&why)
            }
        }
    }

    /// A file below `/etc/refreshkit`.
    pub(crate) fn etc(&self, name: &str) -> PathBuf {
        self.home.path().join("etc/refreshkit").join(name)
    }

    /// A file below `/etc/systemd/system`.
    pub(crate) fn unit(&self, name: &str) -> PathBuf {
        self.home.path().join("units").join(name)
    }

    /// A power cut, and the host starts again.
    pub(crate) fn boot_again(&mut self) {
        end(&mut self.unshare, &self.group);
        let (unshare, first) = start(self.home.path(), &self.group).unwrap();
        (self.unshare, self.first) = (unshare, first);
    }

    /// Runs a program there.
    pub(crate) fn run(&self, words: &[&str]) -> Output {
        let mut command = Command::new("nsenter");
        command.arg(format!("--target={}", self.first)).args(["--all", "--"]).args(words);
        command
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// What it says; or the test is over.
    pub(crate) fn says(&self, words: &[&str]) -> String {
        let output = self.run(words);
        let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        assert!(output.status.success(), "{words:?}: {said} {}", String::from_utf8_lossy(&output.stderr));
        said
    }

    /// Runs a job as a build agent does that systemd runs: when the agent ends, all that is counted to it ends. `user`: who it runs as.
    pub(crate) fn job(&self, agent: &str, user: &str, words: &[&str]) -> String {
        let out = self.home.path().join(agent);
        std::fs::create_dir(&out).unwrap();
        std::fs::set_permissions(&out, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
        let script = "out=$1; shift; \"$@\" >$out/said 2>&1 </dev/null; echo $? >$out/code.new; mv $out/code.new $out/code; exec sleep 600";
        let [unit, uid] = [format!("--unit={agent}"), format!("--uid={user}")];
        let run = [
            "systemd-run",
            "--quiet",
            &unit,
            &uid,
            "--setenv=REFRESH_PROGRESS=text",
            "bash",
            "-c",
            script,
            "job",
        ];
        self.says(&[&run[..], &[out.to_str().unwrap()], words].concat());
        let began = Instant::now();
        while !out.join("code").exists() {
            assert!(began.elapsed() < Duration::from_mins(5), "{words:?} does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
        let said = std::fs::read_to_string(out.join("said")).unwrap();
        assert_eq!(std::fs::read_to_string(out.join("code")).unwrap(), "0\n", "{words:?}: {said}");
        said
    }
}

impl Drop for Booted {
    fn drop(&mut self) {
        end(&mut self.unshare, &self.group);
        // From below: a group that has others in it stays.
        let groups = walkdir::WalkDir::new(&self.group).contents_first(true).into_iter().flatten();
        for group in groups.filter(|entry| entry.file_type().is_dir()) {
            let _ = std::fs::remove_dir(group.path());
        }
    }
}

/// No unit of the machine's own is wanted but the bus, and none waits for a whole machine to be up.
fn write_units(units: &Path) {
    let write = |name: &str, text: &str| {
        let path = units.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let alone = "[Unit]\nDefaultDependencies=no\n";
    for kind in ["service", "socket"] {
        write(&format!("{kind}.d/alone.conf"), alone);
    }
    let wants = "Wants=dbus.socket dbus.service multi-user.target\nAfter=multi-user.target\n";
    write("test.target", &format!("{alone}{wants}"));
    write("multi-user.target", &format!("{alone}After=dbus.service\n"));
    let usual = std::fs::read_dir("/usr/lib/systemd/system/multi-user.target.wants").into_iter().flatten();
    for name in usual.flatten().map(|entry| entry.file_name()).filter(|name| name != "dbus.service") {
        std::os::unix::fs::symlink("/dev/null", units.join(name)).unwrap();
    }
}

fn start(home: &Path, group: &Path) -> Result<(Child, u32), String> {
    let joins = "echo $$ >\"$1/cgroup.procs\" && shift && exec \"$@\"";
    let log = std::fs::File::create(home.join("log")).unwrap();
    let also = log.try_clone().unwrap();
    let mut unshare = Command::new("bash")
        .args(["-c", joins, "joins"])
        .arg(group)
        .args([
            "unshare",
            "--fork",
            "--kill-child",
            "--pid",
            "--mount",
            "--mount-proc",
            "--cgroup",
            "--ipc",
            "--uts",
        ])
        .args(["bash", "-c", BOOT, "boot"])
        .arg(home)
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(also)
        .spawn()
        .map_err(|e| e.to_string())?;
    let began = Instant::now();
    loop {
        if let Some(first) = child_of(unshare.id()) {
            let up = Command::new("nsenter")
                .arg(format!("--target={first}"))
                .args(["--all", "--", "sh", "-c", READY])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            if up.is_ok_and(|up| up.success()) {
                return Ok((unshare, first));
            }
        }
        let said = || std::fs::read_to_string(home.join("log")).unwrap_or_default();
        if unshare.try_wait().unwrap().is_some() {
            return Err(format!("it ended: {}", said().trim()));
        }
        if began.elapsed() > Duration::from_secs(60) {
            end(&mut unshare, group);
            return Err(format!("it is not up after a minute: {}", said().trim()));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The only process whose parent this is.
fn child_of(parent: u32) -> Option<u32> {
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    let numbers = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    numbers.into_iter().find(|number| {
        let stat = std::fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
        let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        rest.split_whitespace().nth(1) == Some(&parent.to_string())
    })
}

/// Ends it and all that runs in it, and waits until the kernel has forgotten them.
fn end(unshare: &mut Child, group: &Path) {
    let _ = unshare.kill();
    let _ = unshare.wait();
    let began = Instant::now();
    let populated = || {
        std::fs::read_to_string(group.join("cgroup.events")).is_ok_and(|text| text.contains("populated 1"))
    };
    while populated() && began.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(20));
    }
}
