//! The statements for logins: secrets that are made and read, and users that log in with IAM tokens.

use serde_json::json;

use super::{PolicyNames, PolicyStatement};
use crate::config::{Config, CopyPassword, KeyReference, ServerConfig};

pub(crate) fn of(names: &PolicyNames<'_>, config: &Config, aurora: bool) -> Vec<PolicyStatement> {
    let kept = config.restore.password == CopyPassword::SecretsManager;
    let kind = if aurora { "cluster" } else { "db" };
    let made = names.service_arn("secretsmanager", &format!("secret:rds!{kind}-*"));
    let mut statements = Vec::new();
    if kept {
        statements.push(PolicyStatement {
            why: "RDS makes the copy's secret on behalf of the role that asks for it, and names it rds!…",
            json: json!({"Sid": "KeepPassword", "Effect": "Allow", "Resource": made,
                "Action": ["secretsmanager:CreateSecret", "secretsmanager:TagResource"]}),
        });
        statements.push(PolicyStatement {
            why: "the key of that secret, aws/secretsmanager, is looked at; a policy cannot name it by its alias",
            json: json!({"Sid": "KeepPasswordKey", "Effect": "Allow", "Resource": "*", "Action": "kms:DescribeKey"}),
        });
    }
    let keys = [&config.mask.key, &config.dump.sign].into_iter().flatten().filter_map(|key| match key {
        KeyReference::Secret(id) => Some(id),
        _ => None,
    });
    let passwords = servers(config).map(|server| &server.secret);
    let mut secrets: Vec<String> = passwords.flatten().chain(keys).map(|id| secret(names, id)).collect();
    secrets.extend(kept.then_some(made));
    if !secrets.is_empty() {
        statements.push(PolicyStatement {
            why: "the passwords of the servers that the configuration names, the copy's and the masks' and the dumps' keys (and \
                  kms:Decrypt, if a secret has a key of your own)",
            json: json!({"Sid": "ReadSecrets", "Effect": "Allow", "Resource": secrets,
                "Action": "secretsmanager:GetSecretValue"}),
        });
    }
    statements.extend(tokens(names, config));
    statements
}

/// The ARN of a secret that is named by ARN or by name. The ARN of a name ends with a hyphen and six unknown characters.
fn secret(names: &PolicyNames<'_>, id: &str) -> String {
    if id.starts_with("arn:") {
        return id.to_owned();
    }
    names.service_arn("secretsmanager", &format!("secret:{id}-??????"))
}

/// Every server for which the configuration can name a login: the targets and the source.
pub(super) fn servers(config: &Config) -> impl Iterator<Item = &ServerConfig> {
    config.targets.values().map(|target| &target.server).chain([&config.source.server])
}

/// The statement for users that log in with IAM tokens. It allows any server: such an ARN has the server's resource id, and
/// each copy has a new one.
fn tokens(names: &PolicyNames<'_>, config: &Config) -> Option<PolicyStatement> {
    let users = servers(config).filter(|server| server.iam_login).map(|server| &server.user);
    let users = users.chain([&config.restore.iam_user]).flatten();
    let mut users: Vec<String> =
        users.map(|user| names.service_arn("rds-db", &format!("dbuser:*/{user}"))).collect();
    users.sort();
    users.dedup();
    (!users.is_empty()).then(|| PolicyStatement {
        why: "tokens log in as these users, on every server of the account that has them",
        json: json!({"Sid": "ConnectAs", "Effect": "Allow", "Resource": users, "Action": "rds-db:connect"}),
    })
}
