//! More of what can go wrong around a dump: places that cannot be written, clocks that lie, rights that are missing.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use refreshkit::archive::{Trust, list};
use refreshkit::document::TableClass;

use crate::dump::{config, planned, whole};
use crate::dump_safety::{Limited, Unmount, any_server, command, dump, hidden, small};
use crate::support::{Tool, for_each_server};

fn files(directory: &Path) -> Vec<String> {
    list(directory, None, Trust::anybody()).unwrap().into_iter().map(|dump| dump.file).collect()
}

/// A directory that is read-only as long as this lives: by its mode, or for root, whom no mode stops, by mounting it so.
enum ReadOnly {
    Mode(PathBuf),
    Mount { _guard: Unmount },
}

impl Drop for ReadOnly {
    fn drop(&mut self) {
        if let Self::Mode(directory) = self {
            fs::set_permissions(directory, Permissions::from_mode(0o755)).unwrap();
        }
    }
}

/// Nothing where that cannot be had: root in a container may not mount.
fn read_only(directory: &Path) -> Option<ReadOnly> {
    if !rustix::process::geteuid().is_root() {
        fs::set_permissions(directory, Permissions::from_mode(0o555)).unwrap();
        return Some(ReadOnly::Mode(directory.to_owned()));
    }
    let mount = |arguments: &[&str]| {
        let output = Command::new("mount").args(arguments).arg(directory).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        output.status.success().then_some(()).ok_or(said)
    };
    if let Err(said) = mount(&["--bind", directory.to_str().unwrap()]) {
        eprintln!("skipped: root cannot make a directory read-only without mounting it: {said}");
        return None;
    }
    let guard = Unmount(directory.to_owned());
    mount(&["-o", "remount,ro,bind"]).unwrap();
    Some(ReadOnly::Mount { _guard: guard })
}

#[test]
fn a_read_only_directory_is_said_and_its_dumps_stay() {
    let server = any_server();
    let scratch = small(&server);
    let directory = scratch.directory();
    let dumps = directory.path().join("dumps");
    fs::create_dir(&dumps).unwrap();
    let old = dumps.join("t-20200101T000000Z.sql.gz");
    fs::rename(whole(&server, directory.path(), &[&scratch.name], ""), &old).unwrap();
    let Some(_guard) = read_only(&dumps) else { return };
    let place = dumps.to_str().unwrap();
    let out = command(directory.path(), &["--whole", &scratch.name, "--dir", place]).exits(73);
    let said = ["Read-only file system", "Permission denied"].iter().any(|words| out.stderr.contains(words));
    assert!(said && out.stderr.contains(place), "{}", out.stderr);
    assert_eq!(files(&dumps), ["t-20200101T000000Z.sql.gz"]);
    command(directory.path(), &["verify", old.to_str().unwrap()]).exits(0);
    command(directory.path(), &["list", "--dir", place]).exits(0);
}

#[test]
fn after_a_night_with_a_wrong_clock_the_latest_dump_is_the_one_of_today() {
    let server = any_server();
    let scratch = small(&server);
    let directory = scratch.directory();
    let at = |name: &str| directory.path().join(name);
    let first = whole(&server, directory.path(), &[&scratch.name], "");
    for stamp in ["20990101T000000Z", "20200101T000000Z", "20200102T000000Z"] {
        fs::copy(&first, at(&format!("t-{stamp}.sql.gz"))).unwrap();
    }
    fs::remove_file(&first).unwrap();
    let document = dump(&server, directory.path(), &scratch.name).run().exits(0).document();
    let today = document.dump.unwrap().name;
    let rotation = document.rotation.unwrap();
    let kept: Vec<_> = rotation.kept.iter().map(|v| (v.name.as_str(), v.reason.as_str())).collect();
    let wrong = ("t-20990101T000000Z.sql.gz", "of a later moment than now");
    assert_eq!(kept, [wrong, (today.as_str(), "the newest")]);
    assert_eq!(rotation.removed.len(), 2);
    // The link, the word, and what is listed first.
    let link = fs::canonicalize(at("t-latest.sql.gz")).unwrap();
    assert_eq!(link, fs::canonicalize(at(&today)).unwrap());
    let out = command(directory.path(), &["verify", "latest"]).exits(0);
    assert!(out.stdout.contains(&today), "{}", out.stdout);
}

/// A directory in the way fails the last step, after everything has been written and read back; a network file system
/// does so in `dump_stale.rs`.
#[test]
fn a_rename_that_fails_publishes_nothing_and_the_next_run_is_free() {
    let server = any_server();
    let scratch = small(&server);
    let directory = scratch.directory();
    fs::copy(
        whole(&server, directory.path(), &[&scratch.name], ""),
        directory.path().join("t-20200101T000000Z.sql.gz"),
    )
    .unwrap();
    let before = files(directory.path());
    let columns = [("id", "t.`id`"), ("a", "t.`a`")];
    let document = planned(&scratch, &[("t", TableClass::Full, &columns, None)]);
    let config = config(&server, directory.path(), "");
    let run = || Tool::new("mydump-rotate").arg("--config").arg(&config).document(&document).run();
    let taken = directory.path().join("t-20261123T020000Z.sql.gz");
    fs::create_dir(&taken).unwrap();
    let out = run().exits(74);
    assert!(out.stderr.contains("cannot rename the finished dump to"), "{}", out.stderr);
    assert!(out.stderr.contains("t-20261123T020000Z.sql.gz"), "{}", out.stderr);
    let after = out.document();
    assert!(after.dump.is_none() && after.rotation.is_none());
    assert!(hidden(directory.path()).is_empty());
    assert_eq!(files(directory.path()), before);
    fs::remove_dir(&taken).unwrap();
    run().exits(0);
    assert_eq!(files(directory.path()).len(), before.len() + 1);
}

#[test]
fn a_table_whose_columns_may_not_be_seen_fails_the_dump() {
    for_each_server(|server| {
        let scratch = small(server);
        let directory = scratch.directory();
        let grants =
            [format!("SELECT, TRIGGER ON `{}`.other", scratch.name), format!("DROP ON `{}`.t", scratch.name)];
        let limited = Limited::new(server, directory.path(), "v", &[&grants[0], &grants[1]]);
        let out = dump(&limited.server, directory.path(), &scratch.name).run().exits(65);
        assert!(out.stderr.contains(".t has no columns that this account may see"), "{}", out.stderr);
        assert!(files(directory.path()).is_empty() && hidden(directory.path()).is_empty());
    });
}
