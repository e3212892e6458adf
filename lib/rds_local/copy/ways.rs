//! The methods to copy a live server, and which of them work for a source.

use std::process::{Command, Stdio};

use mysql::Row;

use super::source::CopySource;
use crate::engine::{self, Brand, ServerProgram, series};
use crate::house::House;
use crate::mysql::{Session, number};
use crate::rds_local::error::Error;

/// Engines that keep their rows in the data directory. Others (FEDERATED, SPIDER, CONNECT, S3) keep them elsewhere, also for a
/// copy of the files: the pipe's changes to the copy would be made there.
const LOCAL_ENGINES: &[&str] =
    &["InnoDB", "MyISAM", "Aria", "MEMORY", "CSV", "ARCHIVE", "MRG_MyISAM", "SEQUENCE", "BLACKHOLE"];

/// How a server is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum CopyMethod {
    /// MySQL's CLONE plugin: its files, over the network
    Clone,
    /// mariadb-backup: its files, on this host
    MariadbBackup,
    /// mysqldump or mariadb-dump, loaded again: from any server, slowly
    Dump,
}

impl CopyMethod {
    /// The word for the method on the command line.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Clone => "clone",
            Self::MariadbBackup => "mariadb-backup",
            Self::Dump => "dump",
        }
    }
}

/// Returns the method of `--by`, and fails if it does not work. Without `--by`: the best one for the brand, or a dump if that one
/// does not work.
pub(super) fn choose(
    house: &House,
    (source, session): (&CopySource, &mut Session),
    program: &ServerProgram,
    wanted: Option<CopyMethod>,
) -> Result<CopyMethod, Error> {
    let best = wanted.unwrap_or(match source.brand {
        Brand::Mysql => CopyMethod::Clone,
        Brand::Mariadb => CopyMethod::MariadbBackup,
    });
    match (obstacle(source, session, program, best)?, wanted) {
        (None, _) => Ok(best),
        (Some(why), Some(way)) => Err(Error::NoWay { way: way.word(), why }),
        (Some(why), None) => {
            house.progress.say(&format!("copying by dump, since {} cannot: {why}", best.word()));
            Ok(CopyMethod::Dump)
        }
    }
}

/// Returns why a method does not work for this source, or `None` if it does.
fn obstacle(
    source: &CopySource,
    session: &mut Session,
    program: &ServerProgram,
    way: CopyMethod,
) -> Result<Option<String>, Error> {
    let other_version = || {
        (series(&source.version) != series(&program.version)).then(|| {
            format!("{} is {}, the source {}", program.path.display(), program.version, source.version)
        })
    };
    Ok(match way {
        CopyMethod::Clone if source.brand != Brand::Mysql => Some("the source is MariaDB".to_owned()),
        CopyMethod::MariadbBackup if source.brand != Brand::Mariadb => Some("the source is MySQL".to_owned()),
        CopyMethod::Clone => match other_version().or_else(|| clone_obstacle(source, program)) {
            None => clone_refusal(source, session)?,
            why => why,
        },
        CopyMethod::MariadbBackup => match other_version().or_else(|| backup_obstacle(source, program)) {
            None => match source.not_of(LOCAL_ENGINES, session)? {
                Some(which) => {
                    Some(format!("{which}, whose rows may be elsewhere: the copy would write there"))
                }
                // MariaDB's versions differ in whether and where they list files, so an error is no obstacle. `backup::fill`
                // checks the copied files.
                None => {
                    engine::file_elsewhere(session, source.variable("datadir")).unwrap_or(None).map(outside)
                }
            },
            why => why,
        },
        CopyMethod::Dump => None,
    })
}

/// True when a server of this version can clone to and from another patch of its series: 8.0.37 and later, 8.4 and later.
fn clones_across_patches(version: &str) -> bool {
    let patch =
        version.split(|c: char| !c.is_ascii_digit()).nth(2).and_then(|patch| patch.parse::<u16>().ok());
    match series(version) {
        Some((8, 0)) => patch.is_some_and(|patch| patch >= 37),
        Some(series) => series > (8, 3),
        None => false,
    }
}

fn is_exactly(source: &str, program: &str) -> bool {
    source.split(|c: char| !c.is_ascii_digit() && c != '.').next() == Some(program)
}

