//! How the four RDS tools fail.

use crate::aws::{self, CallFailure, FaultClass};
use crate::document::{Ending, Exit, Failure, Interrupted, JournalError};
use crate::rds::poll::states;

/// Why an RDS tool stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A signal (SIGINT, SIGTERM) ended the work.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    /// The journal of the run cannot be read or written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// `refresh.toml` or the environment is wrong.
    #[error(transparent)]
    Config(#[from] crate::config::Error),
    /// The copy's server, or its option file, failed.
    #[error(transparent)]
    Mysql(Box<crate::mysql::Error>),
    /// A call of the service failed.
    #[error(transparent)]
    Call(#[from] CallFailure),
    /// The configuration for AWS (region, credentials, endpoint) is missing or wrong.
    #[error(transparent)]
    Aws(#[from] aws::Error),
    /// `rds-restore --check` made this many findings that are wrong.
    #[error("{0} of the findings are wrong: the night would fail")]
    Check(usize),
    /// The check before the snapshot found that the run would fail.
    #[error("the night would fail: {said}")]
    Hopeless {
        /// Everything that the check found wrong, as one text.
        said: String,
        /// The lines to paste into `refresh.toml`.
        lines: String,
    },
    /// The source is a Multi-AZ DB cluster: one writer and two readers with storage of their own.
    #[error("{0} is a Multi-AZ DB cluster, and those are restored by other calls than Aurora's")]
    MultiAz(String),
    /// The service would not take a name that was given.
    #[error("{what} {name:?} {problem}")]
    Name {
        /// The kind of resource that the name is for: `snapshot`, `cluster` …
        what: &'static str,
        /// The name that was given.
        name: String,
        /// What is wrong with the name.
        problem: &'static str,
    },
    /// A flag or a setting is missing.
    #[error("{0}")]
    Missing(&'static str),
    /// The file with the certificate authorities for the copy cannot be used.
    #[error("[restore] tls_ca {path}: {problem}")]
    Authorities {
        /// Path of the file, as `[restore] tls_ca` names it.
        path: String,
        /// What is wrong with the file.
        problem: String,
    },
    /// The source is an instance of a cluster: snapshots are taken of the whole cluster.
    #[error("instance {instance} belongs to cluster {cluster}")]
    Member {
        /// Identifier of the instance that was asked for.
        instance: String,
        /// Identifier of the cluster that it belongs to.
        cluster: String,
    },
    /// The source runs another database than MySQL.
    #[error("{what} is {engine}, not MySQL")]
    Engine {
        /// The source, with its kind and identifier.
        what: String,
        /// Engine of the source, as the service names it.
        engine: String,
    },
    /// The document lacks what this tool works on, or is of another run.
    #[error("{0}")]
    Document(String),
    /// A resource that must exist does not.
    #[error("there is no {0} at the RDS endpoint")]
    NoSuch(String),
    /// A resource with the name that this run would give exists, and is not of this run.
    #[error("{what} exists already and is not of this run: {why}")]
    Conflict {
        /// The resource, with its kind and identifier.
        what: String,
        /// Why it is not of this run.
        why: String,
    },
    /// The resource is in a status that it does not leave by itself.
    #[error("{what} is {status}{events}")]
    Terminal {
        /// The resource that was waited for, with its kind and identifier.
        what: String,
        /// The status that it does not leave: `failed`, `deleting` …
        status: String,
        /// What the service says about it, as ` (…)`, or nothing.
        events: String,
    },
    /// The resource was not ready before the timeout.
    #[error("{what} is still {status} after {waited}{events}")]
    TimedOut {
        /// The resource that was waited for, with its kind and identifier.
        what: String,
        /// Its last status, or the last fault.
        status: String,
        /// How long the wait took.
        waited: String,
        /// What the service says about it, as ` (…)`, or nothing.
        events: String,
    },
    /// The snapshot exists, but is not available yet.
    #[error("{what} is {status}, not available")]
    NotReady {
        /// The snapshot, with its kind and identifier.
        what: String,
        /// Status of the snapshot, such as `creating`.
        status: String,
    },
    /// A fallback was needed, and there is none.
    #[error("{why}, and there is nothing to fall back to: {none}")]
    NoFallback {
        /// Why a fallback was needed.
        why: String,
        /// Why no snapshot is fit to fall back to.
        none: String,
    },
    /// No login to the copy succeeded in time.
    #[error("cannot log in to {what} within {waited}")]
    Login {
        /// Login of the copy, as `user@host:port`.
        what: String,
        /// How long the attempts went on.
        waited: String,
        /// What the copy answered at the last attempt.
        source: Box<crate::mysql::Error>,
    },
    /// The guard refused to delete one or more resources; the text names each with its reason.
    #[error("refused to delete {0}")]
    Refused(String),
    /// The document or journal has resources of kinds that only a newer version knows.
    #[error("this version does not know how to delete {}", .0.join(", "))]
    UnknownKinds(Vec<String>),
    /// Some resources are not deleted yet.
    #[error("not deleted yet: {list}")]
    Left {
        /// Each resource that is left, with the reason in parentheses.
        list: String,
        /// Whether trying again may help.
        retryable: bool,
    },
}

impl From<crate::mysql::Error> for Error {
    fn from(error: crate::mysql::Error) -> Self {
        Self::Mysql(Box::new(error))
    }
}

impl Failure for Error {
    fn ending(&self) -> Ending {
        match self {
            Self::Interrupted(inner) => inner.ending(),
            Self::Journal(inner) => inner.ending(),
            Self::Config(inner) => inner.ending(),
            Self::Mysql(inner) => inner.ending(),
            Self::Call(fault) => fault.ending(),
            Self::Aws(inner) => inner.ending(),
            Self::Name { .. } => Ending::new(Exit::BadConfig, "bad-name")
                .hint("names are 1 to 63 letters, digits and single hyphens, beginning with a letter"),
            Self::Check(_) => Ending::new(Exit::BadConfig, "check")
                .hint("what is WRONG above comes with the lines for refresh.toml where they are known"),
            Self::Hopeless { lines, .. } => Ending::new(Exit::BadConfig, "check").hint(format!(
                "no snapshot was taken; rds-restore --check tells everything, and rds-snap --no-check goes on without asking (where flags of the tools after it say otherwise){}{lines}",
                if lines.is_empty() { "" } else { "; for refresh.toml:\n" }
            )),
            Self::MultiAz(_) => Ending::new(Exit::BadConfig, "bad-config")
                .hint("name an Aurora cluster, or an RDS instance; mydehydrate --source reads this one as a server"),
            Self::Authorities { .. } => Ending::new(Exit::BadConfig, "tls-ca").hint(
                "the RDS bundle: https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem",
            ),
            Self::Missing(_) => Ending::new(Exit::BadConfig, "bad-config"),
            Self::Member { cluster, .. } => Ending::new(Exit::BadConfig, "bad-config")
                .hint(format!("give --cluster {cluster}, or set it in [source]")),
            Self::Engine { .. } => Ending::new(Exit::BadConfig, "bad-config")
                .hint("name an Aurora MySQL cluster, or an RDS instance of MySQL or MariaDB"),
            Self::Document(_) => Ending::new(Exit::BadInput, "incomplete-document"),
            Self::NoSuch(_) => Ending::new(Exit::Unavailable, "not-found")
                .hint("check the name, AWS_REGION and the account of the credentials"),
            Self::Conflict { .. } => Ending::new(Exit::Refused, "conflict")
                .hint("use another --run, or another [snapshot] prefix in refresh.toml; rds-drop leaves it alone"),
            Self::Terminal { what, status, .. } => {
                let ending = Ending::new(Exit::Unavailable, "terminal-state");
                if status == states::NO_MACHINE {
                    return Ending { hint: FaultClass::Capacity.ending().hint, ..ending };
                }
                ending.hint(if what.starts_with("snapshot ") {
                    "try again, or let [snapshot] fallback take another one: \"automated\" or \"pitr\""
                } else {
                    "the RDS console may say more; rds-drop removes what this run created"
                })
            }
            Self::TimedOut { .. } => Ending::new(Exit::Temporary, "timed-out")
                .hint("give it longer with --timeout; rds-drop removes what this run created"),
            Self::NotReady { .. } => {
                Ending::new(Exit::Temporary, "not-ready").hint("put rds-wait before this tool")
            }
            Self::NoFallback { .. } => Ending::new(Exit::Unavailable, "no-fallback")
                .hint("try --fallback pitr, or a longer [snapshot] max_age, or turn automated backups on"),
            Self::Login { .. } => Ending::new(Exit::Unavailable, "no-login").hint(
                "check [restore] security_groups and subnet_group, and tls_ca (the RDS certificate bundle)",
            ),
            Self::Refused(_) => Ending::new(Exit::Refused, "refused")
                .hint("what is not this run's own must be deleted by hand; rds-drop --any-owner deletes what another host of yours made"),
            Self::UnknownKinds(_) => Ending::new(Exit::Unavailable, "unknown-kind")
                .hint("run rds-drop of the version that made it; it is still in `resources`"),
            Self::Left { retryable, .. } => {
                let exit = if *retryable { Exit::Temporary } else { Exit::Unavailable };
                Ending::new(exit, "not-deleted")
                    .hint("run rds-drop --run ID again; the journal and the tags still know what is left")
            }
        }
    }
}
