//! `dev-restore` killed at any moment of a bake and of a refresh of an instance: the port answers with wholly the old or wholly the
//! new data.

use std::time::{Duration, Instant};

use crate::instance_place::Instances;
use crate::restore_place::assert_same;
use crate::support::{Disk, on_all_servers_at_once, until};

/// How many kills there are on each server, those of bakes and of refreshes on both disks together. Sixty take a while.
fn kills() -> u32 {
    std::env::var_os("REFRESHKIT_TEST_KILLS")
        .map_or(10, |text| text.to_str().unwrap().parse().expect("a number"))
}

/// Runs the tool and kills it after a while, with -9.
fn killed(at: &Instances, arguments: &[&str], after: Duration) {
    let mut child = at.tool(arguments).spawn();
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// A moment in the part of a length whose turn it is: all of it is met, and none of it always.
fn moment(length: Duration, turn: u32, turns: u32) -> Duration {
    length.mul_f64((f64::from(turn) + rand::random::<f64>()) / f64::from(turns))
}

#[test]
fn an_instance_is_wholly_old_or_wholly_new_whenever_its_refresh_is_killed() {
    on_all_servers_at_once(|server| {
        let kills = kills();
        for (kind, kills) in [("xfs", kills * 4 / 10), ("ext4", kills * 3 / 10)] {
            refreshes_are_killed(&Instances::on(server, Disk::of(kind, 8192)), kills);
        }
    });
}

fn refreshes_are_killed(at: &Instances, kills: u32) {
    let one = at.source_picture();
    at.run(&["bake"]).exits(0);
    at.another_night();
    let two = at.source_picture();
    at.run(&["bake"]).exits(0);
    let whole =
        [&["--target", "dev3", "--dump", "2026-11-22"][..], &["--target", "dev3", "--dump", "2026-11-23"]]
            .map(|arguments| {
                let started = Instant::now();
                at.run(arguments).exits(0);
                started.elapsed()
            });
    let mut seen = [0, 0];
    for kill in 0..kills {
        // Every other refresh has a private phase, which makes it longer.
        let private = kill % 2 == 1;
        at.configure(if private { "after = [\"DO SLEEP(0.2)\"]" } else { "" }, "");
        let before = at.picture("dev3");
        let day = if before == one { "2026-11-23" } else { "2026-11-22" };
        let length = whole[1] * if private { 2 } else { 1 };
        let after = moment(length, kill, kills);
        killed(at, &["--target", "dev3", "--dump", day], after);
        if kill % 3 == 0 {
            // The next run does it, and goes on to what it was called for.
            at.run(&["--target", "dev3", "--dump", day]).exits(0);
            assert_same(&at.picture("dev3"), if day == "2026-11-22" { &one } else { &two });
        } else {
            at.run(&["status", "dev3", "--repair"]).exits(0);
            let now = at.picture("dev3");
            assert!(now == one || now == two, "neither old nor new, killed after {after:?} of {length:?}");
            seen[usize::from(now != before)] += 1;
        }
        assert_eq!(at.run(&["status", "dev3", "--plain"]).exits(0).stdout, "whole\n");
        assert_eq!(at.processes().len(), 1, "one server for one target, killed after {after:?}");
    }
    eprintln!("{} kills before the switch, {} after it, {:?}", seen[0], seen[1], at.disk.kind);
    let generations = std::fs::read_dir(at.root().join("targets/dev3")).unwrap().flatten();
    let generations = generations.filter(|entry| entry.path().is_dir()).count();
    assert!(generations <= 2, "{generations} generations");
}

#[test]
fn a_switch_that_cannot_be_written_down_leaves_the_old_one_serving() {
    on_all_servers_at_once(|server| {
        let at = Instances::on(server, Disk::of("xfs", 4096));
        at.run(&["--target", "dev3"]).exits(0);
        at.sql("dev3", "INSERT INTO bag VALUES ('mine')");
        let before = at.picture("dev3");
        let place = at.root().join("targets/dev3");
        let state = || std::fs::read_to_string(place.join("state.json")).unwrap();
        let child = at.tool(&["--target", "dev3"]).spawn();
        until("the switch has begun", || state().contains("\"next\": \"g2\""));
        // Files are replaced by one beside them: where that is a directory, they cannot be.
        std::fs::create_dir(place.join("state.new")).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(73), "{said}");
        for words in ["cannot write", "the old instance serves on", "is not written down"] {
            assert!(said.contains(words), "{words}: {said}");
        }
        assert_same(&at.picture("dev3"), &before);
        std::fs::remove_dir(place.join("state.new")).unwrap();
        std::fs::create_dir(place.join("client.new")).unwrap();
        let repaired = at.run(&["status", "dev3", "--repair"]).exits(0);
        assert!(repaired.stderr.contains("its client.cnf is as it was"), "{}", repaired.stderr);
        assert_same(&at.picture("dev3"), &before);
        assert!(!place.join("g2").exists());
        // What comes after the switch undoes nothing of it.
        let refreshed = at.run(&["--target", "dev3"]).exits(0);
        assert!(refreshed.stderr.contains("its client.cnf is as it was"), "{}", refreshed.stderr);
        assert_same(&at.picture("dev3"), &at.source_picture());
        assert!(state().contains("\"current\": \"g2\"") && place.join("g2/data").exists(), "{}", state());
        assert_eq!(at.processes().len(), 1);
    });
}

#[test]
fn a_bake_that_is_killed_leaves_no_half_template_and_two_at_once_bake_once() {
    on_all_servers_at_once(|server| {
        let at = Instances::on(server, Disk::of("xfs", 4096));
        let templates = || std::fs::read_dir(at.root().join("templates")).unwrap().flatten();
        let began = Instant::now();
        at.run(&["bake"]).exits(0);
        let length = began.elapsed();
        let kills = kills() * 3 / 10;
        for kill in 0..kills {
            for template in templates().filter(|entry| entry.path().join("template.json").exists()) {
                std::fs::remove_dir_all(template.path()).unwrap();
            }
            killed(&at, &["bake"], moment(length, kill, kills));
            for entry in templates() {
                let whole = entry.path().join("template.json").exists();
                let partial = entry.file_name().to_string_lossy().starts_with('.');
                assert!(whole || partial, "a template without its facts has its name");
            }
            if kill % 4 == 3 {
                // The next run does what this one did not.
                at.run(&["--target", "dev3"]).exits(0);
                assert_same(&at.picture("dev3"), &at.source_picture());
                at.run(&["drop", "dev3"]).exits(0);
            }
        }
        for template in templates().filter(|entry| entry.path().join("template.json").exists()) {
            std::fs::remove_dir_all(template.path()).unwrap();
        }
        let (first, second) = (at.tool(&["bake"]).spawn(), at.tool(&["bake"]).spawn());
        let outputs = [first, second].map(|child| child.wait_with_output().unwrap());
        let said = outputs.map(|output| {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8_lossy(&output.stdout).into_owned()
        });
        assert_eq!(said.iter().filter(|said| said.contains(": baked")).count(), 1, "{said:?}");
        assert!(at.processes().is_empty(), "no server of a dead bake is left");
        at.run(&["--target", "dev3"]).exits(0);
        assert_same(&at.picture("dev3"), &at.source_picture());
    });
}