fn clone_obstacle(source: &CopySource, program: &ServerProgram) -> Option<String> {
    let both = [&source.version, &program.version];
    if !is_exactly(&source.version, &program.version) && !both.iter().all(|one| clones_across_patches(one)) {
        return Some(format!(
            "the source is {}, {} {}, and only 8.0.37 and later clone from another patch",
            source.version,
            program.path.display(),
            program.version
        ));
    }
    if source.address().is_none() {
        return Some(
            "the source does not listen at a port of this host or of a host that is named".to_owned(),
        );
    }
    if !source.local && source.options.tls_ca.is_none() {
        return Some(format!(
            "{} is on another host and has no ssl-ca, so the password would go to whoever answers",
            source.file.display()
        ));
    }
    // The recipient's data directory has these values.
    [("innodb_page_size", "16384"), ("innodb_data_file_path", "ibdata1:12M:autoextend")]
        .into_iter()
        .find(|(name, usual)| source.variable(name) != *usual)
        .map(|(name, usual)| format!("{name} of the source is {}, not {usual}", source.variable(name)))
}

/// Returns why the source would refuse a clone, or `None`. Checked beforehand, since a clone that fails in the middle costs time.
fn clone_refusal(source: &CopySource, session: &mut Session) -> Result<Option<String>, Error> {
    if !has_clone(session)? {
        let why = "the source does not have the plugin: INSTALL PLUGIN clone SONAME 'mysql_clone.so'";
        return Ok(Some(why.to_owned()));
    }
    let user = source.options.user.as_deref().unwrap_or_default();
    let lacks = |right: &str| Ok(Some(format!("{user} lacks {right}: GRANT {right} ON *.* TO …")));
    if !may_back_up(session)? {
        return lacks("BACKUP_ADMIN");
    }
    match engine::file_elsewhere(session, source.variable("datadir")) {
        Err(engine::Error::MySql(e)) if e.number() == Some(number::SPECIFIC_ACCESS_DENIED) => {
            return lacks("PROCESS");
        }
        Err(e) => return Err(e.into()),
        Ok(Some(file)) => return Ok(Some(outside(file))),
        Ok(None) => {}
    }
    Ok(source.not_of(&["InnoDB"], session)?.map(|which| format!("{which}, which it would leave empty")))
}

/// True when the account may copy files. Takes and releases the lock that a clone takes, so that a right through a role counts
/// too. The lock does not block changes to rows.
fn may_back_up(session: &mut Session) -> Result<bool, Error> {
    let deed = "asking for the right to copy files";
    session.run(deed, "SET SESSION lock_wait_timeout = 1")?;
    match session.run(deed, "LOCK INSTANCE FOR BACKUP") {
        Ok(_) => session.run(deed, "UNLOCK INSTANCE").map(|_| true).map_err(Into::into),
        // The right is there, but a running DDL statement holds up the lock.
        Err(e) if e.number() == Some(number::LOCK_WAIT_TIMEOUT) => Ok(true),
        Err(e) if e.number() == Some(number::SPECIFIC_ACCESS_DENIED) => Ok(false),
        Err(e) => Err(e.into()),
    }
}

fn outside(file: impl std::fmt::Display) -> String {
    format!("{file} lies outside the data directory of the source: the copy would be of that file")
}

fn backup_obstacle(source: &CopySource, program: &ServerProgram) -> Option<String> {
    if !source.local {
        return Some("the source is on another host".to_owned());
    }
    if let Some(why) = source.is_elsewhere() {
        return Some(why);
    }
    let tool = program.sibling("mariadb-backup", "mariabackup");
    let Ok(output) = Command::new(&tool).arg("--version").stdin(Stdio::null()).output() else {
        return Some("it is not installed (package mariadb-backup)".to_owned());
    };
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let own = said.split_whitespace().find_map(series);
    (own != series(&source.version))
        .then(|| format!("{} says {:?}, and the source is {}", tool.display(), said.trim(), source.version))
}

fn has_clone(session: &mut Session) -> Result<bool, Error> {
    let rows: Vec<Row> = session.rows("looking for the clone plugin", "SHOW PLUGINS")?;
    let is = |row: &Row, at: usize, word: &str| {
        row.get_opt::<String, _>(at).is_some_and(|text| text.is_ok_and(|text| text == word))
    };
    Ok(rows.iter().any(|row| is(row, 0, "clone") && is(row, 1, "ACTIVE")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_newer_versions_clone_from_another_patch() {
        for (version, wanted) in [
            ("8.0.36-0ubuntu0.22.04.1", false),
            ("8.0.37", true),
            ("8.1.0", false),
            ("8.3.0", false),
            ("8.4.1", true),
            ("9.7.0", true),
            ("", false),
        ] {
            assert_eq!(clones_across_patches(version), wanted, "{version}");
        }
        assert!(is_exactly("8.0.36-0ubuntu0.22.04.1", "8.0.36") && !is_exactly("8.0.36", "8.0.35"));
    }
}
