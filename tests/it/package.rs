//! `scripts/package`: what is in the .deb and in the tarball. Its life on a clean system is `scripts/package --prove`, which
//! `scripts/test --all` runs: it makes one, and needs root.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::jenkins::script;
use crate::support::{path as tool_path, until_it_listens};

const TOOLS: &str =
    "rds-snap rds-wait rds-restore mydehydrate mydump-rotate rds-drop dev-restore refresh-report rds-local";

/// All tools in one file.
const ONE: &str = env!("CARGO_BIN_EXE_refreshkit");

/// The one file of this build, by way of a script that is called as it was: a hundred megabytes of a debug build are not what is
/// tested.
fn built(folder: &Path) -> PathBuf {
    let built = folder.join("built");
    fs::create_dir(&built).unwrap();
    let by_way = built.join("refreshkit");
    fs::write(&by_way, format!("#!/bin/bash\nexec -a \"$0\" {ONE} \"$@\"\n")).unwrap();
    fs::set_permissions(&by_way, fs::Permissions::from_mode(0o755)).unwrap();
    built
}

fn done(command: &mut Command) -> String {
    let output: Output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{command:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// The only file of the folder whose name ends so.
fn only(folder: &Path, end: &str) -> PathBuf {
    let all = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = all.filter(|path| path.to_str().unwrap().ends_with(end)).collect();
    assert_eq!(found.len(), 1, "{end}");
    found.remove(0)
}

#[test]
fn the_packages_hold_all_that_a_host_needs_and_the_licences_of_every_crate() {
    let folder = tempfile::tempdir().unwrap();
    let (built, out) = (built(folder.path()), folder.path().join("out"));
    let mut package = Command::new("bash");
    package.arg(script("package")).arg("--built").arg(&built).arg("--out").arg(&out);
    done(package.env("PACKAGE_COMPRESSION", "none").env("DEBEMAIL", "packages@refreshkit.example"));
    has_all_that_a_host_needs(folder.path(), &only(&out, ".deb"));
    names_the_licences_of_every_crate(&folder.path().join("root"));
    installs_itself(folder.path(), &only(&out, ".tar.gz"));
}

fn has_all_that_a_host_needs(folder: &Path, deb: &Path) {
    let list = done(Command::new("dpkg-deb").arg("-c").arg(deb));
    let there = |name: &str| {
        let is_it = |(_, path): (&str, &str)| path.split(" -> ").next() == Some(name);
        assert!(list.lines().any(|line| line.split_once(" ./").is_some_and(is_it)), "{name}: {list}");
    };
    for tool in TOOLS.split(' ') {
        there(&format!("usr/bin/{tool}"));
        there(&format!("usr/share/man/man1/{tool}.1.gz"));
        there(&format!("usr/share/bash-completion/completions/{tool}"));
        there(&format!("usr/share/zsh/vendor-completions/_{tool}"));
        there(&format!("usr/share/fish/vendor_completions.d/{tool}.fish"));
    }
    for name in [
        "usr/bin/refreshkit-nightly",
        "usr/lib/systemd/system/refreshkit-nightly.service",
        "usr/lib/systemd/system/refreshkit-nightly.timer",
        "usr/lib/systemd/system/refreshkit-failed.service",
        "usr/lib/systemd/system/refreshkit-instance@.service",
        "etc/refreshkit/refresh.toml.example",
        "usr/share/doc/refreshkit/copyright",
        "usr/share/doc/refreshkit/examples/jenkins/refresh.Jenkinsfile",
        "usr/share/doc/refreshkit/examples/jenkins/db-refresh.xml",
    ] {
        there(name);
    }
    assert!(list.lines().all(|line| line.contains(" root/root ")), "{list}");
    let root = folder.join("root");
    done(Command::new("dpkg-deb").arg("-x").arg(deb).arg(&root));
    let unit = fs::read_to_string(root.join("usr/lib/systemd/system/refreshkit-nightly.service")).unwrap();
    assert!(
        unit.contains(" /usr/bin/refreshkit-nightly\n") && !unit.contains("/usr/local/bin/refreshkit"),
        "{unit}"
    );
    let sample = root.join("etc/refreshkit/refresh.toml.example");
    refreshkit::config::load(&sample, &refreshkit::mask::vocabulary()).unwrap();
    // What a person must do first is said, and nothing is switched on before.
    let control = folder.join("control");
    done(Command::new("dpkg-deb").arg("-e").arg(deb).arg(&control));
    for name in ["postinst", "prerm", "postrm"] {
        done(Command::new("sh").arg("-n").arg(control.join(name)));
    }
    assert_eq!(
        fs::read_to_string(control.join("conffiles")).unwrap(),
        "/etc/refreshkit/refresh.toml.example\n"
    );
    let postinst = fs::read_to_string(control.join("postinst")).unwrap();
    assert!(
        !postinst
            .lines()
            .any(|line| line.contains("systemctl") && line.contains("enable") && !line.contains("echo"))
    );
}

fn names_the_licences_of_every_crate(root: &Path) {
    let notices = root.join("usr/share/doc/refreshkit/NOTICES.gz");
    let notices = done(Command::new("gzip").arg("-dc").arg(&notices));
    for known in ["ring ", "rustls ", "clap ", "aws-sdk-rds ", "mysql ", "libdeflate-sys "] {
        assert!(notices.lines().any(|line| line.starts_with(&format!("  {known}"))), "{known}");
    }
    assert!(!notices.lines().any(|line| line.starts_with("  proptest ")), "tests are not linked");
    assert!(notices.contains("Permission is hereby granted") && notices.contains("Apache License"));
}

fn installs_itself(folder: &Path, tar: &Path) {
    done(Command::new("tar").arg("-xzf").arg(tar).arg("-C").arg(folder));
    let mut top = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let top =
        top.find(|path| path.file_name().unwrap().to_str().unwrap().starts_with("refreshkit-")).unwrap();
    let host = folder.join("host");
    let mut install = Command::new("bash");
    install.current_dir(&top).args(["scripts/install", "--built", "bin", "--systemd"]);
    install.arg("--prefix").arg(host.join("opt")).env("DESTDIR", &host);
    assert!(done(&mut install).contains("not live yet"));
    assert!(host.join("opt/bin/refreshkit-nightly").exists());
    // Pages and completions come along, and go again; what others have there stays as it is.
    let pages = host.join("opt/share/man/man1/dev-restore.1");
    let completion = host.join("opt/share/bash-completion/completions/dev-restore");
    assert!(pages.exists() && completion.exists());
    let version = done(Command::new(host.join("opt/bin/dev-restore")).arg("--version"));
    assert!(version.starts_with("dev-restore "), "{version}");
    let others = [pages.with_file_name("mysqldump.1"), completion.with_file_name("git.bash")];
    for other in &others {
        fs::write(other, "").unwrap();
    }
    install.arg("--uninstall");
    done(&mut install);
    assert!(!pages.exists() && !completion.exists() && !host.join("opt/lib/refreshkit").exists());
    assert!(others.iter().all(|other| other.exists()));
}

/// What `ps` shows and what a person types is the tool's own name, whatever file it is in.
#[test]
fn one_file_is_every_tool_by_the_name_of_the_link_that_it_is_called_by() {
    let folder = tempfile::tempdir().unwrap();
    for tool in TOOLS.split(' ') {
        let link = folder.path().join(tool);
        std::os::unix::fs::symlink(ONE, &link).unwrap();
        let [here, there] = [&link, &tool_path(tool)].map(|tool| {
            let help = Command::new(tool).arg("--help").output().unwrap();
            assert!(help.status.success());
            String::from_utf8(help.stdout).unwrap()
        });
        assert_eq!(here, there);
        assert!(here.contains(&format!("Usage: {tool}")), "{here}");
    }
    let mut waits = Command::new(folder.path().join("rds-wait"));
    let mut waits = waits.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    until_it_listens(&waits);
    let [name, line] =
        ["comm", "cmdline"].map(|file| fs::read_to_string(format!("/proc/{}/{file}", waits.id())).unwrap());
    waits.kill().unwrap();
    waits.wait().unwrap();
    assert_eq!(name, "rds-wait\n");
    assert!(line.ends_with("/rds-wait\0"), "{line}");
    let nameless = Command::new(ONE).output().unwrap();
    assert_eq!(nameless.status.code(), Some(2));
    let said = String::from_utf8_lossy(&nameless.stderr);
    assert!(said.contains("is called by a link with the name of one: rds-snap, "), "{said}");
    assert_eq!(Command::new(ONE).arg("--help").status().unwrap().code(), Some(0));
}

#[test]
fn whoever_asks_wrongly_is_told_and_who_asks_for_help_gets_it() {
    let run =
        |arguments: &[&str]| Command::new("bash").arg(script("package")).args(arguments).output().unwrap();
    let help = run(&["--help"]);
    assert!(help.status.success() && String::from_utf8_lossy(&help.stdout).contains("--prove"));
    assert_eq!(run(&["--what"]).status.code(), Some(2));
    assert_eq!(run(&["--built"]).status.code(), Some(2));
    let folder = tempfile::tempdir().unwrap();
    let missing = run(&["--built", folder.path().to_str().unwrap()]);
    assert_eq!(missing.status.code(), Some(65), "{}", String::from_utf8_lossy(&missing.stderr));
}
