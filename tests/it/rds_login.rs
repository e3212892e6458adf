//! Passwords that AWS Secrets Manager keeps: the copy's, which RDS makes, and those of configured servers.
//!
//! `rds-local` proves the whole pipe, with real servers behind it; moto, which other people wrote, that the same calls
//! are understood elsewhere.

use refreshkit::document::{Document, Login};
use refreshkit::mysql::{Engine, Server};
use sha2::{Digest, Sha256};

use crate::rds::files;
use crate::rds_cloud::{ROWS, Stage, stage};
use crate::rds_moto::Moto;
use crate::support::{Output, Scratch, TestServer, servers};

/// What the MySQL tools need beside what the RDS tools have.
const PLAN: &str = "password = \"secrets-manager\"\n[dehydrate]\nfull = [\"notes\"]\n[mask]\n\"notes.body\" = { keep = \"test data\" }\n";

/// Adds lines to the configuration; `[restore]` is its last section.
fn configure(stage: &Stage, lines: &str) {
    let path = stage.home.path().join("refresh.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let dumps = stage.home.path().join("dumps").display().to_string();
    std::fs::create_dir_all(&dumps).unwrap();
    std::fs::write(&path, format!("{text}{lines}[dump]\ndir = \"{dumps}\"\n")).unwrap();
}

/// The secret that a document's login names, and what is in it.
fn secret_of(stage: &Stage, document: &Document) -> (String, String) {
    let Some(Login::SecretsManager { arn, .. }) = &document.cluster.as_ref().unwrap().login else {
        panic!("no secret: {document:?}")
    };
    let answer = stage.secret(arn);
    let value: serde_json::Value = serde_json::from_str(&answer).unwrap();
    let inner: serde_json::Value = serde_json::from_str(value["SecretString"].as_str().unwrap()).unwrap();
    assert_eq!(inner["username"], "admin");
    (arn.clone(), inner["password"].as_str().unwrap().to_owned())
}

/// A password is in no file of the run and in nothing that was said.
fn nowhere(stage: &Stage, password: &str, said: &[&Output]) {
    let log = stage.cloud.directory.parent().unwrap().join("log");
    for file in files(stage.home.path()).into_iter().chain([log]) {
        let bytes = std::fs::read(&file).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains(password), "{}", file.display());
    }
    for output in said {
        assert!(!output.stdout.contains(password) && !output.stderr.contains(password));
    }
}

#[test]
fn the_password_that_the_service_keeps_opens_the_copy_for_every_tool_of_the_pipe() {
    let stage = stage(None);
    configure(&stage, PLAN);
    let snapped = stage.tool("rds-snap").args(["--run", "kept"]).run().exits(0);
    let waited = stage.tool("rds-wait").stdin(snapped.stdout).run().exits(0);
    // Read errors of the secret are waited for like others.
    stage.fault(&["GetSecretValue: throttle 2"]);
    let restored = stage.tool("rds-restore").stdin(waited.stdout).run().exits(0);
    let document = restored.document();
    let cluster = document.cluster.as_ref().unwrap();
    let (arn, password) = secret_of(&stage, &document);
    assert!(arn.starts_with("arn:aws:secretsmanager:us-east-1:123456789012:secret:rds!cluster-"), "{arn}");
    assert!(!stage.state_dir().join("kept.cnf").exists());
    let copy =
        Server::at(&cluster.host, cluster.port, "admin", &password).with_public_key(&stage.public_key());
    let rows: Option<u64> =
        copy.connect().unwrap().first("counting", "SELECT COUNT(*) FROM app.notes").unwrap();
    assert_eq!(rows, Some(ROWS));

    let planned = stage.tool("mydehydrate").stdin(restored.stdout.clone()).run().exits(0);
    let dumped = stage.tool("mydump-rotate").stdin(planned.stdout.clone()).run().exits(0);
    assert_eq!(dumped.document().dump.unwrap().rows, ROWS);
    nowhere(&stage, &password, &[&restored, &planned, &dumped]);
    let gone = stage.dropped(&dumped.document());
    // The document still names the secret, which went with the copy: no journal knows either, so it is not asked for.
    let after = Document { resources: vec![], ..gone };
    let after = stage.tool("mydehydrate").stdin(refreshkit::document::render(&after)).run().exits(77);
    let error = after.document().error.unwrap();
    assert_eq!(error.code, "not-a-copy", "{}", after.stderr);
    assert!(error.message.ends_with("knows none"), "{}", after.stderr);
}

#[test]
fn a_secret_that_never_becomes_active_is_a_clear_error_and_everything_goes() {
    let stage = stage(None);
    configure(&stage, PLAN);
    stage.fault(&["cluster kit-stuck-secret: password never"]);
    let snapped = stage.tool("rds-snap").args(["--run", "stuck-secret"]).run().exits(0);
    let waited = stage.tool("rds-wait").stdin(snapped.stdout).run().exits(0);
    let failed =
        stage.tool("rds-restore").env("REFRESHKIT_PACE", "0.002").stdin(waited.stdout).run().exits(75);
    assert!(failed.stderr.contains("still changing its master password after"), "{}", failed.stderr);
    stage.fault(&["clear"]);
    stage.dropped(&failed.document());
}

