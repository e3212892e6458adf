//! `dev-restore` against servers of their own: what a shared one must not go through.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use refreshkit::mysql::{Engine, Session};

use crate::restore_fence::{LIVE, over_tls};
use crate::restore_place::{MINE, Place, assert_same, picture, shop};
use crate::restore_tls::{settings, tls_is_verified_with_the_authority_that_is_named, with_certificates};
use crate::support::{Private, Scratch, SmallDisk, for_each_server};

/// A place whose target is on a server of its own, with what a developer had.
fn place_on(private: &Private, source: &Scratch) -> Place {
    let mut place = Place::with_dump_of(source);
    // The scratch database of the same name on the other server.
    let name = place.database().to_owned();
    place.option_file.clone_from(&private.server.client_cnf);
    place.configure("");
    private
        .server
        .session()
        .run("making", &format!("CREATE DATABASE `{name}` CHARACTER SET utf8mb4"))
        .unwrap();
    private.server.client(Some(&name), MINE.as_bytes());
    place
}

/// A table that is small as SQL and large with all its keys.
fn with_keys(source: &Scratch, keys: u32) {
    let keys: Vec<String> = (0..keys).map(|n| format!("KEY k{n} (a, b, c{n})")).collect();
    let columns: Vec<String> = (0..keys.len()).map(|n| format!("c{n} INT NOT NULL DEFAULT 1")).collect();
    source.run(&format!(
        "CREATE TABLE many (id INT AUTO_INCREMENT PRIMARY KEY, a INT, b CHAR(60), {}, {});\
         INSERT INTO many (a, b) SELECT 7, '' FROM information_schema.COLLATIONS x, information_schema.COLLATIONS y LIMIT 40000",
        columns.join(", "),
        keys.join(", ")
    ));
}

/// Everything that is asked of a server of one's own, in one go: starting one takes seconds.
fn on_a_server_of_its_own(engine: Engine) {
    for_each_server(|shared| {
        if shared.engine != engine {
            return;
        }
        let home = tempfile::Builder::new().prefix("rk-own").tempdir().unwrap();
        let disk = SmallDisk::mount(home.path(), 450);
        let private = Private::start_with(engine, home.path(), &with_certificates(home.path()));
        let source = shop(shared);
        with_keys(&source, 12);
        let place = place_on(&private, &source);
        a_statement_that_the_server_does_not_take_is_told_beforehand(&private, &place);
        what_replicates_from_the_source_is_no_target(&private, &place);
        if let Some(disk) = &disk {
            a_disk_that_fills_up_in_the_middle_leaves_the_database(&private, &place, disk);
        }
        if engine == Engine::MySql {
            fast_is_for_a_server_that_holds_nothing_else(&private, &place);
            fast_is_switched_back_by_the_next_run(&private, &place);
        }
        tls_is_verified_with_the_authority_that_is_named(&private, &place);
        let small = shared.scratch("fence_src");
        small.run(LIVE);
        over_tls(
            place_on(&private, &small),
            private.server.clone(),
            &settings(&private, "right.pem", "127.0.0.1"),
        );
    });
}

#[test]
fn a_mariadb_of_its_own() {
    on_a_server_of_its_own(Engine::MariaDb);
}

#[test]
fn a_mysql_of_its_own() {
    on_a_server_of_its_own(Engine::MySql);
}

fn a_statement_that_the_server_does_not_take_is_told_beforehand(private: &Private, place: &Place) {
    let old = picture(&private.server, place.database());
    let mut session = private.server.session();
    let before = session.first::<u64>("asking", "SELECT @@GLOBAL.max_allowed_packet").unwrap().unwrap();
    session.run("setting", "SET GLOBAL max_allowed_packet = 65536").unwrap();
    let output = place.tool(&["--target", "dev3"]).run().exits(69);
    assert!(output.stderr.contains("the target's max_allowed_packet is 65536"), "{}", output.stderr);
    assert!(output.stderr.contains("hint: SET GLOBAL max_allowed_packet = 1048576"), "{}", output.stderr);
    session.run("setting", &format!("SET GLOBAL max_allowed_packet = {before}")).unwrap();
    assert_same(&picture(&private.server, place.database()), &old);
}

fn what_replicates_from_the_source_is_no_target(private: &Private, place: &Place) {
    let old = picture(&private.server, place.database());
    let host = "prod-replica.cluster-x.eu-west-1.rds.amazonaws.com";
    let (change, reset) = match private.server.engine {
        Engine::MariaDb => ("MASTER TO MASTER", "SLAVE"),
        Engine::MySql => ("REPLICATION SOURCE TO SOURCE", "REPLICA"),
    };
    let mut session = private.server.session();
    session.run("configuring", &format!("CHANGE {change}_HOST = '{host}'")).unwrap();
    place.configure("[source]\ncluster = \"prod-replica\"\n");
    let output = place.tool(&["--target", "dev3"]).run().exits(77);
    assert!(output.stderr.contains(&format!("it replicates from {host}")), "{}", output.stderr);
    assert_same(&picture(&private.server, place.database()), &old);
    session.run("configuring", &format!("RESET {reset} ALL")).unwrap();
    place.configure("");
}

