//! Instances on real servers: bake, clones, what a branch and a developer do to them, and every way in which it must say no.

use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::Command;
use std::time::Duration;

use refreshkit::mysql::{Engine, Server};
use rustix::process::{Pid, Signal, kill_process};

use crate::instance_place::{Instances, on_both_disks, on_xfs, processes_below};
use crate::restore_place::assert_same;
use crate::support::{Disk, Output, Tool, on_all_servers_at_once, path, servers, terminate, until};

#[test]
fn two_developers_have_clones_of_the_night_and_neither_sees_the_others() {
    on_both_disks(|at| {
        let night = at.source_picture();
        let baked = at.run(&["bake"]).exits(0);
        assert!(baked.stderr.contains("baked"), "{}", baked.stderr);
        // Once more: there is nothing to do.
        assert!(at.run(&["bake"]).exits(0).stdout.contains("there already"));
        let document = at.run(&["--target", "dev3"]).exits(0).document();
        let refresh = document.refresh.unwrap();
        let instance = refresh.instance.unwrap();
        assert_eq!((instance.port, instance.shared), (at.port, at.disk.kind == Some("xfs")));
        assert!(instance.downtime_seconds > 0.0);
        assert_eq!(refresh.tables.len(), at.source_picture().matches("CREATE TABLE").count());
        at.run(&["--target", "dev-alice"]).exits(0);
        for target in ["dev3", "dev-alice"] {
            assert_same(&at.picture(target), &night);
        }
        at.sql("dev3", "INSERT INTO bag VALUES ('mine'); CREATE DATABASE own; DROP TABLE audit");
        assert_same(&at.picture("dev-alice"), &night);
        // What the dump defines runs with rights on its database alone, by an account that nobody logs in with.
        let definer = "SELECT DISTINCT DEFINER FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE()";
        assert_eq!(at.sql("dev-alice", definer), "refreshkit_loader@localhost\n");
        assert_eq!(at.sql("dev-alice", "SELECT n FROM a_rich WHERE id = 1"), "1\n");
        at.sql("dev-alice", "INSERT INTO orders VALUES (12, 2, 1, NULL)");
        assert_eq!(at.sql("dev-alice", "SELECT COUNT(*) FROM audit"), "2\n");
        // Nobody else's: of the servers' user, closed to all others; processes are not root's and know nothing of ours.
        for process in at.processes() {
            let own = std::fs::metadata(format!("/proc/{process}")).unwrap().uid();
            let us = rustix::process::geteuid().as_raw();
            assert_ne!((own, us), (0, 0), "a server runs as root");
            let environment = std::fs::read(format!("/proc/{process}/environ")).unwrap();
            assert!(!environment.windows(5).any(|word| word == b"CARGO"), "a server knows our environment");
            let data = at.root().join("targets/dev3/g1/data");
            assert_eq!(std::fs::metadata(data).unwrap().permissions().mode() & 0o777, 0o700);
        }
        let listed = at.run(&["targets"]).exits(0).stdout;
        assert!(listed.contains("dev-alice") && listed.contains("up"), "{listed}");
        let json: serde_json::Value =
            serde_json::from_str(&at.run(&["targets", "--json"]).exits(0).stdout).unwrap();
        let alice = json.as_array().unwrap().iter().find(|entry| entry["name"] == "dev-alice").unwrap();
        assert_eq!((alice["kind"].as_str(), alice["state"].as_str()), (Some("instance"), Some("up")));
        if at.disk.kind == Some("xfs") {
            let (own, all) = (alice["own_bytes"].as_u64().unwrap(), alice["bytes"].as_u64().unwrap());
            assert!(own < all, "{own} of {all} bytes are its own");
        }
        let keys = ["dump", "ref", "refreshed_at", "port", "free_bytes", "undo", "reset"];
        assert!(keys.iter().all(|key| !alice[*key].is_null() || *key == "ref"), "{alice}");
        let mut session = at.server("dev-alice").session();
        let listed = at.run(&["targets"]).exits(0).stdout;
        assert!(
            listed.lines().any(|line| line.starts_with("dev-alice ") && line.contains("dev@127.0.0.1")),
            "{listed}"
        );
        assert_eq!(session.first::<i64>("being there", "SELECT 1").unwrap(), Some(1));
        drop(session);
        assert_eq!(at.run(&["targets", "--plain"]).exits(0).stdout, "dev-alice\ndev3\n");
        they_are_small_servers_of_their_own(at);
        two_files_are_never_shared_with_sql(at);
        nobody_is_in_the_old_ones_way_when_it_stops(at);
    });
}

