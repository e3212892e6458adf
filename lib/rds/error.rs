//! How the four RDS tools fail.

use super::api::{Fault, FaultClass};
use crate::document::{Exit, Failure, Interrupted, JournalError};
use crate::rds::poll::states;

/// Why an RDS tool stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A signal.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The configuration.
    #[error(transparent)]
    Config(#[from] crate::config::Error),
    /// The copy's server, or its option file.
    #[error(transparent)]
    Mysql(Box<crate::mysql::Error>),
    /// A call of the service.
    #[error(transparent)]
    Call(#[from] Fault),
    /// The region is nowhere.
    #[error("no AWS region is set")]
    NoRegion,
    /// The region is no region.
    #[error("{0:?} is no AWS region")]
    Region(String),
    /// A configured endpoint.
    #[error(
        "the endpoint of {service} (${variable}, $AWS_ENDPOINT_URL, endpoint_url in ~/.aws/config): {problem}"
    )]
    Endpoint {
        /// Of which service.
        service: &'static str,
        /// The service's own variable.
        variable: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A secret cannot be read.
    #[error("cannot read the secret {id}: {source}")]
    Secret {
        /// Its ARN or name.
        id: String,
        /// Why not.
        source: Fault,
    },
    /// A secret without a password.
    #[error("the secret {0} is no JSON object with a \"password\"")]
    NoPassword(String),
    /// A token cannot be made.
    #[error("cannot make an RDS IAM token: {0}")]
    Token(String),
    /// The runtime for the SDK cannot be built.
    #[error("cannot start the AWS client")]
    Runtime(#[source] std::io::Error),
    /// A name that the service would not take.
    #[error("{what} {name:?} {problem}")]
    Name {
        /// What is named.
        what: &'static str,
        /// The name.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A flag or a setting that is missing.
    #[error("{0}")]
    Missing(&'static str),
    /// Snapshots are taken of the whole cluster.
    #[error("instance {instance} belongs to cluster {cluster}")]
    Member {
        /// The instance.
        instance: String,
        /// Its cluster.
        cluster: String,
    },
    /// Another database.
    #[error("{what} is {engine}, not MySQL")]
    Engine {
        /// What.
        what: String,
        /// Its engine.
        engine: String,
    },
    /// The document lacks what this tool works on.
    #[error("{0}")]
    Document(String),
    /// Something that must be there is not.
    #[error("there is no {0} at the RDS endpoint")]
    NoSuch(String),
    /// Something with our name belongs to somebody else.
    #[error("{what} exists already and is not of this run: {why}")]
    Conflict {
        /// What.
        what: String,
        /// How that is known.
        why: String,
    },
    /// Waiting will not help.
    #[error("{what} is {status}{events}")]
    Terminal {
        /// What was waited for.
        what: String,
        /// Its status.
        status: String,
        /// What the service says about it, as ` (…)`, or nothing.
        events: String,
    },
    /// Waiting took too long.
    #[error("{what} is still {status} after {waited}{events}")]
    TimedOut {
        /// What was waited for.
        what: String,
        /// Its last status, or the last fault.
        status: String,
        /// How long it was waited for.
        waited: String,
        /// What the service says about it, as ` (…)`, or nothing.
        events: String,
    },
    /// The snapshot is not there yet.
    #[error("{what} is {status}, not available")]
    NotReady {
        /// What.
        what: String,
        /// Its status.
        status: String,
    },
    /// No snapshot to fall back to.
    #[error("{why}, and there is nothing to fall back to: {none}")]
    NoFallback {
        /// Why a fallback was needed.
        why: String,
        /// Why there is none.
        none: String,
    },
    /// The copy does not let us in.
    #[error("cannot log in to {what} within {waited}")]
    Login {
        /// The copy.
        what: String,
        /// How long it was tried.
        waited: String,
        /// The last answer.
        source: Box<crate::mysql::Error>,
    },
    /// A guard said no, to one or more.
    #[error("refused to delete {0}")]
    Refused(String),
    /// A newer version made it.
    #[error("this version does not know how to delete {}", .0.join(", "))]
    UnknownKinds(Vec<String>),
    /// Something is still there.
    #[error("not deleted yet: {list}")]
    Left {
        /// What, and why.
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
    fn exit(&self) -> Exit {
        match self {
            Self::Interrupted(inner) => inner.exit(),
            Self::Journal(inner) => inner.exit(),
            Self::Config(inner) => inner.exit(),
            Self::Mysql(inner) => inner.exit(),
            Self::Call(fault) | Self::Secret { source: fault, .. } => exit_of(fault),
            Self::NoRegion
            | Self::Region(_)
            | Self::Endpoint { .. }
            | Self::NoPassword(_)
            | Self::Token(_)
            | Self::Missing(_)
            | Self::Member { .. }
            | Self::Engine { .. }
            | Self::Name { .. } => Exit::BadConfig,
            Self::Document(_) => Exit::BadInput,
            Self::Runtime(_) => Exit::Io,
            Self::UnknownKinds(_)
            | Self::NoSuch(_)
            | Self::Terminal { .. }
            | Self::NoFallback { .. }
            | Self::Login { .. } => Exit::Unavailable,
            Self::Left { retryable, .. } => {
                if *retryable {
                    Exit::Temporary
                } else {
                    Exit::Unavailable
                }
            }
            Self::TimedOut { .. } | Self::NotReady { .. } => Exit::Temporary,
            Self::Conflict { .. } | Self::Refused(_) => Exit::Refused,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Interrupted(inner) => inner.code(),
            Self::Journal(inner) => inner.code(),
            Self::Config(inner) => inner.code(),
            Self::Mysql(inner) => inner.code(),
            Self::Call(fault) => code_of(fault.class),
            Self::NoRegion | Self::Region(_) => "no-region",
            Self::Endpoint { .. } => "bad-endpoint",
            Self::Secret { .. } | Self::NoPassword(_) => "secret",
            Self::Token(_) => "token",
            Self::Runtime(_) => "runtime",
            Self::Name { .. } => "bad-name",
            Self::Missing(_) | Self::Member { .. } | Self::Engine { .. } => "bad-config",
            Self::Document(_) => "incomplete-document",
            Self::NoSuch(_) => "not-found",
            Self::Conflict { .. } => "conflict",
            Self::Terminal { .. } => "terminal-state",
            Self::TimedOut { .. } => "timed-out",
            Self::NotReady { .. } => "not-ready",
            Self::NoFallback { .. } => "no-fallback",
            Self::Login { .. } => "no-login",
            Self::Refused(_) => "refused",
            Self::UnknownKinds(_) => "unknown-kind",
            Self::Left { .. } => "not-deleted",
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Interrupted(inner) => return inner.hint(),
            Self::Journal(inner) => return inner.hint(),
            Self::Config(inner) => return inner.hint(),
            Self::Mysql(inner) => return inner.hint(),
            Self::Call(fault) => hint_of(fault.class),
            Self::Terminal { status, .. } if status == states::NO_MACHINE => hint_of(FaultClass::Capacity),
            Self::Terminal { what, .. } if what.starts_with("snapshot ") => {
                "try again, or let [snapshot] fallback take another one: \"automated\" or \"pitr\""
            }
            Self::Terminal { .. } => "the RDS console may say more; rds-drop removes what this run created",
            Self::Secret { source, .. } => hint_of_secret(source.class),
            Self::NoPassword(_) => "write it as {\"username\": …, \"password\": …}",
            Self::Token(_) => "set AWS_REGION, and credentials that may rds-db:connect",
            Self::Endpoint { .. } => "a URL such as http://127.0.0.1:4566; remove the setting to use AWS",
            Self::NoRegion | Self::Region(_) => "set AWS_REGION, or region in ~/.aws/config",
            Self::Name { .. } => {
                "names are 1 to 63 letters, digits and single hyphens, beginning with a letter"
            }
            Self::Member { cluster, .. } => {
                return Some(format!("give --cluster {cluster}, or set it in [source]"));
            }
            Self::Engine { .. } => "name an Aurora MySQL cluster, or an RDS instance of MySQL or MariaDB",
            Self::NoSuch(_) => "check the name, AWS_REGION and the account of the credentials",
            Self::Conflict { .. } => "use another --run, or another [snapshot] prefix in refresh.toml",
            Self::NotReady { .. } => "put rds-wait before this tool",
            Self::TimedOut { .. } => "give it longer with --timeout; rds-drop removes what this run created",
            Self::NoFallback { .. } => {
                "try --fallback pitr, or a longer [snapshot] max_age, or turn automated backups on"
            }
            Self::Login { .. } => {
                "check [restore] security_groups and subnet_group, and tls_ca (the RDS certificate bundle)"
            }
            Self::Refused(_) => "what is not this run's own must be deleted by hand",
            Self::UnknownKinds(_) => "run rds-drop of the version that made it; it is still in `resources`",
            Self::Left { .. } => {
                "run rds-drop --run ID again; the journal and the tags still know what is left"
            }
            Self::Runtime(_) | Self::Missing(_) | Self::Document(_) => return None,
        };
        Some(text.to_owned())
    }
}

fn exit_of(fault: &Fault) -> Exit {
    match fault.class {
        FaultClass::NoCredentials | FaultClass::Expired => Exit::BadConfig,
        FaultClass::Throttled | FaultClass::Busy => Exit::Temporary,
        _ => Exit::Unavailable,
    }
}

fn code_of(class: FaultClass) -> &'static str {
    match class {
        FaultClass::NotFound => "not-found",
        FaultClass::AlreadyExists => "conflict",
        FaultClass::Busy => "busy",
        FaultClass::Quota => "quota",
        FaultClass::Capacity => "capacity",
        FaultClass::Throttled => "throttled",
        FaultClass::Unreachable => "unreachable",
        FaultClass::Expired | FaultClass::NoCredentials => "credentials",
        FaultClass::Denied => "denied",
        FaultClass::Rejected => "rejected",
        FaultClass::Interrupted => "interrupted",
    }
}

fn hint_of_secret(class: FaultClass) -> &'static str {
    match class {
        FaultClass::Denied => {
            "the role needs secretsmanager:GetSecretValue on it, and kms:Decrypt on its key"
        }
        FaultClass::NotFound => "check its name, AWS_REGION and the account of the credentials",
        class => hint_of(class),
    }
}

fn hint_of(class: FaultClass) -> &'static str {
    match class {
        FaultClass::Quota => "rds-drop --expired removes what old runs left behind",
        FaultClass::Capacity => "give [restore] instance_class a list: each next class is tried",
        FaultClass::Unreachable => "check the network, HTTPS_PROXY and --endpoint-url",
        FaultClass::Expired | FaultClass::NoCredentials => {
            "log in, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        }
        FaultClass::Denied => "rds-restore --iam-policy prints the permissions that are needed",
        _ => "compare what [source], [snapshot] and [restore] in refresh.toml name with what the account has",
    }
}