/// A plan of the configured source, and the state of a target: both log in with the secret.
fn plan_and_status(moto: &Moto, server: &TestServer) {
    let word = if server.engine == Engine::MySql { "mysql" } else { "mariadb" };
    let scratch = server.scratch("secret");
    scratch
        .run("CREATE TABLE notes (id INT PRIMARY KEY, body VARCHAR(100)); INSERT INTO notes VALUES (1, 'x')");
    let client = refreshkit::mysql::OptionFile::read(&server.client_cnf).unwrap();
    let (port, password) = (client.port.unwrap(), client.password.unwrap_or_default());
    let user = client.user.unwrap();
    let fields = serde_json::json!({
        "engine": "mysql", "host": "127.0.0.1", "port": port, "username": user, "password": password
    });
    let arn = moto.python(&format!(
        "s = boto3.client('secretsmanager', region_name='eu-west-1', endpoint_url='{}', aws_access_key_id='x', aws_secret_access_key='y')\n\
         print(s.create_secret(Name='dev/{word}', SecretString='{fields}')['ARN'])",
        moto.url
    ));
    let text = format!(
        "[source]\ndatabases = [\"{0}\"]\nsecret = \"{arn}\"\n[targets.dev]\ndatabase = \"{0}_x\"\nsecret = \"dev/{word}\"\n\
         [dehydrate]\nfull = [\"notes\"]\n[mask]\n\"notes.body\" = {{ keep = \"test data\" }}\n",
        scratch.name
    );
    moto.configure(&text);
    // Another region than that of the ARN: the ARN's counts.
    let planned =
        moto.tool("mydehydrate").env("AWS_REGION", "us-west-2").args(["--source", "plan"]).run().exits(0);
    assert!(planned.stdout.contains("notes"), "{}", planned.stdout);
    moto.tool("dev-restore").args(["status", "--target", "dev"]).run().exits(0);
    // By its name there is no such secret in that region.
    let missing = moto.tool("dev-restore").env("AWS_REGION", "us-west-2").args(["status", "--target", "dev"]);
    let missing = missing.run().exits(69);
    assert!(missing.stderr.contains(&format!("cannot read the secret dev/{word}: ")), "{}", missing.stderr);
    assert!(missing.stderr.contains("hint: check its name, AWS_REGION"), "{}", missing.stderr);
    assert!(!planned.stderr.contains(&password) || password.is_empty());
    one_mask_key(moto, &scratch, &text, word);
}

/// The masks' key is a secret as well, a text or bytes; one that is too short is refused.
fn one_mask_key(moto: &Moto, scratch: &Scratch, text: &str, word: &str) {
    let made = "s = boto3.client('secretsmanager', region_name='eu-west-1', endpoint_url=c.meta.endpoint_url, \
                aws_access_key_id='x', aws_secret_access_key='y')\n";
    let configure = |name: &str, content: &str| {
        let name = format!("masks/{word}-{name}");
        moto.python(&format!("{made}s.create_secret(Name='{name}', {content})"));
        let setting = format!("[mask]\nkey = {{ secret = \"{name}\" }}\n");
        moto.configure(&text.replace("[mask]\n", &setting));
        moto.tool("mydehydrate").args(["--source", "--run", "night"]).run()
    };
    for (name, content, bytes) in [
        ("text", "SecretString='correct horse battery\\n'", &b"correct horse battery"[..]),
        ("bytes", "SecretBinary=b'\\x00\\xff0123456789abcdef'", b"\x00\xff0123456789abcdef"),
    ] {
        let plan = configure(name, content).exits(0).document().dehydration.unwrap();
        let digest = Sha256::new().chain_update("refreshkit mask key:").chain_update(bytes).finalize();
        let key = refreshkit::mask::MaskKey::of_bytes(digest.into());
        assert_eq!(plan.keys.unwrap().check, Some(key.sign("night")), "{name}");
        assert!(!scratch.run("SHOW TABLES FROM refreshkit_work").contains("mask_key"));
    }
    let short = configure("short", "SecretString='hunter2'").exits(78);
    assert!(short.stderr.contains("the secret has 7 bytes, 16 are the least"), "{}", short.stderr);
    moto.configure(&text.replace("[mask]\n", "[mask]\nkey = { secret = \"none\" }\n"));
    let none = moto.tool("mydehydrate").args(["--source", "plan"]).run().exits(69);
    assert!(none.stderr.contains("cannot read the secret none: "), "{}", none.stderr);
}

/// What moto's test asks about secrets, on the moto that it has running.
pub(crate) fn moto_agrees_about_secrets(moto: &Moto) {
    for server in servers() {
        plan_and_status(moto, &server);
    }
    moto.python(
        "boto3.client('secretsmanager', region_name='eu-west-1', endpoint_url=c.meta.endpoint_url, \
         aws_access_key_id='x', aws_secret_access_key='y').create_secret(Name='odd', SecretString='just text')",
    );
    moto.configure("[targets.dev]\ndatabase = \"app\"\nsecret = \"odd\"\n");
    let odd = moto.tool("dev-restore").args(["status", "--target", "dev"]).run().exits(78);
    assert!(odd.stderr.contains("the secret odd is no JSON object with a \"password\""), "{}", odd.stderr);
}

#[test]
fn what_is_wrong_with_the_way_to_the_secrets_is_one_sentence() {
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("refresh.toml");
    std::fs::write(&config, "[targets.dev]\ndatabase = \"app\"\nsecret = \"dev/app\"\n").unwrap();
    let tool = || {
        let tool = crate::rds_cloud::with_aws(crate::support::Tool::new("dev-restore"), "http://127.0.0.1:9");
        tool.env("REFRESH_CONFIG", &config).args(["status", "--target", "dev"])
    };
    for (name, value, code, said) in [
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "nonsense", 78, "endpoint_url in ~/.aws/config): no http:// or"),
        ("AWS_REGION", "", 78, "no AWS region is set"),
        ("AWS_ACCESS_KEY_ID", "", 78, "no AWS credentials were found"),
        ("PATH", "/usr/bin:/bin", 69, "cannot read the secret dev/app: GetSecretValue: "),
    ] {
        let output = tool().env(name, value).run().exits(code);
        assert!(output.stderr.contains(said), "{}", output.stderr);
    }
}
