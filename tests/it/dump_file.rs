//! The finished file: found broken wherever it is, read in parts, replaced in one step.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use refreshkit::archive::DumpFile;
use refreshkit::document::TableClass;

use crate::dump::{config, planned, seal, whole};
use crate::dump_safety::{any_server, command, small};
use crate::support::{Tool, for_each_server};

#[test]
fn a_flipped_bit_anywhere_is_found_and_a_cut_file_is_no_dump() {
    let server = any_server();
    let scratch = small(&server);
    let directory = scratch.directory();
    let path = whole(&server, directory.path(), &[&scratch.name], "");
    let bytes = fs::read(&path).unwrap();
    let damaged = directory.path().join("t-20200101T000000Z.sql.gz");
    let found = |bytes: &[u8]| {
        fs::write(&damaged, bytes).unwrap();
        let Ok(dump) = DumpFile::open(&damaged) else { return true };
        (0..dump.manifest().members.len()).any(|member| dump.check_member(member).is_err())
    };
    assert!(!found(&bytes));
    for at in (0..bytes.len()).step_by(7) {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        assert!(found(&changed), "byte {at} of {}", bytes.len());
    }
    for length in (0..bytes.len()).step_by(11) {
        fs::write(&damaged, &bytes[..length]).unwrap();
        assert!(DumpFile::open(&damaged).is_err(), "{length} of {}", bytes.len());
    }
    fs::write(&damaged, [&bytes[..], b"x"].concat()).unwrap();
    assert!(DumpFile::open(&damaged).is_err());
    let out = command(directory.path(), &["list", "--plain"]).exits(0);
    assert_eq!(out.stdout.trim(), path.file_name().unwrap().to_str().unwrap());

    // The command says which member, and exits with "bad input".
    let mut changed = bytes.clone();
    changed[600] ^= 1;
    fs::write(&damaged, &changed).unwrap();
    let out = command(directory.path(), &["verify", damaged.to_str().unwrap()]).exits(65);
    assert!(out.stderr.contains("has changed since it was written"), "{}", out.stderr);
    command(directory.path(), &["verify", "latest"]).exits(0);
}

#[test]
fn one_table_comes_out_of_a_file_by_itself() {
    for_each_server(|server| {
        let scratch = small(server);
        let directory = scratch.directory();
        whole(server, directory.path(), &[&scratch.name], "");
        let out =
            command(directory.path(), &["cat", "--table", &format!("{}.t", scratch.name), "latest"]).exits(0);
        assert!(!out.stdout.contains("`other`"));
        scratch.run("DROP TABLE t");
        scratch.run(&out.stdout);
        assert_eq!(scratch.run("SELECT a FROM t ORDER BY id"), "one\ntwo's\nNULL\n");
        assert!(scratch.run("SHOW CREATE TABLE t").contains("KEY `a` (`a`)"));
        command(directory.path(), &["cat", "--table", "nothing", "latest"]).exits(65);
    });
}

#[test]
fn a_file_is_valid_gzip_for_every_tool() {
    let server = any_server();
    let scratch = small(&server);
    let directory = scratch.directory();
    let path = whole(&server, directory.path(), &[&scratch.name], "");
    assert!(Command::new("gzip").arg("-t").arg(&path).status().unwrap().success());
    let link = directory.path().join("t-latest.sql.gz");
    assert_eq!(fs::canonicalize(link).unwrap(), fs::canonicalize(&path).unwrap());
}

#[test]
fn the_same_moment_again_replaces_the_dump_in_one_step() {
    let server = any_server();
    let scratch = small(&server);
    let directory = scratch.directory();
    let mut document =
        planned(&scratch, &[("t", TableClass::Full, &[("id", "t.`id`"), ("a", "t.`a`")], None)]);
    let config = config(&server, directory.path(), "");
    let run = |document: &_| {
        Tool::new("mydump-rotate").arg("--config").arg(&config).document(document).run().exits(0)
    };
    let path = PathBuf::from(run(&document).document().dump.unwrap().path);
    let first = DumpFile::open(&path).unwrap();
    scratch.run("INSERT INTO t VALUES (4, 'more')");
    document.dehydration.as_mut().unwrap().tables[0].rows = 4;
    seal(&server, document.dehydration.as_ref().unwrap());
    assert_eq!(PathBuf::from(run(&document).document().dump.unwrap().path), path);
    assert_eq!(DumpFile::open(&path).unwrap().manifest().rows, 4);
    // Whoever has the old file open can go on reading it.
    assert_eq!(first.manifest().rows, 3);
    (0..first.manifest().members.len()).for_each(|member| first.check_member(member).unwrap());
}
