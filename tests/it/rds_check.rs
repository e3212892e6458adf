//! `rds-restore --check`, and what `rds-snap` asks first, against an endpoint that answers as the service would, each finding with an answer of its own.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::rds_cloud::with_aws;
use crate::support::{Loopback, Output, Request, Tool, error, nothing_there};

const KEY: &str = "arn:aws:kms:eu-west-1:123456789012:key/production";

/// The inner part of each answer, as long as all is well.
fn well() -> BTreeMap<&'static str, String> {
    let zone = |name: &str| {
        format!("<Subnet><SubnetAvailabilityZone><Name>{name}</Name></SubnetAvailabilityZone></Subnet>")
    };
    let quota = |name: &str| {
        format!(
            "<AccountQuota><AccountQuotaName>{name}</AccountQuotaName><Used>3</Used><Max>40</Max></AccountQuota>"
        )
    };
    BTreeMap::from([
        (
            "DescribeDBClusters",
            format!(
                "<DBClusters><DBCluster><DBClusterIdentifier>prod</DBClusterIdentifier><Status>available</Status>\
                 <Engine>aurora-mysql</Engine><EngineVersion>8.0.mysql_aurora.3.10.0</EngineVersion>\
                 <DBClusterParameterGroup>prod-params</DBClusterParameterGroup><KmsKeyId>{KEY}</KmsKeyId>\
                 <DBClusterMembers><DBClusterMember><DBInstanceIdentifier>prod-1</DBInstanceIdentifier>\
                 <IsClusterWriter>true</IsClusterWriter></DBClusterMember></DBClusterMembers></DBCluster></DBClusters>"
            ),
        ),
        (
            "DescribeDBSubnetGroups",
            format!(
                "<DBSubnetGroups><DBSubnetGroup><DBSubnetGroupName>dev</DBSubnetGroupName><VpcId>vpc-1</VpcId>\
                 <Subnets>{}{}</Subnets></DBSubnetGroup></DBSubnetGroups>",
                zone("eu-west-1a"),
                zone("eu-west-1b")
            ),
        ),
        (
            "DescribeDBClusterParameterGroups",
            "<DBClusterParameterGroups><DBClusterParameterGroup><DBClusterParameterGroupName>prod-params\
             </DBClusterParameterGroupName><DBParameterGroupFamily>aurora-mysql8.0</DBParameterGroupFamily>\
             </DBClusterParameterGroup></DBClusterParameterGroups>"
                .to_owned(),
        ),
        (
            "DescribeDBClusterParameters",
            "<Parameters><Parameter><ParameterName>sql_mode</ParameterName></Parameter><Parameter><ParameterName>\
             event_scheduler</ParameterName><ParameterValue>ON</ParameterValue></Parameter></Parameters>"
                .to_owned(),
        ),
        (
            "DescribeDBEngineVersions",
            "<DBEngineVersions><DBEngineVersion><EngineVersion>8.0.mysql_aurora.3.10.0</EngineVersion>\
             <DBParameterGroupFamily>aurora-mysql8.0</DBParameterGroupFamily><Status>available</Status>\
             </DBEngineVersion></DBEngineVersions>"
                .to_owned(),
        ),
        (
            "DescribeOrderableDBInstanceOptions",
            "<OrderableDBInstanceOptions><OrderableDBInstanceOption><DBInstanceClass>c</DBInstanceClass>\
             </OrderableDBInstanceOption></OrderableDBInstanceOptions>"
                .to_owned(),
        ),
        (
            "DescribeAccountAttributes",
            format!(
                "<AccountQuotas>{}{}{}</AccountQuotas>",
                quota("DBClusters"),
                quota("DBInstances"),
                quota("ManualClusterSnapshots")
            ),
        ),
        ("GetCallerIdentity", "<Arn>arn:aws:sts::123456789012:assumed-role/night/i-1</Arn>".to_owned()),
    ])
}

/// Checks against these answers; `E:CODE` is an error.
fn check(answers: BTreeMap<&'static str, String>, restore: &str, form: &str) -> Output {
    let (output, seen) = run(answers, restore, "rds-restore", &[form]);
    assert!(
        seen.iter().all(|action| action.starts_with("Describe") || action.starts_with("Get")),
        "{seen:?}"
    );
    output
}

