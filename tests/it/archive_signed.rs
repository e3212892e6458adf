//! Signed dumps: made by a night, believed where the key is known, and nothing else is.

use std::fs;
use std::path::{Path, PathBuf};

use crate::dump::whole;
use crate::dump_safety::{any_server, command, small};
use crate::restore_place::Place;
use crate::support::forge::{Forge, manifest_place, sealed};
use crate::support::{Tool, for_each_server};

/// Makes a pair: the private key's file, and the entry of `trust`.
fn pair(directory: &Path, name: &str) -> (PathBuf, String) {
    let file = directory.join(format!("{name}.key"));
    let out = Tool::new("mydump-rotate").args(["keygen", "--as", name, "--out"]).arg(&file).run().exits(0);
    let entry = out.stdout.lines().find_map(|line| line.strip_prefix("trust = [")).unwrap();
    (file, entry.trim_end_matches(']').to_owned())
}

#[test]
fn a_night_signs_and_only_what_it_signed_is_loaded() {
    for_each_server(|server| {
        let source = small(server);
        let place = Place::with_dump_of(&source);
        let (key, entry) = pair(place.directory.path(), "the-night");
        let (_, other) = pair(place.directory.path(), "somebody");
        let dumps = place.path("signed");
        fs::create_dir(&dumps).unwrap();
        let sign = format!("sign = {{ file = {:?} }}", key.display().to_string());
        let path = whole(server, &dumps, &[&source.name], &sign);
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let refresh = |trust: &str, dump: &Path, more: &[&str], code: i32| {
            let text = fs::read_to_string(place.path("refresh.toml")).unwrap();
            fs::write(
                place.path("trust.toml"),
                text.replacen("[dump]\n", &format!("[dump]\ntrust = [{trust}]\n"), 1),
            )
            .unwrap();
            let tool =
                Tool::new("dev-restore").arg("--config").arg(place.path("trust.toml")).arg("--state-dir");
            let tool = tool.arg(place.path("state")).args(["--target", "dev3", "--dump"]).arg(dump);
            tool.args(more.iter().copied()).run().exits(code).stderr
        };
        refresh(&entry, &path, &[], 0);
        // A key that nobody here knows.
        let said = refresh(&other, &path, &[], 77);
        assert!(said.contains("is not trusted: the key "), "{said}");
        // A dump that nobody signed: older, or of another tool.
        let unsigned = place.path("app-20261122T020000Z.sql.gz");
        let said = refresh(&entry, &unsigned, &[], 77);
        assert!(said.contains("nobody has signed it") && said.contains("--unsigned"), "{said}");
        refresh(&entry, &unsigned, &["--unsigned"], 0);
        let said = refresh(&entry, Path::new("latest"), &["--unsigned"], 77);
        assert!(said.contains("nobody has signed it"), "{said}");
        let plain = place.path("plain.sql");
        fs::write(&plain, "CREATE TABLE t (a INT);\n").unwrap();
        let said = refresh(&entry, &plain, &[], 77);
        assert!(said.contains("which nobody can sign"), "{said}");
        refresh(&entry, &plain, &["--unsigned"], 0);
        // The same bytes under another name: an older night passed off as a newer one.
        let renamed = dumps.join(name.replace("t-2", "t-3"));
        fs::copy(&path, &renamed).unwrap();
        let said = refresh(&entry, &renamed, &[], 77);
        assert!(said.contains("it was signed as \"t-2"), "{said}");
        fs::remove_file(&renamed).unwrap();
        let out = command(&dumps, &["verify", "latest"]).exits(0);
        assert!(
            out.stdout.contains("signed by key ") && out.stdout.contains("does not name"),
            "{}",
            out.stdout
        );
        let text = fs::read_to_string(dumps.join("refresh.toml")).unwrap();
        fs::write(dumps.join("refresh.toml"), text + &format!("trust = [{other}, {entry}]\n")).unwrap();
        let out = command(&dumps, &["verify", &name]).exits(0);
        assert!(out.stdout.contains(", signed by the-night (key "), "{}", out.stdout);
        let listed = command(&dumps, &["list", "--json"]).exits(0).stdout;
        assert!(listed.contains("\"signed_by\": \""), "{listed}");
    });
}

