//! Crafted dumps: each is refused, and nothing on the server is another than before.
//!
//! `tests/cases/hostile/NAME/` is one crafted file without code: `edits.json` says what is changed in a dump of `base.sql`, `expected.txt` the
//! exit code and words of the error. Hashes, lengths and offsets are made to fit. Every case goes through `mydump-rotate
//! verify --deep` and `dev-restore`, with both ways of loading, with an account that has all rights.
//!
//! ```text
//! "why"        one sentence
//! "only"       mysql or mariadb, if it makes sense on one alone
//! "manifest"   [[pointer, value]]: a JSON pointer; /tables/- appends
//! "members"    [[kind, from, to]]: text in members of that kind; from "" puts it in front, "$" behind
//! "repeat"     [pointer, text, times]: the value is a list of so many of the same JSON, and as long as that
//! {db} {victim} stand for the names of the dumped and the attacked database, {x:N} for N times the letter x.
//! ```

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::closure::cases;
use crate::restore_place::Place;
use crate::support::forge::Forge;
use crate::support::{Output, Scratch, TestServer, Tool, on_all_servers_at_once};

/// The most memory that any tool takes, whatever it reads.
const MEBIBYTES: u64 = 256;

const VICTIM: &str = "CREATE TABLE secrets (id INT PRIMARY KEY, word VARCHAR(40)); INSERT INTO secrets VALUES (1, 'king'), (2, 'queen');\
    CREATE TABLE log (id INT AUTO_INCREMENT PRIMARY KEY, word VARCHAR(40)); INSERT INTO log VALUES (1, 'as it was');\
    CREATE TABLE t (a INT)";

