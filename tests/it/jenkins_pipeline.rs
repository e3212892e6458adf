//! The Jenkinsfiles against what stock Jenkins has (`tests/jenkins/check.groovy`), and run with real `sh`
//! (`tests/jenkins/run.groovy`), with tools that only say that they were called. Both scripts say what they cannot see.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::jenkins::{GROOVY, JENKINSFILES, Night, file};

fn groovy(script: &str) -> Command {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/jenkins").join(script);
    let mut java = Command::new("java");
    // Starts in half the time; what is run once gains nothing by the second compiler.
    java.args(["-XX:TieredStopAtLevel=1", "-cp", GROOVY, "groovy.ui.GroovyMain"]).arg(path);
    java
}

#[test]
fn the_jenkinsfiles_need_nothing_but_stock_jenkins_and_each_planted_fault_is_found() {
    let cases = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases/jenkinsfile");
    let mut planted: Vec<PathBuf> = fs::read_dir(cases).unwrap().map(|entry| entry.unwrap().path()).collect();
    planted.sort();
    assert!(planted.len() > 20);
    let mut command = groovy("check.groovy");
    command.args(&planted).args(JENKINSFILES.map(|name| file(name).0));
    let output = command.output().expect("scripts/test sees to java");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains(".Jenkinsfile:"), "{said}{}", String::from_utf8_lossy(&output.stderr));
    for case in &planted {
        let text = fs::read_to_string(case).unwrap();
        let expected = text.lines().next().unwrap().strip_prefix("// expect: ").unwrap();
        let name = case.file_name().unwrap().to_str().unwrap();
        let found: Vec<&str> = said.lines().filter(|line| line.starts_with(&format!("{name}:"))).collect();
        assert!(found.iter().any(|line| line.contains(expected)), "{name}: {expected}: {found:?}");
    }
    for name in JENKINSFILES {
        let found: Vec<&str> = said.lines().filter(|line| line.starts_with(&format!("{name}:"))).collect();
        assert!(found.is_empty(), "{found:?}");
    }
}

/// The stand-ins, and lists for the form.
fn stage() -> Night {
    let night = Night::new();
    let lists = "#!/bin/bash\necho \"dev-restore $*\" >>\"$CALLS\"\ncat >/dev/null\ncase $1 in targets) echo dev1 ;; \
                 list) echo app-2.sql.gz; exit ${LIST:-0} ;; refs) printf '%s\\n' main '(none)' v1 ;; status) echo \"$2 is whole\" ;; esac\n";
    fs::write(night.path("dev-restore"), lists).unwrap();
    night
}

/// What the runner says of one build: its own lines.
fn build(
    night: &Night,
    jenkinsfile: &str,
    flags: &[&str],
    variables: &[(&str, &str)],
) -> (Vec<String>, Output) {
    let java = groovy("run.groovy");
    let arguments: Vec<&Path> = java.get_args().map(Path::new).collect();
    let mut command = night.command("java", &arguments, "");
    command
        .arg(file(jenkinsfile).0)
        .arg("--ws")
        .arg(night.path(""))
        .args(flags)
        .envs(variables.iter().copied());
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    (said.lines().filter_map(|line| line.strip_prefix("== ")).map(str::to_owned).collect(), output)
}

#[test]
fn a_good_night_brings_the_form_up_to_date_and_is_green_where_there_is_no_form() {
    let night = stage();
    let (told, _) = build(&night, "nightly.Jenkinsfile", &["--jobs", "db-refresh"], &[("BUILD_TAG", "n-1")]);
    assert!(told.contains(&"began db-refresh UPDATE_CHOICES_ONLY=true".to_owned()), "{told:?}");
    let archived = "archived refreshkit.prom run.json summary.txt".to_owned();
    assert!(told.contains(&archived) && told.contains(&"description ok".to_owned()), "{told:?}");
    let (told, _) = build(&night, "nightly.Jenkinsfile", &[], &[]);
    assert_eq!(told.last().unwrap(), "result SUCCESS", "{told:?}");
}

