//! Finds server programs on this host, and makes empty data directories with them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use super::error::Error;
use super::place::make_directory;
use super::user::HostUser;

/// Folders that usually have server programs, searched after those of PATH.
const USUAL_FOLDERS: &[&str] =
    &["/usr/sbin", "/usr/bin", "/usr/libexec", "/usr/local/sbin", "/usr/local/bin", "/usr/local/mysql/bin"];

/// Which server software is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Brand {
    /// MariaDB: the program is `mariadbd`.
    Mariadb,
    /// MySQL: the program is `mysqld`.
    Mysql,
}

impl Brand {
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Mariadb => "MariaDB",
            Self::Mysql => "MySQL",
        }
    }

    /// What plain RDS calls the engine.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Mariadb => "mariadb",
            Self::Mysql => "mysql",
        }
    }

    fn says(version: &str) -> Self {
        if version.contains("MariaDB") { Self::Mariadb } else { Self::Mysql }
    }
}

/// A server program of this host, and how it is to make and run data directories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ServerProgram {
    pub(crate) path: PathBuf,
    pub(crate) brand: Brand,
    /// Its version, without the suffix of the build: `10.11.19`.
    pub(crate) version: String,
    /// Whether its data directories store names in lower case (`lower_case_table_names = 1`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) lower_case: bool,
}

impl ServerProgram {
    /// The program at `path`, or the first of its brand on PATH, in the usual folders and in the caches. Debian's MariaDB has a
    /// link named `mysqld`, so each candidate is run with `--version`.
    pub(crate) fn find(path: Option<&Path>, brand: Option<Brand>) -> Result<Self, Error> {
        if let Some(path) = path {
            let path = path.canonicalize().map_err(Error::file("find the server program", path))?;
            let said = ask(&path).unwrap_or_default();
            let program = Self::of(&path, &said);
            return match brand {
                Some(wanted) if program.brand != wanted => {
                    Err(Error::WrongServer { path, engine: wanted.title(), version: said })
                }
                _ if said.is_empty() => {
                    Err(Error::WrongServer { path, engine: "MariaDB or MySQL", version: said })
                }
                _ => Ok(program),
            };
        }
        let brands = brand.map_or(vec![Brand::Mariadb, Brand::Mysql], |brand| vec![brand]);
        let found = brands.iter().find_map(|brand| Self::all(*brand).next());
        found.ok_or(Error::NoServer(brand.map_or("MariaDB or MySQL", Brand::title)))
    }

    /// The first program of a brand with the same series as `version`, which is its first two numbers: `10.11`, `8.0`.
    pub(crate) fn of_series(brand: Brand, version: &str) -> Option<Self> {
        Self::all_of_series(brand, version).next()
    }

    /// All programs on this host of a brand and of the series of `version`, in the order in which the folders are searched.
    pub(crate) fn all_of_series(brand: Brand, version: &str) -> impl Iterator<Item = Self> {
        let wanted = series(version);
        Self::all(brand).filter(move |program| wanted.is_some() && series(&program.version) == wanted)
    }

    /// Whether every user of this host can run the program: one that was unpacked below root's home, only root can.
    pub(crate) fn is_for_everybody(&self) -> bool {
        let open =
            |path: &Path| fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o001 != 0);
        self.path.ancestors().filter(|path| !path.as_os_str().is_empty()).all(open)
    }

    fn all(brand: Brand) -> impl Iterator<Item = Self> {
        let programs = candidates(brand).into_iter().filter_map(|path| Some(Self::of(&path, &ask(&path)?)));
        programs.filter(move |program| program.brand == brand)
    }

    fn of(path: &Path, said: &str) -> Self {
        let mut words = said.split_whitespace().skip_while(|word| *word != "Ver").skip(1);
        let version = words.next().unwrap_or_default().split('-').next().unwrap_or_default();
        let version = version.to_owned();
        Self { path: path.to_owned(), brand: Brand::says(said), version, lower_case: false }
    }

    /// Makes a data directory with system tables and an account `root` without password. The first server on it has to drop that
    /// account ([`super::without_installed`]) before it listens. With `by`, that user makes and owns the directory.
    pub(crate) fn install(&self, data: &Path, by: Option<HostUser>) -> Result<(), Error> {
        let mut command = match self.brand {
            Brand::Mariadb => {
                let mut command = Command::new(self.sibling("mariadb-install-db", "mysql_install_db"));
                command
                    // --force: the host may not be able to look up its own name.
                    .args(["--no-defaults", "--force"])
                    .args(["--auth-root-authentication-method=normal", "--skip-test-db"]);
                command
            }
            Brand::Mysql => {
                let mut command = Command::new(&self.path);
                command.args(["--no-defaults", "--initialize-insecure"]);
                command
            }
        };
        command.arg(format!("--datadir={}", data.display())).arg(tmpdir(data)?);
        command.args(self.storage());
        match by {
            Some(by) => {
                make_directory(data)?;
                by.give(data)?;
                by.give(&data.with_file_name("tmp"))?;
                command.uid(by.uid).gid(by.gid).current_dir("/").env("HOME", "/nonexistent");
            }
            None => _ = command.args(user()),
        }
        let what = "installing the system tables";
        let output = command.stdin(Stdio::null()).output().map_err(|e| failed(what, &e))?;
        if output.status.success() {
            return Ok(());
        }
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        let last: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).rev().take(3).collect();
        Err(failed(what, &last.into_iter().rev().collect::<Vec<_>>().join(" / ")))
    }

    /// Arguments that decide the form of the files on disk: the same for making, running and restoring a data directory.
    ///
    /// Without native asynchronous I/O every write is made by a thread of the server, so stopping the threads stops
    /// the writes: see `copy.rs`.
    pub(crate) fn storage(&self) -> Vec<String> {
        let log = match self.brand {
            Brand::Mariadb => "--innodb-log-file-size=64M",
            Brand::Mysql => "--innodb-redo-log-capacity=64M",
        };
        let mut arguments = vec![log.to_owned(), "--innodb-use-native-aio=0".to_owned()];
        // MySQL starts only with the value with which the data directory was made.
        arguments.extend(self.lower_case.then(|| "--lower-case-table-names=1".to_owned()));
        arguments
    }

    /// The path of a program that came with this one, by its name or by its older name.
    pub(crate) fn sibling(&self, name: &str, old: &str) -> PathBuf {
        let beside = self.path.parent().map(Path::to_owned).into_iter();
        let around = self.path.parent().and_then(Path::parent).into_iter();
        let around = around.flat_map(|up| [up.join("bin"), up.join("scripts")]);
        let folders: Vec<PathBuf> = beside.chain(around).chain(folders()).collect();
        let find = |name: &str| folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file());
        find(name).or_else(|| find(old)).unwrap_or_else(|| PathBuf::from(name))
    }
}

