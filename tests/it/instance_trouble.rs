//! Instances where something is in the way: a disk that is full at the wrong moment, another version of the server, another directory
//! of dumps, a trigger, a default that is a sequence.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use refreshkit::mysql::Engine;

use crate::instance_place::{Instances, on_both_disks};
use crate::restore_place::assert_same;
use crate::support::forge::Forge;
use crate::support::{Disk, on_all_servers_at_once, servers};

const MEBIBYTES: u64 = 2048;

/// On the first of the servers that are tested: what does not depend on which.
fn on_one() -> Instances {
    let server = servers().into_iter().next().expect("there is a server to test on");
    Instances::on(&server, Disk::of("xfs", MEBIBYTES))
}

/// Takes all room but so many bytes, until it is dropped.
struct Filler(PathBuf);

impl Filler {
    fn leaving(at: &Instances, bytes: u64) -> Self {
        let filler = Self(at.root().join("locks/filler"));
        rustix::fs::syncfs(std::fs::File::open(at.root()).unwrap()).unwrap();
        let found = rustix::fs::statvfs(at.root()).unwrap();
        let length = (found.f_bavail * found.f_frsize).saturating_sub(bytes).to_string();
        // Somebody else may be quicker with the last of it: full is full.
        let _ = Command::new("fallocate").args(["-l", &length]).arg(&filler.0).output().unwrap();
        filler
    }
}

fn bytes_below(directory: &std::path::Path) -> u64 {
    let entries = walkdir::WalkDir::new(directory).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.metadata().ok()?.blocks() * 512)).sum()
}

impl Drop for Filler {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A developer works on the old instance meanwhile, in another database. A write that fails there ends the test, and a server that
/// cannot write ends itself.
fn while_others_write<T>(at: &Instances, work: impl FnOnce() -> T) -> T {
    let server = at.server("dev3");
    let run = |sql: &str| server.client(None, sql.as_bytes());
    run("CREATE DATABASE busy; CREATE TABLE busy.pages (id INT PRIMARY KEY, text LONGTEXT); \
         INSERT INTO busy.pages VALUES (1, ''), (2, '')");
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                run("UPDATE busy.pages SET text = REPEAT(id, 1000000 * RAND())");
            }
        });
        let made = work();
        over.store(true, Ordering::Relaxed);
        writer.join().expect("nobody else notices that the disk was full");
        made
    })
}

#[test]
fn a_disk_that_is_full_in_a_migration_or_before_an_undo_leaves_the_old_one_serving() {
    on_both_disks(|at| {
        if at.disk.kind.is_none() {
            // Nobody fills up the disk of the whole machine.
            eprintln!("left out: a disk of its own needs root");
            return;
        }
        at.run(&["--target", "dev3"]).exits(0);
        at.sql("dev3", "INSERT INTO bag VALUES ('mine')");
        let (before, served_by) = (at.picture("dev3"), at.processes());
        // 400 MB.
        let many =
            "SELECT 0 AS n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4";
        let big = format!(
            "CREATE TABLE big (text LONGTEXT) SELECT REPEAT(CONCAT('x', a.n), 1600000) AS text FROM ({many}) a, ({many}) b, ({many}) c"
        );
        at.configure(&format!("after = [\"{big}\"]"), "");
        // Without shared blocks the copy takes its room first.
        let copied =
            if at.disk.kind == Some("xfs") { 0 } else { bytes_below(&at.root().join("targets/dev3/g1")) };
        let full = Filler::leaving(at, copied + (200 << 20));
        let failed = while_others_write(at, || at.run(&["--target", "dev3"])).exits(73);
        assert!(
            failed.stderr.contains("ran full: what was made there was stopped with"),
            "{}",
            failed.stderr
        );
        assert!(failed.stderr.contains("after[1]"), "{}", failed.stderr);
        drop(full);
        assert_eq!(at.processes(), served_by);
        assert_same(&at.picture("dev3"), &before);
        at.configure("", "");
        at.run(&["--target", "dev3"]).exits(0);
        let (serving, served_by) = (at.picture("dev3"), at.processes());
        let full = Filler::leaving(at, 1 << 20);
        let refused = at.run(&["undo", "dev3"]).exits(73);
        assert!(refused.stderr.contains("bytes are needed in"), "{}", refused.stderr);
        assert_eq!(at.processes(), served_by, "it was stopped for nothing");
        drop(full);
        assert_same(&at.picture("dev3"), &serving);
        at.run(&["undo", "dev3"]).exits(0);
        assert_same(&at.picture("dev3"), &before);
        // What would run a trigger is not carried over, and nobody notices that it was tried.
        at.configure("preserve = [\"orders\"]", "");
        let refused = at.run(&["--target", "dev3"]).exits(77);
        assert!(refused.stderr.contains("the trigger orders_audit is on it"), "{}", refused.stderr);
        assert_same(&at.picture("dev3"), &before);
    });
}

