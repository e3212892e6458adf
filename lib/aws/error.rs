//! Why a question to AWS has no answer, and how a tool ends then.

use super::fault::{CallFailure, FaultClass};
use crate::document::{Ending, Exit, Failure};

/// Why a setup, a secret or a token of AWS could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A call of a service failed.
    #[error(transparent)]
    Call(#[from] CallFailure),
    /// No region is configured anywhere.
    #[error("no AWS region is set")]
    NoRegion,
    /// The configured region has characters that no region has.
    #[error("{0:?} is no AWS region")]
    Region(String),
    /// A configured endpoint is not a usable URL.
    #[error(
        "the endpoint of {service} (${variable}, $AWS_ENDPOINT_URL, endpoint_url in ~/.aws/config): {problem}"
    )]
    Endpoint {
        /// The service that the endpoint is of.
        service: &'static str,
        /// The service's own variable.
        variable: &'static str,
        /// What is wrong with the URL.
        problem: &'static str,
    },
    /// The file with certificate authorities for AWS cannot be used.
    #[error("$AWS_CA_BUNDLE {path}: {problem}")]
    Bundle {
        /// Path that the variable names.
        path: String,
        /// What is wrong with the file.
        problem: String,
    },
    /// A secret cannot be read.
    #[error("cannot read the secret {id}: {source}")]
    Secret {
        /// ARN or name of the secret.
        id: String,
        /// What the service answered.
        source: CallFailure,
    },
    /// A secret has no password in it.
    #[error("the secret {0} is no JSON object with a \"password\"")]
    NoPassword(String),
    /// A token cannot be made.
    #[error("cannot make an RDS IAM token: {0}")]
    Token(String),
    /// The runtime for the SDK cannot be built.
    #[error("cannot start the AWS client")]
    Runtime(#[source] std::io::Error),
}

impl Failure for Error {
    fn ending(&self) -> Ending {
        match self {
            Self::Call(fault) => fault.ending(),
            Self::NoRegion | Self::Region(_) => {
                Ending::new(Exit::BadConfig, "no-region").hint("set AWS_REGION, or region in ~/.aws/config")
            }
            Self::Endpoint { .. } => Ending::new(Exit::BadConfig, "bad-endpoint")
                .hint("a URL such as http://127.0.0.1:4566; remove the setting to use AWS"),
            Self::Bundle { .. } => Ending::new(Exit::BadConfig, "ca-bundle")
                .hint("a file of certificate authorities (PEM), or unset the variable to trust the system's"),
            Self::Secret { source, .. } => {
                let ending = Ending { code: "secret", ..source.ending() };
                match source.class {
                    FaultClass::Denied => ending.hint(
                        "the role needs secretsmanager:GetSecretValue on it, and kms:Decrypt on its key",
                    ),
                    FaultClass::NotFound => {
                        ending.hint("check its name, AWS_REGION and the account of the credentials")
                    }
                    _ => ending,
                }
            }
            Self::NoPassword(_) => {
                Ending::new(Exit::BadConfig, "secret").hint("write it as {\"username\": …, \"password\": …}")
            }
            Self::Token(_) => Ending::new(Exit::BadConfig, "token")
                .hint("set AWS_REGION, and credentials that may rds-db:connect"),
            Self::Runtime(_) => Ending::new(Exit::Io, "runtime"),
        }
    }
}

impl Failure for CallFailure {
    fn ending(&self) -> Ending {
        self.class.ending()
    }
}

impl FaultClass {
    /// Exit code, word and hint of a tool that ends because of a fault of this class.
    pub(crate) fn ending(self) -> Ending {
        let unavailable = |code| Ending::new(Exit::Unavailable, code);
        let of_names =
            "compare what [source], [snapshot] and [restore] in refresh.toml name with what the account has";
        match self {
            Self::NotFound => unavailable("not-found").hint(of_names),
            Self::AlreadyExists => unavailable("conflict").hint(of_names),
            Self::Busy => Ending::new(Exit::Temporary, "busy").hint(of_names),
            Self::Quota => unavailable("quota").hint("rds-drop --expired removes what old runs left behind"),
            Self::Capacity => {
                unavailable("capacity").hint("give [restore] instance_class a list: each next class is tried")
            }
            Self::Key => unavailable("key").hint(
                "the role needs kms:CreateGrant and kms:DescribeKey on the source's key (and on [restore] kms_key), and the key's policy must allow it; rds-restore --iam-policy prints both",
            ),
            Self::Throttled => Ending::new(Exit::Temporary, "throttled").hint(of_names),
            Self::Unreachable => {
                unavailable("unreachable").hint("check the network, HTTPS_PROXY and --endpoint-url")
            }
            Self::Expired | Self::NoCredentials => Ending::new(Exit::BadConfig, "credentials").hint(
                "give this host a role, or log in (aws sso login, aws login), or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
            ),
            Self::Spent => Ending::new(Exit::BadConfig, "credentials").hint(
                "nothing renews the session credentials of a variable or a profile: get new ones and start again; a role, SSO and credential_process renew theirs",
            ),
            Self::Provider => Ending::new(Exit::Temporary, "credentials").hint(
                "whoever gives the credentials (metadata service, credential_process, SSO, STS) failed: try again in a while; for SSO, aws sso login",
            ),
            Self::Clock => Ending::new(Exit::BadConfig, "clock")
                .hint("set the clock of this host (chronyc tracking): AWS takes no signature that is older than minutes"),
            Self::Denied => {
                unavailable("denied").hint(
                    "rds-restore --iam-policy prints the permissions that are needed; if the organisation asks for tags, give them in [snapshot] tags and [restore] tags",
                )
            }
            Self::Rejected => unavailable("rejected").hint(of_names),
            Self::Interrupted => unavailable("interrupted").hint(of_names),
        }
    }
}
