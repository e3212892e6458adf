//! The document as every door reads and writes it, and what every door answers.

use refreshkit::document::{self, Document, ErrorReport, StepStatus};

use crate::support::{PATIENCE, Tool, path, terminate, tools, until_it_listens};

/// Tools that take a document from the tool before them.
const LINKS: &[&str] =
    &["rds-wait", "rds-restore", "mydehydrate", "mydump-rotate", "rds-drop", "refresh-report"];

fn links() -> impl Iterator<Item = &'static str> {
    let built = tools();
    LINKS.iter().copied().filter(move |name| built.contains(name))
}

fn failed_document() -> Document {
    let mut document = Document::new("night-1");
    document.fail(ErrorReport {
        tool: "rds-snap".into(),
        code: "throttled".into(),
        exit: 75,
        message: "the service throttles".into(),
        hint: Some("wait".into()),
        retryable: true,
        other: serde_json::Map::new(),
    });
    document
}

#[test]
fn a_newer_document_leaves_with_every_field_it_came_with() {
    let newer = concat!(
        r#"{"schema":"refreshkit/1","run":"r","ok":true,"snapshot":{"id":"s","kind":"","status":"","engine":"","#,
        r#""engine_version":"","fallback":false,"later":{"x":1e+400,"y":1.10}},"resources":[{"kind":"cluster","#,
        r#""id":"c","colour":"red"},{"kind":"proxy","id":"p"}],"steps":[{"tool":"t","version":"","seconds":0.5,"status":"ok","note":"","#,
        r#""big":123456789012345678901234567890}],"zeal":[1,{"deep":null}]}"#
    );
    let written = document::render(&document::parse(newer.as_bytes()).unwrap());
    assert_eq!(written.trim_end(), newer);
    let through = Tool::new("refresh-report").stdin(newer).run().exits(0);
    assert_eq!(through.stdout.trim_end(), newer);
}

/// A chain that failed in a newer version, with a word and a field that this one does not know wherever it can be.
const FROM_TOMORROW: &str = concat!(
    r#"{"schema":"refreshkit/1","run":"r","ok":false,"#,
    r#""error":{"tool":"rds-fly","code":"no-wind","exit":75,"message":"m","retryable":true,"since":1},"#,
    r#""source":{"cluster":"prod","databases":["app"],"region":"eu"},"#,
    r#""cluster":{"id":"c","resource_id":"","host":"h","port":3306,"engine":"","engine_version":"","instances":[],"#,
    r#""readers":[{"id":"c-2","host":"","port":0,"zone":"a"}],"login":{"kind":"passkey","key":{"id":1}},"throw_away":true,"tide":2},"#,
    r#""dehydration":{"work_schema":"w","session":[],"tables":[{"database":"app","table":"t","class":"follow","why":"","#,
    r#""rows_before":1,"rows":1,"bytes_before":0,"key":["id"],"columns":[{"name":"id","expression":"t.`id`","width":8}],"#,
    r#""from":"t","select":"s","order":"id"}],"edges":[{"child":"a","parent":"b","origin":"guessed","down_rows":0,"#,
    r#""up_rows":0,"orphans":0,"dangling":0,"sure":0.5}],"databases":["app"],"in_place":false,"dangling":0,"#,
    r#""config_sha256":"","warnings":[],"leaks":{"refuse":true,"tables":[],"values":0,"#,
    r#""origins":[{"column":"app.t.c","mask":"email","from":"f"}],"salted":true},"seed":7},"#,
    r#""dump":{"name":"d","path":"/d","bytes":1,"rows":1,"tables":[{"database":"app","table":"t","rows":1,"digest":"0","#,
    r#""crc":5}],"signed":true},"#,
    r#""rotation":{"kept":[{"name":"d","reason":"newest","age":1}],"removed":[],"policy":"p"},"#,
    r#""refresh":{"target":"dev3","database":"app","dump":"d","migrations":["#,
    r#"{"name":"V1.sql","status":"rolled-back","seconds":0.5,"error":"e","output":"o","tries":3},"#,
    r#"{"name":"V2.sql","status":"failed","seconds":1.0}],"rows":1,"tables":[],"#,
    r#""instance":{"port":1,"directory":"d","client":"c","shared":true,"copy_seconds":0.5,"downtime_seconds":0.5,"hue":1},"#,
    r#""weather":{"port":1}},"#,
    r#""resources":[],"steps":[{"tool":"rds-fly","version":"9","seconds":0.5,"status":"failed","note":"n","height":1.10}],"#,
    r#""zeal":[1,{"deep":null}]}"#
);