#[test]
fn a_default_that_is_a_sequence_goes_on_in_every_clone() {
    let Some(server) = servers().into_iter().find(|server| server.engine == Engine::MariaDb) else { return };
    let at = Instances::on(&server, Disk::of("xfs", MEBIBYTES));
    at.source.run("CREATE SEQUENCE numbers START WITH 100 CACHE 1; CREATE TABLE numbered (id INT NOT NULL DEFAULT NEXT VALUE FOR numbers, what VARCHAR(9)); INSERT INTO numbered (what) VALUES ('night')");
    at.place.dump(&at.source, "20261123T020000Z");
    at.configure("after = [\"INSERT INTO numbered (what) VALUES ('after')\"]", "");
    at.run(&["--target", "dev3"]).exits(0);
    at.run(&["--target", "dev-alice"]).exits(0);
    for (target, wanted) in
        [("dev3", "100 night\n101 after\n102 day\n"), ("dev-alice", "100 night\n101 day\n")]
    {
        at.sql(target, "INSERT INTO numbered (what) VALUES ('day')");
        assert_eq!(
            at.sql(target, "SELECT CONCAT(id, ' ', what) FROM numbered ORDER BY id"),
            wanted,
            "{target}"
        );
        // By the name that the database has, and no other.
        let shown = at.sql(target, "SHOW CREATE TABLE numbered");
        assert!(shown.contains(&format!("nextval(`{}`.`numbers`)", at.source.name)), "{shown}");
    }
}

#[test]
fn templates_of_another_directory_of_dumps_are_nobodys_to_remove() {
    let at = on_one();
    let (first, second) = (at.place.directory.path(), at.place.path("second"));
    std::fs::create_dir(&second).unwrap();
    let templates = || {
        let all = std::fs::read_dir(at.root().join("templates")).unwrap().flatten();
        let names = all.map(|entry| entry.file_name().to_string_lossy()[..13].to_owned());
        names.collect::<std::collections::BTreeSet<_>>()
    };
    at.run(&["bake"]).exits(0);
    at.another_night();
    let (old, new) = ("app-20261122T020000Z.sql.gz", "app-20261123T020000Z.sql.gz");
    std::fs::rename(first.join(new), second.join(new)).unwrap();
    let config = std::fs::read_to_string(at.place.path("refresh.toml")).unwrap();
    let of = |directory: &std::path::Path| {
        let text = config.replacen(&first.display().to_string(), &directory.display().to_string(), 1);
        std::fs::write(at.place.path("refresh.toml"), text).unwrap();
    };
    // Here the first night's dump is not, and was never.
    of(&second);
    at.run(&["bake"]).exits(0);
    assert_eq!(templates().len(), 2, "{:?}", templates());
    // There it goes, and the other one's template stays.
    std::fs::copy(second.join(new), first.join("app-20261124T020000Z.sql.gz")).unwrap();
    std::fs::remove_file(first.join(old)).unwrap();
    of(first);
    let said = at.run(&["bake"]).exits(0).stderr;
    assert!(said.contains("removed the template app-20261122T020000Z"), "{said}");
    let left = ["app-20261123T", "app-20261124T"].map(str::to_owned);
    assert_eq!(templates(), left.into());
}

#[test]
fn a_server_of_another_version_gets_a_template_of_its_own_and_no_data_of_another() {
    let at = on_one();
    at.run(&["--target", "dev3"]).exits(0);
    let night = at.picture("dev3");
    // The same program, which says that it is another.
    let config = std::fs::read_to_string(at.place.path("refresh.toml")).unwrap();
    let line = config.lines().find(|line| line.starts_with("server = ")).unwrap();
    let program = line.trim_start_matches("server = ").trim_matches('"');
    let other = at.disk.path().join("mysqld");
    let brand = if at.source.server.engine == Engine::MariaDb { "-MariaDB" } else { "" };
    let says = |version: &str| {
        let text = format!(
            "#!/bin/sh\ncase \"$*\" in *--version*) echo 'mysqld  Ver {version}{brand} for Linux'; exit ;; esac\nexec {program} \"$@\"\n"
        );
        std::fs::write(&other, text).unwrap();
        std::fs::set_permissions(&other, PermissionsExt::from_mode(0o755)).unwrap();
    };
    says("77.1.1");
    let line_of_other = format!("server = \"{}\"", other.display());
    std::fs::write(at.place.path("refresh.toml"), config.replace(line, &line_of_other)).unwrap();
    let baked = at.run(&["--target", "dev3"]).exits(0).stderr;
    assert!(baked.contains("77.1.1") && baked.contains("baked"), "{baked}");
    assert_same(&at.picture("dev3"), &night);
    // A day later the program has been upgraded: what it would upgrade silently is not given to it.
    says("77.1.2");
    at.run(&["down", "dev3"]).exits(0);
    let refused = at.run(&["up", "dev3"]);
    assert_ne!(refused.code, 0);
    assert!(refused.stderr.contains("77.1.1") && refused.stderr.contains("77.1.2"), "{}", refused.stderr);
    assert!(at.processes().is_empty());
    let baked = at.run(&["--target", "dev3"]).exits(0).stderr;
    assert!(baked.contains("baking") && baked.contains("77.1.2"), "{baked}");
    assert_same(&at.picture("dev3"), &night);
}