/// Whoever is still connected keeps MySQL from stopping for two seconds: we are not.
fn nobody_is_in_the_old_ones_way_when_it_stops(at: &Instances) {
    at.run(&["--target", "dev3"]).exits(0);
    let log = std::fs::read_to_string(at.root().join("targets/dev3/g1/log")).unwrap();
    assert!(log.to_lowercase().contains("shutdown complete") && !log.contains("Forcing close"), "{log}");
}

/// Nothing that two copies of one directory could share, no binary log, no second protocol, and little memory.
fn they_are_small_servers_of_their_own(at: &Instances) {
    let of = |target: &str, sql: &str| at.sql(target, sql);
    if at.source.server.engine == Engine::MySql {
        let uuids = ["dev3", "dev-alice"].map(|target| of(target, "SELECT @@server_uuid"));
        assert_ne!(uuids[0], uuids[1]);
        assert_eq!(of("dev3", "SHOW VARIABLES LIKE 'mysqlx_port'"), "");
    }
    let says = "SELECT CONCAT(@@log_bin + 0, @@performance_schema + 0, ' ', @@bind_address)";
    assert_eq!(of("dev3", says), "00 127.0.0.1\n");
    for process in at.processes() {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        let kibibytes: u64 = resident.trim().trim_end_matches(" kB").parse().unwrap();
        assert!(kibibytes < 200 << 10, "{kibibytes} KiB are resident");
    }
}

/// SQL reads and writes no file of this host, also where somebody has the right to.
fn two_files_are_never_shared_with_sql(at: &Instances) {
    let place = at.root().join("targets/dev3");
    let secrets: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(place.join("secrets.json")).unwrap()).unwrap();
    let socket = place.join("g1/run/s");
    let admin = Server::at_socket(&socket, "refreshkit_admin", secrets["admin"].as_str().unwrap());
    admin.connect().unwrap().run("giving FILE", "GRANT FILE ON *.* TO dev@'%'").unwrap();
    let mut session = at.server("dev3").session();
    let held = session.rows::<String>("reading rights", "SHOW GRANTS").unwrap().join("\n");
    assert!(held.contains("FILE"), "{held}");
    let files = place.join("g1/files");
    let open = at.disk.path().join("open");
    std::fs::create_dir(&open).unwrap();
    std::fs::set_permissions(&open, PermissionsExt::from_mode(0o777)).unwrap();
    for folder in [open, files.clone()] {
        let file = folder.join("out");
        let sql = format!("SELECT 1 INTO OUTFILE '{}'", file.display());
        assert!(session.run("writing", &sql).is_err(), "{sql}");
        assert!(!file.exists());
    }
    // Everybody on the host may read this one.
    let read = session.first::<Option<String>>("reading", "SELECT LOAD_FILE('/etc/passwd')").unwrap();
    assert_eq!(read, Some(None));
    let load = format!("LOAD DATA INFILE '/etc/passwd' INTO TABLE {}.bag", at.source.name);
    assert!(session.run("loading", &load).is_err());
    assert_eq!(std::fs::read_dir(&files).unwrap().count(), 0);
}

/// The first asks for the column by the name that the database has in use, which has it; the dump has not.
const MIGRATIONS: &[(&str, &str)] = &[
    (
        "db/001__guarded.sql",
        "SET @there = (SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = '@LIVE@' AND TABLE_NAME = 'bag' AND COLUMN_NAME = 'size');\nSET @sql = IF(@there = 0, 'ALTER TABLE bag ADD COLUMN size INT DEFAULT 3', 'DO 0');\nPREPARE s FROM @sql;\nEXECUTE s;\n",
    ),
    ("db/002__event.sql", "CREATE EVENT sweep ON SCHEDULE EVERY 1 DAY DO DELETE FROM audit;\n"),
];

