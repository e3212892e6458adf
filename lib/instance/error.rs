//! What can stop an instance. Until the switch is through, the old one serves on.

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
    /// A server said no.
    #[error(transparent)]
    Mysql(#[from] mysql::Error),
    /// A server could not be made, started or copied.
    #[error(transparent)]
    Engine(#[from] engine::Error),
    /// The dump, the branch, or a target that is no instance.
    #[error(transparent)]
    Restore(#[from] restore::Error),
    /// The branch or its migrations.
    #[error(transparent)]
    Migrate(#[from] migrate::Error),
    /// The directory of dumps.
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
    /// The directory holds something else.
    #[error("{} was not made by dev-restore, so nothing is put there", path.display())]
    NotOurs {
        /// Path of the directory that holds something else.
        path: PathBuf,
    },
    /// Others could put something else there.
    #[error("{} cannot hold instances: {why}", path.display())]
    Place {
        /// Path of the directory of the instances.
        path: PathBuf,
        /// What is wrong with the directory.
        why: String,
    },
    /// There is nobody to run the servers as.
    #[error("[targets.{target}]: root runs no instance as itself, and this host has no user {wanted}")]
    NoUser {
        /// Name of the target.
        target: String,
        /// The user that was looked for.
        wanted: String,
    },
    /// A word for database targets, or the other way round.
    #[error("target {target} {why}")]
    WrongKind {
        /// Name of the target.
        target: String,
        /// What does not fit that kind of target, as the end of a sentence.
        why: String,
    },
    /// Another run is at work on the target.
    #[error("target {target} is being worked on by {holder}")]
    Held {
        /// Name of the target.
        target: String,
        /// Who is at work: for whom, which process and since when.
        holder: String,
    },
    /// The server software was replaced, and what it made before may not be its any more.
    #[error("{} has the version {is} now, and the instance of {target} was made with {was}", program.display())]
    OtherVersion {
        /// Name of the target.
        target: String,
        /// Path of the server program.
        program: PathBuf,
        /// The version that the program is of now.
        is: String,
        /// The version that it was of when the instance was made.
        was: String,
    },
    /// Somebody else listens at the instance's port.
    #[error("port {port} of target {target} is taken by somebody else")]
    PortTaken {
        /// Name of the target.
        target: String,
        /// TCP port that the instance would listen at.
        port: u16,
    },
    /// All ports of a pattern are given away.
    #[error("no port of [targets.{target:?}] is free")]
    NoPort {
        /// The pattern, as the target's name has it in `refresh.toml`.
        target: String,
    },
    /// The file system has too little room for what is to be made.
    #[error("{needed} bytes are needed in {}, {free} are free", path.display())]
    Disk {
        /// Bytes that are needed, by estimate.
        needed: u64,
        /// Bytes that are free there.
        free: u64,
        /// Path of the directory of the instances.
        path: PathBuf,
    },
    /// What was made would have filled the disk that other servers write to.
    #[error("{} ran full: what was made there was stopped with {free} bytes left, and is removed", path.display())]
    RanFull {
        /// Bytes that were free when it was stopped.
        free: u64,
        /// Path of the directory of the instances.
        path: PathBuf,
        /// What it was doing, as the failure that came of it.
        source: Option<Box<Error>>,
    },
    /// A dump that cannot be a template.
    #[error("{dump} cannot be a template: {why}")]
    NoTemplate {
        /// File name of the dump.
        dump: String,
        /// What the dump has that a template cannot have.
        why: String,
    },
    /// The server answered, but not as ours, or not to the developer's login.
    #[error("the new instance of {target} is not reached at {address}: {why}")]
    NotReached {
        /// Name of the target.
        target: String,
        /// Host and port of the instance: `127.0.0.1:3317`.
        address: String,
        /// What the login met there instead.
        why: String,
    },
    /// The target has nothing of the kind that is asked for.
    #[error("target {target} has {what}")]
    Nothing {
        /// Name of the target.
        target: String,
        /// What is missing, as `no instance yet`.
        what: &'static str,
    },
    /// Somebody is connected to the instance.
    #[error("target {target} is in use by {who}")]
    InUse {
        /// Name of the target.
        target: String,
        /// The accounts that are connected to it.
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