#[test]
fn unknown_words_and_fields_pass_every_reader_unchanged() {
    let read = document::parse(FROM_TOMORROW.as_bytes()).unwrap();
    assert_eq!(document::render(&read).trim_end(), FROM_TOMORROW);
    for tool in tools().into_iter().filter(|tool| *tool != "rds-local") {
        let whole = Tool::new(tool).args(["--get", ""]).stdin(FROM_TOMORROW).run().exits(0);
        assert_eq!(whole.stdout.trim_end(), FROM_TOMORROW, "{tool}");
    }
    for tool in links() {
        let passed = Tool::new(tool).stdin(FROM_TOMORROW).run().exits(75).stdout;
        let mut after = document::parse(passed.as_bytes()).unwrap();
        if tool != "refresh-report" {
            assert_eq!(after.steps.pop().unwrap().tool, tool);
        }
        assert_eq!(document::render(&after).trim_end(), FROM_TOMORROW, "{tool}");
    }
}

#[test]
fn what_this_version_writes_of_a_migration_is_in_the_schema() {
    let schema = document::json_schema();
    let fields = schema.pointer("/$defs/Migration/properties").unwrap().as_object().unwrap();
    let named: Vec<&str> = fields.keys().map(String::as_str).collect();
    assert_eq!(named, ["name", "status", "seconds", "error", "output"]);
    let status = schema.pointer("/$defs/MigrationStatus").unwrap().to_string();
    for word in ["applied", "already-applied", "failed"] {
        assert!(status.contains(&format!("\"{word}\"")), "{status}");
    }
}

