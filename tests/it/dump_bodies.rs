//! Bodies of random views, routines, triggers and events do the same after every way that a database can go: to the same name, to
//! another one, a second time, put back, and out of the stock dumper's file.
//!
//! The same round in every run; `REFRESHKIT_TEST_BODIES` says how many random ones, `REFRESHKIT_TEST_SEED` repeats the one that failed (its seed is printed).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use mysql::Row;
use refreshkit::mysql::Session;
use refreshkit::sql::{literal, name};

use crate::dump::{config, whole, zcat};
use crate::dump_bodies_made::{Creation, Made, make};
use crate::restore_options::dump as stock_dump;
use crate::support::{Private, TestServer, Tool, on_all_servers_at_once};

/// What each body did, by its name.
type Answers = BTreeMap<String, String>;

fn rounds() -> u64 {
    let wish = std::env::var_os("REFRESHKIT_TEST_BODIES");
    wish.map_or(1, |wish| wish.to_str().unwrap().parse().expect("a number"))
}

fn seed() -> Option<u64> {
    std::env::var_os("REFRESHKIT_TEST_SEED").map(|seed| seed.to_str().unwrap().parse().unwrap())
}

/// The bytes that a client of this character set sends. The two that are not Unicode's have all that is asked for at the same places.
fn encoded(text: &str, charset: &str) -> Vec<u8> {
    if charset == "utf8mb4" {
        return text.as_bytes().to_vec();
    }
    let byte = |c: char| match c {
        'é' => 0xe9,
        'š' => 0x9a,
        '€' => 0x80,
        other => u8::try_from(u32::from(other)).expect("a character of all three sets"),
    };
    text.chars().map(byte).collect()
}

struct Round<'a> {
    server: &'a TestServer,
    session: Session,
    seed: u64,
    database: String,
    other: String,
    made: Made,
    directory: tempfile::TempDir,
}

impl<'a> Round<'a> {
    fn new(server: &'a TestServer, seed: u64) -> Self {
        let pid = std::process::id();
        // MySQL takes no routine of a client of latin1 with both a quote and an é in a name.
        let strange = if seed % 4 == 3 { " b`\"" } else { "" };
        let (database, other) = (format!("t_ba{pid}_{seed}{strange}"), format!("t_bb{pid}_{seed}"));
        let made = make(seed, server.engine, &database, &other);
        let directory = tempfile::tempdir().unwrap();
        Self { server, session: server.session(), seed, database, other, made, directory }
    }

    /// Creates everything; what the server does not take is no part of the schema.
    fn create(&mut self) {
        let charset = if self.seed.is_multiple_of(2) { "utf8mb4" } else { "latin1" };
        self.run(&format!("CREATE DATABASE {} CHARACTER SET {charset}", name(&self.database)));
        self.run(&format!("USE {}", name(&self.database)));
        for table in self.made.tables.join("; ").split("; ") {
            self.run(table);
        }
        let all = std::mem::take(&mut self.made.objects);
        let mut script = Vec::new();
        for object in &all {
            let under = [
                format!("SET sql_mode = {}", literal(&object.mode)),
                format!("SET NAMES {}", object.charset),
            ];
            script.extend(creating(&object.what, &under, &encoded(&object.sql, object.charset)));
        }
        let said = self.client(&self.database, &script);
        let refused: Answers = parts(&said).filter(|(_, said)| !said.is_empty()).collect();
        if std::env::var_os("REFRESHKIT_TEST_SHOW").is_some() {
            for object in &all {
                eprintln!("{:?} [{}] {}", refused.get(&object.what), object.mode, object.sql);
            }
        }
        assert!(refused.len() * 3 < all.len(), "bodies are refused, seed {}: {refused:#?}", self.seed);
        self.made.objects = all.into_iter().filter(|object| !refused.contains_key(&object.what)).collect();
        // What calls a function that is not there fails, or not, as the server had it in its cache.
        let gone: Vec<&str> = refused.keys().filter_map(|what| what.strip_prefix("FUNCTION ")).collect();
        self.leave_out(|object| gone.iter().any(|function| object.sql.contains(function)));
    }

