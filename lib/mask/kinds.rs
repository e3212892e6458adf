//! The kinds of masks: from one `[mask]` entry and one column to an expression.

use sha2::{Digest, Sha256};

use super::expression::{around, hash};
use super::shapes::{dictionary, pattern, phone, uuid};
use super::words::{FILLER, FIRST, LAST};
use super::{Mask, fit};
use crate::catalog::{Column, Family, Table};
use crate::config::{MaskConfig, Scalar};
use crate::mysql::literal;

/// Every kind, for "did you mean".
pub(super) const NAMES: &[&str] = &[
    "null",
    "constant",
    "empty",
    "keep",
    "hash",
    "email",
    "name",
    "person",
    "first_name",
    "last_name",
    "phone",
    "text",
    "pattern",
    "password",
    "uuid",
    "sql",
];

/// A sentence and a hint, for the caller to add file and line.
pub(super) type Wrong = (String, Option<String>);

/// Digits of a hash that keep values apart: 64 bits.
const UNIQUE_DIGITS: u64 = 16;

/// Fewer digits than this would hardly tell two values apart.
const DIGITS_MIN: u64 = 8;

/// Longer free texts are cut: REPEAT gives NULL beyond `max_allowed_packet`.
const FILLER_CHARACTERS_MAX: u64 = 1_000_000;

/// The cost that most frameworks begin with: a login takes a twentieth of a second.
const BCRYPT_COST: u32 = 10;

/// Where no mail is ever delivered (RFC 2606).
const EMAIL_HOST: &str = "@example.test";

/// One column to mask.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target<'a> {
    pub(super) table: &'a Table,
    pub(super) column: &'a Column,
}

impl Target<'_> {
    pub(super) fn label(&self) -> String {
        format!("{}.{}", self.table.name, self.column.name)
    }
}

pub(super) struct Made {
    pub(super) expression: String,
    pub(super) lossy: bool,
}

pub(super) fn lossy(expression: String) -> Made {
    Made { expression, lossy: true }
}

/// Compiles one entry for one column.
pub(super) fn mask(target: &Target<'_>, rule: &str, config: &MaskConfig) -> Result<Mask, Wrong> {
    check_settings(config)?;
    let domain = config.domain.clone().unwrap_or_else(|| default_domain(&config.kind).to_owned());
    let made = make(target, config, &domain)?;
    // Equal for columns that mask alike, whatever they are called.
    let recipe = made.expression.replace(&target.column.of("t"), "?");
    Ok(Mask {
        kind: config.kind.clone(),
        domain,
        expression: made.expression,
        recipe,
        lossy: made.lossy,
        rule: rule.to_owned(),
    })
}

fn default_domain(kind: &str) -> &str {
    if kind == "person" { "name" } else { kind }
}

/// Refuses settings that the kind does not read: they would promise something.
fn check_settings(config: &MaskConfig) -> Result<(), Wrong> {
    let kind = config.kind.as_str();
    let settings: [(&str, bool, &[&str]); 6] = [
        ("value", config.value.is_some(), &["constant", "password"]),
        ("format", config.format.is_some(), &["pattern", "phone"]),
        ("length", config.length.is_some(), &["hash", "email"]),
        ("prefix", config.prefix.is_some(), &["hash", "email"]),
        ("reason", config.reason.is_some(), &["keep"]),
        ("sql", config.sql.is_some(), &["sql"]),
    ];
    match settings.iter().find(|(_, set, kinds)| *set && !kinds.contains(&kind)) {
        Some((name, ..)) => Err((format!("{kind} has no setting `{name}`"), None)),
        None => Ok(()),
    }
}

