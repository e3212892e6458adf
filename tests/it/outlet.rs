//! The one outlet: markers and escape sequences are planted in whatever somebody else may write, and every outlet is searched.

use std::path::Path;
use std::process::Command;

use refreshkit::document::{self, Document};
use serde_json::{Value, json};

use crate::restore_place::{Place, git};
use crate::support::{Output, Tool, for_each_server, path as tool_path, tools};

/// Writes the clipboard, clears the screen, turns text around, goes back to the line's beginning.
const EVIL: &str = "\u{1b}]52;c;ZXZpbA==\u{7}\u{9b}2J\u{202e}\r\u{2028}";

/// A second line that looks like one of a tool.
const FORGED: &str = "\nrds-drop: all is gone";

/// What stands in a row and nowhere else.
const MARKER: &str = "qzxMaria Secret";

/// Nothing in it does anything to a terminal, no line is forged where lines are what counts, and nothing is told.
fn harmless(what: &str, text: &str) {
    let acts = |c: &char| {
        (c.is_control() && !matches!(c, '\n' | '\t'))
            || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert_eq!(text.chars().find(acts), None, "{what}: {text:?}");
    let in_lines = !["html", "junit"].contains(&what);
    let forged = text.lines().any(|line| line.starts_with("rds-drop: all is gone"));
    assert!(!(in_lines && forged), "{what}: {text}");
    for secret in [MARKER, "hunter2"] {
        assert!(!text.contains(secret), "{what} tells {secret}: {text}");
    }
}

fn both(output: &Output) {
    harmless("stderr", &output.stderr);
    harmless("stdout", &output.stdout);
}

/// A document with every section.
fn everything() -> Value {
    json!({
        "schema": "refreshkit/1", "run": "r", "ok": false,
        "error": {"tool": "dev-restore", "code": "c", "exit": 65, "message": "m", "hint": "h"},
        "source": {"cluster": "c", "databases": ["app"]},
        "snapshot": {"id": "s", "kind": "k", "status": "failed", "fallback": true, "fallback_reason": "f"},
        "cluster": {"id": "c", "host": "h", "engine": "e"},
        "dehydration": {
            "databases": ["a", "b"], "warnings": ["w"],
            "tables": [{"database": "a", "table": "t", "why": "y", "rows": 1, "rows_before": 2, "key": ["id"],
                        "columns": [{"name": "email", "expression": "x", "mask": "email"}], "select": "SELECT 1"}],
            "edges": [{"child": "a", "parent": "b", "origin": "declared", "down_rows": 1}]
        },
        "dump": {"name": "d", "path": "/d", "tables": [{"database": "a", "table": "t", "rows": 1}]},
        "rotation": {"kept": [{"name": "k", "reason": "r"}], "removed": [{"name": "k", "reason": "r"}]},
        "refresh": {"target": "dev3", "database": "app", "state": "replaced", "previous": "p", "dump": "d", "reference": "main",
                    "commit": "c", "migrations": [{"name": "V1", "status": "failed", "error": "e", "output": "o"},
                                                  {"name": "V2", "status": "of-tomorrow"}]},
        "resources": [{"kind": "cluster", "id": "c"}],
        "steps": [{"tool": "dev-restore", "version": "v", "status": "failed", "note": "n"}]
    })
}

/// Every text of a value replaced by what `change` makes of it, where it still is a document.
fn planted(mut whole: Value, suffix: &str) -> Value {
    fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
        match value {
            Value::String(_) => found.push(at.to_owned()),
            Value::Array(list) => {
                list.iter().enumerate().for_each(|(i, value)| pointers(value, &format!("{at}/{i}"), found));
            }
            Value::Object(map) => {
                map.iter().for_each(|(name, value)| pointers(value, &format!("{at}/{name}"), found));
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    pointers(&whole, "", &mut found);
    let mut changed = 0;
    for pointer in found {
        let mut other = whole.clone();
        let text = other.pointer_mut(&pointer).unwrap();
        *text = Value::String(format!("{}{suffix}", text.as_str().unwrap()));
        if document::parse(other.to_string().as_bytes()).is_ok() {
            whole = other;
            changed += 1;
        }
    }
    assert!(changed > 35, "{changed}");
    whole
}

#[test]
fn a_document_of_somebody_else_does_nothing_to_a_terminal_a_log_or_a_report() {
    let folder = tempfile::tempdir().unwrap();
    let suffix = format!("{EVIL}{FORGED} https://bot:hunter2@host/");
    let evil = planted(everything(), &suffix);
    // Raw in the JSON, as far as JSON lets it.
    let bytes = evil.to_string();
    assert!(bytes.contains('\u{9b}') && bytes.contains('\u{202e}'));
    let names = ["text", "summary", "html", "junit", "prometheus", "archive"];
    let mut tool = Tool::new("refresh-report");
    for name in names {
        tool = tool.arg(format!("--{name}")).arg(folder.path().join(name));
    }
    let output = tool.stdin(bytes.clone()).run().exits(65);
    // It is somebody else's document and goes on as it is: the same to a machine, nothing to a terminal.
    assert_eq!(serde_json::from_str::<Value>(&output.stdout).unwrap(), evil);
    harmless("stdout", &output.stdout.replace("hunter2", ""));
    harmless("stderr", &output.stderr);
    for name in names {
        harmless(name, &std::fs::read_to_string(folder.path().join(name)).unwrap());
    }
    let junit = std::fs::read_to_string(folder.path().join("junit")).unwrap();
    assert!(roxmltree::Document::parse(&junit).is_ok(), "{junit}");
    // A tool in the middle of the pipe passes it on.
    for tool in ["mydehydrate", "mydump-rotate"] {
        let output = Tool::new(tool).stdin(bytes.clone()).run().exits(65);
        harmless(tool, &output.stderr);
        harmless(tool, &output.stdout.replace("hunter2", ""));
    }
}

#[test]
fn what_is_typed_or_stands_in_a_variable_does_nothing_to_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    for tool in tools() {
        let typed = Tool::new(tool).arg(format!("--fl{EVIL}{FORGED}")).env("REFRESH_STATE_DIR", &state);
        both(&typed.run().exits(2));
    }
    let config = folder.path().join(format!("r{EVIL}.toml"));
    std::fs::write(
        &config,
        format!("[dump]\n\"k{EVIL}{}\" = 1\n", FORGED.replace('\n', "\\n"))
            .replace(['\r', '\u{1b}', '\u{7}'], ""),
    )
    .unwrap();
    let output = Tool::new("mydump-rotate").arg("--config").arg(&config).document(&Document::new("r")).run();
    both(&output.exits(78));
    let broken = Tool::new("mydump-rotate")
        .stdin(format!("{{\"schema\": \"{EVIL}\"}}").replace(char::is_control, "\u{9b}"))
        .run();
    both(&broken.exits(65));
    if tools().contains(&"rds-drop") {
        let endpoint = format!("https://bot:hunter2@127.0.0.1:9{EVIL}/");
        let output = Tool::new("rds-drop").args(["--run", "r"]).env("AWS_ENDPOINT_URL_RDS", endpoint).run();
        both(&output);
        assert_ne!(output.code, 0);
    }
}

#[test]
fn what_a_schema_is_called_does_nothing_to_a_terminal_and_is_still_the_name_in_the_plan() {
    for_each_server(|server| {
        let scratch = server.scratch("outlet");
        let name = format!("t{}{}", EVIL.replace(['\r'], ""), FORGED);
        scratch.run(&format!("CREATE TABLE `{name}` (id INT PRIMARY KEY, `c{EVIL}` VARCHAR(80)); INSERT INTO `{name}` VALUES (1, 'x')"));
        let directory = scratch.directory();
        scratch.write_rules(directory.path(), "[dehydrate]\nunclassified = \"full\"\n");
        let tool = |name: &str, arguments: &[&str]| {
            let tool = Tool::new(name).arg("--config").arg(directory.path().join("refresh.toml"));
            tool.env("REFRESH_STATE_DIR", directory.path().join("state")).args(arguments.iter().copied())
        };
        let output = tool("mydehydrate", &["--source"]).run().exits(0);
        both(&output);
        let planned = output.document().dehydration.unwrap();
        assert_eq!(planned.tables[0].table, name);
        assert!(planned.tables[0].select.contains(&format!("`{name}`")), "{:?}", planned.tables[0].select);
        both(&tool("mydehydrate", &["plan"]).run());
        both(&tool("mydehydrate", &["infer"]).run());
    });
}

/// A branch whose names and migrations say all that they can.
fn branch(place: &Place) -> String {
    let trigger = format!(
        "CREATE TRIGGER told BEFORE INSERT ON people FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{MARKER}{EVIL}';\n"
    );
    place.repository("main", &[("db/V0.sql", &trigger)]);
    // Control characters are refused in it before git is asked.
    let branch = "feature/\u{202e}x".to_owned();
    git(&place.path("repository"), &["checkout", "-q", "-b", &branch]);
    branch
}

#[test]
fn a_servers_error_names_no_value_in_any_outlet() {
    for_each_server(|server| {
        let source = server.scratch("outlet_src");
        source.run(&format!(
            "CREATE TABLE people (id INT PRIMARY KEY, note VARCHAR(80), born DATE, n TINYINT);
             INSERT INTO people (id, note) VALUES (1, '{MARKER}'), (2, '{MARKER}')"
        ));
        let place = Place::with_dump_of(&source);
        let branch = branch(&place);
        let repository = place.path("repository");
        place.configure(&format!(
            "[migrations]\nrepository = \"{}\"\npath = \"db/*.sql\"\n",
            repository.display()
        ));
        let name = format!("db/V1{}{}.sql", EVIL, FORGED.replace('\n', " "));
        for (sql, told) in [
            ("UPDATE people SET born = note;", "ncorrect date value: '…' for column"),
            ("ALTER TABLE people ADD UNIQUE (note);", "Duplicate entry '…' for key"),
            ("UPDATE people SET n = CAST(note AS SIGNED) + 1;", "ncorrect INTEGER value: '…'"),
            ("INSERT INTO people (id) VALUES (3);", "ERROR 1644 (45000): (the text of a SIGNAL"),
        ] {
            std::fs::write(repository.join(&name), sql).unwrap();
            git(&repository, &["add", "."]);
            git(
                &repository,
                &["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "--allow-empty", "-m", EVIL],
            );
            let junit = place.path("junit.xml");
            let tool = place.tool(&["--target", "dev3", "--ref", &branch, "--junit"]).arg(&junit);
            let output = tool.run().exits(65);
            assert!(output.stderr.contains(told), "{sql}: {}", output.stderr);
            both(&output);
            harmless("junit", &std::fs::read_to_string(&junit).unwrap());
            searched(&place, &output.document());
        }
    });
}

#[test]
fn what_a_command_of_the_branch_prints_is_filtered_line_by_line_also_on_a_terminal() {
    for_each_server(|server| {
        let source = server.scratch("outlet_src");
        source.run(&format!(
            "CREATE TABLE people (note VARCHAR(80)); INSERT INTO people VALUES ('{MARKER}'), ('{MARKER}')"
        ));
        let place = Place::with_dump_of(&source);
        let script = format!(
            "printf '%s\\n' '{EVIL}{FORGED}' 'from https://bot:hunter2@host/x'\n\
             mariadb --defaults-file=\"$MYSQL_DEFAULTS_FILE\" \"$MYSQL_DATABASE\" -e 'ALTER TABLE people ADD UNIQUE (note)'\n"
        );
        let repository = place.repository("main", &[("up.sh", &script)]);
        place.configure(&format!(
            "[migrations]\nrepository = \"{}\"\ncommand = \"sh up.sh\"\n",
            repository.display()
        ));
        let arguments = ["--target", "dev3", "--ref", "main"];
        let output = place.tool(&arguments).run().exits(65);
        assert!(output.stderr.contains("Duplicate entry '…' for key"), "{}", output.stderr);
        both(&output);
        searched(&place, &output.document());
        // On a terminal there are bars, whose own sequences are not ours to judge.
        let line = format!(
            "{} --config {} --state-dir {} {}",
            tool_path("dev-restore").display(),
            place.path("refresh.toml").display(),
            place.path("state").display(),
            arguments.join(" ")
        );
        let seen = Command::new("script").args(["-qec", &line, "/dev/null"]).output().unwrap();
        let seen = String::from_utf8_lossy(&seen.stdout).into_owned();
        assert!(seen.contains("Duplicate entry '…'"), "{seen:?}");
        for planted in [MARKER, "hunter2", "\u{1b}]52", "\u{9b}", "\u{202e}", "\nrds-drop: all is gone"] {
            assert!(!seen.contains(planted), "{planted:?} in {seen:?}");
        }
    });
}

/// Every report of a document.
fn searched(place: &Place, document: &Document) {
    let file = |name: &str| place.path(name);
    let mut tool = Tool::new("refresh-report");
    let names = ["text", "summary", "html", "junit", "prometheus", "archive"];
    for name in names {
        tool = tool.arg(format!("--{name}")).arg(file(name));
    }
    both(&tool.document(document).run());
    for name in names {
        harmless(name, &std::fs::read_to_string(file(name)).unwrap());
    }
}

#[test]
fn a_configuration_that_somebody_else_may_have_written_is_not_obeyed_unless_it_is_named() {
    use std::os::unix::fs::{PermissionsExt, chown};
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("refresh.toml");
    let run = |arguments: &[&str], sudo: Option<&str>| {
        let mut command = Command::new(tool_path("dev-restore"));
        command.args(["targets"]).args(arguments).current_dir(folder.path()).env_remove("REFRESH_CONFIG");
        command.env("REFRESH_STATE_DIR", folder.path().join("state")).env_remove("SUDO_UID");
        command.envs(sudo.map(|uid| ("SUDO_UID", uid)));
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let mode = |path: &Path, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    std::fs::write(&file, "[targets.dev3]\ndatabase = \"app\"\n").unwrap();
    assert_eq!(run(&[], None).0, Some(0));
    for (path, bits) in [(file.as_path(), 0o666), (folder.path(), 0o777)] {
        mode(path, bits);
        let (code, said) = run(&[], None);
        assert_eq!(code, Some(77), "{said}");
        assert!(
            said.contains("may be written by others") && said.contains("--config ./refresh.toml"),
            "{said}"
        );
        assert_eq!(run(&["--config", "./refresh.toml"], None).0, Some(0));
        mode(path, if path == file { 0o644 } else { 0o755 });
    }
    if !rustix::process::geteuid().is_root() {
        eprintln!("not tried: files of another user, which only root makes");
        return;
    }
    for path in [file.as_path(), folder.path()] {
        chown(path, Some(65_534), None).unwrap();
        let (code, said) = run(&[], None);
        assert_eq!(code, Some(77), "{said}");
        assert!(said.contains("belongs to nobody, so ./refresh.toml is not obeyed"), "{said}");
        assert_eq!(run(&[], Some("65534")).0, Some(0), "of whoever became root with sudo");
        chown(path, Some(0), None).unwrap();
    }
    // Ours by a link that somebody else laid, in a directory where everybody may lay one.
    mode(folder.path(), 0o1777);
    assert_eq!(run(&[], None).0, Some(0));
    std::fs::rename(&file, folder.path().join("other.toml")).unwrap();
    std::os::unix::fs::symlink("other.toml", &file).unwrap();
    std::os::unix::fs::lchown(&file, Some(65_534), None).unwrap();
    assert_eq!(run(&[], None).0, Some(77));
}
