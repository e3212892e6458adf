//! `rds-restore --check`: what would go wrong, known in seconds and before anything costs money. `rds-snap` asks the same first.
//!
//! In: refresh.toml, and what the service describes (nothing is changed). Out: a list of findings, each good, worth knowing or wrong,
//! the wrong ones with the lines to paste; and the policy, as exact as what was learned allows. What may not be asked is worth
//! knowing, and no reason to fail.

mod ask;
mod finding;
mod judge;

use serde_json::json;

use super::api::Thing;
use super::desk::Desk;
use super::error::Error;
use super::policy::{self, Learned, SourceKey};
use crate::aws::{CallFailure, Connection, Standing};
use crate::config::RestoreConfig;
use crate::document::ResourceKind;
use crate::mysql;
use ask::AccountFacts;
use finding::{CheckFinding, CheckFindings};
use judge::ParameterGroup;

/// In which form a check is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum CheckForm {
    /// A list for people.
    Text,
    /// One JSON object with all findings.
    Json,
}

/// Checks everything, tells it on `out`, and fails if something is wrong.
pub(super) fn tell(
    desk: &Desk<'_>,
    (aws, standing): (&Connection, Standing),
    settings: &RestoreConfig,
    form: CheckForm,
    out: &mut dyn std::io::Write,
) -> Result<(), Error> {
    let mut list = CheckFindings::default();
    let learned = check(desk, (aws, standing), settings, &mut list)?;
    let policy = policy::with(&desk.house.config, &learned)?;
    let text = match form {
        CheckForm::Text => format!("{}\n{}\n{policy:#}\n", list.text(), "policy:"),
        CheckForm::Json => format!("{}\n", json!({"findings": list.json(), "policy": policy})),
    };
    // `out` is memory, or a pipe whose end is told elsewhere.
    let _ = out.write_all(text.as_bytes());
    match list.wrong() {
        0 => Ok(()),
        count => Err(Error::Check(count)),
    }
}

fn check(
    desk: &Desk<'_>,
    (aws, standing): (&Connection, Standing),
    settings: &RestoreConfig,
    list: &mut CheckFindings,
) -> Result<Learned, Error> {
    let mut learned = Learned { region: aws.region(), ..Learned::default() };
    list.add(judge::credentials(standing, jiff::Timestamp::now()));
    if let Some(arn) = known(list, "credentials", aws.caller()) {
        list.add(CheckFinding::good("credentials", format!("we are {arn}")));
        learned.account = arn.split(':').nth(4).map(str::to_owned);
    }
    let source = &desk.house.config.source;
    let (kind, id) = match (&source.cluster, &source.instance) {
        (Some(id), _) => (ResourceKind::Cluster, id),
        (None, Some(id)) => (ResourceKind::Instance, id),
        (None, None) => {
            return Err(Error::Missing(
                "set [source] cluster or instance in refresh.toml: there is nothing to check",
            ));
        }
    };
    offline(list, aws, settings);
    place(list, aws, settings);
    let quotas = quotas(list, aws, settings, kind);
    list.extend(quotas);
    let Some(found) = known(list, "source", desk.cloud.look(kind, id)) else { return Ok(learned) };
    let Some(found) = found else {
        let said = format!("there is no {} in this account and region", crate::aws::label(kind, id));
        list.add(CheckFinding::wrong("source", said, None));
        return Ok(learned);
    };
    list.extend(judge::source(&found, settings, &desk.house.config.snapshot.prefix));
    learned.key = found.kms_key.clone().map_or(SourceKey::None, SourceKey::Arn);
    what_is_offered(list, aws, settings, &found);
    Ok(learned)
}

/// Before a snapshot is taken of `source`: refuses what would make the night fail as refresh.toml has it. What is not set there may come by
/// a flag, and what passes by itself (a busy source, a quota that last night's copy still fills) is told, and left to the tools.
pub(super) fn before(
    desk: &Desk<'_>,
    aws: &Connection,
    settings: &RestoreConfig,
    source: &Thing,
) -> Result<(), Error> {
    let mut list = CheckFindings::default();
    offline(&mut list, aws, settings);
    if settings.subnet_group.is_some() {
        place(&mut list, aws, settings);
    }
    let quotas = quotas(&mut list, aws, settings, source.kind);
    list.extend(quotas.into_iter().map(CheckFinding::only_told));
    list.extend(judge::shape(source, settings, &desk.house.config.snapshot.prefix));
    what_is_offered(&mut list, aws, settings, source);
    desk.house.cancel.check()?;
    for CheckFinding { about, said, .. } in list.notes() {
        desk.house.progress.say(&format!("{about}: {said}"));
    }
    match list.certain() {
        None => Ok(()),
        Some((said, lines)) => Err(Error::Hopeless { said, lines }),
    }
}