#[test]
fn no_byte_of_a_signed_dump_can_be_another() {
    let server = any_server();
    let scratch = small(&server);
    let directory = scratch.directory();
    let (key, entry) = pair(directory.path(), "night");
    let settings = format!("sign = {{ file = {:?} }}\ntrust = [{entry}]", key.display().to_string());
    let path = whole(&server, directory.path(), &[&scratch.name], &settings);
    let (bytes, name) = (fs::read(&path).unwrap(), path.file_name().unwrap().to_str().unwrap().to_owned());
    let config = refreshkit::config::parse(
        Path::new("refresh.toml"),
        format!("[dump]\ntrust = [{entry}]\n"),
        &refreshkit::config::KindVocabulary::default(),
    );
    let config = config.unwrap();
    let trust = refreshkit::archive::Trust::of(&config);
    let believed = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let Ok(dump) = trust.open(&path) else { return false };
        (0..dump.manifest().members.len()).all(|member| dump.check_member(member).is_ok())
    };
    assert!(believed(&bytes));
    // Hashes that fit help nobody: in the members, in the manifest, in the trailer, everywhere.
    for at in (0..bytes.len()).step_by(3) {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        let place = manifest_place(&bytes);
        if place.contains(&at) {
            changed = sealed(changed[..place.start].to_vec(), &changed[place]);
        }
        assert!(!believed(&changed), "byte {at} of {}", bytes.len());
    }
    let forge = Forge::of(&bytes);
    assert!(!believed(&forge.bytes(|json| json)), "without the signature");
    assert!(!believed(&forge.bytes(|json| json.replace("two", "owt"))));
    // The signature of one manifest in the head of another.
    let place = manifest_place(&bytes);
    let (head, other) =
        (&bytes[place.start..place.start + 120], forge.bytes(|json| json.replace(&scratch.name, "another")));
    let other = &other[manifest_place(&other)];
    assert!(!believed(&sealed(bytes[..place.start].to_vec(), &[head, &other[10..]].concat())));
    // Something behind the manifest that every other tool would unpack.
    let member = &bytes[place.clone()];
    let more = [member, other].concat();
    assert!(!believed(&sealed(bytes[..place.start].to_vec(), &more)));
    fs::write(&path, &bytes).unwrap();
    command(directory.path(), &["verify", &name]).exits(0);
}

#[test]
fn a_private_key_is_written_once_and_is_in_no_output_but_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let (file, entry) = pair(directory.path(), "night");
    let private = fs::read_to_string(&file).unwrap();
    let secret = private.lines().nth(1).unwrap();
    assert!(!entry.contains(secret));
    let again = Tool::new("mydump-rotate").args(["keygen", "--out"]).arg(&file).run().exits(73);
    assert!(again.stderr.contains("cannot create") && !again.stderr.contains(secret), "{}", again.stderr);
    assert_eq!(fs::read_to_string(&file).unwrap(), private);
    let printed = Tool::new("mydump-rotate").arg("keygen").run().exits(0).stdout;
    assert!(
        printed.starts_with("-----BEGIN PRIVATE KEY-----\n") && printed.contains("trust = [\"ed25519:"),
        "{printed}"
    );
    // A reference that leads nowhere, and one to something else, name the line.
    let server = any_server();
    let scratch = small(&server);
    let dumps = scratch.directory();
    for (reference, said) in [
        ("{ env = \"REFRESHKIT_NO_KEY\" }", "$REFRESHKIT_NO_KEY is not set"),
        ("{ file = \"/nowhere/x\" }", "cannot read /nowhere/x"),
        ("{ file = \"/etc/hostname\" }", "no private key"),
    ] {
        crate::dump::config(&server, dumps.path(), &format!("sign = {reference}"));
        let out = command(dumps.path(), &["--whole", &scratch.name]).exits(78);
        assert!(out.stderr.contains(said) && out.stderr.contains("refresh.toml:7"), "{}", out.stderr);
    }
}
