//! Closure cases as folders: `tests/cases/closure/NAME/` has `schema.sql`, `refresh.toml` and either `expect.txt`
//! (the kept keys of each table) or `error.txt` (what the message says, one fragment a line).
//!
//! ```text
//! applications: 3 4                 the key of each kept row, in any order; a composite key as 1/eu
//! docs(id, owner_id): 7/NULL        other columns of the same rows, as they leave
//! orphans docs(owner_id): 1         kept rows whose parent the source does not have either
//! ```
//!
//! `warnings.txt`, if there is one, has fragments of warnings that must be given, one a line.
//!
//! `{db}` stands for the scratch database. Tables that are not named must be empty.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use refreshkit::archive::{DumpFile, TableKind};
use refreshkit::config::{self, Config, Prove};
use refreshkit::document::{
    Cluster, Dehydration, Document, ErrorReport, Failure, Login, Snapshot, TablePlan,
};
use refreshkit::dump;
use refreshkit::house::House;
use refreshkit::mask;
use refreshkit::mysql::{LoginOptions, OptionFile, Session};
use refreshkit::plan::{self, Options};
use refreshkit::progress::Progress;

use crate::support::{Scratch, TestServer, servers};

/// The moment that every case counts back from.
const AS_OF: &str = "2026-11-23T02:00:00Z";

/// The folders and files of `tests/cases/KIND`; `REFRESHKIT_TEST_CASE` picks those whose names contain it.
pub(crate) fn cases(kind: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(kind);
    let mut cases: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    if let Some(wish) = std::env::var_os("REFRESHKIT_TEST_CASE") {
        let wish = wish.into_string().unwrap();
        cases.retain(|case| case.file_name().unwrap().to_string_lossy().contains(&wish));
    }
    cases.sort();
    cases
}

/// A throw-away copy on the test server.
pub(crate) fn document(server: &TestServer, databases: &[String]) -> Document {
    let login = OptionFile::read(&server.client_cnf).unwrap();
    let mut document = Document::new("test");
    document.source =
        Some(refreshkit::document::Source { databases: databases.to_vec(), ..Default::default() });
    document.snapshot = Some(Snapshot { created_at: Some(AS_OF.parse().unwrap()), ..Snapshot::default() });
    document.cluster = Some(Cluster {
        host: "127.0.0.1".to_owned(),
        port: login.port.unwrap(),
        login: Some(Login::option_file(&server.client_cnf)),
        throw_away: true,
        ..Cluster::default()
    });
    document
}

/// The case's configuration; the work schema is one that goes with the scratch database.
pub(crate) fn config(scratch: &Scratch, text: &str) -> Result<Config, config::Error> {
    let text = text.replace("{db}", &scratch.name);
    let mut config = config::parse(Path::new("refresh.toml"), text, &mask::vocabulary())?;
    config.dehydrate.work_schema = format!("{}__work", scratch.name);
    if config.source.databases.is_empty() {
        config.source.databases = vec![scratch.name.clone()];
    }
    Ok(config)
}

pub(crate) fn house(config: Config) -> House {
    House::new("mydehydrate", config, Progress::silent(), std::env::temp_dir())
}

/// Runs the case; an error as `message | hint | exit code`.
pub(crate) fn dehydrate(scratch: &Scratch, text: &str) -> Result<Dehydration, String> {
    dehydrate_as(scratch, text, &Options::default(), None)
}

/// The same with options, and through another port than the server's own.
pub(crate) fn dehydrate_as(
    scratch: &Scratch,
    text: &str,
    options: &Options,
    port: Option<u16>,
) -> Result<Dehydration, String> {
    let said = |failure: &dyn Failure| {
        let report = ErrorReport::of("mydehydrate", failure);
        format!("{} | {} | exit {}", report.message, report.hint.unwrap_or_default(), report.exit)
    };
    let config = config(scratch, text).map_err(|e| said(&e))?;
    let mut options = options.clone();
    options.i_own_this_server = Some("127.0.0.1".to_owned());
    options.login.defaults_extra_file = Some(scratch.server.client_cnf.clone());
    let mut document = document(&scratch.server, &config.source.databases.clone());
    if let (Some(cluster), Some(port)) = (&mut document.cluster, port) {
        cluster.port = port;
    }
    plan::dehydrate(&house(config), &mut document, &options).map_err(|e| said(&e))?;
    Ok(document.dehydration.unwrap())
}

