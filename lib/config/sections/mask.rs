//! `[mask]`: what must not leave the server. `lib/mask/README.md` has the table of kinds.
//!
//! In: the settings (`policy`, `leaks`, `canaries`, `key`), and a rule for each column: `"email"`, `{ kind = "email", … }` or a
//! list of these with conditions. Out: a [`MaskSection`]. The [vocabulary](crate::config::vocabulary) holds the kinds and the
//! settings that each reads.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::config::brief::{self, Brief, OneOrMany};
use crate::config::names::{ColumnsName, NameError, TableName};
use crate::config::problem::{Problem, Wrong, did_you_mean};
use crate::config::scalar::Scalar;

/// Every setting of `[mask]`. Keys with a dot or a parenthesis are columns.
pub(crate) const SETTINGS: &[&str] = &["canaries", "key", "leaks", "policy"];

/// What must not leave the server: settings, and a rule for each masked column.
#[derive(Debug, Clone, Default)]
pub struct MaskSection {
    /// What happens to columns that look like personal data and have no mask.
    pub policy: MaskPolicy,
    /// What happens when an original value is found in the dump.
    pub leaks: Leaks,
    /// Whether canaries, made-up rows, are sent through the masks before real rows.
    pub canaries: Canaries,
    /// The secret that makes masks the same from night to night; if not given, each night has a new one.
    pub key: Option<KeyReference>,
    /// How a column, or the columns that a glob matches, are masked, by `table.column`.
    pub rules: BTreeMap<String, MaskRule>,
    /// Keys that are neither a setting nor a column. The loader reports them.
    pub(crate) strays: Vec<String>,
    /// Errors in the settings. The loader reports them together with all others.
    pub(crate) problems: Vec<Problem>,
}

/// What happens to columns that look like personal data and have no mask.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub enum MaskPolicy {
    /// The run is refused.
    #[default]
    Refuse,
    /// As `refuse`; also, every text column needs a mask or a reason.
    Strict,
    /// The run goes on with a warning.
    Warn,
}

/// What happens when an original value is found in the dump.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub enum Leaks {
    /// The run fails, and no dump is published.
    #[default]
    Refuse,
    /// The dump is published with a warning.
    Warn,
    /// The dump is not searched for originals.
    Off,
}

/// Whether canaries, made-up rows, are sent through the masks before real rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub enum Canaries {
    /// Canaries are sent, and the run is refused if one is recognised behind the masks.
    #[default]
    Refuse,
    /// No made-up rows are sent through the masks.
    Off,
}

/// The place of a secret key, which is never in the configuration file itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum KeyReference {
    /// Name of the environment variable that holds the key.
    Env(String),
    /// Path of the file that holds the key.
    File(String),
    /// ARN or name of the secret of AWS Secrets Manager that holds the key.
    Secret(String),
}

impl KeyReference {
    /// The ways to write a key reference, for hints.
    pub const HINT: &str = "key = { env = \"MASK_KEY\" }, { file = \"/run/secrets/mask-key\" } or \
                            { secret = \"arn:aws:secretsmanager:…\" }";
}

/// A condition, and the entry for the rows that match it.
pub type MaskCase<'a> = (&'a str, &'a MaskConfig);

/// How one column is masked: one entry, or several with conditions for different rows.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct MaskRule(OneOrMany<MaskConfig>);

impl MaskRule {
    /// The entries, in the order of the file.
    pub fn entries(&self) -> &[MaskConfig] {
        self.0.as_slice()
    }

    /// Reads table and column from the key of a rule; fails unless there is exactly one column.
    pub fn column(key: &str) -> Result<(TableName, String), Wrong> {
        let ColumnsName { table, mut columns } = key.parse().map_err(|e: NameError| (e.to_string(), None))?;
        match (columns.pop(), columns.is_empty()) {
            (Some(column), true) => Ok((table, column)),
            _ => Err(("a mask is for one column".to_owned(), None)),
        }
    }

