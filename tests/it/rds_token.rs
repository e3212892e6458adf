//! RDS IAM tokens: what is sent, to whom, and how.
//!
//! No community server has Amazon's plugin, so a stand-in speaks the handshake: it asks for the password as it is, as
//! RDS does, and lets nobody in. What it was sent is compared with what boto3 makes of the same credentials and clock.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::rds_cloud::with_aws;
use crate::support::{Tool, certified};

/// Capabilities of the protocol: long password, with database, 4.1, transactions, secure connection, plugins.
const CAPABILITIES: u32 = 1 | 8 | 0x200 | 0x2000 | 0x8000 | 0x8_0000 | 0x20_0000;
const CLIENT_SSL: u32 = 0x800;

/// Keys with `+`, `/` and `=` in them, as temporary ones have; long, as they are.
const SESSION_TOKEN: &str = "IQoJb3JpZ2luX2VjEJr//////////wEaCWV1LXdlc3QtMSJHMEUCIQD+a/b==";

/// What a client did.
#[derive(Debug, Default)]
struct Seen {
    /// Everything that came before TLS, or without it.
    in_clear: Vec<u8>,
    user: String,
    /// What came for a password, over TLS.
    password: Option<String>,
}

/// A server that asks for the password as it is.
struct StandIn {
    port: u16,
    /// Its authority, as PEM.
    authority: PathBuf,
    seen: Receiver<Seen>,
    _home: tempfile::TempDir,
}

impl StandIn {
    fn start(offers_tls: bool) -> Self {
        let home = tempfile::tempdir().unwrap();
        let (config, certificate) = certified();
        let authority = home.path().join("ca.pem");
        std::fs::write(&authority, certificate).unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, seen) = channel();
        std::thread::spawn(move || {
            let config = offers_tls.then(|| Arc::new(config));
            for stream in listener.incoming().flatten() {
                let mut seen = Seen::default();
                // A client that does not trust us hangs up.
                let _ = greet(stream, config.clone(), &mut seen);
                if sender.send(seen).is_err() {
                    return;
                }
            }
        });
        Self { port, authority, seen, _home: home }
    }

    fn last(&self) -> Seen {
        self.seen.recv_timeout(crate::support::PATIENCE).unwrap()
    }
}

fn greet(mut stream: TcpStream, tls: Option<Arc<ServerConfig>>, seen: &mut Seen) -> std::io::Result<()> {
    let capabilities = CAPABILITIES | if tls.is_some() { CLIENT_SSL } else { 0 };
    let [c0, c1, c2, c3] = capabilities.to_le_bytes();
    let mut hello = b"\x0a8.0.32\0\x01\0\0\0abcdefgh\0".to_vec();
    hello.extend([c0, c1, 45, 2, 0, c2, c3, 21]);
    hello.extend([0; 10]);
    hello.extend(b"ijklmnopqrst\0mysql_native_password\0");
    send(&mut stream, 0, &hello)?;
    let first = receive(&mut stream)?;
    seen.in_clear.clone_from(&first);
    match tls {
        // A request for TLS is a response that ends before the user's name.
        Some(tls) if first.len() == 32 => {
            let connection = ServerConnection::new(tls).map_err(std::io::Error::other)?;
            let mut stream = StreamOwned::new(connection, stream);
            let response = receive(&mut stream)?;
            let (user, password) = ask(&mut stream, 3, &response)?;
            seen.user = user;
            seen.password = Some(password);
        }
        // It says good-bye instead.
        _ if first.len() < 32 => {}
        _ => {
            let (user, password) = ask(&mut stream, 2, &first)?;
            seen.user = user;
            seen.in_clear.extend(password.into_bytes());
        }
    }
    Ok(())
}

