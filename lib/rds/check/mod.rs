//! `rds-restore --check`: finds what would go wrong, in seconds and before anything costs money. `rds-snap` makes most of these
//! checks first.
//!
//! In: refresh.toml, and what the service describes (nothing is changed). Out: a list of findings, each good, a note or wrong,
//! the wrong ones with the lines to paste where they are known; and the policy, as exact as the answers allow. A question
//! without an answer (the role may not ask it, for one) is a note, and no reason to fail.

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

/// Checks everything, writes findings and policy to `out`, and fails if a finding is wrong.
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
    // A failed write is reported by `cli::command`, which flushes `out` at the end.
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

/// The check before a snapshot of `source`: fails if the run would fail later with refresh.toml as it is. A missing setting is
/// no error, since a flag of `rds-restore` may give it; nor is a used-up quota, since the last run's copy may still count. The
/// status of the source is not checked: `rds-snap` waits for a busy one.
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

/// Checks settings without a call of the service.
fn offline(list: &mut CheckFindings, aws: &Connection, settings: &RestoreConfig) {
    list.add(judge::authorities(settings, aws.is_near(), mysql::authorities));
    list.extend(judge::security_groups(&settings.security_groups));
}

/// Checks version, parameter group and instance classes against what the region offers for this engine.
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

/// Returns an answer; for a fault adds a note to the list and returns `None`.
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

/// Checks the parameter group that the copy will have: its family, and the parameters that it sets.
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
