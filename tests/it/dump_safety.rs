//! What can go wrong while a dump is written: the dumps that were there stay whole, and nobody is told that a
//! part is a whole.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use refreshkit::archive::{DumpFile, Trust, list};

use crate::dump::{config, whole};
use crate::support::{Scratch, TestServer, Tool, for_each_server, servers, terminate};

/// The server that a test needs which is about files, not about servers.
pub(crate) fn any_server() -> TestServer {
    servers().remove(0)
}

pub(crate) fn small(server: &TestServer) -> Scratch {
    let scratch = server.scratch("dumpsafe");
    scratch.run(
        "CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(100), KEY (a));\
         INSERT INTO t VALUES (1, 'one'), (2, 'two''s'), (3, NULL);\
         CREATE TABLE other (id INT PRIMARY KEY); INSERT INTO other VALUES (7);",
    );
    scratch
}

/// Rows that take a while to read and do not compress.
fn large(server: &TestServer, rows: u32) -> Scratch {
    let scratch = server.scratch("dumpbig");
    scratch.run(&format!(
        "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, a VARBINARY(4096));\
         INSERT INTO t (a) VALUES (RANDOM_BYTES(1024)); \
         INSERT INTO t (a) SELECT CONCAT(RANDOM_BYTES(1024), RANDOM_BYTES(1024), RANDOM_BYTES(1024)) \
         FROM information_schema.COLLATIONS x, information_schema.COLLATIONS y LIMIT {rows};\
         ANALYZE TABLE t;"
    ));
    scratch
}

pub(crate) fn dump(server: &TestServer, directory: &Path, database: &str) -> Tool {
    Tool::new("mydump-rotate")
        .arg("--config")
        .arg(config(server, directory, "keep_at_least = 1"))
        .arg("--state-dir")
        .arg(directory)
        .arg("--whole")
        .arg(database)
}

pub(crate) fn command(directory: &Path, arguments: &[&str]) -> crate::support::Output {
    let config = directory.join("refresh.toml");
    Tool::new("mydump-rotate").arg("--config").arg(config).args(arguments.iter().copied()).run()
}

pub(crate) fn hidden(directory: &Path) -> Vec<String> {
    let names = fs::read_dir(directory).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(".partial")).collect()
}

#[test]
fn a_second_run_at_the_same_time_is_told_who_is_at_work() {
    let server = any_server();
    let scratch = small(&server);
    let directory = scratch.directory();
    let lock = File::create(directory.path().join(".t.lock")).unwrap();
    (&lock).write_all(b"pid 1 on elsewhere since 2026-11-23T02:00:00Z").unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
    let out = dump(&server, directory.path(), &scratch.name).run().exits(75);
    assert!(out.stderr.contains("pid 1 on elsewhere"), "{}", out.stderr);
    assert!(out.document().error.unwrap().retryable);
    command(directory.path(), &["rotate"]).exits(0);
    command(directory.path(), &["rotate", "--dry-run"]).exits(0);
    drop(lock);
    dump(&server, directory.path(), &scratch.name).run().exits(0);
}

/// Hands a dump over that has begun to write; `ends` says whether it was met in time. What a dump leaves that was through
/// too soon goes, and the next one may be met.
fn met_while_it_writes(
    server: &TestServer,
    directory: &Path,
    database: &str,
    mut ends: impl FnMut(Child) -> bool,
) {
    for _ in 0..20 {
        let mut child = dump(server, directory, database).spawn();
        drop(child.stdin.take());
        while child.try_wait().unwrap().is_none() && hidden(directory).is_empty() {
            std::thread::sleep(Duration::from_millis(2));
        }
        if ends(child) {
            return;
        }
        for dump in list(directory, None, Trust::anybody()).unwrap() {
            fs::remove_file(dump.path).unwrap();
        }
    }
    panic!("no dump was met while it wrote");
}

