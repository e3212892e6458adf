//! The signature in the head of the manifest's member.
//!
//! ```text
//! 1f 8b 08 04  00 00 00 00  00 ff       gzip header with an extra field, as in the trailer
//! 68 00                                 length of the extra field: 104
//! 52 53  64 00                          subfield "RS", length 100
//!   01 00 00 00                         version
//!   public key                          32 bytes
//!   signature                           64 bytes: of "refreshkit-dump signature 1\n" and the SHA-256 of what follows
//! deflate stream, CRC, size
//! ```
//!
//! In: the manifest's member as gzip makes it, and a key. Out: the member with this header. Or in: a member. Out: the key that
//! signed it, if the signature is right. Every byte before the deflate stream is fixed, except the key and the signature.
//! Readers of older versions, and gzip, skip the extra field.

use ring::signature::{ED25519, UnparsedPublicKey};
use sha2::{Digest, Sha256};

use super::key::Signer;

const HEAD: [u8; 20] = [0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 104, 0, b'R', b'S', 100, 0, 1, 0, 0, 0];
const KEY_BYTES: usize = 32;
const SIGNATURE_BYTES: usize = 64;
const CONTEXT: &[u8] = b"refreshkit-dump signature 1\n";

/// The first bytes of an unsigned member. Its gzip header is `PLAIN_BYTES` long.
const PLAIN: [u8; 4] = [0x1f, 0x8b, 8, 0];
const PLAIN_BYTES: usize = 10;

/// A signature that is right. `Trust` decides whether its key is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::archive) struct Signature {
    /// The signer's Ed25519 public key.
    pub key: [u8; KEY_BYTES],
}

/// Returns the member with a signature in its gzip header.
pub(in crate::archive) fn seal(member: &[u8], signer: &Signer) -> Vec<u8> {
    let body = &member[PLAIN_BYTES..];
    let mut sealed = HEAD.to_vec();
    sealed.extend(signer.public());
    sealed.extend(signer.sign(&message(body)));
    sealed.extend(body);
    sealed
}

fn message(body: &[u8]) -> Vec<u8> {
    [CONTEXT, &Sha256::digest(body)].concat()
}

impl Signature {
    /// Reads and verifies a member's signature; `None` if it has none. A wrong one is an error even if none is required.
    pub(in crate::archive) fn of(member: &[u8]) -> Result<Option<Self>, String> {
        let Some(rest) = member.strip_prefix(&HEAD) else {
            // Other gzip flags, which no dump of refreshkit has, could hide more bytes in the header.
            return if member.starts_with(&PLAIN) {
                Ok(None)
            } else {
                Err("its manifest has an unknown head".to_owned())
            };
        };
        let Some((key, rest)) = rest.split_first_chunk::<KEY_BYTES>() else { return Err(WRONG.to_owned()) };
        let Some((signature, body)) = rest.split_first_chunk::<SIGNATURE_BYTES>() else {
            return Err(WRONG.to_owned());
        };
        let verified = UnparsedPublicKey::new(&ED25519, key).verify(&message(body), signature);
        verified.map(|()| Some(Self { key: *key })).map_err(|_| WRONG.to_owned())
    }
}

const WRONG: &str = "its signature is wrong: it was changed after it was signed";

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::super::key::KeyPair;
    use super::*;

    #[test]
    fn a_signed_member_unpacks_as_before_and_every_bit_of_it_counts() {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut encoder, b"-- refreshkit manifest\n-- {}\n").unwrap();
        let plain = encoder.finish().unwrap();
        let signer = Signer::of_text(KeyPair::generate().unwrap().private()).unwrap();
        let sealed = seal(&plain, &signer);
        let mut text = String::new();
        flate2::read::GzDecoder::new(&sealed[..]).read_to_string(&mut text).unwrap();
        assert_eq!(text, "-- refreshkit manifest\n-- {}\n");
        assert_eq!(Signature::of(&plain), Ok(None));
        assert_eq!(Signature::of(&sealed).unwrap().unwrap().key, signer.public());
        for at in 0..sealed.len() {
            for bit in 0..8 {
                let mut changed = sealed.clone();
                changed[at] ^= 1 << bit;
                // Without its extra-field flag the member looks unsigned, but what follows its header is no deflate stream.
                assert!(Signature::of(&changed).is_err() || (at, bit) == (3, 2), "byte {at}, bit {bit}");
            }
        }
        assert!(Signature::of(&sealed[..100]).is_err());
    }
}
