//! The keys of a plan between the two tools: the right ones or none, and gone when the plan is over.

use std::fs;
use std::path::Path;

use refreshkit::document::{Document, KeyPlace};

use crate::closure::document;
use crate::support::{Output, Scratch, TestServer, Tool, for_each_server};

const KEY: &str = "a-stable-secret-of-forty-characters-or-so";

fn setting(server: &TestServer, mask: &str) -> (Scratch, tempfile::TempDir) {
    let scratch = server.scratch("keys");
    scratch.run(
        "CREATE TABLE users (id INT PRIMARY KEY, email VARCHAR(90)); INSERT INTO users VALUES (1, 'ana@real.example')",
    );
    let directory = scratch.directory();
    rules(&scratch, directory.path(), mask);
    (scratch, directory)
}

fn rules(scratch: &Scratch, directory: &Path, mask: &str) {
    let dir = directory.display().to_string();
    let text = format!(
        "[dump]\nprove = \"off\"\ndir = {dir:?}\n[dehydrate]\nfull = [\"*\"]\n[mask]\n\"users.email\" = \"email\"\n{mask}\n"
    );
    scratch.write_rules(directory, &text);
}

fn tool(name: &str, directory: &Path) -> Tool {
    let tool = Tool::new(name).arg("--config").arg(directory.join("refresh.toml"));
    tool.arg("--state-dir").arg(directory)
}

fn plan(scratch: &Scratch, directory: &Path) -> Document {
    let input = document(&scratch.server, std::slice::from_ref(&scratch.name));
    tool("mydehydrate", directory).env("MASK_KEY", KEY).document(&input).run().exits(0).document()
}

fn dump(directory: &Path, plan: &Document, key: &str, arguments: &[&str]) -> Output {
    let tool = tool("mydump-rotate", directory).env("MASK_KEY", key).args(arguments.iter().copied());
    tool.document(plan).run()
}

fn has_work_schema(scratch: &Scratch) -> bool {
    scratch.run("SHOW DATABASES").contains(&format!("{}__work", scratch.name))
}

#[test]
fn another_key_than_that_of_the_plan_is_refused_and_the_same_is_not() {
    for_each_server(|server| {
        let (scratch, directory) = setting(server, "key = { env = \"MASK_KEY\" }");
        let directory = directory.path();
        let plan = plan(&scratch, directory);
        assert_eq!(plan.dehydration.as_ref().unwrap().keys.as_ref().unwrap().mask, KeyPlace::Config);
        let out = dump(directory, &plan, "another-stable-secret-of-forty-characters", &[]).exits(78);
        assert!(out.stderr.contains("[mask] key is not the one"), "{}", out.stderr);
        // Of another run it would be another signature: nobody can carry one over.
        let mut moved = plan.clone();
        moved.run = "other".to_owned();
        dump(directory, &moved, KEY, &[]).exits(78);
        rules(&scratch, directory, "");
        let out = dump(directory, &plan, KEY, &[]).exits(78);
        assert!(out.stderr.contains("[mask] key is not the one"), "{}", out.stderr);
        rules(&scratch, directory, "key = { env = \"MASK_KEY\" }");
        assert!(has_work_schema(&scratch), "nothing was published or refused: the plan is still there");
        dump(directory, &plan, KEY, &[]).exits(0);
        assert!(!has_work_schema(&scratch));
    });
}

#[test]
fn a_plan_is_dumped_once_unless_it_is_told_to_stay() {
    for_each_server(|server| {
        let (scratch, directory) = setting(server, "");
        let directory = directory.path();
        let plan = plan(&scratch, directory);
        assert_eq!(plan.dehydration.as_ref().unwrap().keys, None, "all of them are on the copy");
        dump(directory, &plan, KEY, &["--keep-work"]).exits(0);
        assert!(has_work_schema(&scratch));
        dump(directory, &plan, KEY, &[]).exits(0);
        assert!(!has_work_schema(&scratch));
        let out = dump(directory, &plan, KEY, &[]).exits(65);
        assert!(
            out.stderr.contains("is gone") && out.stderr.contains("run mydehydrate again"),
            "{}",
            out.stderr
        );
    });
}

#[test]
fn the_plan_of_another_run_is_neither_dumped_nor_dropped() {
    for_each_server(|server| {
        let (scratch, directory) = setting(server, "");
        let directory = directory.path();
        let first = plan(&scratch, directory);
        let input = document(server, std::slice::from_ref(&scratch.name));
        let other = Document { run: "other".to_owned(), ..input };
        let other = tool("mydehydrate", directory).document(&other).run().exits(0).document();
        let out = dump(directory, &first, KEY, &[]).exits(65);
        assert!(out.stderr.contains("not those of this plan"), "{}", out.stderr);
        assert!(has_work_schema(&scratch));
        dump(directory, &other, KEY, &[]).exits(0);
    });
}

#[test]
fn a_dump_that_is_refused_takes_its_plan_along() {
    for_each_server(|server| {
        let (scratch, directory) = setting(server, "");
        scratch
            .run("ALTER TABLE users ADD note VARCHAR(90); UPDATE users SET note = 'Ana is ana@real.example'");
        rules(
            &scratch,
            directory.path(),
            "policy = \"warn\"\ncanaries = \"off\"\n\"users.note\" = { kind = \"sql\", sql = \"t.note\" }",
        );
        let plan = plan(&scratch, directory.path());
        dump(directory.path(), &plan, KEY, &[]).exits(77);
        assert!(!has_work_schema(&scratch));
    });
}

#[test]
fn on_a_server_that_lives_on_the_keys_go_from_tool_to_tool_in_a_file_of_the_run() {
    for_each_server(|server| {
        let (scratch, directory) = setting(server, "");
        let directory = directory.path();
        let keys = |run: &str| directory.join(format!("{run}.keys"));
        let plan = |run: &str| {
            tool("mydehydrate", directory).args(["--source", "--run", run]).run().exits(0).document()
        };
        let first = plan("first");
        assert!(keys("first").exists());
        // What a run left behind goes with its plan when the next one begins.
        let second = plan("second");
        assert!(!keys("first").exists() && keys("second").exists());
        dump(directory, &first, KEY, &[]).exits(65);
        dump(directory, &second, KEY, &[]).exits(0);
        assert!(!keys("second").exists() && !has_work_schema(&scratch));

        let third = plan("third");
        fs::copy(keys("third"), directory.join("aside")).unwrap();
        let text = fs::read_to_string(keys("third")).unwrap();
        fs::write(keys("third"), text.replacen("mask ", "mask 00", 1)).unwrap();
        let out = dump(directory, &third, KEY, &[]).exits(65);
        assert!(out.stderr.contains("the secret keys of this plan are not in"), "{}", out.stderr);
        fs::copy(directory.join("aside"), keys("third")).unwrap();
        dump(directory, &third, KEY, &[]).exits(0);
        // To look at a plan writes no key.
        tool("mydehydrate", directory).args(["--source", "plan"]).run().exits(0);
        let names = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name());
        assert!(names.into_iter().all(|name| !name.to_string_lossy().ends_with(".keys")));
    });
}

#[cfg(feature = "aws")]
#[test]
fn the_keys_of_a_run_go_with_the_run() {
    let server = &crate::support::servers()[0];
    let (scratch, directory) = setting(server, "");
    let directory = directory.path();
    let plan = tool("mydehydrate", directory).args(["--source", "--run", "night"]).run().exits(0).document();
    assert!(directory.join("night.keys").exists());
    tool("rds-drop", directory).document(&plan).run().exits(0);
    assert!(!directory.join("night.keys").exists());
    drop(scratch);
}
