//! A dump taken apart and put together again with hashes that fit, from what lib/archive/README.md says about the format.

use std::io::{Read, Write};

use serde_json::Value;
use sha2::{Digest, Sha256};

/// A dump in parts.
#[derive(Debug, Clone)]
pub(crate) struct Forge {
    pub(crate) manifest: Value,
    /// The text of each member.
    pub(crate) members: Vec<Vec<u8>>,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

fn zip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn unzip(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(bytes).read_to_end(&mut text).unwrap();
    text
}

/// Where the manifest's member is in a file.
pub(crate) fn manifest_place(file: &[u8]) -> std::ops::Range<usize> {
    let number = |at: usize| {
        let at = file.len() - 78 + at;
        usize::try_from(u64::from_le_bytes(file[at..at + 8].try_into().unwrap())).unwrap()
    };
    number(20)..number(20) + number(28)
}

impl Forge {
    /// Takes a whole dump apart.
    pub(crate) fn of(file: &[u8]) -> Self {
        let text = String::from_utf8(unzip(&file[manifest_place(file)])).unwrap();
        let json: String = text.lines().skip(1).map(|line| &line[3..]).collect();
        let manifest: Value = serde_json::from_str(&json).unwrap();
        let place = |member: &Value, key: &str| usize::try_from(member[key].as_u64().unwrap()).unwrap();
        let members = manifest["members"].as_array().unwrap().iter().map(|member| {
            let offset = place(member, "offset");
            unzip(&file[offset..offset + place(member, "bytes")])
        });
        Self { members: members.collect(), manifest }
    }

    /// The file, with lengths and hashes that fit. `manifest` has the last word on the manifest's text.
    pub(crate) fn bytes(&self, manifest: impl FnOnce(String) -> String) -> Vec<u8> {
        let mut own = self.manifest.clone();
        let mut file = Vec::new();
        for (entry, text) in own["members"].as_array_mut().unwrap().iter_mut().zip(&self.members) {
            let member = zip(text);
            entry["offset"] = file.len().into();
            entry["bytes"] = member.len().into();
            entry["plain_bytes"] = text.len().into();
            entry["sha256"] = hex(&Sha256::digest(&member)).into();
            file.extend(member);
        }
        let json = manifest(own.to_string());
        sealed(file, &zip(format!("-- refreshkit manifest\n-- {json}\n").as_bytes()))
    }
}

/// A file of members and the manifest's member, with a trailer that fits.
pub(crate) fn sealed(members: Vec<u8>, manifest: &[u8]) -> Vec<u8> {
    let mut file = members;
    let offset = file.len() as u64;
    file.extend(manifest);
    file.extend([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 56, 0, b'R', b'K', 52, 0, 1, 0, 0, 0]);
    file.extend(offset.to_le_bytes());
    file.extend((manifest.len() as u64).to_le_bytes());
    file.extend(Sha256::digest(manifest));
    file.extend([3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    file
}
