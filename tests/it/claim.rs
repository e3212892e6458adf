//! The document is a claim: what is written on a server because a document says that it is a throw-away copy.
//!
//! A copy of a local cloud, its production beside it, and documents that somebody else could have written.

use std::path::Path;

use refreshkit::document::{Cluster, Document, Login, ResourceKind, ThrowAwayCopy};
use refreshkit::mysql::{Server, Session};

use crate::rds_cloud::{ROWS, Stage, stage};
use crate::support::{Output, servers};

/// Keeps few of the rows, masked.
const RULES: &str =
    "[dehydrate]\nroot = { table = \"notes\", where = \"id <= 10\" }\n[mask]\n\"notes.body\" = \"text\"\n";

fn configure(stage: &Stage) {
    let path = stage.home.path().join("refresh.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let dumps = stage.home.path().join("dumps");
    std::fs::create_dir_all(&dumps).unwrap();
    let dump = format!("[dump]\nprove = \"off\"\ndir = \"{}\"\n", dumps.display());
    std::fs::write(&path, format!("{text}{RULES}{dump}")).unwrap();
}

fn rows(session: &mut Session) -> u64 {
    session.first("counting", "SELECT COUNT(*) FROM app.notes").unwrap().unwrap()
}

fn copy_of(document: &Document) -> Session {
    let cluster = document.cluster.as_ref().unwrap();
    Server::of_copy(&ThrowAwayCopy::described(ResourceKind::Cluster, cluster)).unwrap().connect().unwrap()
}

/// The document with another cluster section.
fn changed(document: &Document, change: impl FnOnce(&mut Cluster)) -> String {
    let mut document = document.clone();
    change(document.cluster.as_mut().unwrap());
    refreshkit::document::render(&document)
}

fn in_place(stage: &Stage, document: impl Into<Vec<u8>>) -> Output {
    stage.tool("mydehydrate").arg("--in-place").stdin(document).run()
}

fn said(output: Output, code: i32, words: &str) {
    let output = output.exits(code);
    assert!(output.stderr.contains(words), "no {words:?} in {}", output.stderr);
    assert!(output.stderr.contains("--i-own-this-server 127.0.0.1"), "{}", output.stderr);
}

#[test]
fn a_document_alone_rewrites_no_server_and_token_journal_and_service_must_agree() {
    for engine in servers().iter().map(|server| server.engine) {
        eprintln!("on {engine:?}");
        let stage = stage(Some(engine));
        configure(&stage);
        let restored = stage.restored("claim");
        let render = refreshkit::document::render;
        production_is_not_rewritten(&stage, &restored);

        // Another state directory, as on another agent.
        let elsewhere = |more: &[&str]| {
            let tool = stage.tool("mydehydrate").arg("--in-place").stdin(render(&restored));
            let empty = stage.home.path().join("elsewhere");
            tool.arg("--state-dir").arg(empty).args(more.iter().copied()).run()
        };
        said(elsewhere(&[]), 77, "knows none");
        let typed = ["--i-own-this-server", "127.0.0.1"];
        let foreign = elsewhere(&typed).exits(77);
        assert!(
            foreign.stderr.contains("which neither the journal nor refresh.toml names"),
            "{}",
            foreign.stderr
        );

        let mut session = copy_of(&restored);
        let token: String =
            session.first("looking", "SELECT token FROM refreshkit_token.token").unwrap().unwrap();
        assert!(token.len() > 40 && !render(&restored).contains(&token), "no document holds the token");
        // Somebody else's copy at the same address.
        session.run("replacing", "UPDATE refreshkit_token.token SET token = 'another'").unwrap();
        said(in_place(&stage, render(&restored)), 77, "it has the token of another copy");
        session.run("dropping", "DROP DATABASE refreshkit_token").unwrap();
        said(in_place(&stage, render(&restored)), 77, "it has no token of a copy");
        session.run("making", "CREATE DATABASE refreshkit_token").unwrap();
        session
            .run("making", "CREATE TABLE refreshkit_token.token (id TINYINT PRIMARY KEY, token VARCHAR(64))")
            .unwrap();
        session.run("making", &format!("INSERT INTO refreshkit_token.token VALUES (1, '{token}')")).unwrap();
        // The service is not there, or says otherwise.
        let tool = stage.tool("mydehydrate").env("AWS_ENDPOINT_URL_RDS", "http://127.0.0.1:9");
        let unasked = tool.env("REFRESHKIT_PACE", "0.01").arg("--in-place").stdin(render(&restored)).run();
        said(unasked, 69, "cannot ask RDS");
        let arn = stage.arn("cluster", "kit-claim");
        stage.tag(&arn, "refreshkit:run", "another");
        said(in_place(&stage, render(&restored)), 77, "RDS has no cluster kit-claim");
        stage.tag(&arn, "refreshkit:run", "claim");
        assert_eq!(rows(&mut session), ROWS, "nothing was rewritten");

        let rewritten = in_place(&stage, render(&restored)).exits(0);
        assert_eq!(rows(&mut session), 10);
        a_plan_is_read_as_it_was_made(&stage, &rewritten.document());
        assert_eq!(rows(&mut stage.source()), ROWS);
        stage.dropped(&restored);
    }
}

/// Documents that name production's address, with its own login.
fn production_is_not_rewritten(stage: &Stage, restored: &Document) {
    let (port, master) = (stage.source_port(), stage.master_file());
    let to_production = |cluster: &mut Cluster| {
        cluster.port = port;
        cluster.login = Some(Login::option_file(Path::new(&master)));
    };
    said(in_place(stage, changed(restored, to_production)), 77, "knows another one, at 127.0.0.1:");
    for tool in ["mydehydrate", "mydump-rotate"] {
        let refused = stage.tool(tool).stdin(changed_plan(restored, to_production)).run();
        said(refused, 77, "knows another one, at 127.0.0.1:");
    }
    let mut unknown: Document = restored.clone();
    "made-up".clone_into(&mut unknown.run);
    said(in_place(stage, changed(&unknown, to_production)), 77, "knows none");
    assert_eq!(rows(&mut stage.source()), ROWS);
}

fn changed_plan(document: &Document, change: impl FnOnce(&mut Cluster)) -> String {
    let mut document = document.clone();
    document.dehydration = Some(serde_json::from_str(r#"{"session":["DROP TABLE app.notes"]}"#).unwrap());
    changed(&document, change)
}

/// The dump runs the plan's text: only as it was made, and the token is in no dump.
fn a_plan_is_read_as_it_was_made(stage: &Stage, planned: &Document) {
    let dump =
        |document: &Document| stage.tool("mydump-rotate").stdin(refreshkit::document::render(document)).run();
    let change = |edit: fn(&mut refreshkit::document::Dehydration)| {
        let mut document = planned.clone();
        edit(document.dehydration.as_mut().unwrap());
        document
    };
    for hostile in [
        change(|plan| plan.session.push("DELETE FROM app.notes".to_owned())),
        change(|plan| plan.tables[0].filter = Some("SLEEP(9)".to_owned())),
        change(|plan| plan.in_place = false),
        change(|plan| plan.work_schema.clear()),
    ] {
        let refused = dump(&hostile);
        assert!([65, 77].contains(&refused.code), "{}: {}", refused.code, refused.stderr);
    }
    let dumped = dump(planned).exits(0).document().dump.unwrap();
    assert_eq!(dumped.rows, 10);
    assert!(dumped.tables.iter().all(|table| table.database == "app"));
    let whole = stage.tool("mydump-rotate").args(["--whole", "refreshkit_token", "--dry-run"]).run();
    assert!(whole.stderr.contains("holds the token of a copy"), "{}", whole.stderr);
}

#[test]
fn a_plan_that_was_not_made_on_the_source_is_not_run_there() {
    for engine in servers().iter().map(|server| server.engine) {
        let stage = stage(Some(engine));
        configure(&stage);
        let path = stage.home.path().join("refresh.toml");
        let login = format!(
            "[source]\nhost = \"127.0.0.1\"\nport = {}\ndefaults_file = \"{}\"\n",
            stage.source_port(),
            stage.master_file()
        );
        let text = std::fs::read_to_string(&path).unwrap().replace("[source]\n", &login);
        std::fs::write(&path, text).unwrap();
        let hostile = r#"{"schema":"refreshkit/1","run":"r","dehydration":{"databases":["app"],
            "session":["DROP TABLE app.notes"],"tables":[{"database":"app","table":"notes","class":"full",
            "columns":[{"name":"id","expression":"t.`id`"}],"from":"`app`.`notes` AS t","select":"SELECT 1"}]}}"#;
        let refused = stage.tool("mydump-rotate").stdin(hostile).run().exits(65);
        assert!(
            refused.stderr.contains("are not those of this plan, or it was changed"),
            "{}",
            refused.stderr
        );
        assert_eq!(rows(&mut stage.source()), ROWS);
    }
}
