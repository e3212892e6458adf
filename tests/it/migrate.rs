//! The branch's migrations, run by `dev-restore` before the swap.

use std::path::Path;

use refreshkit::document::Document;

use crate::restore_place::{MINE, Place, assert_same, git, picture, shop};
use crate::support::{Tool, for_each_server, servers};

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
        let told = reported(&document);
        assert!(told.contains(&format!("Database {} now has ", place.database())), "{told}");
        let refresh = document.refresh.unwrap();
        let seen: Vec<_> = refresh.migrations.iter().map(|m| (m.name.as_str(), m.status.word())).collect();
        assert_eq!(
            seen,
            [("V1__old.sql", "already-applied"), ("V2__rating.sql", "applied"), ("V10__view.sql", "applied")]
        );
        assert_eq!(document.steps[0].note, "dev3 <- app-20261122T020000Z @ main, 2 migrations");
        assert_eq!(refresh.commit.unwrap().len(), 40);
        let undone = place.tool(&["undo", "--target", "dev3"]).run().exits(0).document();
        assert_same(&picture(server, place.database()), &old);
        let told = reported(&undone);
        assert!(told.contains(" is again what it was before the last refresh."), "{told}");

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
                "db/V3__broken.sql:4: ALTER TABLE customers ADD COLUMN COLUMN x INT: ERROR 1064 (42000): "
            ),
            "{}",
            output.stderr
        );
        let told = reported(&output.document());
        let sentence = " is as it was: the refresh failed before anything was replaced. It was to get app-";
        assert!(told.contains(sentence) && told.contains("ran on the copy"), "{told}");
        let failed = output.document().refresh.unwrap().migrations.pop().unwrap();
        assert_eq!(failed.status.word(), "failed");
        let why = failed.error.unwrap();
        assert!(
            why.starts_with("db/V3__broken.sql:4: ") && failed.other.is_empty(),
            "{why} {:?}",
            failed.other
        );
        assert_same(&picture(server, place.database()), &old);
        assert!(!place.databases().iter().any(|name| name.ends_with("__refresh")));
        let output = place.tool(&["--target", "dev3", "--ref", "feature/brokn"]).run().exits(65);
        assert!(output.stderr.contains("did you mean feature/broken?"), "{}", output.stderr);
        assert_same(&picture(server, place.database()), &old);
    });
}

/// The report for people of a refresh.
fn reported(document: &Document) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.txt");
    Tool::new("refresh-report").arg("--text").arg(&file).document(document).run();
    std::fs::read_to_string(file).unwrap()
}

/// CRC-32 of the lines `SELECT 1;` and `SELECT 2;`, as Flyway counts.
const FLYWAY_CHECKSUM: i32 = -1_665_099_012;

