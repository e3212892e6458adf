//! `[mask] key`: a key that stays the same from night to night, so that values mask alike in every dump.
//!
//! In: `{ env = "NAME" }` or `{ file = "path" }`. Out: the key. Without the setting the server makes one each night.

use sha2::{Digest, Sha256};

use crate::config::{Config, Error, MaskConfig, environment};

/// Length of the key.
const KEY_BYTES: usize = 32;

/// Shorter secrets can be guessed.
const SECRET_BYTES_MIN: usize = 16;

/// The masks' key. It has no Debug: nothing prints it.
pub struct Key([u8; KEY_BYTES]);

impl Key {
    /// The key with `pad` laid over it: without the pad it says nothing.
    pub fn padded(&self, pad: &[u8; KEY_BYTES]) -> [u8; KEY_BYTES] {
        std::array::from_fn(|at| self.0[at] ^ pad[at])
    }
}

/// Reads the secret that `[mask] key` refers to.
pub fn key(config: &Config) -> Result<Option<Key>, Error> {
    let Some(setting) = config.mask.get("key").and_then(|setting| setting.as_slice().first()) else {
        return Ok(None);
    };
    let wrong = |message: String| {
        let hint =
            Some("key = { env = \"MASK_KEY\" } or key = { file = \"/run/secrets/mask-key\" }".to_owned());
        config.origin.error_at(&["mask", "key"], message, hint)
    };
    let secret = secret(setting).map_err(wrong)?;
    if secret.len() < SECRET_BYTES_MIN {
        return Err(wrong(format!(
            "the secret has {} bytes, {SECRET_BYTES_MIN} are the least",
            secret.len()
        )));
    }
    // Any secret becomes a key of the right length.
    let digest = Sha256::new().chain_update("refreshkit mask key:").chain_update(&secret).finalize();
    Ok(Some(Key(digest.into())))
}

fn secret(setting: &MaskConfig) -> Result<Vec<u8>, String> {
    match (&setting.env, &setting.file) {
        (Some(name), None) => {
            environment(name).map(String::into_bytes).ok_or_else(|| format!("${name} is not set"))
        }
        (None, Some(path)) => {
            let bytes = std::fs::read(path).map_err(|error| format!("cannot read {path}: {error}"))?;
            Ok(bytes.trim_ascii_end().to_vec())
        }
        _ => Err("key is a reference to a secret, one of env and file".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(toml: &str) -> Result<Option<Key>, String> {
        let config = crate::config::parse(std::path::Path::new("refresh.toml"), toml.to_owned()).unwrap();
        key(&config).map_err(|error| error.to_string())
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
        let said = |toml: &str| of(toml).err().unwrap();
        assert!(said("[mask]\nkey = \"hunter2\"\n").contains("refresh.toml:2: key is a reference"));
        assert!(
            said("[mask]\nkey = { env = \"REFRESHKIT_NOT_SET\" }\n")
                .contains("$REFRESHKIT_NOT_SET is not set")
        );
        std::fs::write(file.path(), "short\n").unwrap();
        assert!(said(&toml).contains("the secret has 5 bytes"));
    }
}
