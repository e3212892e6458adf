//! `--iam-policy`: the permissions that the four tools need for the configuration at hand, and no more.
//!
//! In: `refresh.toml`. Out: a policy document on stdout, to paste or to pipe; why each statement is there, on stderr.
//! Request tags exist only on creates and resource tags only on what exists, so each kind of resource has its own
//! statement.

mod logins;
mod statement;

use serde_json::{Value, json};

use super::error::Error;
use super::names::{TAG_EXPIRES, TAG_MANAGED};
use super::options::{self, ServiceOptions};
use crate::config::{Config, Fallback, environment};
use crate::document::AnyFailure;
use crate::house::House;
use statement::{Names, Statement};

/// Prints the policy to `out` and the reasons to stderr.
pub fn print(
    house: &House,
    service: &ServiceOptions,
    out: &mut dyn std::io::Write,
) -> Result<(), AnyFailure> {
    let region = environment("AWS_REGION").or_else(|| environment("AWS_DEFAULT_REGION"));
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
    let list: Vec<Value> = statements.into_iter().map(|statement| statement.json).collect();
    let policy = json!({"Version": "2012-10-17", "Statement": list});
    // `out` is memory.
    let _ = writeln!(out, "{policy:#}");
    Ok(())
}

/// The account that an ARN of the configuration names: `arn:aws:kms:REGION:ACCOUNT:…`.
fn account_of(config: &Config) -> Option<&str> {
    let named =
        logins::servers(config).map(|server| &server.secret).chain([&config.restore.kms_key]).flatten();
    named.filter(|text| text.starts_with("arn:")).find_map(|arn| arn.split(':').nth(4))
}

/// The statements for a configuration.
pub(super) fn of(config: &Config, region: &str, account: &str) -> Result<Vec<Statement>, Error> {
    let names = Names { region, account, prefix: options::prefix(config)?.to_ascii_lowercase() };
    let source = config.source.cluster.as_deref().or(config.source.instance.as_deref());
    let Some(source) = source else {
        return Err(Error::Missing(
            "no source is named: set [source] cluster in refresh.toml, and the policy can name it too",
        ));
    };
    let aurora = config.source.cluster.is_some();
    let mut statements = vec![look()];
    statements.extend(snapshot(&names, source, aurora));
    statements.extend(restore(&names, source, aurora, config));
    statements.extend(ours(&names, aurora));
    statements.extend(never(&names));
    statements.extend(config.restore.kms_key.as_deref().map(|key| kms(&names, key)));
    statements.extend(logins::of(&names, config, aurora));
    Ok(statements)
}

/// A create must carry our tags: they are what lets `rds-drop` find and delete the result.
fn tagged() -> Value {
    json!({
        "StringEquals": {format!("aws:RequestTag/{TAG_MANAGED}"): "true"},
        "Null": {format!("aws:RequestTag/{TAG_EXPIRES}"): "false"},
    })
}

fn look() -> Statement {
    Statement {
        why: "descriptions carry states and tags; the service has no narrower right for listing",
        json: json!({"Sid": "Look", "Effect": "Allow", "Resource": "*", "Action": [
            "rds:DescribeDBClusters", "rds:DescribeDBInstances", "rds:DescribeDBClusterSnapshots",
            "rds:DescribeDBSnapshots", "rds:DescribeEvents"]}),
    }
}

fn snapshot(names: &Names<'_>, source: &str, aurora: bool) -> Vec<Statement> {
    let (action, of, new) = if aurora {
        ("rds:CreateDBClusterSnapshot", names.arn("cluster", source), names.own("cluster-snapshot"))
    } else {
        ("rds:CreateDBSnapshot", names.arn("db", source), names.own("snapshot"))
    };
    vec![
        Statement {
            why: "rds-snap reads from the source, and from no other",
            json: json!({"Sid": "SnapshotOfSource", "Effect": "Allow", "Action": action, "Resource": of}),
        },
        Statement {
            why: "the snapshot has our prefix and is born with our tags",
            json: json!({"Sid": "SnapshotNew", "Effect": "Allow", "Action": action, "Resource": new,
                "Condition": tagged()}),
        },
    ]
}

fn restore(names: &Names<'_>, source: &str, aurora: bool, config: &Config) -> Vec<Statement> {
    let live = config.restore.clone || config.snapshot.fallback == Fallback::Pitr;
    let (plain, in_time, kind, snapshots) = if aurora {
        (
            "rds:RestoreDBClusterFromSnapshot",
            "rds:RestoreDBClusterToPointInTime",
            "cluster",
            "cluster-snapshot",
        )
    } else {
        ("rds:RestoreDBInstanceFromDBSnapshot", "rds:RestoreDBInstanceToPointInTime", "db", "snapshot")
    };
    let mut actions = vec![plain];
    actions.extend(live.then_some(in_time));
    actions.extend(aurora.then_some("rds:CreateDBInstance"));
    let group = |kind: &str, name: &Option<String>| names.arn(kind, name.as_deref().unwrap_or("default*"));
    let mut uses = vec![
        names.own(snapshots),
        names.arn(snapshots, &format!("rds:{source}-*")),
        group("subgrp", &config.restore.subnet_group),
        group("pg", &config.restore.instance_parameter_group),
        names.arn("og", "default*"),
    ];
    uses.extend(aurora.then(|| group("cluster-pg", &config.restore.parameter_group)));
    uses.extend(live.then(|| names.arn(kind, source)));
    let into: Vec<String> =
        if aurora { vec![names.own("cluster"), names.own("db")] } else { vec![names.own("db")] };
    vec![
        Statement {
            why: "the copy and its instances have our prefix and are born with our tags",
            json: json!({"Sid": "RestoreInto", "Effect": "Allow", "Action": actions, "Resource": into,
                "Condition": tagged()}),
        },
        Statement {
            why: "a restore reads our snapshots and the source's automated ones, and uses the configured groups \
                  (and, for a clone or a point in time, the source itself)",
            json: json!({"Sid": "RestoreUses", "Effect": "Allow", "Action": actions, "Resource": uses}),
        },
    ]
}

