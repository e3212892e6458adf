//! `dev-restore --only`: some tables of a database are replaced, and everything else goes on as it was.

use std::time::Instant;

use crate::restore_crash::wait_for_the_server;
use crate::restore_place::{Place, assert_same, picture, shop};
use crate::support::{TestServer, for_each_server};

/// What a developer has done to a refreshed database, and would not lose.
const WORK: &str = "
UPDATE `lines` SET text = 'mine'; INSERT INTO bag VALUES ('mine'); INSERT INTO history VALUES (3, 2026, 'mine');
CREATE TABLE mine (a INT); INSERT INTO mine VALUES (7);
CREATE TRIGGER bag_mine BEFORE INSERT ON bag FOR EACH ROW SET NEW.word = UPPER(NEW.word);
CREATE VIEW my_words AS SELECT word, text FROM bag, `lines`;
";

/// A refreshed database that somebody has worked in.
fn worked_in(server: &TestServer) -> Place {
    let source = shop(server);
    source.run("CREATE TRIGGER bag_theirs BEFORE INSERT ON bag FOR EACH ROW SET NEW.word = 'theirs'");
    let place = Place::with_dump_of(&source);
    place.tool(&["--target", "dev3"]).run().exits(0);
    place.target.run("DROP TRIGGER bag_theirs");
    place.target.run(WORK);
    place
}

#[test]
fn only_the_named_tables_are_replaced_and_undo_brings_just_them_back() {
    for_each_server(|server| {
        let place = worked_in(server);
        let old = picture(server, place.database());
        // Who names a table on the command line wants the dump's.
        place.configure_target("preserve = [\"bag\"]");
        let document = place.tool(&["--target", "dev3", "--only", "bag, lines"]).run().exits(0).document();
        assert_eq!(document.steps[0].note, "dev3 <- app-20261122T020000Z (only bag, lines)");
        let refresh = document.refresh.unwrap();
        let changes: Vec<_> = refresh
            .changes
            .iter()
            .map(|change| (change.table.as_str(), change.before, change.after))
            .collect();
        assert_eq!(changes, [("bag", Some(5), Some(4)), ("lines", Some(3), Some(3))]);
        assert_eq!((refresh.only, refresh.rows), (vec!["bag".to_owned(), "lines".to_owned()], 7));
        let new = picture(server, place.database());
        let differs: Vec<&str> = old
            .lines()
            .zip(new.lines())
            .filter(|(old, new)| old != new)
            .map(|(_, new)| new.split(' ').next().unwrap())
            .collect();
        assert_eq!(differs, ["bag", "lines"], "nothing else differs, triggers and views neither");
        assert_eq!(
            place.target.run("SELECT COUNT(*) FROM my_words WHERE text = 'mine' OR word = 'mine'"),
            "0\n"
        );
        place.target.run("INSERT INTO bag VALUES ('fires')");
        assert_eq!(place.target.run("SELECT COUNT(*) FROM bag WHERE BINARY word = 'FIRES'"), "1\n");
        assert_eq!(place.databases().len(), 2, "{:?}", place.databases());
        let told = place.tool(&["status", "--target", "dev3"]).run().exits(0).stdout;
        assert!(told.contains(".sql.gz, only bag, lines"), "{told}");

        place.target.run("UPDATE mine SET a = 8");
        let used = picture(server, place.database());
        let dry = place.tool(&["undo", "--target", "dev3", "--dry-run"]).run().exits(0).stderr;
        assert!(dry.contains("would swap bag, lines of "), "{dry}");
        place.tool(&["undo", "--target", "dev3"]).run().exits(0);
        assert_eq!(place.target.run("SELECT a FROM mine"), "8\n", "what was not refreshed is not undone");
        place.target.run("UPDATE mine SET a = 7");
        assert_same(&picture(server, place.database()), &old);
        place.target.run("UPDATE mine SET a = 8");
        place.tool(&["undo", "--target", "dev3"]).run().exits(0);
        assert_same(&picture(server, place.database()), &used);
        // The next one is of all of it again.
        place.configure("");
        place.tool(&["--target", "dev3"]).run().exits(0);
        place.tool(&["undo", "--target", "dev3"]).run().exits(0);
        assert_same(&picture(server, place.database()), &used);
    });
}

#[test]
fn what_cannot_be_replaced_alone_is_refused_with_what_to_ask_for_instead() {
    for_each_server(|server| {
        let place = worked_in(server);
        let refused = |only: &str, exit: i32, said: &str| {
            let old = picture(server, place.database());
            let output = place.tool(&["--target", "dev3", "--only", only]).run().exits(exit);
            assert!(output.stderr.contains(said), "{only}: {}", output.stderr);
            assert_same(&picture(server, place.database()), &old);
            assert_eq!(place.databases().len(), 2, "{:?}", place.databases());
        };
        refused("bag,oders", 65, "hint: did you mean orders?");
        refused("orders", 77, "foreign keys tie orders to customers\n  hint: --only customers,orders");
        place.target.run("ALTER TABLE bag ADD mine INT");
        refused("lines,bag", 77, "bag has other columns in");
        refused("bag", 77, "mine would be gone");
        place.target.run("DROP TABLE bag; CREATE VIEW bag AS SELECT 1 AS word");
        refused("bag", 77, "bag is a view in");
        place.tool(&["--target", "dev3", "--only", "bag", "--exclude", "bag"]).run().exits(2);
        place.tool(&["--target", "dev3", "--only", "bag,"]).run().exits(2);
        let dry = place.tool(&["--target", "dev3", "--only", "lines", "--dry-run"]).run().exits(0);
        assert!(dry.stderr.contains("then swap only lines into"), "{}", dry.stderr);

        // What is asked for instead works, and both ends of the keys are the new ones.
        place.tool(&["--target", "dev3", "--only", "customers,orders"]).run().exits(0);
        let wrong = format!("INSERT INTO `{}`.orders VALUES (99, 77, 1, NULL)", place.database());
        assert_eq!(server.session().run("inserting", &wrong).unwrap_err().number(), Some(1452));
        place.target.run("INSERT INTO orders VALUES (12, 2, 1, NULL)");
        assert_eq!(place.target.run("SELECT what FROM audit ORDER BY id"), "order 12\nthen 24\n");

        let empty = format!("DROP DATABASE `{0}`; CREATE DATABASE `{0}`", place.database());
        place.target.run(&empty);
        let output = place.tool(&["--target", "dev3", "--only", "lines"]).run().exits(77);
        assert!(output.stderr.contains("there is no database"), "{}", output.stderr);
    });
}

