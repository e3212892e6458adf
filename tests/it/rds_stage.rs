//! What a test does with the cloud it took: tools in its environment, faults, calls by hand, what is left.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use refreshkit::document::Document;
use refreshkit::mysql::{Engine, Server, Session};

use crate::rds_cloud::{PLAIN, SOURCE, Stage, with_aws};
use crate::support::{Output, PATIENCE, Tool, until};

impl Stage {
    /// `refresh.toml` with more lines in `[snapshot]`.
    pub(crate) fn write_config(&self, snapshot: &str) {
        let text = format!(
            "[source]\ncluster = \"{SOURCE}\"\ndatabases = [\"app\"]\n\n[snapshot]\nprefix = \"kit\"\n{snapshot}\n\n\
             [restore]\nsubnet_group = \"dev\"\nsecurity_groups = [\"sg-0a1b2c3d4e5f60718\"]\nparameter_group = \"dev-aurora\"\nserver_public_key = {:?}\n",
            self.public_key().display().to_string()
        );
        std::fs::write(self.home.path().join("refresh.toml"), text).unwrap();
    }

    /// The public key of every server of the cloud.
    pub(crate) fn public_key(&self) -> PathBuf {
        self.cloud.directory.join("server_public_key.pem")
    }

    pub(crate) fn state_dir(&self) -> PathBuf {
        self.home.path().join("state")
    }

    /// A tool that talks to this cloud.
    pub(crate) fn tool(&self, name: &str) -> Tool {
        with_aws(Tool::new(name), &self.cloud.url)
            .env("REFRESH_CONFIG", self.home.path().join("refresh.toml"))
            .env("REFRESH_STATE_DIR", self.state_dir())
    }

    /// A shell whose tools talk to this cloud.
    pub(crate) fn bash(&self, script: &str) -> Command {
        let mut bash = self.tool("rds-snap").into_environment("bash");
        bash.args(["-c", script]).stdin(Stdio::null());
        bash
    }

    /// Orders faults; `clear` forgets all.
    pub(crate) fn fault(&self, faults: &[&str]) {
        let output = Tool::new("rds-local")
            .args(["fault", "--endpoint", &self.cloud.url])
            .args(faults.iter().copied());
        output.run().exits(0);
    }

    /// Everything at the endpoint as `kind id status`, the source and automated snapshots aside.
    pub(crate) fn left(&self) -> Vec<String> {
        let listed = Tool::new("rds-local").args(["list", "--endpoint", &self.cloud.url]).run().exits(0);
        let source_instance = format!("{SOURCE}-0");
        let ours = |line: &&str| {
            let id = line.split('\t').nth(1).unwrap_or_default();
            ![SOURCE, PLAIN, source_instance.as_str()].contains(&id)
                && !id.starts_with("rds:")
                && !id.starts_with(&format!("{SOURCE}-many-"))
        };
        listed.stdout.lines().filter(ours).map(|line| line.replace('\t', " ")).collect()
    }