    /// The entries with a condition, and the last entry, for all other rows. Fails if the last one is missing: those rows would
    /// leave clear.
    pub fn cases(&self) -> Result<(Vec<MaskCase<'_>>, &MaskConfig), Wrong> {
        let Some((rest, conditional)) = self.entries().split_last() else {
            return Err(("a mask without an entry".to_owned(), None));
        };
        if rest.when.is_some() {
            let hint = "[{ kind = \"email\", when = \"meta_key = 'email'\" }, \"text\"]".to_owned();
            let message = "the last entry has no `when`: it says what becomes of all other rows".to_owned();
            return Err((message, Some(hint)));
        }
        let cases: Option<Vec<MaskCase<'_>>> =
            conditional.iter().map(|entry| Some((entry.when.as_deref()?, entry))).collect();
        let cases = cases.ok_or_else(|| ("every entry but the last needs a `when`".to_owned(), None))?;
        Ok((cases, rest))
    }
}

/// How one column, or the columns that a glob matches, are masked.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, remote = "Self")]
#[schemars(transform = brief::or_text)]
pub struct MaskConfig {
    /// The kind of mask: `null`, `constant`, `hash`, `email`, `keep`, …
    pub kind: String,
    /// The rows that the entry is for: SQL over the table's columns, such as `meta_key = 'email'`. The first entry of a list
    /// whose condition is true is used; the last entry has none.
    pub when: Option<String>,
    /// Equal values get equal results in all columns of one domain; the kind's own name if not given.
    pub domain: Option<String>,
    /// Columns of the same table that identify the entity: rows with the same values in them get matching results (`person`,
    /// `shift`, `noise`, `choice`).
    pub of: OneOrMany<String>,
    /// Which part of a person: `first`, `last`, `full`, `email` or `username` (`person`).
    pub part: Option<String>,
    /// The result (`constant`), the password whose hash is the result (`password`), or the result for values that are not in
    /// `map` (`choice`).
    pub value: Option<Scalar>,
    /// The values that the result is chosen from (`choice`).
    pub values: Vec<Scalar>,
    /// How often each of `values` is chosen, relative to the others (`choice`).
    pub weights: Vec<u32>,
    /// The result for each known value (`choice`).
    pub map: BTreeMap<String, Scalar>,
    /// Pattern of the result: `#` is a digit, `?` a letter (`pattern`, `phone`). `same` keeps the form of the number (`phone`).
    pub format: Option<String>,
    /// Which check digits the pattern ends with: `luhn`, `ean` or `mod97` (`pattern`).
    pub check: Option<String>,
    /// Length of the whole result in characters (`hash`, `email`, `username`, `slug`), or of the card number in digits (`card`).
    pub length: Option<u32>,
    /// The beginning of the result (`hash`, `email`, `username`, `slug`, `card`).
    pub prefix: Option<String>,
    /// The part behind the `@`; `same` keeps the value's own host and appends `.test` (`email`).
    pub host: Option<String>,
    /// So many first characters (`partial`) or digits (`card`) are kept.
    pub first: Option<u32>,
    /// So many last characters are kept (`partial`).
    pub last: Option<u32>,
    /// The replacement for each character that is not kept, `*` if not given (`partial`).
    pub with: Option<String>,
    /// Whether the network (/24, /48) is kept (`ip`).
    pub network: Option<bool>,
    /// The number changes by at most so many percent (`noise`).
    pub percent: Option<f64>,
    /// Results are multiples of this (`bucket`); the shift is a multiple of so many days (`shift`).
    pub step: Option<f64>,
    /// Results are not below this (`bucket`, `clamp`).
    pub min: Option<f64>,
    /// Results are not above this (`bucket`, `clamp`).
    pub max: Option<f64>,
    /// The date moves by at most so many days, forward or back (`shift`).
    pub days: Option<u32>,
    /// The precision that is left of a date: `year`, `quarter` or `month` (`generalise`).
    pub to: Option<String>,
    /// So many decimals are kept (`geo`).
    pub digits: Option<u32>,
    /// Paths of a JSON document, and the mask for each (`json`): `{ "$.email" = "email", "$.phones[*]" = "phone" }`.
    pub paths: BTreeMap<String, MaskConfig>,
    /// Why values may leave clear (`keep`).
    pub reason: Option<String>,
    /// Why values may leave clear: short for `kind = "keep"` with this `reason`.
    pub keep: Option<String>,
    /// The result, an SQL expression over alias `t` (`sql`).
    pub sql: Option<String>,
}

