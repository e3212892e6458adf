//! The night without AWS on real servers: a copy of a live server that is written to meanwhile, the pipe on it, and its end.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use refreshkit::document::{Document, Resource};
use refreshkit::mysql::{Engine, Server, Session};

use crate::instance_place::processes_below;
use crate::support::{Output, Private, SmallDisk, TestServer, Tool, on_all_servers_at_once};

/// Accounts whose sum never changes, and a log of what moved between them.
const BANK: &str = "
CREATE DATABASE bank; USE bank;
CREATE TABLE accounts (id INT PRIMARY KEY, balance INT NOT NULL);
INSERT INTO accounts VALUES (1, 500), (2, 500);
CREATE TABLE moves (id INT AUTO_INCREMENT PRIMARY KEY, account_id INT NOT NULL, amount INT NOT NULL);
INSERT INTO moves (account_id, amount) VALUES (1, 0), (2, 0);
CREATE USER teller@'10.0.0.1';
CREATE DEFINER = teller@'10.0.0.1' SQL SECURITY INVOKER VIEW totals AS SELECT SUM(balance) AS total FROM accounts;
CREATE EVENT ends ON SCHEDULE EVERY 1 SECOND DO DELETE FROM moves;
CREATE TABLE events_ran (n INT);
CREATE DATABASE side; CREATE DEFINER = root@localhost SQL SECURITY INVOKER VIEW side.one AS SELECT 1 AS n;
";

struct Stage {
    // The first to go: it is stopped by what is in its directory.
    source: Private,
    home: tempfile::TempDir,
}

