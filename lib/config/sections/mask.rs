//! `[mask]`: what must not leave. `lib/mask/README.md` is the table of kinds.
//!
//! In: the settings (`policy`, `leaks`, `canaries`, `key`), and a rule a column: `"email"`, `{ kind = "email", … }` or a
//! list of such with conditions. Out: a [`MaskSection`]. Which kinds there are and what each reads, the
//! [vocabulary](crate::config::vocabulary) knows.

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

/// Every setting of `[mask]`. A key with a dot or a parenthesis is a column.
pub(crate) const SETTINGS: &[&str] = &["canaries", "key", "leaks", "policy"];

/// What must not leave.
#[derive(Debug, Clone, Default)]
pub struct MaskSection {
    /// What happens to columns that look like personal data and have no mask.
    pub policy: MaskPolicy,
    /// What happens when an original value is found in the dump.
    pub leaks: Leaks,
    /// Whether made-up rows go through the masks first.
    pub canaries: Canaries,
    /// The secret that makes masks the same from night to night; without it the server makes one each night.
    pub key: Option<KeyReference>,
    /// What becomes of a column, or of the columns that a glob matches: `table.column`.
    pub rules: BTreeMap<String, MaskRule>,
    /// Keys that are neither a setting nor a column, for the loader.
    pub(crate) strays: Vec<String>,
    /// Settings that are wrong, for the loader.
    pub(crate) problems: Vec<Problem>,
}

/// What happens to columns that look like personal data and have no mask.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub enum MaskPolicy {
    /// The run is refused.
    #[default]
    Refuse,
    /// As `refuse`, and every text column needs a mask or a reason.
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
    /// Nobody looks for originals in the dump.
    Off,
}

/// Whether made-up rows go through the masks before real ones do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub enum Canaries {
    /// They do, and what comes through refuses the run.
    #[default]
    Refuse,
    /// No made-up rows are sent through the masks.
    Off,
}

/// Where a key is: never in the file itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum KeyReference {
    /// The environment variable that holds it.
    Env(String),
    /// The file that holds it.
    File(String),
    /// The secret of AWS Secrets Manager, its ARN or name.
    Secret(String),
}

impl KeyReference {
    /// How to write one.
    pub const HINT: &str = "key = { env = \"MASK_KEY\" }, { file = \"/run/secrets/mask-key\" } or \
                            { secret = \"arn:aws:secretsmanager:…\" }";
}

/// A condition, and the entry for the rows that it holds for.
pub type MaskCase<'a> = (&'a str, &'a MaskConfig);

/// What becomes of one column: one entry, or several for rows that differ.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct MaskRule(OneOrMany<MaskConfig>);

impl MaskRule {
    /// Its entries, as they are written.
    pub fn entries(&self) -> &[MaskConfig] {
        self.0.as_slice()
    }

    /// Table and column of its key.
    pub fn column(key: &str) -> Result<(TableName, String), Wrong> {
        let ColumnsName { table, mut columns } = key.parse().map_err(|e: NameError| (e.to_string(), None))?;
        match (columns.pop(), columns.is_empty()) {
            (Some(column), true) => Ok((table, column)),
            _ => Err(("a mask is for one column".to_owned(), None)),
        }
    }

    /// The entries with a condition, and the one for all other rows. That one cannot be left out: saying nothing would
    /// leave those rows clear.
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
    /// For which rows: SQL over the table's columns, such as `meta_key = 'email'`. The first entry of a list that holds is
    /// used; the last one has no condition.
    pub when: Option<String>,
    /// Values of one domain mask equally in every table; the kind's own name if not given.
    pub domain: Option<String>,
    /// Columns of the same table that name the entity which the result belongs to (`person`, `shift`, `noise`).
    pub of: OneOrMany<String>,
    /// Which part of a person: `first`, `last`, `full`, `email` or `username` (`person`).
    pub part: Option<String>,
    /// What stands instead of the value (`constant`, `password`), or of values without a word of their own (`choice`).
    pub value: Option<Scalar>,
    /// What to choose from (`choice`).
    pub values: Vec<Scalar>,
    /// How often each of `values` comes, relative to the others (`choice`).
    pub weights: Vec<u32>,
    /// What each known value becomes (`choice`).
    pub map: BTreeMap<String, Scalar>,
    /// Pattern of the result: `#` is a digit, `?` a letter (`pattern`, `phone`); `same` keeps what is no digit (`phone`).
    pub format: Option<String>,
    /// Which check digits the pattern ends with: `luhn`, `ean` or `mod97` (`pattern`).
    pub check: Option<String>,
    /// How long the result is (`hash`, `email`, `username`, `slug`, `card`).
    pub length: Option<u32>,
    /// What the result begins with (`hash`, `email`, `username`, `slug`, `card`).
    pub prefix: Option<String>,
    /// What follows the `@`; `same` keeps the value's own with `.test` behind it (`email`).
    pub host: Option<String>,
    /// So many first characters stay (`partial`), or digits (`card`).
    pub first: Option<u32>,
    /// So many last characters stay (`partial`).
    pub last: Option<u32>,
    /// What stands for each character that does not stay, `*` if not given (`partial`).
    pub with: Option<String>,
    /// Whether the network (/24, /48) stays (`ip`).
    pub network: Option<bool>,
    /// At most so many percent up or down (`noise`).
    pub percent: Option<f64>,
    /// Results are multiples of this (`bucket`; days, `shift`).
    pub step: Option<f64>,
    /// Results are not below this (`bucket`, `clamp`).
    pub min: Option<f64>,
    /// Results are not above this (`bucket`, `clamp`).
    pub max: Option<f64>,
    /// At most so many days forward or back (`shift`).
    pub days: Option<u32>,
    /// What is left of a date: `year`, `quarter` or `month` (`generalise`).
    pub to: Option<String>,
    /// So many digits stay behind the point (`geo`).
    pub digits: Option<u32>,
    /// Paths of a JSON document and the mask of what is there (`json`): `{ "$.email" = "email", "$.phones[*]" = "phone" }`.
    pub paths: BTreeMap<String, MaskConfig>,
    /// Why clear values may stay (`keep`).
    pub reason: Option<String>,
    /// Why clear values may stay: short for `kind = "keep"` and `reason`.
    pub keep: Option<String>,
    /// SQL over alias `t` (`sql`).
    pub sql: Option<String>,
}

impl MaskConfig {
    /// The settings that it gives, but for those that every kind takes: `when`, `domain` and `reason`.
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

/// `keep = "reason"` is a kind and its reason.
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

/// `key` as it is written. A text is no reference; it may be the secret itself, so it is not repeated.
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

/// A setting of a few words.
trait SettingWord: Copy + 'static {
    /// Each word and what it means.
    const WORDS: &'static [(&'static str, Self)];

    /// What `text` means as the setting `name`.
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

/// A word is read here; whether it is one, the loader says together with all else that is wrong.
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
