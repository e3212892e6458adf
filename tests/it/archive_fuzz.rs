//! Mutations of dumps, of `.sql`, of documents and of configurations, from a seed, for some seconds: no panic, and no more memory than is
//! documented.
//!
//! `REFRESHKIT_FUZZ_SECONDS` says for how long (3), `REFRESHKIT_FUZZ_SEED` with which seed; a failure names seed and round, and leaves the
//! file. The readers run in a process of their own: this very test, started again, so that its memory can be measured.

use std::env::current_exe;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use refreshkit::archive::{DumpFile, MemberKind};
use refreshkit::sql::Statements;
use refreshkit::{config, document, mask};

use crate::support::forge::{Forge, manifest_place, sealed};

const INNER: &str = "REFRESHKIT_FUZZ_DIRECTORY";
const MEBIBYTES: u64 = 256;

#[expect(
    clippy::disallowed_methods,
    reason = "how long and from which seed is said by whoever runs the tests"
)]
fn told(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn number(name: &str, otherwise: u64) -> u64 {
    told(name).map_or(otherwise, |text| text.parse().unwrap())
}

/// A dump as a night writes it, by hand.
fn base() -> Vec<u8> {
    let rows = "INSERT INTO `t` (`a`, `b`) VALUES\n(1,'it\\'s'),\n(2,_binary '\\0\u{1}x'),\n(-3.5e7,NULL);\n";
    let manifest = serde_json::json!({
        "format": "refreshkit-dump/1", "name": "app", "engine": "mariadb",
        "session": ["SET NAMES utf8mb4", "SET time_zone = '+00:00'", "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'", "SET foreign_key_checks = 0"],
        "databases": [{"name": "app", "charset": "utf8mb4", "collation": "utf8mb4_bin"}],
        "tables": [{"database": "app", "table": "t", "columns": ["a", "b"], "rows": 3, "digest": "0".repeat(32),
            "create": "CREATE TABLE `t` (\n  `a` double NOT NULL,\n  `b` blob DEFAULT NULL COMMENT 'x, y',\n  PRIMARY KEY (`a`),\n  CONSTRAINT `c` CHECK (`a` < 9)\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 /*!80000 COLLATE utf8mb4_0900_bin */\n/*!50100 PARTITION BY HASH (`a`)\nPARTITIONS 4 */",
            "indexes": [["ADD KEY `k` (`b`(3)) USING BTREE"]], "foreign_keys": ["ADD CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `t` (`a`) ON DELETE CASCADE"],
            "statement_bytes_max": 400}],
        "objects": [{"kind": "procedure", "database": "app", "name": "p", "session": ["SET sql_mode = ''"], "create": "CREATE PROCEDURE `p`(a INT)\nBEGIN SELECT ';'; IF a THEN SELECT 1; END IF; END"}],
        "members": [{"kind": "header"}, {"kind": "rows", "table": 0, "rows": 3}], "rows": 3,
    });
    Forge { manifest, members: vec![b"SELECT 1;\n".to_vec(), rows.as_bytes().to_vec()] }.bytes(|json| json)
}

/// Pieces that mean something to one of the readers.
const PIECES: &[&str] = &[
    "'",
    "\"",
    "`",
    "\\",
    "/*",
    "*/",
    "/*!50000 ",
    "/*M!",
    "--",
    "#",
    ";",
    ",",
    "(",
    ")",
    "{}",
    "[",
    "]",
    "\n",
    "\0",
    "NULL",
    "_binary '",
    "DELIMITER $$\n",
    "INSERT INTO `t` (`a`, `b`) VALUES\n(",
    "USE `app`;\n",
    "-- refreshkit manifest\n",
    "18446744073709551615",
    "-1",
    "1e999",
    "CREATE TABLE",
    "ENGINE=",
    "PARTITION BY",
    "{\"a\":",
    "\u{feff}",
    "ü",
    ".",
];

fn mutated(bytes: &mut Vec<u8>, random: &mut StdRng) {
    for _ in 0..random.random_range(1..6) {
        let at = random.random_range(0..=bytes.len());
        match random.random_range(0..6) {
            0 if at < bytes.len() => bytes[at] = random.random(),
            1 if at < bytes.len() => bytes[at] ^= 1 << random.random_range(0..8),
            2 => bytes.truncate(at),
            3 => {
                let end = (at + random.random_range(0..40)).min(bytes.len());
                let part = bytes[at..end].to_vec();
                let times = if random.random_range(0..50) == 0 { 20_000 } else { random.random_range(1..4) };
                let to = random.random_range(0..=bytes.len());
                bytes.splice(to..to, part.repeat(times));
            }
            4 => drop(bytes.drain(at..(at + random.random_range(0..20)).min(bytes.len()))),
            _ => drop(bytes.splice(at..at, PIECES[random.random_range(0..PIECES.len())].bytes())),
        }
    }
}

/// A file that is wrong in one of its layers, with hashes that fit in those around it.
fn made_up(base: &[u8], random: &mut StdRng) -> Vec<u8> {
    let mut forge = Forge::of(base);
    match random.random_range(0..5) {
        0 => {
            let mut file = base.to_vec();
            mutated(&mut file, random);
            file
        }
        1 => forge.bytes(|json| {
            let mut json = json.into_bytes();
            mutated(&mut json, random);
            String::from_utf8_lossy(&json).replace(['\n', '\r'], " ")
        }),
        2 => {
            let position = random.random_range(0..forge.members.len());
            mutated(&mut forge.members[position], random);
            forge.bytes(|json| json)
        }
        3 => {
            // One text of the manifest, as JSON that is right.
            let pointers = [
                "/tables/0/create",
                "/tables/0/indexes/0/0",
                "/tables/0/foreign_keys/0",
                "/objects/0/create",
                "/session/2",
            ];
            let text = forge.manifest.pointer_mut(pointers[random.random_range(0..pointers.len())]).unwrap();
            let mut bytes = text.as_str().unwrap().as_bytes().to_vec();
            mutated(&mut bytes, random);
            *text = String::from_utf8_lossy(&bytes).into_owned().into();
            forge.bytes(|json| json)
        }
        _ => {
            let place = manifest_place(base);
            let mut manifest = base[place.clone()].to_vec();
            mutated(&mut manifest, random);
            sealed(base[..place.start].to_vec(), &manifest)
        }
    }
}

/// Everything that reads without a server.
fn read(path: &Path, bytes: &[u8]) {
    if let Ok(dump) = DumpFile::open(path) {
        for position in 0..dump.manifest().members.len() {
            let _ = dump.check_member(position);
            if dump.manifest().members[position].kind == MemberKind::Rows {
                let _ = dump.check_rows(position);
            }
        }
    }
    // The same bytes as the file of another tool.
    let _ = Statements::new(BufReader::with_capacity(1 << 10, bytes)).limit(1 << 20).take(10_000).count();
}

/// The documents and the configurations of all cases: what a mutation begins from.
fn texts() -> Vec<Vec<u8>> {
    let cases =
        walkdir::WalkDir::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")).sort_by_file_name();
    let files = cases.into_iter().map(Result::unwrap);
    let wanted = files.filter(|entry| entry.path().extension().is_some_and(|e| e == "toml" || e == "json"));
    wanted.map(|entry| fs::read(entry.path()).unwrap()).collect()
}

/// A document that can be read is the same when it has been written and read again; a configuration is read or refused.
fn read_text(bytes: &[u8]) {
    if let Ok(document) = document::parse(bytes) {
        let written = document::render(&document);
        let again = document::parse(written.as_bytes()).expect("what we write we can read");
        assert_eq!(document::render(&again), written);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = config::parse(Path::new("refresh.toml"), text.to_owned(), &mask::vocabulary());
    }
}

/// The readers, in a process of their own; each round is written down before it is read.
#[test]
fn the_readers_of_the_fuzz() {
    let Some(directory) = told(INNER) else { return };
    let (base, path) = (base(), Path::new(&directory).join("fuzz.sql.gz"));
    let seed = number("REFRESHKIT_FUZZ_SEED", 1);
    let end = Instant::now() + Duration::from_secs(number("REFRESHKIT_FUZZ_SECONDS", 3));
    fs::write(&path, &base).unwrap();
    let dump = DumpFile::open(&path).unwrap();
    dump.check_rows(1).unwrap();
    let texts = texts();
    assert!(texts.len() > 50, "{}", texts.len());
    let (mut round, mut whole) = (0_u64, 0_u64);
    while Instant::now() < end {
        let mut random = StdRng::seed_from_u64(seed.wrapping_mul(1 << 32).wrapping_add(round));
        let bytes = made_up(&base, &mut random);
        fs::write(&path, &bytes).unwrap();
        fs::write(Path::new(&directory).join("round"), format!("seed {seed}, round {round}")).unwrap();
        whole += u64::from(DumpFile::open(&path).is_ok());
        read(&path, &bytes);
        let mut text = texts[random.random_range(0..texts.len())].clone();
        mutated(&mut text, &mut random);
        fs::write(path.with_extension("txt"), &text).unwrap();
        read_text(&text);
        round += 1;
    }
    eprintln!("{round} rounds, {whole} of them whole files");
    assert!(whole > 0, "some mutations are those of a member alone");
}

#[test]
fn mutated_dumps_make_no_reader_panic_nor_take_memory() {
    let directory = tempfile::tempdir().unwrap();
    let mut child = Command::new(current_exe().unwrap());
    child.args(["--exact", "archive_fuzz::the_readers_of_the_fuzz", "--nocapture", "--test-threads=1"]);
    let mut child =
        child.env(INNER, directory.path()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let process = child.id();
    let said = child.stderr.take().unwrap();
    let said = std::thread::spawn(move || {
        BufReader::new(said).lines().map_while(Result::ok).collect::<Vec<_>>().join("\n")
    });
    let mut peak = 0;
    let status = loop {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
        let kib: String = line.chars().filter(char::is_ascii_digit).collect();
        peak = kib.parse::<u64>().unwrap_or_default().max(peak);
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let said = said.join().unwrap();
    if !status.success() {
        let (round, kept) = (fs::read_to_string(directory.path().join("round")), directory.keep());
        panic!("{round:?}, {}:\n{said}", kept.join("fuzz.sql.gz").display());
    }
    assert!(said.contains(" rounds, "), "{said}");
    assert!(peak >> 10 < MEBIBYTES, "{} MiB", peak >> 10);
    eprintln!("{said}; {} MiB", peak >> 10);
}