#[test]
fn killed_in_the_middle_it_leaves_the_older_dumps_and_the_next_run_cleans_up() {
    for_each_server(|server| {
        let scratch = large(server, 10_000);
        let directory = scratch.directory();
        let before = whole(server, directory.path(), &[&scratch.name], "");
        let (kept, old) = (directory.path().join("kept"), directory.path().join("t-20200101T000000Z.sql.gz"));
        fs::rename(&before, &kept).unwrap();
        met_while_it_writes(server, directory.path(), &scratch.name, |mut child| {
            // Not under the name before this: a run that is through removes what is as old.
            fs::copy(&kept, &old).unwrap();
            child.kill().unwrap();
            child.wait().unwrap();
            hidden(directory.path()).len() == 1
        });
        let listed = list(directory.path(), None, Trust::anybody()).unwrap();
        assert_eq!(listed.iter().map(|d| d.path.clone()).collect::<Vec<_>>(), [old]);
        dump(server, directory.path(), &scratch.name).run().exits(0);
        assert!(hidden(directory.path()).is_empty());
    });
}

#[test]
fn stopped_by_a_signal_it_removes_what_it_wrote() {
    let server = any_server();
    let scratch = large(&server, 10_000);
    let directory = scratch.directory();
    let mut text = String::new();
    met_while_it_writes(&server, directory.path(), &scratch.name, |child| {
        terminate(&child);
        let output = child.wait_with_output().unwrap();
        text = String::from_utf8(output.stdout).unwrap();
        let code = output.status.code();
        assert!([Some(0), Some(143)].contains(&code), "{code:?} {text}");
        code == Some(143)
    });
    assert!(text.contains("\"interrupted\""), "{text}");
    assert!(hidden(directory.path()).is_empty());
    assert!(list(directory.path(), None, Trust::anybody()).unwrap().is_empty());
}

#[test]
fn a_lost_connection_fails_the_dump() {
    for_each_server(|server| {
        let scratch = large(server, 12_000);
        let directory = scratch.directory();
        let sql = format!(
            "SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT t.`id`, t.`a` FROM `{}`%'",
            scratch.name
        );
        let mut session = server.session();
        met_while_it_writes(server, directory.path(), &scratch.name, |mut child| {
            let mut killed = false;
            while !killed && child.try_wait().unwrap().is_none() {
                for id in session.rows::<u64>("looking", &sql).unwrap() {
                    killed |= session.attempt(&format!("KILL {id}"));
                }
            }
            let output = child.wait_with_output().unwrap();
            let code = output.status.code();
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!([Some(0), Some(69)].contains(&code), "{code:?} {stderr}");
            code == Some(69)
        });
        assert!(
            list(directory.path(), None, Trust::anybody()).unwrap().is_empty()
                && hidden(directory.path()).is_empty()
        );
    });
}

#[test]
fn a_full_disk_fails_the_dump_and_keeps_the_older_ones() {
    let server = any_server();
    let scratch = large(&server, 15_000);
    let directory = scratch.directory();
    let mount = directory.path().join("full");
    fs::create_dir(&mount).unwrap();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=40m,mode=0700", "tmpfs"])
        .arg(&mount)
        .output()
        .unwrap();
    if !mounted.status.success() {
        eprintln!(
            "skipped: mounting a small file system needs root: {}",
            String::from_utf8_lossy(&mounted.stderr)
        );
        return;
    }
    let _guard = Unmount(mount.clone());
    let old = mount.join("t-20200101T000000Z.sql.gz");
    fs::copy(whole(&server, directory.path(), &[&small(&server).name], ""), &old).unwrap();
    // The rows do not compress, so the estimate lets it begin, and the disk is full in the middle.
    let out = dump(&server, &mount, &scratch.name).run().exits(73);
    assert_eq!(out.document().error.unwrap().code, "disk-full");
    assert!(out.stderr.contains("No space left"), "{}", out.stderr);
    assert!(hidden(&mount).is_empty());
    // With less room it does not even begin.
    fs::write(mount.join("filler"), vec![1; 30 << 20]).unwrap();
    let out = dump(&server, &mount, &scratch.name).run().exits(73);
    assert!(out.stderr.contains("bytes free"), "{}", out.stderr);
    let listed = list(&mount, None, Trust::anybody()).unwrap();
    assert_eq!(listed.iter().map(|d| d.path.clone()).collect::<Vec<_>>(), [old]);
}