#[test]
fn a_branch_is_on_the_clone_and_a_branch_that_fails_leaves_the_old_one_serving() {
    on_both_disks(|at| {
        at.run(&["--target", "dev3"]).exits(0);
        at.sql("dev3", "CREATE TABLE mine (id INT PRIMARY KEY, what VARCHAR(20)); INSERT INTO mine VALUES (1, 'a'), (2, 'b''\\\\'), (3, NULL)");
        at.sql(
            "dev3",
            "UPDATE customers SET name = 'kept' WHERE id = 2; CREATE USER her@'%' IDENTIFIED BY 'Hers-1234'",
        );
        at.sql("dev3", &format!("GRANT SELECT ON `{}`.* TO her@'%'", at.source.name));
        at.sql("dev3", "ALTER TABLE bag ADD COLUMN size INT DEFAULT 9");
        let migrations = MIGRATIONS.iter().map(|(file, sql)| (*file, sql.replace("@LIVE@", &at.source.name)));
        let migrations: Vec<(&str, String)> = migrations.collect();
        let migrations: Vec<(&str, &str)> =
            migrations.iter().map(|(file, sql)| (*file, sql.as_str())).collect();
        let repository = at.place.repository("main", &migrations);
        let migrations =
            format!("[migrations]\nrepository = \"{}\"\npath = \"db/*.sql\"\n", repository.display());
        let settings = "preserve = [\"mine\", \"customers where id = 2\"]\nset = { \"bag.word where word = 'same'\" = \"set\" }\n\
                        after = [\"DO SLEEP(2)\", \"INSERT INTO audit (what) VALUES ('after')\"]\naccounts = [\"CREATE USER team@'%' IDENTIFIED BY 'Team-1234'\"]\n";
        at.configure(settings, &migrations);
        let before = at.picture("dev3");
        // A branch that fails: everything is as it was, and the same process serves.
        std::fs::write(repository.join("db/003__wrong.sql"), "ALTER TABLE nowhere ADD x INT;\n").unwrap();
        crate::restore_place::git(&repository, &["add", "."]);
        crate::restore_place::git(
            &repository,
            &["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "x"],
        );
        let served_by = at.processes();
        let failed = at.run(&["--target", "dev3", "--ref", "main"]).exits(65);
        assert!(failed.stderr.contains("003__wrong.sql"), "{}", failed.stderr);
        assert_eq!(at.processes(), served_by);
        assert_same(&at.picture("dev3"), &before);
        assert!(!at.root().join("targets/dev3/g2").exists());
        std::fs::remove_file(repository.join("db/003__wrong.sql")).unwrap();
        crate::restore_place::git(
            &repository,
            &["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qam", "y"],
        );
        let document = nobody_writes_what_would_be_lost(at).document();
        let refresh = document.refresh.unwrap();
        assert!(refresh.instance.unwrap().private_seconds.is_some());
        assert_eq!(refresh.migrations.len(), 2);
        assert_eq!(
            at.sql("dev3", "SELECT GROUP_CONCAT(word ORDER BY word), MAX(size) FROM bag"),
            ",set,set\t3\n"
        );
        assert_eq!(at.sql("dev3", "SELECT HEX(what) FROM mine ORDER BY id"), "61\n62275C\nNULL\n");
        assert_eq!(
            at.sql("dev3", "SELECT name FROM customers ORDER BY id"),
            "Müller\\t\\'quoted\\' \\\\N\nkept\n".replace("\\t\\'quoted\\' \\\\N", "\\t'quoted' \\\\N")
        );
        assert_eq!(at.sql("dev3", "SELECT what FROM audit"), "after\n");
        let event =
            "SELECT CONCAT(DEFINER, ' ', STATUS) FROM information_schema.EVENTS WHERE EVENT_NAME = 'sweep'";
        assert_eq!(at.sql("dev3", event), "refreshkit_loader@localhost ENABLED\n");
        // Accounts: hers came over with her rights, the team's is made by the configuration.
        let mut hers = at.login("dev3", "her", "Hers-1234").connect_to(Some(&at.source.name)).unwrap();
        assert_eq!(hers.first::<i64>("counting", "SELECT COUNT(*) FROM mine").unwrap(), Some(3));
        assert!(hers.run("writing", "DELETE FROM mine").is_err());
        at.login("dev3", "team", "Team-1234").connect().unwrap();
        assert!(at.login("dev3", "refreshkit_loader", "").connect().is_err());
        back_and_forth(at, &before);
    });
}

/// From the moment on at which rows are carried over, the old one takes none that the new one would not have; and it is read all the while.
fn nobody_writes_what_would_be_lost(at: &Instances) -> Output {
    let mut session = at.server("dev3").session();
    session.run("waiting for nobody", "SET SESSION lock_wait_timeout = 1").unwrap();
    let child = at.tool(&["--target", "dev3", "--ref", "main"]).spawn();
    let [write, read] = ["UPDATE `{}`.mine SET what = what", "SELECT COUNT(*) FROM `{}`.mine"]
        .map(|sql| sql.replace("{}", &at.source.name));
    let began = std::time::Instant::now();
    let refused = loop {
        assert_eq!(session.first::<i64>("reading", &read).unwrap(), Some(3));
        if let Err(e) = session.run("writing", &write) {
            break e;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "it is never locked");
        std::thread::sleep(Duration::from_millis(5));
    };
    assert_eq!(refused.number(), Some(1205), "{refused}");
    assert_eq!(session.first::<i64>("reading", &read).unwrap(), Some(3));
    drop(session);
    Output::of(child).exits(0)
}

/// `undo`, `reset`, `down`, `up`.
fn back_and_forth(at: &Instances, before: &str) {
    let refreshed = at.picture("dev3");
    at.sql("dev3", "DELETE FROM mine; DROP TABLE bag");
    if at.disk.kind == Some("xfs") {
        for _ in 0..2 {
            at.run(&["reset", "dev3"]).exits(0);
            assert_same(&at.picture("dev3"), &refreshed);
            at.sql("dev3", "DELETE FROM mine");
        }
        at.run(&["reset", "--target", "dev3"]).exits(0);
        at.login("dev3", "her", "Hers-1234").connect().unwrap();
        at.run(&["undo", "dev3"]).exits(0);
        assert_eq!(at.sql("dev3", "SELECT COUNT(*) FROM mine"), "0\n");
        at.run(&["undo", "dev3"]).exits(0);
        assert_same(&at.picture("dev3"), &refreshed);
    } else {
        at.run(&["undo", "dev3"]).exits(0);
        assert_same(&at.picture("dev3"), before);
        at.run(&["undo", "dev3"]).exits(0);
    }
    let serving = at.picture("dev3");
    at.run(&["down", "--target", "dev3"]).exits(0);
    assert!(at.processes().is_empty());
    assert_eq!(at.run(&["status", "dev3", "--plain"]).exits(0).stdout, "down\n");
    // Nothing that is down comes up by itself.
    at.run(&["up"]).exits(0);
    assert!(at.processes().is_empty());
    at.run(&["up", "dev3"]).exits(0);
    assert_same(&at.picture("dev3"), &serving);
}

#[test]
fn what_ends_comes_back_and_what_is_somebody_elses_stays() {
    on_both_disks(|at| {
        at.run(&["--target", "dev3"]).exits(0);
        at.run(&["--target", "dev-bob"]).exits(0);
        let night = at.picture("dev3");
        // Everything is killed, as in a power cut.
        for process in at.processes() {
            kill_process(Pid::from_raw(process).unwrap(), Signal::KILL).unwrap();
        }
        until("they are gone", || at.processes().is_empty());
        at.run(&["up"]).exits(0);
        for target in ["dev3", "dev-bob"] {
            assert_same(&at.picture(target), &night);
        }
        // Somebody else has the port: nothing of his is touched, and the old instance stays what it was.
        at.run(&["down", "dev3"]).exits(0);
        let somebody = TcpListener::bind(("127.0.0.1", at.port)).unwrap();
        for arguments in [&["--target", "dev3"][..], &["up", "dev3"]] {
            let refused = at.run(arguments).exits(69);
            assert!(refused.stderr.contains("is taken by somebody else"), "{}", refused.stderr);
        }
        drop(somebody);
        at.run(&["up", "dev3"]).exits(0);
        assert_same(&at.picture("dev3"), &night);
        // Expired instances go when nobody is connected.
        std::thread::sleep(Duration::from_secs(1));
        let mut session = at.server("dev-bob").session();
        let stays = at.run(&["drop", "--expired"]).exits(0);
        assert!(
            stays.stderr.contains("dev-bob stays: ") && stays.stderr.contains("in use by dev@"),
            "{}",
            stays.stderr
        );
        assert_eq!(session.first::<i64>("asking", "SELECT 1").unwrap(), Some(1));
        drop(session);
        let gone = || at.run(&["drop", "--expired"]).exits(0).stdout.contains("removed dev-bob");
        until("its connection is over", gone);
        assert!(!at.root().join("targets/dev-bob").exists());
        another_spelling_is_the_same_directory(at);
        one_that_is_broken_is_refreshed(at);
        assert_same(&at.picture("dev3"), &night);
        let mut drop = vec!["drop", "dev3"];
        if at.source.server.engine == Engine::MariaDb {
            // Who lets nobody in that could ask may be in use.
            at.sql("dev3", "DROP USER refreshkit_admin@localhost");
            let stays = at.run(&drop).exits(75);
            assert!(stays.stderr.contains("in use by somebody"), "{}", stays.stderr);
            drop.push("--force");
        }
        at.run(&drop).exits(0);
        assert!(at.processes().is_empty());
        for word in ["undo", "reset", "down", "drop", "up"] {
            at.run(&[word, "dev3"]).exits(65);
        }
        assert!(!at.root().join("targets/dev3").exists());
    });
}

/// Servers are found by the path of their data, which is one whatever `refresh.toml` calls it.
fn another_spelling_is_the_same_directory(at: &Instances) {
    let file = at.place.path("refresh.toml");
    let settings = std::fs::read_to_string(&file).unwrap();
    let served_by = at.processes();
    std::fs::write(&file, settings.replace("/m/srv\"", "/m/../m/srv\"")).unwrap();
    at.run(&["up", "dev3"]).exits(0);
    assert_eq!(at.processes(), served_by);
    std::fs::write(&file, settings).unwrap();
}

/// A refresh is what helps when an instance does not start any more.
fn one_that_is_broken_is_refreshed(at: &Instances) {
    for process in at.processes() {
        kill_process(Pid::from_raw(process).unwrap(), Signal::KILL).unwrap();
    }
    until("they are gone", || at.processes().is_empty());
    let data = at.root().join("targets/dev3/g1/data");
    let _ = std::fs::remove_file(data.join("mysql.ibd"));
    std::fs::remove_dir_all(data.join("mysql")).unwrap();
    at.run(&["up", "dev3"]).exits(69);
    at.configure("preserve = [\"mine\"]", "");
    at.run(&["--target", "dev3"]).exits(69);
    at.configure("", "");
    let refreshed = at.run(&["--target", "dev3"]).exits(0);
    assert!(refreshed.stderr.contains("its accounts are not carried"), "{}", refreshed.stderr);
}

#[test]
fn templates_stay_as_long_as_their_dumps() {
    on_xfs(|at| {
        let night = at.source_picture();
        at.run(&["--target", "dev3"]).exits(0);
        at.another_night();
        let templates = || std::fs::read_dir(at.root().join("templates")).unwrap().count();
        at.run(&["bake"]).exits(0);
        assert_eq!(templates(), 2);
        std::fs::remove_file(at.place.path("app-20261122T020000Z.sql.gz")).unwrap();
        let said = at.run(&["bake"]).exits(0).stderr;
        assert!(said.contains("removed the template app-20261122T020000Z"), "{said}");
        assert_eq!(templates(), 1);
        // Nothing of it is missing in what was made from it.
        assert_same(&at.picture("dev3"), &night);
        at.run(&["--target", "dev3"]).exits(0);
        assert_same(&at.picture("dev3"), &at.source_picture());
        at.run(&["undo", "dev3"]).exits(0);
        assert_same(&at.picture("dev3"), &night);
    });
}

#[test]
fn without_shared_blocks_it_is_a_copy_and_says_so() {
    on_all_servers_at_once(|server| {
        let at = Instances::on(server, Disk::of("ext4", 4096));
        let first = at.run(&["--target", "dev3"]).exits(0);
        assert!(first.stderr.contains("shares no blocks between files"), "{}", first.stderr);
        assert_same(&at.picture("dev3"), &at.source_picture());
        let reset = at.run(&["reset", "dev3"]).exits(65);
        assert!(reset.stderr.contains("refresh it again"), "{}", reset.stderr);
        at.sql("dev3", "DROP TABLE bag");
        at.run(&["--target", "dev3"]).exits(0);
        assert_same(&at.picture("dev3"), &at.source_picture());
        if at.disk.kind.is_some() {
            a_full_disk_is_refused_or_leaves_the_old_one_serving(&at);
        }
    });
}

fn a_full_disk_is_refused_or_leaves_the_old_one_serving(at: &Instances) {
    let served_by = at.processes();
    let space = || {
        let found = rustix::fs::statvfs(at.root()).unwrap();
        found.f_bavail * found.f_frsize
    };
    let filler = at.root().join("locks/filler");
    let fill = |leave: u64| {
        let _ = std::fs::remove_file(&filler);
        // What is written but has no place yet takes room too.
        let root = std::fs::File::open(at.root()).unwrap();
        rustix::fs::syncfs(&root).unwrap();
        let length = space().saturating_sub(leave).to_string();
        // Somebody else may be quicker with the last of it: full is full.
        let _ = Command::new("fallocate").args(["-l", &length]).arg(&filler).output().unwrap();
    };
    fill(30 << 20);
    assert!(space() < 60 << 20, "the disk is not full");
    let refused = at.run(&["--target", "dev3"]).exits(73);
    assert!(refused.stderr.contains("bytes are needed in"), "{}", refused.stderr);
    // It fills up behind the check, while the files are copied.
    std::fs::remove_file(&filler).unwrap();
    let child = at.tool(&["--target", "dev3"]).spawn();
    let copy = at.root().join("targets/dev3/g3/data");
    until("the copy has begun", || copy.exists());
    fill(1 << 20);
    let output = child.wait_with_output().unwrap();
    std::fs::remove_file(&filler).unwrap();
    // A quick machine was through before it was full.
    if output.status.success() {
        eprintln!("the copy was quicker than the disk was full");
        return;
    }
    // If it was full in the middle of the copy, nobody has noticed; behind it, the old one could not even be started again, and is now.
    if copy_failed(&output.stderr) {
        assert_eq!(at.processes(), served_by, "{}", String::from_utf8_lossy(&output.stderr));
    }
    at.run(&["status", "dev3", "--repair"]).exits(0);
    assert_same(&at.picture("dev3"), &at.source_picture());
    assert!(!copy.exists());
    at.run(&["--target", "dev3"]).exits(0);
    // What gives room back needs none.
    fill(0);
    at.run(&["targets"]).exits(0);
    at.run(&["down", "dev3"]).exits(0);
    assert!(at.processes().is_empty());
    at.run(&["drop", "dev3"]).exits(0);
    assert!(!at.root().join("targets/dev3").exists());
    std::fs::remove_file(&filler).unwrap();
}

fn copy_failed(said: &[u8]) -> bool {
    String::from_utf8_lossy(said).contains("cannot copy")
}

#[test]
fn what_cannot_be_an_instance_is_refused_before_anything_is_made() {
    crate::support::for_each_server(|server| {
        let at = Instances::on(server, Disk::of("xfs", 1024));
        let says = |arguments: &[&str], code: i32, words: &str| {
            let output = at.run(arguments).exits(code);
            assert!(output.stderr.contains(words), "{arguments:?} should say {words:?}:\n{}", output.stderr);
        };
        says(&["--target", "dev3", "--dry-run"], 0, "would bake");
        assert!(!at.root().exists());
        says(&["--target", "dev3", "--include", "bag"], 78, "a copy of all of a dump");
        says(&["down", "nobody"], 77, "nobody is not a target");
        says(&["down", "dev3"], 65, "no instance yet");
        says(&["--target", "dev3", "--ref", "x"], 78, "[migrations] repository is not set");
        // A directory with something in it, one that others may write into, one that a server cannot get to.
        std::fs::create_dir(at.root()).unwrap();
        std::fs::write(at.root().join("thesis.txt"), "").unwrap();
        says(&["--target", "dev3"], 77, "was not made by dev-restore");
        std::fs::remove_file(at.root().join("thesis.txt")).unwrap();
        std::fs::set_permissions(at.root(), PermissionsExt::from_mode(0o777)).unwrap();
        says(&["bake"], 77, "others may write into it");
        std::fs::set_permissions(at.root(), PermissionsExt::from_mode(0o755)).unwrap();
        if rustix::process::geteuid().is_root() {
            std::fs::set_permissions(at.disk.path(), PermissionsExt::from_mode(0o700)).unwrap();
            says(&["bake"], 77, "cannot pass through");
            std::fs::set_permissions(at.disk.path(), PermissionsExt::from_mode(0o755)).unwrap();
        }
        assert!(at.processes().is_empty());
    });
}

/// The lines of the first block of shell below a heading of README.md.
fn readme(heading: &str) -> Vec<String> {
    let text = std::fs::read_to_string("README.md").unwrap();
    let below = text.lines().skip_while(|line| *line != heading).skip_while(|line| *line != "```sh").skip(1);
    below.take_while(|line| *line != "```").map(str::to_owned).collect()
}

#[test]
fn the_three_commands_of_the_readme_give_a_clone_to_whoever_has_a_server() {
    let commands = readme("## A clone on your own machine");
    assert_eq!(commands.len(), 3, "{commands:?}");
    let Some(server) = servers().into_iter().find(|server| server.engine == Engine::MariaDb) else { return };
    let at = Instances::on(&server, Disk::of("ext4", 2048));
    // A person without rights, who can read the tools and the dumps.
    let (home, dumps) = (at.disk.path().join("me"), at.disk.path().join("dumps"));
    for folder in [&home, &dumps] {
        std::fs::create_dir(folder).unwrap();
        std::fs::set_permissions(folder, PermissionsExt::from_mode(0o755)).unwrap();
    }
    let dump = "app-20261122T020000Z.sql.gz";
    std::fs::copy(at.place.path(dump), dumps.join(dump)).unwrap();
    std::fs::copy(path("dev-restore"), dumps.join("dev-restore")).unwrap();
    for (file, mode) in [(dump, 0o644), ("dev-restore", 0o755)] {
        std::fs::set_permissions(dumps.join(file), PermissionsExt::from_mode(mode)).unwrap();
    }
    let root = rustix::process::geteuid().is_root();
    let nobody: &[&str] = &["--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs", "--"];
    if root {
        std::os::unix::fs::chown(&home, Some(65_534), Some(65_534)).unwrap();
    }
    let search = format!("{}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", dumps.display());
    for command in &commands {
        let command = command.replace("/mnt/efs/dumps", dumps.to_str().unwrap());
        let command = command.replace("3317", &at.port.to_string()).replace("mysql --", "mariadb --");
        let query = format!(" {} -N -e 'SELECT COUNT(*) FROM orders'", at.source.name);
        let command = if command.ends_with(" app") {
            command.trim_end_matches(" app").to_owned() + &query
        } else {
            command
        };
        let mut person = Command::new(if root { "setpriv" } else { "bash" });
        if root {
            person.args(nobody).arg("bash");
        }
        person.args(["-c", &command]).current_dir(&home).env_clear().env("PATH", &search).env("HOME", &home);
        let output = person.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command}: {said}");
        if command.starts_with("mariadb") {
            assert_eq!(String::from_utf8_lossy(&output.stdout), "2\n");
        }
    }
    for process in processes_below(&home) {
        kill_process(Pid::from_raw(process).unwrap(), Signal::KILL).unwrap();
    }
    until("it is gone", || processes_below(&home).is_empty());
}

