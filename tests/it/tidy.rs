//! House rules that a machine can check: no circles, one order of rooms, only faces, sizes, one owner for each contract. And
//! that each rule bites: a planted violation is found.

mod plan;
mod rules;
mod words;

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use plan::Plan;

/// Who asks `information_schema` or `SHOW CREATE`. This list may only become shorter.
const SERVER_TABLES: &[&str] = &[
    "lib/catalog/listing.rs",
    "lib/catalog/read.rs",
    "lib/dump/define/facts.rs",
    "lib/dump/define/objects.rs",
    "lib/dump/define/schema.rs",
    "lib/dump/read/session.rs",
    "lib/dump/read/snapshot.rs",
    "lib/engine/own.rs",
    "lib/mask/detect/trigger_copies.rs",
    "lib/migrate/leaves.rs",
    "lib/migrate/ledger.rs",
    "lib/restore/keep/preserve.rs",
    "lib/restore/load/fast.rs",
    "lib/restore/load/transcode.rs",
    "lib/restore/swap/lock.rs",
    "lib/restore/swap/mod.rs",
    "lib/restore/swap/objects.rs",
    "lib/restore/swap/state.rs",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The library and the doors, read once.
static HOUSE: LazyLock<Plan> = LazyLock::new(|| {
    let files = ["lib", "bins"].into_iter().flat_map(|folder| walkdir::WalkDir::new(root().join(folder)));
    let rust = files.map(Result::unwrap).filter(|entry| entry.path().extension().is_some_and(|e| e == "rs"));
    Plan::of(rust.map(|entry| {
        let path = entry.path().strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        (path, fs::read_to_string(entry.path()).unwrap())
    }))
});

/// A house of a few files.
fn made_up(files: &[(&str, &str)]) -> Plan {
    Plan::of(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())))
}

