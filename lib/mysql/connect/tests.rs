//! Hostile servers: a stranger that listens in place of the server gets no password that it can read, and is not waited
//! for.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use super::*;
use crate::document::{Exit, Failure};

const PASSWORD: &str = "correct-horse-battery";

/// A public RSA key of 2,048 bits, which a stranger sends as its own.
const STRANGE_KEY: &str = "-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAu1SU1LfVLPHCozMxH2Mo
4lgOEePzNm0tRgeLezV6ffAt0gunVTLw7onLRnrq0/IzW7yWR7QkrmBL7jTKEn5u
+qKhbwKfBstIs+bMY2Zkp18gnTxKLxoS2tFczGkPLPgizskuemMghRniWaoLcyeh
kd3qqGElvW/VDL5AaWTg0nLVkjRo9z+40RQzuVaE8AkAFmxZzow3x+VJYKdjykkJ
0iT9wCS0DRTXu269V264Vf/3jvredZiKRkgwlL9xNAwxXFg0x/XFw005UWVRIkdg
cKWTjpBP2dPwVZ4WWC+9aGVd+Gyn1o0CLelf4rEjGoXbAAEgAqeGUxrcIlbjXfbc
mwIDAQAB
-----END PUBLIC KEY-----
";

/// What a stranger does with a connection; it adds all that it was sent to the buffer.
type Play = fn(&mut TcpStream, &mut Vec<u8>) -> io::Result<()>;

fn play(play: Play) -> (u16, Receiver<Vec<u8>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut seen = Vec::new();
        let _ = play(&mut stream, &mut seen);
        // All that the client sends before it hangs up counts too.
        stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        let _ = stream.read_to_end(&mut seen);
        sender.send(seen)
    });
    (port, receiver)
}

fn send(stream: &mut TcpStream, number: u8, payload: &[u8]) -> io::Result<()> {
    let [l0, l1, l2, _] = u32::try_from(payload.len()).unwrap().to_le_bytes();
    stream.write_all(&[&[l0, l1, l2, number], payload].concat())
}

fn receive(stream: &mut TcpStream, seen: &mut Vec<u8>) -> io::Result<()> {
    let mut head = [0; 4];
    stream.read_exact(&mut head)?;
    let mut payload = vec![0; u32::from_le_bytes([head[0], head[1], head[2], 0]) as usize];
    stream.read_exact(&mut payload)?;
    seen.extend(head);
    seen.extend(payload);
    Ok(())
}

fn hello(stream: &mut TcpStream, plugin: &str) -> io::Result<()> {
    let capabilities: u32 = 1 | 8 | 0x200 | 0x2000 | 0x8000 | 0x8_0000 | 0x20_0000;
    let [c0, c1, c2, c3] = capabilities.to_le_bytes();
    let mut hello = b"\x0a8.0.32\0\x01\0\0\0abcdefgh\0".to_vec();
    hello.extend([c0, c1, 45, 2, 0, c2, c3, 21]);
    hello.extend([0; 10]);
    hello.extend(b"ijklmnopqrst\0");
    hello.extend(plugin.as_bytes());
    hello.push(0);
    send(stream, 0, &hello)
}

/// Asks for the whole password, and sends a key of its own.
fn full(stream: &mut TcpStream, seen: &mut Vec<u8>, number: u8) -> io::Result<()> {
    send(stream, number, &[1, 4])?;
    receive(stream, seen)?;
    send(stream, number + 2, &[b"\x01", STRANGE_KEY.as_bytes()].concat())?;
    receive(stream, seen)
}

fn caching(stream: &mut TcpStream, seen: &mut Vec<u8>) -> io::Result<()> {
    hello(stream, "caching_sha2_password")?;
    receive(stream, seen)?;
    full(stream, seen, 2)
}

fn switch(stream: &mut TcpStream, seen: &mut Vec<u8>, to: &str) -> io::Result<()> {
    hello(stream, "mysql_native_password")?;
    receive(stream, seen)?;
    send(stream, 2, &[b"\xfe", to.as_bytes(), b"\0abcdefghijklmnopqrst\0"].concat())?;
    receive(stream, seen)?;
    full(stream, seen, 4)
}

/// The server of a test, which waits two seconds for a login.
fn server(port: u16) -> Server {
    Server { patience: Duration::from_secs(2), ..Server::at("127.0.0.1", port, "dev", PASSWORD) }
}

