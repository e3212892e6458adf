//! Masks of network addresses: IP and MAC.

use super::expression::{around, hash};
use super::target::{Made, MaskTarget, lossy};
use crate::catalog::Family;
use crate::config::{MaskConfig, Wrong};
use crate::mask::fit;

/// 10.0.0.0 (RFC 1918) as a number.
const PRIVATE: u32 = 0x0a00_0000;

/// 2001:db8::/32 (for documentation, RFC 3849) in hexadecimal digits.
const DOCUMENTATION: &str = "20010db8";

/// An address that leads nowhere: in 10.0.0.0/8, or in 2001:db8::/32 for IPv6. `network = true` keeps the network (/24,
/// /48) of the value. The column may hold text, numbers (`INET_ATON`) or bytes (`INET6_ATON`).
pub(crate) fn ip(target: &MaskTarget<'_>, config: &MaskConfig, domain: &str) -> Result<Made, Wrong> {
    let hash = hash(target, domain);
    let wide = format!("CAST(CONV(LEFT({hash}, 6), 16, 10) AS UNSIGNED)");
    let keeps = config.network.unwrap_or_default();
    let plain = &target.value;
    let number = |own: &str| {
        if !keeps {
            return format!("({PRIVATE} + {wide})");
        }
        format!("(({own} & {}) + ({wide} & 255))", 0xffff_ff00_u32)
    };
    let nowhere = format!("INET_NTOA({PRIVATE} + {wide})");
    let column = target.column;
    if matches!(column.data_type.as_str(), "int" | "bigint") {
        if column.data_type == "int" && !column.column_type.contains("unsigned") {
            let message =
                format!("{} ({}) has no room for half of all addresses", target.label(), column.column_type);
            return Err((message, Some("choose hash, constant or null for it".to_owned())));
        }
        return Ok(lossy(around(target, &number(plain))));
    }
    let bytes = column.family() == Family::Binary && column.length.is_some_and(|length| length <= 16);
    let binary = if bytes { plain.clone() } else { format!("INET6_ATON({plain})") };
    let network = format!("LEFT(HEX({binary}), 12)");
    let six = if keeps {
        format!("UNHEX(CONCAT({network}, LEFT({hash}, 20)))")
    } else {
        format!("UNHEX(CONCAT('{DOCUMENTATION}', LEFT({hash}, 24)))")
    };
    if bytes {
        let own = format!("CONV(HEX({plain}), 16, 10)");
        let four = format!("UNHEX(LPAD(HEX({}), 8, '0'))", number(&own));
        return Ok(lossy(around(
            target,
            &format!("CASE WHEN LENGTH({plain}) = 4 THEN {four} ELSE {six} END"),
        )));
    }
    let four = format!("INET_NTOA({})", number(&format!("INET_ATON({plain})")));
    let six = format!("INET6_NTOA({six})");
    let masked = match column.data_type.as_str() {
        "inet4" => four,
        "inet6" => six,
        _ => {
            super::plain::text_only(target, "ip")?;
            fit::room(target, 15, "an IP address")?;
            // A column of fewer than 39 characters may be too short for an IPv6 result: it gets an IPv4 one, as does a
            // value that is no address.
            let fits = column.length.unwrap_or(u64::MAX) >= 39;
            let wide = if fits { format!("WHEN IS_IPV6({plain}) THEN {six} ") } else { String::new() };
            format!("CASE {wide}WHEN IS_IPV4({plain}) THEN {four} ELSE {nowhere} END")
        }
    };
    Ok(lossy(around(target, &masked)))
}

/// A MAC address that no maker gives out: locally administered (02:…). It has no colons in a column too short for them.
pub(crate) fn mac(target: &MaskTarget<'_>, domain: &str) -> Result<Made, Wrong> {
    let hash = hash(target, domain);
    let digits = format!("CONCAT('02', LEFT({hash}, 10))");
    if target.column.family() == Family::Binary && target.column.length == Some(6) {
        return Ok(lossy(around(target, &format!("UNHEX({digits})"))));
    }
    fit::text(target, "mac")?;
    fit::room(target, 12, "a MAC address")?;
    let masked = if fit::capacity(target) < 17 {
        digits
    } else {
        [11, 9, 7, 5, 3].iter().fold(digits, |text, at| format!("INSERT({text}, {at}, 0, ':')"))
    };
    Ok(lossy(around(target, &masked)))
}
