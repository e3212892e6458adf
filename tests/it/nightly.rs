//! `refreshkit-nightly`, the one script that Jenkins, cron and systemd call, with tools that only say that they were called. Signals
//! are in `jenkins.rs`, the night with the real tools in `pipe_night.rs`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;

use crate::jenkins::{Night, script};

fn night(night: &Night, fails: &str, variables: &[(&str, &str)]) -> Output {
    night.command("bash", &[&script("nightly")], fails).envs(variables.iter().copied()).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The nights' folders, oldest first.
fn folders(night: &Night) -> Vec<String> {
    let entries = fs::read_dir(night.path("state/reports")).unwrap().flatten();
    let mut names: Vec<String> = entries
        .filter(|entry| entry.file_type().unwrap().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_good_night_says_nothing_and_its_report_is_the_latest_and_for_everybody() {
    let stage = Night::new();
    let output = night(&stage, "", &[]);
    assert!(output.status.success() && output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
    let reports = stage.path("state/reports");
    assert_eq!(fs::read_link(reports.join("latest")).unwrap(), Path::new(&folders(&stage)[0]));
    assert!(fs::read_to_string(reports.join("refreshkit.prom")).unwrap().contains("refreshkit_ok 1"));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(
        (mode(&stage.path("state")), mode(&reports), mode(&reports.join("latest/"))),
        (0o711, 0o755, 0o755)
    );
}

#[test]
fn a_night_that_a_person_must_look_at_says_so_and_where_its_report_is() {
    let stage = Night::new();
    let fallback = night(&stage, "", &[("SUMMARY", "ok · FALLBACK snapshot")]);
    assert!(fallback.status.success());
    assert!(stderr(&fallback).contains("FALLBACK snapshot\n  reports: "), "{}", stderr(&fallback));
    let failed = night(&stage, "rds-wait ", &[("SUMMARY", "FAILED in rds-wait")]);
    assert_eq!(failed.status.code(), Some(74));
    assert!(stderr(&failed).contains(": FAILED in rds-wait\n"), "{}", stderr(&failed));
    assert_eq!(folders(&stage).len(), 2, "a failed night's report replaces none");
}

#[test]
fn old_reports_go_and_only_those_that_are_ours() {
    let stage = Night::new();
    let reports = stage.path("state/reports");
    for name in ["20250101T020000Z", "20250102T020000Z", "20250103T020000Z", "precious", "20250101T02"] {
        fs::create_dir_all(reports.join(name)).unwrap();
        fs::write(reports.join(name).join("run.json"), "{}").unwrap();
    }
    assert!(night(&stage, "", &[("REFRESH_KEEP_REPORTS", "2")]).status.success());
    let left = folders(&stage);
    assert_eq!(left.len(), 4, "{left:?}");
    assert!(
        ["precious", "20250101T02", "20250103T020000Z"].iter().all(|kept| left.contains(&(*kept).to_owned()))
    );
}

#[test]
fn a_night_that_ends_with_75_gets_one_more_try_and_only_that() {
    let stage = Night::new();
    let output = night(&stage, "rds-wait ", &[("CODE", "75")]);
    assert_eq!(output.status.code(), Some(75));
    let calls = stage.calls();
    let times = |tool: &str| calls.iter().filter(|call| call.starts_with(tool)).count();
    assert_eq!((times("rds-snap"), times("rds-drop --run")), (2, 2), "{calls:?}");
    let report = stage.path("state/reports/latest/run.json");
    assert!(report.exists(), "one folder for both");
    night(&stage, "rds-wait ", &[("CODE", "69")]);
    assert_eq!(stage.calls().iter().filter(|call| call.starts_with("rds-snap")).count(), 1);
}

#[test]
fn a_night_without_a_configuration_says_it_once_and_what_to_do() {
    let stage = Night::new();
    let output = night(&stage, "rds-drop --expired", &[("CODE", "78")]);
    assert_eq!((output.status.code(), stage.calls().len()), (Some(78), 1));
    assert!(stderr(&output).contains("rds-restore --check"), "{}", stderr(&output));
}

#[test]
fn wrong_flags_are_named_and_help_is_no_mistake() {
    let stage = Night::new();
    for (flag, code, word) in
        [("--help", 0, ""), ("--snapshots", 2, "what is '--snapshots'?"), ("--out", 2, "--out wants a value")]
    {
        let output = stage.run("bash", &[&script("nightly"), Path::new(flag)], "");
        assert_eq!(output.status.code(), Some(code), "{flag}");
        assert!(stderr(&output).contains(word) && stage.calls().is_empty());
        assert_eq!(String::from_utf8_lossy(&output.stdout).contains("--snapshot ID"), code == 0);
    }
    let output = night(&stage, "", &[("REFRESH_KEEP_REPORTS", "all")]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
}

#[test]
fn what_cannot_be_deleted_yet_is_no_reason_for_a_second_night() {
    let stage = Night::new();
    // The last of the pipe, and it says so in its document.
    let slow = "#!/bin/bash\ncase $* in --get*) echo rds-drop ;; '') cat >/dev/null; exit 75 ;; *) cat >/dev/null ;; esac\n";
    fs::write(stage.path("rds-drop"), slow).unwrap();
    assert_eq!(night(&stage, "", &[]).status.code(), Some(75));
    let calls = stage.calls();
    assert_eq!(calls.iter().filter(|call| call.starts_with("rds-snap")).count(), 1, "{calls:?}");
}

#[test]
fn a_run_that_could_not_be_cleaned_up_is_tried_by_every_night_until_it_is() {
    let stage = Night::new();
    fs::create_dir(stage.path("state")).unwrap();
    fs::write(stage.path("state/.unfinished"), "lost-1\nlost-2\n").unwrap();
    let picky = "#!/bin/bash\necho \"rds-drop $*\" >>\"$CALLS\"\ncat >/dev/null\ncase \"$LOST\" in *\"${2-x}\"*) exit 74 ;; esac\n";
    fs::write(stage.path("rds-drop"), picky).unwrap();
    for (lost, first, left) in [
        ("lost-1 lost-2", "rds-drop --run lost-1", "lost-1\nlost-2\n"),
        ("lost-2", "rds-drop --run lost-1", "lost-2\n"),
        ("", "rds-drop --run lost-2", ""),
    ] {
        assert!(night(&stage, "", &[("LOST", lost)]).status.success(), "it costs no dump");
        assert_eq!(stage.calls()[0], first);
        assert_eq!(fs::read_to_string(stage.path("state/.unfinished")).unwrap(), left);
    }
}

#[test]
fn nobody_else_can_hold_the_lock_and_no_run_is_called_like_it() {
    let stage = Night::new();
    assert!(night(&stage, "", &[("REFRESH_RUN", "nightly")]).status.success());
    let mode = fs::metadata(stage.path("state/.nightly.lock")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn however_early_a_build_ends_it_shows_no_report_of_the_one_before_and_says_how_it_ended() {
    let stage = Night::new();
    let out = stage.path("out");
    let begun = |fails: &str, code: &str| {
        let mut command = stage.command("bash", &[&script("nightly"), Path::new("--out"), &out], fails);
        command.env("CODE", code).output().unwrap().status.code()
    };
    assert_eq!(begun("", ""), Some(0));
    assert!(out.join("summary.txt").exists() && out.join("run.json").exists());
    assert_eq!(begun("rds-drop --expired", "78"), Some(78));
    assert!(!out.join("summary.txt").exists() && !out.join("run.json").exists());
    let end = fs::read_to_string(stage.path("state/reports/.last-end")).unwrap();
    assert!(end.contains(" ended with 78"), "{end}");
}

#[test]
fn the_report_is_there_before_the_clean_up_that_nobody_may_wait_for() {
    let stage = Night::new();
    let looks = "#!/bin/bash\nif [ \"$1\" = --run ]; then ls \"$OUT\" >\"$SEEN\"; fi; cat >/dev/null\n";
    fs::write(stage.path("rds-drop"), looks).unwrap();
    let (out, seen) = (stage.path("out"), stage.path("seen"));
    let mut command = stage.command("bash", &[&script("nightly"), Path::new("--out"), &out], "mydehydrate ");
    assert_eq!(command.env("OUT", &out).env("SEEN", &seen).output().unwrap().status.code(), Some(74));
    assert!(fs::read_to_string(seen).unwrap().contains("run.json"));
}

#[test]
fn whoever_meets_a_night_learns_whose_it_is() {
    let stage = Night::new();
    fs::create_dir(stage.path("state")).unwrap();
    fs::write(stage.path("state/.nightly.lock"), "jenkins-n-7\nhttps://jenkins/job/n/7/, since today\n")
        .unwrap();
    let output = stage.run("flock", &[&stage.path("state/.nightly.lock"), &script("nightly")], "");
    assert_eq!(output.status.code(), Some(75));
    assert!(stderr(&output).contains(": jenkins-n-7, https://jenkins/job/n/7/, since today (lock: "));
}

/// `scripts/install` for a system below a directory, with tools that are built.
fn install(root: &Path, flags: &[&str]) -> Output {
    let built = root.join("built");
    fs::create_dir_all(&built).unwrap();
    fs::write(built.join("refreshkit"), "#!/bin/sh\n").unwrap();
    let mut command = std::process::Command::new("bash");
    command.arg(script("install")).args(flags).env("DESTDIR", root).arg("--prefix").arg(root.join("usr"));
    command.arg("--built").arg(built).output().unwrap()
}

#[test]
fn the_night_is_not_live_before_there_is_a_configuration_and_goes_as_it_came() {
    for (flag, waits, live) in [
        ("--cron", "etc/cron.d/refreshkit.off", "etc/cron.d/refreshkit"),
        (
            "--systemd",
            "etc/systemd/system/refreshkit-failed.service",
            "etc/systemd/system/refreshkit-nightly.timer",
        ),
    ] {
        let root = tempfile::tempdir().unwrap();
        let there = |name: &str| root.path().join(name).exists();
        let first = install(root.path(), &[flag]);
        assert!(first.status.success(), "{}", stderr(&first));
        assert!(String::from_utf8_lossy(&first.stdout).contains("not live yet"));
        assert!(
            there(waits)
                && there("usr/bin/refreshkit-nightly")
                && there("etc/refreshkit/refresh.toml.example")
        );
        assert!(flag == "--systemd" || !there(live));
        // The sample is a whole configuration.
        let sample = root.path().join("etc/refreshkit/refresh.toml.example");
        refreshkit::config::load(&sample, &refreshkit::mask::vocabulary()).unwrap();
        fs::rename(&sample, root.path().join("etc/refreshkit/refresh.toml")).unwrap();
        let second = install(root.path(), &[flag]);
        assert!(second.status.success() && there(live), "{}", stderr(&second));
        let unit = fs::read_to_string(root.path().join(live)).unwrap();
        assert!(!unit.contains("/usr/local/bin/"), "the prefix is its own");
        assert!(install(root.path(), &["--uninstall"]).status.success());
        assert!(
            !there(live)
                && !there(waits)
                && !there("usr/bin/mydehydrate")
                && !there("etc/refreshkit/refresh.toml.example")
        );
        assert!(there("etc/refreshkit/refresh.toml"), "what a person wrote stays");
    }
}

#[test]
fn a_host_with_instances_gets_their_unit_and_who_may_start_it_and_no_night() {
    let root = tempfile::tempdir().unwrap();
    let path = |name: &str| root.path().join(name);
    let installed = install(root.path(), &["--instances"]);
    assert!(installed.status.success(), "{}", stderr(&installed));
    let unit = fs::read_to_string(path("etc/systemd/system/refreshkit-instance@.service")).unwrap();
    assert!(unit.contains(&format!("ExecStart={}/dev-restore up %i\n", path("usr/bin").display())), "{unit}");
    let sudoers = path("etc/sudoers.d/refreshkit");
    assert_eq!(fs::metadata(&sudoers).unwrap().permissions().mode() & 0o777, 0o440);
    for of_the_night in
        ["refreshkit-nightly.service", "refreshkit-nightly.timer", "refreshkit-failed.service"]
    {
        assert!(!path("etc/systemd/system").join(of_the_night).exists(), "{of_the_night}");
    }
    assert!(!path("etc/cron.d").exists());
    // As long as one is to come back after a reboot, what brings it back stays.
    let wants = path("etc/systemd/system/multi-user.target.wants");
    fs::create_dir(&wants).unwrap();
    let enabled = wants.join("refreshkit-instance@dev3.service");
    std::os::unix::fs::symlink("../refreshkit-instance@.service", &enabled).unwrap();
    let said = install(root.path(), &["--uninstall"]);
    assert!(String::from_utf8_lossy(&said.stdout).contains("refreshkit-instance@.service stays"));
    assert!(path("etc/systemd/system/refreshkit-instance@.service").exists() && sudoers.exists());
    fs::remove_file(enabled).unwrap();
    assert!(install(root.path(), &["--uninstall"]).status.success());
    assert!(!path("etc/systemd/system/refreshkit-instance@.service").exists() && !sudoers.exists());
}