/// Asks for the password as it is, then says no.
fn ask(stream: &mut (impl Read + Write), number: u8, response: &[u8]) -> std::io::Result<(String, String)> {
    let user = response[32..].split(|byte| *byte == 0).next().unwrap_or_default();
    send(stream, number, b"\xfemysql_clear_password\0")?;
    let password = receive(stream)?;
    send(stream, number + 2, b"\xff\x15\x04#28000the stand-in lets nobody in")?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end_matches('\0').to_owned();
    Ok((text(user), text(&password)))
}

fn send(stream: &mut impl Write, number: u8, payload: &[u8]) -> std::io::Result<()> {
    let [l0, l1, l2, _] = u32::try_from(payload.len()).unwrap().to_le_bytes();
    stream.write_all(&[&[l0, l1, l2, number], payload].concat())?;
    stream.flush()
}

fn receive(stream: &mut impl Read) -> std::io::Result<Vec<u8>> {
    let mut head = [0; 4];
    stream.read_exact(&mut head)?;
    let mut payload = vec![0; u32::from_le_bytes([head[0], head[1], head[2], 0]) as usize];
    stream.read_exact(&mut payload)?;
    Ok(payload)
}

/// `mydehydrate --source plan` on a stand-in.
fn plan(port: u16, lines: &str) -> Tool {
    let home = tempfile::tempdir().unwrap().keep();
    let text = format!("[source]\ndatabases = [\"app\"]\nhost = \"localhost\"\nport = {port}\n{lines}\n");
    std::fs::write(home.join("refresh.toml"), text).unwrap();
    with_aws(Tool::new("mydehydrate"), "http://127.0.0.1:9")
        .env("REFRESH_CONFIG", home.join("refresh.toml"))
        .env("AWS_SESSION_TOKEN", SESSION_TOKEN)
        .env("SECRET_WORD", "a-plain-password")
        .args(["--source", "plan"])
}

fn iam(user: &str, stand_in: &StandIn) -> String {
    format!("user = \"{user}\"\niam_login = true\ntls_ca = \"{}\"", stand_in.authority.display())
}

#[test]
fn the_token_goes_over_tls_and_is_what_boto3_makes() {
    let stand_in = StandIn::start(true);
    for user in ["masker", "mask&er+d@v"] {
        let output = plan(stand_in.port, &iam(user, &stand_in)).run().exits(69);
        assert!(output.stderr.contains("the stand-in lets nobody in"), "{}", output.stderr);
        let seen = stand_in.last();
        let token = seen.password.unwrap();
        assert_eq!(seen.user, user);
        assert!(
            token.starts_with(&format!("localhost:{}/?Action=connect&DBUser=", stand_in.port)),
            "{token}"
        );
        assert!(token.contains("&X-Amz-Expires=900&") && token.contains("X-Amz-Security-Token="), "{token}");
        assert!(!output.stderr.contains("X-Amz-Signature") && !output.stdout.contains("X-Amz-Signature"));
        agrees_with_boto3(&token, user, stand_in.port);
    }
}

