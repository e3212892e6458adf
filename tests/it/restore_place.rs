//! What the tests of `dev-restore` share: a database with everything in it, a dump of it, a target, pictures.

use std::path::{Path, PathBuf};
use std::process::Command;

use refreshkit::mysql::Session;
use refreshkit::rows::digest_table;

use crate::support::{Scratch, TestServer, Tool};

/// A database with everything that a swap could lose.
pub(crate) const SHOP: &str = "
CREATE TABLE customers (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, email VARCHAR(120) NOT NULL, name VARCHAR(60) CHARACTER SET latin1,
    best_order BIGINT NULL, score FLOAT, flags BIT(9), kind ENUM('a','b',''), tags SET('x','y'), picture VARBINARY(40),
    born DATE, upper_name VARCHAR(60) GENERATED ALWAYS AS (UPPER(email)) STORED,
    decade INT GENERATED ALWAYS AS (YEAR(born) DIV 10) VIRTUAL, doc JSON, small YEAR,
    UNIQUE KEY (email), KEY by_name (name), KEY by_decade (decade));
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
pub(crate) const VIEW_BELOW: &str = "CREATE VIEW z_counts AS SELECT c.id, c.email, COUNT(o.id) AS n FROM customers c LEFT JOIN orders o ON o.customer_id = c.id GROUP BY c.id, c.email;";

pub(crate) fn shop(server: &TestServer) -> Scratch {
    let scratch = server.scratch("restore_src");
    scratch.run(&SHOP.replace("CREATE VIEW a_rich", &format!("{VIEW_BELOW}\nCREATE VIEW a_rich")));
    scratch
}

/// A dump directory, a target and the configurations that name them.
pub(crate) struct Place {
    pub(crate) server: TestServer,
    pub(crate) directory: tempfile::TempDir,
    pub(crate) target: Scratch,
    /// The target's login.
    pub(crate) option_file: PathBuf,
}

impl Place {
    /// A place with a dump of `source`.
    pub(crate) fn with_dump_of(source: &Scratch) -> Self {
        let target = source.server.scratch("restore_dev");
        let option_file = source.server.client_cnf.clone();
        let place =
            Self { server: source.server.clone(), directory: target.directory(), target, option_file };
        place.configure("");
        place.dump(source, "20261122T020000Z");
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn database(&self) -> &str {
        &self.target.name
    }

    /// Writes `refresh.toml`, with more sections.
    pub(crate) fn configure(&self, sections: &str) {
        self.write("", sections);
    }

    /// Writes `refresh.toml`, with more settings of the target.
    pub(crate) fn configure_target(&self, settings: &str) {
        self.write(settings, "");
    }

    fn write(&self, settings: &str, sections: &str) {
        let text = format!(
            "[dump]\ndir = \"{}\"\n[targets.dev3]\ndatabase = \"{}\"\ndefaults_file = \"{}\"\n{settings}\n{sections}",
            self.directory.path().display(),
            self.database(),
            self.option_file.display(),
        );
        std::fs::write(self.path("refresh.toml"), text).unwrap();
    }

    /// Writes a dump of `source` under a name with that time in it.
    pub(crate) fn dump(&self, source: &Scratch, stamp: &str) -> PathBuf {
        self.dump_of_all(&[&source.name], stamp)
    }

    /// The same of several databases.
    pub(crate) fn dump_of_all(&self, databases: &[&str], stamp: &str) -> PathBuf {
        let out = self.path("out");
        std::fs::create_dir_all(&out).unwrap();
        let config = format!(
            "[source]\ndefaults_file = \"{}\"\n[dump]\nprove = \"off\"\ndir = \"{}\"\nname = \"app\"\n",
            self.server.client_cnf.display(),
            out.display()
        );
        std::fs::write(self.path("source.toml"), config).unwrap();
        let run = Tool::new("mydump-rotate").arg("--config").arg(self.path("source.toml"));
        let document = run
            .arg("--state-dir")
            .arg(self.path("state"))
            .arg("--whole")
            .args(databases.iter().copied())
            .run();
        let document = document.exits(0).document();
        let path = self.path(&format!("app-{stamp}.sql.gz"));
        std::fs::rename(document.dump.unwrap().path, &path).unwrap();
        path
    }

    pub(crate) fn tool(&self, arguments: &[&str]) -> Tool {
        let tool = Tool::new("dev-restore").arg("--config").arg(self.path("refresh.toml"));
        tool.arg("--state-dir").arg(self.path("state")).args(arguments.iter().copied())
    }

    pub(crate) fn session(&self) -> Session {
        self.server.session()
    }

    pub(crate) fn databases(&self) -> Vec<String> {
        let sql = format!(
            "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE LEFT(SCHEMA_NAME, {}) = '{}' ORDER BY 1",
            self.database().len(),
            self.database()
        );
        self.session().rows("listing", &sql).unwrap()
    }

    /// A git repository with one commit on `branch`.
    pub(crate) fn repository(&self, branch: &str, files: &[(&str, &str)]) -> PathBuf {
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

pub(crate) fn git(directory: &Path, arguments: &[&str]) {
    let status = Command::new("git").arg("-C").arg(directory).args(arguments).status().unwrap();
    assert!(status.success(), "git {arguments:?}");
}

/// Everything in a database as text: definitions and digests. Two databases are the same if their pictures are.
pub(crate) fn picture(server: &TestServer, database: &str) -> String {
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
    let text = lines.join("\n").replace(database, "DB");
    without_definers(&text).replace("NO_AUTO_CREATE_USER,", "")
}

/// In whose name something runs has tests of its own.
fn without_definers(text: &str) -> String {
    let mut parts = text.split("DEFINER=`");
    let mut all = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        // `user`@`host`, and a blank.
        all.push_str(part.splitn(4, '`').nth(3).unwrap_or_default().trim_start());
    }
    all
}

/// Two pictures line by line: the whole of them would be pages.
pub(crate) fn assert_same(found: &str, expected: &str) {
    let differs = found.lines().zip(expected.lines()).find(|(found, expected)| found != expected);
    assert_eq!(differs, None, "(found, expected)");
    assert_eq!(found.lines().count(), expected.lines().count());
}

pub(crate) fn shown(session: &mut Session, sql: &str, column: usize) -> String {
    let row: mysql::Row = session.first("showing", sql).unwrap().unwrap();
    row.get::<String, _>(column).unwrap()
}

/// What a developer had before.
pub(crate) const MINE: &str = "
CREATE TABLE mine (id INT PRIMARY KEY, other INT); INSERT INTO mine VALUES (1, 2), (3, 4);
CREATE TABLE orders (id INT PRIMARY KEY, mine_id INT, CONSTRAINT orders_customer FOREIGN KEY (mine_id) REFERENCES mine (id)); INSERT INTO orders VALUES (1, 3);
CREATE TRIGGER orders_audit BEFORE INSERT ON orders FOR EACH ROW SET NEW.mine_id = 1;
CREATE VIEW customers AS SELECT id FROM mine;
CREATE PROCEDURE settle() SELECT 'mine';
CREATE EVENT nightly ON SCHEDULE EVERY 2 DAY STARTS '2031-01-01 00:00:00' DO DELETE FROM orders;
";
