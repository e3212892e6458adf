//! The directory of dumps: what `latest` means is one thing, for whoever writes dumps and for whoever loads them. No server.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::PathBuf;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::support::{Output, Tool};

/// A whole dump without tables, written from what lib/archive/README.md says about the format.
pub(crate) fn whole() -> Vec<u8> {
    let json = r#"{"format":"refreshkit-dump/1","name":"app","engine":"mysql","databases":[{"name":"app","charset":"utf8mb4","collation":"utf8mb4_bin"}]}"#;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(format!("-- refreshkit manifest\n-- {json}\n").as_bytes()).unwrap();
    let mut file = encoder.finish().unwrap();
    let (length, sha256) = (file.len() as u64, Sha256::digest(&file));
    file.extend([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 56, 0, b'R', b'K', 52, 0, 1, 0, 0, 0]);
    file.extend(0_u64.to_le_bytes());
    file.extend(length.to_le_bytes());
    file.extend(sha256);
    file.extend([3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    file
}

/// A directory of dumps, and a configuration that names it. The target's server does not answer.
pub(crate) struct Place {
    home: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let server = "host = \"127.0.0.1\"\nport = 1\nuser = \"nobody\"\n";
        let dumps = home.path().join("dumps").display().to_string();
        let text = format!(
            "[source]\n{server}[dump]\ndir = {dumps:?}\nname = \"app\"\n[targets.dev1]\n{server}database = \"app\"\n"
        );
        fs::write(home.path().join("refresh.toml"), text).unwrap();
        Self { home }
    }

    /// The same with these files; `false` is one that is cut off.
    pub(crate) fn with(files: &[(&str, bool)]) -> Self {
        let place = Self::new();
        fs::create_dir(place.home.path().join("dumps")).unwrap();
        let bytes = whole();
        for (file, is_whole) in files {
            let end = if *is_whole { bytes.len() } else { bytes.len() / 2 };
            fs::write(place.dump(file), &bytes[..end]).unwrap();
        }
        place
    }

    pub(crate) fn dump(&self, file: &str) -> PathBuf {
        self.home.path().join("dumps").join(file)
    }

    pub(crate) fn tool(&self, name: &str, arguments: &[&str]) -> Output {
        let tool = Tool::new(name).arg("--config").arg(self.home.path().join("refresh.toml"));
        tool.arg("--state-dir").arg(self.home.path()).args(arguments.iter().copied()).run()
    }

    fn json(&self, tool: &str) -> Vec<Value> {
        let output = self.tool(tool, &["list", "--json"]).exits(0);
        serde_json::from_str::<Value>(&output.stdout).unwrap().as_array().unwrap().clone()
    }
}

/// The lines that name a file, without the tool that says them.
fn lines<'a>(text: &'a str, file: &str) -> Vec<&'a str> {
    let said = text.lines().filter(|line| line.contains(file));
    said.map(|line| line.split_once(": ").map_or(line, |(_, said)| said)).collect()
}

#[test]
fn latest_is_the_newest_whole_dump_of_the_configured_name_for_both_tools() {
    let place = Place::with(&[
        ("app-20251122T020000Z.sql.gz", true),
        ("app-20251123T020000Z.sql.gz", true),
        ("app-20251123T020100Z.sql.gz", false),
        ("app-20251123T020200Z.sql.gz", false),
        ("app-20251101T020000Z.sql.gz", false),
        ("other-20251124T020000Z.sql.gz", true),
        ("app-20990101T020000Z.sql.gz", true),
    ]);
    let verified = place.tool("mydump-rotate", &["verify", "latest"]).exits(0);
    assert!(verified.stdout.contains("/app-20251123T020000Z.sql.gz: whole"), "{}", verified.stdout);
    let refresh = place.tool("dev-restore", &["--target", "dev1", "--dump", "latest"]).exits(69);
    assert_eq!(refresh.document().dump.unwrap().name, "app-20251123T020000Z.sql.gz");
    for broken in ["app-20251123T020100Z.sql.gz", "app-20251123T020200Z.sql.gz"] {
        let said = lines(&verified.stderr, broken);
        assert_eq!(said.len(), 1, "{}", verified.stderr);
        assert!(said[0].contains("is not a whole dump"), "{}", said[0]);
        assert_eq!(lines(&refresh.stderr, broken), said, "{}", refresh.stderr);
    }
    // An older one that is broken is of no interest.
    assert!(!verified.stderr.contains("20251101"), "{}", verified.stderr);
    place.tool("mydump-rotate", &["verify", "latest", "--name", "other"]).exits(0);
    let cat = place.tool("mydump-rotate", &["cat", "--table", "t", "latest"]).exits(65);
    assert!(cat.stderr.contains("/app-20251123T020000Z.sql.gz has no table t"), "{}", cat.stderr);
}