/// Runs a tool against these answers; and the calls that it made.
fn run(
    answers: BTreeMap<&'static str, String>,
    restore: &str,
    tool: &str,
    flags: &[&str],
) -> (Output, Vec<String>) {
    let rds = Loopback::start(move |request| {
        // A call takes as long as in a region nearby.
        std::thread::sleep(Duration::from_millis(50));
        let action = request.action().unwrap_or_default();
        match answers.get(action.as_str()) {
            Some(text) if text.starts_with("E:") => error(404, &text[2..], "no"),
            Some(text) => {
                let (status, kind, all) = nothing_there(&action);
                let close = format!("</{action}Result>");
                (status, kind, all.replace(&close, &format!("{text}{close}")))
            }
            None => error(403, "AccessDenied", "not this"),
        }
    });
    let home = tempfile::tempdir().unwrap();
    let bundle = home.path().join("ca.pem");
    std::fs::write(&bundle, rcgen::generate_simple_self_signed(["x".to_owned()]).unwrap().cert.pem())
        .unwrap();
    let text = format!(
        "[source]\ncluster = \"prod\"\n[restore]\nsubnet_group = \"dev\"\nsecurity_groups = [\"sg-0123456789abcdef0\"]\n\
         tls_ca = \"{}\"\n{restore}\n",
        bundle.display()
    );
    std::fs::write(home.path().join("refresh.toml"), text).unwrap();
    let tool = with_aws(Tool::new(tool), &rds.url).env("AWS_ENDPOINT_URL_STS", &rds.url);
    let tool = tool.env("REFRESH_CONFIG", home.path().join("refresh.toml"));
    let output = tool.env("REFRESH_STATE_DIR", home.path().join("state")).args(flags.iter().copied()).run();
    (output, rds.seen().iter().filter_map(Request::action).collect())
}

#[test]
fn a_configuration_that_is_right_is_told_in_seconds_with_the_exact_policy() {
    let begun = Instant::now();
    let output = check(well(), "", "--check=json").exits(0);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    let said: Value = serde_json::from_str(&output.stdout).unwrap();
    let findings = said["findings"].as_array().unwrap();
    assert!(findings.iter().all(|finding| finding["level"] != "wrong"), "{findings:?}");
    let about = |word: &str| findings.iter().any(|finding| finding["about"] == word);
    for word in [
        "credentials",
        "tls",
        "network",
        "subnets",
        "quotas",
        "source",
        "key",
        "version",
        "parameters",
        "classes",
    ] {
        assert!(about(word), "nothing about {word}");
    }
    // It knows the account and production's key by now.
    let policy = said["policy"].to_string();
    assert!(policy.contains("arn:aws:rds:eu-west-1:123456789012:cluster:prod\""), "{policy}");
    assert!(policy.contains(KEY) && !policy.contains(":key/*"), "{policy}");
    let text = check(well(), "", "--check").exits(0);
    assert!(text.stdout.contains("note  parameters   prod-params, the source's own"), "{}", text.stdout);
    assert!(
        text.stdout.contains("we are arn:aws:sts::123456789012:assumed-role/night/i-1"),
        "{}",
        text.stdout
    );
}