    /// What fails is of no use: a server may say so the first time and not the second, and what fails in a trigger ends whatever else fires
    /// with it. A view that its own server cannot read would be left out of a dump, too.
    fn drop_failing(&mut self) -> Answers {
        loop {
            let answers = self.ask(&self.database.clone());
            let before = self.made.objects.len();
            self.leave_out(|object| answers[&object.what].contains("ERROR "));
            if self.made.objects.len() == before {
                return answers;
            }
        }
    }

    fn leave_out(&mut self, is_out: impl Fn(&Creation) -> bool) {
        let all = std::mem::take(&mut self.made.objects).into_iter();
        let (out, rest) = all.partition::<Vec<_>, _>(|object| is_out(object));
        self.made.objects = rest;
        for (kind, object) in out.iter().filter_map(|object| object.what.split_once(' ')) {
            self.run(&format!("DROP {kind} {}", name(object)));
        }
    }

    fn run(&mut self, sql: &str) {
        self.session.run("setting up", sql).unwrap();
    }

    /// What every body does in `database`, and then nothing of it.
    fn ask(&mut self, database: &str) -> Answers {
        self.run(&format!("USE {}", name(database)));
        let mut script = b"SET NAMES utf8mb4; SET sql_mode = '';\n".to_vec();
        let mut answers = Answers::new();
        // Counters go on when all else is taken back.
        let tables = [self.database.as_str(), "t", self.other.as_str()].map(name);
        let columns = tables.join(", ");
        let of_table = |table| format!("SELECT {columns}, note FROM {table} ORDER BY id;\n");
        let state: String = tables.iter().map(of_table).collect();
        let state = state + "SELECT what FROM log ORDER BY id;\n";
        for object in &self.made.objects {
            let (kind, called) = object.what.split_once(' ').unwrap();
            let ask = match kind {
                "EVENT" => match event_as_procedure(&mut self.session, called) {
                    Ok((probe, creating)) => {
                        script.extend(creating);
                        format!("CALL {0}; ROLLBACK; DROP PROCEDURE {0}", name(&probe))
                    }
                    Err(problem) => {
                        answers.insert(object.what.clone(), problem);
                        continue;
                    }
                },
                _ => object.ask.clone(),
            };
            let ask = ask.replace("; ROLLBACK", &format!(";\n{state}ROLLBACK"));
            let asking =
                format!("SELECT '=== {}';\nSTART TRANSACTION;\n{ask};\n{state}ROLLBACK;\n", object.what);
            script.extend(asking.into_bytes());
        }
        let said = self.nameless(&self.client(database, &script));
        answers.extend(parts(&said));
        answers
    }

