//! What a policy is made of: statements, and the names of resources in them.
//!
//! In: region, account and the configured prefix. Out: ARNs.

use serde_json::Value;

/// One statement and the reason for it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PolicyStatement {
    /// What it is needed for, for people.
    pub(crate) why: &'static str,
    /// The statement as IAM wants it.
    pub(crate) json: Value,
}

/// What the source is encrypted with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum SourceKey {
    /// The service was not asked, so any key may be needed.
    #[default]
    Unknown,
    /// The source is not encrypted: no key is needed.
    None,
    /// The source is encrypted with the key of this ARN.
    Arn(String),
}

/// How regions begin, their partition, and what host names end with; all others are of `aws`.
const PLACES: &[(&str, &str, &str)] = &[
    ("cn-", "aws-cn", "amazonaws.com.cn"),
    ("us-gov-", "aws-us-gov", "amazonaws.com"),
    ("eusc-", "aws-eusc", "amazonaws.eu"),
    ("us-isob-", "aws-iso-b", "sc2s.sgov.gov"),
    ("us-iso-", "aws-iso", "c2s.ic.gov"),
];

/// What the ARNs of a policy are made of.
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

    /// What the host names of services end with here.
    pub(crate) fn domain(&self) -> &'static str {
        self.place().2
    }

    fn place(&self) -> (&'static str, &'static str, &'static str) {
        let found = PLACES.iter().find(|(begins, ..)| self.region.starts_with(begins));
        found.copied().unwrap_or(("", "aws", "amazonaws.com"))
    }

    /// Everything of a kind that has our prefix.
    pub(crate) fn own(&self, kind: &str) -> String {
        self.arn(kind, &format!("{}-*", self.prefix))
    }

    pub(crate) fn all_own(&self, aurora: bool) -> Vec<String> {
        let kinds: &[&str] =
            if aurora { &["cluster", "db", "cluster-snapshot"] } else { &["db", "snapshot"] };
        kinds.iter().map(|kind| self.own(kind)).collect()
    }
}
