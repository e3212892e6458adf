//! Tests of the reader with damaged and forged files.

use std::io::Write;

use proptest::prelude::*;

use super::super::text;
use super::*;

/// Returns the bytes of a dump file: the given members and manifest, and a trailer that fits them.
fn bytes(members: &[u8], json: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&text::comment(json)).unwrap();
    let manifest = encoder.finish().unwrap();
    let trailer = Trailer {
        offset: members.len() as u64,
        bytes: manifest.len() as u64,
        sha256: Sha256::digest(&manifest).into(),
    };
    [members, &manifest, &trailer.render()].concat()
}

/// A whole dump without tables.
pub(crate) fn whole() -> Vec<u8> {
    bytes(b"", r#"{"format":"refreshkit-dump/1"}"#)
}

/// A whole dump of a format that this version does not read.
pub(crate) fn newer() -> Vec<u8> {
    bytes(b"", r#"{"format":"refreshkit-dump/2"}"#)
}

fn file(members: &[u8], json: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&bytes(members, json)).unwrap();
    file
}

fn read_all(path: &Path) -> Result<(), Error> {
    let dump = DumpFile::open(path)?;
    (0..dump.manifest().members.len()).try_for_each(|member| dump.check_member(member))
}

#[test]
fn an_empty_dump_of_our_format_is_read_and_another_format_is_refused() {
    read_all(file(b"", r#"{"format":"refreshkit-dump/1"}"#).path()).unwrap();
    let other = read_all(file(b"", r#"{"format":"refreshkit-dump/2"}"#).path());
    assert!(matches!(other, Err(Error::OtherFormat { .. })));
}

#[test]
fn what_unpacks_to_far_more_than_it_is_is_not_unpacked() {
    let blown = format!(r#"{{"format":"refreshkit-dump/1","name":"{}"}}"#, "x".repeat(6 << 20));
    let bomb = file(b"", &blown);
    assert!(bomb.path().metadata().unwrap().len() < 32 << 10);
    let told = read_all(bomb.path()).unwrap_err().to_string();
    assert!(told.contains("manifest: it is longer than"), "{told}");
    // The manifest says of the member once that it unpacks to 10 bytes, and once to 2^60.
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&vec![b' '; 6 << 20]).unwrap();
    let member = encoder.finish().unwrap();
    for plain in [10_u64, 1 << 60] {
        let json = format!(
            "{{\"format\":\"refreshkit-dump/1\",\"members\":[{{\"kind\":\"header\",\"offset\":0,\"bytes\":{},\
             \"plain_bytes\":{plain},\"sha256\":\"{}\"}}]}}",
            member.len(),
            hex(&Sha256::digest(&member))
        );
        let told = read_all(file(&member, &json).path()).unwrap_err().to_string();
        let expected = if plain == 10 { "than the manifest says" } else { "more than it can" };
        assert!(told.contains(expected), "{told}");
    }
}

proptest! {
    #[test]
    fn whatever_is_in_a_file_the_reader_neither_panics_nor_believes_it(
        bytes in prop::collection::vec(any::<u8>(), 1..300),
        offset in prop_oneof![Just(0u64), any::<u64>()],
        length in prop_oneof![Just(None), any::<u64>().prop_map(Some)],
        plain in any::<u64>(),
        right_hash in any::<bool>(),
        table in prop::option::of(0usize..3),
    ) {
        let length = length.unwrap_or(bytes.len() as u64);
        let sha256 = if right_hash { hex(&Sha256::digest(&bytes)) } else { String::new() };
        let table = table.map_or(String::new(), |table| format!(",\"table\":{table}"));
        let json = format!(
            "{{\"format\":\"refreshkit-dump/1\",\"tables\":[{{}}],\"members\":[{{\"kind\":\"rows\"{table},\
             \"offset\":{offset},\"bytes\":{length},\"plain_bytes\":{plain},\"sha256\":\"{sha256}\"}}]}}"
        );
        prop_assert!(read_all(file(&bytes, &json).path()).is_err());
    }

    #[test]
    fn no_bytes_and_no_json_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), json in ".{0,200}") {
        let mut plain = tempfile::NamedTempFile::new().unwrap();
        plain.write_all(&bytes).unwrap();
        prop_assert!(read_all(plain.path()).is_err());
        let json: String = json.chars().filter(|c| !c.is_control()).collect();
        prop_assert!(read_all(file(&bytes, &json).path()).is_err());
    }
}