#[test]
fn one_of_a_later_moment_than_now_is_the_latest_only_where_there_is_no_other() {
    let place = Place::with(&[("app-20251123T020000Z.sql.gz", false), ("app-20990101T020000Z.sql.gz", true)]);
    let verified = place.tool("mydump-rotate", &["verify", "latest"]).exits(0);
    assert!(verified.stdout.contains("/app-20990101T020000Z.sql.gz: whole"), "{}", verified.stdout);
    let refresh = place.tool("dev-restore", &["--target", "dev1"]).exits(69);
    assert_eq!(refresh.document().dump.unwrap().name, "app-20990101T020000Z.sql.gz");
}

#[test]
fn without_a_whole_dump_there_is_no_latest() {
    let place =
        Place::with(&[("app-20251123T020000Z.sql.gz", false), ("other-20251123T020000Z.sql.gz", true)]);
    let verified = place.tool("mydump-rotate", &["verify", "latest"]).exits(65);
    assert!(verified.stderr.contains("there is no whole dump in "), "{}", verified.stderr);
    let refresh = place.tool("dev-restore", &["--target", "dev1"]).exits(65);
    assert!(refresh.stderr.contains("there is no dump latest in "), "{}", refresh.stderr);
    assert_eq!(refresh.document().error.unwrap().code, "no-such-dump");
    for output in [verified, refresh] {
        assert!(
            output.stderr.contains("app-20251123T020000Z.sql.gz is not a whole dump"),
            "{}",
            output.stderr
        );
    }
}

#[test]
fn a_missing_directory_is_one_thing_when_reading_and_another_when_writing() {
    let place = Place::new();
    let hint = "is its file system (EFS, NFS) mounted?";
    let sentence = format!("there is no directory {}", place.home.path().join("dumps").display());
    for (tool, arguments, code) in [
        ("mydump-rotate", &["list"][..], 74),
        ("mydump-rotate", &["list", "--json"], 74),
        ("mydump-rotate", &["verify", "latest"], 74),
        ("mydump-rotate", &["cat", "--table", "t", "latest"], 74),
        ("mydump-rotate", &["rotate"], 73),
        ("mydump-rotate", &["--whole", "app"], 73),
        ("dev-restore", &["list"], 74),
        ("dev-restore", &["list", "--plain"], 74),
        ("dev-restore", &["--target", "dev1"], 74),
        ("dev-restore", &["--target", "dev1", "--dump", "2025-11-23"], 74),
    ] {
        let output = place.tool(tool, arguments);
        assert_eq!(output.code, code, "{tool} {arguments:?}: {}", output.stderr);
        assert!(output.stderr.contains(&sentence), "{tool} {arguments:?}: {}", output.stderr);
        assert!(output.stderr.contains(hint), "{tool} {arguments:?}: {}", output.stderr);
    }
}

#[test]
fn both_lists_have_the_same_fields_as_json() {
    let place = Place::with(&[("app-20251123T020000Z.sql.gz", true), ("app-20251123T020100Z.sql.gz", false)]);
    let (rotate, restore) = (place.json("mydump-rotate"), place.json("dev-restore"));
    let fields = |entry: &Value| entry.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    // mydump-rotate lists whole dumps only, dev-restore says what is wrong with the others.
    assert_eq!((rotate.len(), restore.len()), (1, 2));
    assert_eq!(fields(&rotate[0]), fields(&restore[1]));
    for known in [
        "file",
        "path",
        "name",
        "as_of",
        "begun",
        "bytes",
        "rows",
        "tables",
        "databases",
        "engine",
        "fallback",
    ] {
        assert!(rotate[0].get(known).is_some(), "{known} is missing");
    }
    // What scripts read since the first version is still there.
    assert_eq!(rotate[0]["name"], "app");
    assert_eq!(restore[1]["name"], "app-20251123T020000Z.sql.gz");
    for field in fields(&rotate[0]).iter().filter(|field| *field != "name") {
        assert_eq!(rotate[0][field], restore[1][field], "{field}");
    }
    assert_eq!(rotate[0]["file"], "app-20251123T020000Z.sql.gz");
    assert_eq!(restore[0]["file"], "app-20251123T020100Z.sql.gz");
    assert!(restore[0]["problem"].as_str().unwrap().contains("is not a whole dump"));
}
