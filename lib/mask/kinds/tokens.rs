//! Masks made of the hash itself: tokens, user names, e-mail addresses, UUIDs; and the one password for everybody.

use sha2::{Digest, Sha256};

use super::expression::{around, hash};
use super::target::{Made, MaskRequest, MaskTarget, apart, lossy};
use crate::catalog::Family;
use crate::config::{MaskConfig, Scalar, Wrong};
use crate::mask::fit;
use crate::sql::literal;

/// How many hexadecimal digits of a hash keep values apart: 64 bits.
pub(crate) const UNIQUE_DIGITS: u64 = 16;

/// The fewest digits of a hash: fewer would hardly tell two values apart.
pub(crate) const DIGITS_MIN: u64 = 8;

/// The default cost of bcrypt in most frameworks: a login takes a twentieth of a second.
const BCRYPT_COST: u32 = 10;

/// A host that no mail is ever delivered to (RFC 2606).
pub(crate) const EMAIL_HOST: &str = "example.test";

/// The longest host with `host = "same"`, the `.test` behind it included.
const HOST_CHARACTERS_MAX: u64 = 60;

/// How many first characters of a UUID hold `UNIQUE_DIGITS` digits of the hash: version, variant and three dashes come on
/// top.
pub(crate) const UUID_PREFIX: u64 = UNIQUE_DIGITS + 2 + 3;

/// How many first characters of a result keep values apart: those of its prefix, by default `prefix` at most, and the
/// digits.
pub(crate) fn unique_prefix(config: &MaskConfig, prefix: u64) -> u64 {
    config.prefix.as_ref().map_or(prefix, |prefix| prefix.chars().count() as u64) + UNIQUE_DIGITS
}

/// A result with `digits` digits of the hash, lossy if they are fewer than `UNIQUE_DIGITS`.
fn sized(target: &MaskTarget<'_>, digits: u64, whole: &str) -> Made {
    Made { expression: around(target, whole), lossy: digits < UNIQUE_DIGITS }
}

pub(crate) fn hashed(target: &MaskTarget<'_>, config: &MaskConfig, domain: &str) -> Result<Made, Wrong> {
    if target.column.integer() {
        return Ok(integer(target, domain));
    }
    fit::text(target, "hash")?;
    let prefix = config.prefix.as_deref().unwrap_or_default();
    let before = prefix.chars().count() as u64;
    let room = fit::capacity(target).saturating_sub(before);
    let digits = config.length.map_or(32.min(room), |length| u64::from(length).saturating_sub(before));
    fit::room(target, before + digits.max(DIGITS_MIN), "a hash")?;
    fit::charset(target, prefix)?;
    if !(DIGITS_MIN..=64).contains(&digits) {
        return Err((format!("a hash has {DIGITS_MIN} to 64 digits, not {digits}"), None));
    }
    let hash = format!("LEFT({}, {digits})", hash(target, domain));
    let whole = if prefix.is_empty() { hash } else { format!("CONCAT({}, {hash})", literal(prefix)) };
    Ok(sized(target, digits, &whole))
}

/// User names and slugs: a word and 16 digits of the hash, or as many as fit.
pub(crate) fn prefixed(wish: &MaskRequest<'_>, word: &str) -> Result<Made, Wrong> {
    let MaskRequest { target, config, domain } = wish;
    fit::text(target, &config.kind)?;
    let prefix = config.prefix.clone().unwrap_or_else(|| word.to_owned());
    let whole = prefix.chars().count() as u64 + UNIQUE_DIGITS;
    let length = config.length.map_or(whole.min(fit::capacity(target)), u64::from);
    let length = Some(u32::try_from(length).unwrap_or(u32::MAX));
    hashed(target, &MaskConfig { prefix: Some(prefix), length, ..MaskConfig::default() }, domain)
}

/// The hash as a whole number of the column's width. Only a BIGINT keeps values apart.
fn integer(target: &MaskTarget<'_>, domain: &str) -> Made {
    let limit: u64 = match target.column.data_type.as_str() {
        "tinyint" => 1 << 7,
        "smallint" => 1 << 15,
        "mediumint" => 1 << 23,
        "int" => 1 << 31,
        _ => 1 << 60,
    };
    let hash = hash(target, domain);
    let wide = format!("CAST(CONV(LEFT({hash}, 15), 16, 10) AS UNSIGNED)");
    let masked = format!("CAST(MOD({wide}, {limit}) AS SIGNED)");
    Made { expression: around(target, &masked), lossy: limit < 1 << 60 }
}