impl MaskConfig {
    /// The settings that the entry gives, without those that every kind takes: `when`, `domain` and `reason`.
    pub(crate) fn given(&self) -> impl Iterator<Item = &'static str> {
        self.settings().into_iter().filter(|(_, given)| *given).map(|(name, _)| name)
    }

    fn settings(&self) -> [(&'static str, bool); 25] {
        [
            ("value", self.value.is_some()),
            ("values", !self.values.is_empty()),
            ("weights", !self.weights.is_empty()),
            ("map", !self.map.is_empty()),
            ("of", !self.of.as_slice().is_empty()),
            ("part", self.part.is_some()),
            ("format", self.format.is_some()),
            ("check", self.check.is_some()),
            ("length", self.length.is_some()),
            ("prefix", self.prefix.is_some()),
            ("host", self.host.is_some()),
            ("first", self.first.is_some()),
            ("last", self.last.is_some()),
            ("with", self.with.is_some()),
            ("network", self.network.is_some()),
            ("percent", self.percent.is_some()),
            ("step", self.step.is_some()),
            ("min", self.min.is_some()),
            ("max", self.max.is_some()),
            ("days", self.days.is_some()),
            ("to", self.to.is_some()),
            ("digits", self.digits.is_some()),
            ("paths", !self.paths.is_empty()),
            ("keep", self.keep.is_some()),
            ("sql", self.sql.is_some()),
        ]
    }
}

/// Turns the short form `keep = "reason"` into the kind `keep` with that reason.
fn keep(mut mask: MaskConfig) -> MaskConfig {
    if let (true, Some(reason)) = (mask.kind.is_empty(), mask.keep.take()) {
        "keep".clone_into(&mut mask.kind);
        mask.reason = Some(reason);
    }
    mask
}

impl Brief for MaskConfig {
    const EXPECTED: &'static str = "\"kind\" or { kind = \"kind\", … }";

    fn from_text(text: &str) -> Self {
        Self { kind: text.to_owned(), ..Self::default() }
    }

    fn from_table<'de, D: Deserializer<'de>>(table: D) -> Result<Self, D::Error> {
        Self::deserialize(table).map(keep)
    }
}

impl<'de> Deserialize<'de> for MaskConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        brief::read(deserializer)
    }
}

/// The setting `key` as the file has it. A plain text is an error; it may be the secret itself, so no message repeats it.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, remote = "Self")]
struct KeySetting {
    env: Option<String>,
    file: Option<String>,
    secret: Option<String>,
}

impl Brief for KeySetting {
    const EXPECTED: &'static str = "{ env = \"NAME\" }, { file = \"path\" } or { secret = \"ARN\" }";

    fn from_text(_: &str) -> Self {
        Self::default()
    }

    fn from_table<'de, D: Deserializer<'de>>(table: D) -> Result<Self, D::Error> {
        Self::deserialize(table)
    }
}

impl<'de> Deserialize<'de> for KeySetting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        brief::read(deserializer)
    }
}

impl KeySetting {
    fn reference(self) -> Result<KeyReference, Wrong> {
        match (self.env, self.file, self.secret) {
            (Some(name), None, None) => Ok(KeyReference::Env(name)),
            (None, Some(path), None) => Ok(KeyReference::File(path)),
            (None, None, Some(id)) => Ok(KeyReference::Secret(id)),
            _ => {
                let message = "key is a reference to a secret, one of env, file and secret".to_owned();
                Err((message, Some(KeyReference::HINT.to_owned())))
            }
        }
    }
}

/// A setting whose value is one of a few words.
trait SettingWord: Copy + 'static {
    /// Each word, and the value that it stands for.
    const WORDS: &'static [(&'static str, Self)];

    /// Returns the value that `text` stands for; fails for another word. `name` is the setting, for the message.
    fn read(name: &str, text: &str) -> Result<Self, Wrong> {
        if let Some((_, meaning)) = Self::WORDS.iter().find(|(word, _)| *word == text) {
            return Ok(*meaning);
        }
        let words: Vec<&str> = Self::WORDS.iter().map(|(word, _)| *word).collect();
        let (last, others) = words.split_last().map_or(("", String::new()), |(l, o)| (*l, o.join(", ")));
        let hint = did_you_mean(text, words.iter().copied());
        Err((format!("{name} is {others} or {last}, not {text:?}"), hint))
    }
}

