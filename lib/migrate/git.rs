//! Runs git to look up a reference and export it.
//!
//! In: a repository and a branch, tag or commit. Out: the files of the commit in a directory. No hook runs, git does not prompt,
//! and a name that looks like a flag is refused.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::error::Error;
use crate::house::House;
use crate::mysql::relayed;
use crate::outlet::without_userinfo;

/// How long git may take to list references, and to clone.
const LOOK_UP_TIMEOUT: Duration = Duration::from_secs(60);
const CLONE_TIMEOUT: Duration = Duration::from_secs(15 * 60);

/// The most bytes that are read of git's output: enough for a hundred thousand branches and tags.
const ANSWER_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// The most bytes that are kept of git's stderr.
const SAID_BYTES_MAX: u64 = 256 * 1024;

/// At most so many similar names are suggested.
const NEAR_MAX: usize = 3;

const POLL: Duration = Duration::from_millis(20);

/// Variables that would make git use another repository, or log what it sends.
const NOT_OURS: &[&str] = &[
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_NAMESPACE",
    "GIT_CURL_VERBOSE",
    "GIT_TRACE_CURL",
];

/// The thing to clone: a branch or tag by its name, or a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CloneRequest {
    /// The short name of a branch or tag, which `git clone --branch` takes.
    Name(String),
    /// The beginning of a commit's id. Only the clone shows whether there is such a commit.
    Commit(String),
}

/// All branches and tags: first the branches in order of their names, then the tags, the highest version numbers first.
pub(crate) fn references(house: &House, repository: &str) -> Result<Vec<String>, Error> {
    let arguments = ["ls-remote", "--heads", "--tags", "--sort=-version:refname", "--", repository];
    let said = output(house, &mut git(&arguments), "ls-remote", repository, LOOK_UP_TIMEOUT)?;
    let known = references_of(&said);
    let mut names: Vec<&str> = known.iter().filter_map(|full| full.strip_prefix("refs/heads/")).collect();
    names.reverse();
    names.extend(known.iter().filter_map(|full| full.strip_prefix("refs/tags/")));
    Ok(names.into_iter().map(str::to_owned).collect())
}

/// Finds the branch or tag of exactly that name. If there is none, a name that looks like a commit's id is taken for one.
pub(crate) fn look_up(house: &House, repository: &str, reference: &str) -> Result<CloneRequest, Error> {
    let name = reference.strip_prefix("refs/heads/").or_else(|| reference.strip_prefix("refs/tags/"));
    let name = name.unwrap_or(reference);
    if !is_plausible(name) {
        return Err(Error::NotAReference(shown(reference)));
    }
    let mut command = git(&["ls-remote", "--heads", "--tags", "--", repository]);
    let said = output(house, &mut command, "ls-remote", repository, LOOK_UP_TIMEOUT)?;
    let known = references_of(&said);
    match chosen(&known, reference) {
        RefMatch::One => Ok(CloneRequest::Name(name.to_owned())),
        RefMatch::Two => Err(Error::TwoReferences { repository: shown(repository), name: name.to_owned() }),
        RefMatch::None if is_commit(reference) => Ok(CloneRequest::Commit(reference.to_ascii_lowercase())),
        RefMatch::None => Err(Error::NoSuchReference {
            repository: shown(repository),
            reference: shown(reference),
            near: near(name, &short(&known)),
        }),
    }
}

/// Whether a name stands for one branch or tag.
#[derive(Debug, PartialEq, Eq)]
enum RefMatch {
    None,
    One,
    /// A branch and a tag have the name, and `refs/heads/` was not given: `git clone --branch` would take the branch.
    Two,
}

fn chosen(known: &[&str], reference: &str) -> RefMatch {
    let is = |full: &str| known.contains(&full);
    let both = |name: &str| is(&format!("refs/heads/{name}")) && is(&format!("refs/tags/{name}"));
    if reference.starts_with("refs/heads/") {
        return if is(reference) { RefMatch::One } else { RefMatch::None };
    }
    let name = reference.strip_prefix("refs/tags/");
    let there = match name {
        Some(_) => is(reference),
        None => is(&format!("refs/heads/{reference}")) || is(&format!("refs/tags/{reference}")),
    };
    match there {
        true if both(name.unwrap_or(reference)) => RefMatch::Two,
        true => RefMatch::One,
        false => RefMatch::None,
    }
}

