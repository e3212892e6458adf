//! A small HTTP server on 127.0.0.1 that answers as a test says: a stand-in for whoever gives AWS credentials, and for the
//! API where only the request matters.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// What was asked.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// `GET /path`.
    pub(crate) line: String,
    /// All of them, as they came.
    pub(crate) headers: String,
    pub(crate) body: String,
}

impl Request {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.headers.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The `Action` of a request of the Query API.
    pub(crate) fn action(&self) -> Option<String> {
        let pairs = form_urlencoded::parse(self.body.as_bytes());
        pairs.into_owned().find_map(|(name, value)| (name == "Action").then_some(value))
    }
}

/// HTTP status, more headers (each with its line's end), body.
pub(crate) type Answer = (u16, &'static str, String);

/// A running server; it ends with the process of the tests.
#[derive(Debug, Clone)]
pub(crate) struct Loopback {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Request>>>,
    /// What the service's published model has against what was asked.
    objections: Arc<Mutex<Vec<String>>>,
}

impl Drop for Loopback {
    fn drop(&mut self) {
        let objections = self.objections.lock().unwrap();
        assert!(objections.is_empty() || std::thread::panicking(), "{objections:?}");
    }
}

impl Loopback {
    /// Serves what `answer` says.
    pub(crate) fn start(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let objections = Arc::new(Mutex::new(Vec::new()));
        let (answer, log, against) = (Arc::new(answer), Arc::clone(&seen), Arc::clone(&objections));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, log, against) = (Arc::clone(&answer), Arc::clone(&log), Arc::clone(&against));
                // Whoever goes away in the middle does not want an answer.
                std::thread::spawn(move || serve(&stream, &*answer, &log, &against));
            }
        });
        Self { url, seen, objections }
    }

    /// What was asked so far.
    pub(crate) fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }
}

fn serve(
    stream: &TcpStream,
    answer: &dyn Fn(&Request) -> Answer,
    log: &Mutex<Vec<Request>>,
    objections: &Mutex<Vec<String>>,
) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let (line, headers) = head.split_once("\r\n")?;
    let line = line.rsplit_once(' ')?.0.to_owned();
    let mut request = Request { line, headers: headers.to_owned(), body: String::new() };
    let length = request.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    request.body = String::from_utf8_lossy(&body).into_owned();
    log.lock().unwrap().push(request.clone());
    // What the service itself would not take is a fault of ours, whatever the test is about.
    let objection = refreshkit::rds_local::objection(&body, "mysql");
    objections.lock().unwrap().extend(objection.clone());
    let (status, more, text) = match objection {
        Some(objection) => error(400, "ValidationError", &objection),
        None => answer(&request),
    };
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 {status} x\r\nConnection: close\r\nContent-Length: {}\r\n{more}\r\n{text}",
        text.len()
    )
    .ok()
}

/// What a Query API answers that has nothing of what is asked for.
pub(crate) fn nothing_there(action: &str) -> Answer {
    let text = format!(
        "<{action}Response xmlns=\"http://rds.amazonaws.com/doc/2014-10-31/\"><{action}Result></{action}Result>\
         <ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></{action}Response>"
    );
    (200, "Content-Type: text/xml\r\n", text)
}

/// An error of it.
pub(crate) fn error(status: u16, code: &str, message: &str) -> Answer {
    let text = format!(
        "<ErrorResponse xmlns=\"http://rds.amazonaws.com/doc/2014-10-31/\"><Error><Type>Sender</Type><Code>{code}</Code>\
         <Message>{message}</Message></Error><RequestId>r</RequestId></ErrorResponse>"
    );
    (status, "Content-Type: text/xml\r\n", text)
}

/// Hands a request on to an endpoint; gives its answer.
pub(crate) fn hand_on(endpoint: &str, request: &Request) -> Answer {
    let rest = endpoint.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut stream = TcpStream::connect(host).unwrap();
    let kind = request.header("content-type").unwrap_or("application/x-www-form-urlencoded");
    let more: String = ["authorization", "x-amz-target", "x-amz-date"]
        .iter()
        .filter_map(|name| Some(format!("{name}: {}\r\n", request.header(name)?)))
        .collect();
    write!(
        stream,
        "POST /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: {kind}\r\n{more}Content-Length: {}\r\n\r\n{}",
        request.body.len(),
        request.body
    )
    .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap();
    (status, "Content-Type: text/xml\r\n", body.to_owned())
}

/// TLS as `localhost`, by a certificate that certifies itself; and the certificate, as an authority's file has it.
pub(crate) fn certified() -> (rustls::ServerConfig, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    (config, made.cert.pem())
}
