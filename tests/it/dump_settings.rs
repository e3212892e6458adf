//! Settings of a source that have nothing to do with what is in it do not end a dump.

use std::fmt::Write as _;

use refreshkit::archive::DumpFile;

use crate::dump::config;
use crate::support::{Private, Tool, servers};

#[test]
fn a_source_without_a_scheduler_and_with_short_joins_is_dumped() {
    for engine in servers().iter().map(|server| server.engine) {
        let home = tempfile::tempdir().unwrap();
        // MariaDB does not even say that there are no events.
        let private =
            Private::start_with(engine, home.path(), "--event-scheduler=DISABLED --max-join-size=10");
        let rows = (1..200).fold(String::new(), |mut rows, id| {
            write!(rows, ", ({id}, {id})").unwrap();
            rows
        });
        let sql = format!(
            "CREATE DATABASE app; USE app; CREATE TABLE a (id INT PRIMARY KEY, n INT); CREATE TABLE b (id INT PRIMARY KEY, n INT);\
             INSERT INTO a VALUES (0, 0){rows}; INSERT INTO b VALUES (0, 0){rows};\
             CREATE VIEW v AS SELECT a.id, b.n FROM a JOIN b ON a.n = b.n;"
        );
        private.server.client(None, sql.as_bytes());
        let tool = Tool::new("mydump-rotate").arg("--config").arg(config(&private.server, home.path(), ""));
        let output = tool.arg("--state-dir").arg(home.path()).args(["--whole", "app"]).run().exits(0);
        assert!(!output.stderr.contains("warning"), "{engine:?}: {}", output.stderr);
        let dump = DumpFile::open(output.document().dump.unwrap().path.as_ref()).unwrap();
        assert_eq!((dump.manifest().rows, dump.manifest().objects.len()), (400, 1));
    }
}