impl Stage {
    fn on(server: &TestServer) -> Self {
        let home = tempfile::Builder::new().prefix("rk-copy").tempdir().unwrap();
        // Another user's server is below it.
        std::fs::set_permissions(home.path(), PermissionsExt::from_mode(0o711)).unwrap();
        // The events of production run there, and are not to run on the copy; here the source's would spoil the count.
        let options = match server.engine {
            Engine::MySql => "--plugin-load-add=mysql_clone.so --event-scheduler=OFF",
            Engine::MariaDb => "--event-scheduler=OFF",
        };
        let source = Private::start_with(server.engine, &home.path().join("source"), options);
        source.server.client(None, BANK.as_bytes());
        let stage = Self { source, home };
        let config = format!(
            "[dump]\ndir = \"{}\"\n[source]\ndatabases = [\"bank\"]\n[dehydrate]\nroot = {{ table = \"accounts\", at_least = 10 }}\n\
             empty = [\"events_ran\"]\n[relations]\n\"moves.account_id\" = \"accounts.id\"\n\
             [restore]\nserver_public_key = \"/nowhere/of/the/service.pem\"\n",
            stage.path("dumps").display()
        );
        std::fs::create_dir(stage.path("dumps")).unwrap();
        std::fs::write(stage.path("refresh.toml"), config).unwrap();
        stage
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn copies(&self) -> PathBuf {
        self.path("state-copies")
    }

    fn tool(&self, name: &str, arguments: &[&str]) -> Tool {
        Tool::new(name)
            .args(arguments.iter().copied())
            .env("REFRESH_CONFIG", self.path("refresh.toml"))
            .env("REFRESH_STATE_DIR", self.path("state"))
    }

    fn copy(&self, run: &str, more: &[&str]) -> Tool {
        self.tool("rds-local", &["copy", "--run", run, "--run-as", "nobody"])
            .args(more.iter().copied())
            .arg("--from")
            .arg(&self.source.server.client_cnf)
    }

    fn piped(&self, name: &str, arguments: &[&str], before: &Output) -> Output {
        self.tool(name, arguments).stdin(before.stdout.clone()).run().exits(0)
    }

    /// Nothing of any copy is there any more.
    fn assert_nothing(&self, what: &str) {
        let left: Vec<_> = std::fs::read_dir(self.copies()).map_or(Vec::new(), |all| all.flatten().collect());
        assert!(left.is_empty(), "{what}: {left:?}");
        assert_eq!(processes_below(&self.copies()), [0; 0], "{what}");
        let state = std::fs::read_dir(self.path("state")).unwrap().flatten();
        // Whose it is, and where dumps are tried, stay.
        let names = state.map(|entry| entry.file_name()).filter(|name| name != "owner" && name != "prove");
        let left: Vec<_> = names.collect();
        assert!(left.is_empty(), "{what}: {left:?}");
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        for pid in processes_below(&self.copies()).into_iter().filter_map(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    }
}

/// Somebody who moves amounts from one account to the other, until told to stop.
fn write(server: &Server, stop: &AtomicBool) -> usize {
    let mut session = server.connect().unwrap();
    let mut moved = 0;
    while !stop.load(Ordering::Relaxed) {
        for sql in [
            "START TRANSACTION",
            "UPDATE bank.accounts SET balance = balance - 1 WHERE id = 1",
            "INSERT INTO bank.moves (account_id, amount) VALUES (1, -1)",
            "UPDATE bank.accounts SET balance = balance + 1 WHERE id = 2",
            "INSERT INTO bank.moves (account_id, amount) VALUES (2, 1)",
            "COMMIT",
        ] {
            session.run("moving", sql).unwrap();
        }
        moved += 1;
        std::thread::sleep(Duration::from_millis(1));
    }
    moved
}

fn session_of(document: &Document) -> Session {
    let copy =
        refreshkit::document::ThrowAwayCopy::described("local-copy", document.cluster.as_ref().unwrap());
    Server::of_copy(&copy).unwrap().connect().unwrap()
}

#[test]
fn a_server_that_is_written_to_is_copied_in_every_way_and_the_night_runs_on_the_copy() {
    on_all_servers_at_once(|server| {
        let stage = Stage::on(server);
        let files = if server.engine == Engine::MySql { "clone" } else { "mariadb-backup" };
        for by in [files, "dump"] {
            let stop = AtomicBool::new(false);
            let live = stage.source.server.server();
            let copied = std::thread::scope(|scope| {
                let writer = scope.spawn(|| write(&live, &stop));
                // The best way is the one that nobody has to name.
                let flags: &[&str] = if by == files { &[] } else { &["--by", "dump"] };
                let copied = stage.copy(by, flags).run();
                stop.store(true, Ordering::Relaxed);
                assert!(writer.join().unwrap() > 0);
                copied.exits(0)
            });
            let document = copied.document();
            assert!(document.steps[0].note.contains(&format!("by {by}")), "{}", document.steps[0].note);
            assert_a_moment(&mut session_of(&document));
            assert_nobody_gets_in(&document, by);
            night(&stage, &document, &copied, by);
        }
        kills(&stage);
    });
}

/// It shows one moment of the source, and does nothing by itself.
fn assert_a_moment(session: &mut Session) {
    let sql = "SELECT CAST(SUM(balance) AS SIGNED), \
               CAST(SUM(balance = 500 + (SELECT SUM(amount) FROM bank.moves WHERE account_id = accounts.id)) AS SIGNED) FROM bank.accounts";
    assert_eq!(session.first::<(i64, i64)>("adding up", sql).unwrap(), Some((1000, 2)));
    let total =
        session.first::<i64>("reading the view", "SELECT CAST(total AS SIGNED) FROM bank.totals").unwrap();
    assert_eq!(total, Some(1000));
    let definer = "SHOW CREATE VIEW bank.totals";
    let shown: (String, String, String, String) =
        session.first("reading the view", definer).unwrap().unwrap();
    assert!(shown.1.contains("teller`@`10.0.0.1"), "{}", shown.1);
    let off = session.first::<String>("asking", "SELECT @@event_scheduler").unwrap();
    assert_eq!(off.as_deref(), Some("OFF"));
    // What RDS does not give to its master user, this one does not have.
    assert!(session.run("a setting of the server", "SET GLOBAL event_scheduler = ON").is_err());
    assert!(session.run("a file", "SELECT 1 INTO OUTFILE '/tmp/refreshkit-out'").is_err());
}

/// The account of an installation, which has every right and no password, is none of the copy's: neither over TCP nor over the
/// socket, nor because production has a definer of that name.
fn assert_nobody_gets_in(document: &Document, by: &str) {
    let dir = PathBuf::from(document.resources[0].directory.clone().unwrap());
    let port = document.cluster.as_ref().unwrap().port;
    for way in [Server::at("127.0.0.1", port, "root", ""), Server::at_socket(&dir.join("run/s"), "root", "")]
    {
        assert!(way.connect().is_err(), "root is let in at {}: {by}", way.label());
    }
    if by == "dump" {
        let shown =
            session_of(document).first::<String>("asking", "SHOW CREATE USER root@localhost").unwrap();
        assert!(shown.as_ref().is_some_and(|shown| shown.contains("ACCOUNT LOCK")), "{shown:?}");
    }
}

/// The rest of the pipe, which needs nobody's word that the copy is one.
fn night(stage: &Stage, document: &Document, copied: &Output, run: &str) {
    let debt = &document.resources[0];
    assert!(debt.expires_at.is_some() && debt.kind == *"local-copy");
    let dir = PathBuf::from(debt.directory.clone().unwrap());
    assert!(dir.starts_with(stage.copies().canonicalize().unwrap()) && dir.is_dir());
    for process in processes_below(&stage.copies()) {
        let owner =
            std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(format!("/proc/{process}")).unwrap());
        assert_ne!((owner, rustix::process::geteuid().as_raw()), (0, 0), "a server runs as root");
    }
    // A document of somebody else's about another server is not believed.
    let mut forged = document.clone();
    forged.cluster.as_mut().unwrap().port = 1;
    let text = refreshkit::document::render(&forged);
    stage.tool("mydehydrate", &["--in-place"]).stdin(text).run().exits(77);
    let planned = stage.piped("mydehydrate", &["--in-place"], copied);
    let dumped = stage.piped("mydump-rotate", &[], &planned);
    let dump = dumped.document().dump.unwrap();
    assert!(PathBuf::from(dump.path).is_file());
    // At the end of the pipe that has both: what is not of RDS stays owed, and nobody asks AWS.
    let passed = stage.piped("rds-drop", &[], &dumped);
    assert_eq!(passed.document().resources, document.resources);
    // By another name of the directory: what runs there is stopped all the same.
    let link = stage.path(&format!("a-link-{run}"));
    std::os::unix::fs::symlink(stage.copies(), &link).unwrap();
    let dropped = stage.piped("rds-local", &["drop", "--dir", link.to_str().unwrap()], &passed);
    assert!(dropped.document().ok && dropped.document().resources.is_empty());
    assert!(!dir.exists());
    stage.assert_nothing(run);
    // Once more, and by its name: there is nothing to do.
    stage.piped("rds-local", &["drop"], &passed);
    stage.tool("rds-local", &["drop", "--run", run]).run().exits(0);
    let mut live = stage.source.server.session();
    let names = live.rows::<String>("looking", "SHOW DATABASES LIKE 'refreshkit%'").unwrap();
    assert_eq!(names, [""; 0], "the source was written to");
}

/// Killed wherever it is: the next drop finds everything, by the run or because it has expired.
fn kills(stage: &Stage) {
    for (number, way) in [(0_u64, "files"), (1, "dump")] {
        let run = format!("killed-{number}");
        let flags: &[&str] = if way == "dump" { &["--by", "dump"] } else { &[] };
        let mut child: Child = stage.copy(&run, flags).spawn();
        std::thread::sleep(Duration::from_millis(100 + 900 * number + rand::random_range(0..400)));
        child.kill().unwrap();
        child.wait().unwrap();
        if number == 0 {
            // Not yet.
            stage.tool("rds-local", &["drop", "--expired"]).run().exits(0);
            let other = stage.tool("rds-local", &["drop", "--run", "another"]).run().exits(0);
            assert!(other.document().ok);
        }
        stage.tool("rds-local", &["drop", "--run", &run]).run().exits(0);
        stage.assert_nothing(&run);
    }
    let config = std::fs::read_to_string(stage.path("refresh.toml")).unwrap();
    std::fs::write(stage.path("refresh.toml"), config + "[snapshot]\nexpires = \"1s\"\n").unwrap();
    let mut child = stage.copy("forgotten", &[]).spawn();
    std::thread::sleep(Duration::from_millis(1_500));
    child.kill().unwrap();
    child.wait().unwrap();
    stage.tool("rds-local", &["drop", "--expired"]).run().exits(0);
    stage.assert_nothing("forgotten");
}

#[test]
fn a_document_that_names_a_directory_removes_nothing_that_is_not_a_copy_of_its_run() {
    let home = tempfile::tempdir().unwrap();
    let precious = home.path().join("precious");
    std::fs::create_dir(&precious).unwrap();
    std::fs::write(precious.join("file"), "x").unwrap();
    let marker =
        r#"{"run":"night","owner":"somebody","resource_id":"r","expires_at":"2020-01-01T00:00:00Z"}"#;
    let copies = home.path().join("copies");
    let theirs = copies.join("copy-theirs");
    std::fs::create_dir_all(&theirs).unwrap();
    std::fs::write(theirs.join("copy.json"), marker).unwrap();
    let tool = |arguments: &[&str]| {
        Tool::new("rds-local")
            .args(arguments.iter().copied())
            .arg("--dir")
            .arg(&copies)
            .env("REFRESH_STATE_DIR", home.path().join("state"))
    };
    for directory in [&precious, &theirs] {
        let mut document = Document::new("night");
        let directory = Some(directory.display().to_string());
        document.owe(Resource { directory, ..Resource::new("local-copy", "copy-theirs") });
        let refused = tool(&["drop"]).document(&document).run().exits(77);
        assert!(refused.stderr.contains("left alone"), "{}", refused.stderr);
        assert_eq!(refused.document().resources.len(), 1);
    }
    // Somebody else's that has expired is named, and is theirs.
    let said = tool(&["drop", "--expired"]).run().exits(0).stderr;
    assert!(said.contains("somebody made it: left alone"), "{said}");
    assert!(precious.join("file").exists() && theirs.join("copy.json").exists());
    tool(&["drop"]).run().exits(65);
}

#[test]
fn what_is_not_here_is_gone_only_on_the_host_and_the_disk_where_it_was() {
    let home = tempfile::tempdir().unwrap();
    let copies = home.path().join("copies");
    std::fs::create_dir(&copies).unwrap();
    let ours = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap().trim().to_owned();
    let device = std::os::unix::fs::MetadataExt::dev(&std::fs::metadata(&copies).unwrap());
    let drop = |host: &str, device: u64, below: &str| {
        let mut document = Document::new("night");
        let directory = Some(home.path().join(below).join("copy-1").display().to_string());
        let (host, device) = (Some(host.to_owned()), Some(device));
        document.owe(Resource { directory, host, device, ..Resource::new("local-copy", "copy-1") });
        let tool = Tool::new("rds-local").args(["drop"]).arg("--dir").arg(&copies);
        tool.env("REFRESH_STATE_DIR", home.path().join("state")).document(&document).run()
    };
    for (refused, why) in [
        (drop("another-host", device, "copies"), "made on another-host"),
        (drop(&ours, device, "unmounted"), "neither is"),
        (drop(&ours, device + 1, "copies"), "on another disk"),
    ] {
        let refused = refused.exits(77);
        assert!(refused.stderr.contains(why), "{}", refused.stderr);
        assert_eq!(refused.document().resources.len(), 1, "it stays owed");
    }
    let gone = drop(&ours, device, "copies").exits(0);
    assert!(gone.document().resources.is_empty());
    assert_eq!(gone.document().steps[0].note, "nothing to remove");
}

#[test]
fn a_disk_without_room_for_the_source_is_refused_before_anything_is_made() {
    let home = tempfile::tempdir().unwrap();
    std::fs::set_permissions(home.path(), PermissionsExt::from_mode(0o711)).unwrap();
    let Some(_disk) = SmallDisk::mount(&home.path().join("small"), 64) else { return };
    std::fs::set_permissions(home.path().join("small"), PermissionsExt::from_mode(0o711)).unwrap();
    on_all_servers_at_once(|server| {
        let source =
            Private::start_with(server.engine, &home.path().join(format!("{:?}", server.engine)), "");
        let refused = Tool::new("rds-local")
            .args(["copy", "--by", "dump", "--run-as", "nobody", "--dir"])
            .arg(home.path().join("small"))
            .arg("--from")
            .arg(&source.server.client_cnf)
            .env("REFRESH_STATE_DIR", home.path().join("state"))
            .run()
            .exits(73);
        assert!(refused.stderr.contains("bytes free, and a copy of the source takes"), "{}", refused.stderr);
        assert!(refused.document().resources.is_empty());
    });
    assert_eq!(std::fs::read_dir(home.path().join("small")).unwrap().count(), 0);
}

#[test]
fn a_server_with_tables_on_another_one_is_not_copied_by_its_files() {
    let home = tempfile::tempdir().unwrap();
    let source = Private::start_with(Engine::MariaDb, &home.path().join("source"), "");
    let mut session = source.server.session();
    if let Err(why) = session.run("the plugin", "INSTALL SONAME 'ha_federatedx'") {
        eprintln!("left out: this MariaDB comes without FEDERATED: {why}");
        return;
    }
    let text = std::fs::read_to_string(&source.server.client_cnf).unwrap();
    let said = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)).unwrap().to_owned();
    let (password, port) = (said("password="), said("port="));
    let tables = format!(
        "CREATE DATABASE far; CREATE TABLE far.here (id INT PRIMARY KEY);
         CREATE VIEW far.seen AS SELECT * FROM far.here;
         CREATE TABLE far.there (id INT PRIMARY KEY) ENGINE = FEDERATED CONNECTION = 'mysql://refresh:{password}@127.0.0.1:{port}/far/here';"
    );
    source.server.client(None, tables.as_bytes());
    let copy = |more: &[&str]| {
        Tool::new("rds-local")
            .args(["copy", "--dry-run", "--run-as", "nobody"])
            .args(more.iter().copied())
            .arg("--from")
            .arg(&source.server.client_cnf)
            .env("REFRESH_STATE_DIR", home.path().join("state"))
            .run()
    };
    let refused = copy(&["--by", "mariadb-backup"]).exits(69).stderr;
    assert!(refused.contains("far.there is of FEDERATED"), "{refused}");
    let said = copy(&[]).exits(0).stderr;
    assert!(said.contains("copying by dump, since mariadb-backup cannot"), "{said}");
    session.run("without it", "DROP TABLE far.there").unwrap();
    let said = copy(&["--by", "mariadb-backup"]).exits(0).document().steps[0].note.clone();
    assert!(said.contains("by mariadb-backup"), "{said}");
}

