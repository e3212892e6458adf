//! What a branch or a dump can do with the rights that it has: nothing outside the database that is being refreshed.

use std::path::Path;

use refreshkit::mysql::{Engine, Session};

use crate::dump_safety::Limited;
use crate::restore_place::Place;
use crate::support::{Scratch, TestServer, for_each_server, on_all_servers_at_once};

pub(crate) const LIVE: &str = "CREATE TABLE users (id INT PRIMARY KEY, name VARCHAR(20));
    INSERT INTO users VALUES (1, 'ada'), (2, 'bob'), (3, 'cy'); CREATE TABLE note (v VARCHAR(99));";

/// Databases whose rows must not change, and a target.
pub(crate) struct Ground {
    pub(crate) place: Place,
    pub(crate) other: String,
    /// The target's server, over a login that may do everything.
    admin: TestServer,
}

impl Ground {
    fn new(server: &TestServer) -> Self {
        let source = server.scratch("fence_src");
        source.run(LIVE);
        Self::on(Place::with_dump_of(&source), server.clone())
    }

    /// A target that is there, on a server of which `admin` is a login.
    pub(crate) fn on(place: Place, admin: TestServer) -> Self {
        let other = format!("{}other", place.database());
        let ground = Self { place, other, admin };
        let mut session = ground.admin.session();
        for sql in [
            format!("CREATE DATABASE IF NOT EXISTS {}", ground.other),
            format!("CREATE TABLE IF NOT EXISTS {}.secrets (v VARCHAR(20))", ground.other),
            format!("INSERT INTO {}.secrets VALUES ('qzx-secret')", ground.other),
        ] {
            session.run("making", &sql).unwrap();
        }
        ground
    }

    fn database(&self) -> &str {
        self.place.database()
    }

    /// The database in use as it is at the beginning of every case.
    pub(crate) fn reset(&self) {
        let mut session = self.admin.session();
        for sql in [
            "SET GLOBAL init_connect = ''".to_owned(),
            format!("DROP DATABASE IF EXISTS `{}`", self.database()),
            format!("DROP DATABASE IF EXISTS `{}__previous`", self.database()),
            format!("CREATE DATABASE `{}`", self.database()),
        ] {
            session.run("resetting", &sql).unwrap();
        }
        self.admin.client(Some(self.database()), LIVE.as_bytes());
    }

    /// Runs a case as a branch's migration, or as a dump of another program.
    fn attack(&self, name: &str, sql: &str, plain: bool) -> Result<(), String> {
        self.reset();
        let text = sql.replace("@LIVE@", self.database()).replace("@OTHER@", &self.other);
        let output = if plain {
            let file = self.place.path("attack.sql");
            std::fs::write(&file, format!("{LIVE}\n{text}")).unwrap();
            self.place.tool(&["--target", "dev3", "--dump", file.to_str().unwrap()]).run()
        } else {
            self.place.repository("main", &[("db/1.sql", &text)]);
            self.place.tool(&["--target", "dev3", "--ref", "main"]).run()
        };
        let replaced = output.code == 0;
        let how = format!("{name} (a dump: {plain}) ended with {}:\n{}", output.code, output.stderr);
        let mut session = self.admin.session();
        let kept =
            if replaced { format!("{}__previous", self.database()) } else { self.database().to_owned() };
        let mut complaints = Vec::new();
        let mut expect = |sql: &str, expected: &str| {
            let found = session.first::<String>("asking", sql).map(Option::unwrap_or_default);
            if found.as_ref().ok().map(String::as_str) != Some(expected) {
                complaints.push(format!("{sql}: {found:?} instead of {expected}"));
            }
        };
        expect(&format!("SELECT GROUP_CONCAT(id, name ORDER BY id) FROM `{kept}`.users"), "1ada,2bob,3cy");
        expect(&format!("SELECT GROUP_CONCAT(v) FROM `{}`.secrets", self.other), "qzx-secret");
        expect(&format!("SELECT COUNT(*) FROM `{}`.note WHERE v LIKE '%qzx%'", self.database()), "0");
        expect("SELECT @@GLOBAL.init_connect", "");
        let left = format!("SELECT COUNT(*) FROM mysql.user WHERE user = '{}'", loader_of(self.database()));
        expect(&left, "0");
        complaints.is_empty().then_some(()).ok_or_else(|| format!("{how}{}", complaints.join("\n")))
    }

