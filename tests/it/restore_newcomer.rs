//! What somebody finds who has read `dev-restore --help` and nothing else.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::restore_place::{MINE, Place, assert_same, picture, shop};
use crate::support::{Tool, for_each_server, path};

/// The indented lines below a heading of the help.
fn commands(heading: &str) -> Vec<String> {
    let help = Tool::new("dev-restore").args(["--help"]).run().exits(0).stdout;
    let below = help.lines().skip_while(|line| !line.starts_with(heading)).skip(1);
    below.take_while(|line| line.starts_with("    ")).map(|line| line.trim().to_owned()).collect()
}

/// Runs a line as a person would, in a directory of theirs, with a `.my.cnf` in their home.
fn bash(home: &Path, line: &str) -> std::process::Output {
    let tools = path("dev-restore").parent().unwrap().display().to_string();
    let search = format!("{tools}:{}", std::env::var_os("PATH").unwrap().display());
    let mut bash = Command::new("bash");
    bash.args(["-c", line]).current_dir(home).env_clear();
    bash.env("PATH", search).env("HOME", home).output().unwrap()
}

#[test]
fn the_three_commands_of_the_help_refresh_a_local_server() {
    let commands = commands("A SERVER ON THIS HOST");
    assert_eq!(commands.len(), 3, "{commands:?}");
    let readme = std::fs::read_to_string("lib/restore/README.md").unwrap();
    for command in &commands {
        assert!(readme.contains(command), "lib/restore/README.md lacks {command}");
    }
    for_each_server(|server| {
        let source = shop(server);
        let place = Place::with_dump_of(&source);
        place.target.run(MINE);
        let old = picture(server, place.database());
        let home = tempfile::tempdir().unwrap();
        let login = home.path().join(".my.cnf");
        std::fs::copy(&server.client_cnf, &login).unwrap();
        std::fs::set_permissions(&login, PermissionsExt::from_mode(0o600)).unwrap();
        std::fs::copy(place.path("app-20261122T020000Z.sql.gz"), home.path().join("app.sql.gz")).unwrap();
        for (position, command) in commands.iter().enumerate() {
            assert_same(&picture(server, place.database()), &old);
            // The one thing that is this test's own is the name of the database.
            let command = command.replace("\"app\"", &format!("\"{}\"", place.database()));
            let output = bash(home.path(), &command);
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{command}: {said}");
            assert_eq!(position == 1, said.contains("would load"), "{command}: {said}");
        }
        assert_same(&picture(server, place.database()), &picture(server, &source.name));
    });
}

#[test]
fn whoever_forgets_something_is_told_what() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("app.sql.gz"), "x").unwrap();
    let says = |line: &str, code: i32, sentences: &[&str]| {
        let output = bash(home.path(), line);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{line}: {said}");
        for sentence in sentences {
            assert!(said.contains(sentence), "{line}: no {sentence:?} in {said}");
        }
    };
    says("dev-restore", 2, &["--target <NAME>"]);
    says("dev-restore --target local --dump ./app.sql.gz", 77, &["local is not a target", "[targets.local]"]);
    std::fs::write(home.path().join("refresh.toml"), "[targets.local]\ndatabase = \"app\"\n").unwrap();
    says("dev-restore --target locale --dump ./app.sql.gz", 77, &["did you mean local?"]);
    says("dev-restore --target local --dump ./app.sql.gz", 78, &["hint: "]);
    std::fs::write(
        home.path().join("refresh.toml"),
        "[dump]\ndir = \".\"\n[targets.local]\ndatabase = \"app\"\nuser = \"x\"\n",
    )
    .unwrap();
    says(
        "dev-restore --target local --dump app.sql.gz",
        65,
        &["hint: for the file in this directory: --dump ./app.sql.gz"],
    );
}