    /// One call of the Query API, as a person with other tools would make it.
    pub(crate) fn call(&self, parameters: &[(&str, &str)]) -> String {
        let body: String = form_urlencoded::Serializer::new("Version=2014-10-31&".to_owned())
            .extend_pairs(parameters)
            .finish();
        let (host, path) = host_and_path(&self.cloud.url);
        let mut stream = TcpStream::connect(host).unwrap();
        write!(
            stream,
            "POST {path}/ HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        answer
    }

    /// What Secrets Manager answers about a secret.
    pub(crate) fn secret(&self, id: &str) -> String {
        let body = serde_json::json!({"SecretId": id}).to_string();
        let (host, path) = host_and_path(&self.cloud.url);
        let mut stream = TcpStream::connect(host).unwrap();
        write!(
            stream,
            "POST {path}/ HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nX-Amz-Target: secretsmanager.GetSecretValue\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }

    /// Sets a tag, as a person with other tools would.
    pub(crate) fn tag(&self, arn: &str, key: &str, value: &str) {
        self.call(&[
            ("Action", "AddTagsToResource"),
            ("ResourceName", arn),
            ("Tags.Tag.1.Key", key),
            ("Tags.Tag.1.Value", value),
        ]);
    }

    /// The ARN of a cluster or an instance.
    pub(crate) fn arn(&self, kind: &str, id: &str) -> String {
        let answer = match kind {
            "cluster" => self.call(&[("Action", "DescribeDBClusters"), ("DBClusterIdentifier", id)]),
            _ => self.call(&[("Action", "DescribeDBInstances"), ("DBInstanceIdentifier", id)]),
        };
        let tag = if kind == "cluster" { "DBClusterArn" } else { "DBInstanceArn" };
        between(&answer, &format!("<{tag}>"), &format!("</{tag}>")).to_owned()
    }

    /// The ARN of anything, as `left` calls it.
    pub(crate) fn arn_of(&self, kind: &str, id: &str) -> String {
        let source = self.arn("cluster", SOURCE);
        let word = match kind {
            "cluster" => "cluster",
            "instance" => "db",
            _ => "cluster-snapshot",
        };
        source.replace(&format!(":cluster:{SOURCE}"), &format!(":{word}:{id}"))
    }

    /// The value of a tag, or nothing.
    pub(crate) fn tag_of(&self, kind: &str, id: &str, key: &str) -> String {
        let arn = self.arn_of(kind, id);
        let answer = self.call(&[("Action", "ListTagsForResource"), ("ResourceName", &arn)]);
        let after = answer.split_once(&format!("<Key>{key}</Key><Value>")).map(|(_, rest)| rest);
        after.and_then(|rest| rest.split('<').next()).unwrap_or_default().to_owned()
    }

    /// How the id of an automated snapshot of this age begins: to the hour.
    #[expect(clippy::unused_self, reason = "reads as a question to the cloud")]
    pub(crate) fn stamp_of_automated(&self, age: Duration) -> String {
        let moment = jiff::Timestamp::now() - jiff::SignedDuration::try_from(age).unwrap();
        moment.strftime("%Y-%m-%d-%H").to_string()
    }

    /// `rds-snap | rds-wait | rds-restore`, each expected to work.
    pub(crate) fn restored(&self, run: &str) -> Document {
        let snapped = self.tool("rds-snap").args(["--run", run]).run().exits(0);
        let waited = self.tool("rds-wait").stdin(snapped.stdout).run().exits(0);
        self.tool("rds-restore").stdin(waited.stdout).run().exits(0).document()
    }

    /// `rds-drop`, expected to work and to leave nothing.
    pub(crate) fn dropped(&self, document: &Document) -> Document {
        let after = self.tool("rds-drop").document(document).run();
        let expected = document.error.as_ref().map_or(0, |error| i32::from(error.exit));
        let after = after.exits(expected).document();
        assert_eq!(after.resources, vec![]);
        assert_eq!(self.left(), Vec::<String>::new());
        after
    }

    /// `rds-drop --run`, without a document.
    pub(crate) fn drop_run(&self, run: &str) -> Output {
        self.tool("rds-drop").args(["--run", run]).run()
    }

    /// Logs in to the source as its master.
    pub(crate) fn source(&self) -> Session {
        let address = self.call(&[("Action", "DescribeDBClusters"), ("DBClusterIdentifier", SOURCE)]);
        let text = |tag: &str| between(&address, &format!("<{tag}>"), &format!("</{tag}>")).to_owned();
        let config = refreshkit::config::ServerConfig {
            defaults_file: Some(self.master_file()),
            host: Some(text("Endpoint")),
            port: text("Port").parse().ok(),
            ..Default::default()
        };
        Server::of_config(&config).unwrap().connect().unwrap()
    }

    /// The TCP port of the source's endpoint.
    pub(crate) fn source_port(&self) -> u16 {
        let answer = self.call(&[("Action", "DescribeDBClusters"), ("DBClusterIdentifier", SOURCE)]);
        between(&answer, "<Port>", "</Port>").parse().unwrap()
    }

    /// The option file of the source's master.
    pub(crate) fn master_file(&self) -> String {
        let printed = std::fs::read_to_string(self.cloud.directory.parent().unwrap().join("master")).unwrap();
        printed.trim().to_owned()
    }

    /// Waits until the endpoint has no connection: what a killed tool had asked for is done then.
    pub(crate) fn until_all_calls_are_answered(&self) {
        let port: u16 =
            self.cloud.url.rsplit_once(':').unwrap().1.split('/').next().unwrap().parse().unwrap();
        // The addresses of the kernel's table are hexadecimal; 0A is the listening socket, 06 one that is closed.
        let local = format!("0100007F:{port:04X}");
        until("the endpoint has answered", || {
            let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
            let mut rows = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
            !rows.any(|row| row.get(1) == Some(&local.as_str()) && !matches!(row.get(3), Some(&"0A" | &"06")))
        });
    }

    /// Removes what an earlier test left.
    pub(crate) fn sweep(&self) {
        let begun = Instant::now();
        while !self.left().is_empty() {
            for line in self.left() {
                let mut words = line.split(' ');
                let (kind, id) = (words.next().unwrap(), words.next().unwrap());
                self.try_delete(kind, id);
            }
            assert!(begun.elapsed() < PATIENCE, "cannot sweep {:?}", self.left());
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// The engine of plain instances here, in the service's word.
    pub(crate) fn brand(&self) -> String {
        if self.cloud.engine == Engine::MySql { "mysql".to_owned() } else { "mariadb".to_owned() }
    }

    /// What the service says about an instance.
    pub(crate) fn state_of(&self, instance: &str) -> String {
        self.call(&[("Action", "DescribeDBInstances"), ("DBInstanceIdentifier", instance)])
    }

    /// Host and port of an instance.
    pub(crate) fn address_of(&self, instance: &str) -> (String, u16) {
        let state = self.state_of(instance);
        let port = between(&state, "<Port>", "</Port>").parse().unwrap();
        (between(&state, "<Address>", "</Address>").to_owned(), port)
    }

    /// Removes the plain instance and what was made of it, if there is one.
    pub(crate) fn delete_plain(&self) {
        self.try_delete("instance", PLAIN);
    }

    fn try_delete(&self, kind: &str, id: &str) {
        let last = format!("{id}&SkipFinalSnapshot=true");
        let (action, name, rest) = match kind {
            "instance" => ("DeleteDBInstance", "DBInstanceIdentifier", last.as_str()),
            "cluster" => ("DeleteDBCluster", "DBClusterIdentifier", last.as_str()),
            _ => ("DeleteDBClusterSnapshot", "DBClusterSnapshotIdentifier", id),
        };
        let (host, path) = host_and_path(&self.cloud.url);
        for body in [
            format!("Version=2014-10-31&Action=DeleteDBSnapshot&DBSnapshotIdentifier={id}"),
            format!(
                "Version=2014-10-31&Action=ModifyDBCluster&DBClusterIdentifier={id}&DeletionProtection=false"
            ),
            format!("Version=2014-10-31&Action={action}&{name}={rest}"),
        ] {
            let mut stream = TcpStream::connect(host).unwrap();
            let _ = write!(
                stream,
                "POST {path}/ HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            let _ = stream.read_to_end(&mut Vec::new());
        }
    }
}

/// Behind which path the endpoint is; moto has none.
fn host_and_path(url: &str) -> (&str, &str) {
    let place = url.strip_prefix("http://").unwrap();
    place.split_at(place.find('/').unwrap_or(place.len()))
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let rest = text.split_once(from).unwrap_or_else(|| panic!("no {from} in {text}")).1;
    rest.split_once(to).unwrap().0
}