fn make(target: &Target<'_>, config: &MaskConfig, domain: &str) -> Result<Made, Wrong> {
    let column = target.column;
    match config.kind.as_str() {
        "null" => fit::nullable(target).map(|()| lossy("NULL".to_owned())),
        "empty" => fit::text(target, "empty")
            .map(|()| lossy(format!("CASE WHEN {} IS NOT NULL THEN '' END", column.of("t")))),
        "constant" => constant(target, config),
        "keep" => keep(target, config),
        "hash" => hashed(target, config, domain),
        "email" => email(target, config, domain),
        "first_name" => dictionary(target, domain, &[FIRST]),
        "last_name" => dictionary(target, domain, &[LAST]),
        "name" | "person" => dictionary(target, domain, &[FIRST, LAST]),
        "phone" => phone(target, config, domain),
        "text" => text(target),
        "pattern" => match &config.format {
            Some(format) => pattern(target, format, domain),
            None => Err(("pattern needs a format".to_owned(), Some("format = \"###-##-####\"".to_owned()))),
        },
        "password" => password(target, config),
        "uuid" => uuid(target, domain),
        "sql" => match &config.sql {
            Some(sql) => Ok(Made { expression: format!("({sql})"), lossy: false }),
            None => Err((
                "sql needs an expression".to_owned(),
                Some("sql = \"CONCAT('user-', t.id)\"".to_owned()),
            )),
        },
        other => Err((format!("unknown kind of mask {other:?}"), None)),
    }
}

fn constant(target: &Target<'_>, config: &MaskConfig) -> Result<Made, Wrong> {
    let column = target.column;
    let needs =
        || (format!("constant needs a value for {}", target.label()), Some("value = \"…\"".to_owned()));
    let value = config.value.as_ref().ok_or_else(needs)?;
    fit::value(target, value)?;
    let value = match value {
        Scalar::Bool(value) => u8::from(*value).to_string(),
        Scalar::Integer(value) => value.to_string(),
        Scalar::Float(value) => value.to_string(),
        Scalar::Text(value) => {
            if column.family() == Family::Json {
                let valid = serde_json::from_str::<serde_json::Value>(value).is_ok();
                valid
                    .then_some(())
                    .ok_or_else(|| (format!("{value:?} is no JSON for {}", target.label()), None))?;
            } else if matches!(column.family(), Family::Text | Family::Binary) {
                fit::room(target, value.chars().count() as u64, "this value")?;
            } else if column.family() == Family::Exact && value.parse::<f64>().is_err() {
                return Err((format!("{value:?} is no number for {}", target.label()), None));
            }
            literal(value)
        }
    };
    Ok(lossy(format!("CASE WHEN {} IS NOT NULL THEN {value} END", column.of("t"))))
}

fn keep(target: &Target<'_>, config: &MaskConfig) -> Result<Made, Wrong> {
    if config.reason.as_deref().is_none_or(|reason| reason.trim().is_empty()) {
        let hint = "{ kind = \"keep\", reason = \"office addresses, public\" }".to_owned();
        return Err(("keep needs a reason, for whoever asks later".to_owned(), Some(hint)));
    }
    Ok(Made { expression: target.column.of("t"), lossy: false })
}

fn hashed(target: &Target<'_>, config: &MaskConfig, domain: &str) -> Result<Made, Wrong> {
    let column = target.column;
    if column.integer() {
        return Ok(integer(target, domain));
    }
    fit::text(target, "hash")?;
    let prefix = config.prefix.as_deref().unwrap_or_default();
    let before = prefix.chars().count() as u64;
    let room = fit::capacity(target).saturating_sub(before);
    let digits = config.length.map_or(32.min(room), |length| u64::from(length).saturating_sub(before));
    fit::room(target, before + digits.max(DIGITS_MIN), "a hash")?;
    if !(DIGITS_MIN..=64).contains(&digits) {
        return Err((format!("a hash has {DIGITS_MIN} to 64 digits, not {digits}"), None));
    }
    let hash = format!("LEFT({}, {digits})", hash(column, domain));
    let whole = if prefix.is_empty() { hash } else { format!("CONCAT({}, {hash})", literal(prefix)) };
    Ok(Made { expression: around(column, &whole), lossy: digits < UNIQUE_DIGITS })
}

