//! Rotation in a real directory: what goes, what stays whatever its name, and that it says why.

use std::fs;
use std::path::Path;

use crate::dump::{config, whole};
use crate::support::{Tool, servers};

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(directory).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| !name.starts_with('.') && name != "refresh.toml");
    names.sort();
    names
}

#[test]
fn only_old_whole_dumps_of_this_name_go_and_only_after_a_new_one_is_there() {
    let server = servers().remove(0);
    let scratch = server.scratch("rotate");
    scratch.run("CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1);");
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let first = whole(&server, directory.path(), &[&scratch.name], "");
    for night in ["20200101", "20200102", "20200103"] {
        fs::copy(&first, at(&format!("t-{night}T020000Z.sql.gz"))).unwrap();
    }
    fs::copy(&first, at("other-20200101T020000Z.sql.gz")).unwrap();
    fs::copy(&first, at("t-x-20200101T020000Z.sql.gz")).unwrap();
    fs::write(at("t-20190101T020000Z.sql.gz"), b"somebody's own").unwrap();
    fs::write(at("t-2020.sql.gz"), b"").unwrap();
    fs::create_dir(at("t-20180101T020000Z.sql.gz")).unwrap();
    fs::remove_file(&first).unwrap();

    let tool = |arguments: &[&str]| {
        let config = config(&server, directory.path(), "keep_at_least = 2");
        Tool::new("mydump-rotate").arg("--config").arg(config).args(arguments.iter().copied())
    };
    // A dump that fails removes nothing.
    let before = names(directory.path());
    tool(&["--whole", "no_such_database"]).run().exits(65);
    assert_eq!(names(directory.path()), before);

    let out = tool(&["rotate", "--dry-run", "--name", "t"]).run().exits(0);
    assert_eq!(
        out.stdout,
        "keep          t-20200103T020000Z.sql.gz  the newest\n\
         keep          t-20200102T020000Z.sql.gz  younger than 7 days\n\
         keep          t-20200101T020000Z.sql.gz  younger than 7 days\n"
    );
    assert_eq!(names(directory.path()), before);

    // Nor does one of an emptied database.
    let empty = server.scratch("rotempty");
    let out = tool(&["--whole", &empty.name]).run().exits(0);
    assert!(out.stderr.contains("has 0 tables and no rows (is it the right database?)"), "{}", out.stderr);
    let document = out.document();
    let rotation = document.rotation.unwrap();
    assert_eq!(rotation.removed, []);
    assert_eq!(rotation.kept.last().unwrap().reason, "the new dump has no rows");
    fs::remove_file(document.dump.unwrap().path).unwrap();
    assert!(before.iter().all(|name| names(directory.path()).contains(name)));

    let out = tool(&["--whole", &scratch.name]).run().exits(0);
    let rotation = out.document().rotation.unwrap();
    let removed: Vec<_> = rotation.removed.iter().map(|v| (v.name.as_str(), v.reason.as_str())).collect();
    assert_eq!(
        removed,
        [
            ("t-20200102T020000Z.sql.gz", "older than 7 days"),
            ("t-20200101T020000Z.sql.gz", "older than 7 days")
        ]
    );
    assert_eq!(rotation.kept[1].reason, "one of the 2 newest");
    let after = names(directory.path());
    assert_eq!(before.iter().filter(|name| !after.contains(name)).count(), 2);

    let out = tool(&["list", "--plain", "--name", "t"]).run().exits(0);
    assert_eq!(out.stdout.lines().count(), 2);
    assert!(out.stdout.ends_with("t-20200103T020000Z.sql.gz\n"));
    let json: serde_json::Value =
        serde_json::from_str(&tool(&["list", "--json"]).run().exits(0).stdout).unwrap();
    assert_eq!(json.as_array().unwrap().len(), 4);
    assert_eq!(json[0]["rows"], 1);
    assert!(tool(&["list"]).run().exits(0).stdout.starts_with("FILE "));
}
