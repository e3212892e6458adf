//! Ways to log in to MySQL that need no AWS: the option file that a flag names, and what a build without AWS says.

use crate::support::{Tool, for_each_server};

/// A configuration that names a server and the wrong user, in a folder of its own.
fn place(database: &str, server: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "[source]\ndatabases = [\"{database}\"]\nuser = \"nobody-here\"\n{server}\
         [targets.dev]\ndatabase = \"{database}\"\nuser = \"nobody-here\"\n{server}\
         [dehydrate]\nfull = [\"notes\"]\n[mask]\n\"notes.body\" = {{ keep = \"test data\" }}\n\
         [dump]\ndir = \"{}\"\n",
        folder.path().display()
    );
    std::fs::write(folder.path().join("refresh.toml"), text).unwrap();
    folder
}

fn tool(name: &str, folder: &tempfile::TempDir) -> Tool {
    Tool::new(name)
        .env("REFRESH_CONFIG", folder.path().join("refresh.toml"))
        .env("REFRESH_STATE_DIR", folder.path().join("state"))
        .env("HOME", folder.path())
}

#[test]
fn the_option_file_of_the_flag_beats_the_configuration_in_every_tool() {
    for_each_server(|server| {
        let scratch = server.scratch("extra");
        scratch.run(
            "CREATE TABLE notes (id INT PRIMARY KEY, body VARCHAR(100)); INSERT INTO notes VALUES (1, 'x')",
        );
        let client = refreshkit::mysql::OptionFile::read(&server.client_cnf).unwrap();
        let folder =
            place(&scratch.name, &format!("host = \"127.0.0.1\"\nport = {}\n", client.port.unwrap()));
        let extra = server.client_cnf.display().to_string();
        let flag = ["--defaults-extra-file", extra.as_str()];

        let refused = tool("mydehydrate", &folder).arg("--source").run().exits(69);
        assert!(refused.stderr.contains("nobody-here@127.0.0.1"), "{}", refused.stderr);
        let planned = tool("mydehydrate", &folder).arg("--source").args(flag).run().exits(0);
        let dumped = tool("mydump-rotate", &folder).args(flag).stdin(planned.stdout).run().exits(0);
        assert_eq!(dumped.document().dump.unwrap().rows, 1);
        // After the word of the command too, as mysql's own clients are lenient about it.
        tool("mydehydrate", &folder).args(["--source", "plan"]).args(flag).run().exits(0);
        tool("mydump-rotate", &folder).arg("--whole").args(flag).run().exits(0);

        tool("dev-restore", &folder).args(["status", "--target", "dev"]).run().exits(69);
        tool("dev-restore", &folder).args(["status", "--target", "dev"]).args(flag).run().exits(0);
        tool("dev-restore", &folder).args(flag).args(["status", "--target", "dev"]).run().exits(0);
        let dry = tool("dev-restore", &folder).args(flag).args(["--target", "dev", "--dry-run"]).run();
        // The target is the source here, and that is known only after a login.
        assert!(dry.exits(77).stderr.contains("both are"));
    });
}

#[test]
fn an_option_file_that_others_may_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = place("app", "");
    let path = folder.path().join("open.cnf");
    std::fs::write(&path, "[client]\nuser=a\npassword=b\n").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let output = tool("mydehydrate", &folder).args(["--source", "plan", "--defaults-extra-file"]).arg(&path);
    let output = output.run().exits(78);
    assert!(output.stderr.contains("is readable by others (mode 644)"), "{}", output.stderr);
}

#[test]
fn one_section_names_one_way_to_log_in() {
    let folder = place("app", "secret = \"dev/app\"\niam_login = true\n");
    let output = tool("dev-restore", &folder).args(["status", "--target", "dev"]).run().exits(78);
    assert!(output.stderr.contains("secret and iam_login are two ways to log in"), "{}", output.stderr);
}

#[cfg(not(feature = "aws"))]
#[test]
fn a_build_without_aws_says_so_in_one_sentence() {
    for (line, what) in [
        ("secret = \"dev/app\"\n", "a secret of AWS Secrets Manager"),
        ("iam_login = true\n", "an RDS IAM token"),
    ] {
        let folder = place(
            "app",
            &format!("host = \"db.internal\"\ntls_ca = \"/etc/ssl/certs/ca-certificates.crt\"\n{line}"),
        );
        let output = tool("dev-restore", &folder).args(["status", "--target", "dev"]).run().exits(78);
        let said = format!("this build has no AWS in it: it cannot log in with {what}");
        assert!(output.stderr.contains(&said), "{}", output.stderr);
        assert!(output.stderr.contains("hint: use a build with the feature `aws`"), "{}", output.stderr);
    }
}
