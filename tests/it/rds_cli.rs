//! What the four tools say when they cannot even begin: endpoint, region, credentials, names, configuration.

use crate::rds_cloud::with_aws;
use crate::support::{Output, Tool};

/// Nobody listens there.
const DEAD: &str = "http://127.0.0.1:9";

const CONFIG: &str = "[source]\ncluster = \"prod\"\n";

struct Place(tempfile::TempDir);

impl Place {
    fn new(config: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("refresh.toml"), config).unwrap();
        Self(directory)
    }

    fn tool(&self, name: &str) -> Tool {
        with_aws(Tool::new(name), DEAD)
            .env("REFRESH_CONFIG", self.0.path().join("refresh.toml"))
            .env("REFRESH_STATE_DIR", self.0.path().join("state"))
    }
}

fn says(output: &Output, text: &str) {
    assert!(output.stderr.contains(text), "{}", output.stderr);
}

#[test]
fn an_empty_or_malformed_endpoint_is_a_usage_error_of_every_tool() {
    let place = Place::new(CONFIG);
    for tool in ["rds-snap", "rds-wait", "rds-restore", "rds-drop"] {
        says(&place.tool(tool).env("AWS_ENDPOINT_URL_RDS", "").run().exits(2), "the endpoint is empty");
        says(&place.tool(tool).env("AWS_ENDPOINT_URL", "").run().exits(2), "the endpoint is empty");
        says(
            &place.tool(tool).env("AWS_ENDPOINT_URL_RDS", "not-a-url").run().exits(2),
            "no http:// or https://",
        );
        says(&place.tool(tool).args(["--endpoint-url", "http://"]).run().exits(2), "no host name");
    }
}

#[test]
fn a_missing_region_and_missing_credentials_are_one_sentence_each() {
    let place = Place::new(CONFIG);
    let output = place.tool("rds-snap").env("AWS_REGION", "").run().exits(78);
    says(&output, "no AWS region is set");
    says(&output, "hint: set AWS_REGION");
    assert_eq!(output.document().error.unwrap().code, "no-region");
    says(
        &place.tool("rds-snap").env("AWS_REGION", "over there").run().exits(78),
        "\"over there\" is no AWS region",
    );
    let output =
        place.tool("rds-snap").env("AWS_ACCESS_KEY_ID", "").env("AWS_SECRET_ACCESS_KEY", "").run().exits(78);
    says(&output, "no AWS credentials were found");
    assert_eq!(output.stderr.lines().count(), 2, "{}", output.stderr);
}

#[test]
fn an_endpoint_that_does_not_answer_is_given_up_soon() {
    let output = Place::new(CONFIG).tool("rds-snap").run().exits(69);
    says(&output, "Connection refused");
    says(&output, "hint: check the network");
}

#[test]
fn names_that_the_service_would_not_take_are_refused_before_any_call() {
    let place = Place::new(CONFIG);
    let output = place.tool("rds-snap").args(["--cluster", "prod--x"]).run().exits(78);
    says(&output, "cluster \"prod--x\" ends with a hyphen or has two in a row");
    let output = place.tool("rds-snap").args(["--snapshot", "1x"]).run().exits(78);
    says(&output, "snapshot \"1x\" does not begin with a letter");
}

#[test]
fn a_configuration_that_names_no_source_or_no_network_says_what_to_write() {
    says(&Place::new("").tool("rds-snap").run().exits(78), "set [source] cluster in refresh.toml");
    let document = r#"{"schema":"refreshkit/1","run":"r","ok":true,"snapshot":{"id":"s"}}"#;
    let output = Place::new(CONFIG).tool("rds-restore").stdin(document).run().exits(78);
    says(&output, "set [restore] subnet_group in refresh.toml");
    let config = "[restore]\nsubnet_group = \"dev\"\nsecurity_groups = [\"sg-0a1b2c3d4e5f60718\"]\niam_user = \"masker\"\n";
    let output = Place::new(config).tool("rds-restore").stdin(document).run().exits(78);
    says(&output, "set [restore] tls_ca to the RDS certificate bundle");
    let output = Place::new("[snapshot]\nprefix = \"9\"\n[source]\ncluster = \"prod\"\n");
    let output = output.tool("rds-drop").args(["--run", "x"]).run().exits(78);
    says(&output, "refresh.toml:2: [snapshot] prefix \"9\" does not begin with a letter");
}

#[test]
fn without_anything_to_delete_no_endpoint_is_asked() {
    let document = r#"{"schema":"refreshkit/1","run":"r","ok":true,"resources":[],"steps":[{"tool":"t","status":"ok"}]}"#;
    let output = Place::new("").tool("rds-drop").env("AWS_REGION", "").stdin(document).run().exits(0);
    assert_eq!(output.document().steps[1].note, "nothing to delete");
}

#[test]
fn every_tool_prints_the_policy_and_nothing_else_on_stdout() {
    let place = Place::new(CONFIG);
    for tool in ["rds-snap", "rds-wait", "rds-restore", "rds-drop"] {
        let output = place.tool(tool).arg("--iam-policy").run().exits(0);
        let policy: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
        let statements = policy["Statement"].as_array().unwrap();
        assert!(
            statements.iter().all(|statement| output.stderr.contains(statement["Sid"].as_str().unwrap()))
        );
        assert!(output.stdout.contains("arn:aws:rds:eu-west-1:*:cluster:prod"));
        assert!(output.stderr.contains("the account is written as *"));
        let named = place.tool(tool).args(["--iam-policy", "--account", "123456789012"]).run().exits(0);
        assert!(named.stdout.contains("arn:aws:rds:eu-west-1:123456789012:cluster:prod"));
        assert!(!named.stdout.contains("eu-west-1:*:") && !named.stderr.contains("--account"));
        place.tool(tool).args(["--iam-policy", "--account", "x"]).run().exits(2);
    }
}

#[test]
fn a_build_is_called_the_same_by_every_tool_of_it_and_by_no_other_controller() {
    let place = Place::new("");
    let run_of = |tool: Tool| tool.run().document().run;
    let build = |tool: Tool, url: &str| tool.env("BUILD_TAG", "jenkins-night-7").env("JENKINS_URL", url);
    let shop = run_of(build(place.tool("rds-snap"), "https://shop/"));
    let bank = run_of(build(place.tool("rds-snap"), "https://bank/"));
    assert!(shop.starts_with("jenkins-night-7-") && shop.len() == "jenkins-night-7-".len() + 8, "{shop}");
    assert_ne!(shop, bank);
    let dead = |tool: Tool| tool.env("REFRESHKIT_PACE", "0.0001");
    assert_eq!(run_of(dead(build(place.tool("rds-drop"), "https://shop/")).arg("--run")), shop);
    // A name that is given is taken as it is.
    assert_eq!(run_of(dead(build(place.tool("rds-drop"), "https://shop/")).args(["--run", "x"])), "x");
    assert_eq!(run_of(build(place.tool("rds-snap"), "https://shop/").env("REFRESH_RUN", "y")), "y");
    assert_eq!(run_of(place.tool("rds-snap").env("BUILD_TAG", "jenkins-night-7")), "jenkins-night-7");
    let nameless = place.tool("rds-drop").arg("--run").run().exits(2);
    says(&nameless, "--run has no value, and neither $REFRESH_RUN nor $BUILD_TAG");
}
