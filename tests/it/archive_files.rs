//! Files and directories that nobody should write into or believe. No server, but for one dump.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use crate::archive::{Place, whole};
use crate::dump::config;
use crate::dump_safety::{any_server, command, small};
use crate::support::path;

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

const DUMP: &str = "app-20251122T020000Z.sql.gz";

#[test]
fn a_directory_or_a_file_that_everybody_may_write_into_is_refused_with_what_to_do() {
    let place = Place::with(&[(DUMP, true)]);
    let dumps = place.dump("");
    let says = |tool: &str, arguments: &[&str], words: &str| {
        let out = place.tool(tool, arguments).exits(77);
        assert!(out.stderr.contains(words) && out.stderr.contains("chmod o-w"), "{}", out.stderr);
    };
    for bits in [0o777, 0o1777] {
        mode(&dumps, bits);
        says("dev-restore", &["--target", "dev1"], "everybody may write into the directory");
        says("dev-restore", &["list"], "everybody may write into the directory");
        says("mydump-rotate", &["verify", "latest"], "everybody may write into the directory");
        says("mydump-rotate", &["rotate"], "everybody may write into the directory");
    }
    // A group that the night and the readers share.
    mode(&dumps, 0o2775);
    place.tool("mydump-rotate", &["verify", "latest"]).exits(0);
    mode(&place.dump(DUMP), 0o666);
    says("mydump-rotate", &["verify", DUMP], "everybody may write into");
    says("dev-restore", &["--target", "dev1", "--dump", DUMP], "everybody may write into");
}

#[test]
fn what_is_no_file_is_no_dump_and_nobody_waits_for_it() {
    let place = Place::with(&[(DUMP, true)]);
    let pipe = place.dump("pipe.sql.gz");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let link = place.dump("link.sql.gz");
    symlink("/etc/passwd", &link).unwrap();
    let latest = place.dump("app-latest.sql.gz");
    symlink(DUMP, &latest).unwrap();
    let folder = place.dump("");
    for file in [pipe.as_path(), &link, Path::new("/dev/null"), Path::new("/dev/zero"), &folder] {
        let what = if file == folder { "is a folder" } else { "is no file" };
        let file = file.to_str().unwrap();
        let file = file.trim_end_matches('/');
        let out = place.tool("dev-restore", &["--target", "dev1", "--dump", file]).exits(65);
        assert!(out.stderr.contains(what), "{file}: {}", out.stderr);
        let out = place.tool("mydump-rotate", &["verify", file]).exits(65);
        assert!(out.stderr.contains("is no file"), "{file}: {}", out.stderr);
    }
    // The link beside it that a night made.
    place.tool("mydump-rotate", &["verify", latest.to_str().unwrap()]).exits(0);
}

#[test]
fn names_that_could_be_anything_else_are_neither_listed_nor_taken() {
    let place = Place::with(&[(DUMP, true)]);
    for name in [
        "app\nevil-20251123T020000Z.sql.gz",
        "app\u{1b}[2J-20251123T020000Z.sql.gz",
        "..-20251123T020000Z.sql.gz",
    ] {
        fs::write(place.dump(name), whole()).unwrap();
    }
    for tool in ["dev-restore", "mydump-rotate"] {
        assert_eq!(place.tool(tool, &["list", "--plain"]).exits(0).stdout, format!("{DUMP}\n"));
    }
    let config = place.dump("../refresh.toml");
    let text = fs::read_to_string(&config).unwrap();
    let named = text.replace("name = \"app\"", "name = \"a\\nb\"");
    fs::write(&config, &named).unwrap();
    let out = place.tool("mydump-rotate", &["--whole", "app"]).exits(78);
    assert!(out.stderr.contains("cannot begin a file name"), "{}", out.stderr);
}

#[test]
fn without_a_name_the_newest_of_several_is_not_taken_for_the_one_that_is_meant() {
    let place = Place::with(&[(DUMP, true), ("zzz-20251124T020000Z.sql.gz", true)]);
    let config = place.dump("../refresh.toml");
    let text = fs::read_to_string(&config).unwrap().replace("name = \"app\"\n", "");
    fs::write(&config, text).unwrap();
    for (tool, arguments) in
        [("dev-restore", &["--target", "dev1"][..]), ("mydump-rotate", &["verify", "latest"])]
    {
        let out = place.tool(tool, arguments).exits(65);
        assert!(out.stderr.contains("there are dumps of app, zzz in "), "{}", out.stderr);
    }
    place.tool("mydump-rotate", &["--name", "app", "verify", "latest"]).exits(0);
    place.tool("mydump-rotate", &["verify", DUMP]).exits(0);
}

#[test]
fn a_link_in_the_directory_leads_no_writer_anywhere() {
    let place = Place::with(&[(DUMP, true)]);
    let precious = place.dump("../precious");
    fs::write(&precious, "as it was").unwrap();
    symlink(&precious, place.dump(".app.lock")).unwrap();
    let out = place.tool("mydump-rotate", &["rotate"]).exits(65);
    assert!(out.stderr.contains("is no file"), "{}", out.stderr);
    assert_eq!(fs::read_to_string(&precious).unwrap(), "as it was");
}

#[test]
fn what_a_night_writes_is_for_its_group_whatever_the_umask_is() {
    let server = any_server();
    let scratch = small(&server);
    for umask in ["000", "077"] {
        let directory = scratch.directory();
        let config = config(&server, directory.path(), "");
        let script = format!("umask {umask}; exec \"$@\"");
        let mut shell = Command::new("sh");
        shell.args(["-c", &script, "sh"]).arg(path("mydump-rotate")).arg("--config").arg(config);
        let output =
            shell.arg("--state-dir").arg(directory.path()).args(["--whole", &scratch.name]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let found = command(directory.path(), &["list", "--plain"]).exits(0).stdout;
        for file in [found.trim(), ".t.lock"] {
            let bits = fs::metadata(directory.path().join(file)).unwrap().permissions().mode();
            assert_eq!(bits & 0o777, 0o640, "{file} under umask {umask}");
        }
    }
}
