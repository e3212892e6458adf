//! `refresh.toml` as every tool reads it: what is wrong with it is said at once, by all of them, before anything is done.
//!
//! In: a file. Out: what goes to stderr, and the exit code.

use std::path::Path;

use refreshkit::document::Document;
use serde_json::Value;

use crate::support::{Output, Tool, tools};

/// Every tool that reads a configuration, with flags that lead to nothing else before.
const READERS: &[(&str, &[&str])] = &[
    ("rds-snap", &["--cluster", "c", "--dry-run"]),
    ("rds-wait", &[]),
    ("rds-restore", &["--dry-run"]),
    ("mydehydrate", &["--source"]),
    ("mydump-rotate", &["--dry-run"]),
    ("dev-restore", &["targets"]),
];

fn read(file: &Path, tool: &str, arguments: &[&str]) -> Output {
    let tool = Tool::new(tool).args(arguments.iter().copied()).arg("--config").arg(file);
    tool.arg("--state-dir").arg(file.parent().unwrap()).document(&Document::new("r")).run()
}

/// What all tools say of a file, with exit 78; `FILE` stands for its name.
fn refused(text: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("refresh.toml");
    std::fs::write(&file, text).unwrap();
    let built = tools();
    let mut said = Vec::new();
    for (tool, arguments) in READERS.iter().filter(|(tool, _)| built.contains(tool)) {
        let output = read(&file, tool, arguments).exits(78);
        let text = output.stderr.replace(&file.display().to_string(), "FILE");
        said.push(text.replace(&format!("{tool}: "), ""));
    }
    assert!(said.len() > 2 && said.iter().all(|one| *one == said[0]), "{said:#?}");
    said.swap_remove(0)
}

#[test]
fn what_is_wrong_in_mask_keeps_nobody_from_cleaning_up() {
    if !tools().contains(&"rds-drop") {
        eprintln!("not run: rds-drop is not built without the feature aws");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("refresh.toml");
    for mask in ["leaks = \"of\"", "\"a.b\" = \"emial\"", "\"a.b\" = 7"] {
        std::fs::write(&file, format!("[dump]\ndir = \"/d\"\n[mask]\n{mask}\n")).unwrap();
        let output = read(&file, "rds-drop", &[]).exits(0);
        assert!(
            output.stderr.contains("rds-drop: warning: ") && output.stderr.contains(":4: "),
            "{}",
            output.stderr
        );
    }
    // What it does read still has to be right.
    std::fs::write(&file, "[snapshot]\nprefixx = \"p\"\n[mask]\nleaks = \"of\"\n").unwrap();
    let output = read(&file, "rds-drop", &[]).exits(78);
    assert!(output.stderr.contains(":2: ") && output.stderr.contains(":4: "), "{}", output.stderr);
}

#[test]
fn a_word_of_mask_that_is_none_is_told_when_the_file_is_read() {
    for (setting, told, hint) in [
        ("leaks = \"of\"", "leaks is refuse, warn or off, not \"of\"", "did you mean `off`?"),
        ("policy = \"wran\"", "policy is refuse, strict or warn, not \"wran\"", "did you mean `warn`?"),
        ("canaries = \"refse\"", "canaries is refuse or off, not \"refse\"", "did you mean `refuse`?"),
        (
            "policyy = \"warn\"",
            "\"policyy\" is neither a setting nor a column: write \"table.policyy\" or \"*.policyy\"",
            "did you mean `policy`?",
        ),
        ("\"a.b\" = \"emial\"", "unknown kind of mask \"emial\"", "did you mean `email`?"),
        (
            "\"a.b\" = { kind = \"email\", format = \"#\" }",
            "email has no setting `format`",
            "email reads `host`, `prefix`, `length`",
        ),
        (
            "\"a.b\" = { kind = \"person\", part = \"frist\" }",
            "a person has no part \"frist\": first, last, full, email, username",
            "did you mean `first`?",
        ),
        (
            "\"a.b\" = { kind = \"generalise\", to = \"moth\" }",
            "to is year, quarter or month, not \"moth\"",
            "did you mean `month`?",
        ),
        ("\"a.b\" = { kind = \"shift\", of = \"id\" }", "shift needs `days`", "days = 180"),
        (
            "\"a.b\" = { kind = \"json\", paths = { \"$.a\" = \"emial\" } }",
            "unknown kind of mask \"emial\"",
            "did you mean `email`?",
        ),
    ] {
        let said = refused(&format!("[mask]\n\"a.c\" = \"hash\"\n{setting}\n"));
        assert_eq!(said, format!("error: FILE:3: {told}\n  hint: {hint}\n"), "{setting}");
    }
}

#[test]
fn all_that_is_wrong_with_a_file_is_told_in_one_run() {
    let said = refused("[mask]\nleaks = \"of\"\n\"a.b\" = \"emial\"\n\n[dump]\nkeep_dais = 7\n");
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 4, "{said}");
    assert_eq!(lines[0], "error: 3 things are wrong in FILE:");
    assert_eq!(lines[1], "    FILE:2: leaks is refuse, warn or off, not \"of\" (did you mean `off`?)");
    assert_eq!(lines[2], "    FILE:3: unknown kind of mask \"emial\" (did you mean `email`?)");
    assert!(lines[3].starts_with("    FILE:6: unknown field `keep_dais`, "), "{said}");
    assert!(lines[3].ends_with("(did you mean `keep_days`?)"), "{said}");
}