/// True if a text can be the id of a commit or its beginning: 7 to 64 hexadecimal digits.
fn is_commit(text: &str) -> bool {
    (7..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Exports the newest commit of a branch or tag, or the given commit. Returns the commit's id.
pub(crate) fn export(
    house: &House,
    repository: &str,
    found: &CloneRequest,
    directory: &Path,
) -> Result<String, Error> {
    let target = directory.display().to_string();
    match found {
        CloneRequest::Name(name) => {
            let mut command = git(&["clone", "--quiet", "--depth", "1", "--single-branch", "--template="]);
            command.args(["--branch", name, "--", repository, &target]);
            output(house, &mut command, "clone", repository, CLONE_TIMEOUT)?;
        }
        CloneRequest::Commit(commit) => check_out(house, repository, commit, &target)?,
    }
    let mut command = git(&["-C", &target, "rev-parse", "HEAD"]);
    let commit = output(house, &mut command, "rev-parse", repository, LOOK_UP_TIMEOUT)?;
    Ok(commit.trim().to_owned())
}

/// Clones and checks out one commit. Servers need not deliver a single commit by its id, so the whole history is cloned, without
/// the files of other commits if the server supports that.
fn check_out(house: &House, repository: &str, commit: &str, target: &str) -> Result<(), Error> {
    let mut command = git(&["clone", "--quiet", "--no-checkout", "--filter=blob:none", "--template="]);
    command.args(["--", repository, target]);
    output(house, &mut command, "clone", repository, CLONE_TIMEOUT)?;
    let whole = format!("{commit}^{{commit}}");
    let mut command = git(&["-C", target, "rev-parse", "--verify", "--quiet", &whole]);
    let known = output(house, &mut command, "rev-parse", repository, LOOK_UP_TIMEOUT);
    let known = known.map_err(|error| match error {
        Error::Git { .. } => Error::NoSuchCommit { repository: shown(repository), commit: commit.to_owned() },
        other => other,
    })?;
    let mut command = git(&["-C", target, "checkout", "--quiet", "--detach", known.trim()]);
    output(house, &mut command, "checkout", repository, CLONE_TIMEOUT)?;
    Ok(())
}

/// A git command that does not prompt, runs no hook and uses no other repository than it is given. Nothing in a branch can make
/// git run a program: hooks and filters belong to a repository's configuration, which a clone does not copy; submodules are not
/// fetched. Programs that ~/.gitconfig and the environment of this user name (ssh, a credential helper, git-lfs) work as usual.
fn git(arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    for variable in NOT_OURS {
        command.env_remove(variable);
    }
    command
        .env("GIT_TERMINAL_PROMPT", "0")
        .args([
            "-c",
            "core.hooksPath=/dev/null",
            "-c",
            "advice.detachedHead=false",
            "-c",
            "protocol.ext.allow=never",
        ])
        .args(arguments);
    command
}

/// Runs git and returns its stdout; fails with its stderr, or if it takes longer than `timeout`.
fn output(
    house: &House,
    command: &mut Command,
    deed: &'static str,
    repository: &str,
    timeout: Duration,
) -> Result<String, Error> {
    let piped = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().map_err(|source| Error::NoGit { source })?;
    let stdout = collect(child.stdout.take(), ANSWER_BYTES_MAX);
    let stderr = collect(child.stderr.take(), SAID_BYTES_MAX);
    let failed = |said: String| Error::Git { deed, repository: shown(repository), said };
    let deadline = Instant::now() + timeout;
    let status = loop {
        if let Some(status) = child.try_wait().map_err(|source| Error::NoGit { source })? {
            break status;
        }
        let stop = house.cancel.check().map_err(Error::from).and_then(|()| {
            if Instant::now() < deadline {
                Ok(())
            } else {
                Err(failed(format!("no end after {} s", timeout.as_secs())))
            }
        });
        if let Err(e) = stop {
            let _ = child.kill();
            let _ = child.wait();
            return Err(e);
        }
        std::thread::sleep(POLL);
    };
    let text = stdout.join().unwrap_or_default();
    let said = stderr.join().unwrap_or_default();
    if status.success() { Ok(text) } else { Err(failed(last_lines(&said))) }
}

/// Reads a pipe on a thread, up to `most` bytes; then the pipe is closed.
fn collect(pipe: Option<impl Read + Send + 'static>, most: u64) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            let _ = pipe.take(most).read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// A text without passwords in URLs: git's configuration may add one to a URL, and git repeats the URL.
fn shown(text: &str) -> String {
    without_userinfo(text).into_owned()
}

/// The reason in git's stderr, on one line: from the first line with an error or warning at most `LINES_MAX` lines, or else the
/// last three.
fn last_lines(said: &str) -> String {
    const LINES_MAX: usize = 12;
    const WRONG: [&str; 5] = ["fatal:", "error:", "remote:", "ERROR:", "warning:"];
    let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let first = lines.iter().position(|line| WRONG.iter().any(|wrong| line.starts_with(wrong)));
    let from = first.unwrap_or(lines.len().saturating_sub(3));
    relayed(&lines[from..lines.len().min(from + LINES_MAX)].join("; "))
}

/// The folders of a worktree that are submodules: repositories of their own, which are not fetched.
pub(crate) fn submodules(house: &House, repository: &str, directory: &Path) -> Result<Vec<String>, Error> {
    if !directory.join(".gitmodules").is_file() {
        return Ok(Vec::new());
    }
    let mut command = git(&["-C", &directory.display().to_string(), "ls-files", "--stage", "-z"]);
    let said = output(house, &mut command, "ls-files", repository, LOOK_UP_TIMEOUT)?;
    let links = said.split('\0').filter(|entry| entry.starts_with("160000 "));
    Ok(links.filter_map(|entry| Some(entry.split_once('\t')?.1.to_owned())).collect())
}

/// The full names of branches and tags in the output of `git ls-remote`, such as `refs/heads/main`.
fn references_of(said: &str) -> Vec<&str> {
    let full = said.lines().filter_map(|line| line.split('\t').nth(1));
    let ours = |full: &&str| full.starts_with("refs/heads/") || full.starts_with("refs/tags/");
    full.filter(ours).filter(|full| !full.ends_with("^{}")).collect()
}

/// The names without `refs/heads/` or `refs/tags/`, each once.
fn short(references: &[&str]) -> Vec<String> {
    let mut names: Vec<String> =
        references.iter().filter_map(|full| full.splitn(3, '/').nth(2)).map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}

/// True for the name of a branch or tag. Of the rules of `git check-ref-format`, those that exclude flags and revision syntax.
fn is_plausible(name: &str) -> bool {
    let bad = |c: char| c.is_control() || " ~^:?*[\\".contains(c);
    !name.is_empty()
        && !name.starts_with('-')
        && !name.contains(bad)
        && !name.contains("..")
        && !name.contains("@{")
}

/// Usual names of a repository's main branch.
const MAIN_NAMES: [&str; 5] = ["main", "master", "trunk", "develop", "development"];

fn near(name: &str, names: &[String]) -> Vec<String> {
    if MAIN_NAMES.contains(&name.to_lowercase().as_str()) {
        let mains = names.iter().filter(|known| MAIN_NAMES.contains(&known.as_str()));
        return mains.take(NEAR_MAX).cloned().collect();
    }
    let last = |text: &str| text.rsplit('/').next().unwrap_or_default().to_lowercase();
    let mut scored: Vec<(usize, &String)> = names
        .iter()
        .map(|known| {
            let whole = strsim::damerau_levenshtein(&name.to_lowercase(), &known.to_lowercase());
            (if last(known) == last(name) { 0 } else { whole }, known)
        })
        .filter(|(distance, known)| *distance <= 2 + known.chars().count() / 4)
        .collect();
    scored.sort();
    scored.into_iter().take(NEAR_MAX).map(|(_, known)| known.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_names_that_git_would_take_for_something_else() {
        for name in ["--upload-pack=touch /tmp/x", "-b", "", "a..b", "main~1", "HEAD@{1}", "a b", "x:y"] {
            assert!(!is_plausible(name), "{name}");
        }
        assert!(is_plausible("feature/rating-v2"));
    }

    #[test]
    fn what_git_says_is_told_without_userinfo() {
        let said = "Cloning into 'x'...\nfatal: unable to access 'https://u:hunter2@h/x/': no\n";
        assert_eq!(last_lines(said), "fatal: unable to access 'https://***@h/x/': no");
        let long = "fatal: detected dubious ownership in repository at '/x'\nTo add an exception for this directory, call:\n\n\tgit \
                    config --global --add safe.directory /x\nfatal: Could not read from remote repository.\n\nPlease make sure you \
                    have the correct access rights\nand the repository exists.\n";
        let told = last_lines(long);
        assert!(
            told.starts_with("fatal: detected dubious ownership") && told.contains("safe.directory /x"),
            "{told}"
        );
    }

    #[test]
    fn suggests_names_like_the_one_that_is_missing() {
        let names = ["main", "feature/rating-v2", "feature/rates", "v1.0"].map(str::to_owned);
        assert_eq!(near("feature/rating-v3", &names), ["feature/rating-v2"]);
        assert_eq!(near("rating-v2", &names), ["feature/rating-v2"]);
        assert!(near("zzz", &names).is_empty());
        assert_eq!(near("master", &names), ["main"]);
    }

    #[test]
    fn what_git_shows_of_a_commit_may_be_one_and_a_word_is_none() {
        assert!(is_commit("c0ffee1") && is_commit("C0FFEE1") && is_commit(&"a".repeat(40)));
        for none in ["c0ffee", "feature", "deadbeefs", ""] {
            assert!(!is_commit(none), "{none}");
        }
    }

    #[test]
    fn lists_each_tag_once() {
        let said = "a\trefs/heads/main\nb\trefs/tags/v1\nc\trefs/tags/v1^{}\n";
        let known = references_of(said);
        assert_eq!(known, ["refs/heads/main", "refs/tags/v1"]);
        assert_eq!(short(&known), ["main", "v1"]);
    }

    #[test]
    fn a_name_that_a_branch_and_a_tag_have_is_no_guess() {
        let known = ["refs/heads/main", "refs/heads/v1", "refs/tags/v1", "refs/tags/v2"];
        for (reference, choice) in [
            ("main", RefMatch::One),
            ("v2", RefMatch::One),
            ("refs/heads/main", RefMatch::One),
            ("refs/heads/v1", RefMatch::One),
            ("refs/tags/v2", RefMatch::One),
            ("v1", RefMatch::Two),
            ("refs/tags/v1", RefMatch::Two),
            ("refs/tags/main", RefMatch::None),
            ("refs/heads/v2", RefMatch::None),
            ("v3", RefMatch::None),
        ] {
            assert_eq!(chosen(&known, reference), choice, "{reference}");
        }
    }
}
