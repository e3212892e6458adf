//! Whether a mask fits its column: type, length, character set, NULL, unique indexes.

use super::kinds::target::MaskTarget;
use super::masks::Mask;
use crate::catalog::{Column, Family, IndexPart};
use crate::config::{Scalar, Wrong};
use crate::sql::members;

/// Fails when the column has no room for `needed` characters.
pub(crate) fn room(target: &MaskTarget<'_>, needed: u64, what: &str) -> Result<(), Wrong> {
    if capacity(target) >= needed {
        return Ok(());
    }
    let message = format!(
        "{} ({}) has no room for {what}: {needed} characters",
        target.label(),
        target.column.column_type
    );
    Err((message, Some("choose null, constant or text for it, or a shorter length".to_owned())))
}

/// How many characters fit into the column: 0 if it is neither text nor bytes.
pub(crate) fn capacity(target: &MaskTarget<'_>) -> u64 {
    match target.column.family() {
        Family::Text | Family::Binary => target.column.length.unwrap_or(u64::MAX),
        _ => 0,
    }
}

/// Refuses a constant that the server would refuse in every run: out of range, no member of an ENUM or SET, or not of the
/// type.
pub(crate) fn value(target: &MaskTarget<'_>, value: &Scalar) -> Result<(), Wrong> {
    let column = target.column;
    let number: Option<f64> = match value {
        Scalar::Integer(value) => value.to_string().parse().ok(),
        Scalar::Float(value) => Some(*value),
        Scalar::Text(value) => value.parse().ok(),
        Scalar::Bool(_) => None,
    };
    let fits = match (column.family(), value) {
        (Family::Exact, _) => number.zip(range(column)).is_none_or(|(n, (from, to))| from <= n && n <= to),
        (Family::Choice, Scalar::Text(text)) if column.data_type == "set" => {
            text.is_empty() || text.split(',').all(|part| member(column, part))
        }
        (Family::Choice, Scalar::Text(text)) => member(column, text),
        (Family::Other, Scalar::Text(text)) => own_type(column, text),
        _ => true,
    };
    if fits {
        return Ok(());
    }
    Err((format!("{} ({}) cannot hold {value:?}", target.label(), column.column_type), None))
}

/// Whether a text is a value of a type that only MariaDB has.
fn own_type(column: &Column, text: &str) -> bool {
    match column.data_type.as_str() {
        "uuid" => {
            let digits = text.replace('-', "");
            digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit())
        }
        "inet4" => text.parse::<std::net::Ipv4Addr>().is_ok(),
        "inet6" => text.parse::<std::net::Ipv6Addr>().is_ok(),
        _ => true,
    }
}

fn member(column: &Column, word: &str) -> bool {
    members(&column.column_type).iter().any(|member| member.to_lowercase() == word.to_lowercase())
}

/// The least and the greatest number of a whole-number column.
fn range(column: &Column) -> Option<(f64, f64)> {
    let bits = match column.data_type.as_str() {
        "tinyint" => 8,
        "smallint" => 16,
        "mediumint" => 24,
        "int" => 32,
        "bigint" => 64,
        _ => return None,
    };
    let all = 2_f64.powi(bits);
    let unsigned = column.column_type.contains("unsigned");
    Some(if unsigned { (0.0, all - 1.0) } else { (-all / 2.0, all / 2.0 - 1.0) })
}

/// Refuses text of `refresh.toml` with a character that the column's character set does not have. Text that the masks
/// make themselves is ASCII.
pub(crate) fn charset(target: &MaskTarget<'_>, text: &str) -> Result<(), Wrong> {
    let most = match target.column.charset.as_deref() {
        Some("ascii") => 0x7f,
        // MySQL's latin1 is Windows-1252, which has a few more characters. They are rare, and refused here.
        Some("latin1") => 0xff,
        Some("utf8" | "utf8mb3" | "ucs2") => 0xffff,
        _ => u32::MAX,
    };
    match text.chars().find(|c| u32::from(*c) > most) {
        None => Ok(()),
        Some(c) => {
            let charset = target.column.charset.as_deref().unwrap_or_default();
            let message = format!("{} has the character set {charset}, which has no {c:?}", target.label());
            Err((message, Some("choose words that it has".to_owned())))
        }
    }
}

/// Refuses a kind that makes text where the column is neither text nor bytes.
pub(crate) fn text(target: &MaskTarget<'_>, kind: &str) -> Result<(), Wrong> {
    if matches!(target.column.family(), Family::Text | Family::Binary) {
        return Ok(());
    }
    let message = format!("{kind} makes text, and {} is {}", target.label(), target.column.column_type);
    let hint = if target.column.nullable { "null" } else { "constant" };
    Err((message, Some(format!("choose another kind, such as {hint}"))))
}

/// Refuses NULL for a column that is NOT NULL.
pub(crate) fn nullable(target: &MaskTarget<'_>) -> Result<(), Wrong> {
    if target.column.nullable {
        return Ok(());
    }
    let hint = Some("choose empty, constant or text".to_owned());
    Err((format!("{} is NOT NULL", target.label()), hint))
}

/// Refuses a mask that can make two values equal in a unique index: a lossy mask, or an index on too few first
/// characters.
pub(crate) fn unique(target: &MaskTarget<'_>, mask: &Mask) -> Result<(), Wrong> {
    if mask.kind == "null" {
        return Ok(());
    }
    for index in target.table.indexes.iter().filter(|index| index.unique && target.in_index(index)) {
        let own = |part: &&IndexPart| {
            part.column.as_ref().is_some_and(|column| column.eq_ignore_ascii_case(&target.column.name))
        };
        let covered = index.parts.iter().find(own).and_then(|part| part.prefix).unwrap_or(u64::MAX);
        let label = format!("{} is in the unique index `{}`", target.label(), index.name);
        if mask.lossy {
            let hint =
                "hash, email, uuid, permute and cipher keep values apart (16 digits of a hash must fit)";
            return Err((
                format!("{label}, and {} can make two values equal", mask.kind),
                Some(hint.to_owned()),
            ));
        }
        if covered < mask.telling {
            let message = format!(
                "{label}, which covers {covered} characters only: {} needs {} to keep values apart",
                mask.kind, mask.telling
            );
            return Err((message, Some("choose uuid, or hash without a prefix".to_owned())));
        }
    }
    Ok(())
}