    /// Every case. A branch and a dump come in by two doors; `plain` says whether the second is tried, too.
    pub(crate) fn attack_with_everything(&self, plain: bool) {
        let doors = if plain { vec![false, true] } else { vec![false] };
        let cases = cases();
        let all = cases.iter().flat_map(|case| doors.iter().map(move |plain| (case, *plain)));
        let harm: Vec<String> =
            all.filter_map(|((name, sql), plain)| self.attack(name, sql, plain).err()).collect();
        assert!(
            harm.is_empty(),
            "{} of {} did harm:\n{}",
            harm.len(),
            cases.len() * doors.len(),
            harm.join("\n\n")
        );
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        self.admin.session().attempt(&format!("DROP DATABASE IF EXISTS {}", self.other));
    }
}

/// The name of the account that is made for a database.
fn loader_of(database: &str) -> String {
    format!("refreshkit_l_{:016x}", xxhash_rust::xxh3::xxh3_64(database.as_bytes()))
}

fn cases() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/fence");
    let mut cases: Vec<_> = std::fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "sql"))
        .map(|path| {
            (path.file_stem().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(path).unwrap())
        })
        .collect();
    cases.sort();
    assert!(cases.len() >= 16);
    cases
}

fn migrations(place: &Place) -> String {
    let repository = place.path("repository");
    format!("[migrations]\nrepository = \"{}\"\npath = \"db/*.sql\"\n", repository.display())
}

/// A login that may do nothing but load `database`, and the settings that name it.
pub(crate) struct Named {
    admin: Session,
    account: String,
    pub(crate) settings: String,
}

impl Named {
    pub(crate) fn new(admin: &TestServer, place: &Place, database: &str) -> Self {
        let user = format!("loader{}", &database[database.len().saturating_sub(20)..]);
        let account = format!("'{user}'@'%'");
        let mut session = admin.session();
        let pattern = database.replace('_', "\\_");
        for sql in [
            format!("DROP USER IF EXISTS {account}"),
            format!("CREATE USER {account} IDENTIFIED BY 'only-Loads-1'"),
            format!("GRANT ALL ON `{pattern}\\_\\_refresh`.* TO {account}"),
        ] {
            session.run("making the loader", &sql).unwrap();
        }
        let file = place.path("loader.cnf");
        let _ = std::fs::remove_file(&file);
        refreshkit::mysql::write_option_file(&file, &user, "only-Loads-1").unwrap();
        let settings =
            format!("loader = {{ defaults_file = \"{}\" }}\nrequire_loader = true\n", file.display());
        Self { admin: session, account, settings }
    }
}

impl Drop for Named {
    fn drop(&mut self) {
        self.admin.attempt(&format!("DROP USER IF EXISTS {}", self.account));
    }
}

#[test]
fn nothing_in_a_branch_or_a_dump_reaches_another_database_with_a_loader_that_is_made() {
    on_all_servers_at_once(|server| {
        let ground = Ground::new(server);
        ground.place.configure(&migrations(&ground.place));
        ground.attack_with_everything(true);
    });
}

#[test]
fn nothing_in_a_branch_or_a_dump_reaches_another_database_with_a_loader_that_is_named() {
    on_all_servers_at_once(|server| {
        let ground = Ground::new(server);
        let named = Named::new(server, &ground.place, ground.database());
        // The account that swaps is as small as it can be, too.
        let pattern = ground.database().replace('_', "\\_");
        let grants: Vec<String> =
            ["", "\\_\\_refresh", "\\_\\_previous"].map(|end| format!("ALL ON `{pattern}{end}`.*")).to_vec();
        let grants: Vec<&str> = grants.iter().map(String::as_str).collect();
        let limited = Limited::new(server, ground.place.directory.path(), "swaps", &grants);
        let mut ground = ground;
        ground.place.option_file.clone_from(&limited.server.client_cnf);
        let text = format!("{}{}", named.settings, migrations(&ground.place));
        ground.place.configure_target(&text);
        ground.attack_with_everything(true);
    });
}