/// A template holds what the dump is, or there is none.
#[test]
fn a_dump_that_is_not_what_it_says_or_keeps_its_rows_elsewhere_becomes_no_template() {
    on_all_servers_at_once(|server| {
        let at = Instances::on(server, Disk::of("xfs", MEBIBYTES));
        let dump = at.place.path("app-20261122T020000Z.sql.gz");
        let whole = std::fs::read(&dump).unwrap();
        let mut forge = Forge::of(&whole);
        for member in &mut forge.members {
            // One letter of a row; others hold bytes that are no text.
            while let Some(at) = member.windows(6).position(|six| six == b"'same'") {
                member[at + 3] = b'n';
            }
        }
        let other_rows = forge.bytes(|manifest| manifest);
        assert_ne!(other_rows, whole, "nothing was changed");
        let elsewhere = Forge::of(&whole).bytes(|manifest| {
            let bag = manifest.find("CREATE TABLE `bag`").expect("a table of that name");
            let engine = bag + manifest[bag..].find("ENGINE=InnoDB").unwrap() + "ENGINE=InnoDB".len();
            format!("{} DATA DIRECTORY='/tmp'{}", &manifest[..engine], &manifest[engine..])
        });
        for (bytes, words) in [(other_rows, "bag is not as it was dumped"), (elsewhere, "the word DIRECTORY")]
        {
            std::fs::write(&dump, bytes).unwrap();
            let refused = at.run(&["bake"]);
            assert!([65, 74].contains(&refused.code), "{}: {}", refused.code, refused.stderr);
            assert!(refused.stderr.contains(words), "{words}: {}", refused.stderr);
            let templates = std::fs::read_dir(at.root().join("templates"));
            assert_eq!(templates.map_or(0, Iterator::count), 0, "{words}");
            assert!(at.processes().is_empty());
        }
        std::fs::write(&dump, whole).unwrap();
        at.run(&["--target", "dev3"]).exits(0);
        assert_same(&at.picture("dev3"), &at.source_picture());
    });
}

#[test]
fn all_databases_of_a_dump_are_on_the_clone_and_it_listens_where_it_is_told() {
    on_all_servers_at_once(|server| {
        let at = Instances::on(server, Disk::of("xfs", MEBIBYTES));
        let side = server.scratch("instance_side");
        side.run("CREATE TABLE one (n INT); INSERT INTO one VALUES (41)");
        at.place.dump_of_all(&[&at.source.name, &side.name], "20261123T020000Z");
        at.configure("bind = \"127.0.0.2\"", "");
        let document = at.run(&["--target", "dev3"]).exits(0).document();
        let both = document.refresh.unwrap().database;
        assert!(both.contains(&at.source.name) && both.contains(&side.name), "{both}");
        assert_same(&at.picture("dev3"), &at.source_picture());
        assert_eq!(at.sql("dev3", &format!("SELECT n FROM `{}`.one", side.name)), "41\n");
        assert!(std::net::TcpStream::connect(("127.0.0.2", at.port)).is_ok());
        assert!(std::net::TcpStream::connect(("127.0.0.1", at.port)).is_err(), "it listens elsewhere too");
        // Where something is done, it has to be said in which.
        at.configure("after = [\"UPDATE one SET n = 42\"]", "");
        let refused = at.run(&["--target", "dev3"]).exits(78);
        assert!(refused.stderr.contains("does not say in which of them"), "{}", refused.stderr);
        at.run(&["--target", "dev3", "--database", &side.name]).exits(0);
        assert_eq!(at.sql("dev3", &format!("SELECT n FROM `{}`.one", side.name)), "42\n");
        let other = at.run(&["--target", "dev3", "--database", "other"]).exits(78);
        assert!(other.stderr.contains("is of the database \"other\""), "{}", other.stderr);
    });
}