#[test]
fn a_way_that_cannot_be_gone_is_refused_with_what_is_in_the_way() {
    on_all_servers_at_once(|server| {
        let home = tempfile::tempdir().unwrap();
        let copy = |by: &str| {
            Tool::new("rds-local")
                .args(["copy", "--by", by, "--run-as", "nobody", "--from"])
                .arg(&server.client_cnf)
                .env("REFRESH_STATE_DIR", home.path().join("state"))
                .run()
                .exits(69)
                .stderr
        };
        let wrong = match server.engine {
            Engine::MariaDb => copy("clone"),
            Engine::MySql => copy("mariadb-backup"),
        };
        assert!(wrong.contains("the source is M") && wrong.contains("--by dump"), "{wrong}");
        assert!(!home.path().join("state-copies").exists() && !home.path().join("state").exists());
    });
}

/// An option file of somebody who reaches a server over TCP.
fn login(home: &std::path::Path, of: &Private, (user, host): (&str, &str), more: &str) -> PathBuf {
    let text = std::fs::read_to_string(&of.server.client_cnf).unwrap();
    let port = text.lines().find(|line| line.starts_with("port=")).unwrap();
    let key = text.lines().find(|line| line.starts_with("server-public-key-path=")).unwrap_or_default();
    let file = home.join(format!("{user}.cnf"));
    let password = if user == "refresh" {
        text.lines().find_map(|line| line.strip_prefix("password=")).unwrap().to_owned()
    } else {
        "Copies-1234".to_owned()
    };
    let text = format!(
        "[refreshkit]\n{key}\n[client]\nuser={user}\npassword={password}\nhost={host}\n{port}\n{more}\n"
    );
    std::fs::write(&file, text).unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
    file
}

