//! What `--iam-policy` allows: all that the tools call, and nothing of what they must never do, by an evaluator of IAM's rules
//! over what AWS publishes of each action (`tests/cases/iam/actions.json`).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::support::Tool;

/// What is asked of IAM: an action, the resources that it concerns with their tags, and the keys of the request.
#[derive(Debug, Clone)]
struct Call {
    action: String,
    resources: Vec<(String, &'static [(&'static str, &'static str)])>,
    keys: BTreeMap<String, String>,
}

const OURS: &[(&str, &str)] = &[("refreshkit:managed", "true")];
const NONE: &[(&str, &str)] = &[];

impl Call {
    fn new(action: &str, resources: &[&str]) -> Self {
        let resources = resources.iter().map(|arn| ((*arn).to_owned(), NONE)).collect();
        Self { action: action.to_owned(), resources, keys: BTreeMap::new() }
    }

    fn with(mut self, key: &str, value: &str) -> Self {
        self.keys.insert(key.to_owned(), value.to_owned());
        self
    }

    /// As our create calls are.
    fn tagged(self) -> Self {
        let tagged = self.with("aws:RequestTag/refreshkit:managed", "true");
        tagged.with("aws:RequestTag/refreshkit:expires", "2026-11-30T02:00:00Z")
    }

    /// Of what carries our tags.
    fn of_ours(mut self) -> Self {
        self.resources.iter_mut().for_each(|resource| resource.1 = OURS);
        self
    }
}

/// A published extract of the actions.
struct Reference(BTreeMap<String, Value>);

impl Reference {
    fn read() -> Self {
        Self(serde_json::from_str(include_str!("../cases/iam/actions.json")).unwrap())
    }

    fn list(&self, action: &str, what: &str) -> BTreeSet<String> {
        let entry = self.0.get(action).unwrap_or_else(|| panic!("{action} is not in the extract"));
        entry[what].as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect()
    }

    /// A call must concern what the action concerns, or the answer means nothing.
    fn require_whole(&self, call: &Call) {
        let kinds: BTreeSet<String> = call.resources.iter().map(|(arn, _)| kind_of(arn)).collect();
        let (needs, takes) = (self.list(&call.action, "needs"), self.list(&call.action, "takes"));
        assert!(needs.is_subset(&kinds), "{call:?} lacks one of {needs:?}");
        assert!(
            kinds.is_subset(&needs.union(&takes).cloned().collect()),
            "{call:?}: only {needs:?}, {takes:?}"
        );
    }

    /// Whether an action, or a resource of it, knows a condition key; those of the caller are known to all.
    fn knows(&self, action: &str, key: &str) -> bool {
        let keys = self.list(action, "keys");
        keys.iter().any(|known| known == key || (known.ends_with('/') && key.starts_with(known.as_str())))
    }
}

fn kind_of(arn: &str) -> String {
    let parts: Vec<&str> = arn.splitn(7, ':').collect();
    match parts[2] {
        "kms" => "key".to_owned(),
        "secretsmanager" => "Secret".to_owned(),
        "rds-db" => "db-user".to_owned(),
        _ => parts[5].to_owned(),
    }
}

/// `*` and `?`, as IAM reads them.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.chars().next() {
        None => text.is_empty(),
        Some('*') => {
            let rest = &pattern[1..];
            (0..=text.len()).filter(|at| text.is_char_boundary(*at)).any(|at| matches(rest, &text[at..]))
        }
        Some(first) => {
            let mut chars = text.chars();
            let next = chars.next();
            next.is_some_and(|c| first == '?' || first == c)
                && matches(&pattern[first.len_utf8()..], chars.as_str())
        }
    }
}

fn words(value: &Value) -> Vec<String> {
    match value {
        Value::Array(list) => list.iter().map(|word| word.as_str().unwrap().to_owned()).collect(),
        other => vec![other.as_str().unwrap().to_owned()],
    }
}

/// Whether a statement is about this call and this resource of it.
fn applies(statement: &Value, call: &Call, resource: &(String, &[(&str, &str)])) -> bool {
    let action = words(&statement["Action"])
        .iter()
        .any(|one| matches(&one.to_lowercase(), &call.action.to_lowercase()));
    let named = |key: &str| words(&statement[key]).iter().any(|one| matches(one, &resource.0));
    let of = if statement.get("NotResource").is_some() { !named("NotResource") } else { named("Resource") };
    action && of && holds(statement.get("Condition"), call, resource.1)
}

