//! What a network file system does to the last step of a dump: the rename fails with "stale file handle", or is done and
//! its answer is lost. A library that is loaded before libc says so in its place.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use refreshkit::archive::{Trust, list};

use crate::dump::whole;
use crate::dump_safety::{any_server, command, dump, hidden, small};
use crate::support::{Output, Scratch};

const OLD: &str = "t-20200101T000000Z.sql.gz";

/// Fails for the unfinished dump alone, as the environment says: `RENAME_ANSWERS` and `UNLINK_ANSWERS` are error numbers,
/// and with `RENAME_DONE` the rename has happened all the same.
const LIBRARY: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int answer(const char *setting, const char *path) {
    const char *number = getenv(setting), *end = ".sql.gz.partial";
    size_t length = strlen(path);
    int ours = length > strlen(end) && strcmp(path + length - strlen(end), end) == 0;
    return number && ours ? atoi(number) : 0;
}

int rename(const char *from, const char *to) {
    int (*real)(const char *, const char *) = (int (*)(const char *, const char *))dlsym(RTLD_NEXT, "rename");
    int error = answer("RENAME_ANSWERS", from);
    if (error == 0) return real(from, to);
    if (getenv("RENAME_DONE") && real(from, to) != 0) return -1;
    errno = error;
    return -1;
}

int unlink(const char *path) {
    int (*real)(const char *) = (int (*)(const char *))dlsym(RTLD_NEXT, "unlink");
    int error = answer("UNLINK_ANSWERS", path);
    if (error == 0) return real(path);
    errno = error;
    return -1;
}
"#;

/// A directory with one dump of another day.
struct Place {
    scratch: Scratch,
    directory: tempfile::TempDir,
    library: PathBuf,
}

impl Place {
    fn new() -> Self {
        let server = any_server();
        let scratch = small(&server);
        let directory = scratch.directory();
        let path = whole(&server, directory.path(), &[&scratch.name], "");
        fs::rename(path, directory.path().join(OLD)).unwrap();
        // The compiler that links Rust's programs.
        let (source, library) = (directory.path().join("stale.c"), directory.path().join("stale.so"));
        fs::write(&source, LIBRARY).unwrap();
        let mut cc = Command::new("cc");
        let output =
            cc.args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).arg("-ldl").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self { scratch, directory, library }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Dumps while the file system behaves like that.
    fn dump(&self, environment: &[(&str, i32)]) -> Output {
        let mut tool = dump(&self.scratch.server, self.path(), &self.scratch.name);
        for (name, value) in environment {
            tool = tool.env(name, value.to_string());
        }
        tool.env("LD_PRELOAD", &self.library).run()
    }

    fn files(&self) -> Vec<String> {
        list(self.path(), None, Trust::anybody()).unwrap().into_iter().map(|dump| dump.file).collect()
    }

    /// The older dump is there, alone, and whole.
    fn assert_as_before(&self) {
        assert_eq!(self.files(), [OLD]);
        command(self.path(), &["verify", OLD]).exits(0);
        command(self.path(), &["verify", "latest"]).exits(0);
    }
}

#[test]
fn a_stale_handle_at_the_last_step_publishes_nothing_and_the_next_run_cleans_up() {
    use rustix::io::Errno;
    let place = Place::new();
    for (error, words) in [(Errno::STALE, "Stale file handle"), (Errno::IO, "Input/output error")] {
        let number = error.raw_os_error();
        // What was written can be removed, or it cannot.
        for (removes, left) in [(0, 0), (number, 1)] {
            let out = place.dump(&[("RENAME_ANSWERS", number), ("UNLINK_ANSWERS", removes)]).exits(74);
            assert!(out.stderr.contains("cannot rename the finished dump to"), "{}", out.stderr);
            assert!(out.stderr.contains(words), "{}", out.stderr);
            let document = out.document();
            assert!(document.dump.is_none() && document.rotation.is_none());
            assert_eq!(document.error.unwrap().code, "file");
            assert_eq!(hidden(place.path()).len(), left, "{words}");
            place.assert_as_before();
        }
    }
    let out = place.dump(&[]).exits(0);
    assert!(hidden(place.path()).is_empty());
    let made = out.document().dump.unwrap().name;
    command(place.path(), &["verify", &made]).exits(0);
}

#[test]
fn a_rename_whose_answer_is_lost_has_published_the_dump() {
    let place = Place::new();
    let stale = rustix::io::Errno::STALE.raw_os_error();
    let out = place.dump(&[("RENAME_ANSWERS", stale), ("RENAME_DONE", 1)]).exits(0);
    let made = out.document().dump.unwrap().name;
    assert_eq!(place.files(), [made.as_str()], "and the old one was rotated");
    command(place.path(), &["verify", &made]).exits(0);
    assert!(hidden(place.path()).is_empty());
}
