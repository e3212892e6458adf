//! `--iam-policy`: the permissions that the four tools need for the configuration at hand, and no more.
//!
//! In: `refresh.toml`. Out: a policy document on stdout; the reason for each statement on stderr. A create action has one
//! statement for the resources that it makes (our prefix, our tags) and one for those that it only uses: `aws:RequestTag` exists
//! only for a resource that is being made, `aws:ResourceTag` only for one that exists.

mod copies;
mod keys;
mod logins;
mod statement;

use serde_json::{Value, json};

use super::error::Error;
use super::names::TAG_MANAGED;
use super::options::{self, ServiceOptions};
use crate::aws;
use crate::config::Config;
use crate::document::AnyFailure;
use crate::house::House;
pub(super) use statement::SourceKey;
use statement::{PolicyNames, PolicyStatement};

/// Prints the policy to `out` and the reasons to stderr.
pub fn print(
    house: &House,
    service: &ServiceOptions,
    out: &mut dyn std::io::Write,
) -> Result<(), AnyFailure> {
    let region = aws::region();
    let account = service.account.as_deref().or_else(|| account_of(&house.config)).unwrap_or("*");
    let statements = of(&house.config, region.as_deref().unwrap_or("*"), account)?;
    for statement in &statements {
        house.progress.say(&format!(
            "{}: {}",
            statement.json["Sid"].as_str().unwrap_or_default(),
            statement.why
        ));
    }
    if account == "*" {
        house
            .progress
            .say("the account is written as *: name it with --account if the role may act in several");
    }
    if region.is_none() {
        house.progress.say("the region is written as *, and the partition as aws: set AWS_REGION");
    }
    let list: Vec<Value> = statements.into_iter().map(|statement| statement.json).collect();
    let policy = json!({"Version": "2012-10-17", "Statement": list});
    // A failed write is reported by `cli::command`, which flushes `out` at the end.
    let _ = writeln!(out, "{policy:#}");
    Ok(())
}

/// What a check learned from the service, so that the policy can be exact.
#[derive(Debug, Clone, Default)]
pub(super) struct Learned {
    pub region: Option<String>,
    /// The account that the credentials belong to.
    pub account: Option<String>,
    pub key: SourceKey,
}

/// The policy document, as exact as what a check learned allows.
pub(super) fn with(config: &Config, learned: &Learned) -> Result<Value, Error> {
    let region = learned.region.as_deref().unwrap_or("*");
    let account = learned.account.as_deref().or_else(|| account_of(config)).unwrap_or("*");
    let statements = exact(config, region, account, &learned.key)?;
    let list: Vec<Value> = statements.into_iter().map(|statement| statement.json).collect();
    Ok(json!({"Version": "2012-10-17", "Statement": list}))
}

/// The account that an ARN of the configuration names: `arn:aws:kms:REGION:ACCOUNT:…`.
fn account_of(config: &Config) -> Option<&str> {
    let named =
        logins::servers(config).map(|server| &server.secret).chain([&config.restore.kms_key]).flatten();
    named.filter(|text| text.starts_with("arn:")).find_map(|arn| arn.split(':').nth(4))
}

/// The statements for a configuration where the source's key is not known.
pub(super) fn of(config: &Config, region: &str, account: &str) -> Result<Vec<PolicyStatement>, Error> {
    exact(config, region, account, &SourceKey::Unknown)
}

fn exact(
    config: &Config,
    region: &str,
    account: &str,
    key: &SourceKey,
) -> Result<Vec<PolicyStatement>, Error> {
    let names = PolicyNames { region, account, prefix: options::prefix(config)?.to_ascii_lowercase() };
    let source = config.source.cluster.as_deref().or(config.source.instance.as_deref());
    let Some(source) = source else {
        return Err(Error::Missing(
            "no source is named: set [source] cluster in refresh.toml, and the policy can name it too",
        ));
    };
    options::apart(config, source)?;
    // The service stores names in lower case, and a policy matches ARNs by case.
    let source = source.to_ascii_lowercase();
    let aurora = config.source.cluster.is_some();
    let mut statements = vec![look()];
    statements.extend(if aurora {
        copies::of_cluster(&names, &source, config)
    } else {
        copies::of_instance(&names, &source, config)
    });
    statements.push(tag(&names, aurora));
    statements.extend(change(&names, aurora));
    statements.extend(never(&names, &source));
    statements.extend(keys::of(&names, config, key));
    statements.extend(logins::of(&names, config, aurora));
    Ok(statements)
}