#[test]
fn a_table_outside_the_data_directory_is_copied_by_its_rows_or_not_at_all() {
    on_all_servers_at_once(|server| {
        let home = tempfile::tempdir().unwrap();
        let elsewhere = home.path().join("elsewhere");
        std::fs::create_dir(&elsewhere).unwrap();
        let (files, options) = match server.engine {
            Engine::MySql => (
                "clone",
                format!("--plugin-load-add=mysql_clone.so --innodb-directories={}", elsewhere.display()),
            ),
            Engine::MariaDb => ("mariadb-backup", String::new()),
        };
        let source = Private::start_with(server.engine, &home.path().join("source"), &options);
        let table = format!(
            "CREATE DATABASE far; CREATE TABLE far.here (n INT) DATA DIRECTORY = '{}'; INSERT INTO far.here VALUES (7);",
            elsewhere.display()
        );
        source.server.client(None, table.as_bytes());
        let file = elsewhere.join("far/here.ibd");
        assert!(file.exists(), "it is not there");
        let copy = |more: &[&str]| {
            Tool::new("rds-local")
                .args(["copy", "--run", "far", "--run-as", "nobody", "--dir"])
                .arg(home.path().join("copies"))
                .args(more.iter().copied())
                .arg("--from")
                .arg(&source.server.client_cnf)
                .env("REFRESH_STATE_DIR", home.path().join("state"))
                .run()
        };
        std::fs::set_permissions(home.path(), PermissionsExt::from_mode(0o711)).unwrap();
        let refused = copy(&["--by", files]).exits(69);
        let said = format!("{} lies outside the data directory of the source", file.display());
        assert!(refused.stderr.contains(&said) && refused.stderr.contains("--by dump"), "{}", refused.stderr);
        assert!(refused.document().resources.is_empty() && !home.path().join("copies").exists());
        // Its rows can be had all the same.
        let copied = copy(&[]).exits(0);
        assert!(
            copied.stderr.contains(&format!("copying by dump, since {files} cannot")),
            "{}",
            copied.stderr
        );
        let document = copied.document();
        let mut session = session_of(&document);
        assert_eq!(session.first::<i64>("reading", "SELECT n FROM far.here").unwrap(), Some(7));
        session.run("writing", "UPDATE far.here SET n = 8").unwrap();
        let mut live = source.server.session();
        assert_eq!(live.first::<i64>("reading", "SELECT n FROM far.here").unwrap(), Some(7));
        Tool::new("rds-local")
            .args(["drop", "--run", "far", "--dir"])
            .arg(home.path().join("copies"))
            .env("REFRESH_STATE_DIR", home.path().join("state"))
            .run()
            .exits(0);
        assert!(file.exists());
    });
}

