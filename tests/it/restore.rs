//! `dev-restore` on real servers: load, verify, migrate, swap, undo, and every way in which it must say no.

use std::path::{Path, PathBuf};
use std::process::Command;

use refreshkit::dump::digest_table;
use refreshkit::mysql::Session;

use crate::support::{Scratch, TestServer, Tool, for_each_server};

/// A database with everything that a swap could lose.
const SHOP: &str = "
CREATE TABLE customers (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, email VARCHAR(120) NOT NULL, name VARCHAR(60) CHARACTER SET latin1,
    best_order BIGINT NULL, score FLOAT, flags BIT(9), kind ENUM('a','b',''), tags SET('x','y'), picture VARBINARY(40),
    born DATE, upper_name VARCHAR(60) GENERATED ALWAYS AS (UPPER(email)) STORED, doc JSON, small YEAR,
    UNIQUE KEY (email), KEY by_name (name));
CREATE TABLE orders (
    id BIGINT NOT NULL PRIMARY KEY, customer_id INT UNSIGNED NOT NULL, amount DECIMAL(12,2), at DATETIME(3), KEY (customer_id));
CREATE TABLE `lines` (order_id BIGINT, no INT, text TEXT, PRIMARY KEY (order_id, no), FULLTEXT KEY words (text));
CREATE TABLE history (id INT NOT NULL, y INT NOT NULL, what VARCHAR(20), PRIMARY KEY (id, y))
    PARTITION BY RANGE (y) (PARTITION p0 VALUES LESS THAN (2025), PARTITION p1 VALUES LESS THAN MAXVALUE);
CREATE TABLE bag (word VARCHAR(20));
CREATE TABLE audit (id INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(80));
ALTER TABLE orders ADD CONSTRAINT orders_customer FOREIGN KEY (customer_id) REFERENCES customers (id);
ALTER TABLE customers ADD CONSTRAINT customers_best FOREIGN KEY (best_order) REFERENCES orders (id);
SET foreign_key_checks = 0;
INSERT INTO customers (id, email, name, best_order, score, flags, kind, tags, picture, born, doc, small) VALUES
    (1, 'a@x', 'Müller\\t\\'quoted\\' \\\\N', 10, 16777216, b'101', 'a', 'x,y', x'00ff27275c09', '2001-02-03', '{\"a\": [1, \"ü\"]}', 2001),
    (2, 'b@x', NULL, NULL, 0.1, b'0', '', '', x'', NULL, NULL, 0);
INSERT INTO orders VALUES (10, 1, 12.50, '2026-01-02 03:04:05.678'), (11, 2, -0.01, NULL);
INSERT INTO `lines` VALUES (10, 1, 'línea uno'), (10, 2, 'two\\nlines\\twith tabs'), (11, 1, '');
INSERT INTO history VALUES (1, 2024, 'old'), (2, 2026, 'new');
INSERT INTO bag VALUES ('same'), ('same'), (NULL), ('');
CREATE FUNCTION twice(x INT) RETURNS INT DETERMINISTIC RETURN x * 2;
CREATE VIEW a_rich AS SELECT id, email, n FROM z_counts WHERE n > 0;
CREATE TRIGGER orders_audit AFTER INSERT ON orders FOR EACH ROW INSERT INTO audit (what) VALUES (CONCAT('order ', NEW.id));
CREATE TRIGGER orders_audit_2 AFTER INSERT ON orders FOR EACH ROW FOLLOWS orders_audit INSERT INTO audit (what) VALUES (CONCAT('then ', twice(NEW.id)));
CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DO DELETE FROM audit;
DELIMITER ;;
CREATE PROCEDURE settle(IN c INT) BEGIN DECLARE n INT; SELECT COUNT(*) INTO n FROM orders WHERE customer_id = c; SELECT n; END;;
DELIMITER ;
";

/// The view that `a_rich` is built on; made first, but its name sorts last.
const VIEW_BELOW: &str = "CREATE VIEW z_counts AS SELECT c.id, c.email, COUNT(o.id) AS n FROM customers c LEFT JOIN orders o ON o.customer_id = c.id GROUP BY c.id, c.email;";

fn shop(server: &TestServer) -> Scratch {
    let scratch = server.scratch("restore_src");
    scratch.run(&SHOP.replace("CREATE VIEW a_rich", &format!("{VIEW_BELOW}\nCREATE VIEW a_rich")));
    scratch
}

