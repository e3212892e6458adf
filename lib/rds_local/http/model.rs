//! Checks a request against the published model of RDS, so that the stand-in takes no request that RDS refuses.
//!
//! In: `model.json` (an extract that `scripts/model.d/rds.py` makes) and a request. Out: nothing, or a [`ServiceError`] about
//! a parameter: unknown to the action, missing, of another type, with a value that is not in the list, or not valid for the
//! resource ("Valid for: Multi-AZ DB clusters only", "This setting doesn't apply to Amazon Aurora DB instances").

use std::collections::BTreeMap;
use std::sync::OnceLock;

use jiff::Timestamp;
use serde::Deserialize;

use super::query::{Query, ServiceError};

/// The version of the RDS API, as requests name it.
pub(crate) const VERSION: &str = "2014-10-31";

/// The kind of resource that a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    /// An Aurora cluster or one of its snapshots.
    Cluster,
    /// A new instance of an Aurora cluster.
    Instance,
    /// A plain instance, and every other subject.
    Plain,
}

#[derive(Debug, Deserialize)]
struct Model {
    actions: BTreeMap<String, BTreeMap<String, Shape>>,
}

#[derive(Debug, Deserialize)]
struct Shape {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    required: bool,
    /// The name of a list's item in a request, such as `Tag`.
    #[serde(default)]
    each: String,
    item: Option<Box<Shape>>,
    #[serde(default)]
    members: BTreeMap<String, Shape>,
    #[serde(default)]
    values: Vec<String>,
    /// Subjects for which the parameter is not valid: `cluster`, `instance`, `mariadb`.
    #[serde(default)]
    without: Vec<String>,
}

fn model() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| {
        serde_json::from_str(include_str!("model.json")).expect("the extract is read by the tests")
    })
}

/// Fails if RDS would refuse this request. `engine`: the engine of the plain instances here.
pub(crate) fn check(query: &Query, engine: &str) -> Result<(), ServiceError> {
    let Some(members) = model().actions.get(query.action()) else {
        return Err(ServiceError::new(
            400,
            "InvalidAction",
            format!("The action {} is not valid for this web service.", query.action()),
        ));
    };
    let subject = subject_of(query);
    for (name, value) in query.parameters().filter(|(name, _)| !["Action", "Version"].contains(name)) {
        let words: Vec<&str> = name.split('.').collect();
        let shape = members.get(words[0]).ok_or_else(|| unknown(query, name))?;
        let leaf = at(shape, &words[1..]).ok_or_else(|| unknown(query, name))?;
        fits(name, value, leaf)?;
        if let Some(why) = is_void(shape, subject, engine) {
            return Err(ServiceError::combination(format!("The parameter {} {why}.", words[0])));
        }
    }
    let given = |name: &str| {
        query.parameters().any(|(known, _)| known == name || known.starts_with(&format!("{name}.")))
    };
    match members.iter().find(|(name, shape)| shape.required && !given(name)) {
        Some((name, _)) => Err(ServiceError::new(
            400,
            "MissingParameter",
            format!("The request must contain the parameter {name}"),
        )),
        None => Ok(()),
    }
}

fn subject_of(query: &Query) -> Subject {
    let of_cluster = query.action().contains("DBCluster");
    match query.action() {
        "CreateDBInstance" if query.get("DBClusterIdentifier").is_some() => Subject::Instance,
        _ if of_cluster => Subject::Cluster,
        _ => Subject::Plain,
    }
}

/// Returns the shape of a value below a parameter, by the rest of its name: `Tag.1.Key`, `VpcSecurityGroupId.2`, `MinCapacity`.
fn at<'a>(shape: &'a Shape, rest: &[&str]) -> Option<&'a Shape> {
    match (shape.kind.as_str(), rest) {
        ("list", [each, number, rest @ ..]) if *each == shape.each && number.parse::<u32>().is_ok() => {
            at(shape.item.as_deref()?, rest)
        }
        ("structure", [name, rest @ ..]) => at(shape.members.get(*name)?, rest),
        ("list" | "structure", _) => None,
        (_, []) => Some(shape),
        _ => None,
    }
}

