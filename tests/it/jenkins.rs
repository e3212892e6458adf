//! The timetable: Jenkinsfiles compiled with the Groovy that Jenkins embeds (2.4), units checked by systemd, and the
//! shell scripts of the night run with tools that only say that they were called.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

pub(crate) fn file(name: &str) -> (PathBuf, String) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("jenkins").join(name);
    let text = std::fs::read_to_string(&path).unwrap();
    (path, text)
}

pub(crate) const JENKINSFILES: [&str; 4] =
    ["nightly.Jenkinsfile", "refresh.Jenkinsfile", "check.Jenkinsfile", "sweep.Jenkinsfile"];

/// The scripts of the `sh` steps, unescaped as Groovy would.
pub(crate) fn scripts(text: &str) -> Vec<String> {
    text.split("script: '''")
        .skip(1)
        .map(|rest| rest.split("'''").next().unwrap().replace("\\\\", "\\"))
        .collect()
}

/// Debian's Groovy, with all that it needs. Its `groovyc` is not asked: it takes Java from `$JAVA_HOME` or from the
/// distribution's default only, and a machine may have another one.
pub(crate) const GROOVY: &str = "/usr/share/java/groovy-all.jar";

fn compile(jenkinsfile: &Path, classes: &Path) -> Output {
    let mut java = Command::new("java");
    java.args(["-cp", GROOVY, "org.codehaus.groovy.tools.FileSystemCompiler", "-d"])
        .arg(classes)
        .arg(jenkinsfile);
    // Some machines have one that leads nowhere. It must not matter.
    java.env("JAVA_HOME", classes.join("no-java-here"));
    java.output().expect("scripts/test sees to java")
}

/// All that a program said: some say what is wrong on stdout.
fn said(output: &Output) -> String {
    let [stdout, stderr] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    format!("{}\n{stdout}{stderr}", output.status)
}

#[test]
fn every_jenkinsfile_compiles_with_the_groovy_of_jenkins() {
    assert!(Path::new(GROOVY).exists(), "{GROOVY} is not here: scripts/test installs it");
    let out = tempfile::tempdir().unwrap();
    for name in JENKINSFILES {
        let output = compile(&file(name).0, out.path());
        assert!(output.status.success(), "{name}: {}", said(&output));
    }
    let broken = out.path().join("broken.Jenkinsfile");
    std::fs::write(&broken, "pipeline { stages { ").unwrap();
    let output = compile(&broken, out.path());
    assert!(!output.status.success() && said(&output).contains("broken.Jenkinsfile"), "{}", said(&output));
}

#[test]
fn every_shell_script_begins_with_bash_and_fails_with_its_pipe() {
    for name in JENKINSFILES {
        for script in scripts(&file(name).1) {
            assert!(script.starts_with("#!/bin/bash\nset -euo pipefail\n"), "{name}:\n{script}");
            let check = Command::new("bash").args(["-n", "-c", &script]).output().unwrap();
            assert!(check.status.success(), "{name}: {}", String::from_utf8_lossy(&check.stderr));
        }
    }
}

#[test]
fn the_night_is_at_two_and_cleans_up_before_anything_else() {
    let (_, text) = file("nightly.Jenkinsfile");
    assert!(text.contains(r"cron('TZ=Etc/UTC\n0 2 * * *')"));
    let post = text.split("post {").nth(1).unwrap();
    let first = scripts(post).into_iter().next().unwrap();
    assert!(first.contains("\nrds-drop --run </dev/null"), "{first}");
    // A clean-up that fails is a failed build, but the report is archived all the same.
    assert!(post.find("catchError(buildResult: 'FAILURE'").unwrap() < post.find("sh label").unwrap());
    assert!(post.find("rds-drop").unwrap() < post.find("archiveArtifacts").unwrap());
}

#[test]
fn no_parameter_is_ever_interpolated_into_a_command_line() {
    for name in JENKINSFILES {
        let (_, text) = file(name);
        for line in text.lines().filter(|line| line.contains("sh ")) {
            assert!(!line.contains("\"\"\"") && !line.contains("${params"), "{name}: {line}");
        }
    }
}

