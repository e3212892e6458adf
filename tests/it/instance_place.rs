//! What the tests of instances share: a night's dump of a shop, a disk, two kinds of targets on it.

use std::net::TcpListener;
use std::path::{Path, PathBuf};

use refreshkit::config::ServerConfig;
use refreshkit::mysql::{Engine, Server};

use crate::restore_place::{Place, picture, shop};
use crate::support::{Disk, Output, Scratch, TestServer, Tool, on_all_servers_at_once, servers};

/// How large the disks are: sparse files.
const MEBIBYTES: u64 = 4096;

/// On each server: on XFS, where copies share their blocks.
pub(crate) fn on_xfs(test: impl Fn(&Instances) + Sync) {
    on_all_servers_at_once(|server| test(&Instances::on(server, Disk::of("xfs", MEBIBYTES))));
}

/// On XFS, and on ext4, where a copy is one: each kind with one of the servers, which of them with which one differs from test to
/// test. Each with each, where one server is tested, and with `scripts/test --all` (`REFRESHKIT_TEST_DISKS`).
pub(crate) fn on_both_disks(test: impl Fn(&Instances) + Sync) {
    let whole = servers().len() == 1 || std::env::var_os("REFRESHKIT_TEST_DISKS").is_some();
    let name = std::thread::current().name().unwrap_or_default().to_owned();
    on_all_servers_at_once(|server| {
        let turn = name.len() + usize::from(server.engine == Engine::MySql);
        let one = [["xfs", "ext4"][turn % 2]];
        for kind in if whole { &["xfs", "ext4"][..] } else { &one } {
            test(&Instances::on(server, Disk::of(kind, MEBIBYTES)));
        }
    });
}

/// Two nights' dumps, and targets below one directory: `dev3` with a port of its own, `dev-*` with ports of a range.
pub(crate) struct Instances {
    pub(crate) source: Scratch,
    pub(crate) place: Place,
    pub(crate) disk: Disk,
    program: PathBuf,
    pub(crate) port: u16,
    ports: [u16; 2],
}

/// Ports that nobody has now, below those that the kernel gives to clients.
fn free_ports(count: u16) -> u16 {
    loop {
        let first = 20_000 + rand::random_range(0..9_000_u16);
        if (first..first + count).all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok()) {
            return first;
        }
    }
}

impl Instances {
    /// With one dump, of 2026-11-22.
    pub(crate) fn on(server: &TestServer, mut disk: Disk) -> Self {
        let source = shop(server);
        let place = Place::with_dump_of(&source);
        let variable = match server.engine {
            Engine::MariaDb => "REFRESHKIT_TEST_MARIADBD",
            Engine::MySql => "REFRESHKIT_TEST_MYSQLD",
        };
        let program = std::env::var_os(variable).unwrap_or_else(|| panic!("${variable}: run scripts/test"));
        let program = disk.program(&PathBuf::from(program));
        let port = free_ports(4);
        let instances = Self { source, place, disk, program, port, ports: [port + 1, port + 3] };
        instances.configure("", "");
        instances
    }

    /// Writes `refresh.toml`, with more settings of `dev3`, and more sections.
    pub(crate) fn configure(&self, settings: &str, sections: &str) {
        let common = format!(
            "instance = \"{}\"\nserver = \"{}\"\nrun_as = \"nobody\"\n",
            self.root().display(),
            self.program.display()
        );
        let text = format!(
            "[dump]\ndir = \"{}\"\n[targets.dev3]\nport = {}\n{common}{settings}\n\
             [targets.\"dev-*\"]\nports = \"{}-{}\"\nexpires = \"1s\"\n{common}{sections}\n",
            self.place.directory.path().display(),
            self.port,
            self.ports[0],
            self.ports[1],
        );
        std::fs::write(self.place.path("refresh.toml"), text).unwrap();
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.disk.path().join("srv")
    }

    /// Another night, after changes to the source.
    pub(crate) fn another_night(&self) {
        self.source.run(
            "DELETE FROM bag; CREATE TABLE second (a INT); INSERT INTO second VALUES (7); DROP VIEW a_rich",
        );
        self.place.dump(&self.source, "20261123T020000Z");
    }

    pub(crate) fn tool(&self, arguments: &[&str]) -> Tool {
        self.place.tool(arguments)
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.tool(arguments).run()
    }

    /// The developer's server, as its option file says.
    pub(crate) fn server(&self, target: &str) -> TestServer {
        let client_cnf = self.root().join("targets").join(target).join("client.cnf");
        TestServer { engine: self.source.server.engine, client_cnf }
    }

    /// The same for somebody else.
    pub(crate) fn login(&self, target: &str, user: &str, password: &str) -> Server {
        let config = ServerConfig {
            defaults_file: Some(self.server(target).client_cnf.display().to_string()),
            ..ServerConfig::default()
        };
        drop(Server::of_config(&config).unwrap());
        let server = Server::at("127.0.0.1", self.port, user, password);
        let data = self.root().join("targets").join(target);
        let key =
            std::fs::read_dir(data).unwrap().flatten().map(|entry| entry.path().join("data/public_key.pem"));
        let key = key.filter(|key| key.exists()).max();
        key.map_or(server.clone(), |key| server.with_public_key(&key))
    }

    /// All that a developer sees in the database.
    pub(crate) fn picture(&self, target: &str) -> String {
        picture(&self.server(target), &self.source.name)
    }

    /// What the source's database is.
    pub(crate) fn source_picture(&self) -> String {
        picture(&self.source.server, &self.source.name)
    }

    /// Runs SQL in a developer's database.
    pub(crate) fn sql(&self, target: &str, sql: &str) -> String {
        self.server(target).client(Some(&self.source.name), sql.as_bytes())
    }

    /// The servers that run below the directory.
    pub(crate) fn processes(&self) -> Vec<i32> {
        processes_below(&self.root())
    }
}

/// The servers whose data is below a directory.
pub(crate) fn processes_below(root: &Path) -> Vec<i32> {
    let wanted = format!("--datadir={}/", root.display());
    let numbers = std::fs::read_dir("/proc").unwrap().flatten();
    let numbers = numbers.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    numbers
        .filter(|number| {
            let line = std::fs::read(format!("/proc/{number}/cmdline")).unwrap_or_default();
            line.split(|byte| *byte == 0).any(|word| word.starts_with(wanted.as_bytes()))
        })
        .collect()
}

impl Drop for Instances {
    fn drop(&mut self) {
        for pid in self.processes().into_iter().filter_map(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
        let started = std::time::Instant::now();
        while !self.processes().is_empty() && started.elapsed().as_secs() < 10 {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
}
