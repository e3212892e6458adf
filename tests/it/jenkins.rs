//! The Jenkinsfiles: compiled with the Groovy that Jenkins embeds (2.4), their shell scripts checked by bash, and the
//! tools' flags in them by the tools.

use std::path::PathBuf;
use std::process::{Command, Stdio};

fn file(name: &str) -> (PathBuf, String) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("jenkins").join(name);
    let text = std::fs::read_to_string(&path).unwrap();
    (path, text)
}

/// The scripts of the `sh` steps, unescaped as Groovy would.
fn scripts(text: &str) -> Vec<String> {
    text.split("script: '''")
        .skip(1)
        .map(|rest| rest.split("'''").next().unwrap().replace("\\\\", "\\"))
        .collect()
}

#[test]
fn both_jenkinsfiles_compile_with_the_groovy_of_jenkins() {
    let out = tempfile::tempdir().unwrap();
    for name in ["nightly.Jenkinsfile", "refresh.Jenkinsfile"] {
        let (path, _) = file(name);
        let output = Command::new("groovyc").arg("-d").arg(out.path()).arg(&path).output();
        let output = output.expect("groovyc is installed by scripts/test");
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let broken = out.path().join("broken.Jenkinsfile");
    std::fs::write(&broken, "pipeline { stages { ").unwrap();
    assert!(!Command::new("groovyc").arg(&broken).stderr(Stdio::null()).status().unwrap().success());
}

#[test]
fn every_shell_script_begins_with_bash_and_fails_with_its_pipe() {
    for name in ["nightly.Jenkinsfile", "refresh.Jenkinsfile"] {
        for script in scripts(&file(name).1) {
            assert!(script.starts_with("#!/bin/bash\nset -euo pipefail\n"), "{name}:\n{script}");
            let check = Command::new("bash").args(["-n", "-c", &script]).output().unwrap();
            assert!(check.status.success(), "{name}: {}", String::from_utf8_lossy(&check.stderr));
        }
    }
}

#[test]
fn the_night_is_at_two_and_cleans_up_before_anything_else() {
    let (_, text) = file("nightly.Jenkinsfile");
    assert!(text.contains(r"cron('TZ=Etc/UTC\n0 2 * * *')"));
    let post = text.split("post {").nth(1).unwrap();
    let first = scripts(post).into_iter().next().unwrap();
    assert!(first.contains("rds-drop --run \"$BUILD_TAG\""), "{first}");
    assert!(post.find("rds-drop").unwrap() < post.find("archiveArtifacts").unwrap());
}

#[test]
fn no_parameter_is_ever_interpolated_into_a_command_line() {
    for name in ["nightly.Jenkinsfile", "refresh.Jenkinsfile"] {
        let (_, text) = file(name);
        for line in text.lines().filter(|line| line.contains("sh ")) {
            assert!(!line.contains("\"\"\"") && !line.contains("${params"), "{name}: {line}");
        }
    }
}

#[test]
fn the_crontab_runs_at_two_and_never_twice_at_once() {
    let (_, text) = file("crontab");
    let line = text.lines().find(|line| line.starts_with("0 2 * * *")).unwrap();
    assert!(line.contains("flock -n -E 75"), "{line}");
    assert!(
        text.ends_with('\n') && !text.contains("%"),
        "cron wants a newline at the end and reads % as one"
    );
}
