//! Errors of work on instances. Until a switch has succeeded the old generation stays in use.

use std::path::{Path, PathBuf};

use crate::document::{Ending, Exit, Failure, Interrupted};
use crate::{archive, config, engine, migrate, mysql, restore};

/// Why an instance was not baked, refreshed, stopped, started or removed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// `refresh.toml` or the environment is wrong.
    #[error(transparent)]
    Config(#[from] config::Error),
    /// A login or a statement failed on a server.
    #[error(transparent)]
    Mysql(#[from] mysql::Error),
    /// A server could not be made, started, stopped or copied.
    #[error(transparent)]
    Engine(#[from] engine::Error),
    /// The room `restore` failed: a dump, an unknown target, or a database target.
    #[error(transparent)]
    Restore(#[from] restore::Error),
    /// The branch, or one of its migrations, failed.
    #[error(transparent)]
    Migrate(#[from] migrate::Error),
    /// The directory of dumps, or a dump in it, failed.
    #[error(transparent)]
    Archive(#[from] archive::Error),
    /// A signal (SIGINT, SIGTERM) ended the work.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    /// A file operation failed.
    #[error("cannot {deed} {}", path.display())]
    File {
        /// What was tried, as a verb: `read`, `write`, `make` …
        deed: &'static str,
        /// Path of the file or directory.
        path: PathBuf,
        /// What the operating system answered.
        source: std::io::Error,
    },
    /// The directory is not empty and has no marker of ours.
    #[error("{} was not made by dev-restore, so nothing is put there", path.display())]
    NotOurs {
        /// Path of the directory without our marker.
        path: PathBuf,
    },
    /// The directory is not fit to hold instances.
    #[error("{} cannot hold instances: {why}", path.display())]
    Place {
        /// Path of the directory of the instances.
        path: PathBuf,
        /// What is wrong with the directory.
        why: String,
    },
    /// The tool is root, and the user that is to run the servers does not exist.
    #[error("[targets.{target}]: root runs no instance as itself, and this host has no user {wanted}")]
    NoUser {
        /// Name of the target.
        target: String,
        /// The user that was looked for.
        wanted: String,
    },
    /// A command, flag or database that does not fit an instance or does not fit a database target.
    #[error("target {target} {why}")]
    WrongKind {
        /// Name of the target.
        target: String,
        /// What does not fit, as the end of a sentence about the target.
        why: String,
    },
    /// Another run holds the lock of the target.
    #[error("target {target} is being worked on by {holder}")]
    Held {
        /// Name of the target.
        target: String,
        /// The holder of the lock: for whom it works, its process, and since when.
        holder: String,
    },
    /// The server program has another version than when the instance was made, and may not be able to read its data.
    #[error("{} has the version {is} now, and the instance of {target} was made with {was}", program.display())]
    OtherVersion {
        /// Name of the target.
        target: String,
        /// Path of the server program.
        program: PathBuf,
        /// The present version of the program.
        is: String,
        /// The version with which the instance was made.
        was: String,
    },
    /// Another process listens at the instance's port.
    #[error("port {port} of target {target} is taken by somebody else")]
    PortTaken {
        /// Name of the target.
        target: String,
        /// TCP port of the instance.
        port: u16,
    },
    /// All ports of a pattern are given to targets or taken by other processes.
    #[error("no port of [targets.{target:?}] is free")]
    NoPort {
        /// The pattern, as `[targets]` of `refresh.toml` has it.
        target: String,
    },
    /// The file system has too few free bytes for a copy, a template or a server's start.
    #[error("{needed} bytes are needed in {}, {free} are free", path.display())]
    Disk {
        /// Bytes that are needed, by estimate.
        needed: u64,
        /// Free bytes on the file system of `path`.
        free: u64,
        /// Path of the directory of the instances.
        path: PathBuf,
    },
    /// A copy or a template would have filled the disk that other servers write to.
    #[error("{} ran full: what was made there was stopped with {free} bytes left, and is removed", path.display())]
    RanFull {
        /// Free bytes when the work was stopped.
        free: u64,
        /// Path of the directory of the instances.
        path: PathBuf,
        /// The error with which the stopped work ended, if any.
        source: Option<Box<Error>>,
    },
    /// The dump cannot be made into a template.
    #[error("{dump} cannot be a template: {why}")]
    NoTemplate {
        /// File name of the dump.
        dump: String,
        /// What is wrong with the dump or with the data that came of it.
        why: String,
    },
    /// The developer's login to the new instance fails, or another server answers it.
    #[error("the new instance of {target} is not reached at {address}: {why}")]
    NotReached {
        /// Name of the target.
        target: String,
        /// Host and port of the instance: `127.0.0.1:3317`.
        address: String,
        /// Why the login failed, or which server answered.
        why: String,
    },
    /// The target has no instance, no such generation or no earlier state, so the command has nothing to work on.
    #[error("target {target} has {what}")]
    Nothing {
        /// Name of the target.
        target: String,
        /// What is missing, such as `no instance yet`.
        what: &'static str,
    },
    /// The instance is not removed, since somebody is connected to it.
    #[error("target {target} is in use by {who}")]
    InUse {
        /// Name of the target.
        target: String,
        /// The connected accounts: `user@host`.
        who: String,
    },
}

impl Error {
    /// Makes an error of a file operation, for `map_err`.
    pub(crate) fn file(deed: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { deed, path, source }
    }
}

impl Failure for Error {
    fn ending(&self) -> Ending {
        match self {
            Self::Config(inner) => inner.ending(),
            Self::Mysql(inner) => inner.ending(),
            Self::Engine(inner) => inner.ending(),
            Self::Restore(inner) => inner.ending(),
            Self::Migrate(inner) => inner.ending(),
            Self::Archive(inner) => inner.ending(),
            Self::Interrupted(inner) => {
                inner.ending().hint("the instance is as it was, or is so after: dev-restore status --repair")
            }
            Self::File { .. } => Ending::new(Exit::CannotWrite, "instance-file"),
            Self::NotOurs { .. } => Ending::new(Exit::Refused, "not-ours")
                .hint("name a directory that is empty or not there yet: instance = \"…\""),
            Self::Place { .. } => Ending::new(Exit::Refused, "instance-place"),
            Self::NoUser { .. } => Ending::new(Exit::BadConfig, "no-user").hint(
                "useradd --system --no-create-home --shell /usr/sbin/nologin refreshkit; or run_as = \"…\"",
            ),
            Self::WrongKind { .. } => Ending::new(Exit::BadConfig, "wrong-kind-of-target"),
            Self::Held { .. } => {
                Ending::new(Exit::Temporary, "target-held").hint("try again when it is done, or wait: --wait")
            }
            Self::PortTaken { .. } => Ending::new(Exit::Unavailable, "port-taken")
                .hint("ss -ltnp shows by whom; or another port = … for this target"),
            Self::OtherVersion { target, .. } => Ending::new(Exit::Unavailable, "other-version")
                .hint(format!("make it anew: dev-restore --target {target}")),
            Self::NoPort { .. } => Ending::new(Exit::Unavailable, "no-port")
                .hint("dev-restore targets shows what is there, dev-restore drop NAME removes it"),
            Self::Disk { .. } | Self::RanFull { .. } => Ending::new(Exit::CannotWrite, "disk-too-small")
                .hint("dev-restore targets shows sizes, dev-restore drop NAME removes an instance"),
            Self::NoTemplate { .. } => Ending::new(Exit::Refused, "no-template"),
            Self::NotReached { .. } => Ending::new(Exit::Unavailable, "not-reached"),
            Self::Nothing { target, .. } => {
                Ending::new(Exit::BadInput, "nothing-there").hint(format!("dev-restore --target {target}"))
            }
            Self::InUse { .. } => {
                Ending::new(Exit::Temporary, "in-use").hint("--force removes it all the same")
            }
        }
    }
}
