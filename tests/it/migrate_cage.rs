//! The cage of a branch's command: it learns nothing of the tool that runs it, and nothing of it survives.

use std::os::unix::fs::{PermissionsExt, lchown};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::jenkins;
use crate::restore_place::Place;
use crate::support::{TestServer, for_each_server, path as tool_path, servers};
use refreshkit::mysql::Engine;

/// What the environment of the tool holds.
const SECRETS: [(&str, &str); 3] =
    [("AWS_SECRET_ACCESS_KEY", "qzx-aws-key"), ("MASK_KEY", "qzx-mask-key"), ("CI_TOKEN", "qzx-token")];

/// Reads every environment that it can, says who it is, and leaves processes behind that nobody waits for.
const CURIOUS: &str = "
cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep qzx- | sort -u
env | grep qzx-
echo \"I am $(id -u), $(id -G)\"
(setsid sh -c 'exec sleep SECONDS' >/dev/null 2>&1 &) &
(setsid sh -c '(setsid sleep SECONDS &) &' &)
nohup sleep SECONDS >/dev/null 2>&1 &
WORK
";

/// A number of seconds that only one run sleeps.
fn seconds() -> String {
    format!("30{:05}", rand::random::<u16>())
}

/// How many processes sleep that long.
fn sleepers(seconds: &str) -> usize {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = processes.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines.filter(|line| line.split(|byte| *byte == 0).any(|word| word == seconds.as_bytes())).count()
}

fn place(server: &TestServer, seconds: &str, work: &str, settings: &str) -> Place {
    let source = server.scratch("cage_src");
    source.run("CREATE TABLE people (id INT PRIMARY KEY)");
    let mut place = Place::with_dump_of(&source);
    if server.engine == Engine::MariaDb {
        // The socket of the tests' servers is only for us.
        let login = std::fs::read_to_string(&server.client_cnf).unwrap();
        let login: Vec<&str> = login.lines().filter(|line| !line.starts_with("socket")).collect();
        place.option_file = place.path("login.cnf");
        std::fs::write(&place.option_file, login.join("\n") + "\n").unwrap();
        std::fs::set_permissions(&place.option_file, PermissionsExt::from_mode(0o600)).unwrap();
    }
    let script = CURIOUS.replace("SECONDS", seconds).replace("WORK", work);
    let repository = place.repository("main", &[("up.sh", &script)]);
    place.configure(&format!(
        "[migrations]\nrepository = \"{}\"\ncommand = \"sh up.sh\"\n{settings}",
        repository.display()
    ));
    place
}

fn is_root() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        eprintln!("not tried: only root runs a command as somebody else");
    }
    root
}

#[test]
fn a_branch_learns_nothing_of_the_tool_and_leaves_no_process_behind() {
    for_each_server(|server| {
        let users: &[(&str, &str)] = if is_root() {
            &[("run_as = \"nobody\"\n", "I am 65534, 65534"), ("", "I am 0, ")]
        } else {
            &[("", "I am ")]
        };
        for (settings, who) in users {
            let seconds = seconds();
            // It reads the login that it is handed, and may write where it is.
            let mut work = "touch here \"$HOME/there\" && grep -q ^user \"$MYSQL_DEFAULTS_FILE\"".to_owned();
            let connects = settings.is_empty() || server.engine == Engine::MariaDb;
            if connects {
                work += " && mariadb --defaults-file=\"$MYSQL_DEFAULTS_FILE\" \"$MYSQL_DATABASE\" -e 'CREATE TABLE made (a INT)'";
            }
            let place = place(server, &seconds, &work, settings);
            let mut tool = place.tool(&["--target", "dev3", "--ref", "main"]);
            for (name, value) in SECRETS {
                tool = tool.env(name, value);
            }
            let output = tool.run().exits(0);
            let told = output.document().refresh.unwrap().migrations[0].output.clone().unwrap();
            assert!(told.contains(who), "{told}");
            assert!(!format!("{told}{}{}", output.stderr, output.stdout).contains("qzx-"), "{told}");
            assert_eq!(sleepers(&seconds), 0, "it left processes behind");
            assert_eq!(place.target.run("SHOW TABLES").contains("made"), connects);
            assert_eq!(
                output.stderr.contains("set [migrations] run_as"),
                settings.is_empty(),
                "{}",
                output.stderr
            );
        }
    });
}

