//! Other ways for a database to get from one place to another, to compare ours with.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use refreshkit::mysql::Engine;

use crate::dump_fidelity::client;
use crate::support::{Scratch, TestServer, Tool};

/// The stock dumper of the server: the one that `REFRESHKIT_TEST_MYSQLDUMP` names, or that `scripts/servers` unpacked.
fn stock(server: &TestServer) -> Command {
    let mut command = if server.engine == Engine::MariaDb {
        Command::new("mariadb-dump")
    } else if let Some(path) = std::env::var_os("REFRESHKIT_TEST_MYSQLDUMP") {
        Command::new(path)
    } else {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/servers");
        let output = Command::new(script).args(["install", "mysql"]).output().unwrap();
        let server = PathBuf::from(String::from_utf8(output.stdout).unwrap().trim());
        Command::new(server.with_file_name("mysqldump"))
    };
    command.arg(format!("--defaults-file={}", server.client_cnf.display()));
    if server.engine == Engine::MySql {
        command.args(["--set-gtid-purged=OFF", "--no-tablespaces", "--column-statistics=0"]);
    }
    command
}

/// What mysqldump of `from` and the stock client make of an empty database.
pub(crate) fn by_stock(server: &TestServer, from: &str, to: &str) {
    let output = stock(server).args(["--single-transaction", from]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = client(server, Some(to), &output.stdout);
    assert!(said.is_empty(), "mysqldump's file: {said}");
}

/// What dev-restore makes of a dump in an empty database.
pub(crate) fn by_dev_restore(server: &TestServer, directory: &Path, dump: &Path, to: &Scratch) {
    let config = directory.join("restore.toml");
    let text = format!(
        "[dump]\ndir = {:?}\n[targets.dev1]\ndatabase = {:?}\ndefaults_file = {:?}\n",
        directory.display().to_string(),
        to.name,
        server.client_cnf.display().to_string()
    );
    fs::write(&config, text).unwrap();
    let tool = Tool::new("dev-restore").arg("--config").arg(config).arg("--state-dir").arg(directory);
    tool.args(["--target", "dev1", "--dump"]).arg(dump).run().exits(0);
    to.run(&format!("DROP DATABASE IF EXISTS `{}__previous`", to.name));
}
