//! `rds-local` as its callers see it: real servers, real SDKs, faults, and what is left after `kill -9`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod data;
mod entrance;
mod faults;
#[cfg(feature = "aws")]
mod sdk;
mod service;

use std::path::Path;
use std::process::{Command, Stdio};

use service::{Service, engines};

use crate::support::Tool;

#[test]
fn only_directories_of_its_own_are_touched_and_only_by_one_at_a_time() {
    let service = Service::start(engines()[0], "0");
    let tool = |verb: &str| Tool::new("rds-local").arg(verb).arg("--dir");
    assert!(tool("serve").arg(service.dir()).run().exits(75).stderr.contains("another rds-local"));
    tool("destroy").arg(service.dir()).run().exits(75);
    let foreign = tempfile::tempdir().unwrap();
    std::fs::write(foreign.path().join("thesis.txt"), "mine").unwrap();
    let seed = foreign.path().join("thesis.txt");
    for verb in ["serve", "destroy"] {
        assert!(
            tool(verb).arg(foreign.path()).run().exits(77).stderr.contains("not a directory of rds-local")
        );
    }
    tool("init").arg(foreign.path()).arg("--from").arg(&seed).run().exits(77);
    assert!(seed.exists());
    let listed = Tool::new("rds-local").args(["list", "--dir"]).arg(service.dir()).run().exits(0).stdout;
    assert_eq!(listed, "cluster\tprod-replica\tavailable\ninstance\tprod-replica-0\tavailable\n");
    tool("list").arg(foreign.path()).run().exits(69);
}

#[test]
fn a_seed_that_fails_names_file_line_and_cause_and_leaves_no_cluster() {
    let folder = tempfile::tempdir().unwrap();
    let (seed, dir) = (folder.path().join("bad.sql"), folder.path().join("cloud"));
    std::fs::write(&seed, "CREATE TABLE t (a INT);\n\nINSERT INTO nowhere VALUES (1);\n").unwrap();
    let init = || {
        Tool::new("rds-local")
            .args(["init", "--engine", engines()[0], "--dir"])
            .arg(&dir)
            .arg("--from")
            .arg(&seed)
    };
    init().arg("--dry-run").run().exits(0);
    assert!(!dir.exists());
    let failed = init().run().exits(65);
    assert!(
        failed.stderr.contains("bad.sql, line 3") && failed.stderr.contains("nowhere"),
        "{}",
        failed.stderr
    );
    std::fs::write(&seed, "CREATE TABLE t (a INT);").unwrap();
    init().run().exits(0);
    assert!(init().run().exits(77).stderr.contains("already holds a cluster prod-replica"));
    Tool::new("rds-local").args(["destroy", "--dry-run", "--dir"]).arg(&dir).run().exits(0);
    assert!(dir.exists());
    Tool::new("rds-local").args(["destroy", "--dir"]).arg(&dir).run().exits(0);
    assert!(!dir.exists());
}

#[test]
fn boto3_is_satisfied() {
    let Some(python) = std::env::var_os("REFRESHKIT_TEST_PYTHON") else {
        eprintln!(
            "SKIPPED: $REFRESHKIT_TEST_PYTHON is not set; it should name a python3 with boto3 (scripts/test makes one)"
        );
        return;
    };
    let service = Service::start(engines()[0], "0.05");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/boto3/rds_local.py");
    let output = Command::new(python).arg(script).arg(&service.url).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
