//! What the orders say beside names: the organisation's tags, what an engine takes, what is known to be wrong before anything costs
//! money. The stand-in refuses whatever the published model does, so each test of the four tools asks it, too.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;

use refreshkit::document::{AnyKind, ResourceKind};
use rustls::{ServerConnection, StreamOwned};

use crate::rds_cloud::{SOURCE, Stage, stage, with_aws};
use crate::support::{Tool, certified, nothing_there};

/// Adds lines to the configuration; `[restore]` is its last section.
fn configure(stage: &Stage, snapshot: &str, restore: &str) {
    stage.write_config(snapshot);
    let path = stage.home.path().join("refresh.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{text}{restore}\n")).unwrap();
}

#[test]
fn the_organisations_tags_are_on_everything_from_the_create_call_on() {
    let stage = stage(None);
    configure(&stage, "tags = { cost-centre = \"42\" }", "tags = { team = \"data\", stage = \"night\" }");
    let document = stage.restored("tagged");
    assert_eq!(stage.tag_of("snapshot", "kit-tagged", "cost-centre"), "42");
    for (kind, id) in [("cluster", "kit-tagged"), ("instance", "kit-tagged-0")] {
        assert_eq!(stage.tag_of(kind, id, "team"), "data", "{kind}");
        assert_eq!(stage.tag_of(kind, id, "stage"), "night", "{kind}");
        assert_eq!(stage.tag_of(kind, id, "refreshkit:run"), "tagged", "{kind}");
    }
    stage.dropped(&document);
    for wrong in
        ["tags = { \"aws:x\" = \"1\" }", "tags = { \"refreshkit:run\" = \"x\" }", "tags = { a = \"b&c\" }"]
    {
        configure(&stage, wrong, "");
        let refused = stage.tool("rds-snap").args(["--run", "wrong"]).run().exits(78);
        assert!(refused.stderr.contains("refresh.toml:7: [snapshot] tags: "), "{}", refused.stderr);
    }
    assert_eq!(stage.left(), Vec::<String>::new());
}

#[test]
fn a_night_that_clones_takes_no_snapshot() {
    let stage = stage(None);
    configure(&stage, "", "clone = true");
    let snapped = stage.tool("rds-snap").args(["--run", "cloned"]).run().exits(0);
    let note = snapped.document().steps[0].note.clone();
    assert!(note.contains("no snapshot is taken: [restore] clone = true"), "{note}");
    let waited = stage.tool("rds-wait").stdin(snapped.stdout).run().exits(0);
    let restored = stage.tool("rds-restore").stdin(waited.stdout).run().exits(0).document();
    let kinds: Vec<_> = restored.resources.iter().map(|owed| owed.kind.clone()).collect();
    assert_eq!(kinds, [ResourceKind::Cluster, ResourceKind::Instance].map(AnyKind::from));
    let snapshot = restored.snapshot.as_ref().unwrap();
    assert_eq!((snapshot.kind.as_str(), snapshot.status.as_str()), ("clone", "available"));
    assert!(stage.left().iter().all(|line| !line.starts_with("snapshot")), "{:?}", stage.left());
    stage.dropped(&restored);
}

#[test]
fn authorities_that_cannot_be_read_are_told_before_anything_is_made() {
    let stage = stage(None);
    let snapped = stage.tool("rds-snap").args(["--run", "ca", "--dry-run"]).run().exits(0);
    let file = stage.home.path().join("bundle.pem");
    let named = |text: Option<&str>| {
        if let Some(text) = text {
            std::fs::write(&file, text).unwrap();
        }
        let tool = stage.tool("rds-restore").args(["--dry-run", "--tls-ca", file.to_str().unwrap()]);
        tool.stdin(snapped.stdout.clone()).run()
    };
    for (text, why) in [
        (None, "No such file or directory"),
        (Some("<html>not found</html>"), "it holds no certificate (PEM)"),
        (
            Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
            "certificate 1 in it cannot be read",
        ),
    ] {
        let refused = named(text).exits(78);
        assert!(refused.stderr.contains(why), "{}", refused.stderr);
        assert!(refused.stderr.contains("global-bundle.pem"), "{}", refused.stderr);
    }
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    named(Some(&made.cert.pem())).exits(0);
}