#[test]
fn whoever_lacks_a_right_to_clone_is_told_which_before_anything_is_made() {
    if !crate::support::servers().iter().any(|server| server.engine == Engine::MySql) {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let source =
        Private::start_with(Engine::MySql, &home.path().join("source"), "--plugin-load-add=mysql_clone.so");
    let mut session = source.server.session();
    for sql in [
        "CREATE USER copies@'127.0.0.1' IDENTIFIED BY 'Copies-1234'",
        "GRANT SELECT, RELOAD, SHOW VIEW, TRIGGER, EVENT ON *.* TO copies@'127.0.0.1'",
        "CREATE ROLE backs_up",
    ] {
        session.run("an account", sql).unwrap();
    }
    let from = login(home.path(), &source, ("copies", "127.0.0.1"), "");
    let copy = || {
        Tool::new("rds-local")
            .args(["copy", "--by", "clone", "--dry-run", "--run-as", "nobody", "--from"])
            .arg(&from)
            .env("REFRESH_STATE_DIR", home.path().join("state"))
            .run()
    };
    let refused = copy().exits(69).stderr;
    assert!(refused.contains("copies lacks BACKUP_ADMIN: GRANT BACKUP_ADMIN ON *.*"), "{refused}");
    // A right that comes from a role is one.
    session.run("a role", "GRANT BACKUP_ADMIN ON *.* TO backs_up").unwrap();
    session.run("a role", "GRANT backs_up TO copies@'127.0.0.1'").unwrap();
    session.run("a role", "SET DEFAULT ROLE backs_up TO copies@'127.0.0.1'").unwrap();
    let refused = copy().exits(69).stderr;
    assert!(refused.contains("copies lacks PROCESS"), "{refused}");
    session.run("the last", "GRANT PROCESS ON *.* TO copies@'127.0.0.1'").unwrap();
    let said = copy().exits(0).document().steps[0].note.clone();
    assert!(said.contains("by clone"), "{said}");
    assert!(!home.path().join("state").exists());
}

#[test]
fn a_source_on_another_host_is_copied_over_tls_by_an_authority_that_is_named_from_here() {
    // This host by its name is as good as another: only an address says that it is this one.
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap().trim().to_owned();
    let found = std::net::ToSocketAddrs::to_socket_addrs(&(name.as_str(), 1));
    if found.is_err() {
        eprintln!("left out: {name} is no name that can be looked up");
        return;
    }
    on_all_servers_at_once(|server| {
        let home = tempfile::tempdir().unwrap();
        std::fs::set_permissions(home.path(), PermissionsExt::from_mode(0o711)).unwrap();
        let tls = crate::restore_tls::with_certificates_of(home.path(), &format!("DNS:{name}"));
        let plugin = if server.engine == Engine::MySql { " --plugin-load-add=mysql_clone.so" } else { "" };
        let options = format!("{tls} --bind-address=*{plugin}");
        let source = Private::start_with(server.engine, &home.path().join("source"), &options);
        source.server.client(
            None,
            b"CREATE DATABASE far; CREATE TABLE far.here (n INT); INSERT INTO far.here VALUES (7);",
        );
        let ways: &[&str] = if server.engine == Engine::MySql { &["clone", "dump"] } else { &["dump"] };
        let from = login(home.path(), &source, ("refresh", &name), "ssl-ca=tls/right.pem");
        for way in ways {
            let tool = Tool::new("rds-local")
                .args(["copy", "--run", way, "--by", way, "--run-as", "nobody", "--dir"])
                .arg(home.path().join("copies"))
                .arg("--from")
                .arg(&from)
                .env("REFRESH_STATE_DIR", home.path().join("state"));
            let copied = tool.within(home.path()).run().exits(0).document();
            assert!(copied.steps[0].note.contains(&format!("by {way}")), "{}", copied.steps[0].note);
            let read = session_of(&copied).first::<i64>("reading", "SELECT n FROM far.here").unwrap();
            assert_eq!(read, Some(7), "{way}");
            Tool::new("rds-local")
                .args(["drop", "--run", way, "--dir"])
                .arg(home.path().join("copies"))
                .env("REFRESH_STATE_DIR", home.path().join("state"))
                .run()
                .exits(0);
        }
    });
}
