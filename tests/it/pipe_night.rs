//! The night of the Jenkinsfile on `rds-local`, and the day after it, on both servers.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use refreshkit::document;
use refreshkit::mysql::Server;

use crate::pipe::{Night, repository};
use crate::support::{TestServer, for_each_server};

/// Values of `sql` on `server`, as texts.
fn values(server: &Server, sql: &str) -> BTreeSet<String> {
    server.connect().unwrap().rows::<String>("reading", sql).unwrap().into_iter().collect()
}

/// Child column -> parent column of the demo's production, where the child's condition holds.
const EDGES: &[(&str, &str, &str, &str)] = &[
    ("applications", "insured_id", "insureds", "insured_id"),
    ("applications", "producer_id", "producers", "producer_id"),
    ("applications", "product_id", "products", "product_id"),
    ("applications", "user_id", "users", "user_id"),
    ("applications", "renewal_of", "applications", "app_id"),
    ("producers", "broker_id", "retail_brokers", "broker_id"),
    ("producers", "manager_id", "producers", "producer_id"),
    ("ratings", "app_id", "applications", "app_id"),
    ("rating_factors", "rating_id", "ratings", "rating_id"),
    ("signatures", "document_id", "documents", "document_id"),
    ("notes", "app_id", "applications", "app_id"),
    ("notes", "user_id", "users", "user_id"),
    ("policies", "app_id", "applications", "app_id"),
    ("policies", "previous_policy_id", "policies", "policy_id"),
    ("claims", "policy_id", "policies", "policy_id"),
    ("invoices", "policy_id", "policies", "policy_id"),
    ("invoice_lines", "CONCAT(region, invoice_no)", "invoices", "CONCAT(region, invoice_no)"),
    ("insureds", "state", "states", "code"),
];

/// No kept row refers to a row that production has and the copy has not.
fn assert_no_lost_parent(production: &Server, copy: &Server, database: &str) {
    for (child, column, parent, key) in EDGES {
        let select = |database: &str, table: &str, value: &str| {
            format!(
                "SELECT DISTINCT CAST({value} AS CHAR) FROM `{database}`.{table} WHERE {value} IS NOT NULL"
            )
        };
        let referred = values(copy, &select(database, child, column));
        let kept = values(copy, &select(database, parent, key));
        let there = values(production, &select("app", parent, key));
        let lost: Vec<_> =
            referred.difference(&kept).filter(|value| there.contains(*value)).take(3).collect();
        assert!(
            lost.is_empty(),
            "{child}.{column} -> {parent}: {lost:?} are in production and not in the copy"
        );
        assert!(!referred.is_empty(), "{child}.{column} has no rows: the test would prove nothing");
    }
}

/// The demo's configuration, with a target on a server of the tests.
fn demo_config(server: &TestServer, database: &str) -> String {
    let text = std::fs::read_to_string(repository().join("scripts/demo.d/refresh.toml")).unwrap();
    let text = text.split("[targets.dev1]").next().unwrap().replace("@DIR@", "DIR");
    let target = format!(
        "[targets.dev1]\ndatabase = \"{database}\"\ndefaults_file = \"{}\"\n[migrations]\nrepository = \"DIR/app.git\"\npath = \"db/updates/*.sql\"\n",
        server.client_cnf.display()
    );
    text + &target
}

