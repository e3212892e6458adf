//! The first night on a stranger's schema: `tests/cases/first_night/README.md` says how the cases are written down.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use refreshkit::mysql::Engine;

use crate::closure::cases;
use crate::dump::zcat;
use crate::support::{Output, Scratch, TestServer, Tool, servers};

/// So many cases run at a time: they wait for servers.
const AT_ONCE: usize = 4;

/// In every value that must not leave.
const MARKERS: [&str; 2] = ["qzx", "8675309"];

/// One case on one server.
struct Case {
    expected: String,
    scratch: Scratch,
    directory: tempfile::TempDir,
}

impl Case {
    fn prepare(server: &TestServer, folder: &Path) -> Self {
        let scratch = server.scratch("night");
        let case = Self {
            expected: fs::read_to_string(folder.join("expected.txt")).unwrap(),
            directory: scratch.directory(),
            scratch,
        };
        let schema = case.named(&fs::read_to_string(folder.join("schema.sql")).unwrap());
        fs::create_dir(case.directory.path().join("dumps")).unwrap();
        case.numbers(server.engine, &schema, true);
        case.scratch.run(&schema);
        case.numbers(server.engine, &schema, false);
        let mine = format!("[dehydrate]\nwork_schema = \"{}__work\"\n", case.scratch.name);
        let rules = case.named(&fs::read_to_string(folder.join("refresh.toml")).unwrap());
        let rules = rules
            .replacen("[dehydrate]\n", &mine, 1)
            // That what init writes proves its dumps is a matter of `first_hour`.
            .replacen("[dump]\n", "[dump]\nprove = \"off\"\n", 1)
            .replace("client.cnf", server.client_cnf.to_str().unwrap())
            .replace("/tmp/dumps", case.directory.path().join("dumps").to_str().unwrap());
        fs::write(case.file(), rules).unwrap();
        case
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("refresh.toml")
    }

    /// The case's own databases in place of `DB` and `RDB`.
    fn named(&self, text: &str) -> String {
        let (mut named, mut word) = (String::new(), String::new());
        let put = |named: &mut String, word: &str| match word {
            "DB" => named.push_str(&self.scratch.name),
            "DB_2" => write!(named, "{}_2", self.scratch.name).unwrap(),
            "RDB" => write!(named, "{}_restored", self.scratch.name).unwrap(),
            other => named.push_str(other),
        };
        for c in text.chars() {
            if c.is_alphanumeric() || c == '_' {
                word.push(c);
            } else {
                put(&mut named, &std::mem::take(&mut word));
                named.push(c);
            }
        }
        put(&mut named, &word);
        named
    }

    /// Tables of numbers, which MariaDB has by itself.
    fn numbers(&self, engine: Engine, schema: &str, make: bool) {
        if engine == Engine::MariaDb {
            return;
        }
        let mut tables = BTreeSet::new();
        let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>();
        for part in schema.split("seq_").skip(1) {
            if let Some((first, rest)) = part.split_once("_to_").filter(|(first, _)| digits(first) == *first)
            {
                tables.insert((first.to_owned(), digits(rest)));
            }
        }
        for (first, last) in tables {
            let sql = if make {
                format!(
                    "SET SESSION cte_max_recursion_depth = 1000000; CREATE TABLE seq_{first}_to_{last} (seq BIGINT PRIMARY KEY) AS \
                     WITH RECURSIVE n (seq) AS (SELECT {first} UNION ALL SELECT seq + 1 FROM n WHERE seq < {last}) SELECT seq FROM n;"
                )
            } else {
                format!("DROP TABLE seq_{first}_to_{last};")
            };
            self.scratch.run(&sql);
        }
    }

    fn lines<'a>(&'a self, word: &'a str) -> impl Iterator<Item = &'a str> {
        self.expected.lines().filter_map(move |line| line.strip_prefix(word)?.strip_prefix(": "))
    }

    fn number(&self, word: &str) -> i32 {
        self.lines(word).next().map_or(0, |number| number.trim().parse().unwrap())
    }

    fn tool(&self, name: &str) -> Tool {
        Tool::new(name).arg("--config").arg(self.file()).arg("--state-dir").arg(self.directory.path())
    }

    fn plan(&self) -> Output {
        self.tool("mydehydrate").args(["--source", "--i-own-this-server", "127.0.0.1"]).run()
    }

    /// The lines of a refusal where they belong; whether there were any.
    fn paste(&self, said: &str) -> bool {
        let mut text = fs::read_to_string(self.file()).unwrap();
        let mut section = "[mask]";
        let mut any = false;
        for line in said.lines().map(str::trim).map(|line| line.strip_prefix("hint: ").unwrap_or(line)) {
            match line {
                "[mask]" | "[relations]" | "[dehydrate]" => section = line,
                _ if line.starts_with('"') && line.contains("\" = ") => {
                    let line = &line.replace("reason = \"…\"", "reason = \"no person\"");
                    // A rule that is there already is replaced.
                    let key = line.split("\" = ").next().unwrap();
                    let kept: Vec<&str> =
                        text.lines().filter(|old| !old.starts_with(&format!("{key}\" ="))).collect();
                    text = kept.join("\n").replacen(section, &format!("{section}\n{line}"), 1) + "\n";
                    any = true;
                }
                _ => {}
            }
        }
        fs::write(self.file(), text).unwrap();
        any
    }