/// Definers of everything in a database but tables.
fn definers(session: &mut Session, database: &str) -> Vec<String> {
    let sql = format!(
        "SELECT CONCAT(TABLE_NAME, ' ', DEFINER, ' ', SECURITY_TYPE) FROM information_schema.VIEWS WHERE TABLE_SCHEMA = '{database}'
         UNION SELECT CONCAT(ROUTINE_NAME, ' ', DEFINER, ' ', SECURITY_TYPE) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = '{database}'
         UNION SELECT CONCAT(TRIGGER_NAME, ' ', DEFINER, ' -') FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = '{database}'
         UNION SELECT CONCAT(EVENT_NAME, ' ', DEFINER, ' -') FROM information_schema.EVENTS WHERE EVENT_SCHEMA = '{database}'"
    );
    let mut all: Vec<String> = session.rows("listing definers", &sql).unwrap();
    all.sort();
    all
}

const OBJECTS: &str = "CREATE VIEW v AS SELECT id FROM users; CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1;
    CREATE PROCEDURE p() SELECT COUNT(*) FROM users; CREATE TRIGGER t BEFORE INSERT ON note FOR EACH ROW SET NEW.v = 'x';
    CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2031-01-01 00:00:00' DO DELETE FROM note;";

fn with_objects(server: &TestServer) -> (Scratch, Ground) {
    let source = server.scratch("fence_src");
    source.run(LIVE);
    source.run(OBJECTS);
    let ground = Ground::on(Place::with_dump_of(&source), server.clone());
    ground.reset();
    (source, ground)
}

#[test]
fn what_a_refresh_makes_runs_in_the_name_of_an_account_that_has_rights_on_the_database_alone() {
    for_each_server(|server| {
        let (_source, ground) = with_objects(server);
        ground
            .place
            .repository("main", &[("db/1.sql", "CREATE DEFINER=`root`@`localhost` PROCEDURE q() SELECT 1;")]);
        ground.place.configure(&migrations(&ground.place));
        for _ in 0..2 {
            ground.place.tool(&["--target", "dev3", "--ref", "main"]).run().exits(0);
            let mut session = server.session();
            let all = definers(&mut session, ground.database());
            assert_eq!(all.len(), 6, "{all:?}");
            let account = loader_of(ground.database()).replace("_l_", "_d_");
            assert!(all.iter().all(|line| line.contains(&format!(" {account}@localhost "))), "{all:?}");
            let grants: Vec<String> =
                session.rows("asking", &format!("SHOW GRANTS FOR '{account}'@'localhost'")).unwrap();
            assert_eq!(grants.len(), 2, "{grants:?}");
            assert!(
                grants[1].contains(&format!(" ON `{}`.* ", ground.database().replace('_', "\\_"))),
                "{grants:?}"
            );
            let called = session.first::<u64>("calling", &format!("CALL `{}`.p()", ground.database()));
            assert_eq!(called.unwrap(), Some(3));
            session.run("dropping", &format!("DROP USER '{account}'@'localhost'")).unwrap();
        }
        ground.place.tool(&["undo", "--target", "dev3"]).run().exits(0);
    });
}

