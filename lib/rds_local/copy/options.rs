//! The flags of `rds-local copy` and `rds-local drop`.

use std::path::{Path, PathBuf};

use super::ways::CopyMethod;
use crate::rds_local::error::Error;

/// Flags of `rds-local copy`.
#[derive(Debug, Clone, clap::Args)]
pub struct CopyOptions {
    /// Option file of the server to copy: [client] with host and port or socket, user and password
    #[arg(long, value_name = "FILE.cnf")]
    pub from: PathBuf,

    /// How to copy it [default: clone or mariadb-backup where they can be had, else dump]
    #[arg(long, value_enum)]
    pub by: Option<CopyMethod>,

    /// Where the copy is
    #[command(flatten)]
    pub place: PlaceOptions,

    /// The server program that runs the copy [default: one of the source's version]
    #[arg(long, value_name = "PATH")]
    pub server: Option<PathBuf>,

    /// The user that the copy runs as, where this tool is root [default: refreshkit, else mysql]
    #[arg(long, value_name = "USER")]
    pub run_as: Option<String>,

    /// InnoDB's buffer pool of the copy
    #[arg(long, value_name = "SIZE", default_value = "256M", value_parser = size)]
    pub memory: String,
}

/// Flags of `rds-local drop`.
#[derive(Debug, Clone, clap::Args)]
pub struct LocalDropOptions {
    /// Remove every copy of ours that has expired, of any run; reads no document
    #[arg(long, conflicts_with = "run")]
    pub expired: bool,

    /// Where the copies are
    #[command(flatten)]
    pub place: PlaceOptions,
}

/// Where throw-away copies are kept on this host.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct PlaceOptions {
    /// Directory of the copies, on a local disk [default: the state directory's name with -copies]
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

impl PlaceOptions {
    /// Returns the absolute path of the directory of the copies.
    pub(super) fn dir(&self, state_dir: &Path) -> Result<PathBuf, Error> {
        let named = self.dir.clone().unwrap_or_else(|| {
            let mut name = state_dir.as_os_str().to_owned();
            name.push("-copies");
            PathBuf::from(name)
        });
        std::path::absolute(&named).map_err(Error::file("find", &named))
    }
}

/// Checks a size such as `256M`. It goes into an option file as it is, so nothing else is accepted.
fn size(text: &str) -> Result<String, String> {
    let number = text.strip_suffix(['K', 'M', 'G', 'k', 'm', 'g']).unwrap_or(text);
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("a size is a number with K, M or G behind it".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_beside_the_state_directory() {
        let dir = |named: Option<&str>| {
            PlaceOptions { dir: named.map(PathBuf::from) }.dir(Path::new("/var/lib/refreshkit")).unwrap()
        };
        assert_eq!(dir(None), Path::new("/var/lib/refreshkit-copies"));
        assert_eq!(dir(Some("/srv/copies")), Path::new("/srv/copies"));
    }

    #[test]
    fn a_size_holds_no_other_setting() {
        assert_eq!(size("1G").as_deref(), Ok("1G"));
        for wrong in ["", "M", "1G\nlog-bin", "-1", "1 G"] {
            assert!(size(wrong).is_err(), "{wrong:?}");
        }
    }
}
