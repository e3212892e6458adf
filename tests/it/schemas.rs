//! Other people's schemas: every folder of `tests/cases/schemas` is dumped whole, restored by `zcat | mysql`, by dev-restore, under another name by
//! `mydump-rotate cat --as` and by dev-restore, a second time, and put back, on every server; each time definitions, rows, objects and what the objects
//! answer are those of the source, whose database is gone by then.
//!
//! A case is a folder: `setup.sql` for every server, `mariadb.sql` or `mysql.sql` for one of them (the first line says whose report it
//! is from, and what should happen), `ask.sql` what is asked of the source and of what came back, `expected` one line a wish:
//! `warns TEXT` (the dump says so), `gone KIND NAME` (rightly left out),
//! `new rows of NAME` (could not be read in the source), `differs KEY` (is of the moment of the restore). `DB` is the case's database, `DB_2` another one, which is
//! not in the dump and is gone when it is restored.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use refreshkit::mysql::{Engine, Session};
use refreshkit::sql::name;

use crate::dump::{config, zcat};
use crate::dump_fidelity::fingerprint;
use crate::support::{TestServer, Tool, on_all_servers_at_once};

/// Tools that run at the same time on one server.
const AT_ONCE: usize = 2;

struct Case {
    word: String,
    setup: Vec<String>,
    ask: String,
    expected: Vec<(String, String)>,
    /// The database, one that is not in the dump, and the one that dev-restore makes of it.
    database: String,
    second: String,
    other: String,
}

type Seen = BTreeMap<String, String>;

fn cases(server: &TestServer) -> Vec<Case> {
    let wish = std::env::var_os("REFRESHKIT_TEST_CASE").unwrap_or_default().into_string().unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/schemas");
    let own = if server.engine == Engine::MariaDb { "mariadb.sql" } else { "mysql.sql" };
    let mut folders: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let case = |(number, folder): (usize, &PathBuf)| {
        let word = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let database = format!("t_sc{}_{number}", std::process::id());
        let second = format!("t_sd{}_{number}", std::process::id());
        let read = |file: &str| {
            let text = fs::read_to_string(folder.join(file)).ok()?;
            Some(placed(&text, &database, &second))
        };
        let setup: Vec<String> = ["setup.sql", own].into_iter().filter_map(read).collect();
        let expected = read("expected").unwrap_or_default();
        let expected = expected.lines().filter_map(|line| line.split_once(' '));
        let expected = expected.map(|(what, which)| (what.to_owned(), which.to_owned())).collect();
        let (ask, other) =
            (read("ask.sql").unwrap_or_default(), format!("t_so{}_{number}", std::process::id()));
        (!setup.is_empty() && word.contains(&wish)).then_some(Case {
            word,
            setup,
            ask,
            expected,
            database,
            second,
            other,
        })
    };
    folders.iter().enumerate().filter_map(case).collect()
}

/// `DB` and `DB_2` as whole words, by the names of the databases that they stand for.
fn placed(text: &str, database: &str, second: &str) -> String {
    let belongs = |c: char| c.is_alphanumeric() || c == '_';
    let mut placed = String::new();
    for piece in text.split_inclusive(|c| !belongs(c)) {
        let word = piece.trim_end_matches(|c| !belongs(c));
        let instead = match word {
            "DB" => database,
            "DB_2" => second,
            other => other,
        };
        placed.push_str(instead);
        placed.push_str(&piece[word.len()..]);
    }
    placed
}

/// What the stock client says, on both of its outputs.
fn client(server: &TestServer, database: Option<&str>, sql: impl AsRef<[u8]>) -> String {
    let mut child = Command::new("mariadb")
        .arg(format!("--defaults-file={}", server.client_cnf.display()))
        .args(["--batch", "--default-character-set=utf8mb4"])
        .args(database.map(|_| "--force"))
        .args(database)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let sql = sql.as_ref().to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&sql));
    let output = child.wait_with_output().unwrap();
    let _ = writer.join().unwrap();
    [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat()
}