/// Some columns of a planned table's rows, joined with `/`, as they leave.
pub(crate) fn rows(session: &mut Session, plan: &TablePlan, columns: &[String]) -> Vec<String> {
    let columns: Vec<String> =
        columns.iter().map(|c| format!("COALESCE(CAST(x.`{c}` AS CHAR), 'NULL')")).collect();
    let sql = format!("SELECT CONCAT_WS('/', {}) FROM ({}) AS x", columns.join(", "), plan.select);
    session.rows("reading a plan", &sql).unwrap()
}

fn shown(scratch: &Scratch, dehydration: &Dehydration, expect: &str) -> String {
    let mut session = scratch.server.session();
    for statement in &dehydration.session {
        session.run("reading the key", statement).unwrap();
    }
    let mut asked: BTreeMap<&str, Vec<(String, Vec<String>)>> = BTreeMap::new();
    for line in expect.lines().filter(|line| !line.starts_with("orphans ")) {
        let (what, _) = line.split_once(':').unwrap();
        let (table, columns) = what.split_once('(').unwrap_or((what, ""));
        let columns: Vec<String> =
            columns.trim_end_matches(')').split(", ").filter(|c| !c.is_empty()).map(str::to_owned).collect();
        asked.entry(table).or_default().push((what.to_owned(), columns));
    }
    let mut lines = Vec::new();
    for plan in &dehydration.tables {
        let name = if plan.database == scratch.name {
            plan.table.clone()
        } else {
            format!("{}.{}", plan.database.replace(&scratch.name, "{db}"), plan.table)
        };
        let default = vec![(name.clone(), Vec::new())];
        let wanted = asked.get(name.as_str()).unwrap_or(&default);
        for (what, columns) in wanted {
            let key = if plan.key.is_empty() { vec![plan.columns[0].name.clone()] } else { plan.key.clone() };
            let columns = if columns.is_empty() { &key } else { columns };
            let mut found = rows(&mut session, plan, columns);
            found.sort();
            assert_eq!(found.len() as u64, plan.rows, "{name}: the number of rows is exact");
            if !found.is_empty() || wanted != &default {
                lines.push(format!("{what}: {}", found.join(" ")).trim_end().to_owned());
            }
        }
    }
    for line in expect.lines().filter_map(|line| line.strip_prefix("orphans ")) {
        let (child, _) = line.split_once(':').unwrap();
        let full = format!("{}.{child}", scratch.name);
        let orphans: u64 = dehydration.edges.iter().filter(|e| e.child == full).map(|e| e.orphans).sum();
        lines.push(format!("orphans {child}: {orphans}"));
    }
    lines.sort();
    lines.join("\n")
}

/// Every value of every row that leaves, by table.
pub(crate) fn contents(server: &TestServer, dehydration: &Dehydration) -> BTreeMap<String, Vec<String>> {
    let mut session = server.session();
    let tables = dehydration.tables.iter().map(|plan| {
        let columns: Vec<String> = plan.columns.iter().map(|column| column.name.clone()).collect();
        let mut found = rows(&mut session, plan, &columns);
        found.sort();
        (format!("{}.{}", plan.database, plan.table), found)
    });
    tables.collect()
}

/// Dumped by the plan, and rewritten in place and dumped whole: each table has the same rows, byte by byte.
fn same_in_place(scratch: &Scratch, text: &str, plan: Dehydration, name: &str) {
    let by_plan = digests(scratch, text, plan, false);
    let options = Options { in_place: true, ..Options::default() };
    let in_place = dehydrate_as(scratch, text, &options, None)
        .unwrap_or_else(|e| panic!("{name} in place on {:?}: {e}", scratch.server.engine));
    assert!(in_place.in_place && in_place.session.is_empty());
    let mut whole = digests(scratch, text, in_place, true);
    // Tables that do not come along are not in the plan's dump; in place they are empty.
    whole.retain(|table, found| by_plan.contains_key(table) || found.0 > 0);
    assert_eq!(whole, by_plan, "{name} on {:?}", scratch.server.engine);
    assert!(by_plan.values().any(|(rows, _)| *rows > 0), "{name} keeps something");
}