/// A repository with a branch that carries a migration.
fn make_repository(directory: &Path) {
    let script = "git init -q --bare app.git -b main && git clone -q app.git work 2>/dev/null && cd work && git checkout -q -B main \
        && mkdir -p db/updates && echo 'ALTER TABLE ratings ADD COLUMN currency CHAR(3) NOT NULL DEFAULT '\"'USD'\"';' > db/updates/V002__currency.sql \
        && git add -A && git -c user.name=t -c user.email=t@localhost commit -qm one && git push -q origin main && git push -q origin main:feature/rating-v2";
    let output = Command::new("bash").args(["-c", script]).current_dir(directory).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_night_of_the_jenkinsfile_and_the_day_after_it_on_both_servers() {
    for_each_server(|server| {
        let scratch = server.scratch("pipe");
        let production = std::fs::read_to_string(repository().join("scripts/demo.d/production.sql")).unwrap();
        let night = Night::new(server.engine, &production, &demo_config(server, &scratch.name));
        make_repository(night.directory());
        run_the_jenkinsfile(&night);
        night.assert_clean("the night");
        let dump = night.dumps().pop().unwrap();
        assert_no_marker(&dump);
        let refresh = night.run("day", "dev-restore --target dev1 --dump latest --ref feature/rating-v2");
        assert_eq!(refresh.code, 0, "{}", refresh.stderr);
        assert_eq!(refresh.document.refresh.as_ref().unwrap().migrations.len(), 1);
        let copy = server.server();
        assert!(
            values(&copy, &format!("SELECT DISTINCT currency FROM `{}`.ratings", scratch.name))
                .contains("USD")
        );
        assert_no_lost_parent(&night.cloud.production(), &copy, &scratch.name);
        assert_stock_client_restores_the_same(server, &night, &dump, &scratch.name);
    });
}

/// Runs the script of nightly.Jenkinsfile as a build agent would.
fn run_the_jenkinsfile(night: &Night) {
    let text = std::fs::read_to_string(repository().join("jenkins/nightly.Jenkinsfile")).unwrap();
    let script = text.split("script: '''").nth(1).unwrap().split("'''").next().unwrap().replace("\\\\", "\\");
    let output = night.shell("night", &script).env("SNAPSHOT", "").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // Nothing needs a person: no mail.
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let read = |name: &str| std::fs::read_to_string(night.directory().join("out").join(name)).unwrap();
    let document = document::parse(read("run.json").as_bytes()).unwrap();
    assert!(document.ok && document.resources.is_empty());
    assert_eq!(document.dehydration.as_ref().unwrap().dangling, 0);
    assert!(read("summary.txt").starts_with("ok · "), "{}", read("summary.txt"));
    assert!(read("refreshkit.prom").contains("refreshkit_ok 1\n"));
}

/// Production's marker is in every name, address and note of the source, and nowhere in the dump.
fn assert_no_marker(dump: &Path) {
    let script = "zcat \"$0\" | tee >(wc -c >&2) | grep -aci qzx";
    let output = Command::new("bash").args(["-c", script]).arg(dump).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "0");
    let bytes: u64 = String::from_utf8_lossy(&output.stderr).trim().parse().unwrap();
    assert!(bytes > 100_000, "the dump is too small to prove anything");
}

/// `zcat dump | mariadb` gives the tables that dev-restore gave (before the branch's migration).
fn assert_stock_client_restores_the_same(server: &TestServer, night: &Night, dump: &Path, refreshed: &str) {
    let stock = server.scratch("stock");
    let script = format!(
        "set -o pipefail; zcat \"$0\" | sed -E -e 's/^(CREATE DATABASE.*)`app`/\\1`{0}`/' -e 's/^USE `app`/USE `{0}`/' | mariadb --defaults-file='{1}' --binary-mode",
        stock.name,
        server.client_cnf.display()
    );
    let output = Command::new("bash").args(["-c", &script]).arg(dump).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let undone = night.run("again", "dev-restore --target dev1 --dump latest");
    assert_eq!(undone.code, 0, "{}", undone.stderr);
    let tables = format!(
        "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA = '{}'",
        stock.name
    );
    let names = values(&server.server(), &tables);
    assert!(names.len() > 20, "{names:?}");
    for table in names {
        let digest = |database: &str| {
            server.client(
                None,
                format!("CHECKSUM TABLE `{database}`.`{table}`; SELECT COUNT(*) FROM `{database}`.`{table}`")
                    .as_bytes(),
            )
        };
        let (theirs, ours) = (digest(&stock.name), digest(refreshed));
        assert_eq!(theirs.replace(&stock.name, "db"), ours.replace(refreshed, "db"), "{table}");
    }
}