#[test]
fn a_key_of_a_server_that_is_none_is_told_with_what_was_meant() {
    for (section, wrong, meant) in [
        ("[source]\ndatabases = [\"a\"]", "hots", "host"),
        ("[targets.dev3]\ndatabase = \"a\"", "sokcet", "socket"),
    ] {
        let said = refused(&format!("{section}\n{wrong} = \"x\"\n"));
        let begin = format!("error: FILE:3: unknown field `{wrong}`, expected one of ");
        assert!(said.starts_with(&begin), "{said}");
        assert!(said.ends_with(&format!("  hint: did you mean `{meant}`?\n")), "{said}");
    }
    let said = refused("[source]\nport = \"x\"\n");
    assert!(said.contains("FILE:2: invalid type: string \"x\", expected a whole number"), "{said}");
}

/// One of everything that `[mask]` takes.
const WHOLE: &str = r#"
[source]
databases = ["app"]
host = "127.0.0.1"
tls = "off"
[mask]
policy   = "strict"
leaks    = "warn"
canaries = "off"
key      = { env = "MASK_KEY" }
"*.email"           = "email"
"app.users.name"    = { kind = "person", part = "full", of = ["id"], domain = "people" }
"`odd.table`.x"     = { keep = "addresses of our own offices" }
"meta.value"        = [{ kind = "email", when = "meta_key = 'email'" }, "text"]
"orders.answers"    = { kind = "json", paths = { "$.email" = "email", "$.a[*]" = { kind = "phone", format = "same" } } }
"orders.born"       = { kind = "shift", days = 180, step = 7, of = "id" }
"orders.state"      = { kind = "choice", map = { "vip" = "regular" }, value = "regular" }
"orders.note"       = { kind = "sql", sql = "CONCAT('note ', t.id)" }
[targets.dev3]
host = "dev3.internal"
database = "app"
"#;

#[test]
fn a_file_with_everything_in_it_is_read_and_fits_the_schema() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("refresh.toml");
    std::fs::write(&file, WHOLE).unwrap();
    let listed = read(&file, "dev-restore", &["targets"]).exits(0);
    assert!(listed.stdout.contains("dev3.internal"), "{}", listed.stdout);
}

#[test]
fn the_schema_for_editors_knows_the_words_of_mask() {
    let printed = Tool::new("mydehydrate").arg("--config-schema").run().exits(0);
    let schema: Value = serde_json::from_str(&printed.stdout).unwrap();
    let definition = |name: &str| &schema["$defs"][name];
    let mask = definition("MaskSection");
    let settings: Vec<&String> = mask["properties"].as_object().unwrap().keys().collect();
    assert_eq!(settings, ["policy", "leaks", "canaries", "key"]);
    assert_eq!(mask["additionalProperties"], false);
    for (name, words) in [
        ("MaskPolicy", &["refuse", "strict", "warn"][..]),
        ("Leaks", &["refuse", "warn", "off"]),
        ("Canaries", &["refuse", "off"]),
    ] {
        let listed = definition(name)["oneOf"].as_array().unwrap();
        let listed: Vec<&str> = listed.iter().map(|word| word["const"].as_str().unwrap()).collect();
        assert_eq!(listed, words);
    }
    let key = definition("KeyReference").to_string();
    assert!(
        ["env", "file", "secret"].iter().all(|word| key.contains(&format!("\"required\":[\"{word}\"]"))),
        "{key}"
    );
    // A rule is the name of a kind, or a table with one and the settings of that kind.
    let rule = &definition("MaskConfig")["anyOf"];
    let kinds = rule[0]["enum"].as_array().unwrap();
    assert!(kinds.contains(&"email".into()) && kinds.len() > 30, "{kinds:?}");
    assert_eq!(&rule[1]["properties"]["kind"]["enum"], &rule[0]["enum"]);
    let email = rule[1]["allOf"].as_array().unwrap();
    let email = email.iter().find(|kind| kind["if"]["properties"]["kind"]["const"] == "email").unwrap();
    let names = &email["then"]["propertyNames"]["enum"];
    assert_eq!(*names, serde_json::json!(["kind", "when", "domain", "reason", "host", "prefix", "length"]));
    // The keys of a server stand beside those of a section.
    for section in ["SourceConfig", "TargetConfig"] {
        let section = definition(section);
        assert!(
            section["properties"]["host"].is_object() && section["properties"]["tls"].is_object(),
            "{section}"
        );
        assert_eq!(section["additionalProperties"], false, "{section}");
    }
}