impl Case {
    /// Everything that can be seen of a database, and what it answers, without its name and its definers.
    fn seen(&self, server: &TestServer, session: &mut Session, database: &str) -> Seen {
        let mut seen: Seen = fingerprint(session, database)
            .into_iter()
            .map(|(key, text)| {
                let text = plain(&self.nameless(&text), &key);
                (self.nameless(&key), text)
            })
            .collect();
        if !self.ask.is_empty() {
            let ask = self.ask.replace(&self.database, database);
            let answers = client(server, Some(database), ask);
            seen.insert("answers".to_owned(), self.nameless(&answers));
        }
        seen
    }

    fn nameless(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for name in [&self.database, &self.other] {
            for written in [format!("`{name}`"), format!("\"{name}\""), name.clone()] {
                text = text.replace(&written, "DB");
            }
        }
        text
    }

    fn is_gone(&self, key: &str) -> bool {
        self.expected.iter().any(|(what, which)| {
            let (kind, name) = which.split_once(' ').unwrap_or((which, ""));
            what == "gone" && (key == which || kind == "TABLE" && key == format!("rows of {name}"))
        })
    }

    /// What the source itself could not read any more.
    fn is_new(&self, key: &str) -> bool {
        self.expected.iter().any(|(what, which)| what == "new" && key == which)
    }

    fn differences(&self, when: &str, before: &Seen, after: &Seen) -> String {
        let mut said = String::new();
        for key in before.keys().chain(after.keys().filter(|key| !before.contains_key(*key))) {
            let (was, is) = (before.get(key), after.get(key));
            if self.expected.iter().any(|(what, which)| what == "differs" && key == which) {
                continue;
            }
            let rightly = is.is_none() && self.is_gone(key) || was.is_none() && self.is_new(key);
            if was != is && !rightly {
                writeln!(said, "{} {when}, {key}\n  was: {was:?}\n  is:  {is:?}", self.word).unwrap();
            }
        }
        said
    }