#[test]
fn a_prefix_that_productions_name_begins_with_is_refused_before_any_order() {
    let stage = stage(None);
    let path = stage.home.path().join("refresh.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("prefix = \"kit\"", "prefix = \"prod\"")).unwrap();
    let refused = stage.tool("rds-snap").args(["--run", "x"]).run().exits(78);
    let said = format!("[snapshot] prefix \"prod\": the name of the source, {SOURCE}, begins with it");
    assert!(refused.stderr.contains(&said), "{}", refused.stderr);
}

#[test]
fn a_key_that_an_instance_at_a_point_in_time_cannot_get_is_refused_and_not_left_out() {
    let stage = stage(None);
    configure(&stage, "", "kms_key = \"alias/dev\"");
    let document = r#"{"schema":"refreshkit/1","run":"r","ok":true,"source":{"instance":"i"},"snapshot":{"id":"i","kind":"pitr","status":"available"}}"#;
    let refused = stage.tool("rds-restore").arg("--dry-run").stdin(document).run().exits(78);
    assert!(
        refused
            .stderr
            .contains("[restore] kms_key: an instance at a point in time has the key of its source"),
        "{}",
        refused.stderr
    );
}

#[test]
fn a_copy_has_its_sources_own_parameters_unless_others_are_named() {
    let stage = stage(None);
    let path = stage.home.path().join("refresh.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("parameter_group = \"dev-aurora\"\n", "")).unwrap();
    stage.call(&[
        ("Action", "ModifyDBCluster"),
        ("DBClusterIdentifier", SOURCE),
        ("DBClusterParameterGroupName", "prod-params"),
    ]);
    let restored = stage.tool("rds-restore").args(["--clone", "--run", "own"]).run().exits(0);
    let said = "the copy gets the source's own parameter group prod-params: its event_scheduler and binlog_format count";
    assert!(restored.stderr.contains(said), "{}", restored.stderr);
    let copy = stage.call(&[("Action", "DescribeDBClusters"), ("DBClusterIdentifier", "kit-own")]);
    assert!(copy.contains("<DBClusterParameterGroup>prod-params<"), "{copy}");
    stage.dropped(&restored.document());
}

/// An RDS endpoint with TLS that has nothing, and its authority.
fn with_tls() -> (String, String) {
    let (config, certificate) = certified();
    let config = Arc::new(config);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let Ok(connection) = ServerConnection::new(Arc::clone(&config)) else { continue };
            let mut stream = StreamOwned::new(connection, stream);
            let mut request = Vec::new();
            let mut buffer = [0; 4096];
            // Our requests are small; one that does not trust us hangs up.
            while let Ok(count @ 1..) = stream.read(&mut buffer) {
                request.extend_from_slice(&buffer[..count]);
                let text = String::from_utf8_lossy(&request).into_owned();
                let Some((_, action)) = text.split_once("Action=") else { continue };
                let action = action.split('&').next().unwrap_or_default();
                let (_, kind, body) = nothing_there(action);
                let length = body.len();
                let _ = write!(
                    stream,
                    "HTTP/1.1 200 OK\r\nConnection: close\r\n{kind}Content-Length: {length}\r\n\r\n{body}"
                );
                let _ = stream.flush();
                stream.conn.send_close_notify();
                let _ = stream.flush();
                break;
            }
        }
    });
    (format!("https://localhost:{port}"), certificate)
}

#[test]
fn the_authorities_of_the_environment_are_those_of_the_endpoint() {
    let (endpoint, authority) = with_tls();
    let home = tempfile::tempdir().unwrap();
    let bundle = home.path().join("ca.pem");
    std::fs::write(&bundle, authority).unwrap();
    let config = home.path().join("refresh.toml");
    std::fs::write(&config, "[source]\ncluster = \"prod\"\n").unwrap();
    let tool = || {
        let tool = with_aws(Tool::new("rds-drop"), &endpoint).env("REFRESH_CONFIG", &config);
        let tool = tool.env("REFRESH_STATE_DIR", home.path().join("state")).env("REFRESHKIT_PACE", "0.001");
        tool.env("NO_PROXY", "localhost").env("no_proxy", "localhost").arg("--expired")
    };
    tool().env("AWS_CA_BUNDLE", &bundle).run().exits(0);
    assert_ne!(tool().run().code, 0, "nobody vouches for it");
    std::fs::write(&bundle, "nothing").unwrap();
    let refused = tool().env("AWS_CA_BUNDLE", &bundle).run().exits(78);
    assert!(refused.stderr.contains("it holds no certificate (PEM)"), "{}", refused.stderr);
}