fn a_disk_that_fills_up_in_the_middle_leaves_the_database(
    private: &Private,
    place: &Place,
    disk: &SmallDisk,
) {
    let old = picture(&private.server, place.database());
    // Enough for the rows, and for what the check beforehand estimates; not for the keys.
    disk.leave(24 << 20);
    // One connection: of several, whichever is refused first is told.
    let output = place.tool(&["--target", "dev3", "--workers", "1"]).run().exits(69);
    assert!(output.stderr.contains("of many") && output.stderr.contains("ERROR "), "{}", output.stderr);
    assert_same(&picture(&private.server, place.database()), &old);
    disk.clear();
    place.tool(&["--target", "dev3"]).run().exits(0);
    place.tool(&["undo", "--target", "dev3"]).run().exits(0);
    assert_same(&picture(&private.server, place.database()), &old);
}

fn redo_log(session: &mut Session) -> String {
    let sql = "SHOW GLOBAL STATUS LIKE 'Innodb_redo_log_enabled'";
    session.first::<(String, String)>("asking", sql).unwrap().unwrap().1
}

fn fast_is_for_a_server_that_holds_nothing_else(private: &Private, place: &Place) {
    let old = picture(&private.server, place.database());
    let mut session = private.server.session();
    session.run("making", "CREATE DATABASE somebody_elses").unwrap();
    let output = place.tool(&["--target", "dev3", "--fast"]).run().exits(77);
    assert!(output.stderr.contains("--fast: the server also holds somebody_elses"), "{}", output.stderr);
    session.run("dropping", "DROP DATABASE somebody_elses").unwrap();
    session.run("revoking", "REVOKE INNODB_REDO_LOG_ENABLE ON *.* FROM CURRENT_USER()").unwrap();
    let output = place.tool(&["--target", "dev3", "--fast"]).run().exits(77);
    assert!(output.stderr.contains("lacks the privilege INNODB_REDO_LOG_ENABLE"), "{}", output.stderr);
    session.run("granting", "GRANT INNODB_REDO_LOG_ENABLE ON *.* TO CURRENT_USER()").unwrap();
    assert_same(&picture(&private.server, place.database()), &old);
    place.tool(&["--target", "dev3", "--fast"]).run().exits(0);
    assert_eq!(redo_log(&mut session), "ON");
    place.tool(&["undo", "--target", "dev3"]).run().exits(0);
}

/// Kills a refresh while the redo log is off; the database as it was before. A run that was through too soon says
/// nothing, and the next one may be caught.
fn killed_without_a_redo_log(private: &Private, place: &Place, session: &mut Session) -> String {
    for _ in 0..50 {
        let old = picture(&private.server, place.database());
        let mut child = place.tool(&["--target", "dev3", "--fast"]).spawn();
        while child.try_wait().unwrap().is_none() && redo_log(session) == "ON" {
            std::thread::sleep(Duration::from_millis(2));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        if redo_log(session) == "OFF" {
            return old;
        }
    }
    panic!("no run was met while the redo log was off");
}

fn fast_is_switched_back_by_the_next_run(private: &Private, place: &Place) {
    let mut session = private.server.session();
    for repair in [&["status", "--target", "dev3", "--repair"][..], &["--target", "dev3"]] {
        let old = killed_without_a_redo_log(private, place, &mut session);
        let said = place.tool(&["status", "--target", "dev3"]).run().exits(0).stdout;
        assert!(said.contains("redo log  off"), "{said}");
        assert_same(&picture(&private.server, place.database()), &old);
        place.tool(repair).run().exits(0);
        assert_eq!(redo_log(&mut session), "ON");
        let said = place.tool(&["status", "--target", "dev3"]).run().exits(0).stdout;
        assert!(!said.contains("redo log"), "{said}");
    }
}

#[test]
fn fast_on_mariadb_says_that_there_is_no_such_thing() {
    for_each_server(|server| {
        if server.engine == Engine::MariaDb {
            let place = Place::with_dump_of(&shop(server));
            let output = place.tool(&["--target", "dev3", "--fast"]).run().exits(0);
            assert!(output.stderr.contains("MariaDB cannot switch its redo log off"), "{}", output.stderr);
        }
    });
}

#[test]
fn a_table_that_is_written_to_while_it_is_preserved_fails_the_refresh() {
    for_each_server(|server| {
        let place = Place::with_dump_of(&shop(server));
        place
            .target
            .run("CREATE TABLE mine (id INT AUTO_INCREMENT PRIMARY KEY); INSERT INTO mine VALUES (1)");
        place.configure_target("preserve = [\"mine\"]");
        let over = AtomicBool::new(false);
        let output = std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    let mut session = server.session();
                    let sql = format!("INSERT INTO `{}`.mine VALUES ()", place.database());
                    while !over.load(Ordering::Relaxed) {
                        session.attempt(&sql);
                    }
                });
            }
            // Between the copy and the count nobody may happen to write: then it is as good as if nobody did.
            let refresh = || place.tool(&["--target", "dev3"]).run();
            let output = (0..8).map(|_| refresh()).find(|output| output.code != 0);
            over.store(true, Ordering::Relaxed);
            output
        });
        let output = output.expect("one of eight meets a writer").exits(75);
        assert!(output.stderr.contains("changed while it was preserved"), "{}", output.stderr);
        assert!(!place.databases().iter().any(|name| name.ends_with("__refresh")), "{:?}", place.databases());
    });
}
