//! `dev-restore` and the tags of RDS: what carries one of production is no target, and no answer is a no.

use refreshkit::mysql::Engine;

use crate::rds_cloud::{SOURCE, Stage, stage};
use crate::support::Output;

/// `dev-restore --dry-run` with the cloud's cluster as target.
fn refreshed(stage: &Stage, host: &str, settings: &str, endpoint: Option<&str>) -> Output {
    let home = stage.home.path();
    let text = format!(
        "[targets.dev3]\ndatabase = \"app\"\nhost = \"{host}\"\nport = {}\ndefaults_file = \"{}\"\n{settings}\n",
        stage.source_port(),
        stage.master_file()
    );
    std::fs::write(home.join("target.toml"), text).unwrap();
    std::fs::copy("tests/cases/plain/mysqldump.sql", home.join("dump.sql")).unwrap();
    let dump = home.join("dump.sql");
    let mut tool = stage.tool("dev-restore").arg("--config").arg(home.join("target.toml"));
    if let Some(endpoint) = endpoint {
        tool = tool.env("AWS_ENDPOINT_URL_RDS", endpoint);
    }
    tool.args(["--target", "dev3", "--dry-run", "--dump", dump.to_str().unwrap()]).run()
}

#[test]
fn a_server_with_a_tag_of_production_is_refused() {
    for engine in [Engine::MariaDb, Engine::MySql] {
        if crate::support::servers().iter().any(|server| server.engine == engine) {
            tags_decide(&stage(Some(engine)));
        }
    }
}

fn tags_decide(stage: &Stage) {
    let named = "refuse_tags = [\"environment=prod*\", \"team=billing\"]";
    refreshed(stage, "127.0.0.1", named, None).exits(0);
    let arn = stage.arn("cluster", SOURCE);
    stage.tag(&arn, "Environment", "Production");
    let output = refreshed(stage, "127.0.0.1", named, None);
    let instance = refreshed(stage, "127.0.0.1", "refuse_tags = [\"owner=*\"]", None);
    let address = refreshed(stage, "127.0.0.1", "", None);
    let nobody = refreshed(stage, "127.0.0.1", named, Some("http://127.0.0.1:9"));
    // The same server under a name that the service does not know.
    let alias = refreshed(stage, "localhost", named, None);
    let unasked = refreshed(stage, "127.0.0.1", "refuse_tags = []", Some("http://127.0.0.1:9"));
    stage.call(&[
        ("Action", "RemoveTagsFromResource"),
        ("ResourceName", &arn),
        ("TagKeys.member.1", "Environment"),
    ]);
    let said = output.exits(77).stderr;
    let expected = "target dev3 is production: cluster prod-replica has the tag Environment=Production";
    assert!(said.contains(expected), "{said}");
    instance.exits(0);
    // An address that is no name of RDS, on a server that does not say that it runs there: nobody is asked.
    address.exits(0);
    let said = nobody.exits(77).stderr;
    assert!(said.contains("nobody knows whether target dev3 is production"), "{said}");
    assert!(said.contains("hint: it takes rds:DescribeDBClusters"), "{said}");
    let said = alias.exits(77).stderr;
    assert!(said.contains("no cluster or instance of this account and region has this endpoint"), "{said}");
    unasked.exits(0);
}
