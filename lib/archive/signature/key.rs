//! Makes, writes and reads the key pairs that sign dumps.
//!
//! In: `[dump] sign`, and access to Secrets Manager; or nothing, for a new pair. Out: a [`Signer`], or a [`KeyPair`]. A private
//! key is PEM, PKCS #8, as `openssl genpkey -algorithm ed25519` writes it too. Debug output never contains a private key.

use std::fs::{OpenOptions, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use sha2::{Digest, Sha256};

use crate::archive::error::{Error, FileAction};
use crate::config::{self, KeyReference, environment};
use crate::house::House;
use crate::sql::hex;

/// The bytes before the 32 bytes of a private key in PKCS #8 (RFC 8410).
const PKCS8: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
const SEED_BYTES: usize = 32;

const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";

/// Most bytes that are read of a key file: more than any key needs.
const TEXT_BYTES_MAX: u64 = 16 << 10;

/// Returns 16 hexadecimal digits of a key's SHA-256, by which people tell keys apart.
pub fn fingerprint(key: &[u8; 32]) -> String {
    hex(&Sha256::digest(key)[..8])
}

/// A private key that signs dumps. Its Debug output has only the fingerprint.
pub struct Signer(Ed25519KeyPair);

impl Signer {
    /// Reads the private key that `[dump] sign` refers to. `None` if the setting is missing.
    pub(crate) fn of(house: &House) -> Result<Option<Self>, Error> {
        let Some(reference) = &house.config.dump.sign else { return Ok(None) };
        let wrong = |message: String| {
            let hint = Some("mydump-rotate keygen makes one; sign = { file = \"…\" }, { env = \"…\" } or { secret = \"…\" }".to_owned());
            Error::from(house.config.origin.error_at(&["dump", "sign"], message, hint))
        };
        let text = match reference {
            KeyReference::Secret(id) => house.keys.content(id).map_err(Error::Keys)?,
            KeyReference::Env(name) => {
                environment(name).ok_or_else(|| wrong(format!("${name} is not set")))?.into_bytes()
            }
            KeyReference::File(path) => {
                read(Path::new(path)).map_err(|error| wrong(format!("cannot read {path}: {error}")))?
            }
        };
        let signer = std::str::from_utf8(&text).ok().and_then(Self::of_text);
        signer
            .map(Some)
            .ok_or_else(|| wrong("what it refers to is no private key (Ed25519, PKCS #8)".to_owned()))
    }

    /// Reads a private key from text, with or without its BEGIN and END lines. `None` if the text is no such key.
    pub(super) fn of_text(text: &str) -> Option<Self> {
        let bare = text.replace(BEGIN, "").replace(END, "");
        let bare: String = bare.replace("\\n", "").split_whitespace().collect();
        let der = BASE64_STANDARD.decode(bare).ok()?;
        Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).ok().map(Self)
    }

    /// The public key of the pair: 32 bytes of Ed25519.
    pub fn public(&self) -> [u8; 32] {
        let mut key = [0; 32];
        key.copy_from_slice(self.0.public_key().as_ref());
        key
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).as_ref().to_vec()
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({})", fingerprint(&self.public()))
    }
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    std::fs::File::open(path)?.take(TEXT_BYTES_MAX).read_to_end(&mut text)?;
    Ok(text)
}

/// A new key pair: the private key as PEM text, the public key as bytes.
pub struct KeyPair {
    private: String,
    public: [u8; 32],
}

impl KeyPair {
    /// Makes a key pair. `None` if the operating system gives no random bytes.
    pub fn generate() -> Option<Self> {
        let mut seed = [0; SEED_BYTES];
        SystemRandom::new().fill(&mut seed).ok()?;
        let der = [&PKCS8[..], &seed].concat();
        let private = format!("{BEGIN}\n{}\n{END}\n", BASE64_STANDARD.encode(der));
        let public = Signer::of_text(&private)?.public();
        Some(Self { private, public })
    }

    /// The private key as PEM text.
    pub fn private(&self) -> &str {
        &self.private
    }

    /// The public key as an entry of `[dump] trust`.
    pub fn entry(&self, name: &str) -> String {
        let key = config::TrustedKey {
            key: self.public,
            name: Some(name.to_owned()).filter(|name| !name.is_empty()),
        };
        key.to_string()
    }

    /// Fingerprint of the public key, as lists and messages show it.
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.public)
    }

    /// Writes the private key into a new file that only its owner may read. Fails when the file exists.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let failed = |error| Error::file(FileAction::Create, path)(error);
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
        file.set_permissions(Permissions::from_mode(0o600)).map_err(failed)?;
        file.write_all(self.private.as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(Error::file(FileAction::Write, path))
    }
}

impl std::fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyPair({})", self.fingerprint())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_written_once_for_its_owner_alone_and_read_as_it_was() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("dump.key");
        let pair = KeyPair::generate().unwrap();
        pair.write(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(KeyPair::generate().unwrap().write(&path).is_err());
        let text = String::from_utf8(read(&path).unwrap()).unwrap();
        assert_eq!(Signer::of_text(&text).unwrap().public(), pair.public);
        // In an environment variable the key may have spaces in place of line breaks.
        let bare = text.replace('\n', " ");
        assert_eq!(Signer::of_text(&bare).unwrap().public(), pair.public);
        assert!(pair.entry("night").starts_with("ed25519:") && pair.entry("night").ends_with(" night"));
        assert!(Signer::of_text("hunter2").is_none() && Signer::of_text("").is_none());
        assert!(!format!("{pair:?}{:?}", Signer::of_text(&text)).contains(&text[30..50]));
    }
}