#[test]
fn an_older_document_without_most_fields_is_read() {
    let older = document::parse(br#"{"schema":"refreshkit/1","run":"r"}"#).unwrap();
    assert_eq!(older, Document::new("r"));
}

#[test]
fn input_that_is_no_document_is_65_with_one_sentence_and_a_document_that_says_so() {
    let whole = document::render(&failed_document());
    let cases: &[(&str, Vec<u8>, &str)] = &[
        ("empty", Vec::new(), "it is empty"),
        ("blank", b" \n\n".to_vec(), "it is empty"),
        ("truncated", whole.as_bytes()[..whole.len() / 2].to_vec(), "cut off after"),
        ("not JSON", b"mysqldump: Got error: 1045".to_vec(), "not one JSON object"),
        ("two documents", format!("{whole}{whole}").into_bytes(), "not one JSON object"),
        ("binary", vec![0x1f, 0x8b, 0x08, 0, 0xff, 0xfe], "is not UTF-8 text"),
        ("other schema", br#"{"schema":"refreshkit/2","run":"r"}"#.to_vec(), "found \"refreshkit/2\""),
        ("no schema", br#"{"run":"r"}"#.to_vec(), "no \"schema\" field"),
        ("wrong type", br#"{"schema":"refreshkit/1","run":7}"#.to_vec(), "breaks its schema"),
        ("a list", b"[1,2]".to_vec(), "no \"schema\" field"),
    ];
    for tool in links() {
        for (name, bytes, sentence) in cases {
            let output = Tool::new(tool).stdin(bytes.clone()).run();
            assert_eq!(output.code, 65, "{tool}, {name}: {}", output.stderr);
            assert!(output.stderr.contains(sentence), "{tool}, {name}: {}", output.stderr);
            let error = output.document().error.unwrap();
            assert_eq!((error.tool.as_str(), error.exit), (tool, 65), "{name}");
        }
    }
}

#[test]
fn ten_megabytes_of_document_pass_through_whole() {
    let mut document = failed_document();
    document.other.insert("ballast".into(), "x".repeat(10 << 20).into());
    let output = Tool::new("refresh-report").document(&document).run().exits(75);
    assert_eq!(output.document(), document);
}

#[test]
fn a_failed_document_is_passed_on_with_the_exit_code_of_its_cause() {
    for tool in links().filter(|tool| !["rds-drop", "refresh-report"].contains(tool)) {
        let output = Tool::new(tool).document(&failed_document()).run().exits(75);
        let document = output.document();
        assert_eq!(document.error, failed_document().error, "{tool}");
        assert_eq!(
            document.steps.last().map(|step| (step.tool.as_str(), step.status)),
            Some((tool, StepStatus::Skipped))
        );
        assert_eq!(output.stderr, "", "{tool} has nothing to say");
    }
}

#[test]
fn get_prints_one_value_without_quotes_and_lists_line_by_line() {
    let document = failed_document();
    for tool in tools().into_iter().filter(|tool| *tool != "rds-local") {
        let get = |pointer: &str| Tool::new(tool).arg("--get").arg(pointer).document(&document).run();
        assert_eq!(get("/error/message").exits(0).stdout, "the service throttles\n", "{tool}");
        assert_eq!(get("/ok").exits(0).stdout, "false\n", "{tool}");
        assert_eq!(get("/steps").exits(0).stdout, "", "{tool}");
        assert!(get("/nothing").exits(65).stderr.contains("nothing at /nothing"), "{tool}");
        get("no-slash").exits(2);
    }
}

#[test]
fn every_help_shows_a_purpose_an_example_and_the_exit_codes() {
    for tool in tools() {
        let help = Tool::new(tool).arg("--help").run().exits(0).stdout;
        let help = help.replace("EXAMPLE", "Example");
        for part in ["Example", tool, "EXIT STATUS", "75  temporary, try again"] {
            assert!(help.contains(part), "{tool} --help lacks {part:?}:\n{help}");
        }
        // The tool's own flags come before those of every tool, and -h has an example too.
        let short = Tool::new(tool).arg("-h").run().exits(0).stdout;
        assert!(short.contains("EXAMPLE"), "{short}");
        let of_every_tool = short.find("Options of every tool:").unwrap();
        let own = short.find("\nOptions:").or_else(|| short.find("\nCommands:"));
        assert!(own.is_some_and(|own| own < of_every_tool), "{short}");
        let version = Tool::new(tool).arg("--version").run().exits(0).stdout;
        assert_eq!(version.trim(), format!("{tool} {}", env!("CARGO_PKG_VERSION")));
        Tool::new(tool).arg("--no-such-flag").run().exits(2);
    }
    // At the end of a pipe the document goes on, whatever the flags: it says what is owed.
    let mut document = refreshkit::document::Document::new("a-run");
    document.owe(refreshkit::document::Resource::new("local-copy", "copy-a-run"));
    let output = Tool::new("rds-local").args(["drop", "--no-such-flag"]).document(&document).run().exits(2);
    assert_eq!(output.document().resources, document.resources);
}

#[test]
fn schemas_are_printed_and_name_what_they_describe() {
    for tool in tools().into_iter().filter(|tool| *tool != "rds-local") {
        let document: serde_json::Value =
            serde_json::from_str(&Tool::new(tool).arg("--schema").run().exits(0).stdout).unwrap();
        assert!(document.pointer("/properties/resources").is_some(), "{tool}");
        let config: serde_json::Value =
            serde_json::from_str(&Tool::new(tool).arg("--config-schema").run().exits(0).stdout).unwrap();
        assert!(config.pointer("/properties/dehydrate").is_some(), "{tool}");
    }
}

#[test]
fn a_wrong_configuration_is_78_with_file_line_and_what_was_meant() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("refresh.toml");
    std::fs::write(&path, "[dump]\ndirr = \"/x\"\n").unwrap();
    let output =
        Tool::new("mydump-rotate").arg("--config").arg(&path).document(&Document::new("r")).run().exits(78);
    assert!(output.stderr.contains("refresh.toml:2: unknown field `dirr`"), "{}", output.stderr);
    assert!(output.stderr.contains("hint: did you mean `dir`?"), "{}", output.stderr);
    assert_eq!(output.document().error.unwrap().code, "bad-config");
}

#[test]
fn a_closed_stdout_is_74_and_no_panic() {
    use std::io::Write;
    let mut child = Tool::new("refresh-report").spawn();
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(document::render(&Document::new("r")).as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(74), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"));
}

#[test]
fn a_list_that_does_not_fit_on_the_disk_is_74_and_a_reader_that_has_enough_is_no_error() {
    let dir = tempfile::tempdir().unwrap();
    let configuration = dir.path().join("refresh.toml");
    std::fs::write(&configuration, "").unwrap();
    let list = || {
        let mut list = Tool::new("dev-restore").into_environment(path("dev-restore").to_str().unwrap());
        list.args(["targets", "--plain", "--config"]).arg(&configuration);
        list
    };
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = list().stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(74), "{}", String::from_utf8_lossy(&output.stderr));
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    assert_eq!(list().stdout(writer).output().unwrap().status.code(), Some(0));
}

#[test]
fn sigterm_while_waiting_for_the_tool_before_ends_soon_with_a_document() {
    let child = Tool::new("mydehydrate").spawn();
    until_it_listens(&child);
    let began = std::time::Instant::now();
    // A build server sends several: the second is no "force quit".
    for _ in 0..3 {
        terminate(&child);
    }
    let mut child = child;
    let stdin = child.stdin.take();
    let output = child.wait_with_output().unwrap();
    drop(stdin);
    assert_eq!(output.status.code(), Some(143));
    // Nobody closes its stdin before: it would wait for ever.
    assert!(began.elapsed() < PATIENCE);
    let document = document::parse(&output.stdout).unwrap();
    assert_eq!(document.error.unwrap().code, "interrupted");
}

#[test]
fn wrong_flags_in_the_middle_of_a_pipe_hand_the_document_on() {
    let mut before = Document::new("night-2");
    before.owe(document::Resource::new(document::ResourceKind::Cluster, "copy"));
    for tool in links() {
        let output = Tool::new(tool).arg("--tiemout").document(&before).run().exits(2);
        let after = output.document();
        assert_eq!((after.ok, after.resources.len()), (false, 1), "{tool}");
        assert_eq!(after.error.unwrap().tool, tool);
        assert!(output.stderr.contains("--tiemout"), "{}", output.stderr);
    }
}

#[test]
fn a_failed_document_never_exits_0() {
    for text in [r#"{"schema":"refreshkit/1","run":"x","ok":false}"#.to_owned(), {
        let mut document = failed_document();
        document.error.as_mut().unwrap().exit = 0;
        document::render(&document)
    }] {
        for tool in links().filter(|tool| *tool != "rds-drop") {
            Tool::new(tool).stdin(text.clone()).run().exits(70);
        }
    }
}

#[test]
fn a_witness_reports_although_document_and_configuration_are_broken() {
    let directory = tempfile::tempdir().unwrap();
    let (config, metrics) = (directory.path().join("refresh.toml"), directory.path().join("x.prom"));
    std::fs::write(&config, "[dump]\ndirr = 1\n").unwrap();
    let run = |stdin: &str| {
        Tool::new("refresh-report")
            .arg("--config")
            .arg(&config)
            .arg("--prometheus")
            .arg(&metrics)
            .stdin(stdin)
            .run()
    };
    run("").exits(65);
    assert!(std::fs::read_to_string(&metrics).unwrap().contains("refreshkit_ok 0\n"));
    run(r#"{"schema":"refreshkit/1","run":"x"}"#).exits(0);
    assert!(std::fs::read_to_string(&metrics).unwrap().contains("refreshkit_ok 1\n"));
}

#[test]
fn a_report_to_a_device_leaves_the_device_a_device() {
    let directory = tempfile::tempdir().unwrap();
    let link = directory.path().join("stderr");
    std::os::unix::fs::symlink("/dev/null", &link).unwrap();
    Tool::new("refresh-report").arg("--text").arg(&link).document(&Document::new("r")).run().exits(0);
    assert!(link.is_symlink());
}

#[test]
fn empty_variables_are_as_good_as_none() {
    let output = Tool::new("refresh-report")
        .env("REFRESH_PROGRESS", "")
        .env("REFRESH_CONFIG", "")
        .env("REFRESH_STATE_DIR", "")
        .document(&Document::new("r"))
        .run();
    output.exits(0);
}

#[test]
fn the_readmes_configuration_is_a_working_one() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let text = readme.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let config = refreshkit::config::parse(
        std::path::Path::new("README.md"),
        text.to_owned(),
        &refreshkit::mask::vocabulary(),
    )
    .unwrap();
    assert_eq!(config.relations.len(), 4);
    assert_eq!(config.targets["dev3"].database, "app");
    for tool in tools() {
        assert!(readme.contains(&format!("| `{tool}` |")), "{tool} is not in the README's table");
    }
}