pub(crate) fn email(target: &MaskTarget<'_>, config: &MaskConfig, domain: &str) -> Result<Made, Wrong> {
    fit::text(target, "email")?;
    let prefix = config.prefix.as_deref().unwrap_or("u");
    let host = config.host.as_deref().unwrap_or(EMAIL_HOST);
    let host_room = if host == "same" { HOST_CHARACTERS_MAX } else { host.chars().count() as u64 } + 1;
    let rest = prefix.chars().count() as u64 + host_room;
    let room = config.length.map_or(fit::capacity(target), u64::from).min(fit::capacity(target));
    let digits = UNIQUE_DIGITS.min(room.saturating_sub(rest));
    fit::room(target, rest + DIGITS_MIN, "an e-mail address")?;
    fit::charset(target, prefix)?;
    if digits < DIGITS_MIN {
        return Err((format!("an e-mail address needs at least {} characters", rest + DIGITS_MIN), None));
    }
    let host = if host == "same" { own_host(target)? } else { literal(host) };
    let hash = hash(target, domain);
    let masked = format!("CONCAT({}, LEFT({hash}, {digits}), '@', {host})", literal(prefix));
    Ok(sized(target, digits, &masked))
}

/// The host of the value with `.test` behind it, so that nothing is delivered; `EMAIL_HOST` where the value has no host,
/// or a long one.
fn own_host(target: &MaskTarget<'_>) -> Result<String, Wrong> {
    super::plain::text_only(target, "host = \"same\"")?;
    let host = format!("SUBSTRING_INDEX(CONVERT({} USING utf8mb4), '@', -1)", target.value);
    let most = HOST_CHARACTERS_MAX - 5;
    Ok(format!(
        "CASE WHEN {} LIKE '%@%' AND CHAR_LENGTH({host}) <= {most} \
         AND {host} REGEXP '^[A-Za-z0-9][A-Za-z0-9.-]*[.][A-Za-z]+$' \
         THEN CONCAT(LOWER({host}), '.test') ELSE '{EMAIL_HOST}' END",
        target.value
    ))
}

/// A version 4 UUID: as text, or as bytes in a binary column of 16 bytes.
pub(crate) fn uuid(target: &MaskTarget<'_>, domain: &str) -> Result<Made, Wrong> {
    let hash = hash(target, domain);
    let digits = format!("INSERT(INSERT(LEFT({hash}, 32), 13, 1, '4'), 17, 1, 'a')");
    if target.column.family() == Family::Binary && target.column.length == Some(16) {
        return Ok(apart(around(target, &format!("UNHEX({digits})"))));
    }
    if target.column.data_type != "uuid" {
        fit::text(target, "uuid")?;
        fit::room(target, 36, "a UUID")?;
    }
    let masked = [21, 17, 13, 9].iter().fold(digits, |text, at| format!("INSERT({text}, {at}, 0, '-')"));
    Ok(apart(around(target, &masked)))
}

/// Reads the setting `value` of `password`: the one password of all developers.
pub(crate) fn password_value(config: &MaskConfig) -> Result<&str, Wrong> {
    match &config.value {
        Some(Scalar::Text(value)) if !value.is_empty() => Ok(value),
        Some(_) => Err(("the password is a text".to_owned(), None)),
        None => {
            let hint = "{ kind = \"password\", value = \"development\" }".to_owned();
            Err(("password needs the password that developers get".to_owned(), Some(hint)))
        }
    }
}

/// One known password for everybody, as a bcrypt hash. A `value` that begins with `$` is taken as a hash made elsewhere.
pub(crate) fn password(target: &MaskTarget<'_>, config: &MaskConfig) -> Result<Made, Wrong> {
    let value = password_value(config)?;
    let hash = if value.starts_with('$') { value.to_owned() } else { bcrypt(value, &target.label())? };
    fit::text(target, "password")?;
    fit::room(target, hash.chars().count() as u64, "a bcrypt hash")?;
    Ok(lossy(format!("CASE WHEN {} IS NOT NULL THEN {} END", target.value, literal(&hash))))
}

/// Hashes a password with bcrypt. The salt comes from the column, so that the same rules give the same dump. It never
/// comes from the password: it can be read in the dump, and a guess of the password could be checked against it at once.
fn bcrypt(password: &str, column: &str) -> Result<String, Wrong> {
    let digest = Sha256::new().chain_update("refreshkit bcrypt salt:").chain_update(column).finalize();
    let mut salt = [0; 16];
    salt.copy_from_slice(&digest[..16]);
    let hash = bcrypt::hash_with_salt(password, BCRYPT_COST, salt);
    // PHP, Python, Ruby and Apache all take `$2y$`.
    hash.map(|parts| parts.format_for_version(bcrypt::Version::TwoY))
        .map_err(|e| (format!("no bcrypt hash of this password: {e}"), None))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_salt_of_the_one_password_says_nothing_of_it() {
        // A hash is `$2y$10$`, 22 characters of salt, and the hash itself.
        let salt = |hash: &str| hash[7..29].to_owned();
        let one = super::bcrypt("development", "users.password").unwrap();
        assert!(::bcrypt::verify("development", &one).unwrap());
        assert_eq!(
            one,
            super::bcrypt("development", "users.password").unwrap(),
            "the same rules, the same dump"
        );
        assert_eq!(salt(&one), salt(&super::bcrypt("another", "users.password").unwrap()));
        assert_ne!(salt(&one), salt(&super::bcrypt("development", "admins.password").unwrap()));
    }
}