fn look() -> PolicyStatement {
    PolicyStatement {
        why: "descriptions carry states and tags, and tell what the region offers; the service has no narrower right for listing",
        json: json!({"Sid": "Look", "Effect": "Allow", "Resource": "*", "Action": [
            "rds:DescribeDBClusters", "rds:DescribeDBInstances", "rds:DescribeDBClusterSnapshots",
            "rds:DescribeDBSnapshots", "rds:DescribeEvents", "rds:ListTagsForResource",
            "rds:DescribeDBSubnetGroups", "rds:DescribeDBClusterParameterGroups", "rds:DescribeDBParameterGroups",
            "rds:DescribeDBClusterParameters", "rds:DescribeDBParameters",
            "rds:DescribeDBEngineVersions", "rds:DescribeOrderableDBInstanceOptions", "rds:DescribeAccountAttributes"]}),
    }
}

fn tag(names: &PolicyNames<'_>, aurora: bool) -> PolicyStatement {
    PolicyStatement {
        why: "tags come with the create calls; confined by name, or the role could tag production as its own and \
              then delete it",
        json: json!({"Sid": "TagOurs", "Effect": "Allow", "Action": "rds:AddTagsToResource",
            "Resource": names.all_own(aurora)}),
    }
}

/// The statements for the new password and for `rds-drop`: each demands our prefix and our tag.
fn change(names: &PolicyNames<'_>, aurora: bool) -> Vec<PolicyStatement> {
    let pairs: &[(&str, &[&str], &str)] = if aurora {
        &[
            ("OurClusters", &["rds:ModifyDBCluster", "rds:StartDBCluster", "rds:DeleteDBCluster"], "cluster"),
            ("OurInstances", &["rds:DeleteDBInstance"], "db"),
            ("OurSnapshots", &["rds:DeleteDBClusterSnapshot"], "cluster-snapshot"),
        ]
    } else {
        &[
            ("OurInstances", &["rds:ModifyDBInstance", "rds:StartDBInstance", "rds:DeleteDBInstance"], "db"),
            ("OurSnapshots", &["rds:DeleteDBSnapshot"], "snapshot"),
        ]
    };
    let statement = |(sid, actions, kind): &(&str, &[&str], &str)| PolicyStatement {
        why: "the new password, and rds-drop: by name and by tag, both",
        json: json!({"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": names.own(kind),
            "Condition": {"StringEquals": {format!("aws:ResourceTag/{TAG_MANAGED}"): "true"}}}),
    };
    let mut statements: Vec<PolicyStatement> = pairs.iter().map(statement).collect();
    statements.extend(aurora.then(|| PolicyStatement {
        why: "a delete of a cluster names the snapshot that it could leave behind, though we ask for none",
        json: json!({"Sid": "NoLastSnapshot", "Effect": "Allow", "Action": "rds:DeleteDBCluster",
            "Resource": names.own("cluster-snapshot")}),
    }));
    statements
}

/// Actions that delete, change, stop or tag a resource, which the denials are about.
const HARM: &[&str] = &[
    "rds:Delete*",
    "rds:Modify*",
    "rds:Stop*",
    "rds:Reboot*",
    "rds:Failover*",
    "rds:Promote*",
    "rds:AddTagsToResource",
    "rds:RemoveTagsFromResource",
];

