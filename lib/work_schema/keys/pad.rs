//! Gives a session a key of ours, without the key in any statement.
//!
//! In: a session, the name of a variable, a key. Out: the session has the key. Statements are in logs, histories and process
//! lists, and results are not. So the server makes a random pad and returns it, and is sent the exclusive or of key and pad.

use crate::mask::MaskKey;
use crate::mysql::{Error, Session};
use crate::scan::KEY_BYTES;

/// Bytes of a key that the server handles as one number.
const PART_BYTES: usize = 8;

/// Sets the session's variable to the key.
pub(super) fn give(session: &mut Session, variable: &str, key: &MaskKey) -> Result<(), Error> {
    let deed = "handing over a key";
    session.run(deed, &format!("SET @refreshkit_pad = RANDOM_BYTES({KEY_BYTES})"))?;
    let pad: Option<Vec<u8>> = session.first(deed, "SELECT @refreshkit_pad")?;
    let pad: Option<[u8; KEY_BYTES]> = pad.and_then(|pad| pad.try_into().ok());
    let none = || ::mysql::Error::FromValueError(::mysql::Value::NULL);
    let pad = pad.ok_or_else(|| session.fail(deed, none()))?;
    session.run(deed, &format!("SET {variable} = {}", opened(&key.padded(&pad))))?;
    session.run(deed, "SET @refreshkit_pad = NULL")?;
    Ok(())
}

/// Returns SQL that computes the key from the pad and `padded`. MySQL and MariaDB have no common exclusive or for bytes, so it is
/// done with numbers.
fn opened(padded: &[u8; KEY_BYTES]) -> String {
    let parts = padded.chunks(PART_BYTES).enumerate().map(|(n, part)| {
        let number = part.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        let bytes = format!("SUBSTR(@refreshkit_pad, {}, {PART_BYTES})", 1 + PART_BYTES * n);
        format!("LPAD(HEX(CAST(CONV(HEX({bytes}), 16, 10) AS UNSIGNED) ^ {number}), 16, '0')")
    });
    format!("UNHEX(CONCAT({}))", parts.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_says_only_what_the_pad_was_laid_over() {
        let key = MaskKey::of_bytes([0xff; KEY_BYTES]);
        let sql = opened(&key.padded(&[0xff; KEY_BYTES]));
        assert_eq!(sql.matches(" ^ 0)").count(), KEY_BYTES / PART_BYTES);
        assert!(sql.contains("SUBSTR(@refreshkit_pad, 25, 8)"), "{sql}");
    }
}
