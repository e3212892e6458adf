//! The statements for KMS keys: that of the source, without which no encrypted snapshot is restored, and that of the copy.

use serde_json::{Value, json};

use super::{PolicyNames, PolicyStatement, SourceKey};
use crate::config::Config;

/// What RDS does with a key on behalf of the role that restores with it.
const USES: &[&str] = &["kms:DescribeKey", "kms:Decrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"];

/// The statements for both keys. They allow use through RDS only; RDS keeps a grant for as long as the copy lives.
pub(super) fn of(names: &PolicyNames<'_>, config: &Config, source: &SourceKey) -> Vec<PolicyStatement> {
    let source_key = match source {
        SourceKey::Arn(arn) if arn.starts_with("arn:") => arn.clone(),
        _ => names.service_arn("kms", "key/*"),
    };
    let through = json!({"kms:ViaService": format!("rds.{}.{}", names.region, names.domain())});
    let mut all = vec![
        PolicyStatement {
            why: "the source is encrypted with a key that refresh.toml does not name: what is made of it needs that key, \
                  through RDS only",
            json: json!({"Sid": "KeyOfSource", "Effect": "Allow", "Action": USES, "Resource": source_key,
                "Condition": {"StringLike": through}}),
        },
        PolicyStatement {
            why: "RDS keeps a grant on the key for as long as the copy lives",
            json: json!({"Sid": "GrantOfSource", "Effect": "Allow", "Action": "kms:CreateGrant", "Resource": source_key,
                "Condition": {"StringLike": through, "Bool": {"kms:GrantIsForAWSResource": "true"}}}),
        },
    ];
    // For a source that is not encrypted neither statement is needed.
    if *source == SourceKey::None {
        all.clear();
    }
    if let Some(key) = &config.restore.kms_key {
        let (resource, alias) = named(names, key);
        let with = |mut condition: Value| {
            if let Some(alias) = &alias {
                condition["ForAnyValue:StringEquals"] = json!({"kms:ResourceAliases": alias});
            }
            condition
        };
        all.extend([
            PolicyStatement {
                why: "the copy is encrypted with [restore] kms_key: used through RDS only",
                json: json!({"Sid": "Key", "Effect": "Allow", "Action": USES, "Resource": resource,
                    "Condition": with(json!({"StringLike": through}))}),
            },
            PolicyStatement {
                why: "RDS keeps a grant on that key, too",
                json: json!({"Sid": "KeyGrant", "Effect": "Allow", "Action": "kms:CreateGrant", "Resource": resource,
                    "Condition": with(json!({"StringLike": through, "Bool": {"kms:GrantIsForAWSResource": "true"}}))}),
            },
        ]);
    }
    all
}

/// A key as a policy can name it: the ARN of the key and, for an alias, the alias for a condition. The ARN of an alias would
/// not match, since it is not that of its key.
fn named(names: &PolicyNames<'_>, key: &str) -> (String, Option<String>) {
    let alias = match key.split_once(":alias/") {
        Some((arn, name)) if arn.starts_with("arn:") => Some(format!("alias/{name}")),
        _ => key.starts_with("alias/").then(|| key.to_owned()),
    };
    match alias {
        Some(alias) => (names.service_arn("kms", "key/*"), Some(alias)),
        None if key.starts_with("arn:") => (key.to_owned(), None),
        None => (names.service_arn("kms", &format!("key/{key}")), None),
    }
}