#[test]
fn nobody_who_listens_on_plain_tcp_is_sent_what_he_can_read() {
    let plays: [(&str, Play); 8] = [
        ("caching_sha2_password", caching),
        ("switch to caching_sha2_password", |s, seen| switch(s, seen, "caching_sha2_password")),
        ("sha256_password", |s, seen| switch(s, seen, "sha256_password")),
        ("mysql_clear_password", |s, seen| switch(s, seen, "mysql_clear_password")),
        ("mysql_old_password", |s, seen| switch(s, seen, "mysql_old_password")),
        ("dialog", |s, seen| switch(s, seen, "dialog")),
        ("client_ed25519", |s, seen| switch(s, seen, "client_ed25519")),
        ("authentication_ldap_simple", |s, seen| switch(s, seen, "authentication_ldap_simple")),
    ];
    for (name, hostile) in plays {
        let (port, seen) = play(hostile);
        let error = server(port).connect().unwrap_err();
        let seen = seen.recv().unwrap();
        let has = |bytes: &[u8]| seen.windows(bytes.len()).any(|part| part == bytes);
        assert!(!has(PASSWORD.as_bytes()), "{name}: the password as it is");
        // The request for the key, and 256 bytes that are encrypted with one.
        assert!(!has(&[1, 0, 0, 3, 2]) && !has(&[1, 0, 0, 5, 2]), "{name}: asked for a key");
        assert!(!has(&[0, 1, 0, 3]) && !has(&[0, 1, 0, 5]), "{name}: encrypted with a stranger's key");
        if name.ends_with("caching_sha2_password") {
            assert!(matches!(error, Error::NoPublicKey(_)), "{name}: {error}");
            assert_eq!(error.exit(), Exit::BadConfig);
            let hint = error.hint().unwrap();
            assert!(["socket", "tls_ca", "server_public_key"].iter().all(|way| hint.contains(way)), "{hint}");
        }
    }
}

#[test]
fn with_the_key_of_the_server_another_one_gets_what_only_the_server_can_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.pem");
    std::fs::write(&path, STRANGE_KEY).unwrap();
    let (port, seen) = play(caching);
    assert!(server(port).with_public_key(&path).connect().is_err());
    let seen = seen.recv().unwrap();
    assert!(!seen.windows(5).any(|part| part == [1, 0, 0, 3, 2]), "asked for a key");
    assert!(seen.windows(4).any(|part| part == [0, 1, 0, 3]), "256 bytes that the stranger cannot read");
}

#[test]
fn a_key_that_is_none_is_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.pem");
    std::fs::write(&path, "hello").unwrap();
    for path in [path.as_path(), Path::new("/dev/zero")] {
        let error = server(9).with_public_key(path).connect().unwrap_err();
        assert!(matches!(error, Error::PublicKey { .. }), "{error}");
    }
    let (port, _seen) = play(caching);
    let error = server(port).with_public_key(&folder.path().join("none")).connect().unwrap_err();
    assert!(matches!(error, Error::PublicKey { .. }), "{error}");
}

#[test]
fn who_never_answers_or_stops_in_the_middle_is_not_waited_for() {
    let silent: Play = |_, _| {
        std::thread::sleep(Duration::from_secs(5));
        Ok(())
    };
    let half: Play = |stream, _| {
        stream.write_all(b"\x4a\0\0\0\x0a8.0")?;
        std::thread::sleep(Duration::from_secs(5));
        Ok(())
    };
    // Sends a byte every 50 ms and never finishes.
    let drop_by_drop: Play = |stream, _| {
        stream.write_all(b"\xff\0\0\0\x0a")?;
        loop {
            stream.write_all(b"8")?;
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    // Accepts every login, then answers nothing.
    let after_login: Play = |stream, seen| {
        hello(stream, "mysql_native_password")?;
        receive(stream, seen)?;
        send(stream, 2, &[0, 0, 0, 2, 0, 0, 0])?;
        std::thread::sleep(Duration::from_secs(5));
        Ok(())
    };
    for hostile in [silent, half, drop_by_drop, after_login] {
        let (port, _seen) = play(hostile);
        let begun = Instant::now();
        let patient = Server { patience: Duration::from_millis(300), ..server(port) };
        let error = patient.connect().unwrap_err();
        assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
        assert_eq!(error.exit(), Exit::Unavailable);
        assert!(error.said().contains("does not answer in time"), "{}", error.said());
    }
}

#[test]
fn who_answers_nonsense_is_no_bug_of_ours() {
    let empty_nonce: Play = |stream, seen| {
        hello(stream, "mysql_native_password")?;
        receive(stream, seen)?;
        send(stream, 2, b"")
    };
    let (port, _seen) = play(empty_nonce);
    assert_eq!(server(port).connect().unwrap_err().exit(), Exit::Unavailable);
}