fn never(names: &PolicyNames<'_>, source: &str) -> Vec<PolicyStatement> {
    vec![
        PolicyStatement {
            why: "whatever else the role is given, no copy of production is reachable from the internet",
            json: json!({"Sid": "NeverPublic", "Effect": "Deny", "Resource": "*",
                "Action": ["rds:CreateDBInstance", "rds:RestoreDBInstanceFromDBSnapshot",
                    "rds:RestoreDBInstanceToPointInTime"],
                "Condition": {"Bool": {"rds:PubliclyAccessible": "true"}}}),
        },
        PolicyStatement {
            why: "whatever the prefix and whatever else the role is given, the source is neither changed nor deleted",
            json: json!({"Sid": "NeverSource", "Effect": "Deny", "Action": HARM, "Resource": [
                names.arn("cluster", source), names.arn("db", source),
                names.arn("cluster-snapshot", &format!("rds:{source}-*")),
                names.arn("snapshot", &format!("rds:{source}-*"))]}),
        },
        PolicyStatement {
            why: "whatever else the role is given, nothing without our prefix is changed or deleted",
            json: json!({"Sid": "NeverOthers", "Effect": "Deny", "Action": HARM, "NotResource": [names.own("*")]}),
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::KindVocabulary;

    fn config(text: &str) -> Config {
        crate::config::parse(
            std::path::Path::new("refresh.toml"),
            text.to_owned(),
            &KindVocabulary::default(),
        )
        .unwrap()
    }

    fn text(statements: &[PolicyStatement]) -> String {
        statements.iter().map(|statement| statement.json.to_string()).collect()
    }

    #[test]
    fn names_the_source_only_to_read_it_and_to_protect_it() {
        let config = config("[source]\ncluster = \"Prod\"\n[restore]\nsubnet_group = \"dev\"\n");
        let statements = of(&config, "eu-west-1", "123456789012").unwrap();
        let with_source: Vec<&str> = statements
            .iter()
            .filter(|statement| statement.json.to_string().contains(":cluster:prod\""))
            .map(|statement| statement.json["Sid"].as_str().unwrap())
            .collect();
        assert_eq!(with_source, ["SnapshotOfSource", "NeverSource"]);
        assert!(text(&statements).contains("arn:aws:rds:eu-west-1:123456789012:subgrp:dev"));
        assert!(!text(&statements).contains("PointInTime\",\"Condition"));
    }

    #[test]
    fn a_prefix_that_the_sources_name_begins_with_is_refused() {
        let config = config("[source]\ncluster = \"Prod-replica\"\n[snapshot]\nprefix = \"prod\"\n");
        let said = of(&config, "eu-west-1", "1").unwrap_err().to_string();
        assert!(said.contains("the name of the source, Prod-replica, begins with it"), "{said}");
    }

    #[test]
    fn logins_that_need_aws_bring_their_own_statements_and_no_others() {
        let sids = |lines: &str| -> Vec<String> {
            let whole = format!("[source]\ncluster = \"prod\"\n{lines}");
            let all = of(&config(&whole), "eu-west-1", "1").unwrap();
            let sid = |statement: &PolicyStatement| statement.json["Sid"].as_str().unwrap().to_owned();
            let login = |sid: &String| ["Keep", "Read", "Connect"].iter().any(|word| sid.starts_with(word));
            assert!(all.iter().all(|statement| !statement.why.is_empty()));
            all.iter().map(sid).filter(login).collect()
        };
        assert_eq!(sids(""), Vec::<String>::new());
        assert_eq!(
            sids("[restore]\npassword = \"secrets-manager\"\n"),
            ["KeepPassword", "KeepPasswordKey", "ReadSecrets"]
        );
        assert_eq!(sids("secret = \"dev/app\"\n"), ["ReadSecrets"]);
        assert_eq!(sids("iam_login = true\nuser = \"reader\"\n"), ["ConnectAs"]);
        assert_eq!(sids("[targets.a]\niam_login = true\nuser = \"dev\"\n"), ["ConnectAs"]);
    }

    #[test]
    fn a_secret_is_named_by_its_arn_or_by_its_name_and_six_characters() {
        let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod-AbCdEf";
        let text =
            format!("[source]\ncluster = \"prod\"\nsecret = \"{arn}\"\n[targets.a]\nsecret = \"dev/app\"\n");
        let config = config(&text);
        assert_eq!(account_of(&config), Some("123456789012"));
        let all = of(&config, "eu-west-1", "123456789012").unwrap();
        let read = all.iter().find(|statement| statement.json["Sid"] == "ReadSecrets").unwrap();
        let other = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:dev/app-??????";
        assert_eq!(read.json["Resource"], json!([other, arn]));
        assert_eq!(read.json["Action"], "secretsmanager:GetSecretValue");
    }

    #[test]
    fn tokens_name_the_user_and_every_server_for_a_copys_id_is_new_each_night() {
        let config = config("[source]\ncluster = \"prod\"\n[restore]\niam_user = \"masker\"\n");
        let all = of(&config, "cn-north-1", "1").unwrap();
        let connect = all.iter().find(|statement| statement.json["Sid"] == "ConnectAs").unwrap();
        assert_eq!(connect.json["Resource"], json!(["arn:aws-cn:rds-db:cn-north-1:1:dbuser:*/masker"]));
    }

    #[test]
    fn a_clone_needs_the_live_cluster_and_an_instance_needs_no_cluster() {
        let clone = of(&config("[source]\ncluster = \"prod\"\n[restore]\nclone = true\n"), "*", "*").unwrap();
        assert!(text(&clone).contains("rds:RestoreDBClusterToPointInTime"));
        assert!(!text(&clone).contains("rds:CreateDBClusterSnapshot"), "it takes no snapshot");
        let plain = of(&config("[source]\ninstance = \"prod\"\n"), "*", "*").unwrap();
        assert!(!text(&plain).contains("rds:ModifyDBCluster"), "{}", text(&plain));
        assert!(of(&config(""), "*", "*").is_err());
    }
}
