//! The first hour on a stranger's schema: `init`, the night as it was written, a changed schema, `init --update`.
//! `tests/cases/first_hour/README.md` says how the cases are written down.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::closure::cases;
use crate::dump::zcat;
use crate::support::{Output, Scratch, TestServer, Tool, on_all_servers_at_once};

/// In every value that must not leave.
const MARKERS: [&str; 2] = ["qzx", "8675309"];

/// One case on one server.
struct Hour {
    scratch: Scratch,
    directory: tempfile::TempDir,
    expected: String,
}

impl Hour {
    fn begin(server: &TestServer, folder: &Path) -> Self {
        let scratch = server.scratch("hour");
        scratch.run(&fs::read_to_string(folder.join("schema.sql")).unwrap());
        let expected = fs::read_to_string(folder.join("expected.txt")).unwrap_or_default();
        let directory = scratch.directory();
        fs::create_dir(directory.path().join("dumps")).unwrap();
        Self { scratch, directory, expected }
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("refresh.toml")
    }

    fn tool(&self, name: &str) -> Tool {
        Tool::new(name).arg("--state-dir").arg(self.directory.path())
    }

    fn init(&self) -> Output {
        let tool = self.tool("mydehydrate").arg("init").arg("--databases").arg(&self.scratch.name);
        let login = &self.scratch.server.client_cnf;
        tool.arg("--defaults-extra-file").arg(login).arg("--out").arg(self.file()).run()
    }

    fn update(&self) -> Output {
        self.tool("mydehydrate").args(["init", "--update"]).arg(self.file()).run()
    }

    /// Tests run side by side on one server: each needs a work schema of its own.
    fn own_work_schema(&self, more: &str) {
        let mine = format!("[dehydrate]\nwork_schema = \"{}__work\"\n", self.scratch.name);
        let text = fs::read_to_string(self.file()).unwrap().replacen("[dehydrate]\n", &mine, 1);
        fs::write(self.file(), text + more).unwrap();
    }

    fn plan(&self) -> Output {
        let tool = self.tool("mydehydrate").arg("--config").arg(self.file());
        tool.args(["--source", "--i-own-this-server", "127.0.0.1"]).run()
    }

    /// The dump of a night that goes well, without a marker in it.
    fn night(&self) -> String {
        let planned = self.plan().exits(0);
        let tool = self.tool("mydump-rotate").arg("--config").arg(self.file());
        let tool = tool.arg("--dir").arg(self.directory.path().join("dumps"));
        let ended = tool.stdin(planned.stdout).run().exits(0);
        let dump = zcat(Path::new(&ended.document().dump.unwrap().path));
        let text = String::from_utf8_lossy(&dump).to_lowercase();
        let left: Vec<String> = text
            .lines()
            .filter(|line| MARKERS.iter().any(|marker| line.contains(marker)))
            .map(|line| line.chars().take(300).collect())
            .collect();
        assert!(left.is_empty(), "{left:?}\n{}", fs::read_to_string(self.file()).unwrap());
        text
    }

    fn expects(&self, word: &str, lines: &[&str]) {
        for fragment in self.expected.lines().filter_map(|line| line.strip_prefix(word)) {
            let found = lines.iter().any(|line| line.contains(fragment));
            assert_eq!(found, word != "not: ", "{word}{fragment:?} in\n{}", lines.join("\n"));
        }
    }
}

#[test]
fn the_first_night_runs_with_what_init_wrote_and_a_changed_schema_is_added_to_it() {
    on_all_servers_at_once(|server| {
        let folders = cases("first_hour").into_iter().filter(|folder| folder.is_dir());
        for (number, folder) in folders.enumerate() {
            let folder = &folder;
            let hour = Hour::begin(server, folder);
            hour.init().exits(0);
            let text = fs::read_to_string(hour.file()).unwrap();
            let (comments, lines): (Vec<&str>, Vec<&str>) =
                text.lines().partition(|line| line.starts_with('#'));
            hour.expects("line: ", &lines);
            hour.expects("comment: ", &comments);
            hour.expects("not: ", &lines);
            // A server of its own for each proof would take longer than all the rest; that such a file proves is seen once.
            hour.own_work_schema(if number == 0 { "" } else { "[dump]\nprove = \"off\"\n" });
            let dump = hour.night();
            assert!(dump.contains("insert into"), "nothing came along");

            hour.scratch.run(&fs::read_to_string(folder.join("change.sql")).unwrap());
            let refused = hour.plan();
            assert!([77, 78].contains(&refused.code), "{}", refused.stderr);
            assert!(refused.stderr.contains("mydehydrate init --update"), "{}", refused.stderr);
            fs::set_permissions(hour.file(), PermissionsExt::from_mode(0o604)).unwrap();
            let before = fs::read_to_string(hour.file()).unwrap();
            // As an editor of another system writes it.
            let before = format!("\u{feff}{}", before.replace('\n', "\r\n"));
            fs::write(hour.file(), &before).unwrap();
            let added = hour.update().exits(0).stdout;
            hour.expects("added: ", &added.lines().collect::<Vec<_>>());
            let after = fs::read_to_string(hour.file()).unwrap();
            for line in before.split_inclusive('\n') {
                assert!(
                    after.split_inclusive('\n').any(|other| other == line),
                    "{line:?} is gone from\n{after}"
                );
            }
            assert_eq!(after.matches('\n').count(), after.matches("\r\n").count(), "{after:?}");
            let mode = fs::metadata(hour.file()).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o604);
            hour.night();
            let again = hour.update().exits(0);
            assert!(again.stdout.starts_with("nothing to add"), "{}", again.stdout);
            assert_eq!(fs::read_to_string(hour.file()).unwrap(), after);
        }
    });
}

#[test]
fn init_writes_over_no_file_and_says_which_database_it_does_not_see() {
    on_all_servers_at_once(|server| {
        let hour = Hour {
            scratch: server.scratch("hour"),
            directory: tempfile::tempdir().unwrap(),
            expected: String::new(),
        };
        let nothing = hour.init().exits(78);
        assert!(nothing.stderr.contains("there is no table in"), "{}", nothing.stderr);
        hour.scratch.run("CREATE TABLE t (id INT PRIMARY KEY)");
        fs::write(hour.file(), "# mine\n").unwrap();
        let refused = hour.init().exits(73);
        assert!(refused.stderr.contains("is there already"), "{}", refused.stderr);
        assert_eq!(fs::read_to_string(hour.file()).unwrap(), "# mine\n");
        let tool = hour.tool("mydehydrate").args(["init", "--databases", "no_such_database"]);
        let missing = tool.arg("--defaults-extra-file").arg(&server.client_cnf).run().exits(78);
        assert!(missing.stderr.contains("`no_such_database`"), "{}", missing.stderr);
    });
}
