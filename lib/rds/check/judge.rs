//! Turns each answer of the service into findings. All functions are pure, so that each finding can be tested.

use jiff::Timestamp;

use super::ask::{AccountQuota, Machine, Subnets, Version};
use super::finding::CheckFinding;
use crate::aws::Standing;
use crate::config::RestoreConfig;
use crate::document::ResourceKind;
use crate::rds::api::Thing;
use crate::rds::names;
use crate::rds::poll::states::{self, StatusClass};

/// Number of availability zones that the subnet group of a copy needs.
const ZONES_MIN: usize = 2;

pub(super) fn credentials(standing: Standing, now: Timestamp) -> CheckFinding {
    let until = standing.expires.map(|end| format!(", until {end}")).unwrap_or_default();
    if standing.expires.is_some_and(|end| end <= now) {
        return CheckFinding::wrong("credentials", format!("the credentials have expired{until}"), None);
    }
    if standing.ends() {
        return CheckFinding::note(
            "credentials",
            format!("session credentials that nothing renews{until}: a night takes hours"),
        );
    }
    let kind = if standing.renewed { "credentials that are renewed" } else { "keys without an end" };
    CheckFinding::good("credentials", format!("{kind}{until}"))
}

/// The certificate authorities for the copy. `near`: the endpoint is on this host, and so are the copies that it makes.
pub(super) fn authorities(
    settings: &RestoreConfig,
    near: bool,
    count: impl Fn(&str) -> Result<usize, String>,
) -> CheckFinding {
    let bundle = || Some("[restore]\ntls_ca = \"/etc/refreshkit/global-bundle.pem\"".to_owned());
    match &settings.tls_ca {
        Some(path) => match count(path) {
            Ok(count) => CheckFinding::good("tls", format!("{count} authorities in {path}")),
            Err(problem) => CheckFinding::wrong("tls", format!("[restore] tls_ca {path}: {problem}"), bundle()),
        },
        None if near => CheckFinding::note("tls", "no tls_ca: the endpoint is on this host".to_owned()),
        None => CheckFinding::unset(
            "tls",
            "[restore] tls_ca is not set: the copy is not on this host, and no public authority vouches for RDS".to_owned(),
            bundle(),
        ),
    }
}

