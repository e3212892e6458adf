//! What a person sees: a sentence on a terminal, the document in a pipe; pages for `man` and what shells complete.

use std::path::PathBuf;
use std::process::Command;

use refreshkit::document::Document;

use crate::support::{Tool, path};

/// What a command writes on a terminal: `script` gives it one.
fn on_a_terminal(command: &str) -> String {
    let output = Command::new("script").args(["-qec", command, "/dev/null"]).output().expect("bsdutils");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_terminal_gets_a_sentence_and_a_pipe_the_document() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.json");
    let document = Document::new("night-7");
    std::fs::write(&file, refreshkit::document::render(&document)).unwrap();
    let report = path("refresh-report").display().to_string();
    let seen = on_a_terminal(&format!("{report} <{}", file.display()));
    assert!(seen.contains("run night-7: ok") && !seen.contains('{'), "{seen}");
    let seen = on_a_terminal(&format!("{report} --json <{}", file.display()));
    assert!(seen.contains("\"run\":\"night-7\""), "{seen}");
    let seen = on_a_terminal(&format!("{report} <{} | cat", file.display()));
    assert!(seen.contains("\"run\":\"night-7\""), "{seen}");
    // A tool that adds a step: its last line is what came of it, not the document.
    let wait = path("rds-drop").display().to_string();
    let seen = on_a_terminal(&format!("{wait} --dry-run --config /nonexistent </dev/null; true"));
    assert!(!seen.contains("\"schema\""), "{seen}");
}

#[test]
fn man_pages_and_completions_are_made_from_the_flags() {
    let out = tempfile::tempdir().unwrap();
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scripts/pages");
    let bin = path("dev-restore").parent().unwrap().to_owned();
    let output = Command::new("bash").arg(script).arg(&bin).arg(out.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read = |name: &str| std::fs::read_to_string(out.path().join(name)).unwrap();
    let man = read("man/man1/dev-restore.1");
    assert!(man.contains(".TH dev-restore 1") && man.contains("\\-\\-wait"), "{}", &man[..400]);
    assert!(read("man/man1/dev-restore-undo.1").contains("undo"));
    assert!(read("zsh/site-functions/_mydehydrate").starts_with("#compdef mydehydrate"));
    assert!(read("fish/vendor_completions.d/rds-local.fish").contains("complete -c rds-local"));
    let bash = out.path().join("bash-completion/completions/dev-restore");
    let asked = "source \"$0\"; COMP_WORDS=(dev-restore und); COMP_CWORD=1; _dev__restore dev-restore und dev-restore; echo \"${COMPREPLY[*]}\"";
    let output = Command::new("bash").args(["-c", asked]).arg(bash).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "undo");
    let wrong = Tool::new("rds-snap").args(["--generate", "word"]).run().exits(2);
    assert!(wrong.stderr.contains("takes man, bash, zsh or fish"), "{}", wrong.stderr);
}
