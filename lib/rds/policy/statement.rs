//! The parts of a policy: statements, and the ARNs in them.
//!
//! In: region, account and the configured prefix. Out: ARNs.

use serde_json::Value;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PolicyStatement {
    /// Why it is needed, as a sentence for people.
    pub(crate) why: &'static str,
    pub(crate) json: Value,
}

/// The KMS key of the source, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum SourceKey {
    /// The service was not asked, so any key may be needed.
    #[default]
    Unknown,
    /// The source is not encrypted: no key is needed.
    None,
    Arn(String),
}

/// `(beginning of a region, its partition, end of its host names)`. All other regions are of the partition `aws`.
const PLACES: &[(&str, &str, &str)] = &[
    ("cn-", "aws-cn", "amazonaws.com.cn"),
    ("us-gov-", "aws-us-gov", "amazonaws.com"),
    ("eusc-", "aws-eusc", "amazonaws.eu"),
    ("us-isob-", "aws-iso-b", "sc2s.sgov.gov"),
    ("us-iso-", "aws-iso", "c2s.ic.gov"),
];

/// Region, account and prefix, from which the ARNs of a policy are made.
pub(crate) struct PolicyNames<'a> {
    pub(crate) region: &'a str,
    pub(crate) account: &'a str,
    pub(crate) prefix: String,
}

impl PolicyNames<'_> {
    pub(crate) fn arn(&self, kind: &str, name: &str) -> String {
        self.service_arn("rds", &format!("{kind}:{name}"))
    }

    /// An ARN of this region and account.
    pub(crate) fn service_arn(&self, service: &str, rest: &str) -> String {
        format!("arn:{}:{service}:{}:{}:{rest}", self.place().1, self.region, self.account)
    }

    /// The end of the services' host names in this region.
    pub(crate) fn domain(&self) -> &'static str {
        self.place().2
    }

    fn place(&self) -> (&'static str, &'static str, &'static str) {
        let found = PLACES.iter().find(|(begins, ..)| self.region.starts_with(begins));
        found.copied().unwrap_or(("", "aws", "amazonaws.com"))
    }

    /// An ARN that matches everything of a kind that has our prefix.
    pub(crate) fn own(&self, kind: &str) -> String {
        self.arn(kind, &format!("{}-*", self.prefix))
    }

    pub(crate) fn all_own(&self, aurora: bool) -> Vec<String> {
        let kinds: &[&str] =
            if aurora { &["cluster", "db", "cluster-snapshot"] } else { &["db", "snapshot"] };
        kinds.iter().map(|kind| self.own(kind)).collect()
    }
}