#[test]
fn one_refresh_at_a_time_and_the_second_is_told_who() {
    on_xfs(|at| {
        at.run(&["--target", "dev3"]).exits(0);
        at.configure("after = [\"DO SLEEP(600)\"]", "");
        let mut child = at.tool(&["--target", "dev3"]).spawn();
        let state = || at.run(&["--target", "dev3"]);
        until("the first is at work", || at.root().join("targets/dev3/g2/run/s").exists());
        let refused = state().exits(75);
        assert!(refused.stderr.contains("dev3 is being worked on by process "), "{}", refused.stderr);
        // Told to stop, it leaves the old one serving, and nothing behind that the next run does not clear away.
        terminate(&child);
        assert_eq!(child.wait().unwrap().code(), Some(143));
        let file = at.root().join("my.cnf");
        at.configure(&format!("options_file = \"{}\"", file.display()), "");
        let missing = at.run(&["--target", "dev3"]).exits(78);
        assert!(missing.stderr.contains("cannot read options_file"), "{}", missing.stderr);
        std::fs::write(&file, "[mysqld]\nno-such-option = 1\n").unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o666)).unwrap();
        let open = at.run(&["--target", "dev3"]).exits(78);
        assert!(open.stderr.contains("others may write into it"), "{}", open.stderr);
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
        let failed = at.run(&["--target", "dev3"]).exits(69);
        assert!(failed.stderr.contains("no-such-option"), "{}", failed.stderr);
        // The old one was not even told.
        assert!(failed.stderr.contains("the old instance serves on"), "{}", failed.stderr);
        assert_same(&at.picture("dev3"), &at.source_picture());
        at.run(&["down", "dev3"]).exits(0);
        at.run(&["up", "dev3"]).exits(0);
        std::fs::write(&file, "[mysqld]\nmax-connections = 77\nperformance-schema = ON\n").unwrap();
        at.run(&["--target", "dev3"]).exits(0);
        assert_eq!(at.sql("dev3", "SELECT CONCAT(@@max_connections, @@performance_schema + 0)"), "771\n");
        at.configure("memory = \"32M\"", "");
        at.run(&["status", "dev3", "--repair"]).exits(0);
        assert_same(&at.picture("dev3"), &at.source_picture());
        at.run(&["--target", "dev3"]).exits(0);
        assert_eq!(at.sql("dev3", "SELECT @@innodb_buffer_pool_size"), "33554432\n");
        assert_eq!(at.processes().len(), 1);
    });
}

#[test]
fn a_password_is_on_no_command_line_of_a_server() {
    let help = Tool::new("dev-restore").args(["bake", "--help"]).run().exits(0).stdout;
    assert!(help.contains("template"), "{help}");
    on_xfs(|at| {
        at.run(&["--target", "dev3"]).exits(0);
        let login = std::fs::read_to_string(at.server("dev3").client_cnf).unwrap();
        let password = login.lines().find_map(|line| line.strip_prefix("password=")).unwrap();
        for process in at.processes() {
            let line = std::fs::read(format!("/proc/{process}/cmdline")).unwrap();
            assert!(!String::from_utf8_lossy(&line).contains(password));
        }
        assert!(!at.root().join("targets/dev3/g1/run/init.sql").exists());
        let mode = std::fs::metadata(at.server("dev3").client_cnf).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    });
}