pub(crate) struct Unmount(pub(crate) PathBuf);

impl Drop for Unmount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_directory_that_is_not_there_is_named_and_never_made() {
    let server = any_server();
    let scratch = small(&server);
    let directory = scratch.directory();
    config(&server, directory.path(), "");
    let missing = directory.path().join("efs/dumps");
    let place = missing.to_str().unwrap();
    let calls: [(&[&str], i32); 5] = [
        (&["--whole", &scratch.name, "--dir", place], 73),
        (&["--whole", &scratch.name, "--dir", place, "--dry-run"], 73),
        (&["list", "--dir", place], 74),
        (&["rotate", "--dir", place], 73),
        (&["verify", "latest", "--dir", place], 74),
    ];
    for (call, code) in calls {
        let out = command(directory.path(), call);
        assert_eq!(out.code, code, "{call:?}: {}", out.stderr);
        assert!(out.stderr.contains(&format!("there is no directory {place}")), "{call:?}: {}", out.stderr);
        assert!(
            out.stderr.contains("mounted?") && out.stderr.contains("mkdir -p"),
            "{call:?}: {}",
            out.stderr
        );
        assert!(!directory.path().join("efs").exists(), "{call:?}");
    }
    let out = command(directory.path(), &["--whole", "no_such_database"]).exits(65);
    assert!(out.stderr.contains("no database no_such_database"), "{}", out.stderr);
}

/// An account with these rights alone, and what takes it away again.
pub(crate) struct Limited {
    pub(crate) server: TestServer,
    session: refreshkit::mysql::Session,
    account: String,
}

impl Limited {
    pub(crate) fn new(server: &TestServer, directory: &Path, word: &str, grants: &[&str]) -> Self {
        let user = format!("{word}{}", std::process::id());
        let account = format!("'{user}'@'%'");
        let mut session = server.session();
        session.attempt(&format!("DROP USER {account}"));
        session.run("making", &format!("CREATE USER {account} IDENTIFIED BY 'pw-1-Long'")).unwrap();
        for grant in grants {
            session.run("granting", &format!("GRANT {grant} TO {account}")).unwrap();
        }
        let base = fs::read_to_string(&server.client_cnf).unwrap();
        let lines = |key: &str| -> String {
            base.lines().filter(|line| line.starts_with(key)).flat_map(|line| [line, "\n"]).collect()
        };
        let cnf = directory.join("my.cnf");
        refreshkit::mysql::write_option_file(&cnf, &user, "pw-1-Long").unwrap();
        let text = fs::read_to_string(&cnf).unwrap();
        let (key, port) = (lines("server-public-key"), lines("port"));
        let text = format!("[refreshkit]\n{key}{text}host=127.0.0.1\n{port}");
        fs::write(&cnf, text).unwrap();
        Self { server: TestServer { engine: server.engine, client_cnf: cnf }, session, account }
    }
}

impl Drop for Limited {
    fn drop(&mut self) {
        self.session.attempt(&format!("DROP USER {}", self.account));
    }
}

#[test]
fn an_account_that_may_not_lock_still_dumps_and_says_so() {
    for_each_server(|server| {
        let scratch = small(server);
        let directory = scratch.directory();
        let grant = format!("SELECT, SHOW VIEW, TRIGGER, EVENT ON `{}`.*", scratch.name);
        let limited = Limited::new(server, directory.path(), "u", &[&grant]);
        let path = whole(&limited.server, directory.path(), &[&scratch.name], "");
        let dump = DumpFile::open(&path).unwrap();
        assert_eq!(dump.manifest().rows, 4);
        // Quiet if nobody else happens to use the server; what it must not claim is a lock.
        assert_ne!(dump.manifest().consistency, refreshkit::archive::Consistency::Locked);
    });
}