    /// What is wrong with the case; nothing if nothing is.
    fn run(&self, server: &TestServer) -> Result<(), String> {
        let mut session = server.session();
        session.run("mode", "SET sql_mode = ''").unwrap();
        let create = format!("CREATE DATABASE {} CHARACTER SET utf8mb4", name(&self.database));
        session.run("creating", &create).unwrap();
        for sql in &self.setup {
            let said = client(server, Some(&self.database), sql);
            if said.contains("ERROR") {
                return Err(format!("{} cannot be set up: {said}", self.word));
            }
        }
        let before = self.seen(server, &mut session, &self.database);
        let directory = tempfile::tempdir().unwrap();
        let path = self.dump(server, directory.path())?;
        let mut drop =
            |database: &str| session.attempt(&format!("DROP DATABASE IF EXISTS {}", name(database)));
        drop(&self.database);
        drop(&self.second);
        let said = client(server, None, zcat(&path));
        if !said.is_empty() {
            return Err(format!("{}: zcat | mysql: {said}", self.word));
        }
        let mut problems = String::new();
        let mut look = |when: &str, database: &str| {
            let after = self.seen(server, &mut session, database);
            problems += &self.differences(when, &before, &after);
        };
        look("by zcat | mysql", &self.database);
        client(server, None, format!("DROP DATABASE {}", name(&self.database)));
        self.cat_as(server, directory.path(), &path)?;
        look("by cat --as", &self.other);
        client(server, None, format!("DROP DATABASE {}", name(&self.other)));
        let file = path.display().to_string();
        self.dev_restore(server, directory.path(), &self.database, &["--target", "dev1", "--dump", &file])?;
        look("by dev-restore to its own name", &self.database);
        for own in [self.database.clone(), format!("{}__previous", self.database)] {
            client(server, None, format!("DROP DATABASE IF EXISTS {}", name(&own)));
        }
        let restore = |arguments: &[&str]| self.dev_restore(server, directory.path(), &self.other, arguments);
        restore(&["--target", "dev1", "--dump", &file])?;
        look("by dev-restore", &self.other);
        let mark = format!("CREATE TABLE {0}.`mark of the first` (a INT)", name(&self.other));
        client(server, None, mark);
        restore(&["--target", "dev1", "--dump", &file])?;
        look("the second time", &self.other);
        restore(&["undo", "--target", "dev1"])?;
        client(server, None, format!("DROP TABLE {0}.`mark of the first`", name(&self.other)));
        look("put back", &self.other);
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    fn dump(&self, server: &TestServer, directory: &Path) -> Result<PathBuf, String> {
        let tool = Tool::new("mydump-rotate").arg("--config").arg(config(server, directory, "workers = 1"));
        let output = tool.arg("--state-dir").arg(directory).arg("--whole").arg(&self.database).run();
        if output.code != 0 {
            return Err(format!("{}: mydump-rotate: {}", self.word, output.stderr));
        }
        for (_, text) in self.expected.iter().filter(|(what, _)| what == "warns") {
            if !output.stderr.contains(text) {
                return Err(format!("{}: does not warn {text:?}: {}", self.word, output.stderr));
            }
        }
        Ok(PathBuf::from(output.document().dump.unwrap().path))
    }

    fn cat_as(&self, server: &TestServer, directory: &Path, dump: &Path) -> Result<(), String> {
        let tool = Tool::new("mydump-rotate").arg("--config").arg(config(server, directory, ""));
        let sql = tool.args(["cat", "--as", &self.other]).arg(dump).run_for_bytes();
        let said = client(server, None, sql);
        if said.is_empty() { Ok(()) } else { Err(format!("{}: cat --as: {said}", self.word)) }
    }

    fn dev_restore(
        &self,
        server: &TestServer,
        directory: &Path,
        database: &str,
        arguments: &[&str],
    ) -> Result<(), String> {
        let path = directory.join("restore.toml");
        let text = format!(
            "[dump]\ndir = {:?}\n[targets.dev1]\ndatabase = {:?}\ndefaults_file = {:?}\n",
            directory.display().to_string(),
            database,
            server.client_cnf.display().to_string()
        );
        fs::write(&path, text).unwrap();
        let tool = Tool::new("dev-restore").arg("--config").arg(path).arg("--state-dir").arg(directory);
        let output = tool.args(arguments.iter().copied()).run();
        if output.code == 0 {
            Ok(())
        } else {
            Err(format!("{}: {arguments:?}: {}", self.word, output.stderr))
        }
    }

    fn clean_up(&self, server: &TestServer) {
        let mut session = server.session();
        let other = &self.other;
        let all = [
            self.database.clone(),
            self.second.clone(),
            other.clone(),
            format!("{other}__previous"),
            format!("{other}__refresh"),
            format!("{}__previous", self.database),
            format!("{}__refresh", self.database),
        ];
        session.attempt("SET foreign_key_checks = 0");
        for database in all {
            session.attempt(&format!("DROP DATABASE IF EXISTS {}", name(&database)));
        }
    }
}

/// Without who made it and with whose rights it runs, and of a trigger what it does: its head is put together anew.
fn plain(text: &str, key: &str) -> String {
    let mut text = text.to_owned();
    while let Some(at) = text.find("DEFINER=") {
        let end = text[at..].find('@').map_or(text.len(), |sign| at + sign);
        let end = text[end..].find(' ').map_or(text.len(), |blank| end + blank + 1);
        text.replace_range(at..end, "");
    }
    for rights in ["    SQL SECURITY INVOKER\n", "SQL SECURITY INVOKER ", "SQL SECURITY DEFINER "] {
        text = text.replace(rights, "");
    }
    let body = text.to_lowercase().find("for each row");
    match body.filter(|_| key.starts_with("TRIGGER")) {
        Some(at) => text[at..].to_owned(),
        None => text,
    }
}

#[test]
fn other_peoples_schemas_come_back_whatever_way_they_go() {
    let problems = Mutex::new(String::new());
    on_all_servers_at_once(|server| {
        let cases = Mutex::new(cases(server).into_iter());
        let work = || {
            while let Some(case) = { cases.lock().unwrap().next() } {
                let outcome = case.run(server);
                if std::env::var_os("REFRESHKIT_TEST_KEEP").is_none() {
                    case.clean_up(server);
                }
                if let Err(problem) = outcome {
                    writeln!(problems.lock().unwrap(), "{:?}: {problem}", server.engine).unwrap();
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..AT_ONCE {
                scope.spawn(work);
            }
        });
    });
    let problems = problems.into_inner().unwrap();
    assert!(problems.is_empty(), "{problems}");
}