/// Whether security groups are set, and as ids, not names.
pub(super) fn security_groups(groups: &[String]) -> Vec<CheckFinding> {
    let paste = || Some("[restore]\nsecurity_groups = [\"sg-0123456789abcdef0\"]".to_owned());
    if groups.is_empty() {
        let said = "[restore] security_groups is not set: the copy would get the default one";
        return vec![CheckFinding::unset("network", said.to_owned(), paste())];
    }
    let is_id = |group: &&String| {
        let digits = group.strip_prefix("sg-").unwrap_or_default();
        !matches!(digits.len(), 8 | 17) || !digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let wrong: Vec<CheckFinding> = groups
        .iter()
        .filter(is_id)
        .map(|group| {
            CheckFinding::wrong("network", format!("{group:?} is no id of a security group"), paste())
        })
        .collect();
    if wrong.is_empty() { vec![CheckFinding::good("network", groups.join(", "))] } else { wrong }
}

/// Whether the subnet group of the copy exists and has enough zones.
pub(super) fn subnets(name: &str, found: Option<&Subnets>) -> CheckFinding {
    let paste = || Some("[restore]\nsubnet_group = \"NAME\"".to_owned());
    match found {
        None => CheckFinding::wrong("subnets", format!("there is no subnet group {name}"), paste()),
        Some(group) if group.zones.len() < ZONES_MIN => {
            let zones = group.zones.join(", ");
            CheckFinding::wrong(
                "subnets",
                format!("{name} has subnets in {zones} only: {ZONES_MIN} zones are needed"),
                paste(),
            )
        }
        Some(group) => {
            CheckFinding::good("subnets", format!("{name} in {} ({})", group.vpc, group.zones.join(", ")))
        }
    }
}

/// The findings about the source: engine, status, and those of [`shape`].
pub(super) fn source(found: &Thing, settings: &RestoreConfig, prefix: &str) -> Vec<CheckFinding> {
    let mut all = state(found);
    all.extend(shape(found, settings, prefix));
    all
}

fn state(found: &Thing) -> Vec<CheckFinding> {
    let mut all = Vec::new();
    let what = found.label();
    let mysql = ["aurora-mysql", "aurora", "mysql", "mariadb"].contains(&found.engine.as_str());
    if !mysql {
        all.push(CheckFinding::wrong("source", format!("{what} is {}, not MySQL", found.engine), None));
    } else if found.is_multi_az() {
        let said = format!(
            "{what} is a Multi-AZ DB cluster: restoring one is not supported; its snapshots cost more, too"
        );
        all.push(CheckFinding::wrong("source", said, None));
    }
    match states::class(found.kind, &found.status) {
        StatusClass::Ready => {
            all.push(CheckFinding::good(
                "source",
                format!("{what} is {} {}", found.engine, found.engine_version),
            ));
        }
        StatusClass::Terminal => {
            all.push(CheckFinding::wrong("source", format!("{what} is {}", found.status), None));
        }
        StatusClass::Transient | StatusClass::Unknown => {
            all.push(CheckFinding::note(
                "source",
                format!("{what} is {} now: it is waited for", found.status),
            ));
        }
    }
    all
}

/// The findings about the source that waiting does not change: whether it can be cloned, its key, and names that begin with our
/// prefix.
pub(super) fn shape(found: &Thing, settings: &RestoreConfig, prefix: &str) -> Vec<CheckFinding> {
    let mut all = Vec::new();
    let what = found.label();
    if settings.clone && found.members.is_empty() {
        all.push(CheckFinding::wrong("source", format!("{what} has no instance: it cannot be cloned"), None));
    }
    for name in found.members.iter().chain([&found.id]).filter(|name| names::is_ours(prefix, name)) {
        let said = format!("{name} begins with our prefix {prefix:?}: by name alone it would be ours");
        all.push(CheckFinding::wrong("names", said, Some("[snapshot]\nprefix = \"refreshkit\"".to_owned())));
    }
    match (&found.kms_key, &settings.kms_key) {
        (None, _) => all.push(CheckFinding::note(
            "key",
            format!("{what} is not encrypted, and neither will be what is made of it"),
        )),
        (Some(key), None) => all.push(CheckFinding::good("key", format!("{key}, of the source"))),
        (Some(key), Some(own)) => {
            all.push(CheckFinding::good("key", format!("{own}; the snapshot has the source's, {key}")));
        }
    }
    all
}

/// Whether the engine version is still offered.
pub(super) fn version(wanted: &str, offered: &[Version]) -> CheckFinding {
    match offered.iter().find(|one| one.id == wanted) {
        Some(one) if one.retired => {
            CheckFinding::note("version", format!("{wanted} is deprecated: it may not be offered for long"))
        }
        Some(_) => CheckFinding::good("version", format!("{wanted} is offered")),
        None => {
            // Suggests the newest version of the same release (the service lists the oldest first), else the newest of all.
            let major =
                |text: &str| text.rsplit_once('.').map_or(text.to_owned(), |(head, _)| head.to_owned());
            let near = offered.iter().rev().find(|one| major(&one.id) == major(wanted));
            let near =
                near.or(offered.last()).map(|one| format!("[restore]\nengine_version = \"{}\"", one.id));
            CheckFinding::wrong(
                "version",
                format!("{wanted} is not offered any more: no copy of that version can be made"),
                near,
            )
        }
    }
}

/// A parameter group, whether it is the source's own, and the setting that would name another.
pub(super) struct ParameterGroup {
    pub(super) name: String,
    pub(super) setting: &'static str,
    pub(super) own: bool,
}

/// Whether a parameter group exists and is of the family that the version needs.
pub(super) fn group(group: &ParameterGroup, found: Option<&str>, family: Option<&str>) -> CheckFinding {
    let ParameterGroup { name, setting, own } = group;
    let paste = || Some(format!("[restore]\n{setting} = \"NAME\""));
    match (found, family) {
        (None, _) => {
            CheckFinding::wrong("parameters", format!("there is no parameter group {name}"), paste())
        }
        (Some(found), Some(family)) if found != family => CheckFinding::wrong(
            "parameters",
            format!("{name} is of the family {found}, and the version needs {family}"),
            paste(),
        ),
        (Some(_), _) if *own => CheckFinding::note(
            "parameters",
            format!("{name}, the source's own ([restore] {setting} is not set)"),
        ),
        (Some(found), _) => CheckFinding::good("parameters", format!("{name} ({found})")),
    }
}

/// The parameters in a group that matter on a copy.
pub(super) fn parameters(group: &ParameterGroup, set: &[(String, String)]) -> Vec<CheckFinding> {
    let on = |value: &str| matches!(value.to_ascii_uppercase().as_str(), "1" | "ON" | "TRUE");
    let ParameterGroup { name, setting, .. } = group;
    let said = |(parameter, value): &(String, String)| match parameter.as_str() {
        "read_only" | "super_read_only" if on(value) => Some(CheckFinding::wrong(
            "parameters",
            format!("{name} sets {parameter}: mydehydrate could not write its keys on the copy"),
            Some(format!("[restore]\n{setting} = \"NAME\"")),
        )),
        "event_scheduler" if on(value) => Some(CheckFinding::note(
            "parameters",
            format!(
                "{name} sets event_scheduler: production's events run on the copy until rds-restore disables them"
            ),
        )),
        "binlog_format" if !value.eq_ignore_ascii_case("OFF") => Some(CheckFinding::note(
            "parameters",
            format!(
                "{name} sets binlog_format = {value}: what mydehydrate writes on the copy is logged there, which takes time"
            ),
        )),
        _ => None,
    };
    set.iter().filter_map(said).collect()
}

/// Which instance classes can be ordered; `rds-restore` takes the first that can.
pub(super) fn classes(machines: &[(String, Machine)], version: &str, all_asked: bool) -> Vec<CheckFinding> {
    let mut all: Vec<CheckFinding> = machines
        .iter()
        .map(|(class, machine)| match machine {
            Machine::Offered => CheckFinding::good("classes", format!("{class} can be ordered")),
            Machine::Missing => CheckFinding::note(
                "classes",
                format!("{class} is not offered for {version} here: it is passed over"),
            ),
        })
        .collect();
    if all_asked && !machines.is_empty() && machines.iter().all(|(_, machine)| *machine == Machine::Missing) {
        let said = "none of [restore] instance_class can be ordered".to_owned();
        all.push(CheckFinding::wrong(
            "classes",
            said,
            Some("[restore]\ninstance_class = [\"db.r7g.large\", \"db.r6g.large\"]".to_owned()),
        ));
    }
    all
}

/// Whether the quotas leave room for what one run makes.
pub(super) fn quotas(quotas: &[AccountQuota], kind: ResourceKind, instances: i64) -> Vec<CheckFinding> {
    let needs: &[(&str, i64)] = if kind == ResourceKind::Cluster {
        &[("DBClusters", 1), ("DBInstances", instances), ("ManualClusterSnapshots", 1)]
    } else {
        &[("DBInstances", instances), ("ManualSnapshots", 1)]
    };
    let known = needs
        .iter()
        .filter_map(|(name, more)| Some((quotas.iter().find(|quota| quota.name == *name)?, more)));
    known
        .map(|(AccountQuota { name, used, most }, more)| {
            let said = format!("{name}: {used} of {most} are used, and a night needs {more} more");
            if used + more > *most {
                CheckFinding::wrong("quotas", said, None)
            } else {
                CheckFinding::good("quotas", said)
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::finding::Severity;
    use super::*;

    fn wrong(finding: &CheckFinding, words: &str) {
        assert!(finding.level == Severity::Wrong && finding.said.contains(words), "{finding:?}");
    }

    fn thing() -> Thing {
        Thing {
            status: "available".to_owned(),
            engine: "aurora-mysql".to_owned(),
            engine_version: "8.0.mysql_aurora.3.10.0".to_owned(),
            members: vec!["prod-1".to_owned()],
            kms_key: Some("arn:aws:kms:eu-west-1:1:key/k".to_owned()),
            ..Thing::new(ResourceKind::Cluster, "shop")
        }
    }

    #[test]
    fn credentials_are_of_three_kinds_and_may_be_over() {
        let now: Timestamp = "2026-11-29T02:00:00Z".parse().unwrap();
        let standing = |session, renewed, end: Option<&str>| Standing {
            session,
            renewed,
            expires: end.map(|end| end.parse().unwrap()),
        };
        assert_eq!(credentials(standing(false, false, None), now).level, Severity::Good);
        assert_eq!(
            credentials(standing(true, true, Some("2026-11-29T08:00:00Z")), now).level,
            Severity::Good
        );
        assert_eq!(credentials(standing(true, false, None), now).level, Severity::Note);
        wrong(
            &credentials(standing(true, false, Some("2026-11-29T01:00:00Z")), now),
            "have expired, until 2026-11-29T01",
        );
    }

    #[test]
    fn what_is_missing_in_the_configuration_comes_with_the_lines_to_paste() {
        let mut settings = RestoreConfig::default();
        let missing = authorities(&settings, false, |_| Ok(1));
        assert!(
            missing.level == Severity::Unset && missing.said.contains("tls_ca is not set"),
            "{missing:?}"
        );
        assert_eq!(authorities(&settings, true, |_| Ok(1)).level, Severity::Note);
        assert!(missing.toml.unwrap().contains("tls_ca = "));
        settings.tls_ca = Some("/x".to_owned());
        wrong(&authorities(&settings, false, |_| Err("No such file".to_owned())), "/x: No such file");
        assert_eq!(authorities(&settings, false, |_| Ok(108)).said, "108 authorities in /x");
        assert_eq!(security_groups(&[])[0].level, Severity::Unset);
        wrong(&security_groups(&["default".to_owned()])[0], "is no id of a security group");
        assert_eq!(security_groups(&["sg-0123456789abcdef0".to_owned()])[0].level, Severity::Good);
    }

    #[test]
    fn a_subnet_group_must_be_there_and_in_two_zones() {
        let group = |zones: &[&str]| Subnets {
            vpc: "vpc-1".to_owned(),
            zones: zones.iter().map(|zone| (*zone).to_owned()).collect(),
        };
        wrong(&subnets("dev", None), "there is no subnet group dev");
        wrong(&subnets("dev", Some(&group(&["eu-west-1a"]))), "2 zones are needed");
        assert_eq!(subnets("dev", Some(&group(&["a", "b"]))).level, Severity::Good);
    }

    #[test]
    fn the_source_is_mysql_whole_ready_and_not_named_like_a_copy() {
        let settings = RestoreConfig::default();
        let of = |thing: &Thing, settings: &RestoreConfig| source(thing, settings, "kit");
        assert!(of(&thing(), &settings).iter().all(|finding| finding.level == Severity::Good));
        let find = |thing: Thing, settings: &RestoreConfig| {
            of(&thing, settings).into_iter().find(|finding| finding.level == Severity::Wrong).unwrap()
        };
        wrong(&find(Thing { engine: "aurora-postgresql".into(), ..thing() }, &settings), "not MySQL");
        wrong(&find(Thing { engine: "mysql".into(), ..thing() }, &settings), "Multi-AZ DB cluster");
        wrong(&find(Thing { status: "stopped".into(), ..thing() }, &settings), "is stopped");
        wrong(
            &find(Thing { members: vec!["kit-1".into()], ..thing() }, &settings),
            "kit-1 begins with our prefix",
        );
        let clone = RestoreConfig { clone: true, ..RestoreConfig::default() };
        wrong(&find(Thing { members: Vec::new(), ..thing() }, &clone), "cannot be cloned");
        let busy = of(&Thing { status: "backing-up".into(), ..thing() }, &settings);
        assert!(busy.iter().any(|finding| finding.level == Severity::Note));
    }

    #[test]
    fn a_retired_version_is_told_with_the_nearest_one() {
        let version_of =
            |version: &str, retired| Version { id: version.to_owned(), family: "f".to_owned(), retired };
        let offered =
            [version_of("8.0.mysql_aurora.3.08.0", true), version_of("8.0.mysql_aurora.3.10.1", false)];
        assert_eq!(version("8.0.mysql_aurora.3.10.1", &offered).level, Severity::Good);
        assert_eq!(version("8.0.mysql_aurora.3.08.0", &offered).level, Severity::Note);
        let gone = version("8.0.mysql_aurora.3.10.0", &offered);
        wrong(&gone, "is not offered any more");
        assert_eq!(gone.toml.unwrap(), "[restore]\nengine_version = \"8.0.mysql_aurora.3.10.1\"");
    }

    #[test]
    fn a_parameter_group_is_there_and_of_the_versions_family() {
        let named = |own| ParameterGroup { name: "g".to_owned(), setting: "parameter_group", own };
        wrong(&group(&named(false), None, Some("aurora-mysql8.0")), "there is no parameter group g");
        wrong(
            &group(&named(false), Some("aurora-mysql5.7"), Some("aurora-mysql8.0")),
            "the version needs aurora-mysql8.0",
        );
        assert_eq!(group(&named(false), Some("f"), Some("f")).level, Severity::Good);
        let own = group(&named(true), Some("f"), Some("f"));
        assert!(own.level == Severity::Note && own.said.contains("the source's own"), "{own:?}");
    }

    #[test]
    fn what_a_group_sets_is_read_as_far_as_it_matters_on_a_copy() {
        let named = ParameterGroup { name: "g".to_owned(), setting: "parameter_group", own: true };
        let set = |name: &str, value: &str| parameters(&named, &[(name.to_owned(), value.to_owned())]);
        for (name, value) in [("read_only", "1"), ("super_read_only", "ON")] {
            wrong(&set(name, value)[0], "could not write its keys");
        }
        for (name, value) in [("event_scheduler", "ON"), ("binlog_format", "ROW")] {
            assert_eq!(set(name, value)[0].level, Severity::Note, "{name}");
        }
        for (name, value) in [
            ("read_only", "{TrueIfReplica}"),
            ("event_scheduler", "OFF"),
            ("binlog_format", "OFF"),
            ("sql_mode", "ANSI"),
        ] {
            assert_eq!(set(name, value), [], "{name}");
        }
    }

    #[test]
    fn a_class_that_is_not_offered_is_passed_over_unless_it_is_the_last() {
        let list = |machines: &[Machine]| -> Vec<(String, Machine)> {
            machines.iter().enumerate().map(|(n, machine)| (format!("db.r{n}g.large"), *machine)).collect()
        };
        let some = classes(&list(&[Machine::Missing, Machine::Offered]), "8", true);
        assert_eq!(
            some.iter().map(|finding| finding.level).collect::<Vec<_>>(),
            [Severity::Note, Severity::Good]
        );
        wrong(
            classes(&list(&[Machine::Missing, Machine::Missing]), "8", true).last().unwrap(),
            "none of [restore] instance_class",
        );
        // A class about which the service did not answer may be offered.
        let some = classes(&list(&[Machine::Missing]), "8", false);
        assert!(some.iter().all(|finding| finding.level == Severity::Note), "{some:?}");
    }

    #[test]
    fn a_quota_must_leave_room_for_a_night() {
        let quota = |name: &str, used, most| AccountQuota { name: name.to_owned(), used, most };
        let all = [
            quota("DBClusters", 39, 40),
            quota("DBInstances", 39, 40),
            quota("ManualClusterSnapshots", 100, 100),
            quota("Other", 9, 9),
        ];
        let found = quotas(&all, ResourceKind::Cluster, 2);
        assert_eq!(
            found.iter().map(|finding| finding.level).collect::<Vec<_>>(),
            [Severity::Good, Severity::Wrong, Severity::Wrong]
        );
        assert_eq!(quotas(&all, ResourceKind::Instance, 1).len(), 1);
    }
}