/// A dump directory, a target and the configurations that name them.
struct Place {
    server: TestServer,
    directory: tempfile::TempDir,
    target: Scratch,
}

impl Place {
    /// A place with a dump of `source`.
    fn with_dump_of(source: &Scratch) -> Self {
        let target = source.server.scratch("restore_dev");
        let place = Self { server: source.server.clone(), directory: target.directory(), target };
        place.configure("");
        place.dump(source, "20261122T020000Z");
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn database(&self) -> &str {
        &self.target.name
    }

    fn configure(&self, more: &str) {
        let text = format!(
            "[dump]\ndir = \"{}\"\n[targets.dev3]\ndatabase = \"{}\"\ndefaults_file = \"{}\"\n{more}",
            self.directory.path().display(),
            self.database(),
            self.server.client_cnf.display(),
        );
        std::fs::write(self.path("refresh.toml"), text).unwrap();
    }

    /// Writes a dump of `source` under a name with that time in it.
    fn dump(&self, source: &Scratch, stamp: &str) -> PathBuf {
        let out = self.path("out");
        std::fs::create_dir_all(&out).unwrap();
        let config = format!(
            "[source]\ndefaults_file = \"{}\"\n[dump]\ndir = \"{}\"\nname = \"app\"\n",
            self.server.client_cnf.display(),
            out.display()
        );
        std::fs::write(self.path("source.toml"), config).unwrap();
        let run = Tool::new("mydump-rotate").arg("--config").arg(self.path("source.toml"));
        let document = run.arg("--state-dir").arg(self.path("state")).args(["--whole", &source.name]).run();
        let document = document.exits(0).document();
        let path = self.path(&format!("app-{stamp}.sql.gz"));
        std::fs::rename(document.dump.unwrap().path, &path).unwrap();
        path
    }

    fn tool(&self, arguments: &[&str]) -> Tool {
        let tool = Tool::new("dev-restore").arg("--config").arg(self.path("refresh.toml"));
        tool.arg("--state-dir").arg(self.path("state")).args(arguments.iter().copied())
    }

    fn session(&self) -> Session {
        self.server.session()
    }

    fn databases(&self) -> Vec<String> {
        let sql = format!(
            "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE LEFT(SCHEMA_NAME, {}) = '{}' ORDER BY 1",
            self.database().len(),
            self.database()
        );
        self.session().rows("listing", &sql).unwrap()
    }

    /// A git repository with one commit on `branch`.
    fn repository(&self, branch: &str, files: &[(&str, &str)]) -> PathBuf {
        let path = self.path("repository");
        std::fs::create_dir_all(&path).unwrap();
        git(&path, &["init", "-q", "-b", branch]);
        for (name, text) in files {
            let file = path.join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        git(&path, &["add", "."]);
        git(&path, &["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "-m", "migrations"]);
        path
    }
}

fn git(directory: &Path, arguments: &[&str]) {
    let status = Command::new("git").arg("-C").arg(directory).args(arguments).status().unwrap();
    assert!(status.success(), "git {arguments:?}");
}

/// Everything in a database as text: definitions and digests. Two databases are the same if their pictures are.
fn picture(server: &TestServer, database: &str) -> String {
    let mut session = server.session();
    session.run("using", &format!("USE `{database}`")).unwrap();
    let mut lines = Vec::new();
    let list = |session: &mut Session, sql: &str| -> Vec<String> { session.rows("listing", sql).unwrap() };
    let schema = format!("'{database}'");
    for table in list(
        &mut session,
        &format!(
            "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = {schema} AND TABLE_TYPE = 'BASE TABLE' AND TABLE_NAME NOT LIKE 'refreshkit%' ORDER BY 1"
        ),
    ) {
        let columns = list(
            &mut session,
            &format!(
                "SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = {schema} AND TABLE_NAME = '{table}' AND IFNULL(GENERATION_EXPRESSION, '') = '' ORDER BY ORDINAL_POSITION"
            ),
        );
        let digest = digest_table(&mut session, database, &table, &columns).unwrap();
        lines.push(format!("{table} {} {}", digest.rows, digest.digest));
        lines.push(shown(&mut session, &format!("SHOW CREATE TABLE `{table}`"), 1));
    }
    for (kind, column, sql) in [
        (
            "VIEW",
            1,
            format!(
                "SELECT TABLE_NAME FROM information_schema.VIEWS WHERE TABLE_SCHEMA = {schema} ORDER BY 1"
            ),
        ),
        (
            "FUNCTION",
            2,
            format!(
                "SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = {schema} AND ROUTINE_TYPE = 'FUNCTION' ORDER BY 1"
            ),
        ),
        (
            "PROCEDURE",
            2,
            format!(
                "SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = {schema} AND ROUTINE_TYPE = 'PROCEDURE' ORDER BY 1"
            ),
        ),
        (
            "EVENT",
            3,
            format!(
                "SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = {schema} ORDER BY 1"
            ),
        ),
    ] {
        for object in list(&mut session, &sql) {
            lines.push(shown(&mut session, &format!("SHOW CREATE {kind} `{object}`"), column));
        }
    }
    lines.extend(list(&mut session, &format!("SELECT CONCAT_WS(' ', TRIGGER_NAME, EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER, ACTION_STATEMENT, SQL_MODE) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = {schema} ORDER BY TRIGGER_NAME")));
    lines.extend(list(
        &mut session,
        &format!(
            "SELECT DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = {schema}"
        ),
    ));
    let definer = |host: &str| format!("DEFINER=`refresh`@`{host}` ");
    let text = lines.join("\n").replace(database, "DB");
    text.replace(&definer("localhost"), "")
        .replace(&definer("127.0.0.1"), "")
        .replace("NO_AUTO_CREATE_USER,", "")
}

/// Two pictures line by line: the whole of them would be pages.
fn assert_same(found: &str, expected: &str) {
    let differs = found.lines().zip(expected.lines()).find(|(found, expected)| found != expected);
    assert_eq!(differs, None, "(found, expected)");
    assert_eq!(found.lines().count(), expected.lines().count());
}

fn shown(session: &mut Session, sql: &str, column: usize) -> String {
    let row: mysql::Row = session.first("showing", sql).unwrap().unwrap();
    row.get::<String, _>(column).unwrap()
}

/// What a developer had before.
const MINE: &str = "
CREATE TABLE mine (id INT PRIMARY KEY, other INT); INSERT INTO mine VALUES (1, 2), (3, 4);
CREATE TABLE orders (id INT PRIMARY KEY, mine_id INT, CONSTRAINT orders_customer FOREIGN KEY (mine_id) REFERENCES mine (id)); INSERT INTO orders VALUES (1, 3);
CREATE TRIGGER orders_audit BEFORE INSERT ON orders FOR EACH ROW SET NEW.mine_id = 1;
CREATE VIEW customers AS SELECT id FROM mine;
CREATE PROCEDURE settle() SELECT 'mine';
CREATE EVENT nightly ON SCHEDULE EVERY 2 DAY STARTS '2031-01-01 00:00:00' DO DELETE FROM orders;
";

#[test]
fn a_refresh_replaces_everything_and_undo_brings_everything_back() {
    for_each_server(|server| {
        let source = shop(server);
        let place = Place::with_dump_of(&source);
        place.target.run(MINE);
        let (new, old) = (picture(server, &source.name), picture(server, place.database()));
        let document = place.tool(&["--target", "dev3"]).run().exits(0).document();
        assert_same(&picture(server, place.database()), &new);
        let refresh = document.refresh.unwrap();
        assert_eq!(refresh.dump, "app-20261122T020000Z.sql.gz");
        assert_eq!(refresh.previous.as_deref(), Some(format!("{}__previous", place.database()).as_str()));
        assert_eq!(document.steps[0].note, "dev3 <- app-20261122T020000Z");
        assert_eq!(place.databases().len(), 2, "{:?}", place.databases());
        // The foreign keys point at each other, not at what was there before, and the triggers fire.
        let wrong = server
            .session()
            .run("inserting", &format!("INSERT INTO `{}`.orders VALUES (99, 77, 1, NULL)", place.database()));
        assert_eq!(wrong.unwrap_err().number(), Some(1452));
        place.target.run("INSERT INTO orders VALUES (12, 2, 1, NULL)");
        assert_eq!(place.target.run("SELECT what FROM audit ORDER BY id"), "order 12\nthen 24\n");
        assert_eq!(place.target.run("SELECT n FROM a_rich WHERE id = 2"), "2\n");
        let used = picture(server, place.database());
        place.tool(&["undo", "--target", "dev3"]).run().exits(0);
        assert_same(&picture(server, place.database()), &old);
        place.tool(&["undo", "--target", "dev3"]).run().exits(0);
        assert_same(&picture(server, place.database()), &used);
        // Once more over a database that a refresh made.
        place.tool(&["run", "--target", "dev3", "--insert", "--verify", "count"]).run().exits(0);
        assert_same(&picture(server, place.database()), &new);
    });
}

#[test]
fn a_target_that_does_not_exist_yet_is_made_and_there_is_nothing_to_undo() {
    for_each_server(|server| {
        let source = shop(server);
        let place = Place::with_dump_of(&source);
        place.session().run("dropping", &format!("DROP DATABASE `{}`", place.database())).unwrap();
        place.tool(&["--target", "dev3", "--dump", "2026-11-22"]).run().exits(0);
        assert_same(&picture(server, place.database()), &picture(server, &source.name));
        let undo = place.tool(&["undo", "--target", "dev3"]).run().exits(65);
        assert!(undo.stderr.contains("there is nothing to undo"), "{}", undo.stderr);
    });
}

#[test]
fn what_must_not_be_is_refused_and_the_database_stays_as_it_was() {
    for_each_server(|server| {
        let source = shop(server);
        let place = Place::with_dump_of(&source);
        place.target.run(MINE);
        let old = picture(server, place.database());
        let says = |arguments: &[&str], code: i32, words: &str| {
            let output = place.tool(arguments).run().exits(code);
            assert!(output.stderr.contains(words), "{arguments:?} should say {words:?}:\n{}", output.stderr);
            assert_same(&picture(server, place.database()), &old);
            assert_eq!(place.databases(), [place.database()]);
        };
        says(&["--target", "prod"], 77, "prod is not a target; there is dev3");
        says(
            &["--target", "dev3", "--dump", "app-20261101T020000Z.sql.gz"],
            65,
            "there is app-20261122T020000Z.sql.gz",
        );
        says(&["--target", "dev3", "--ref", "x"], 78, "[migrations] repository is not set");
        let cnf = server.client_cnf.display();
        place.configure(&format!("[source]\ndefaults_file = \"{cnf}\"\n"));
        says(&["--target", "dev3"], 77, "target dev3 looks like the source");
        place.configure("");
        // A database in the way that is somebody's own.
        let mut session = place.session();
        session.run("making", &format!("CREATE DATABASE `{}__refresh`", place.database())).unwrap();
        session
            .run("making", &format!("CREATE TABLE `{}__refresh`.`own` (a INT)", place.database()))
            .unwrap();
        let output = place.tool(&["--target", "dev3"]).run().exits(77);
        assert!(output.stderr.contains("was not made by dev-restore"), "{}", output.stderr);
        session.run("dropping", &format!("DROP DATABASE `{}__refresh`", place.database())).unwrap();
        // One bit in the middle of the file.
        let path = place.path("app-20261122T020000Z.sql.gz");
        let mut bytes = std::fs::read(&path).unwrap();
        let rows = bytes.windows(4).skip(1000).position(|w| w == [0x1f, 0x8b, 8, 0]).unwrap() + 1030;
        bytes[rows] ^= 0x10;
        std::fs::write(&path, bytes).unwrap();
        says(&["--target", "dev3"], 65, "has changed since it was written");
    });
}

#[test]
fn one_refresh_at_a_time_and_the_second_is_told_who() {
    for_each_server(|server| {
        let source = shop(server);
        let place = Place::with_dump_of(&source);
        place.target.run(MINE);
        let mut other = server.session();
        let lock = format!("SELECT GET_LOCK('refreshkit.{}', 0)", place.database());
        assert_eq!(other.first::<i64>("locking", &lock).unwrap(), Some(1));
        let output = place.tool(&["--target", "dev3"]).run().exits(75);
        assert!(output.stderr.contains("target dev3 is being refreshed by refresh@"), "{}", output.stderr);
        drop(other);
        place.tool(&["--target", "dev3"]).run().exits(0);
    });
}

#[test]
fn migrations_run_before_the_swap_and_a_failing_one_leaves_the_database_alone() {
    for_each_server(|server| {
        let source = shop(server);
        source.run("CREATE TABLE schema_migrations (name VARCHAR(99) PRIMARY KEY); INSERT INTO schema_migrations VALUES ('V1__old.sql');");
        let place = Place::with_dump_of(&source);
        place.target.run(MINE);
        let old = picture(server, place.database());
        let repository = place.repository(
            "main",
            &[
                ("db/V1__old.sql", "CREATE TABLE orders (id INT);"),
                ("db/V10__view.sql", "DELIMITER //\nCREATE PROCEDURE fresh() BEGIN SELECT 1; END//\nDELIMITER ;\nCREATE OR REPLACE VIEW a_rich AS SELECT id, rating FROM customers;"),
                ("db/V2__rating.sql", "\u{feff}ALTER TABLE customers ADD rating INT;\r\nUPDATE customers SET rating = id * 10;\r\n"),
            ],
        );
        place.configure(&format!(
            "[migrations]\nrepository = \"{}\"\npath = \"db/*.sql\"\n",
            repository.display()
        ));
        let document = place.tool(&["--target", "dev3", "--ref", "main"]).run().exits(0).document();
        assert_eq!(place.target.run("SELECT id, rating FROM a_rich ORDER BY 1"), "1\t10\n2\t20\n");
        assert_eq!(
            place.target.run("SELECT name FROM schema_migrations ORDER BY HEX(name)"),
            "V10__view.sql\nV1__old.sql\nV2__rating.sql\n"
        );
        let refresh = document.refresh.unwrap();
        let seen: Vec<_> = refresh.migrations.iter().map(|m| (m.name.as_str(), m.status.as_str())).collect();
        assert_eq!(
            seen,
            [("V1__old.sql", "already-applied"), ("V2__rating.sql", "applied"), ("V10__view.sql", "applied")]
        );
        assert_eq!(document.steps[0].note, "dev3 <- app-20261122T020000Z @ main, 2 migrations");
        assert_eq!(refresh.commit.unwrap().len(), 40);
        place.tool(&["undo", "--target", "dev3"]).run().exits(0);
        assert_same(&picture(server, place.database()), &old);

        git(&repository, &["checkout", "-q", "-b", "feature/broken"]);
        std::fs::write(
            repository.join("db/V3__broken.sql"),
            "-- one\nCREATE TABLE fine (a INT);\n\nALTER TABLE customers\n  ADD COLUMN COLUMN x INT;\n",
        )
        .unwrap();
        git(&repository, &["add", "."]);
        git(&repository, &["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "-m", "broken"]);
        let output = place.tool(&["--target", "dev3", "--ref", "feature/broken"]).run().exits(65);
        assert!(
            output.stderr.contains(
                "db/V3__broken.sql:4: ALTER TABLE customers ADD COLUMN COLUMN x INT: 1064 (42000): "
            ),
            "{}",
            output.stderr
        );
        assert_eq!(output.document().refresh.unwrap().migrations.last().unwrap().status, "failed");
        assert_same(&picture(server, place.database()), &old);
        assert!(!place.databases().iter().any(|name| name.ends_with("__refresh")));
        let output = place.tool(&["--target", "dev3", "--ref", "feature/brokn"]).run().exits(65);
        assert!(output.stderr.contains("did you mean feature/broken?"), "{}", output.stderr);
    });
}

#[test]
fn lists_are_for_people_and_for_scripts_and_never_empty_when_plain() {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("refresh.toml");
    std::fs::write(&config, format!("[dump]\ndir = \"{}\"\n", directory.path().display())).unwrap();
    let tool = |arguments: &[&str]| {
        Tool::new("dev-restore")
            .arg("--config")
            .arg(&config)
            .args(arguments.iter().copied())
            .run()
            .exits(0)
            .stdout
    };
    assert_eq!(tool(&["list", "--plain"]), "none\n");
    assert_eq!(tool(&["targets", "--plain"]), "none\n");
    std::fs::write(directory.path().join("app-20261122T020000Z.sql.gz"), "x").unwrap();
    std::fs::write(directory.path().join("app-20261123T020000Z.sql.gz"), "x").unwrap();
    assert_eq!(tool(&["dumps", "--plain"]), "app-20261123T020000Z.sql.gz\napp-20261122T020000Z.sql.gz\n");
    assert!(tool(&["list", "--json"]).contains("is not a whole dump"));
}