fn holds(condition: Option<&Value>, call: &Call, tags: &[(&str, &str)]) -> bool {
    let Some(condition) = condition else { return true };
    let value = |key: &str| match key.strip_prefix("aws:ResourceTag/") {
        Some(tag) => tags.iter().find(|(known, _)| *known == tag).map(|(_, value)| (*value).to_owned()),
        None => call.keys.get(key).cloned(),
    };
    condition.as_object().unwrap().iter().all(|(operator, pairs)| {
        pairs.as_object().unwrap().iter().all(|(key, wanted)| {
            let (wanted, found) = (words(wanted), value(key));
            match (operator.as_str(), found) {
                ("Null", found) => (wanted == ["true"]) == found.is_none(),
                (_, None) => false,
                ("StringEquals" | "ForAnyValue:StringEquals", Some(found)) => wanted.contains(&found),
                ("StringLike", Some(found)) => wanted.iter().any(|one| matches(one, &found)),
                ("Bool", Some(found)) => wanted.iter().any(|one| one.eq_ignore_ascii_case(&found)),
                (other, _) => panic!("{other} is not evaluated here"),
            }
        })
    })
}

/// IAM's answer: a Deny beats all; every resource of the call needs an Allow.
fn allowed(policy: &[Value], call: &Call) -> bool {
    let nothing = ("*".to_owned(), NONE);
    let resources = if call.resources.is_empty() { vec![nothing] } else { call.resources.clone() };
    let says = |effect: &str, resource: &(String, &'static [(&'static str, &'static str)])| {
        policy.iter().any(|one| one["Effect"] == effect && applies(one, call, resource))
    };
    resources.iter().all(|resource| says("Allow", resource) && !says("Deny", resource))
}

/// A configuration to ask about, and what its ARNs begin with.
struct Case {
    name: &'static str,
    config: &'static str,
    region: &'static str,
    partition: &'static str,
    domain: &'static str,
}

const CASES: &[Case] = &[
    Case {
        name: "an Aurora cluster whose name is written in upper case",
        config: "[source]\ncluster = \"Prod-Replica\"\n[restore]\nsubnet_group = \"Dev\"\nparameter_group = \"dev-aurora\"\n",
        region: "eu-west-1",
        partition: "aws",
        domain: "amazonaws.com",
    },
    Case {
        name: "a clone",
        config: "[source]\ncluster = \"prod-replica\"\n[restore]\nclone = true\nsubnet_group = \"dev\"\n",
        region: "us-gov-west-1",
        partition: "aws-us-gov",
        domain: "amazonaws.com",
    },
    Case {
        name: "a point in time as the fallback",
        config: "[source]\ncluster = \"prod-replica\"\n[snapshot]\nprefix = \"Night\"\nfallback = \"pitr\"\n",
        region: "cn-north-1",
        partition: "aws-cn",
        domain: "amazonaws.com.cn",
    },
    Case {
        name: "a plain instance with a point in time as the fallback",
        config: "[source]\ninstance = \"prod-replica\"\n[snapshot]\nfallback = \"pitr\"\n[restore]\ninstance_parameter_group = \"dev\"\n",
        region: "eusc-de-east-1",
        partition: "aws-eusc",
        domain: "amazonaws.eu",
    },
    Case {
        name: "a plain instance under a key of our own",
        config: "[source]\ninstance = \"prod-replica\"\n[restore]\nkms_key = \"alias/dev\"\ninstance_parameter_group = \"dev\"\n",
        region: "eu-west-1",
        partition: "aws",
        domain: "amazonaws.com",
    },
    Case {
        name: "a key of our own by its alias, and a kept password",
        config: "[source]\ncluster = \"prod-replica\"\n[restore]\nkms_key = \"alias/dev\"\npassword = \"secrets-manager\"\n",
        region: "eu-central-1",
        partition: "aws",
        domain: "amazonaws.com",
    },
    Case {
        name: "tokens and secrets",
        config: "[source]\ncluster = \"prod-replica\"\nsecret = \"prod/app\"\n[restore]\niam_user = \"masker\"\ntls_ca = \"/x\"\n",
        region: "eu-west-1",
        partition: "aws",
        domain: "amazonaws.com",
    },
];