fn fits(name: &str, value: &str, shape: &Shape) -> Result<(), ServiceError> {
    let right = match shape.kind.as_str() {
        "boolean" => ["true", "false"].contains(&value),
        "integer" | "long" => value.parse::<i64>().is_ok(),
        "double" | "float" => value.parse::<f64>().is_ok(),
        "timestamp" => value.parse::<Timestamp>().is_ok(),
        _ => true,
    };
    let listed = shape.values.is_empty() || shape.values.iter().any(|known| known == value);
    if right && listed {
        return Ok(());
    }
    let kind = if right { "one of its values" } else { shape.kind.as_str() };
    Err(ServiceError::value(format!("The value of {name} is not {kind}.")))
}

/// Returns why a parameter is not valid for this subject, or `None` if it is valid.
fn is_void(shape: &Shape, subject: Subject, engine: &str) -> Option<&'static str> {
    let without = |word: &str| shape.without.iter().any(|known| known == word);
    match subject {
        Subject::Cluster if without("cluster") => Some("is valid for Multi-AZ DB clusters only"),
        Subject::Instance if without("instance") => Some("doesn't apply to Amazon Aurora DB instances"),
        Subject::Plain if engine == "mariadb" && without("mariadb") => {
            Some("applies only to RDS for MySQL and RDS for PostgreSQL")
        }
        _ => None,
    }
}

fn unknown(query: &Query, name: &str) -> ServiceError {
    ServiceError::new(400, "InvalidParameterValue", format!("{name} is no parameter of {}", query.action()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(body: &str, engine: &str) -> String {
        check(&Query::parse(body.as_bytes()), engine)
            .map_or_else(|refusal| refusal.message, |()| String::new())
    }

    #[test]
    fn what_the_model_has_is_taken_and_nothing_else() {
        let restore = "Action=RestoreDBClusterToPointInTime&Version=2014-10-31&DBClusterIdentifier=c&RestoreType=copy-on-write\
                       &UseLatestRestorableTime=true&VpcSecurityGroupIds.VpcSecurityGroupId.1=sg-1&Tags.Tag.1.Key=k&Tags.Tag.1.Value=v\
                       &ServerlessV2ScalingConfiguration.MinCapacity=0.5";
        assert_eq!(said(restore, "mysql"), "");
        for (more, why) in [
            ("&PubliclyAccessible=false", "is valid for Multi-AZ DB clusters only"),
            ("&EngineVersion=8", "EngineVersion is no parameter of RestoreDBClusterToPointInTime"),
            ("&Tags.member.1.Key=k", "Tags.member.1.Key is no parameter"),
            ("&DeletionProtection=no", "The value of DeletionProtection is not boolean"),
            ("&BackupRetentionPeriod=one", "The value of BackupRetentionPeriod is not integer"),
            ("&RestoreToTime=yesterday", "The value of RestoreToTime is not timestamp"),
        ] {
            assert!(said(&format!("{restore}{more}"), "mysql").contains(why), "{more}");
        }
        let from_snapshot =
            "Action=RestoreDBClusterFromSnapshot&DBClusterIdentifier=c&Engine=e&PubliclyAccessible=false";
        assert_eq!(said(from_snapshot, "mysql"), "The request must contain the parameter SnapshotIdentifier");
    }

    #[test]
    fn what_does_not_count_for_an_engine_or_an_instance_is_refused() {
        let instance = "Action=CreateDBInstance&DBInstanceIdentifier=i&DBInstanceClass=c&Engine=e";
        let member = format!("{instance}&DBClusterIdentifier=c");
        assert_eq!(said(&format!("{instance}&CopyTagsToSnapshot=false"), "mysql"), "");
        let aurora = "The parameter CopyTagsToSnapshot doesn't apply to Amazon Aurora DB instances.";
        assert_eq!(said(&format!("{member}&CopyTagsToSnapshot=false"), "mysql"), aurora);
        let plain = "Action=RestoreDBInstanceFromDBSnapshot&DBInstanceIdentifier=i&DBSnapshotIdentifier=s&EngineLifecycleSupport=x";
        assert_eq!(said(plain, "mysql"), "");
        assert!(said(plain, "mariadb").contains("applies only to RDS for MySQL"));
        assert!(said("Action=DescribeEvents&SourceType=db-table", "mysql").contains("not one of its values"));
    }
}