    fn run(&self) {
        let first = self.plan();
        assert_eq!(first.code, self.number("exits"), "{}", first.stderr);
        for fragment in self.lines("says").chain(self.lines("warns")) {
            let fragment = self.named(fragment);
            assert!(first.stderr.contains(&fragment), "{fragment:?} is not in {}", first.stderr);
        }
        for fragment in self.lines("warns") {
            let said = first.stderr.matches(&self.named(fragment)).count();
            assert_eq!(said, 1, "{fragment:?} in {}", first.stderr);
        }
        for fragment in self.lines("not") {
            assert!(!first.stderr.contains(fragment), "{fragment:?} is in {}", first.stderr);
        }
        self.infer();
        let pastes = self.number("pastes");
        if self.number("exits") != 0 && pastes == 0 {
            return;
        }
        let dump = self.publish(first, pastes);
        if self.lines("markers").next().is_some() {
            let text = String::from_utf8_lossy(&dump).to_lowercase();
            let left: Vec<&str> = text.lines().filter(|l| MARKERS.iter().any(|m| l.contains(m))).collect();
            let short: Vec<String> = left.iter().map(|line| line.chars().take(200).collect()).collect();
            assert!(left.is_empty(), "{short:?}");
        }
        self.ask(&dump);
    }

    /// The night, and what is pasted until it ends well.
    fn publish(&self, first: Output, pastes: i32) -> Vec<u8> {
        let (mut planned, mut times) = (first, 0);
        loop {
            let ended = if planned.code == 0 {
                self.tool("mydump-rotate").stdin(planned.stdout.clone()).run()
            } else {
                planned
            };
            if ended.code == 0 {
                return zcat(Path::new(&ended.document().dump.unwrap().path));
            }
            assert!(times < pastes, "refused after {times} paste(s): {}", ended.stderr);
            assert!(self.paste(&ended.stderr), "nothing to paste: {}", ended.stderr);
            times += 1;
            planned = self.plan();
        }
    }

    fn ask(&self, dump: &[u8]) {
        let questions: Vec<String> = self.lines("Q").map(|question| self.named(question)).collect();
        if questions.is_empty() {
            return;
        }
        let restored = format!("{}_restored", self.scratch.name);
        let text = String::from_utf8_lossy(dump);
        let renamed = text.replace(&format!("`{}`", self.scratch.name), &format!("`{restored}`"));
        self.scratch.run(&format!("CREATE DATABASE `{restored}` CHARACTER SET utf8mb4"));
        self.scratch.server.client(Some(&restored), renamed.as_bytes());
        for question in questions {
            let (sql, wanted) = if let Some((sql, exact)) = question.rsplit_once("= EXACT:") {
                (sql, self.scratch.run(exact))
            } else {
                let (sql, value) = question.rsplit_once(" = ").unwrap();
                (sql, value.to_owned())
            };
            let answer = self.scratch.server.client(Some(&restored), sql.as_bytes());
            assert_eq!(answer.trim(), wanted.trim(), "{question}");
        }
    }

    fn infer(&self) {
        let (wanted, unwanted): (Vec<&str>, Vec<&str>) =
            (self.lines("infers").collect(), self.lines("infers not").collect());
        if wanted.is_empty() && unwanted.is_empty() {
            return;
        }
        let said = self.tool("mydehydrate").arg("infer").run();
        let lines: Vec<&str> =
            said.stdout.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
        for line in wanted {
            assert!(lines.iter().any(|l| l.contains(line)), "{line:?} is not in {lines:#?}{}", said.stderr);
        }
        for line in self.lines("doubts") {
            let doubt = said.stdout.lines().any(|l| l.starts_with("# doubtful: ") && l.contains(line));
            assert!(doubt, "{line:?} is no doubt of {}", said.stdout);
        }
        for fragment in unwanted {
            assert!(!lines.iter().any(|l| l.contains(fragment)), "{fragment:?} is in {lines:#?}");
        }
    }
}

#[test]
fn every_first_night_ends_as_its_case_says_on_both_servers() {
    let mut folders = cases("first_night");
    folders.retain(|folder| folder.is_dir());
    let all: Vec<(TestServer, PathBuf)> = servers()
        .into_iter()
        .flat_map(|server| {
            folders.iter().map(move |folder| (server.clone(), folder.clone())).collect::<Vec<_>>()
        })
        .collect();
    let (queue, failed) = (Mutex::new(all), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap().pop();
                    let Some((server, folder)) = next else { return };
                    let run = || Case::prepare(&server, &folder).run();
                    if let Err(why) = catch_unwind(AssertUnwindSafe(run)) {
                        let why = why.downcast::<String>().map_or_else(|_| "panicked".to_owned(), |why| *why);
                        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
                        failed.lock().unwrap().push(format!("{name} on {:?}: {why}", server.engine));
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n\n"));
}
