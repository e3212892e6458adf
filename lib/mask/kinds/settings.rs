//! Which settings each kind reads: one that is not read would promise something.

use super::table::Wrong;
use crate::config::MaskConfig;

/// Refuses settings that the kind does not read.
pub(crate) fn check(config: &MaskConfig) -> Result<(), Wrong> {
    let kind = config.kind.as_str();
    match given(config).into_iter().find(|(_, set, kinds)| *set && !kinds.contains(&kind)) {
        Some((name, ..)) => Err((format!("{kind} has no setting `{name}`"), None)),
        None => Ok(()),
    }
}

type Setting = (&'static str, bool, &'static [&'static str]);

fn given(config: &MaskConfig) -> [Setting; 27] {
    [
        ("value", config.value.is_some(), &["constant", "password", "choice"]),
        ("values", !config.values.is_empty(), &["choice"]),
        ("weights", !config.weights.is_empty(), &["choice"]),
        ("map", !config.map.is_empty(), &["choice"]),
        ("of", !config.of.as_slice().is_empty(), &["person", "shift", "noise", "choice"]),
        ("part", config.part.is_some(), &["person"]),
        ("format", config.format.is_some(), &["pattern", "phone"]),
        ("check", config.check.is_some(), &["pattern"]),
        ("length", config.length.is_some(), &["hash", "email", "username", "slug", "card"]),
        ("prefix", config.prefix.is_some(), &["hash", "email", "username", "slug", "card"]),
        ("host", config.host.is_some(), &["email"]),
        ("first", config.first.is_some(), &["partial", "card"]),
        ("last", config.last.is_some(), &["partial"]),
        ("with", config.with.is_some(), &["partial"]),
        ("network", config.network.is_some(), &["ip"]),
        ("percent", config.percent.is_some(), &["noise"]),
        ("step", config.step.is_some(), &["bucket", "shift"]),
        ("min", config.min.is_some(), &["bucket", "clamp"]),
        ("max", config.max.is_some(), &["bucket", "clamp"]),
        ("days", config.days.is_some(), &["shift"]),
        ("to", config.to.is_some(), &["generalise"]),
        ("digits", config.digits.is_some(), &["geo"]),
        ("paths", !config.paths.is_empty(), &["json"]),
        ("sql", config.sql.is_some(), &["sql"]),
        ("env", config.env.is_some(), &[]),
        ("file", config.file.is_some(), &[]),
        ("secret", config.secret.is_some(), &[]),
    ]
}

/// Refuses a kind without a setting that it cannot do without.
pub(crate) fn needed<'a, T>(setting: Option<&'a T>, kind: &str, example: &str) -> Result<&'a T, Wrong> {
    setting.ok_or_else(|| {
        let name = example.split(' ').next().unwrap_or_default();
        (format!("{kind} needs `{name}`"), Some(example.to_owned()))
    })
}