/// One folder of `tests/cases/migrations`: the branch's files, and `check.sql` with `expected.txt`, or `fails.txt`
/// with the exit code and what stderr must say; `stderr.txt` is said although it succeeds; `settings.toml` replaces the path of `[migrations]`.
#[test]
fn every_case_of_migrations() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/migrations");
    for_each_server(|server| {
        let source = server.scratch("migrate_src");
        source.run(
            "CREATE TABLE users (id INT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(50)); INSERT INTO users VALUES (1, 'a@x');
             CREATE TABLE log (id INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(50));
             CREATE TABLE schema_migrations (name VARCHAR(99) PRIMARY KEY); INSERT INTO schema_migrations VALUES ('001_base.sql')",
        );
        source.run(&format!("
             CREATE TABLE flyway_schema_history (installed_rank INT PRIMARY KEY, version VARCHAR(50), description VARCHAR(200) NOT NULL, type VARCHAR(20) NOT NULL, script VARCHAR(1000) NOT NULL, checksum INT, installed_by VARCHAR(100) NOT NULL, installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, execution_time INT NOT NULL, success TINYINT(1) NOT NULL);
             INSERT INTO flyway_schema_history (installed_rank, version, description, type, script, checksum, installed_by, execution_time, success) VALUES
               (1, '1', '<< Flyway Baseline >>', 'BASELINE', '<< Flyway Baseline >>', NULL, 'x', 0, 1), (2, '1.1', 'applied', 'SQL', 'V1_1__applied.sql', 0, 'x', 0, 1),
               (3, NULL, 'same', 'SQL', 'R__same.sql', {FLYWAY_CHECKSUM}, 'x', 0, 1), (4, NULL, 'changed', 'SQL', 'R__changed.sql', 1, 'x', 0, 1);
             CREATE TABLE phinxlog (version BIGINT PRIMARY KEY, migration_name VARCHAR(100), start_time TIMESTAMP NULL, end_time TIMESTAMP NULL, breakpoint TINYINT(1) NOT NULL DEFAULT 0);
             INSERT INTO phinxlog VALUES (20260101000000, 'Base', '2026-01-01 01:00:00', '2026-01-01 01:00:00', 0);
             CREATE TABLE rails_migrations (version VARCHAR(255) PRIMARY KEY); INSERT INTO rails_migrations VALUES ('20260101000000');
             CREATE TABLE migrations (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, migration VARCHAR(255) NOT NULL, batch INT NOT NULL); INSERT INTO migrations VALUES (1, '2026_01_01_000000_base', 3);
             CREATE TABLE doctrine_migration_versions (version VARCHAR(191) PRIMARY KEY, executed_at DATETIME NULL, execution_time INT NULL);
             INSERT INTO doctrine_migration_versions VALUES (CONCAT('App', CHAR(92), 'Migrations', CHAR(92), 'Version20260101000000'), '2026-01-01', 1);
             CREATE TABLE done (file VARCHAR(255) PRIMARY KEY, applied_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)"
        ));
        let place = Place::with_dump_of(&source);
        let mut cases: Vec<_> =
            std::fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()).collect();
        cases.sort();
        for case in cases {
            run_case(&place, &case);
        }
    });
}

fn run_case(place: &Place, case: &Path) {
    let name = case.file_name().unwrap().to_string_lossy().into_owned();
    let text = |file: &str| std::fs::read_to_string(case.join(file)).ok();
    let repository = place.path(&format!("repository-{name}"));
    for entry in
        walkdir::WalkDir::new(case).into_iter().map(Result::unwrap).filter(|e| !e.file_type().is_dir())
    {
        let to = repository.join(entry.path().strip_prefix(case).unwrap());
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        if entry.file_type().is_symlink() {
            std::os::unix::fs::symlink(std::fs::read_link(entry.path()).unwrap(), to).unwrap();
            continue;
        }
        let bytes = std::fs::read(entry.path()).unwrap();
        let live = String::from_utf8(bytes.clone())
            .map(|text| text.replace("@LIVE@", place.database()).into_bytes());
        std::fs::write(to, live.unwrap_or(bytes)).unwrap();
    }
    commit_all(&repository);
    let settings = text("settings.toml").unwrap_or_else(|| "path = \"db/*.sql\"\n".to_owned());
    place.configure(&format!("[migrations]\nrepository = \"{}\"\n{settings}", repository.display()));
    place.target.run("DROP TABLE IF EXISTS marker; CREATE TABLE marker (a INT)");
    let output = place.tool(&["--target", "dev3", "--ref", "main"]).run();
    if let Some(fails) = text("fails.txt") {
        let mut lines = fails.lines();
        let output = output.exits(lines.next().unwrap().parse().unwrap());
        for line in lines.map(|line| line.replace("@LIVE@", place.database())) {
            assert!(output.stderr.contains(&line), "{name}: stderr lacks {line:?}:\n{}", output.stderr);
        }
        assert_eq!(
            place.target.run("SHOW TABLES LIKE 'marker'"),
            "marker\n",
            "{name}: the database was replaced"
        );
        return;
    }
    let output = output.exits(0);
    for line in text("stderr.txt").unwrap_or_default().lines() {
        let line = line.replace("@LIVE@", place.database());
        assert!(output.stderr.contains(&line), "{name}: stderr lacks {line:?}:\n{}", output.stderr);
    }
    let check = text("check.sql").unwrap().replace("@LIVE@", place.database());
    let found = place.target.run(&check);
    assert_eq!(found, text("expected.txt").unwrap(), "{name}");
}