    /// The stock client's answers and complaints, in their order.
    fn client(&self, database: &str, script: &[u8]) -> String {
        let mut file: File = tempfile::tempfile().unwrap();
        let mut child = Command::new("mariadb")
            .arg(format!("--defaults-file={}", self.server.client_cnf.display()))
            .args([
                "--batch",
                "--skip-column-names",
                "--force",
                "--unbuffered",
                "--default-character-set=utf8mb4",
            ])
            .arg(database)
            .stdin(Stdio::piped())
            .stdout(file.try_clone().unwrap())
            .stderr(file.try_clone().unwrap())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(script).unwrap();
        child.wait().unwrap();
        file.rewind().unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Complaints name the database.
    fn nameless(&self, said: &str) -> String {
        let plain = |line: &str| {
            let mut line = line.to_owned();
            for named in [&self.database, &self.other] {
                line = line.replace(named.as_str(), "DB");
            }
            let begin = line.find(" at line ").unwrap_or(0);
            let end = line[begin..].find(": ").map_or(begin, |colon| begin + colon);
            line.replace_range(begin..end, "");
            line + "\n"
        };
        said.lines()
            .map(|line| if line.starts_with("ERROR") { plain(line) } else { format!("{line}\n") })
            .collect()
    }

    fn drop_all(&mut self, database: &str) {
        for ending in ["", "__previous", "__refresh"] {
            self.session
                .attempt(&format!("DROP DATABASE IF EXISTS {}", name(&format!("{database}{ending}"))));
        }
    }

    /// What is not as it was; with what the server was told to make.
    fn compare(&self, way: &str, before: &Answers, after: &Answers) -> String {
        let mut said = String::new();
        for object in &self.made.objects {
            let (was, is) = (before.get(&object.what), after.get(&object.what));
            if was != is {
                writeln!(
                    said,
                    "{:?}, seed {}, {way}: {}\n{} [{}] {}\n was: {was:?}\n  is: {is:?}\n",
                    self.server.engine, self.seed, object.what, object.mode, object.charset, object.sql
                )
                .unwrap();
            }
        }
        said
    }

    fn dev_restore(&self, arguments: &[&str]) -> Result<(), String> {
        let path = self.directory.path().join("restore.toml");
        let text = format!(
            "[dump]\ndir = {:?}\n[targets.dev1]\ndatabase = {:?}\ndefaults_file = {:?}\n",
            self.directory.path().display().to_string(),
            self.other,
            self.server.client_cnf.display().to_string()
        );
        std::fs::write(&path, text).unwrap();
        let tool =
            Tool::new("dev-restore").arg("--config").arg(path).arg("--state-dir").arg(self.directory.path());
        let output = tool.args(arguments.iter().copied()).run();
        if output.code == 0 { Ok(()) } else { Err(format!("dev-restore {arguments:?}: {}", output.stderr)) }
    }

    fn cat_as(&self, dump: &Path) -> Vec<u8> {
        let tool =
            Tool::new("mydump-rotate").arg("--config").arg(config(self.server, self.directory.path(), ""));
        tool.args(["cat", "--as", &self.other]).arg(dump).run_for_bytes()
    }

    /// Everything that is wrong.
    fn go(&mut self) -> Result<String, String> {
        self.create();
        let (database, other) = (self.database.clone(), self.other.clone());
        let before = self.drop_failing();
        assert!(before.len() > 8, "too little is left, seed {}: {before:#?}", self.seed);
        let path = whole(self.server, self.directory.path(), &[&database], "workers = 1");
        // The stock dumpers look for an end that is not in a body for ever, if `;;` is.
        let may = !self.made.objects.iter().any(|object| object.sql.contains(";;"));
        // MariaDB's does not find a database with a back tick in its name again.
        let may = may && !database.contains('`');
        let theirs = may.then(|| stock_dump(self.server, "--routines --events", &database));
        self.drop_all(&database);
        let mut wrong = String::new();
        let client = |sql: &[u8]| crate::dump_fidelity::client(self.server, None, sql);
        let said = client(&zcat(&path));
        if !said.is_empty() {
            writeln!(wrong, "seed {}, zcat: {said}", self.seed).unwrap();
        }
        let after = self.ask(&database);
        wrong += &self.compare("by zcat", &before, &after);
        self.drop_all(&database);
        let said = crate::dump_fidelity::client(self.server, None, &self.cat_as(&path));
        if !said.is_empty() {
            writeln!(wrong, "seed {}, cat --as: {said}", self.seed).unwrap();
        }
        let after = self.ask(&other);
        wrong += &self.compare("by cat --as", &before, &after);
        self.drop_all(&other);
        let file = path.display().to_string();
        for (way, arguments) in [
            ("by dev-restore", &["--target", "dev1", "--dump", &file][..]),
            ("the second time", &["--target", "dev1", "--dump", &file]),
            ("put back", &["undo", "--target", "dev1"]),
        ] {
            self.dev_restore(arguments)?;
            let after = self.ask(&other);
            wrong += &self.compare(way, &before, &after);
        }
        self.drop_all(&other);
        if let Some(theirs) = theirs {
            wrong += &self.by_the_stock_dump(&before, &theirs)?;
        }
        Ok(wrong)
    }

    /// What the stock client makes of its own dumper's file is what dev-restore makes of it under another name: all that was
    /// there, if the dumper is right.
    fn by_the_stock_dump(&mut self, before: &Answers, sql: &[u8]) -> Result<String, String> {
        let (database, other) = (self.database.clone(), self.other.clone());
        self.run(&format!("CREATE DATABASE {}", name(&database)));
        let said = crate::dump_fidelity::client(self.server, Some(&database), sql);
        let stock = self.ask(&database);
        self.drop_all(&database);
        let file = self.directory.path().join("theirs.sql");
        std::fs::write(&file, sql).unwrap();
        let outcome = self.dev_restore(&["--target", "dev1", "--dump", file.to_str().unwrap()]);
        if let Err(problem) = outcome {
            return if said.is_empty() { Err(problem) } else { Ok(String::new()) };
        }
        let ours = self.ask(&other);
        let right = |what: &String| before.get(what) == stock.get(what);
        let expected = before.iter().filter(|(what, _)| right(what));
        let expected: Answers = expected.map(|(what, answer)| (what.clone(), answer.clone())).collect();
        let found = ours.into_iter().filter(|(what, _)| right(what)).collect();
        Ok(self.compare("by dev-restore of the stock dumper's file", &expected, &found))
    }
}

impl Drop for Round<'_> {
    fn drop(&mut self) {
        let (database, other) = (self.database.clone(), self.other.clone());
        self.drop_all(&database);
        self.drop_all(&other);
    }
}