#[test]
fn without_such_an_account_they_run_with_the_rights_of_whoever_uses_them() {
    for_each_server(|server| {
        let (_source, mut ground) = with_objects(server);
        let pattern = ground.database().replace('_', "\\_");
        let grant = format!("ALL ON `{pattern}%`.*");
        let limited = Limited::new(server, ground.place.directory.path(), "plain", &[&grant]);
        ground.place.option_file.clone_from(&limited.server.client_cnf);
        ground.place.configure(&migrations(&ground.place));
        let output = ground.place.tool(&["--target", "dev3"]).run().exits(0);
        assert!(output.stderr.contains("and this account may not make one"), "{}", output.stderr);
        assert!(output.stderr.contains("1 triggers and 1 events"), "{}", output.stderr);
        let mut session = server.session();
        let all = definers(&mut session, ground.database());
        assert_eq!(all.iter().filter(|line| line.ends_with(" INVOKER")).count(), 3, "{all:?}");
        // Once more: what did not change is recognised.
        ground.place.tool(&["--target", "dev3"]).run().exits(0);
        // An event of the branch knows no invoker.
        ground.place.repository(
            "main",
            &[("db/1.sql", "CREATE EVENT own ON SCHEDULE EVERY 1 DAY DO DELETE FROM note;")],
        );
        let output = ground.place.tool(&["--target", "dev3", "--ref", "main"]).run().exits(77);
        assert!(output.stderr.contains("the branch brings the event own"), "{}", output.stderr);
        ground.place.configure_target(&format!("require_loader = true\n{}", migrations(&ground.place)));
        let output = ground.place.tool(&["--target", "dev3"]).run().exits(77);
        assert!(output.stderr.contains("target dev3 has no loader"), "{}", output.stderr);
    });
}

#[test]
fn a_definer_that_is_named_is_taken_or_told_to_be_none() {
    for_each_server(|server| {
        let (_source, ground) = with_objects(server);
        let mut session = server.session();
        let user = format!("app{}", std::process::id());
        session
            .run("making", &format!("CREATE USER '{user}'@'%' IDENTIFIED BY 'never-Used-1' ACCOUNT LOCK"))
            .unwrap();
        let grant = format!("GRANT ALL ON `{}`.* TO '{user}'@'%'", ground.database().replace('_', "\\_"));
        session.run("granting", &grant).unwrap();
        ground.place.configure_target(&format!("definer = \"{user}@%\""));
        let named = ground.place.tool(&["--target", "dev3"]).run();
        let all = definers(&mut session, ground.database());
        session.run("dropping", &format!("DROP USER '{user}'@'%'")).unwrap();
        let gone = ground.place.tool(&["--target", "dev3"]).run();
        named.exits(0);
        assert!(all.len() == 5 && all.iter().all(|line| line.contains(&format!(" {user}@% "))), "{all:?}");
        assert!(gone.exits(78).stderr.contains("nothing can be made in the name of the definer"));
    });
}

#[test]
fn an_account_that_may_do_more_than_load_is_no_loader() {
    for_each_server(|server| {
        let ground = Ground::new(server);
        ground.reset();
        let named = Named::new(server, &ground.place, ground.database());
        let configure = |settings: &str| ground.place.configure_target(settings);
        configure(&named.settings);
        ground.place.tool(&["--target", "dev3"]).run().exits(0);
        server
            .session()
            .run("granting", &format!("GRANT SELECT ON `{}`.* TO {}", ground.other, named.account))
            .unwrap();
        let output = ground.place.tool(&["--target", "dev3"]).run().exits(78);
        assert!(output.stderr.contains("it may do more than load: GRANT SELECT ON"), "{}", output.stderr);
        assert!(!output.stderr.contains("PASSWORD"), "{}", output.stderr);
        configure(&format!("loader = {{ defaults_file = \"{}\" }}", server.client_cnf.display()));
        let output = ground.place.tool(&["--target", "dev3"]).run().exits(78);
        assert!(output.stderr.contains("it is the account that swaps"), "{}", output.stderr);
        configure("loader = { }");
        let output = ground.place.tool(&["--target", "dev3"]).run().exits(78);
        assert!(output.stderr.contains("no user"), "{}", output.stderr);
    });
}