#[test]
fn the_crontab_runs_at_two_and_never_fails_silently() {
    let (_, text) = file("crontab");
    let line = text.lines().find(|line| line.starts_with("0 2 * * *")).unwrap();
    assert!(line.contains("refreshkit-nightly || echo"), "{line}");
    assert!(text.contains("\nREFRESH_STATE_DIR=/var/lib/refreshkit\n"), "root's rds-drop --run looks there");
    for line in [
        "#0 6 * * * refreshkit /usr/local/bin/dev-restore bake ",
        "#@reboot refreshkit /usr/local/bin/dev-restore up ",
    ] {
        let found = text.lines().find(|found| found.starts_with(line)).unwrap();
        assert!(found.contains("|| echo"), "{found}");
    }
    assert!(
        text.ends_with('\n') && !text.contains('%'),
        "cron wants a newline at the end and reads % as one"
    );
}

#[test]
fn the_units_are_what_systemd_understands_and_name_the_run_twice() {
    let (service, text) = file("refreshkit-nightly.service");
    let (clock, times) = file("refreshkit-nightly.timer");
    assert!(times.contains("OnCalendar=*-*-* 02:00:00 UTC\nPersistent=true\n"));
    assert!(text.contains("REFRESH_RUN=nightly-${INVOCATION_ID} "));
    assert!(text.contains("rds-drop --run \"nightly-${INVOCATION_ID}\""));
    // Not on every machine; it looks for the programs, which are not installed here.
    let folder = tempfile::tempdir().unwrap();
    let (failed, _) = file("refreshkit-failed.service");
    assert!(text.contains("\nOnFailure=refreshkit-failed.service\n"));
    for path in [&service, &clock, &failed] {
        let unit =
            fs::read_to_string(path).unwrap().replace("/usr/local/bin/refreshkit-nightly", "/bin/true");
        fs::write(folder.path().join(path.file_name().unwrap()), unit).unwrap();
    }
    let unit = folder.path().join("refreshkit-nightly.timer");
    match Command::new("systemd-analyze").arg("verify").arg(unit).output() {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && !said.contains("refreshkit-"), "{said}");
        }
        Err(e) => eprintln!("not checked by systemd-analyze: {e}"),
    }
}

#[test]
fn the_unit_of_an_instance_is_what_systemd_understands() {
    let (unit, text) = file("refreshkit-instance@.service");
    for line in
        ["ExecStart=/usr/local/bin/dev-restore up %i\n", "Delegate=yes\n", "WantedBy=multi-user.target\n"]
    {
        assert!(text.contains(line), "{line}");
    }
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("refreshkit-instance@dev3.service");
    fs::write(&made, fs::read_to_string(unit).unwrap().replace("/usr/local/bin/dev-restore", "/bin/true"))
        .unwrap();
    match Command::new("systemd-analyze").arg("verify").arg(&made).output() {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && !said.contains("refreshkit-instance"), "{said}");
        }
        Err(e) => eprintln!("not checked by systemd-analyze: {e}"),
    }
}

#[test]
fn who_refreshes_may_start_the_units_of_instances_and_nothing_else() {
    let (rules, text) = file("refreshkit.sudoers");
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    let pattern = lines[0].strip_prefix("refreshkit ALL=(root) NOPASSWD: /usr/bin/systemctl ").unwrap();
    // What sudo makes of it, which is what regcomp(3) makes of it.
    let fits = |arguments: &str| {
        let grep = Command::new("grep")
            .args(["-cE", "--", pattern])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut grep = grep.unwrap();
        std::io::Write::write_all(&mut grep.stdin.take().unwrap(), arguments.as_bytes()).unwrap();
        grep.wait_with_output().unwrap().status.success()
    };
    for good in [
        "enable --now refreshkit-instance@dev3.service",
        "disable --now refreshkit-instance@dev-a.b_c.service",
    ] {
        assert!(fits(good), "{good}");
    }
    for bad in [
        "enable --now refreshkit-nightly.service",
        "enable --now refreshkit-instance@dev3.service ssh.service",
        "enable --now ssh.service refreshkit-instance@dev3.service",
        "enable --now --root=/tmp/x refreshkit-instance@dev3.service",
        "enable --now refreshkit-instance@../x.service",
        "edit --now refreshkit-instance@dev3.service",
        "enable --now refreshkit-instance@dev3xservice",
    ] {
        assert!(!fits(bad), "{bad}");
    }
    match Command::new("visudo").arg("-cqf").arg(rules).output() {
        Ok(output) => assert!(output.status.success(), "{}", said(&output)),
        Err(e) => eprintln!("not checked by visudo: {e}"),
    }
}

