//! Which endpoint the RDS tools talk to: the one that AWS' own tools would, whatever is configured where.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

use crate::support::{Output, PATIENCE, Tool};

/// Stands for every endpoint, each with a path of its own, and for the proxy on the way to the real service. It says no
/// to everybody.
struct Gate {
    port: u16,
    lines: Receiver<String>,
    home: tempfile::TempDir,
}

impl Gate {
    fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut line = String::new();
                let _ = BufReader::new(&stream).read_line(&mut line);
                let _ = stream.write_all(
                    b"HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 69\r\n\r\n\
                      <ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>",
                );
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("refresh.toml"), "[source]\ncluster = \"prod\"\n").unwrap();
        Self { port, lines, home }
    }

    /// `@name` is the endpoint of that path.
    fn fill(&self, text: &str) -> String {
        text.replace('@', &format!("http://127.0.0.1:{}/", self.port))
    }

    /// Runs `rds-snap` with variables, a profile and flags.
    fn run(&self, variables: &[(&str, &str)], profile: &str, flags: &[&str]) -> Output {
        let config = self.home.path().join("aws");
        std::fs::write(&config, self.fill(profile)).unwrap();
        let flags: Vec<String> = flags.iter().map(|flag| self.fill(flag)).collect();
        let mut tool = Tool::new("rds-snap")
            .args(flags.iter().map(String::as_str))
            .env("REFRESH_CONFIG", self.home.path().join("refresh.toml"))
            .env("REFRESH_STATE_DIR", self.home.path().join("state"))
            .env("REFRESHKIT_PACE", "0.001")
            .env("AWS_CONFIG_FILE", config)
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("HTTPS_PROXY", self.fill("@"));
        for (name, value) in variables {
            tool = tool.env(name, self.fill(value));
        }
        tool.run()
    }

    /// Whom the tool talked to first; the rest is repetition.
    fn met(&self) -> String {
        let first = self.lines.recv_timeout(PATIENCE).unwrap();
        while self.lines.try_recv().is_ok() {}
        first.rsplit_once(" HTTP").map_or(first.clone(), |(asked, _)| asked.to_owned())
    }
}

const SERVICES: &str = "[default]\nendpoint_url = @profile\nservices = local\n[services local]\nrds =\n  endpoint_url = @service\n";
const PROFILE: &str = "[default]\nendpoint_url = @profile\n";
const AWS: &str = "CONNECT rds.eu-west-1.amazonaws.com:443";

#[test]
fn the_endpoint_is_the_one_that_the_settings_of_aws_name_and_none_if_they_are_to_be_ignored() {
    let own = ("AWS_ENDPOINT_URL_RDS", "@own");
    let all = ("AWS_ENDPOINT_URL", "@all");
    let ignore = ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true");
    let ignoring = format!("{PROFILE}ignore_configured_endpoint_urls = true\n");
    let flag: &[&str] = &["--endpoint-url", "@flag"];
    let cases = [
        (&[][..], "", &[][..], AWS),
        (&[own, all], SERVICES, flag, "POST /flag"),
        (&[own, all], SERVICES, &[], "POST /own"),
        (&[all], SERVICES, &[], "POST /all"),
        (&[], SERVICES, &[], "POST /service"),
        (&[], PROFILE, &[], "POST /profile"),
        (&[own, all, ignore], SERVICES, &[], AWS),
        (&[own, all], &ignoring, &[], AWS),
        (&[own, ignore], SERVICES, flag, "POST /flag"),
    ];
    let gate = Gate::open();
    for (variables, profile, flags, expected) in cases {
        let output = gate.run(variables, profile, flags);
        let met = gate.met();
        assert_eq!(met.trim_end_matches('/'), expected, "{variables:?} {profile:?}: {}", output.stderr);
    }
}

#[test]
fn an_endpoint_of_a_profile_that_is_none_is_an_error_and_not_the_real_service() {
    let gate = Gate::open();
    for profile in ["[default]\nendpoint_url = nonsense\n", &SERVICES.replace("@service", "nonsense")] {
        let output = gate.run(&[], profile, &[]).exits(78);
        let said = "the endpoint of RDS ($AWS_ENDPOINT_URL_RDS, $AWS_ENDPOINT_URL, endpoint_url in ~/.aws/config): \
                    no http:// or https:// at its beginning";
        assert!(output.stderr.contains(said), "{}", output.stderr);
        assert!(gate.lines.try_recv().is_err(), "nobody was asked");
    }
}