/// The same parameters, the signature among them.
fn agrees_with_boto3(token: &str, user: &str, port: u16) {
    let Some(python) = std::env::var_os("REFRESHKIT_TEST_PYTHON") else {
        eprintln!("SKIPPED: $REFRESHKIT_TEST_PYTHON names no Python with boto3 (scripts/test makes one)");
        return;
    };
    let script = format!(
        "import boto3, datetime, sys, urllib.parse as u\n\
         from unittest import mock\n\
         ours = u.parse_qs(u.urlsplit('https://' + sys.argv[1]).query)\n\
         now = datetime.datetime.strptime(ours['X-Amz-Date'][0], '%Y%m%dT%H%M%SZ')\n\
         c = boto3.client('rds', region_name='eu-west-1', aws_access_key_id='AKIATEST', aws_secret_access_key='test',\n\
                          aws_session_token='{SESSION_TOKEN}')\n\
         mock.patch('botocore.auth.get_current_datetime', return_value=now).start()\n\
         theirs = c.generate_db_auth_token('localhost', {port}, '{user}')\n\
         theirs = u.parse_qs(u.urlsplit('https://' + theirs).query)\n\
         print('same' if ours == theirs else [ours, theirs])"
    );
    let output = Command::new(python).args(["-c", &script, token]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    assert_eq!(said, "same", "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_server_without_tls_or_with_another_authority_gets_no_token() {
    let bare = StandIn::start(false);
    plan(bare.port, &iam("masker", &bare)).run().exits(69);
    let seen = bare.last();
    assert!(!String::from_utf8_lossy(&seen.in_clear).contains("Action=connect"), "{seen:?}");
    assert!(seen.password.is_none());

    let (one, other) = (StandIn::start(true), StandIn::start(true));
    let output = plan(one.port, &iam("masker", &other)).run().exits(69);
    assert!(output.stderr.contains("cannot connect to masker@localhost"), "{}", output.stderr);
    assert!(one.last().password.is_none());
}

#[test]
fn a_password_is_never_sent_as_it_is_whatever_the_server_asks_for() {
    for offers_tls in [true, false] {
        let stand_in = StandIn::start(offers_tls);
        let ca =
            if offers_tls { format!("tls_ca = \"{}\"", stand_in.authority.display()) } else { String::new() };
        let lines = format!("user = \"dev\"\npassword_env = \"SECRET_WORD\"\n{ca}");
        plan(stand_in.port, &lines).run().exits(69);
        let seen = stand_in.last();
        assert!(!format!("{seen:?}{}", String::from_utf8_lossy(&seen.in_clear)).contains("a-plain-password"));
    }
}

#[test]
fn without_verified_tls_a_token_is_not_even_made() {
    for lines in ["", "tls = \"off\"", "tls = \"verify-ca\"\ntls_ca = \"/etc/ssl/certs/ca-certificates.crt\""]
    {
        let output = plan(9, &format!("user = \"masker\"\niam_login = true\n{lines}")).run().exits(78);
        assert!(output.stderr.contains("an RDS IAM token goes over verified TLS only"), "{}", output.stderr);
        assert!(
            output.stderr.contains("hint: set tls_ca to the RDS certificate bundle"),
            "{}",
            output.stderr
        );
    }
}

#[test]
fn a_documents_copy_is_opened_with_a_token_too() {
    let stand_in = StandIn::start(true);
    let document = serde_json::json!({
        "schema": "refreshkit/1", "run": "r", "ok": true, "resources": [],
        "cluster": {"id": "kit-r", "throw_away": true, "host": "localhost", "port": stand_in.port, "login": {"kind": "iam", "user": "masker"}},
        "source": {"databases": ["app"]}, "dehydration": {"tables": [], "databases": ["app"]},
    });
    for (tool, by_flag) in [("mydehydrate", true), ("mydump-rotate", false), ("mydump-rotate", true)] {
        let home = tempfile::tempdir().unwrap();
        let authority = stand_in.authority.display().to_string();
        let (setting, flag) = if by_flag {
            (String::new(), vec!["--tls-ca", authority.as_str()])
        } else {
            (format!("[restore]\ntls_ca = \"{authority}\"\n"), vec![])
        };
        let text = format!("{setting}[dump]\ndir = \"{}\"\n", home.path().display());
        std::fs::write(home.path().join("refresh.toml"), text).unwrap();
        let output = with_aws(Tool::new(tool), "http://127.0.0.1:9")
            .env("REFRESH_CONFIG", home.path().join("refresh.toml"))
            .env("REFRESH_STATE_DIR", home.path().join("state"))
            .args(flag)
            .args(["--i-own-this-server", "localhost"])
            .stdin(document.to_string())
            .run()
            .exits(69);
        assert!(output.stderr.contains("the stand-in lets nobody in"), "{}", output.stderr);
        let token = stand_in.last().password.unwrap();
        assert!(!output.stdout.contains("X-Amz-Signature"), "{}", output.stdout);
        assert!(token.contains("X-Amz-Signature="), "{token}");
    }
}