#[test]
fn the_unit_may_do_no_more_than_the_night_needs() {
    let (service, text) = file("refreshkit-nightly.service");
    for setting in
        ["NoNewPrivileges=yes", "CapabilityBoundingSet=\n", "ProtectSystem=strict", "ProtectHome=yes"]
    {
        assert!(text.contains(setting), "{setting}");
    }
    // In tenths: 2.0 of 10, where 10 is a service that may do everything.
    let mut judge = Command::new("systemd-analyze");
    match judge.args(["security", "--offline=true", "--threshold=20", "--no-pager"]).arg(service).output() {
        Ok(output) => assert!(output.status.success(), "{}", said(&output)),
        Err(e) => eprintln!("not judged by systemd-analyze: {e}"),
    }
}

/// A folder of tools that write their names and flags into `calls`; the one named `$FAILS` exits with 74.
pub(crate) struct Night(tempfile::TempDir);

impl Night {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tools =
            "rds-snap rds-wait rds-restore mydehydrate mydump-rotate rds-drop refresh-report dev-restore";
        for tool in tools.split(' ') {
            let path = folder.path().join(tool);
            let text = "#!/bin/bash\ntool=${0##*/}\necho \"$tool $*\" >>\"$CALLS\"\ncat >/dev/null\necho '{}'\n\
                        [ \"$tool $1\" != \"$FAILS\" ] || exit ${CODE:-74}\n\
                        while [ $# -gt 0 ]; do case $1 in --archive) echo '{}' >\"$2\" ;; --summary) echo \"${SUMMARY:-ok}\" >\"$2\" ;; \
                        --prometheus) echo 'refreshkit_ok 1' >\"$2\" ;; esac; shift; done\n";
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        std::os::unix::fs::symlink(script("nightly"), folder.path().join("refreshkit-nightly")).unwrap();
        Self(folder)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs a program with the tools first on the path, in the folder.
    pub(crate) fn run(&self, program: &str, arguments: &[&Path], fails: &str) -> Output {
        self.command(program, arguments, fails).output().unwrap()
    }

    pub(crate) fn command(&self, program: &str, arguments: &[&Path], fails: &str) -> Command {
        let path = format!("{}:{}", self.0.path().display(), std::env::var_os("PATH").unwrap().display());
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.0.path())
            .stdin(Stdio::null())
            .env_remove("REFRESH_RUN")
            .env_remove("JENKINS_URL");
        command.env("PATH", path).env("CALLS", self.path("calls")).env("FAILS", fails);
        command.env("REFRESH_STATE_DIR", self.path("state")).env("REFRESH_PROGRESS", "none");
        command.env_remove("BUILD_TAG").env_remove("REFRESH_REPORTS").env("REFRESH_RETRY_AFTER", "0");
        command
    }

    /// What was called since the last look.
    pub(crate) fn calls(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path("calls")).unwrap_or_default();
        let _ = fs::remove_file(self.path("calls"));
        text.lines().map(str::to_owned).collect()
    }
}

pub(crate) fn script(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scripts").join(name)
}

#[test]
fn the_night_begins_with_what_expired_and_ends_with_its_own_run_whatever_fails() {
    let (night, mut runs) = (Night::new(), std::collections::BTreeSet::new());
    for (fails, code) in [("", 0), ("mydump-rotate ", 74), ("rds-drop --expired", 0), ("rds-drop --run", 74)]
    {
        let output = night.run("bash", &[&script("nightly")], fails);
        assert_eq!(output.status.code(), Some(code), "{fails}: {}", String::from_utf8_lossy(&output.stderr));
        let calls = night.calls();
        assert_eq!(calls.len(), 9, "{calls:?}");
        assert_eq!(calls[0], "rds-drop --expired");
        assert!(calls[8].starts_with("rds-drop --run nightly-20"), "{calls:?}");
        // A moment, a host, 32 random bits.
        let run = calls[8].rsplit(' ').next().unwrap();
        let words: Vec<&str> = run.split('-').collect();
        assert!(
            words.len() == 4 && words[3].len() == 8 && words[3].bytes().all(|b| b.is_ascii_hexdigit()),
            "{run}"
        );
        assert!(runs.insert(run.to_owned()), "{run} twice");
        assert!(night.path("state/reports/latest/run.json").exists());
    }
}

