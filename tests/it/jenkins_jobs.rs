//! The job definitions: each whole config.xml parsed, and put into a stand-in for a controller by `scripts/jenkins-jobs`. What a real
//! controller makes of them is in no test.

use std::process::{Command, Output};

use roxmltree::{Document, Node};

use crate::jenkins::{file, script};
use crate::support::Loopback;

const JOBS: [&str; 4] = ["db-nightly", "db-check", "db-sweep", "db-refresh"];

fn jobs(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new("bash");
    command.arg(script("jenkins-jobs")).args(arguments);
    for variable in ["JENKINS_URL", "JENKINS_USER", "JENKINS_TOKEN", "JENKINS_TOKEN_FILE"] {
        command.env_remove(variable);
    }
    command.envs(variables.iter().copied()).output().unwrap()
}

fn printed(job: &str, flags: &[&str]) -> String {
    let output = jobs(&[&["print", job], flags].concat(), &[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn texts(document: &Document<'_>, tag: &str) -> Vec<String> {
    let named = document.descendants().filter(|node| node.has_tag_name(tag));
    named.map(|node| node.text().unwrap_or_default().to_owned()).collect()
}

fn without_version(text: &str) -> String {
    text.replace("version='1.1'", "version='1.0'")
}

#[test]
fn each_job_holds_its_jenkinsfile_in_the_sandbox_and_its_own_matrix() {
    for job in JOBS {
        let text = without_version(&printed(job, &["--developers", "devs & co"]));
        let document = Document::parse(&text).unwrap_or_else(|e| panic!("{job}: {e}"));
        let jenkinsfile = format!("{}.Jenkinsfile", job.strip_prefix("db-").unwrap());
        assert_eq!(texts(&document, "script")[0].trim_end(), file(&jenkinsfile).1.trim_end(), "{job}");
        assert_eq!(texts(&document, "sandbox"), ["true"], "{job}");
        let strategy = document.descendants().find(|node| node.has_tag_name("inheritanceStrategy")).unwrap();
        assert!(strategy.attribute("class").unwrap().ends_with(".NonInheritingStrategy"), "{job}");
        let button = ["Read", "Build", "Cancel"];
        let may: &[&str] = if ["db-refresh", "db-check"].contains(&job) { &button } else { &button[..1] };
        let expected: Vec<String> =
            may.iter().map(|word| format!("GROUP:hudson.model.Item.{word}:devs & co")).collect();
        assert_eq!(texts(&document, "permission"), expected, "{job}");
    }
}

#[test]
fn the_clock_of_each_job_is_that_of_its_jenkinsfile() {
    for job in JOBS {
        let text = without_version(&printed(job, &[]));
        let document = Document::parse(&text).unwrap();
        let (_, jenkinsfile) = file(&format!("{}.Jenkinsfile", job.strip_prefix("db-").unwrap()));
        let cron = jenkinsfile
            .split("cron('")
            .nth(1)
            .map(|rest| rest.split('\'').next().unwrap().replace("\\n", "\n"));
        assert_eq!(texts(&document, "spec"), cron.into_iter().collect::<Vec<_>>(), "{job}");
    }
}

#[test]
fn the_form_is_there_before_the_first_build_and_its_default_is_nobodys_database() {
    let text = without_version(&printed("db-refresh", &[]));
    let document = Document::parse(&text).unwrap();
    let list = document.descendants().find(|node| node.has_tag_name("parameterDefinitions")).unwrap();
    let parameters: Vec<Node<'_, '_>> = list.children().filter(Node::is_element).collect();
    let inner = |node: &Node<'_, '_>, tag: &str| {
        let found = node.descendants().find(|inner| inner.has_tag_name(tag));
        found.and_then(|inner| inner.text()).unwrap_or_default().to_owned()
    };
    let names: Vec<String> = parameters.iter().map(|node| inner(node, "name")).collect();
    let (_, jenkinsfile) = file("refresh.Jenkinsfile");
    let declared: Vec<&str> =
        jenkinsfile.split("(name: '").skip(1).map(|rest| rest.split('\'').next().unwrap()).collect();
    assert_eq!(names, declared, "Declarative replaces what has the same name, and adds the rest");
    let first = |name: &str| {
        let node = parameters.iter().find(|node| inner(node, "name") == name).unwrap();
        if node.has_tag_name("hudson.model.ChoiceParameterDefinition") {
            inner(node, "string")
        } else {
            inner(node, "defaultValue")
        }
    };
    assert_eq!(
        (first("TARGET"), first("ACTION"), first("REF")),
        ("(choose)".into(), "refresh".into(), String::new())
    );
}

#[test]
fn the_hosts_that_the_night_bakes_on_are_in_the_job_and_in_its_jenkinsfile() {
    for (flags, labels) in [(&[][..], ""), (&["--instances", "host-a host-b"][..], "host-a host-b")] {
        let text = without_version(&printed("db-nightly", flags));
        let document = Document::parse(&text).unwrap();
        let named = |node: &Node<'_, '_>| node.children().any(|child| child.text() == Some("INSTANCES"));
        let parameter = document.descendants().find(named).unwrap();
        let default = parameter.children().find(|child| child.has_tag_name("defaultValue")).unwrap();
        assert_eq!(default.text().unwrap_or_default(), labels);
        let wanted = format!("string(name: 'INSTANCES', defaultValue: '{labels}', ");
        assert!(texts(&document, "script")[0].contains(&wanted));
    }
    for wrong in ["a'; sh 'x", ""] {
        assert_eq!(
            jobs(&["print", "db-nightly", "--instances", wrong], &[]).status.code(),
            Some(2),
            "{wrong:?}"
        );
    }
}

#[test]
fn jobs_are_made_or_updated_and_the_token_is_in_no_argument() {
    let controller = Loopback::start(|request| match request.line.split(' ').nth(1).unwrap_or_default() {
        "/job/db-refresh/config.xml" => (200, "", "<flow-definition/>".to_owned()),
        "/createItem?name=db-nightly" => (200, "", String::new()),
        "/job/db-refresh/buildWithParameters" => (201, "", String::new()),
        _ => (404, "", "<h1>Not Found</h1>".to_owned()),
    });
    let login =
        [("JENKINS_URL", controller.url.as_str()), ("JENKINS_USER", "admin"), ("JENKINS_TOKEN", "s3cret")];
    let output = jobs(&["put", "db-nightly", "db-refresh"], &login);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("db-nightly: made\ndb-refresh: updated\n"), "{said}");
    let seen = controller.seen();
    let sent = seen.iter().find(|request| request.line.starts_with("POST /createItem")).unwrap();
    assert!(sent.body.contains("refreshkit-nightly") && sent.body.contains("<sandbox>true</sandbox>"));
    // admin:s3cret
    assert!(seen.iter().all(|request| request.headers.contains("Basic YWRtaW46czNjcmV0")));
    let filled = seen.iter().find(|request| request.line.contains("buildWithParameters")).unwrap();
    assert_eq!(filled.body, "UPDATE_CHOICES_ONLY=true");
    assert!(!std::fs::read_to_string(script("jenkins-jobs")).unwrap().contains("--user "));
}

#[test]
fn a_controller_that_says_no_is_told_in_words() {
    let forbids =
        Loopback::start(|_| (403, "", "<p>alice is missing the Job/Create permission</p>".to_owned()));
    let login = [("JENKINS_URL", forbids.url.as_str()), ("JENKINS_USER", "alice"), ("JENKINS_TOKEN", "t")];
    let output = jobs(&["put", "db-sweep"], &login);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(77), "{said}");
    assert!(said.contains("missing the Job/Create permission"), "{said}");
    assert_eq!(jobs(&["put"], &[]).status.code(), Some(78));
    assert_eq!(jobs(&["print", "db-x"], &[]).status.code(), Some(2));
    assert_eq!(jobs(&["--help"], &[]).status.code(), Some(0));
    let opinion = Loopback::start(|request| {
        let fits = request.body.contains("pipeline {");
        (
            200,
            "",
            if fits { "Jenkinsfile successfully validated.\n" } else { "Errors encountered" }.to_owned(),
        )
    });
    let login = [("JENKINS_URL", opinion.url.as_str()), ("JENKINS_USER", "alice"), ("JENKINS_TOKEN", "t")];
    let output = jobs(&["check"], &login);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout).matches("successfully validated").count(), 4);
}