impl Case {
    fn policy(&self) -> Vec<Value> {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("refresh.toml"), self.config).unwrap();
        let tool = Tool::new("rds-restore").env("REFRESH_CONFIG", home.path().join("refresh.toml"));
        let tool = tool.env("AWS_REGION", self.region).args(["--iam-policy", "--account", "123456789012"]);
        let printed = tool.run().exits(0).stdout;
        let policy: Value = serde_json::from_str(&printed).unwrap();
        // The service's limit for a managed policy, white space aside.
        let size = printed.chars().filter(|c| !c.is_whitespace()).count();
        assert!(size < 6_144, "{}: {size} characters", self.name);
        policy["Statement"].as_array().unwrap().clone()
    }

    fn arn(&self, service: &str, rest: &str) -> String {
        format!("arn:{}:{service}:{}:123456789012:{rest}", self.partition, self.region)
    }

    fn rds(&self, kind: &str, name: &str) -> String {
        self.arn("rds", &format!("{kind}:{name}"))
    }

    fn prefix(&self) -> &'static str {
        if self.config.contains("Night") { "night" } else { "refreshkit" }
    }

    fn ours(&self, kind: &str) -> String {
        self.rds(kind, &format!("{}-20261129-x", self.prefix()))
    }

    fn is_plain(&self) -> bool {
        self.config.contains("instance = \"prod")
    }

    #[expect(clippy::unused_self, reason = "reads as what this configuration calls")]
    fn call(&self, action: &str, resources: &[&String]) -> Call {
        let list: Vec<&str> = resources.iter().map(|arn| arn.as_str()).collect();
        Call::new(action, &list)
    }

    /// A group that a copy is put into: the one that the configuration names, else one of the service's.
    fn group(&self, kind: &str) -> String {
        match kind {
            "subgrp" if self.config.contains("subnet_group") => self.rds(kind, "dev"),
            "subgrp" => self.rds(kind, "default-vpc-1"),
            "cluster-pg" if self.config.contains("dev-aurora") => self.rds(kind, "dev-aurora"),
            "pg" if self.config.contains("instance_parameter_group") => self.rds(kind, "dev"),
            "cluster-pg" | "pg" => self.rds(kind, "default.aurora-mysql8.0"),
            _ => self.rds(kind, "default:aurora-mysql-8-0"),
        }
    }

    /// All that the tools ask for.
    fn everything(&self) -> Vec<Call> {
        let mut all: Vec<Call> = [
            "DescribeDBClusters",
            "DescribeDBInstances",
            "DescribeDBClusterSnapshots",
            "DescribeDBSnapshots",
            "DescribeEvents",
            "ListTagsForResource",
            "DescribeOrderableDBInstanceOptions",
            "DescribeAccountAttributes",
            "DescribeDBSubnetGroups",
            "DescribeDBClusterParameterGroups",
            "DescribeDBClusterParameters",
            "DescribeDBParameterGroups",
            "DescribeDBParameters",
            "DescribeDBEngineVersions",
        ]
        .map(|action| Call::new(&format!("rds:{action}"), &[]))
        .into();
        all.extend(if self.is_plain() { self.of_instance() } else { self.of_cluster() });
        all.extend(self.keys());
        if self.config.contains("secrets-manager") {
            let secret = self.arn("secretsmanager", "secret:rds!cluster-1-AbCdEf");
            for action in ["CreateSecret", "TagResource", "GetSecretValue"] {
                all.push(self.call(&format!("secretsmanager:{action}"), &[&secret]));
            }
        }
        if self.config.contains("iam_user") {
            let secret = self.arn("secretsmanager", "secret:prod/app-AbCdEf");
            all.push(self.call("secretsmanager:GetSecretValue", &[&secret]));
            all.push(self.call("rds-db:connect", &[&self.arn("rds-db", "dbuser:cluster-NEW/masker")]));
        }
        all
    }

    /// A night with a plain instance.
    fn of_instance(&self) -> Vec<Call> {
        let (source, db, snapshot) = (self.rds("db", "prod-replica"), self.ours("db"), self.ours("snapshot"));
        let automated = self.rds("snapshot", "rds:prod-replica-2026-11-29-02-00");
        let (options, group, subnets) = (self.group("og"), self.group("pg"), self.group("subgrp"));
        let place = [&db, &options, &group, &subnets];
        let mut all = vec![self.call("rds:CreateDBSnapshot", &[&source, &snapshot]).tagged()];
        for from in [&snapshot, &automated] {
            let call = self.call("rds:RestoreDBInstanceFromDBSnapshot", &[&place[..], &[from]].concat());
            all.push(call.tagged().with("rds:PubliclyAccessible", "false"));
        }
        if self.config.contains("pitr") {
            all.push(self.call("rds:RestoreDBInstanceToPointInTime", &place).tagged());
        }
        if self.config.contains("kms_key") {
            let copied = self.rds("snapshot", &format!("{}-20261129-x-key", self.prefix()));
            for from in [&snapshot, &automated] {
                all.push(self.call("rds:CopyDBSnapshot", &[from, &copied]).tagged());
            }
        }
        for action in ["ModifyDBInstance", "StartDBInstance", "DeleteDBInstance"] {
            all.push(self.call(&format!("rds:{action}"), &[&db]).of_ours());
        }
        all.push(self.call("rds:DeleteDBSnapshot", &[&snapshot]).of_ours());
        all.push(self.call("rds:AddTagsToResource", &[&db]).tagged());
        all
    }

    /// A night with an Aurora cluster.
    fn of_cluster(&self) -> Vec<Call> {
        let (source, cluster, db) =
            (self.rds("cluster", "prod-replica"), self.ours("cluster"), self.ours("db"));
        let snapshot = self.ours("cluster-snapshot");
        let automated = self.rds("cluster-snapshot", "rds:prod-replica-2026-11-29-02-00");
        let (options, group, subnets) = (self.group("og"), self.group("cluster-pg"), self.group("subgrp"));
        let place = [&cluster, &group, &options, &subnets];
        let mut all = Vec::new();
        if !self.config.contains("clone") {
            all.push(self.call("rds:CreateDBClusterSnapshot", &[&source, &snapshot]).tagged());
            for from in [&snapshot, &automated] {
                let call = self.call("rds:RestoreDBClusterFromSnapshot", &[&place[..], &[from]].concat());
                all.push(call.tagged());
            }
        }
        if self.config.contains("clone") || self.config.contains("pitr") {
            let call = self.call("rds:RestoreDBClusterToPointInTime", &[&place[..], &[&source]].concat());
            all.push(call.tagged());
        }
        let beside = [&db, &cluster, &options, &self.group("pg"), &subnets];
        let instance = self.call("rds:CreateDBInstance", &beside);
        all.push(instance.tagged().with("rds:PubliclyAccessible", "false"));
        for action in ["ModifyDBCluster", "StartDBCluster"] {
            all.push(self.call(&format!("rds:{action}"), &[&cluster]).of_ours());
        }
        let mut drop = self.call("rds:DeleteDBCluster", &[&cluster, &snapshot]).of_ours();
        drop.resources[1].1 = NONE;
        all.extend([
            drop,
            self.call("rds:DeleteDBInstance", &[&db]).of_ours(),
            self.call("rds:DeleteDBClusterSnapshot", &[&snapshot]).of_ours(),
            self.call("rds:AddTagsToResource", &[&cluster]).tagged(),
        ]);
        all
    }

    /// What RDS does with the source's key, and with one of our own.
    fn keys(&self) -> Vec<Call> {
        let key = self.arn("kms", "key/1234");
        let through = format!("rds.{}.{}", self.region, self.domain);
        let use_of = |action: &str| self.call(action, &[&key]).with("kms:ViaService", &through);
        let mut all: Vec<Call> = ["kms:DescribeKey", "kms:Decrypt", "kms:GenerateDataKey"].map(use_of).into();
        all.push(use_of("kms:CreateGrant").with("kms:GrantIsForAWSResource", "true"));
        all
    }

    /// What must never be done: most of it by way of a mistake in a name, a tag or a flag.
    fn never(&self) -> Vec<Call> {
        let (source, db) = (self.rds("cluster", "prod-replica"), self.rds("db", "prod-replica"));
        let other = self.rds("cluster", "bank-prod");
        let mut all = Vec::new();
        // Production, whatever tags somebody gave it.
        for action in [
            "DeleteDBCluster",
            "ModifyDBCluster",
            "StopDBCluster",
            "FailoverDBCluster",
            "PromoteReadReplicaDBCluster",
        ] {
            for cluster in [&source, &other] {
                let mut resources = vec![cluster];
                let snapshot = self.ours("cluster-snapshot");
                if action == "DeleteDBCluster" {
                    resources.push(&snapshot);
                }
                all.push(self.call(&format!("rds:{action}"), &resources).of_ours());
            }
        }
        for action in ["DeleteDBInstance", "ModifyDBInstance", "StopDBInstance", "RebootDBInstance"] {
            all.push(self.call(&format!("rds:{action}"), &[&db]).of_ours());
            all.push(self.call(&format!("rds:{action}"), &[&self.rds("db", "bank-prod-1")]).of_ours());
        }
        for arn in [&source, &db, &other] {
            all.push(self.call("rds:AddTagsToResource", &[arn]).tagged());
            all.push(self.call("rds:RemoveTagsFromResource", &[arn]));
        }
        // Ours by name, but not by tag.
        all.push(self.call("rds:DeleteDBInstance", &[&self.ours("db")]));
        all.push(self.call("rds:DeleteDBCluster", &[&self.ours("cluster"), &self.ours("cluster-snapshot")]));
        all.push(self.call("rds:DeleteDBClusterSnapshot", &[&self.ours("cluster-snapshot")]));
        all.push(self.call("rds:ModifyDBCluster", &[&self.ours("cluster")]));
        // Backups.
        let automated = self.rds("cluster-snapshot", "rds:prod-replica-2026-11-29-02-00");
        all.push(self.call("rds:DeleteDBClusterSnapshot", &[&automated]).of_ours());
        all.push(
            self.call("rds:ModifyDBClusterSnapshotAttribute", &[&self.ours("cluster-snapshot")]).of_ours(),
        );
        all.push(self.call("rds:ModifyDBSnapshotAttribute", &[&self.ours("snapshot")]).of_ours());
        all.push(
            self.call("rds:DeleteDBClusterAutomatedBackup", &[&self.rds("cluster-auto-backup", "ab-1")])
                .of_ours(),
        );
        all.extend(self.never_made());
        // Keys, secrets, logins and what is none of RDS' business.
        let key = self.arn("kms", "key/1234");
        all.push(self.call("kms:Decrypt", &[&key]));
        all.push(
            self.call("kms:Decrypt", &[&key])
                .with("kms:ViaService", &format!("s3.{}.{}", self.region, self.domain)),
        );
        all.push(
            self.call("kms:CreateGrant", &[&key])
                .with("kms:ViaService", &format!("rds.{}.{}", self.region, self.domain)),
        );
        all.push(self.call("kms:ScheduleKeyDeletion", &[&key]));
        all.push(
            self.call("secretsmanager:GetSecretValue", &[&self.arn("secretsmanager", "secret:other-AbCdEf")]),
        );
        all.push(
            self.call(
                "secretsmanager:DeleteSecret",
                &[&self.arn("secretsmanager", "secret:prod/app-AbCdEf")],
            ),
        );
        all.push(self.call("rds-db:connect", &[&self.arn("rds-db", "dbuser:cluster-X/admin")]));
        all.push(Call::new("iam:PassRole", &["arn:aws:iam::123456789012:role:admin"]));
        all
    }

    /// What must never come into being.
    fn never_made(&self) -> Vec<Call> {
        let (subnets, cluster_group, group, options) = (
            self.rds("subgrp", "dev"),
            self.rds("cluster-pg", "dev-aurora"),
            self.rds("pg", "dev"),
            self.rds("og", "default:aurora-mysql-8-0"),
        );
        let (cluster, db, source) =
            (self.ours("cluster"), self.ours("db"), self.rds("cluster", "prod-replica"));
        let instance =
            |db: &String, cluster: &String| self.call("rds:CreateDBInstance", &[db, cluster]).tagged();
        let restore = |into: &String, from: &String| {
            self.call("rds:RestoreDBClusterFromSnapshot", &[into, from, &cluster_group, &options, &subnets])
        };
        let clone = |into: &String, from: &String| {
            self.call("rds:RestoreDBClusterToPointInTime", &[into, from, &cluster_group, &options, &subnets])
        };
        let snapshot = self.ours("cluster-snapshot");
        let namesake = self.rds("cluster-snapshot", "rds:prod-replica-2-2026-11-29-02-00");
        let public = ("rds:PubliclyAccessible", "true");
        let plain = |action: &str, from: &[&String]| {
            self.call(action, &[&[&db, &options, &group, &subnets], from].concat())
                .tagged()
                .with(public.0, public.1)
        };
        vec![
            // An instance in production's cluster, or one that the internet reaches.
            instance(&db, &source),
            instance(&self.rds("db", "prod-replica-9"), &cluster),
            instance(&db, &cluster).with(public.0, public.1),
            plain("rds:RestoreDBInstanceFromDBSnapshot", &[&self.ours("snapshot")]),
            plain("rds:RestoreDBInstanceToPointInTime", &[]),
            // Without the tags by which rds-drop finds it, or under another name.
            restore(&cluster, &snapshot),
            restore(&self.rds("cluster", "prod-copy"), &snapshot).tagged(),
            // Of what is not ours to copy.
            restore(&cluster, &namesake).tagged(),
            restore(&cluster, &self.rds("cluster-snapshot", "bank-2026")).tagged(),
            self.call("rds:CopyDBSnapshot", &[&self.rds("snapshot", "bank-2026"), &self.ours("snapshot")])
                .tagged(),
            self.call("rds:CopyDBSnapshot", &[&self.ours("snapshot"), &self.rds("snapshot", "mine")])
                .tagged(),
            clone(&cluster, &self.rds("cluster", "bank-prod")).tagged(),
            clone(&cluster, &source),
            self.call("rds:CreateDBClusterSnapshot", &[&self.rds("cluster", "bank-prod"), &snapshot])
                .tagged(),
            self.call("rds:CreateDBClusterSnapshot", &[&source, &self.rds("cluster-snapshot", "mine")])
                .tagged(),
            self.call("rds:CreateDBClusterSnapshot", &[&source, &snapshot]),
            self.call("rds:CopyDBClusterSnapshot", &[&snapshot]).tagged(),
        ]
    }
}