fn holds(wrong: &[String]) {
    assert!(
        wrong.is_empty(),
        "{} violations (lib/README.md says how it is meant):\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// The rule finds exactly one thing, and its sentence names it.
fn bites(wrong: &[String], what: &str) {
    assert!(wrong.len() == 1 && wrong[0].contains(what), "expected one sentence with {what:?}: {wrong:#?}");
}

#[test]
fn no_files_name_each_other_in_a_circle() {
    holds(&rules::circles(&HOUSE));
}

#[test]
fn rooms_use_only_rooms_before_them() {
    holds(&rules::streets(&HOUSE));
}

#[test]
fn from_outside_a_room_only_its_face_is_named() {
    holds(&rules::faces(&HOUSE));
}

#[test]
fn folders_and_files_stay_small_and_say_what_they_are_for() {
    holds(&rules::sizes(&HOUSE));
}

#[test]
fn the_servers_own_tables_are_read_in_few_files() {
    holds(&rules::server_tables(&HOUSE, SERVER_TABLES));
}

#[test]
fn fields_of_a_newer_version_are_only_carried() {
    holds(&rules::carried_fields(&HOUSE));
}

#[test]
fn sql_is_read_as_text_in_one_room() {
    holds(&rules::readers_of_sql(&HOUSE));
}

#[test]
fn the_environment_and_the_aws_sdk_stay_in_their_rooms() {
    holds(&rules::outside_world(&HOUSE));
}

#[test]
fn foreign_words_leave_through_one_outlet() {
    holds(&rules::one_outlet(&HOUSE));
}

#[test]
fn a_type_has_a_name_of_its_own() {
    holds(&words::type_names(&HOUSE));
}

#[test]
fn comments_on_public_items_say_more_than_the_name() {
    holds(&words::short_comments(&HOUSE));
}

#[test]
fn the_glossary_and_the_types_agree() {
    let readme = fs::read_to_string(root().join("lib/README.md")).unwrap();
    assert!(readme.contains("| word | types | meaning |"));
    holds(&words::glossary(&HOUSE, &readme));
    let house = made_up(&[("lib/plan/a.rs", "//! x\nstruct Root;\nstruct StagingDatabase;\n")]);
    let table = |rows: &str| format!("| word | types | meaning |\n|---|---|---|\n{rows}\n");
    bites(&words::glossary(&house, &table("| root | | a row |")), "Root is a type");
    bites(&words::glossary(&house, &table("| x | | a *staging database* |")), "StagingDatabase is a type");
    bites(&words::glossary(&house, &table("| x | `Gone` | y |")), "Gone is declared 0 times");
    holds(&words::glossary(&house, &table("| root | `Root` | a row |")));
}

#[test]
fn a_planted_second_type_and_an_empty_comment_are_found() {
    let two = made_up(&[
        ("lib/plan/a.rs", "//! x\n/// The rows that are kept.\npub struct Rows;\nstruct Error;\n"),
        ("lib/mask/a.rs", "//! x\nenum Rows {}\nstruct Error;\n#[cfg(test)]\nmod tests { struct Rows; }\n"),
    ]);
    bites(&words::type_names(&two), "lib/mask/a.rs and of lib/plan/a.rs");
    let field = made_up(&[(
        "lib/plan/a.rs",
        "//! x\npub struct A {\n    /// The rows.\n    pub rows: u64,\n    /// b\n    c: u8,\n}\n",
    )]);
    bites(&words::short_comments(&field), "A.rows");
    let variant = made_up(&[(
        "lib/plan/a.rs",
        "//! x\n/// What is wrong with it.\npub enum E {\n    /// Where.\n    A,\n}\n",
    )]);
    bites(&words::short_comments(&variant), "E::A");
}

#[test]
fn a_planted_way_around_the_outlet_is_found() {
    let plan = |text: &str| made_up(&[("lib/plan/a.rs", text)]);
    let stderr = "//! x\nfn f() { let _ = writeln!(std::io::stderr(), \"x\"); }\n";
    bites(&rules::one_outlet(&plan(stderr)), "goes around the outlet");
    bites(&rules::one_outlet(&made_up(&[("bins/a.rs", "//! x\nfn f() { eprintln!(\"x\"); }\n")])), "eprint");
    bites(&rules::one_outlet(&plan("//! x\nenum E { A(#[from] ::mysql::Error) }\n")), "driver");
    holds(&rules::one_outlet(&made_up(&[("lib/outlet/place.rs", stderr)])));
}

#[test]
fn a_planted_circle_is_found() {
    let file = |other: &str| {
        format!("//! x\nuse super::{other}::g;\npub(crate) fn f() {{ g(); }}\npub(crate) fn g() {{}}\n")
    };
    let two = made_up(&[
        ("lib/plan/mod.rs", "//! x\nmod a;\nmod b;\n"),
        ("lib/plan/a.rs", &file("b")),
        ("lib/plan/b.rs", &file("a")),
    ]);
    bites(&rules::circles(&two), "lib/plan/a.rs -> lib/plan/b.rs");
    // Through a face, within a macro, and with a function's own `use`.
    let face = made_up(&[
        ("lib/plan/mod.rs", "//! x\nmod a;\nmod b;\npub use a::F;\n"),
        ("lib/plan/a.rs", "//! x\npub struct F;\nfn f() { println!(\"{}\", super::b::G); }\n"),
        ("lib/plan/b.rs", "//! x\npub(crate) const G: u8 = 1;\nfn g() { use crate::plan::F; let _ = F; }\n"),
    ]);
    bites(&rules::circles(&face), "lib/plan/b.rs -> lib/plan/a.rs");
    // In the text of an error.
    let error = made_up(&[
        ("lib/plan/mod.rs", "//! x\nmod a;\nmod b;\n"),
        ("lib/plan/a.rs", "//! x\nenum E { #[error(\"{}\", super::b::g())] A }\npub(super) struct T;\n"),
        ("lib/plan/b.rs", "//! x\nuse super::a::T;\npub(super) fn g() -> T { T }\n"),
    ]);
    bites(&rules::circles(&error), "lib/plan/a.rs -> lib/plan/b.rs");
    // A room that calls its file, which takes a type from the room.
    let parent = made_up(&[
        ("lib/plan/mod.rs", "//! x\nmod a;\npub struct T;\nfn f() { a::g(); }\n"),
        ("lib/plan/a.rs", "//! x\nuse super::T;\npub(super) fn g() { let _ = T; }\n"),
    ]);
    bites(&rules::circles(&parent), "lib/plan/mod.rs -> lib/plan/a.rs");
}

#[test]
fn a_face_that_hands_on_and_a_test_are_no_circle() {
    let plan = made_up(&[
        ("lib/plan/mod.rs", "//! x\nmod a;\nmod b;\npub use a::{F, f};\npub(crate) use b::G;\n"),
        (
            "lib/plan/a.rs",
            "//! x\nuse super::G;\npub struct F(G);\npub fn f() {}\n#[cfg(test)]\nmod tests { use super::*; use super::super::b::H; }\n",
        ),
        ("lib/plan/b.rs", "//! x\npub(crate) struct G;\n#[cfg(test)]\nmod tests { use super::super::F; }\n"),
    ]);
    holds(&rules::circles(&plan));
}

#[test]
fn a_planted_import_of_a_later_room_is_found() {
    let late =
        |text: &str| made_up(&[("lib/mask/mod.rs", text), ("lib/plan/mod.rs", "//! x\npub struct P;\n")]);
    bites(&rules::streets(&late("//! x\nuse crate::plan::P;\n")), "uses plan");
    bites(&rules::streets(&late("//! x\nfn f() { crate::plan::f(); }\n")), "uses plan");
    bites(&rules::streets(&late("//! x\nuse crate::{document, plan};\n")), "uses plan");
    bites(&rules::streets(&made_up(&[("lib/plan/mod.rs", "//! x\nuse crate::cli::Common;\n")])), "uses cli");
    bites(&rules::streets(&made_up(&[("lib/cellar/mod.rs", "//! x\n")])), "not in the order");
}

#[test]
fn a_planted_path_behind_a_face_is_found() {
    let plan = |text: &str| {
        made_up(&[
            ("lib/mask/mod.rs", "//! x\npub mod a;\npub use a::F;\n"),
            ("lib/mask/a.rs", "//! x\npub struct F;\n"),
            ("lib/plan/mod.rs", text),
            ("bins/x.rs", "//! x\nuse refreshkit::mask::F;\n"),
        ])
    };
    bites(&rules::faces(&plan("//! x\nuse crate::mask::a::F;\n")), "mask::a::F");
    bites(&rules::faces(&plan("//! x\nuse crate::mask;\nfn f(_: mask::a::F) {}\n")), "mask::a::F");
    holds(&rules::faces(&plan("//! x\nuse crate::mask::F;\n")));
    // A function that the face hands on may be called like its file.
    let alike = made_up(&[
        ("lib/mask/mod.rs", "//! x\nmod a;\npub use a::a;\n"),
        ("lib/mask/a.rs", "//! x\npub fn a() {}\n"),
        ("lib/plan/mod.rs", "//! x\nuse crate::mask;\nfn f() { mask::a(); }\n"),
    ]);
    holds(&rules::faces(&alike));
    let door = made_up(&[
        ("lib/mask/mod.rs", "//! x\npub mod a;\n"),
        ("lib/mask/a.rs", "//! x\npub struct F;\n"),
        ("bins/x.rs", "//! x\nuse refreshkit::mask::a::F;\n"),
    ]);
    bites(&rules::faces(&door), "bins/x.rs");
}

#[test]
fn a_planted_thirteenth_file_and_a_long_one_are_found() {
    let names: Vec<String> = (0..17).map(|n| format!("lib/plan/f{n}.rs")).collect();
    let folder = |count: usize| {
        made_up(&names[..count].iter().map(|name| (name.as_str(), "//! x\n")).collect::<Vec<_>>())
    };
    bites(&rules::sizes(&folder(13)), "lib/plan has 13 files");
    holds(&rules::sizes(&folder(12)));
    let long = |lines: usize| {
        format!(
            "//! x\n{}\n#[cfg(test)]\nmod tests {{\n\n\n\n}}\n",
            "const _: u8 = 1;\n// a word\n\n".repeat(lines)
        )
    };
    bites(&rules::sizes(&made_up(&[("lib/plan/a.rs", &long(401))])), "401 lines");
    holds(&rules::sizes(&made_up(&[("lib/plan/a.rs", &long(400))])));
    bites(&rules::sizes(&made_up(&[("bins/a.rs", &long(41))])), "41 lines");
    bites(&rules::sizes(&made_up(&[("lib/plan/a.rs", "const A: u8 = 1;\n")])), "//!");
}

#[test]
fn a_planted_question_to_the_servers_own_tables_is_found() {
    let plan = made_up(&[(
        "lib/plan/a.rs",
        "//! x\nconst Q: &str = \"SELECT 1 FROM information_schema.tables\";\n",
    )]);
    bites(&rules::server_tables(&plan, &[]), "lib/plan/a.rs");
    holds(&rules::server_tables(&plan, &["lib/plan/a.rs"]));
    bites(&rules::server_tables(&made_up(&[]), &["lib/plan/a.rs"]), "take it off");
    let formatted =
        made_up(&[("lib/plan/a.rs", "//! x\nfn f() { let _ = format!(\"SHOW CREATE TABLE {}\", 1); }\n")]);
    bites(&rules::server_tables(&formatted, &[]), "lib/plan/a.rs");
}

#[test]
fn a_planted_use_of_a_carried_field_is_found() {
    let plan = |path: &str| made_up(&[(path, "//! x\nfn f(t: &mut T) { t.a.other.insert(1, 2); }\n")]);
    bites(&rules::carried_fields(&plan("lib/plan/a.rs")), "other.insert");
    holds(&rules::carried_fields(&plan("lib/document/a.rs")));
}

#[test]
fn a_planted_second_reader_of_sql_is_found() {
    let plan = |path: &str| made_up(&[(path, "//! x\nimpl A { fn unescape(&self) {} }\n")]);
    bites(&rules::readers_of_sql(&plan("lib/restore/a.rs")), "unescape");
    holds(&rules::readers_of_sql(&plan("lib/sql/a.rs")));
    let by_hand = made_up(&[("lib/plan/a.rs", "//! x\nfn f(t: &str) -> bool { t.starts_with(\"/*\") }\n")]);
    bites(&rules::readers_of_sql(&by_hand), "by hand");
}

#[test]
fn a_planted_look_at_the_environment_is_found() {
    let plan = |path: &str, text: &str| made_up(&[(path, text)]);
    bites(
        &rules::outside_world(&plan("lib/plan/a.rs", "//! x\nfn f() { std::env::var(\"A\"); }\n")),
        "environment",
    );
    bites(&rules::outside_world(&plan("lib/plan/a.rs", "//! x\nuse aws_sdk_rds::Client;\n")), "AWS SDK");
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

/// The numbers of a text's lines or cells that begin with some: `73, 74` are two.
fn codes(words: &str) -> Vec<u16> {
    words
        .split([',', ' '])
        .map_while(|word| if word.is_empty() { Some(None) } else { word.parse().ok().map(Some) })
        .flatten()
        .collect()
}

#[test]
fn exit_codes_are_the_same_in_the_code_in_the_help_and_in_the_readme() {
    let source = HOUSE.files.iter().find(|file| file.path == "lib/document/failure.rs").unwrap();
    let body = source.text.split("pub enum Exit {").nth(1).unwrap().split("\n}").next().unwrap();
    let mut code: Vec<u16> = body
        .lines()
        .filter_map(|line| line.trim_end_matches(',').split(" = ").nth(1)?.parse().ok())
        .collect();
    code.sort_unstable();
    assert!(code.len() > 8, "{code:?}");

    let help = refreshkit::cli::EXIT_STATUS.lines().skip(1);
    // The last line has two: `130  interrupted (SIGINT)     143  terminated (SIGTERM)`.
    let mut said: Vec<u16> = help.flat_map(|line| line.split("  ").flat_map(codes)).collect();
    said.sort_unstable();
    assert_eq!(said, code, "EXIT_STATUS");

    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let table = readme.split("## Exit codes").nth(1).unwrap().split("\n## ").next().unwrap();
    let mut told: Vec<u16> = table
        .lines()
        .filter(|line| line.starts_with("| "))
        .flat_map(|line| codes(line.trim_start_matches("| ")))
        .collect();
    told.sort_unstable();
    assert_eq!(told, code, "README");
}