impl SettingWord for MaskPolicy {
    const WORDS: &'static [(&'static str, Self)] =
        &[("refuse", Self::Refuse), ("strict", Self::Strict), ("warn", Self::Warn)];
}

impl SettingWord for Leaks {
    const WORDS: &'static [(&'static str, Self)] =
        &[("refuse", Self::Refuse), ("warn", Self::Warn), ("off", Self::Off)];
}

impl SettingWord for Canaries {
    const WORDS: &'static [(&'static str, Self)] = &[("refuse", Self::Refuse), ("off", Self::Off)];
}

struct MaskSectionVisitor;

impl<'de> Visitor<'de> for MaskSectionVisitor {
    type Value = MaskSection;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<MaskSection, A::Error> {
        let mut section = MaskSection::default();
        while let Some(key) = map.next_key::<String>()? {
            let fine = match key.as_str() {
                "policy" => word("policy", &mut map)?.map(|word| section.policy = word),
                "leaks" => word("leaks", &mut map)?.map(|word| section.leaks = word),
                "canaries" => word("canaries", &mut map)?.map(|word| section.canaries = word),
                "key" => {
                    map.next_value::<KeySetting>()?.reference().map(|reference| section.key = Some(reference))
                }
                column if column.contains(['.', '(']) => {
                    section.rules.insert(key.clone(), map.next_value()?);
                    Ok(())
                }
                stray => {
                    map.next_value::<IgnoredAny>()?;
                    section.strays.push(stray.to_owned());
                    Ok(())
                }
            };
            section.problems.extend(fine.err().map(|wrong| Problem::new(&["mask", &key], wrong)));
        }
        Ok(section)
    }
}

/// Reads the word of a setting. A wrong word is the inner error: the loader reports it together with all others.
fn word<'de, W: SettingWord, A: MapAccess<'de>>(
    name: &str,
    map: &mut A,
) -> Result<Result<W, Wrong>, A::Error> {
    Ok(W::read(name, &map.next_value::<String>()?))
}

impl<'de> Deserialize<'de> for MaskSection {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MaskSectionVisitor)
    }
}

impl JsonSchema for MaskSection {
    fn schema_name() -> Cow<'static, str> {
        "MaskSection".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let policy = generator.subschema_for::<MaskPolicy>();
        let leaks = generator.subschema_for::<Leaks>();
        let canaries = generator.subschema_for::<Canaries>();
        let key = generator.subschema_for::<KeyReference>();
        let rule = generator.subschema_for::<MaskRule>();
        json_schema!({
            "type": "object",
            "description": "What must not leave: settings, and `\"table.column\" = \"kind\"`.",
            "properties": {
                "policy": { "allOf": [policy], "default": "refuse",
                    "description": "What happens to columns that look like personal data and have no mask." },
                "leaks": { "allOf": [leaks], "default": "refuse",
                    "description": "What happens when an original value is found in the dump." },
                "canaries": { "allOf": [canaries], "default": "refuse",
                    "description": "Whether made-up rows go through the masks first." },
                "key": { "allOf": [key],
                    "description": "The secret that makes masks the same from night to night." },
            },
            "patternProperties": { "[.(]": rule },
            "additionalProperties": false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_asked_whether_it_is_given() {
        let schema = schemars::schema_for!(MaskConfig).to_value();
        let table = schema["anyOf"][1]["properties"].as_object().unwrap();
        let universal = ["kind", "when", "domain", "reason"];
        let fields = table.keys().map(String::as_str).filter(|name| !universal.contains(name));
        let mut fields: Vec<&str> = fields.collect();
        let mut settings: Vec<&str> = MaskConfig::default().settings().map(|(name, _)| name).to_vec();
        fields.sort_unstable();
        settings.sort_unstable();
        assert_eq!(fields, settings);
        assert_eq!(MaskConfig::default().given().count(), 0);
    }
}