#[test]
fn everything_that_the_tools_call_is_allowed_and_nothing_that_they_must_never_do() {
    let reference = Reference::read();
    for case in CASES {
        let policy = case.policy();
        for call in case.everything() {
            reference.require_whole(&call);
            assert!(allowed(&policy, &call), "{}: {call:?} is not allowed", case.name);
        }
        let never = case.never();
        assert!(never.len() >= 40, "{}", never.len());
        for call in never {
            if !call.action.starts_with("iam") {
                reference.require_whole(&call);
            }
            assert!(!allowed(&policy, &call), "{}: {call:?} is allowed", case.name);
        }
    }
}

#[test]
fn each_condition_is_one_that_its_action_knows() {
    let reference = Reference::read();
    for case in CASES {
        for statement in case.policy() {
            let Some(condition) = statement.get("Condition") else { continue };
            let keys: BTreeSet<&String> = condition
                .as_object()
                .unwrap()
                .values()
                .flat_map(|pairs| pairs.as_object().unwrap().keys())
                .collect();
            for pattern in words(&statement["Action"]) {
                let known: Vec<&String> =
                    reference.0.keys().filter(|action| matches(&pattern, action)).collect();
                assert!(!known.is_empty(), "{pattern} is no action of the extract");
                for (action, key) in known.iter().flat_map(|action| keys.iter().map(move |key| (action, key)))
                {
                    assert!(reference.knows(action, key), "{}: {action} does not know {key}", case.name);
                }
            }
        }
    }
}

#[test]
fn a_region_of_the_profile_gives_the_partition_too() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("refresh.toml"), "[source]\ncluster = \"prod\"\n").unwrap();
    std::fs::write(home.path().join("config"), "[profile china]\nregion = cn-northwest-1\n").unwrap();
    let tool = Tool::new("rds-snap").without("AWS_REGION").without("AWS_DEFAULT_REGION").arg("--iam-policy");
    let tool = tool.env("REFRESH_CONFIG", home.path().join("refresh.toml")).env("AWS_PROFILE", "china");
    let printed = tool.env("AWS_CONFIG_FILE", home.path().join("config")).run().exits(0);
    assert!(printed.stdout.contains("arn:aws-cn:rds:cn-northwest-1:*:cluster:prod"), "{}", printed.stdout);
    assert!(printed.stdout.contains("rds.cn-northwest-1.amazonaws.com.cn"), "{}", printed.stdout);
}