/// The first two numbers of a version: `10.11.19-MariaDB-log` is of 10.11.
pub(crate) fn series(version: &str) -> Option<(u16, u16)> {
    let mut numbers = version.split(|c: char| !c.is_ascii_digit()).map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}

/// Makes a temporary directory for one server beside its data, and returns the argument for it. MariaDB deletes every `#sql…`
/// there at its start: in a shared directory, temporary tables of other servers, too.
pub(crate) fn tmpdir(data: &Path) -> Result<String, Error> {
    let folder = data.with_file_name("tmp");
    make_directory(&folder)?;
    Ok(format!("--tmpdir={}", folder.display()))
}

/// `--user=root` for root: without it MariaDB and MySQL refuse to run as root.
pub(crate) fn user() -> Option<&'static str> {
    rustix::process::geteuid().is_root().then_some("--user=root")
}

fn folders() -> Vec<PathBuf> {
    let path = crate::config::environment("PATH").unwrap_or_default();
    let listed = path.split(':').filter(|folder| !folder.is_empty()).map(PathBuf::from);
    listed.chain(USUAL_FOLDERS.iter().map(PathBuf::from)).collect()
}

fn candidates(brand: Brand) -> Vec<PathBuf> {
    let names: &[&str] = match brand {
        Brand::Mariadb => &["mariadbd", "mysqld"],
        Brand::Mysql => &["mysqld"],
    };
    let mut folders = folders();
    // scripts/servers unpacks a MySQL here, on machines whose distribution has none.
    let home = crate::config::environment("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let cache = crate::config::environment("XDG_CACHE_HOME").map(PathBuf::from).or(home);
    folders.extend(cache.map(|cache| cache.join("refreshkit/mysql")));
    folders.push(PathBuf::from("/var/cache/refreshkit/mysql"));
    let paths = folders.iter().flat_map(|folder| names.iter().map(|name| folder.join(name)));
    paths.filter(|path| path.is_file()).collect()
}

/// What a program prints for `--version`; `None` if it is no server program that can be run.
fn ask(path: &Path) -> Option<String> {
    let output =
        Command::new(path).args(["--no-defaults", "--version"]).stdin(Stdio::null()).output().ok()?;
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (output.status.success() && said.contains("Ver ")).then_some(said)
}

pub(crate) fn failed(what: &str, detail: &impl std::fmt::Display) -> Error {
    Error::Server { what: what.to_owned(), detail: detail.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_is_the_first_two_numbers_of_a_version() {
        for (version, wanted) in [
            ("10.11.19-MariaDB-0+deb12u1-log", Some((10, 11))),
            ("8.0.39", Some((8, 0))),
            ("9.7", Some((9, 7))),
            ("8", None),
            ("", None),
            ("unknown", None),
        ] {
            assert_eq!(series(version), wanted, "{version}");
        }
    }

    #[test]
    fn a_server_of_no_series_or_of_one_that_is_not_here_has_no_program() {
        for version in ["1.2.3", "", "of its own"] {
            assert!(ServerProgram::of_series(Brand::Mariadb, version).is_none());
            assert!(ServerProgram::of_series(Brand::Mysql, version).is_none());
        }
    }

    #[test]
    fn names_in_lower_case_are_asked_for_wherever_a_data_directory_is_made_or_run() {
        let said = "mysqld  Ver 9.7.4 for Linux on x86_64";
        let program = ServerProgram::of(Path::new("mysqld"), said);
        let asks =
            |program: &ServerProgram| program.storage().iter().any(|a| a == "--lower-case-table-names=1");
        assert!(!asks(&program));
        assert!(asks(&ServerProgram { lower_case: true, ..program }));
    }
}