#[test]
fn with_a_branch_the_named_tables_are_those_that_its_migrations_made_of_all_of_the_dump() {
    for_each_server(|server| {
        let place = worked_in(server);
        let adds = "ALTER TABLE `lines` ADD owner INT; UPDATE `lines` SET owner = (SELECT MIN(customer_id) FROM orders WHERE id = order_id);";
        let repository = place.repository("rated", &[("1.sql", adds)]);
        place
            .configure(&format!("[migrations]\nrepository = \"{}\"\npath = \"*.sql\"", repository.display()));
        place.target.run("ALTER TABLE `lines` ADD owner INT");
        let output = place.tool(&["--target", "dev3", "--only", "lines"]).run().exits(77);
        assert!(output.stderr.contains("hint: --ref BRANCH"), "{}", output.stderr);
        place.tool(&["--target", "dev3", "--only", "lines", "--ref", "rated"]).run().exits(0);
        let found = place.target.run("SELECT order_id, no, owner FROM `lines` ORDER BY 1, 2");
        assert_eq!(
            found, "10\t1\t1\n10\t2\t1\n11\t1\t2\n",
            "the orders were there when the branch asked them"
        );
        assert_eq!(place.target.run("SELECT COUNT(*) FROM bag WHERE word = 'mine'"), "1\n");
    });
}

#[test]
fn a_table_that_is_new_comes_with_its_triggers_and_a_file_of_another_program_will_do() {
    for_each_server(|server| {
        let place = worked_in(server);
        place.target.run("DROP VIEW my_words; DROP TABLE bag");
        let old = picture(server, place.database());
        place.tool(&["--target", "dev3", "--only", "ba?"]).run().exits(0);
        place.target.run("INSERT INTO bag VALUES ('x')");
        assert_eq!(place.target.run("SELECT COUNT(*) FROM bag WHERE word = 'theirs'"), "1\n");
        place.tool(&["undo", "--target", "dev3"]).run().exits(0);
        assert_same(&picture(server, place.database()), &old);
        place.tool(&["undo", "--target", "dev3"]).run().exits(0);
        assert_eq!(place.target.run("SELECT COUNT(*) FROM bag WHERE word = 'theirs'"), "1\n");

        let file = place.path("other.sql");
        let sql = "CREATE TABLE bag (word VARCHAR(20)); INSERT INTO bag VALUES ('foreign'); CREATE TABLE mine (a INT);";
        std::fs::write(&file, sql).unwrap();
        let file = file.display().to_string();
        place.tool(&["--target", "dev3", "--dump", &file, "--only", "bag"]).run().exits(0);
        assert_eq!(place.target.run("SELECT word FROM bag"), "foreign\n");
        assert_eq!(place.target.run("SELECT a FROM mine"), "7\n");
        let output = place.tool(&["--target", "dev3", "--dump", &file, "--only", "lines"]).run().exits(65);
        assert!(output.stderr.contains("there is no table lines in what was loaded"), "{}", output.stderr);
        assert_eq!(place.databases().len(), 2, "{:?}", place.databases());
    });
}

#[test]
fn killed_at_any_moment_the_named_tables_are_all_old_or_all_new_and_the_others_untouched() {
    for_each_server(|server| {
        let place = worked_in(server);
        let old = picture(server, place.database());
        let only = ["--target", "dev3", "--only", "bag,lines"];
        let started = Instant::now();
        place.tool(&only).run().exits(0);
        let whole = started.elapsed();
        let new = picture(server, place.database());
        let kills = 8;
        for kill in 0..kills {
            if picture(server, place.database()) != old {
                place.tool(&["undo", "--target", "dev3"]).run().exits(0);
                assert_same(&picture(server, place.database()), &old);
            }
            let mut child = place.tool(&only).spawn();
            // The second half, where the swap is, gets most of them.
            std::thread::sleep(whole * (kills / 2 + kill) / (kills * 3 / 2));
            child.kill().unwrap();
            child.wait().unwrap();
            wait_for_the_server(server, place.database());
            place.tool(&["status", "--target", "dev3", "--repair"]).run().exits(0);
            let found = picture(server, place.database());
            assert_same(&found, if found == new { &new } else { &old });
        }
        place.tool(&only).run().exits(0);
        assert_same(&picture(server, place.database()), &new);
    });
}
