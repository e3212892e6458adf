//! One entry of `[mask]`: how a column, or the columns that a glob matches, are masked. `lib/mask/README.md` is the
//! table of kinds.
//!
//! In: `"email"`, `{ kind = "email", … }` or a list of such with conditions. Out: [`MaskConfig`]s.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::brief::{self, OneOrMany};
use super::types::Scalar;

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
    /// The environment variable that holds the secret (`[mask] key` only).
    pub env: Option<String>,
    /// The file that holds the secret (`[mask] key` only).
    pub file: Option<String>,
    /// The secret of AWS Secrets Manager, its ARN or name (`[mask] key` only).
    pub secret: Option<String>,
}