#[test]
fn a_night_begins_with_what_the_last_one_could_not_clean_up() {
    let night = Night::new();
    for (fails, first) in [
        ("rds-drop --run", "rds-drop --expired"),
        ("rds-drop --run", "rds-drop --run nightly-20"),
        ("", "rds-drop --run nightly-20"),
        ("", "rds-drop --expired"),
    ] {
        night.run("bash", &[&script("nightly")], fails);
        let calls = night.calls();
        assert!(calls[0].starts_with(first), "{calls:?}");
    }
}

#[test]
fn a_signal_that_only_the_shell_gets_ends_the_night_and_rds_drop_comes_last() {
    let night = Night::new();
    let slow = "#!/bin/bash\necho slow >>\"$CALLS\"\nexec sleep 20\n";
    fs::write(night.path("rds-wait"), slow).unwrap();
    let begun = Instant::now();
    let shell = night.command("bash", &[&script("nightly")], "").spawn().unwrap();
    while !fs::read_to_string(night.path("calls")).is_ok_and(|calls| calls.contains("slow")) {
        assert!(begun.elapsed().as_secs() < 15);
        std::thread::sleep(Duration::from_millis(10));
    }
    kill_process(Pid::from_child(&shell), Signal::TERM).unwrap();
    let output = shell.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(143));
    assert!(begun.elapsed().as_secs() < 15, "it waited for the end of the night");
    assert!(night.calls().pop().unwrap().starts_with("rds-drop --run nightly-20"));
}

#[test]
fn an_abort_that_the_shell_hears_of_late_ends_what_it_has_begun_by_then() {
    let jobs = [
        ("nightly.Jenkinsfile", "rds-drop", "rds-snap"),
        ("refresh.Jenkinsfile", "rm", "dev-restore"),
        ("scripts/nightly", "rds-drop", "rds-snap"),
    ];
    for (job, first, next) in jobs {
        let night = Night::new();
        let mut path = script("nightly");
        if job != "scripts/nightly" {
            path = night.path("step");
            let step = scripts(&file(job).1).remove(0);
            fs::write(&path, step).unwrap();
        }
        // Slow when it is called first.
        let slow = "#!/bin/bash\ntool=${0##*/} seconds=0\n! mkdir \"$0.called\" 2>/dev/null || seconds=20\n\
                    echo \"$tool $$\" >>\"$CALLS\"\ncat >/dev/null\nexec sleep $seconds\n";
        for tool in [first, next] {
            fs::write(night.path(tool), slow).unwrap();
            fs::set_permissions(night.path(tool), fs::Permissions::from_mode(0o755)).unwrap();
        }
        let pid_of = |tool: &str| {
            let calls = fs::read_to_string(night.path("calls")).unwrap_or_default();
            let call = calls.lines().find_map(|line| line.strip_prefix(tool)?.trim().parse().ok());
            call.and_then(Pid::from_raw)
        };
        let mut command = night.command("bash", &[&path], "");
        command.envs([("TARGET", "t"), ("DUMP", "d"), ("REF", "r")]);
        let begun = Instant::now();
        let shell = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let until_called = |tool: &str, limit: Duration| {
            let begun = Instant::now();
            while pid_of(tool).is_none() && begun.elapsed() < limit {
                std::thread::sleep(Duration::from_millis(10));
            }
            pid_of(tool)
        };
        kill_process(until_called(first, Duration::from_secs(15)).unwrap(), Signal::TERM).unwrap();
        // A shell that ends by itself is as good.
        until_called(next, Duration::from_secs(2));
        let _ = kill_process(Pid::from_child(&shell), Signal::TERM);
        let output = shell.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(143), "{job}: {:?}", night.calls());
        assert!(begun.elapsed().as_secs() < 15, "{job}: it waited for the end");
        let next = pid_of(next);
        assert!(
            next.is_none_or(|pid| rustix::process::test_kill_process(pid).is_err()),
            "{job}: left behind"
        );
    }
}