#[test]
fn a_night_ends_by_baking_on_each_host_with_instances_and_one_that_fails_is_no_lost_night() {
    let bakes = ["--jobs", "db-refresh", "--param", "INSTANCES=host-a  host-b"];
    let night = stage();
    let (told, _) = build(&night, "nightly.Jenkinsfile", &bakes, &[]);
    let hosts: Vec<&String> = told.iter().filter(|line| line.starts_with("on ")).collect();
    assert_eq!(hosts, ["on host-a", "on host-b"], "{told:?}");
    assert_eq!(told.last().unwrap(), "result SUCCESS", "{told:?}");
    let calls = night.calls();
    let at = |wanted: &str| calls.iter().position(|call| call.starts_with(wanted)).unwrap();
    assert!(at("mydump-rotate") < at("dev-restore bake"), "{calls:?}");
    assert_eq!(calls.iter().filter(|call| *call == "dev-restore bake").count(), 2, "{calls:?}");

    let night = stage();
    let fails = "#!/bin/bash\necho \"dev-restore $*\" >>\"$CALLS\"\nexit 73\n";
    fs::write(night.path("dev-restore"), fails).unwrap();
    let (told, output) = build(&night, "nightly.Jenkinsfile", &bakes, &[]);
    assert_eq!(told.last().unwrap(), "result UNSTABLE", "{told:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("nothing was baked on host-a"));
    assert_eq!(
        night.calls().iter().filter(|call| *call == "dev-restore bake").count(),
        2,
        "the next is tried"
    );
    assert!(told.contains(&"began db-refresh UPDATE_CHOICES_ONLY=true".to_owned()), "{told:?}");

    // A night without a dump bakes nothing.
    let night = stage();
    let (told, _) = build(&night, "nightly.Jenkinsfile", &bakes, &[("FAILS", "mydehydrate ")]);
    assert!(!told.iter().any(|line| line.starts_with("on ")), "{told:?}");
}

#[test]
fn a_night_that_fails_is_red_cleans_up_and_archives_what_there_is() {
    let night = stage();
    let fails = [("FAILS", "mydehydrate "), ("SUMMARY", "FAILED in mydehydrate")];
    let (told, _) = build(&night, "nightly.Jenkinsfile", &["--jobs", "db-refresh"], &fails);
    assert_eq!(told.last().unwrap(), "result FAILURE", "{told:?}");
    assert!(told.contains(&"description FAILED in mydehydrate".to_owned()), "{told:?}");
    assert!(!told.iter().any(|line| line.starts_with("began ")), "no new dump, no new list");
    assert_eq!(night.calls().last().unwrap(), "rds-drop --run");
}

#[test]
fn an_abort_of_a_build_ends_its_night_and_post_cleans_up() {
    for moment in ["400", "1500"] {
        let night = stage();
        let slow = "#!/bin/bash\necho \"${0##*/} $*\" >>\"$CALLS\"\ncat >/dev/null\nsleep 30\n";
        for tool in ["rds-snap", "rds-wait"] {
            fs::write(night.path(tool), slow).unwrap();
        }
        let flags = ["--jobs", "db-refresh", "--abort-after", moment];
        let (told, output) = build(&night, "nightly.Jenkinsfile", &flags, &[("BUILD_TAG", "n-1")]);
        assert_eq!(told.last().unwrap(), "result ABORTED", "{}", String::from_utf8_lossy(&output.stdout));
        let calls = night.calls();
        assert_eq!(calls.last().unwrap(), "rds-drop --run", "{calls:?}");
        assert!(!told.iter().any(|line| line.starts_with("began ")), "{told:?}");
    }
}

#[test]
fn the_button_refreshes_takes_back_tells_and_touches_nobody_by_default() {
    let night = stage();
    let press = |flags: &[&str], variables: &[(&str, &str)]| {
        let (told, output) = build(&night, "refresh.Jenkinsfile", flags, variables);
        let result = told.last().unwrap().clone();
        let calls: Vec<String> = night.calls().into_iter().filter(|call| call.contains("--target")).collect();
        (result, calls, told, String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (result, calls, told, _) = press(&[], &[]);
    assert_eq!((result.as_str(), calls.len()), ("result FAILURE", 0), "a press without a choice");
    let form = "form TARGET=(choose)|dev1; ACTION=refresh|only these tables|undo|status; DUMP=latest|app-2.sql.gz; BRANCH=main|(none)|v1; REF=; ";
    assert!(told[0].starts_with(form), "{told:?}");
    assert!(told.iter().any(|line| line.starts_with("description Choose a TARGET")), "{told:?}");

    let (result, calls, _, _) = press(&["--param", "TARGET=dev1", "--user", "alice"], &[]);
    let expected = "dev-restore --target=dev1 --dump=latest --ref=main --wait=10m";
    assert_eq!((result.as_str(), calls), ("result SUCCESS", vec![expected.to_owned()]));

    // Pasted, with a blank.
    let (_, calls, _, _) = press(&["--param", "TARGET=dev1", "--param", "REF= c0ffee1234 "], &[]);
    assert!(calls[0].contains(" --ref=c0ffee1234 "), "{calls:?}");

    let some = ["--param", "TARGET=dev1", "--param", "ACTION=only these tables", "--param", "BRANCH=(none)"];
    let (_, calls, _, _) = press(&[&some[..], &["--param", "TABLES= a,$(touch x)* "]].concat(), &[]);
    assert_eq!(calls, ["dev-restore --target=dev1 --dump=latest --ref= --wait=10m --only=a,$(touch x)*"]);
    let (result, calls, told, _) = press(&some, &[]);
    assert_eq!((result.as_str(), calls.len()), ("result FAILURE", 0), "no table is not all tables");
    assert!(told.iter().any(|line| line.starts_with("description Name the TABLES")), "{told:?}");

    let (_, calls, _, _) = press(&["--param", "TARGET=dev1", "--param", "ACTION=undo"], &[]);
    assert_eq!(calls, ["dev-restore undo --target=dev1 --wait=10m"]);
    let (_, _, told, _) = press(&["--param", "TARGET=dev1", "--param", "ACTION=status"], &[]);
    assert!(told.contains(&"description --target=dev1 is whole".to_owned()), "{told:?}");

    // A dump directory that is not mounted: the form has what is left, and the log says why.
    let (result, _, told, _) = press(&["--param", "UPDATE_CHOICES_ONLY=true"], &[("LIST", "73")]);
    assert!(result == "result SUCCESS" && told[0].contains("DUMP=latest|app-2.sql.gz;"), "{told:?}");
    let (result, _, _, _) = press(&["--param", "TARGET=somebody-elses"], &[]);
    assert_eq!(result, "result REFUSED", "a choice that is not in the list");
}