fn ours(names: &Names<'_>, aurora: bool) -> Vec<Statement> {
    let actions: &[&str] = if aurora {
        &[
            "rds:ModifyDBCluster",
            "rds:StartDBCluster",
            "rds:DeleteDBCluster",
            "rds:DeleteDBInstance",
            "rds:DeleteDBClusterSnapshot",
        ]
    } else {
        &["rds:ModifyDBInstance", "rds:StartDBInstance", "rds:DeleteDBInstance", "rds:DeleteDBSnapshot"]
    };
    let own = names.all_own(aurora);
    vec![
        Statement {
            why: "tags come with the create calls; confined by name, or the role could tag production as its own and \
                  then delete it",
            json: json!({"Sid": "TagOurs", "Effect": "Allow", "Action": "rds:AddTagsToResource", "Resource": own}),
        },
        Statement {
            why: "the new password, and rds-drop: by name and by tag, both",
            json: json!({"Sid": "ChangeAndDropOurs", "Effect": "Allow", "Action": actions, "Resource": own,
                "Condition": {"StringEquals": {format!("aws:ResourceTag/{TAG_MANAGED}"): "true"}}}),
        },
    ]
}

fn never(names: &Names<'_>) -> Vec<Statement> {
    vec![
        Statement {
            why: "whatever else the role is given, no copy of production is reachable from the internet",
            json: json!({"Sid": "NeverPublic", "Effect": "Deny", "Resource": "*",
                "Action": ["rds:CreateDBInstance", "rds:ModifyDBInstance"],
                "Condition": {"Bool": {"rds:PubliclyAccessible": "true"}}}),
        },
        Statement {
            why: "whatever else the role is given, nothing without our prefix is changed or deleted",
            json: json!({"Sid": "NeverOthers", "Effect": "Deny", "NotResource": [names.own("*")],
                "Action": ["rds:Delete*", "rds:Modify*", "rds:Stop*", "rds:Reboot*", "rds:Failover*",
                    "rds:AddTagsToResource", "rds:RemoveTagsFromResource"]}),
        },
    ]
}

fn kms(names: &Names<'_>, key: &str) -> Statement {
    // A policy cannot name a key by its alias.
    let resource = if key.starts_with("arn:") { key } else { "*" };
    Statement {
        why: "the copy is encrypted with [restore] kms_key: used through RDS only",
        json: json!({"Sid": "Key", "Effect": "Allow", "Resource": resource,
            "Action": ["kms:CreateGrant", "kms:DescribeKey", "kms:Decrypt", "kms:GenerateDataKey*"],
            "Condition": {"StringLike": {"kms:ViaService": format!("rds.{}.amazonaws.com", names.region)}}}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Vocabulary;

    fn config(text: &str) -> Config {
        crate::config::parse(std::path::Path::new("refresh.toml"), text.to_owned(), &Vocabulary::default())
            .unwrap()
    }

    fn text(statements: &[Statement]) -> String {
        statements.iter().map(|statement| statement.json.to_string()).collect()
    }

    #[test]
    fn names_the_source_once_and_only_to_read_it() {
        let config = config("[source]\ncluster = \"prod\"\n[restore]\nsubnet_group = \"dev\"\n");
        let statements = of(&config, "eu-west-1", "123456789012").unwrap();
        let with_source: Vec<&str> = statements
            .iter()
            .filter(|statement| statement.json.to_string().contains(":cluster:prod\""))
            .map(|statement| statement.json["Sid"].as_str().unwrap())
            .collect();
        assert_eq!(with_source, ["SnapshotOfSource"]);
        assert!(text(&statements).contains("arn:aws:rds:eu-west-1:123456789012:subgrp:dev"));
        assert!(!text(&statements).contains("PointInTime"));
    }

    #[test]
    fn logins_that_need_aws_bring_their_own_statements_and_no_others() {
        let sids = |lines: &str| -> Vec<String> {
            let whole = format!("[source]\ncluster = \"prod\"\n{lines}");
            let all = of(&config(&whole), "eu-west-1", "1").unwrap();
            let sid = |statement: &Statement| statement.json["Sid"].as_str().unwrap().to_owned();
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
        let plain = of(&config("[source]\ninstance = \"prod\"\n"), "*", "*").unwrap();
        assert!(!text(&plain).contains("cluster:"), "{}", text(&plain));
        assert!(of(&config(""), "*", "*").is_err());
    }
}