#[test]
fn a_kill_of_the_tool_ends_the_branchs_command() {
    if !is_root() {
        return;
    }
    let server = servers().swap_remove(0);
    let seconds = seconds();
    let place = place(&server, &seconds, &format!("sleep {seconds}"), "run_as = \"nobody\"\n");
    let mut child = place.tool(&["--target", "dev3", "--ref", "main"]).spawn();
    until("the command runs", || sleepers(&seconds) >= 3);
    child.kill().unwrap();
    child.wait().unwrap();
    until("nothing of it runs any more", || sleepers(&seconds) == 0);
}

#[test]
fn only_root_can_choose_who_runs_a_command_and_only_somebody_who_is_there() {
    let server = servers().swap_remove(0);
    for (user, told) in [("nobody-of-this-name", "this host has no such user"), ("root", "root is no cage")] {
        let place = place(&server, "1", "true", &format!("run_as = \"{user}\"\n"));
        let output = place.tool(&["--target", "dev3", "--ref", "main"]).run().exits(78);
        assert!(output.stderr.contains(told), "{}", output.stderr);
    }
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(30), "not so: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Makes everything in a directory somebody else's.
fn give(directory: &Path) {
    for entry in walkdir::WalkDir::new(directory) {
        lchown(entry.unwrap().path(), Some(65_534), Some(65_534)).unwrap();
    }
}

/// The step of refresh.Jenkinsfile as a user of its own, and an agent of that user that aborts as Jenkins does: it asks every
/// process to end whose environment names the build, and it can only read the environments that the kernel shows to that user.
#[test]
fn an_agent_that_is_not_root_still_aborts_a_refresh_whose_tool_hides_its_environment() {
    if !is_root() {
        return;
    }
    let server = servers().into_iter().find(|server| server.engine == Engine::MariaDb);
    let Some(server) = server else {
        eprintln!("not tried: the socket of the MySQL of the tests is not for somebody else");
        return;
    };
    let seconds = seconds();
    let work = format!("sleep {seconds}");
    let place = place(&server, &seconds, &work, "");
    let bin = place.path("bin");
    std::fs::create_dir(&bin).unwrap();
    for tool in ["dev-restore", "refresh-report"] {
        std::fs::copy(tool_path(tool), bin.join(tool)).unwrap();
    }
    let step = jenkins::scripts(&jenkins::file("refresh.Jenkinsfile").1);
    let step = step.into_iter().find(|script| script.contains("mkdir -p out")).unwrap();
    std::fs::write(place.path("step"), step).unwrap();
    give(place.directory.path());
    let as_agent = |script: &[&str]| {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"]).args(script);
        command.current_dir(place.directory.path()).stdin(Stdio::null()).stdout(Stdio::null());
        command
    };
    let mut build = as_agent(&["bash", "step"]);
    let path = format!("{}:{}", bin.display(), std::env::var_os("PATH").unwrap().display());
    build
        .env("PATH", path)
        .env("REFRESH_CONFIG", place.path("refresh.toml"))
        .env("HOME", place.directory.path());
    build
        .env("REFRESH_STATE_DIR", place.path("own-state"))
        .env("JENKINS_NODE_COOKIE", format!("qzx-{seconds}"));
    build.envs([("TARGET", "dev3"), ("DUMP", "latest"), ("REF", "main")]).envs(SECRETS);
    let mut build = build.stderr(Stdio::piped()).spawn().unwrap();
    until("the command runs", || sleepers(&seconds) >= 3 || build.try_wait().unwrap().is_some());
    let abort = "for p in /proc/[0-9]*; do if grep -qa \"JENKINS_NODE_COOKIE=qzx-$0\" $p/environ 2>/dev/null; then \
                 kill -TERM ${p#/proc/}; echo ${p#/proc/} >>asked; fi; done";
    as_agent(&["sh", "-c", abort, &seconds]).status().unwrap();
    let output = build.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(143), "{said}");
    let asked = std::fs::read_to_string(place.path("asked")).unwrap();
    assert!(!asked.is_empty() && said.contains("stopped by SIGTERM"), "{asked} {said}");
    assert_eq!(sleepers(&seconds), 0, "{said}");
    let told = std::fs::read_to_string(place.path("out/refresh.json")).unwrap();
    assert!(told.contains("\"interrupted\"") && !told.contains("qzx-mask-key"), "{told}");
}
