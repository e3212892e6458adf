//! House rules that a machine can check: the streets between rooms, file sizes, no forgotten test file.

use std::fs;
use std::path::{Path, PathBuf};

/// Files aim for 150 lines of code and stop here; tests inside a file are not counted.
const LINES_MAX: usize = 300;

/// The rooms in the order in which data walks through them: each may use those before it.
const ROOMS: &[&str] = &[
    "document",
    "progress",
    "config",
    "house",
    "sql",
    "mysql",
    "aws",
    "engine",
    "rds",
    "rds_local",
    "catalog",
    "mask",
    "scan",
    "work_schema",
    "plan",
    "archive",
    "rows",
    "dump",
    "junit",
    "migrate",
    "report",
    "restore",
    "rotate",
    "cli",
];

/// Streets that are still to be closed.
const OPEN: &[(&str, &str)] = &[
    ("archive", "dump"),
    ("archive", "rows"),
    ("aws", "rds"),
    ("engine", "rds_local"),
    ("rows", "dump"),
    ("work_schema", "plan"),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    walkdir::WalkDir::new(root().join(folder))
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.path().extension().is_some_and(|e| e == "rs"))
        .map(|entry| (entry.path().to_owned(), fs::read_to_string(entry.path()).unwrap()))
        .collect()
}

/// The code of a file without its tests.
fn code(text: &str) -> &str {
    text.split("\n#[cfg(test)]").next().unwrap()
}

/// The first path segment below `lib/`.
fn room(path: &Path) -> String {
    let below = path.strip_prefix(root().join("lib")).unwrap();
    below.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned()
}

#[test]
fn rooms_use_only_the_streets() {
    for (path, text) in sources("lib") {
        let here = room(&path);
        let Some(position) = ROOMS.iter().position(|name| *name == here) else { continue };
        for used in code(&text).split("crate::").skip(1) {
            let name: String = used.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            let open = ROOMS[..=position].contains(&name.as_str())
                || OPEN.contains(&(here.as_str(), name.as_str()))
                || name.is_empty();
            assert!(open, "{} uses crate::{name}: no street goes there (lib/README.md)", path.display());
        }
    }
}

#[test]
fn every_file_says_what_it_is_for_and_stays_readable() {
    for (path, text) in ["lib", "bins", "tests/it"].iter().flat_map(|folder| sources(folder)) {
        let opens = text.starts_with("//!") || text.starts_with("#![doc");
        assert!(opens, "{} does not open with //!", path.display());
        let said = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with("//");
        let lines = code(&text).lines().filter(said).count();
        let most = if path.starts_with(root().join("bins")) { 40 } else { LINES_MAX };
        let plain_data = path.ends_with("document/sections.rs") || path.ends_with("config/types.rs");
        assert!(lines <= most || plain_data, "{} has {lines} lines, {most} are the most", path.display());
    }
}

#[test]
fn only_the_porch_and_the_configuration_read_the_environment() {
    for (path, text) in sources("lib") {
        if ["cli", "config"].contains(&room(&path).as_str()) {
            continue;
        }
        assert!(!code(&text).contains("env::var"), "{} reads the environment", path.display());
    }
}

#[test]
fn only_the_cloud_room_names_the_aws_sdk() {
    for (path, text) in sources("lib") {
        let named = ["aws_sdk", "aws_config", "aws_smithy"].iter().any(|name| code(&text).contains(name));
        assert!(
            !named || ["aws", "rds"].contains(&room(&path).as_str()),
            "{} names the AWS SDK",
            path.display()
        );
    }
}

#[test]
fn no_test_file_is_forgotten() {
    let listed = fs::read_to_string(root().join("tests/it/main.rs")).unwrap();
    for entry in fs::read_dir(root().join("tests/it")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let module = name.trim_end_matches(".rs");
        assert!(
            module == "main" || listed.contains(&format!("mod {module};")),
            "tests/it/{name} is not in main.rs"
        );
    }
}