/// Checks what needs no call of the service.
fn offline(list: &mut CheckFindings, aws: &Connection, settings: &RestoreConfig) {
    list.add(judge::authorities(settings, aws.is_near(), mysql::authorities));
    list.extend(judge::security_groups(&settings.security_groups));
}

/// Version, parameter group and instance classes, for this engine in this region.
fn what_is_offered(list: &mut CheckFindings, aws: &Connection, settings: &RestoreConfig, found: &Thing) {
    // A plain instance is restored at the version of its snapshot, or is upgraded by the service.
    let plain = found.kind == ResourceKind::Instance;
    let wanted = settings.engine_version.clone().filter(|_| !plain);
    let version = wanted.unwrap_or_else(|| found.engine_version.clone());
    let offered = known(list, "version", aws.versions(&found.engine)).unwrap_or_default();
    if !offered.is_empty() {
        let judged = judge::version(&version, &offered);
        list.add(if plain { judged.only_told() } else { judged });
    }
    let family = offered.iter().find(|one| one.id == version).map(|one| one.family.clone());
    group(list, aws, settings, found, family.as_deref());
    let mut machines = Vec::new();
    for class in settings.instance_class.as_slice() {
        let Some(there) = known(list, "classes", aws.orderable(&found.engine, &version, class)) else {
            continue;
        };
        machines.push((class.clone(), there));
    }
    let all_asked = machines.len() == settings.instance_class.as_slice().len();
    list.extend(judge::classes(&machines, &version, all_asked));
}

/// An answer, or a word about why there is none.
fn known<T>(list: &mut CheckFindings, about: &'static str, answer: Result<T, CallFailure>) -> Option<T> {
    match answer {
        Ok(value) => Some(value),
        Err(fault) => {
            list.add(CheckFinding::note(about, format!("could not be asked ({fault})")));
            None
        }
    }
}

fn place(list: &mut CheckFindings, aws: &Connection, settings: &RestoreConfig) {
    let Some(name) = &settings.subnet_group else {
        list.add(CheckFinding::unset(
            "subnets",
            "[restore] subnet_group is not set: the copy would be in the default VPC".to_owned(),
            Some("[restore]\nsubnet_group = \"NAME\"".to_owned()),
        ));
        return;
    };
    if let Some(found) = known(list, "subnets", aws.subnet_group(name)) {
        list.add(judge::subnets(name, found.as_ref()));
    }
}

fn quotas(
    list: &mut CheckFindings,
    aws: &Connection,
    settings: &RestoreConfig,
    kind: ResourceKind,
) -> Vec<CheckFinding> {
    let needed = i64::from(settings.readers) + 1;
    let asked = known(list, "quotas", aws.quotas());
    asked.map(|quotas| judge::quotas(&quotas, kind, needed)).unwrap_or_default()
}

/// The parameter group that the copy will have, and its family.
fn group(
    list: &mut CheckFindings,
    aws: &Connection,
    settings: &RestoreConfig,
    source: &Thing,
    family: Option<&str>,
) {
    let plain = source.kind == ResourceKind::Instance;
    let named = if plain { &settings.instance_parameter_group } else { &settings.parameter_group };
    let Some(name) = named.clone().or_else(|| source.parameter_group.clone()) else { return };
    let Some(found) = known(list, "parameters", aws.group(source.kind, &name)) else { return };
    let group = ParameterGroup {
        name,
        setting: if plain { "instance_parameter_group" } else { "parameter_group" },
        own: named.is_none(),
    };
    list.add(judge::group(&group, found.as_deref(), family));
    if found.is_some()
        && let Some(set) = known(list, "parameters", aws.parameters(source.kind, &group.name))
    {
        list.extend(judge::parameters(&group, &set));
    }
}

/// Nothing but what the tests of the parts need.
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_not_be_asked_is_a_note() {
        let mut list = CheckFindings::default();
        let fault = CallFailure {
            call: "DescribeAccountAttributes",
            class: crate::aws::FaultClass::Denied,
            code: Some("AccessDenied".to_owned()),
            message: "no".to_owned(),
        };
        assert_eq!(known::<()>(&mut list, "quotas", Err(fault)), None);
        assert_eq!(list.wrong(), 0);
        let value = list.json();
        assert_eq!(value[0]["level"], "note");
    }
}
