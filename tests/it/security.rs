//! What SECURITY.md and README promise, held against the tests; and what the dependencies ask for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The name of every test there is.
fn tests() -> BTreeSet<String> {
    let files = ["lib", "tests"].into_iter().flat_map(|folder| walkdir::WalkDir::new(root().join(folder)));
    let rust = files.map(Result::unwrap).filter(|entry| entry.path().extension().is_some_and(|e| e == "rs"));
    let texts = rust.map(|entry| std::fs::read_to_string(entry.path()).unwrap());
    texts.flat_map(|text| names(&text)).collect()
}

fn names(text: &str) -> Vec<String> {
    let after = text.split("#[test]").skip(1);
    let name = |rest: &str| Some(rest.split_once("fn ")?.1.split_once('(')?.0.trim().to_owned());
    after.filter_map(name).collect()
}

/// What stands between back-ticks and looks like the name of a test: a sentence.
fn named(text: &str) -> Vec<&str> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted
        .filter(|word| {
            word.matches('_').count() >= 4
                && !word.contains(|c: char| !c.is_ascii_lowercase() && c != '_' && !c.is_ascii_digit())
        })
        .collect()
}

#[test]
fn every_test_that_is_named_as_a_proof_exists() {
    let known = tests();
    let read = |name: &str| std::fs::read_to_string(root().join(name)).unwrap();
    let readme = read("README.md");
    let safe = readme.split_once("## Is it safe?").unwrap().1.split("\n## ").next().unwrap();
    let security = read("SECURITY.md");
    let promised: Vec<&str> = named(&security).into_iter().chain(named(safe)).collect();
    assert!(promised.len() > 10, "{promised:?}");
    let missing: Vec<&&str> = promised.iter().filter(|name| !known.contains(**name)).collect();
    assert!(missing.is_empty(), "no such tests: {missing:?}");
    // Every row of the table names one.
    let rows = security
        .lines()
        .filter(|line| line.starts_with("| "))
        .skip(1)
        .filter(|line| !line.starts_with("|---"));
    let unproved: Vec<&str> = rows.filter(|row| named(row).is_empty()).collect();
    assert!(unproved.is_empty(), "{unproved:#?}");
}

#[test]
fn a_proof_that_is_missing_would_be_found() {
    assert_eq!(named("`refresh.toml`, `a_b`, and `this_is_a_test_name`"), ["this_is_a_test_name"]);
    assert_eq!(names("#[test]\nfn this_is_one() {}\nfn no_test() {}"), ["this_is_one"]);
}

/// Licences that ask for no more than their own text and the names of the authors.
const LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Those that name a file instead of an expression, read by a person: webpki's is ISC's.
const BY_FILE: &[(&str, &str)] = &[("webpki", "0.22.4")];

/// Whether a licence expression can be met with the list: `OR` is a choice, `AND` asks for both.
fn allowed(expression: &str) -> bool {
    let expression = expression.replace('/', " OR ");
    // No expression here nests deeper than one pair of parentheses around a choice.
    let expression = expression.replace(['(', ')'], "");
    let one = |all: &str| all.split(" AND ").all(|part| LICENCES.contains(&part.trim()));
    if expression.contains(" AND ") && expression.contains(" OR ") {
        // `A AND (B OR C)`: each side is a choice.
        return expression
            .split(" AND ")
            .all(|part| part.split(" OR ").any(|choice| LICENCES.contains(&choice.trim())));
    }
    expression.split(" OR ").any(one)
}

/// What this host's tools are built for: cargo then asks nobody for what is built for others only.
fn host() -> String {
    let said = Command::new("rustc").arg("-vV").output().unwrap().stdout;
    let said = String::from_utf8(said).unwrap();
    said.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

/// What cargo knows of every crate that this host's tools are built from.
fn packages() -> Vec<serde_json::Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--format-version",
            "1",
            "--locked",
            "--filter-platform",
            &host(),
            "--manifest-path",
        ])
        .arg(Path::new(&root()).join("Cargo.toml"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap().clone();
    assert!(packages.len() > 100, "{}", packages.len());
    packages
}

#[test]
fn every_dependency_has_a_licence_of_the_list() {
    let refused: Vec<String> = packages()
        .iter()
        .filter(|package| {
            let is =
                |(name, version): &(&str, &str)| package["name"] == *name && package["version"] == *version;
            !allowed(package["license"].as_str().unwrap_or("none")) && !BY_FILE.iter().any(is)
        })
        .map(|package| format!("{}: {}", package["name"], package["license"]))
        .collect();
    assert!(refused.is_empty(), "{refused:#?}");
}

/// Crates of which two versions are linked, because crates below ours have not agreed yet. A new one is looked at by a person;
/// one that agrees again is taken out.
const TWICE: &[&str] = &[
    "base64",
    "block-buffer",
    "const-oid",
    "cpufeatures",
    "crypto-common",
    "digest",
    "getrandom",
    "hmac",
    "rand",
    "rand_chacha",
    "rand_core",
    "sha2",
    "syn",
    "synstructure",
];

#[test]
fn every_dependency_comes_from_the_registry_and_no_crate_comes_twice_unseen() {
    let packages = packages();
    let elsewhere: Vec<&str> = packages
        .iter()
        .filter(|package| package["source"].as_str().is_some_and(|source| !source.starts_with("registry+")))
        .filter_map(|package| package["name"].as_str())
        .collect();
    assert!(elsewhere.is_empty(), "{elsewhere:?}");
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in &packages {
        let (Some(name), Some(version)) = (package["name"].as_str(), package["version"].as_str()) else {
            continue;
        };
        versions.entry(name).or_default().insert(version);
    }
    let twice: Vec<&str> =
        versions.iter().filter(|(_, versions)| versions.len() > 1).map(|(name, _)| *name).collect();
    assert_eq!(twice, TWICE);
}

/// The crate whose packets and sockets `lib/mysql` shares (`lib/mysql/README.md`): another version is read before it is taken.
#[test]
fn the_driver_whose_buffers_are_shared_is_pinned() {
    let manifest = std::fs::read_to_string(Path::new(&root()).join("Cargo.toml")).unwrap();
    let line = manifest.lines().find(|line| line.starts_with("mysql = ")).unwrap();
    assert!(line.contains("version = \"="), "{line}");
}

#[test]
fn a_licence_that_asks_for_more_is_refused() {
    for (expression, fine) in [
        ("MIT OR Apache-2.0", true),
        ("MIT/Apache-2.0", true),
        ("GPL-3.0-only OR MIT", true),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
        ("GPL-3.0-only", false),
        ("MIT AND GPL-2.0-only", false),
        ("none", false),
    ] {
        assert_eq!(allowed(expression), fine, "{expression}");
    }
}
