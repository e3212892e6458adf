//! Seals records for the work schema with a stream of keyed hashes, since statements and their values are logged.
//!
//! In: bytes, the scan key, and the place that the bytes are stored at. Out: bytes that tell nothing without the key. Sealing
//! them again opens them. No statement contains the key in clear. The seal is needed because the CRCs and lengths in records are
//! not keyed, and a telephone number has few more possible values than a CRC.

use sha2::{Digest, Sha256};

use super::KEY_BYTES;

/// Not the letter of a [`super::ValueSort`], so that no block of the stream is ever the hash of a value.
const LETTER: &str = "c";

/// Seals bytes, or opens sealed bytes. No two texts may have the same `place`: they would be sealed with the same stream.
pub fn seal(key: &[u8; KEY_BYTES], place: &[u8], bytes: &mut [u8]) {
    let stream = Sha256::new().chain_update(key).chain_update(LETTER).chain_update(place);
    for (number, block) in (0_u64..).zip(bytes.chunks_mut(32)) {
        let pad = stream.clone().chain_update(number.to_be_bytes()).finalize();
        block.iter_mut().zip(pad).for_each(|(byte, pad)| *byte ^= pad);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sealed_twice_is_open_and_other_keys_and_places_do_not_open() {
        let plain: Vec<u8> = (0..100).collect();
        let sealed = |key: u8, place: &[u8], bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            seal(&[key; KEY_BYTES], place, &mut bytes);
            bytes
        };
        let once = sealed(1, b"a", &plain);
        assert!(once != plain && once[..32] != once[32..64]);
        assert_eq!(sealed(1, b"a", &once), plain);
        assert!(sealed(2, b"a", &once) != plain && sealed(1, b"b", &once) != plain);
    }
}