/// An action, its answer, lines of `[restore]`, and what is said then.
type Case = (&'static str, String, &'static str, &'static str);

fn cases() -> Vec<Case> {
    let cluster = |from: &str, to: &str| well()["DescribeDBClusters"].replace(from, to);
    vec![
        (
            "DescribeDBClusters",
            "E:DBClusterNotFoundFault".to_owned(),
            "",
            "there is no cluster prod in this account and region",
        ),
        (
            "DescribeDBClusters",
            cluster("<Status>available", "<Status>stopped"),
            "",
            "cluster prod is stopped",
        ),
        (
            "DescribeDBClusters",
            cluster("<Engine>aurora-mysql", "<Engine>mysql"),
            "",
            "is a Multi-AZ DB cluster",
        ),
        (
            "DescribeDBClusters",
            cluster("prod-1<", "refreshkit-1<"),
            "",
            "refreshkit-1 begins with our prefix",
        ),
        (
            "DescribeDBSubnetGroups",
            "E:DBSubnetGroupNotFoundFault".to_owned(),
            "",
            "there is no subnet group dev",
        ),
        (
            "DescribeDBSubnetGroups",
            well()["DescribeDBSubnetGroups"].replace("eu-west-1b", "eu-west-1a"),
            "",
            "2 zones are needed",
        ),
        (
            "DescribeDBClusterParameterGroups",
            "E:DBClusterParameterGroupNotFound".to_owned(),
            "parameter_group = \"gone\"",
            "there is no parameter group gone",
        ),
        (
            "DescribeDBClusterParameterGroups",
            well()["DescribeDBClusterParameterGroups"].replace("aurora-mysql8.0", "aurora-mysql5.7"),
            "",
            "is of the family aurora-mysql5.7",
        ),
        (
            "DescribeDBEngineVersions",
            well()["DescribeDBEngineVersions"].replace("3.10.0", "3.10.1"),
            "",
            "engine_version = \"8.0.mysql_aurora.3.10.1\"",
        ),
        (
            "DescribeOrderableDBInstanceOptions",
            String::new(),
            "",
            "none of [restore] instance_class can be ordered",
        ),
        (
            "DescribeAccountAttributes",
            well()["DescribeAccountAttributes"].replace("<Used>3<", "<Used>40<"),
            "",
            "DBClusters: 40 of 40 are used",
        ),
    ]
}

/// A group that would make the copy refuse what is written to it.
fn read_only() -> Case {
    (
        "DescribeDBClusterParameters",
        well()["DescribeDBClusterParameters"].replace("event_scheduler", "super_read_only"),
        "",
        "prod-params sets super_read_only: mydehydrate could not write its keys on the copy",
    )
}

#[test]
fn each_thing_that_is_wrong_is_found_and_all_of_them_in_one_run() {
    let mut everything = well();
    for (action, answer, restore, said) in cases().into_iter().chain([read_only()]) {
        let mut answers = well();
        answers.insert(action, answer.clone());
        let output = check(answers, restore, "--check").exits(78);
        assert!(output.stdout.contains(said) && output.stdout.contains("WRONG"), "{said}: {}", output.stdout);
        if ["DescribeDBSubnetGroups", "DescribeOrderableDBInstanceOptions", "DescribeAccountAttributes"]
            .contains(&action)
        {
            everything.insert(action, answer);
        }
    }
    let all = check(everything, "", "--check").exits(78);
    assert!(all.stdout.matches("\nWRONG").count() >= 3, "{}", all.stdout);
}

#[test]
fn what_the_role_may_not_ask_is_a_note_and_no_failure() {
    let mut answers = well();
    answers.remove("DescribeAccountAttributes");
    answers.remove("DescribeOrderableDBInstanceOptions");
    let output = check(answers, "", "--check").exits(0);
    assert!(
        output
            .stdout
            .contains("note  quotas       could not be asked (DescribeAccountAttributes: AccessDenied"),
        "{}",
        output.stdout
    );
}

#[test]
fn rds_snap_asks_the_same_first_and_takes_no_snapshot_of_what_could_not_be_restored() {
    for (action, answer, restore, said) in cases().into_iter().chain([read_only()]) {
        if ["DescribeDBClusters", "DescribeAccountAttributes"].contains(&action) {
            // The source itself is for rds-snap to judge, and a quota may be free again by then.
            continue;
        }
        let mut answers = well();
        answers.insert(action, answer);
        let (output, seen) = run(answers.clone(), restore, "rds-snap", &[]);
        let error = output.exits(78).document().error.unwrap();
        let told = format!("{} {}", error.message, error.hint.unwrap_or_default());
        assert!(told.contains("the night would fail") && told.contains(said), "{said}: {told}");
        assert!(!seen.iter().any(|call| call.starts_with("Create")), "{seen:?}");
        let (_, seen) = run(answers, restore, "rds-snap", &["--no-check"]);
        assert_eq!(seen.last().map(String::as_str), Some("CreateDBClusterSnapshot"), "{said}: {seen:?}");
    }
}

#[test]
fn rds_snap_goes_on_where_all_is_well_where_it_may_not_ask_and_where_a_flag_may_still_say_it() {
    let mut quiet = well();
    for action in ["DescribeAccountAttributes", "DescribeDBClusterParameters", "DescribeDBSubnetGroups"] {
        quiet.remove(action);
    }
    let mut full = well();
    let snapshots = full["DescribeAccountAttributes"].replace(
        "ManualClusterSnapshots</AccountQuotaName><Used>3",
        "ManualClusterSnapshots</AccountQuotaName><Used>40",
    );
    full.insert("DescribeAccountAttributes", snapshots);
    for answers in [well(), quiet, full] {
        let (_, seen) = run(answers, "", "rds-snap", &[]);
        assert_eq!(seen.last().map(String::as_str), Some("CreateDBClusterSnapshot"), "{seen:?}");
    }
}