fn commit_all(repository: &Path) {
    git(repository, &["init", "-q", "-b", "main"]);
    git(repository, &["add", "."]);
    git(repository, &["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "-m", "case"]);
}

#[test]
fn a_huge_file_runs_in_little_memory() {
    // The client's memory is what counts here, so one server is enough.
    let server = &servers()[0];
    let source = server.scratch("migrate_src");
    source.run("CREATE TABLE big (id INT PRIMARY KEY, text VARCHAR(1000)); CREATE TABLE schema_migrations (name VARCHAR(99) PRIMARY KEY)");
    let place = Place::with_dump_of(&source);
    let row = |i: u32| format!("({i},'{}')", "x;'' \\n ".repeat(125));
    let statement = |n: u32| {
        let rows: Vec<String> = (n * 500..n * 500 + 500).map(row).collect();
        format!("INSERT INTO big VALUES {};\n", rows.join(","))
    };
    let text: String = (0..120).map(statement).collect();
    assert!(text.len() > 50_000_000, "{}", text.len());
    let repository = place.repository("main", &[("db/1.sql", &text)]);
    place.configure(&format!(
        "[migrations]\nrepository = \"{}\"\npath = \"db/*.sql\"\n",
        repository.display()
    ));
    let mut child = place.tool(&["--target", "dev3", "--ref", "main"]).spawn();
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kibibytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        most = most.max(kibibytes.unwrap_or(0));
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(most > 1000 && most < 40 << 10, "{most} KiB at most");
    assert_eq!(place.target.run("SELECT COUNT(*), MIN(LENGTH(text)) FROM big"), "60000\t750\n");
}

#[test]
fn junit_has_a_test_case_for_each_migration() {
    for_each_server(|server| {
        let source = server.scratch("migrate_src");
        source.run("CREATE TABLE schema_migrations (name VARCHAR(99) PRIMARY KEY); INSERT INTO schema_migrations VALUES ('0.sql')");
        let place = Place::with_dump_of(&source);
        let files = [
            ("db/0.sql", "SELECT 1 FROM nowhere;"),
            ("db/1.sql", "SELECT 1;"),
            ("db/2.sql", "SELECT 1 FROM `<nowhere>`;"),
            ("db/3.sql", "SELECT 1;"),
        ];
        let repository = place.repository("main", &files);
        place.configure(&format!(
            "[migrations]\nrepository = \"{}\"\npath = \"db/*.sql\"\n",
            repository.display()
        ));
        let junit = place.path("junit.xml");
        let arguments = ["--target", "dev3", "--ref", "main", "--junit", junit.to_str().unwrap()];
        let output = place.tool(&arguments).run().exits(65);
        assert!(
            output.stderr.contains("db/2.sql:1: SELECT 1 FROM `<nowhere>`: ERROR 1146"),
            "{}",
            output.stderr
        );
        let junit = std::fs::read_to_string(junit).unwrap();
        assert_eq!(
            elements(&junit),
            ["testsuite", "testcase 0.sql", "skipped", "testcase 1.sql", "testcase 2.sql", "failure"]
        );
        assert!(junit.contains("tests=\"3\" failures=\"1\" skipped=\"1\""), "{junit}");
    });
}

/// What a strict XML parser finds: elements, and the names of test cases.
fn elements(xml: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(xml).unwrap();
    let elements = document.descendants().filter(roxmltree::Node::is_element);
    let told = elements.map(|element| match element.tag_name().name() {
        "testcase" => format!("testcase {}", element.attribute("name").unwrap_or_default()),
        other => other.to_owned(),
    });
    told.collect()
}

#[test]
fn rows_of_the_developers_own_survive_values_are_set_and_tables_are_chosen() {
    for_each_server(|server| {
        let source = server.scratch("migrate_src");
        source.run(
            "CREATE TABLE users (id INT PRIMARY KEY, email VARCHAR(50)); INSERT INTO users VALUES (1, 'a@x'), (2, 'b@x');
             CREATE TABLE pets (user_id INT, FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE); INSERT INTO pets VALUES (1), (2);
             CREATE TABLE settings (name VARCHAR(20) PRIMARY KEY, value VARCHAR(50)); INSERT INTO settings VALUES ('url', 'https://live'), ('n', '1');
             CREATE TABLE log_a (id INT PRIMARY KEY); INSERT INTO log_a VALUES (1);
             CREATE TABLE log_b (id INT PRIMARY KEY); INSERT INTO log_b VALUES (1)",
        );
        let place = Place::with_dump_of(&source);
        place.target.run("CREATE TABLE users (id INT PRIMARY KEY, email VARCHAR(50)); INSERT INTO users VALUES (1, 'me@dev'), (2, 'x'), (9, 'you@dev')");
        place.configure_target(
            "preserve = [\"users where email like '%@dev%'\", \"gone WHERE a = 1\"]\nexclude = [\"log_*\"]\nset = { \"settings.value where name = 'url'\" = \"it's dev\" }\nafter = [\"UPDATE settings SET name = 'm' WHERE value = '1'\"]",
        );
        let output = place.tool(&["--target", "dev3"]).run().exits(0);
        assert!(output.stderr.contains("preserved 2 of users"), "{}", output.stderr);
        assert_eq!(
            place.target.run("SELECT * FROM users ORDER BY 1; SELECT * FROM pets ORDER BY 1; SELECT * FROM settings ORDER BY 1; SELECT * FROM log_a"),
            "1\tme@dev\n2\tb@x\n9\tyou@dev\n1\n2\nm\t1\nurl\tit's dev\n"
        );
        place.configure_target("set = { value = 1 }");
        let output = place.tool(&["--target", "dev3"]).run().exits(78);
        assert!(output.stderr.contains("set of [targets.dev3]: \"value\" is not"), "{}", output.stderr);
        place.configure("");
        place.tool(&["--target", "dev3", "--include", "log_*", "--exclude", "log_b"]).run().exits(0);
        assert_eq!(
            place.target.run("SELECT id FROM log_a; SELECT id FROM log_b; SELECT id FROM users"),
            "1\n"
        );
    });
}

#[test]
fn tables_of_the_developers_own_survive_and_after_runs() {
    for_each_server(|server| {
        let source = shop(server);
        let place = Place::with_dump_of(&source);
        place.target.run(
            "CREATE TABLE my_notes (id INT PRIMARY KEY, t TEXT, n INT AS (id + 1)); INSERT INTO my_notes (id, t) VALUES (0, 'mine');
             CREATE TABLE bag (word VARCHAR(20), extra INT); INSERT INTO bag VALUES ('kept', 1);
             CREATE TABLE other (a INT)",
        );
        place.configure_target("preserve = [\"my_*\", \"bag\"]\nafter = [\"UPDATE orders SET amount = 0\", \"DELETE FROM `lines`\"]");
        place.tool(&["--target", "dev3"]).run().exits(0);
        assert_eq!(
            place.target.run("SELECT id, t, n FROM my_notes; SELECT word FROM bag"),
            "0\tmine\t1\nkept\n"
        );
        assert_eq!(
            place.target.run(
                "SELECT SUM(amount) FROM orders; SELECT COUNT(*) FROM `lines`; SHOW TABLES LIKE 'other'"
            ),
            "0.00\n0\n"
        );
        place.configure_target("after = [\"UPDATE orders SET amount = 1\", \"DELETE FROM nowhere\"]");
        let output = place.tool(&["--target", "dev3"]).run().exits(69);
        assert!(output.stderr.contains("after[2] of [targets.dev3] failed"), "{}", output.stderr);
        assert_eq!(place.target.run("SELECT SUM(amount) FROM orders"), "0.00\n");
    });
}
