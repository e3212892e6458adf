//! Where credentials come from, on loopback; and what happens while they do not come, or when they end.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::rds_cloud::{SOURCE, stage};
use crate::support::{Loopback, Tool, error, hand_on, nothing_there};

/// A moment, some seconds from now.
fn soon(seconds: i64) -> String {
    let moment = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(seconds);
    moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Credentials as metadata services and processes write them.
fn given(key: &str, seconds: i64) -> String {
    serde_json::json!({
        "Version": 1, "Code": "Success", "Type": "AWS-HMAC", "LastUpdated": soon(-60), "AccessKeyId": key,
        "SecretAccessKey": "s", "Token": "t", "SessionToken": "t", "Expiration": soon(seconds),
    })
    .to_string()
}

/// Credentials as STS gives them.
fn of_sts(action: &str, key: &str) -> String {
    format!(
        "<{action}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{action}Result><Credentials>\
         <AccessKeyId>{key}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
         <Expiration>{}</Expiration></Credentials><AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/r/s</Arn>\
         <AssumedRoleId>A:s</AssumedRoleId></AssumedRoleUser></{action}Result></{action}Response>",
        soon(3_600)
    )
}

/// RDS, and whoever gives credentials, in one: the key says who gave them.
fn world() -> Loopback {
    Loopback::start(|request| {
        let json = "Content-Type: application/json\r\n";
        let imds = "/latest/meta-data/iam/security-credentials/";
        match (request.line.as_str(), request.action().as_deref()) {
            ("GET /creds", _) => (200, json, given("AKIACONTAINER", 3_600)),
            ("PUT /latest/api/token", _) => {
                (200, "x-aws-ec2-metadata-token-ttl-seconds: 21600\r\n", "token".to_owned())
            }
            (line, _) if line == format!("GET {imds}") => (200, "", "night".to_owned()),
            (line, _) if line == format!("GET {imds}night") => (200, json, given("AKIAMETADATA", 3_600)),
            (line, _) if line.starts_with("GET /federation/credentials?") => {
                let answer = serde_json::json!({"roleCredentials": {
                    "accessKeyId": "AKIASSO", "secretAccessKey": "s", "sessionToken": "t",
                    "expiration": jiff::Timestamp::now().as_millisecond() + 3_600_000,
                }});
                (200, json, answer.to_string())
            }
            (_, Some(action @ "AssumeRoleWithWebIdentity")) => {
                (200, "Content-Type: text/xml\r\n", of_sts(action, "AKIAWEB"))
            }
            (_, Some(action @ "AssumeRole")) => {
                (200, "Content-Type: text/xml\r\n", of_sts(action, "AKIAROLE"))
            }
            (_, Some(action)) => nothing_there(action),
            _ => (404, "", String::new()),
        }
    })
}

/// A tool in an environment that has no credentials.
fn bare(name: &str, home: &Path, endpoint: &str) -> Tool {
    let config = home.join("refresh.toml");
    std::fs::write(&config, "[source]\ncluster = \"prod\"\n").unwrap();
    let mut tool = Tool::new(name);
    for variable in [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_PROFILE",
        "AWS_CREDENTIAL_EXPIRATION",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_ROLE_ARN",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    ] {
        tool = tool.without(variable);
    }
    tool.env("HOME", home)
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_ENDPOINT_URL_RDS", endpoint)
        .env("AWS_CONFIG_FILE", home.join("config"))
        .env("AWS_SHARED_CREDENTIALS_FILE", home.join("credentials"))
        .env("REFRESHKIT_PACE", "0.02")
        .env("REFRESH_CONFIG", config)
        .env("REFRESH_STATE_DIR", home.join("state"))
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// The files of every kind of credentials, under a home.
fn furnish(home: &Path) {
    let process = home.join("process");
    write(&process, &format!("#!/bin/sh\ncat <<'X'\n{}\nX\n", given("AKIAPROCESS", 3_600)));
    std::fs::set_permissions(&process, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let login = "arn:aws:sts::123456789012:assumed-role/admin/person";
    let text = format!(
        "[profile process]\ncredential_process = {}\n[profile sso]\nsso_session = us\nsso_account_id = 123456789012\n\
         sso_role_name = night\n[sso-session us]\nsso_region = eu-west-1\nsso_start_url = https://us.awsapps.com/start\n\
         [profile login]\nlogin_session = {login}\n[profile role]\nrole_arn = arn:aws:iam::123456789012:role/r\n\
         source_profile = file\n",
        process.display()
    );
    write(&home.join("config"), &text);
    write(&home.join("credentials"), "[file]\naws_access_key_id = AKIAFILE\naws_secret_access_key = s\n");
    write(&home.join("token"), "web identity");
    // sha1("us")
    let cached = serde_json::json!({"accessToken": "t", "expiresAt": soon(3_600), "region": "eu-west-1"});
    write(&home.join(".aws/sso/cache/da2b128800d4e129def769b7ec5decc00517fa8b.json"), &cached.to_string());
    let hash = Sha256::digest(login.as_bytes());
    let cached = serde_json::json!({
        "accessToken": {"accessKeyId": "AKIALOGIN", "secretAccessKey": "s", "sessionToken": "t",
                        "accountId": "123456789012", "expiresAt": soon(3_600)},
        "tokenType": "urn:aws:params:oauth:token-type:access_token_sigv4", "refreshToken": "r", "idToken": "i",
        "clientId": "arn:aws:signin:::devtools/same-device", "dpopKey": "k",
    });
    write(&home.join(format!(".aws/login/cache/{hash:x}.json")), &cached.to_string());
}

#[test]
fn every_kind_of_credentials_that_the_readme_names_signs_a_call() {
    let world = world();
    let home = tempfile::tempdir().unwrap();
    furnish(home.path());
    let creds = format!("{}/creds", world.url);
    let token = home.path().join("token").display().to_string();
    let kinds: &[(&str, &[(&str, &str)])] = &[
        ("AKIAENV", &[("AWS_ACCESS_KEY_ID", "AKIAENV"), ("AWS_SECRET_ACCESS_KEY", "s")]),
        ("AKIAFILE", &[("AWS_PROFILE", "file")]),
        ("AKIAPROCESS", &[("AWS_PROFILE", "process")]),
        ("AKIASSO", &[("AWS_PROFILE", "sso"), ("AWS_ENDPOINT_URL_SSO", &world.url)]),
        ("AKIALOGIN", &[("AWS_PROFILE", "login")]),
        ("AKIAROLE", &[("AWS_PROFILE", "role"), ("AWS_ENDPOINT_URL_STS", &world.url)]),
        (
            "AKIAWEB",
            &[
                ("AWS_WEB_IDENTITY_TOKEN_FILE", &token),
                ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/r"),
                ("AWS_ENDPOINT_URL_STS", &world.url),
            ],
        ),
        ("AKIACONTAINER", &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", &creds)]),
        (
            "AKIAMETADATA",
            &[("AWS_EC2_METADATA_SERVICE_ENDPOINT", &world.url), ("AWS_EC2_METADATA_DISABLED", "false")],
        ),
    ];
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    for (key, variables) in kinds {
        let before = world.seen().len();
        let mut tool = bare("rds-drop", home.path(), &world.url).arg("--expired");
        for (name, value) in *variables {
            tool = tool.env(name, value);
        }
        tool.run().exits(0);
        let seen = world.seen().split_off(before);
        let last = seen.last().unwrap();
        let signed = last.header("authorization").unwrap_or_default();
        assert!(signed.contains(&format!("Credential={key}/")), "{key}: {signed}");
        // The variable or setting by which the table of the README names it.
        let named = variables.iter().any(|(name, _)| readme.contains(name));
        assert!(named || readme.contains("AWS_PROFILE"), "{key} is not in the README");
    }
}

/// A provider of credentials that fails for so many requests, every time that somebody says so.
fn blinking() -> (Loopback, Arc<AtomicI64>) {
    let fails = Arc::new(AtomicI64::new(0));
    let left = Arc::clone(&fails);
    let loopback = Loopback::start(move |_| {
        if left.fetch_sub(1, Ordering::SeqCst) > 0 {
            return (500, "", "not now".to_owned());
        }
        // Good for so short a time that they are asked for before each call.
        (200, "Content-Type: application/json\r\n", given("AKIABLINK", 5))
    });
    (loopback, fails)
}

#[test]
fn credentials_that_blink_end_no_night_and_leave_nothing() {
    let stage = stage(None);
    let (provider, fails) = blinking();
    let blinks = |tool: Tool, times: i64| {
        fails.store(times, Ordering::SeqCst);
        let uri = format!("{}/creds", provider.url);
        let tool = tool.without("AWS_ACCESS_KEY_ID").without("AWS_SECRET_ACCESS_KEY");
        tool.env("AWS_CONTAINER_CREDENTIALS_FULL_URI", uri).run()
    };
    // Before the first call, and so before the create.
    let snapped = blinks(stage.tool("rds-snap").args(["--run", "blink"]), 6).exits(0);
    assert!(snapped.stderr.contains("the provider of the AWS credentials failed"), "{}", snapped.stderr);
    let waited = blinks(stage.tool("rds-wait").stdin(snapped.stdout), 0).exits(0);
    // In the middle: each call asks for them.
    let tool = stage.tool("rds-restore").stdin(waited.stdout);
    let restored = std::thread::scope(|scope| {
        let running = scope.spawn(|| blinks(tool, 0));
        std::thread::sleep(Duration::from_millis(1_500));
        fails.store(6, Ordering::SeqCst);
        running.join().unwrap().exits(0)
    });
    let dropped = blinks(stage.tool("rds-drop").stdin(restored.stdout), 6).exits(0);
    assert_eq!(dropped.document().resources, vec![]);
    assert_eq!(stage.left(), Vec::<String>::new());
    assert!(provider.seen().len() > 20, "{}", provider.seen().len());
}

#[test]
fn a_provider_that_never_answers_is_temporary_and_none_at_all_is_a_matter_of_configuration() {
    let home = tempfile::tempdir().unwrap();
    let provider = Loopback::start(|_| (500, "", String::new()));
    let tool = || bare("rds-snap", home.path(), "http://127.0.0.1:9").env("REFRESHKIT_PACE", "0.0001");
    let uri = format!("{}/creds", provider.url);
    let failed = tool().env("AWS_CONTAINER_CREDENTIALS_FULL_URI", uri).run().exits(75);
    let error = failed.document().error.unwrap();
    assert_eq!((error.code.as_str(), error.retryable), ("credentials", true), "{}", failed.stderr);
    let none = tool().run().exits(78);
    assert!(none.stderr.contains("no AWS credentials were found"), "{}", none.stderr);
}

#[test]
fn a_session_that_nobody_renews_is_told_at_the_beginning_and_ends_everything_at_once() {
    let stage = stage(None);
    let session = |tool: Tool| tool.env("AWS_SESSION_TOKEN", "t");
    let snapped = session(stage.tool("rds-snap").args(["--run", "spent"]));
    let snapped = snapped.env("AWS_CREDENTIAL_EXPIRATION", "2026-11-29T03:00:00Z").run().exits(0);
    let said = "these are session credentials that nothing renews: the night fails as soon as they are not taken any more after 2026-11-29T03:00:00Z";
    assert!(snapped.stderr.contains(said), "{}", snapped.stderr);
    stage.fault(&["*: error ExpiredToken 403 1000"]);
    let waited = session(stage.tool("rds-wait").stdin(snapped.stdout.clone())).run().exits(78);
    assert!(waited.stderr.contains("nothing renews the session credentials"), "{}", waited.stderr);
    let begun = std::time::Instant::now();
    let dropped = session(stage.tool("rds-drop").stdin(snapped.stdout)).run().exits(69);
    assert!(dropped.stderr.contains("ExpiredToken"), "{}", dropped.stderr);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    stage.fault(&["clear"]);
    stage.drop_run("spent").exits(0);
    // A role's are renewed: nothing is said of them.
    let usual = stage.tool("rds-snap").args(["--run", "usual"]).run().exits(0);
    assert!(!usual.stderr.contains("session credentials"), "{}", usual.stderr);
    stage.dropped(&usual.document());
}

#[test]
fn a_clock_that_is_wrong_is_told_as_that() {
    let home = tempfile::tempdir().unwrap();
    let rds = Loopback::start(|_| {
        error(
            403,
            "SignatureDoesNotMatch",
            "Signature expired: 20261129T010000Z is now earlier than 20261129T014500Z",
        )
    });
    let tool = bare("rds-snap", home.path(), &rds.url);
    let failed = tool.env("AWS_ACCESS_KEY_ID", "k").env("AWS_SECRET_ACCESS_KEY", "s").run().exits(78);
    assert_eq!(failed.document().error.unwrap().code, "clock");
    assert!(failed.stderr.contains("hint: set the clock of this host"), "{}", failed.stderr);
}

/// What the endpoint describes, without its tags, the first so many times each.
fn tagless(endpoint: &str, times: i64, listed: bool) -> Loopback {
    let (endpoint, left) = (endpoint.to_owned(), AtomicI64::new(times));
    Loopback::start(move |request| {
        let (status, more, text) = hand_on(&endpoint, request);
        let action = request.action().unwrap_or_default();
        let hides = action.starts_with("DescribeDB") || (action == "ListTagsForResource" && !listed);
        if !hides || !text.contains("refreshkit:") || left.fetch_sub(1, Ordering::SeqCst) <= 0 {
            return (status, more, text);
        }
        let mut shown = String::new();
        for part in text.split("<TagList>") {
            shown.push_str(part.split_once("</TagList>").map_or(part, |(_, rest)| rest));
        }
        (status, more, shown)
    })
}

#[test]
fn what_does_not_know_its_tags_yet_is_asked_for_them_and_waited_for_and_no_stranger() {
    let stage = stage(None);
    // Descriptions never have tags; the question for them is answered.
    let proxy = tagless(&stage.cloud.url, 10_000, true);
    let untagged = |tool: Tool| tool.env("AWS_ENDPOINT_URL_RDS", &proxy.url);
    let snapped = untagged(stage.tool("rds-snap").args(["--run", "bare"])).run().exits(0);
    let again = untagged(stage.tool("rds-snap").args(["--run", "bare"])).run().exits(0);
    assert!(again.stderr.contains("is there already: adopted"), "{}", again.stderr);
    let waited = untagged(stage.tool("rds-wait").stdin(snapped.stdout)).run().exits(0);
    let restored = untagged(stage.tool("rds-restore").stdin(waited.stdout)).run().exits(0);
    untagged(stage.tool("rds-drop").stdin(restored.stdout)).run().exits(0);
    assert_eq!(stage.left(), Vec::<String>::new());

    // Nor is that, at first: for a minute, which is 18 s at this pace.
    let snapped = stage.tool("rds-snap").args(["--run", "young"]).run().exits(0);
    let proxy = tagless(&stage.cloud.url, 2, false);
    let slow = stage.tool("rds-drop").env("AWS_ENDPOINT_URL_RDS", &proxy.url).env("REFRESHKIT_PACE", "0.3");
    slow.stdin(snapped.stdout).run().exits(0);
    assert_eq!(stage.left(), Vec::<String>::new());

    // Who made something without any of our tags long ago is a stranger, and at once.
    let foreign = stage.tool("rds-snap").args(["--run", "old"]).run().exits(0);
    for key in ["refreshkit:managed", "refreshkit:run", "refreshkit:owner"] {
        stage.call(&[
            ("Action", "RemoveTagsFromResource"),
            ("ResourceName", &stage.arn_of("snapshot", "kit-old")),
            ("TagKeys.member.1", key),
        ]);
    }
    std::thread::sleep(Duration::from_millis(1_500));
    let refused = stage.tool("rds-drop").stdin(foreign.stdout).run().exits(77);
    assert!(refused.stderr.contains("it has no tag refreshkit:managed=true"), "{}", refused.stderr);
    stage.sweep();
    assert!(stage.source_port() > 0, "{SOURCE} is there");
}