fn text(case: &Path, file: &str) -> String {
    let path = case.join(file);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// What the server is like but for the refresh's own databases: everything in the victim, every account, every setting that a dump
/// could reach for. What cannot be read is another picture.
fn picture(server: &TestServer, victim: &str) -> String {
    let mut session = server.session();
    let mut picture = String::new();
    for sql in [
        "SELECT CONCAT_WS(' ', id, word) FROM `{}`.secrets ORDER BY id",
        "SELECT CONCAT_WS(' ', id, word) FROM `{}`.log ORDER BY id",
        "SELECT CONCAT(COUNT(*), ' in t') FROM `{}`.t",
        "SELECT CONCAT_WS(' ', TABLE_NAME, COLUMN_NAME, COLUMN_TYPE) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = '{}' ORDER BY 1",
        "SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = '{}'",
        "SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = '{}'",
        "SELECT TABLE_NAME FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE UNIQUE_CONSTRAINT_SCHEMA = '{}'",
        "SELECT CONCAT_WS(' ', @@GLOBAL.general_log, @@GLOBAL.sql_mode)",
        "SELECT User FROM mysql.user WHERE User LIKE 'hostile%'",
    ] {
        match session.rows::<String>("looking", &sql.replace("{}", victim)) {
            Ok(rows) => picture += &(rows.join("\n") + "\n"),
            Err(e) => picture += &e.to_string(),
        }
    }
    picture
}

/// A database for attacks, as it is to stay.
fn victim_again(server: &TestServer, victim: &str) {
    let mut session = server.session();
    for sql in ["SET foreign_key_checks = 0", "DROP DATABASE IF EXISTS `{}`", "CREATE DATABASE `{}`"] {
        session.run("making the victim", &sql.replace("{}", victim)).unwrap();
    }
    for sql in ["SET GLOBAL general_log = OFF", "DROP USER IF EXISTS hostile@'%'"] {
        session.attempt(sql);
    }
    server.client(Some(victim), VICTIM.as_bytes());
}

/// Strings with the names and letters that they stand for.
fn filled(value: &mut Value, names: &[(&str, &str)]) {
    match value {
        Value::String(text) => *text = fill(text, names),
        Value::Array(list) => list.iter_mut().for_each(|value| filled(value, names)),
        Value::Object(map) => map.values_mut().for_each(|value| filled(value, names)),
        _ => {}
    }
}

fn fill(text: &str, names: &[(&str, &str)]) -> String {
    let mut text = names.iter().fold(text.to_owned(), |text, (word, name)| text.replace(word, name));
    while let Some((before, rest)) = text.split_once("{x:") {
        let (times, after) = rest.split_once('}').unwrap();
        text = [before, &"x".repeat(times.parse().unwrap()), after].concat();
    }
    text
}

fn set(manifest: &mut Value, pointer: &str, value: Value) {
    if let Some(list) = pointer.strip_suffix("/-") {
        let (parent, key) = list.rsplit_once('/').unwrap();
        let parent = manifest.pointer_mut(parent).unwrap_or_else(|| panic!("no {pointer}"));
        // A list that is empty may not be written down.
        let list = parent.as_object_mut().unwrap().entry(key).or_insert_with(|| Value::Array(Vec::new()));
        return list.as_array_mut().unwrap().push(value);
    }
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match manifest.pointer_mut(parent).unwrap_or_else(|| panic!("no {pointer}")) {
        Value::Array(list) => list[key.parse::<usize>().unwrap()] = value,
        other => other[key] = value,
    }
}

/// The crafted file.
fn crafted(base: &[u8], edits: &Value) -> Vec<u8> {
    let mut forge = Forge::of(base);
    let kinds: Vec<String> = forge.manifest["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| member["kind"].as_str().unwrap().to_owned())
        .collect();
    // Borrowed: some are a hundred megabytes.
    let list = |key: &str| edits[key].as_array().map_or(&[][..], Vec::as_slice);
    for edit in list("members") {
        let (kind, from, to) =
            (edit[0].as_str().unwrap(), edit[1].as_str().unwrap(), edit[2].as_str().unwrap());
        let mut changed = 0;
        for (text, _) in forge.members.iter_mut().zip(&kinds).filter(|(_, own)| *own == kind) {
            let new = match from {
                "" => [to.as_bytes(), text].concat(),
                "$" => [text, to.as_bytes()].concat(),
                _ => String::from_utf8_lossy(text).replace(from, to).into_bytes(),
            };
            changed += usize::from(new != *text);
            *text = new;
        }
        assert!(changed > 0, "nothing is changed by {edit}");
    }
    for edit in list("manifest") {
        set(&mut forge.manifest, edit[0].as_str().unwrap(), edit[1].clone());
    }
    let repeat = list("repeat");
    let [pointer, element, times] = repeat else { return forge.bytes(|json| json) };
    set(&mut forge.manifest, pointer.as_str().unwrap(), "@REPEAT@".into());
    let times = usize::try_from(times.as_u64().unwrap()).unwrap();
    let all = vec![element.as_str().unwrap(); times].join(",");
    // Members are counted in a manifest that is being made up: it may have none of its own then.
    if pointer == "/members" {
        forge.manifest["members"] = Value::Array(Vec::new());
        return forge.bytes(|json| json.replace("\"members\":[]", &format!("\"members\":[{all}]")));
    }
    forge.bytes(|json| json.replace("\"@REPEAT@\"", &format!("[{all}]")))
}

struct Attack<'a> {
    place: &'a Place,
    victim: Scratch,
    base: Vec<u8>,
}

impl Attack<'_> {
    /// Runs one case; what went wrong.
    fn run(&self, server: &TestServer, case: &Path) -> Option<String> {
        let name = case.file_name().unwrap().to_str().unwrap();
        let mut edits: Value = serde_json::from_str(&text(case, "edits.json")).unwrap();
        if edits["only"]
            .as_str()
            .is_some_and(|only| !only.eq_ignore_ascii_case(&format!("{:?}", server.engine)))
        {
            return None;
        }
        let dump = Forge::of(&self.base).manifest["databases"][0]["name"].as_str().unwrap().to_owned();
        let names = [("{db}", dump.as_str()), ("{victim}", self.victim.name.as_str())];
        filled(&mut edits, &names);
        let expected = text(case, "expected.txt");
        let mut lines = expected.lines();
        let code: i32 = lines.next().unwrap().parse().unwrap();
        let words: Vec<String> = lines.map(|line| fill(line, &names)).collect();
        let file = self.place.path("crafted.sql.gz");
        fs::write(&file, crafted(&self.base, &edits)).unwrap();
        let file = file.to_str().unwrap();
        let before = picture(server, &self.victim.name);
        let mut wrong: Vec<String> = Vec::new();
        let mut look = |what: &str, output: Output| {
            let said = words.iter().all(|word| output.stderr.contains(word.as_str()));
            if output.code != code || !said {
                wrong.push(format!(
                    "{what} exits {}, {code} expected, and says:\n{}",
                    output.code, output.stderr
                ));
            }
            if output.mebibytes() > MEBIBYTES {
                wrong.push(format!("{what} took {} MiB", output.mebibytes()));
            }
            let after = picture(server, &self.victim.name);
            if after != before {
                wrong.push(format!("{what} changed the server:\n{before}\n{after}"));
                victim_again(server, &self.victim.name);
            }
        };
        let refresh = ["--target", "dev3", "--dump", file];
        look("dev-restore", self.place.tool(&refresh).run_watched());
        look("dev-restore --insert", self.place.tool(&[&refresh[..], &["--insert"]].concat()).run_watched());
        let verify = Tool::new("mydump-rotate").arg("--config").arg(self.place.path("refresh.toml"));
        look("verify --deep", verify.args(["verify", "--deep", "--target", "dev3", file]).run_watched());
        (!wrong.is_empty()).then(|| format!("{name} on {:?}: {}", server.engine, wrong.join("\n")))
    }
}

#[test]
fn a_crafted_dump_is_refused_and_changes_nothing_on_the_server() {
    let all: Vec<PathBuf> = cases("hostile").into_iter().filter(|case| case.is_dir()).collect();
    assert!(all.len() > 20);
    on_all_servers_at_once(|server| {
        let source = server.scratch("hostile_src");
        let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/hostile/base.sql");
        source.run(&fs::read_to_string(base).unwrap());
        let place = Place::with_dump_of(&source);
        let base = fs::read(place.path("app-20261122T020000Z.sql.gz")).unwrap();
        // What is taken apart and put together unchanged is a dump like any other.
        let same = place.path("same.sql.gz");
        fs::write(&same, crafted(&base, &Value::Null)).unwrap();
        place.tool(&["--target", "dev3", "--dump", same.to_str().unwrap()]).run().exits(0);
        let victim = server.scratch("hostile_victim");
        victim_again(server, &victim.name);
        let attack = Attack { place: &place, victim, base };
        let wrong: Vec<String> = all.iter().filter_map(|case| attack.run(server, case)).collect();
        assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), all.len(), wrong.join("\n\n"));
        assert_eq!(attack.place.target.run("SELECT COUNT(*) FROM notes"), "3\n", "the target is as it was");
    });
}
