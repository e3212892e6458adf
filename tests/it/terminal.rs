//! What a person sees: a sentence on a terminal, the document in a pipe; pages for `man` and what shells complete.

use std::path::PathBuf;
use std::process::Command;

use refreshkit::document::Document;

#[cfg(feature = "aws")]
use crate::rds_cloud::stage;
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

#[cfg(feature = "aws")]
const TOOLS: [&str; 9] = [
    "rds-snap",
    "rds-wait",
    "rds-restore",
    "mydehydrate",
    "mydump-rotate",
    "rds-drop",
    "dev-restore",
    "refresh-report",
    "rds-local",
];

/// What is left to see on a terminal that was written to: lines, after all that moved the cursor or wiped something.
fn screen(written: &str) -> Vec<String> {
    let mut lines = vec![Vec::new()];
    let (mut row, mut column) = (0_usize, 0_usize);
    let mut letters = written.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\r' => column = 0,
            '\n' => row += 1,
            '\x1b' if letters.next_if_eq(&'[').is_some() => {
                let mut number = String::new();
                let end = loop {
                    match letters.next() {
                        Some(digit) if digit.is_ascii_digit() || digit == ';' || digit == '?' => {
                            number.push(digit);
                        }
                        other => break other,
                    }
                };
                let count = number.parse().unwrap_or(1);
                match end {
                    Some('A') => row = row.saturating_sub(count),
                    Some('B') => row += count,
                    Some('G') => column = count - 1,
                    Some('K') if number == "2" => lines[row].clear(),
                    Some('K') => lines[row].truncate(column),
                    Some('J') => lines.truncate(row + 1),
                    _ => {}
                }
            }
            _ => {
                let line = &mut lines[row];
                line.resize(line.len().max(column + 1), ' ');
                line[column] = letter;
                column += 1;
            }
        }
        lines.resize(lines.len().max(row + 1), Vec::new());
    }
    lines.into_iter().map(|line| line.into_iter().collect()).collect()
}

#[test]
fn the_last_line_on_a_terminal_is_how_long_it_took_and_a_pipe_hears_nothing_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.json");
    std::fs::write(&file, refreshkit::document::render(&Document::new("night-7"))).unwrap();
    let report = format!("{} <{}", path("refresh-report").display(), file.display());
    let seen = screen(&on_a_terminal(&report));
    let last = seen.iter().rfind(|line| !line.is_empty()).unwrap();
    assert!(last.starts_with("refresh-report: done in 0.") && last.ends_with(" s"), "{seen:?}");
    let told = folder.path().join("told");
    on_a_terminal(&format!("{report} 2>{}", told.display()));
    assert_eq!(std::fs::read_to_string(&told).unwrap(), "");
    let seen = on_a_terminal(&format!("REFRESH_PROGRESS=none {report}"));
    assert!(!seen.contains("done in"), "{seen}");
    // What failed has had its last word.
    let seen = on_a_terminal(&format!("{report} --html /nonexistent/x; true"));
    assert!(seen.contains("error: ") && !seen.contains("done in"), "{seen}");
}

#[cfg(feature = "aws")]
#[test]
fn no_bar_of_any_tool_of_a_pipe_stays_on_the_terminal() {
    let stage = stage(None);
    let pipe = |run: &str, first: &str, wait: &str| {
        let (snap, wait_tool) = (path("rds-snap"), path("rds-wait"));
        let pipe = format!(
            "{first} {} --run {run} | {wait} {} >{}/{run}.json",
            snap.display(),
            wait_tool.display(),
            stage.home.path().display()
        );
        let mut script = stage.tool("rds-snap").into_environment("script");
        let output = script.args(["-qec", &pipe, "/dev/null"]).output().expect("bsdutils");
        let written = String::from_utf8_lossy(&output.stdout).into_owned();
        let seen = screen(&written);
        // What it draws of spinners and bars.
        let dead = |line: &&String| line.contains(['⠁', '⠂', '⠄', '⡀', '⢀', '⠠', '⠐', '⠈', '█', '░']);
        assert_eq!(seen.iter().filter(dead).collect::<Vec<_>>(), Vec::<&String>::new(), "{seen:#?}");
        (written, seen)
    };
    // The time that the first ones took is what is usual; then one that takes longer, and one that is stopped in the middle.
    pipe("bars-1", "", "");
    stage.fault(&["snapshot *: delay 2s"]);
    let (written, seen) = pipe("bars-2", "", "");
    assert!(written.contains("usually"), "{written}");
    assert!(seen.iter().any(|line| line.starts_with("rds-wait: done in ")), "{seen:#?}");
    pipe("bars-3", "", "timeout -s TERM 1");
    stage.fault(&["clear"]);
    for run in ["bars-1", "bars-2", "bars-3"] {
        stage.tool("rds-drop").args(["--run", run]).run().exits(0);
    }
}

#[cfg(feature = "aws")]
#[test]
fn every_help_page_is_wrapped_once_and_shows_its_own_flags_first_and_an_example() {
    for tool in TOOLS {
        let help = |columns: u32, flag: &str| {
            let seen = on_a_terminal(&format!(
                "stty rows 50 cols {columns}; NO_COLOR=1 {} {flag}",
                path(tool).display()
            ));
            seen.replace('\r', "")
        };
        let short = help(80, "-h");
        assert!(short.contains("\nEXAMPLE"), "{short}");
        let common = short.find("\nOptions of every tool:").unwrap();
        assert!(short.find("\nOptions:").is_some_and(|own| own < common), "{short}");
        for page in [short, help(80, "--help")] {
            let long: Vec<&str> = page.lines().filter(|line| line.chars().count() > 80).collect();
            assert!(long.is_empty(), "{tool}: {long:?}");
        }
        // What is set by hand is behind the last flag of every tool: a paragraph that is longer than a line is one line there, which
        // the terminal's width breaks, or it would be broken twice.
        let wide = help(300, "--help");
        let by_hand = wide.split_once("--config-schema").unwrap().1.split_once("\n\n").unwrap().1;
        let lines: Vec<&str> = by_hand.lines().collect();
        let indent = |line: &str| line.len() - line.trim_start().len();
        for pair in lines.windows(2) {
            let twice =
                pair[0].chars().count() > 80 && !pair[1].is_empty() && indent(pair[0]) == indent(pair[1]);
            assert!(!twice, "{tool}: {pair:?}");
        }
    }
}