/// Rows and digest of each table of a dump.
fn digests(scratch: &Scratch, text: &str, plan: Dehydration, whole: bool) -> BTreeMap<String, (u64, String)> {
    let mut config = config(scratch, text).unwrap();
    config.source.server.defaults_file = Some(scratch.server.client_cnf.display().to_string());
    // A server for each case would take longer than all of its other work.
    config.dump.prove = Prove::Off;
    let databases = config.source.databases.clone();
    let directory = scratch.directory();
    let options = dump::Options {
        whole: whole.then(|| databases.clone()),
        dir: Some(directory.path().to_owned()),
        name: Some("case".to_owned()),
        workers: Some(1),
        level: Some(1),
        i_own_this_server: Some("127.0.0.1".to_owned()),
        keep_work: false,
        login: LoginOptions { defaults_extra_file: Some(scratch.server.client_cnf.clone()), tls_ca: None },
    };
    let mut document = document(&scratch.server, &databases);
    document.dehydration = Some(plan);
    dump::write(&house(config), &mut document, &options).unwrap_or_else(|e| panic!("{text}: {e}"));
    let file = DumpFile::open(Path::new(&document.dump.unwrap().path)).unwrap();
    let tables = file.manifest().tables.iter().filter(|table| table.kind == TableKind::Table);
    tables.map(|t| (format!("{}.{}", t.database, t.table), (t.rows, t.digest.clone()))).collect()
}

fn run(server: &TestServer, case: &Path) {
    let name = case.file_name().unwrap().to_str().unwrap();
    let read = |file: &str| fs::read_to_string(case.join(file)).ok();
    let scratch = server.scratch("closure");
    scratch.run(&read("schema.sql").unwrap().replace("{db}", &scratch.name));
    let outcome = dehydrate(&scratch, &read("refresh.toml").unwrap());
    if let Some(expect) = read("expect.txt") {
        let dehydration = outcome.unwrap_or_else(|e| panic!("{name} on {:?}: {e}", server.engine));
        let sorted = |line: &str| {
            let (what, values) = line.split_once(':').unwrap();
            let mut values: Vec<&str> = values.split_whitespace().collect();
            values.sort_unstable();
            format!("{what}: {}", values.join(" ")).trim_end().to_owned()
        };
        let mut wanted: Vec<String> = expect.lines().filter(|line| !line.is_empty()).map(sorted).collect();
        wanted.sort_unstable();
        let found = shown(&scratch, &dehydration, &wanted.join("\n"));
        assert_eq!(found, wanted.join("\n"), "{name} on {:?}", server.engine);
        assert!(dehydration.edges.iter().all(|edge| edge.dangling == 0));
        for fragment in read("warnings.txt").unwrap_or_default().lines() {
            let said = |warning: &String| warning.replace(&scratch.name, "{db}").contains(fragment);
            assert!(
                dehydration.warnings.iter().any(said),
                "{name}: {fragment:?} in {:?}",
                dehydration.warnings
            );
        }
        if !case.join("warnings.txt").exists() {
            let unread: Vec<&String> =
                dehydration.warnings.iter().filter(|w| w.contains("cannot be read")).collect();
            assert!(unread.is_empty(), "{name}: {unread:?}");
        }
        same_in_place(&scratch, &read("refresh.toml").unwrap(), dehydration, name);
    } else {
        let said = outcome.err().unwrap_or_else(|| panic!("{name} on {:?}: no error", server.engine));
        for fragment in read("error.txt").unwrap().lines().filter(|line| !line.is_empty()) {
            let fragment = fragment.replace("{db}", &scratch.name);
            assert!(said.contains(&fragment), "{name} on {:?}: {said:?} lacks {fragment:?}", server.engine);
        }
    }
}

#[test]
fn every_closure_case_keeps_exactly_the_expected_rows_on_every_server() {
    let cases = cases("closure");
    // What takes long is the servers' own waiting for the disk: both at a time, several cases each.
    std::thread::scope(|scope| {
        for server in servers() {
            for part in 0..4 {
                let (server, cases) = (server.clone(), &cases);
                scope.spawn(move || cases.iter().skip(part).step_by(4).for_each(|case| run(&server, case)));
            }
        }
    });
}
