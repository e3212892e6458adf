//! `[mask] key`: a key that stays the same from night to night, so that values mask alike in every dump.
//!
//! In: `{ env = "NAME" }`, `{ file = "path" }` or `{ secret = "ARN" }`, and a function that fetches secrets. Out: the
//! key, and its HMAC of a text, from which two tools see that they have the same key. Without the setting each night has
//! a key of its own.

use rand::Rng;
use sha2::{Digest, Sha256};

use crate::config::{Config, Error, KeyReference, environment};

/// Length of the key and of a SHA-256 hash.
const KEY_BYTES: usize = 32;

/// The shortest secret that is taken: shorter ones can be guessed.
const SECRET_BYTES_MIN: usize = 16;

/// Block size of SHA-256, to which HMAC fills up the key.
const BLOCK_BYTES: usize = 64;

/// The masks' key. It has no Debug, so that nothing can print it.
#[derive(Clone, PartialEq, Eq)]
pub struct MaskKey([u8; KEY_BYTES]);

impl MaskKey {
    /// Makes a new key of random bytes.
    pub fn random() -> Self {
        Self(rand::rng().random())
    }

    /// Makes the key of bytes that were kept in a file.
    pub fn of_bytes(bytes: [u8; KEY_BYTES]) -> Self {
        Self(bytes)
    }

    /// The bytes of the key, to keep in a file.
    pub fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// HMAC-SHA-256 of a text in hexadecimal digits (RFC 2104).
    pub fn sign(&self, text: &str) -> String {
        let with = |byte: u8| {
            let mut block = [byte; BLOCK_BYTES];
            block.iter_mut().zip(self.0).for_each(|(padded, key)| *padded ^= key);
            block
        };
        let inner = Sha256::new().chain_update(with(0x36)).chain_update(text).finalize();
        format!("{:x}", Sha256::new().chain_update(with(0x5c)).chain_update(inner).finalize())
    }

    /// The key XOR `pad`: without the pad it says nothing of the key.
    pub fn padded(&self, pad: &[u8; KEY_BYTES]) -> [u8; KEY_BYTES] {
        std::array::from_fn(|at| self.0[at] ^ pad[at])
    }
}

/// Reads the secret that `[mask] key` refers to; `fetch` gets one of AWS Secrets Manager by its ARN or name.
pub fn key<E: From<Error>>(
    config: &Config,
    fetch: impl FnOnce(&str) -> Result<Vec<u8>, E>,
) -> Result<Option<MaskKey>, E> {
    let Some(reference) = &config.mask.key else { return Ok(None) };
    let hint = || Some(KeyReference::HINT.to_owned());
    let wrong = |message: String| config.origin.error_at(&["mask", "key"], message, hint());
    let secret = match reference {
        KeyReference::Secret(id) => fetch(id)?,
        KeyReference::Env(name) => {
            environment(name).map(String::into_bytes).ok_or_else(|| wrong(format!("${name} is not set")))?
        }
        KeyReference::File(path) => {
            std::fs::read(path).map_err(|error| wrong(format!("cannot read {path}: {error}")))?
        }
    };
    // White space at the end of pasted text or a file is no part of the secret.
    let secret = secret.trim_ascii_end();
    if secret.len() < SECRET_BYTES_MIN {
        return Err(wrong(format!(
            "the secret has {} bytes, {SECRET_BYTES_MIN} are the least",
            secret.len()
        ))
        .into());
    }
    // The hash of a secret of any length has the length of a key.
    let digest = Sha256::new().chain_update("refreshkit mask key:").chain_update(secret).finalize();
    Ok(Some(MaskKey(digest.into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(toml: &str) -> Result<Option<MaskKey>, String> {
        let config = crate::config::parse(
            std::path::Path::new("refresh.toml"),
            toml.to_owned(),
            &crate::mask::vocabulary(),
        );
        let fetched = |id: &str| Ok::<_, Error>(format!("content of {id}").into_bytes());
        config.and_then(|config| key(&config, fetched)).map_err(|error| error.to_string())
    }

    /// RFC 4231, test cases 1 and 2. Their keys are shorter: HMAC fills them up with zeros.
    #[test]
    fn a_signature_is_that_of_the_standard() {
        let key = |start: &[u8]| {
            let mut bytes = [0; KEY_BYTES];
            bytes[..start.len()].copy_from_slice(start);
            MaskKey::of_bytes(bytes)
        };
        assert_eq!(
            key(&[0x0b; 20]).sign("Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        );
        assert_eq!(
            key(b"Jefe").sign("what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert!(MaskKey::random() != MaskKey::random());
    }

    #[test]
    fn a_secret_is_read_from_a_file_and_never_from_the_rules() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "correct horse battery staple\n").unwrap();
        let toml = format!("[mask]\nkey = {{ file = {:?} }}\n", file.path().display().to_string());
        let pad = [7; KEY_BYTES];
        let one = of(&toml).unwrap().map(|key| key.padded(&pad));
        let expected = Sha256::digest(b"refreshkit mask key:correct horse battery staple");
        assert_eq!(one.map(|key| key.map(|byte| byte ^ 7)), Some(expected.into()));
        assert!(of("[mask]\n").unwrap().is_none());
        let fetched =
            of("[mask]\nkey = { secret = \"app/masks\" }\n").unwrap().map(|key| key.padded(&[0; KEY_BYTES]));
        assert_eq!(fetched, Some(Sha256::digest(b"refreshkit mask key:content of app/masks").into()));
        let said = |toml: &str| of(toml).err().unwrap();
        assert!(said("[mask]\nkey = \"hunter2\"\n").contains("refresh.toml:2: key is a reference"));
        assert!(
            said("[mask]\nkey = { secret = \"s\", env = \"E\" }\n").contains("one of env, file and secret")
        );
        assert!(
            said("[mask]\nkey = { env = \"REFRESHKIT_NOT_SET\" }\n")
                .contains("$REFRESHKIT_NOT_SET is not set")
        );
        std::fs::write(file.path(), "short\n").unwrap();
        assert!(said(&toml).contains("the secret has 5 bytes"));
    }
}
