//! What a policy is made of: statements, and the names of resources in them.
//!
//! In: region, account and the configured prefix. Out: ARNs.

use serde_json::Value;

/// One statement and the reason for it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Statement {
    /// For people.
    pub(crate) why: &'static str,
    /// As IAM wants it.
    pub(crate) json: Value,
}

/// What names are made of.
pub(crate) struct Names<'a> {
    pub(crate) region: &'a str,
    pub(crate) account: &'a str,
    pub(crate) prefix: String,
}

impl Names<'_> {
    pub(crate) fn arn(&self, kind: &str, name: &str) -> String {
        self.service_arn("rds", &format!("{kind}:{name}"))
    }

    /// China and GovCloud are partitions of their own.
    pub(crate) fn service_arn(&self, service: &str, rest: &str) -> String {
        let partition = match self.region {
            region if region.starts_with("cn-") => "aws-cn",
            region if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        };
        format!("arn:{partition}:{service}:{}:{}:{rest}", self.region, self.account)
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