/// What is said behind each mark.
fn parts(said: &str) -> impl Iterator<Item = (String, String)> + '_ {
    said.split("=== ").skip(1).map(|part| {
        let (what, answer) = part.split_once('\n').unwrap();
        (what.to_owned(), answer.to_owned())
    })
}

/// A statement for the stock client, under settings, behind a mark of its name; afterwards the session is as it was.
fn creating(what: &str, under: &[String], sql: &[u8]) -> Vec<u8> {
    let head = format!("SELECT '=== {what}';\n{};\nDELIMITER ~~~~\n", under.join(";\n"));
    let tail = b"~~~~\nDELIMITER ;\nSET NAMES utf8mb4; SET sql_mode = '';\n";
    [head.as_bytes(), sql, tail].concat()
}

/// The name of a procedure that does what an event does, and the statement that makes it, under what the event was made under: firing
/// events is for the server.
fn event_as_procedure(session: &mut Session, event: &str) -> Result<(String, Vec<u8>), String> {
    session.run("bytes", "SET character_set_results = binary").unwrap();
    let row: Result<Option<Row>, _> = session.first("showing", &format!("SHOW CREATE EVENT {}", name(event)));
    session.run("names", "SET NAMES utf8mb4").unwrap();
    let row = row.map_err(|error| format!("{error:?}"))?.ok_or("it is gone")?;
    let text = |at: usize| -> Vec<u8> { row.get(at).unwrap() };
    let word = |at: usize| String::from_utf8(text(at)).unwrap();
    let create = text(3);
    let mark = b" COMMENT 'here' DO ";
    let begin = create.windows(mark.len()).position(|window| window == mark).unwrap() + mark.len();
    let probe = format!("probe of {event}");
    let plain = format!("probe of {}", event.replace('é', "e"));
    let sql = [format!("CREATE PROCEDURE {}() ", name(&plain)).as_bytes(), &create[begin..]].concat();
    let under = [
        format!("SET sql_mode = '{}'", word(1).replace("NO_AUTO_CREATE_USER", "")),
        format!("SET character_set_client = {}", word(4)),
        format!("SET collation_connection = {}", word(5)),
    ];
    Ok((plain, creating(&probe, &under, &sql)))
}

#[test]
fn bodies_do_the_same_wherever_their_database_goes() {
    on_all_servers_at_once(|server| {
        // Always the same in every run: some statements end a server (MySQL 9.7: DELETE from a derived table of the target's name),
        // and with it what else runs there. Random ones have a server of their own.
        let random = std::env::var_os("REFRESHKIT_TEST_BODIES").map(|_| rand::random::<u32>().into());
        let home = tempfile::tempdir().unwrap();
        let private = random.map(|_: u64| Private::start_with(server.engine, home.path(), ""));
        let server = private.as_ref().map_or(server, |private| &private.server);
        let first = seed().or(random).unwrap_or(2);
        let count = if seed().is_some() { 1 } else { rounds() };
        let mut wrong = String::new();
        for seed in first..first + count {
            let mut round = Round::new(server, seed);
            let outcome =
                round.go().unwrap_or_else(|problem| format!("{:?}, seed {seed}: {problem}\n", server.engine));
            wrong += &outcome;
        }
        assert!(wrong.is_empty(), "{wrong}");
    });
}