/// A whole number of the column's width. Narrow columns cannot keep values apart.
fn integer(target: &Target<'_>, domain: &str) -> Made {
    let limit: u64 = match target.column.data_type.as_str() {
        "tinyint" => 1 << 7,
        "smallint" => 1 << 15,
        "mediumint" => 1 << 23,
        "int" => 1 << 31,
        _ => 1 << 60,
    };
    let hash = hash(target.column, domain);
    let wide = format!("CAST(CONV(LEFT({hash}, 15), 16, 10) AS UNSIGNED)");
    let masked = format!("CAST(MOD({wide}, {limit}) AS SIGNED)");
    Made { expression: around(target.column, &masked), lossy: limit < 1 << 60 }
}

fn email(target: &Target<'_>, config: &MaskConfig, domain: &str) -> Result<Made, Wrong> {
    fit::text(target, "email")?;
    let prefix = config.prefix.as_deref().unwrap_or("u");
    let rest = (prefix.chars().count() + EMAIL_HOST.len()) as u64;
    let room = config.length.map_or(fit::capacity(target), u64::from).min(fit::capacity(target));
    let digits = UNIQUE_DIGITS.min(room.saturating_sub(rest));
    fit::room(target, rest + DIGITS_MIN, "an e-mail address")?;
    if digits < DIGITS_MIN {
        return Err((format!("an e-mail address needs at least {} characters", rest + DIGITS_MIN), None));
    }
    let hash = hash(target.column, domain);
    let masked = format!("CONCAT({}, LEFT({hash}, {digits}), {})", literal(prefix), literal(EMAIL_HOST));
    Ok(Made { expression: around(target.column, &masked), lossy: digits < UNIQUE_DIGITS })
}

fn text(target: &Target<'_>) -> Result<Made, Wrong> {
    fit::text(target, "text")?;
    let plain = target.column.of("t");
    let length = format!("LEAST(CHAR_LENGTH({plain}), {FILLER_CHARACTERS_MAX})");
    let filler = literal(FILLER);
    let times = format!("{length} DIV {} + 1", FILLER.len());
    Ok(lossy(format!("LEFT(REPEAT({filler}, {times}), {length})")))
}

/// One known password for everybody, as a bcrypt hash. A value that begins with `$` is a hash made elsewhere.
fn password(target: &Target<'_>, config: &MaskConfig) -> Result<Made, Wrong> {
    let value = match &config.value {
        Some(Scalar::Text(value)) if !value.is_empty() => value.as_str(),
        Some(_) => return Err(("the password is a text".to_owned(), None)),
        None => {
            let hint = "{ kind = \"password\", value = \"development\" }".to_owned();
            return Err(("password needs the password that developers get".to_owned(), Some(hint)));
        }
    };
    let hash = if value.starts_with('$') { value.to_owned() } else { bcrypt(value)? };
    fit::text(target, "password")?;
    fit::room(target, hash.chars().count() as u64, "a bcrypt hash")?;
    let plain = target.column.of("t");
    Ok(lossy(format!("CASE WHEN {plain} IS NOT NULL THEN {} END", literal(&hash))))
}

/// The salt comes from the password, so that the same rules give the same dump: this password is no secret.
fn bcrypt(password: &str) -> Result<String, Wrong> {
    let digest = Sha256::digest(password.as_bytes());
    let mut salt = [0; 16];
    salt.copy_from_slice(&digest[..16]);
    let hash = bcrypt::hash_with_salt(password, BCRYPT_COST, salt);
    // `$2y$` is what PHP, Python, Ruby and Apache all take.
    hash.map(|parts| parts.format_for_version(bcrypt::Version::TwoY))
        .map_err(|e| (format!("no bcrypt hash of this password: {e}"), None))
}
