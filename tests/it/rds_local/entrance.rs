//! Who may ask the endpoint for anything, and what the author of a seed may do on this host.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use super::service::{Service, engines};
use crate::support::Tool;

/// The status of a POST that would change a master password.
fn status(url: &str, path: &str, headers: &str) -> u16 {
    let address = url.strip_prefix("http://").unwrap().split('/').next().unwrap();
    let body = "Action=ModifyDBCluster&Version=2014-10-31&DBClusterIdentifier=prod-replica&MasterUserPassword=taken-over-1";
    let host = if headers.contains("Host: ") { String::new() } else { format!("Host: {address}\r\n") };
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\n{host}{headers}Connection: close\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all((head + body).as_bytes()).unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    answer.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_web_page_cannot_ask_the_endpoint_for_anything() {
    let mut service = Service::start(engines()[0], "0");
    let url = service.url.clone();
    let path = format!("/{}/", url.rsplit('/').next().unwrap());
    assert_eq!(path.len(), 34, "{url}");
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    assert_eq!(status(&url, "/", form), 404, "a path that was not told");
    assert_eq!(status(&url, &path, &format!("{form}Origin: https://evil.example\r\n")), 403);
    assert_eq!(status(&url, &path, &format!("{form}Origin: null\r\n")), 403);
    assert_eq!(status(&url, &path, &format!("{form}Host: evil.example\r\n")), 421);
    // Nothing of it was done, and whoever was told the endpoint is answered.
    let told = |url: &str| Tool::new("rds-local").args(["list", "--endpoint", url]).run();
    assert!(told(&url).exits(0).stdout.contains("prod-replica\tavailable"));
    assert_eq!(status(&url, &path, form), 200);
    assert!(
        told(&url[..url.len() - 33]).exits(69).stderr.contains("the whole URL that rds-local serve prints")
    );
    // The same after a restart, for whoever wrote it down.
    service.stop();
    service.serve();
    assert_eq!(service.url.rsplit('/').next(), url.rsplit('/').next());
}

/// Counts what it is refused; 1062 at the end if that is not everything.
const HOSTILE: &str = "
CREATE DATABASE `other_db`; USE other_db; CREATE TABLE t (a INT); INSERT INTO t VALUES (1); USE app;
CREATE TABLE asked (n INT PRIMARY KEY);
DELIMITER //
CREATE PROCEDURE ask() BEGIN
  DECLARE CONTINUE HANDLER FOR SQLEXCEPTION SET @refused = IFNULL(@refused, 0) + 1;
  SET GLOBAL general_log_file = 'WRITTEN.log';
  SET GLOBAL slow_query_log = 1;
  SELECT 1 INTO OUTFILE 'WRITTEN.txt';
  CREATE USER intruder IDENTIFIED BY 'x1Y2-intruder';
  GRANT ALL ON *.* TO CURRENT_USER();
  DELETE FROM mysql.db;
END//
CREATE DEFINER=`rdsadmin`@`localhost` PROCEDURE lent() SQL SECURITY DEFINER BEGIN
  DECLARE CONTINUE HANDLER FOR SQLEXCEPTION SET @refused = IFNULL(@refused, 0) + 1;
  SET GLOBAL slow_query_log = 1;
END//
DELIMITER ;
CREATE DEFINER=`rdsadmin`@`localhost` VIEW everything AS SELECT a FROM other_db.t;
CALL ask(); CALL lent();
INSERT INTO asked VALUES (7); INSERT INTO asked VALUES (IF(@refused = 7, 0, 7));
";

#[test]
fn the_author_of_a_seed_writes_no_file_and_sets_nothing_on_the_server() {
    for engine in engines() {
        let folder = tempfile::tempdir().unwrap();
        let init = |name: &str, sql: &str| {
            let seed = folder.path().join(format!("{name}.sql"));
            std::fs::write(
                &seed,
                sql.replace("WRITTEN", &folder.path().join("written").display().to_string()),
            )
            .unwrap();
            let tool = Tool::new("rds-local").args(["init", "--engine", engine, "--cluster", name, "--dir"]);
            tool.arg(folder.path().join("cloud")).arg("--from").arg(seed).run()
        };
        init("hostile", HOSTILE).exits(0);
        let written = |ending: &str| Path::new(&folder.path().join(format!("written.{ending}"))).exists();
        assert!(!written("log") && !written("txt"), "{engine}");
        let refused = init("plain", "SET GLOBAL general_log_file = 'WRITTEN.log';").exits(65);
        assert!(
            refused.stderr.contains("none on the server: no FILE, SET GLOBAL"),
            "{engine}: {}",
            refused.stderr
        );
        Tool::new("rds-local").args(["destroy", "--dir"]).arg(folder.path().join("cloud")).run().exits(0);
    }
}