#[test]
fn a_view_or_a_table_of_our_own_tables_name_is_believed_by_no_later_run() {
    for_each_server(|server| {
        let ground = Ground::new(server);
        ground.reset();
        let (live, other) = (ground.database(), &ground.other);
        let contents = |database: &str, objects: &str| {
            format!(
                r#"{{"database":"{database}","collation":["utf8mb4","utf8mb4_general_ci"],"tables":[],"objects":[{objects}]}}"#
            )
        };
        let drops = format!(r#"{{"kind":"procedure","name":"x","create":"DROP TABLE {other}.secrets"}}"#);
        let plan = format!(
            r#"{{"staging":"{live}__refresh","outgoing":"{live}__previous","history":"","live":{},"incoming":{}}}"#,
            contents(live, &drops),
            contents(&format!("{live}__refresh"), "")
        );
        let view = format!("CREATE VIEW refreshkit_refresh AS SELECT 'plan' AS name, '{plan}' AS value;");
        let columns =
            "(`name` VARCHAR(64) CHARACTER SET ascii NOT NULL PRIMARY KEY, `value` LONGTEXT NOT NULL)";
        let table = |called: &str| {
            format!("CREATE TABLE {called} {columns};\nINSERT INTO {called} VALUES ('plan', '{plan}');\n")
        };
        let tables = ["refreshkit_refresh", "refreshkit_swapped", "refreshkit_previous"].map(table).concat();
        for sql in [view, tables] {
            ground.reset();
            ground.place.repository("main", &[("db/1.sql", &sql)]);
            ground.place.configure(&migrations(&ground.place));
            let run = |arguments: &[&str]| ground.place.tool(arguments).run().exits(0);
            for _ in 0..2 {
                run(&["--target", "dev3", "--ref", "main"]);
            }
            run(&["undo", "--target", "dev3"]);
            run(&["status", "--target", "dev3", "--repair"]);
            run(&["--target", "dev3"]);
            assert_eq!(run(&["status", "--target", "dev3", "--plain"]).stdout, "whole\n");
            run(&["undo", "--target", "dev3"]);
            let found = ground.place.target.run("SELECT name, LENGTH(value) FROM refreshkit_refresh");
            assert_eq!(found, format!("plan\t{}\n", plan.len()));
            let mut session = server.session();
            let secrets = session.first::<u64>("asking", &format!("SELECT COUNT(*) FROM `{other}`.secrets"));
            assert_eq!(secrets.unwrap(), Some(1));
        }
    });
}

#[test]
fn a_block_of_several_statements_runs_to_its_end_or_fails() {
    for_each_server(|server| {
        let ground = Ground::new(server);
        ground.reset();
        let run = |text: &str| {
            let file = ground.place.path("block.sql");
            std::fs::write(&file, format!("{LIVE}\nDELIMITER $$\n{text}$$\nDELIMITER ;\n")).unwrap();
            ground.place.tool(&["--target", "dev3", "--dump", file.to_str().unwrap()]).run()
        };
        let output = run(
            "INSERT INTO note VALUES ('a'); INSERT INTO missing VALUES ('b'); INSERT INTO note VALUES ('c')",
        );
        let output = output.exits(65);
        assert!(output.stderr.contains("line 4: the server refused the statement"), "{}", output.stderr);
        run("INSERT INTO `note` VALUES ('a');\nINSERT INTO `note` VALUES ('c')").exits(0);
        assert_eq!(ground.place.target.run("SELECT v FROM note ORDER BY v"), "a\nc\n");
    });
}

/// Over TLS one text may hold several statements as far as the driver has told the server.
pub(crate) fn over_tls(place: Place, admin: TestServer, settings: &str) {
    let ground = Ground::on(place, admin);
    let named = Named::new(&ground.admin, &ground.place, ground.database());
    for loader in ["", &named.settings] {
        let text = format!("{settings}{loader}{}", migrations(&ground.place));
        ground.place.configure_target(&text);
        ground.attack_with_everything(false);
    }
    assert!(matches!(ground.admin.engine, Engine::MariaDb | Engine::MySql));
}