#[test]
fn what_the_night_makes_is_a_state_directory_that_the_tools_take() {
    let night = Night::new();
    let wide = night.path("wide");
    fs::write(&wide, format!("umask 002\nexec bash {}\n", script("nightly").display())).unwrap();
    assert!(night.run("bash", &[&wide], "").status.success());
    assert_eq!(fs::metadata(night.path("state")).unwrap().permissions().mode() & 0o022, 0);
}

#[test]
fn a_second_night_at_the_same_time_is_refused_in_words() {
    let night = Night::new();
    fs::create_dir(night.path("state")).unwrap();
    let output = night.run("flock", &[&night.path("state/.nightly.lock"), &script("nightly")], "");
    assert_eq!(output.status.code(), Some(75));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.starts_with("refreshkit-nightly: another night is still running"), "{said}");
    assert!(!night.path("calls").exists());
}

/// The step of nightly.Jenkinsfile, as a file.
fn step(night: &Night) -> PathBuf {
    let step = night.path("step");
    fs::write(&step, &scripts(&file("nightly.Jenkinsfile").1)[0]).unwrap();
    step
}

#[test]
fn the_step_of_the_jenkins_job_is_the_night_and_fails_with_its_pipe() {
    let night = Night::new();
    let step = step(&night);
    for (fails, code) in [("", 0), ("mydehydrate ", 74), ("rds-drop --expired", 0)] {
        let mut command = night.command("bash", &[&step], fails);
        // printf %s https://jenkins.shop.example/ | sha256sum
        command.env("BUILD_TAG", "jenkins-n-7").env("JENKINS_URL", "https://jenkins.shop.example/");
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{fails}: {}", said(&output));
        let calls = night.calls();
        assert_eq!((calls.len(), calls[0].as_str()), (9, "rds-drop --expired"), "{calls:?}");
        assert_eq!(calls[8], "rds-drop --run jenkins-n-7-5e5437d8", "what the tools call it, too");
    }
    // Nothing of the build before is taken for this one's; the textfile has the time of the last success.
    fs::write(night.path("out/junit.xml"), "of the night before").unwrap();
    night.run("bash", &[&step], "");
    assert!(night.path("out/refreshkit.prom").exists() && night.path("out/run.json").exists());
    assert!(!night.path("out/junit.xml").exists());
}

#[test]
fn a_jenkins_night_begins_with_what_a_lost_agent_left_of_the_one_before() {
    let night = Night::new();
    let step = step(&night);
    for (build, fails, first) in [
        ("lost-1", "rds-drop --run", "rds-drop --expired"),
        ("next-2", "", "rds-drop --run lost-1"),
        ("next-3", "", "rds-drop --expired"),
    ] {
        night.command("bash", &[&step], fails).env("BUILD_TAG", build).output().unwrap();
        assert_eq!(night.calls()[0], first);
    }
}

#[test]
fn what_is_typed_into_a_form_is_a_value_and_never_a_flag_or_a_command() {
    let night = Night::new();
    let step = night.path("step");
    let typed = "--help; touch pwned $(touch pwned)";
    let forms: [(&str, &[&str], String); 2] = [
        (
            "refresh.Jenkinsfile",
            &["TARGET", "DUMP", "REF"],
            format!("dev-restore --target={typed} --dump={typed} --ref={typed} --wait=10m"),
        ),
        ("nightly.Jenkinsfile", &["SNAPSHOT"], format!("rds-snap --snapshot={typed}")),
    ];
    for (name, parameters, expected) in forms {
        let script = scripts(&file(name).1).remove(0);
        fs::write(&step, script).unwrap();
        let given: Vec<PathBuf> = parameters.iter().map(|name| format!("{name}={typed}").into()).collect();
        let mut arguments: Vec<&Path> = given.iter().map(PathBuf::as_path).collect();
        arguments.extend([Path::new("bash"), &step]);
        let output = night.run("env", &arguments, "");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(night.calls().contains(&expected), "{expected}");
        assert!(!night.path("pwned").exists());
    }
}
