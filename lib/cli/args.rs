//! The flags that every tool shares, and the values that depend on flags and environment: the run's id, the `House`.

use std::path::PathBuf;
use std::sync::LazyLock;

use clap::ValueEnum;

use super::role::Role;
use crate::aws;
use crate::config::{self, Config, environment};
use crate::document::{AnyFailure, build_chain, chain, new_chain};
use crate::house::{Cancel, House};
use crate::mask;
use crate::progress::{Progress, Style};

/// The table at the end of every `--help`.
pub const EXIT_STATUS: &str = "\
EXIT STATUS:
    0  done
    2  usage: the flags are wrong
   65  bad input: no document on stdin, a broken dump, a choice that is gone
   69  unavailable: a service said no or is not there
   70  a bug in refreshkit
   73  cannot write: permissions, a full disk
   74  input/output error half-way
   75  temporary, try again: lock held, throttled, timed out waiting
   77  refused by a guard
   78  bad configuration
  130  interrupted (SIGINT)     143  terminated (SIGTERM)

A tool that reads a failed document passes it on and exits with the code of the tool that failed.";

/// The text of `--version`: the version, and the commit if `$REFRESHKIT_COMMIT` was set at the build (`scripts/install` and
/// `scripts/package` set it).
pub fn version() -> &'static str {
    static SAID: LazyLock<String> = LazyLock::new(|| version_of(option_env!("REFRESHKIT_COMMIT")));
    &SAID
}

fn version_of(commit: Option<&str>) -> String {
    let version = env!("CARGO_PKG_VERSION");
    commit
        .filter(|commit| !commit.is_empty())
        .map_or_else(|| version.to_owned(), |commit| format!("{version} ({commit})"))
}

/// Flags of every tool. Last in a tool's arguments: its own come first in the help.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Options of every tool")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that a person may give")]
pub struct Common {
    /// Configuration file [default: $REFRESH_CONFIG, ./refresh.toml, /etc/refreshkit/refresh.toml]
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,

    /// Id of this chain, for the head of it [default: $REFRESH_RUN; $BUILD_TAG with a hash of $JENKINS_URL; made up]
    ///
    /// Without a value (rds-drop --run) it is the id that the environment gives.
    #[arg(long, value_name = "ID", global = true, num_args = 0..=1, default_missing_value = "")]
    pub run: Option<String>,

    /// Say what would be done, and do nothing
    #[arg(long, global = true)]
    pub dry_run: bool,

    /// Directory of journals [default: $REFRESH_STATE_DIR, /var/lib/refreshkit or ~/.local/state/refreshkit]
    #[arg(long, value_name = "DIR", global = true)]
    pub state_dir: Option<PathBuf>,

    /// How progress is shown on stderr [default: bar on a terminal, else text]
    ///
    /// $REFRESH_PROGRESS says the same.
    #[arg(long, value_name = "STYLE", global = true)]
    pub progress: Option<Style>,

    /// Read a document from stdin, print the value at a JSON pointer such as /dump/path, and do nothing else
    #[arg(long, value_name = "POINTER", global = true)]
    pub get: Option<String>,

    /// Write the document on a terminal too, where a person gets a sentence instead
    #[arg(long, global = true)]
    pub json: bool,

    /// Print the JSON Schema of the document and do nothing else
    #[arg(long, global = true)]
    pub schema: bool,

    /// Print the JSON Schema of refresh.toml, for editors, and do nothing else
    #[arg(long, global = true, hide_short_help = true)]
    pub config_schema: bool,
}

impl Common {
    /// The run's id from `--run`, `$REFRESH_RUN` or `$BUILD_TAG`, in this order.
    pub(crate) fn known_run(&self) -> Option<String> {
        let flag = self.run.clone().filter(|run| !run.is_empty());
        flag.or_else(|| environment("REFRESH_RUN"))
            .or_else(|| Some(build_chain(&environment("BUILD_TAG")?, environment("JENKINS_URL").as_deref())))
    }

    /// The run's id if `--run` is given: its value, or without a value the id from the environment.
    pub fn named_run(&self) -> Option<String> {
        self.run.as_ref().and_then(|_| self.known_run())
    }

    /// The style of progress, if `--progress` or `$REFRESH_PROGRESS` names one. An unknown word in the variable is ignored.
    pub(crate) fn style(&self) -> Option<Style> {
        self.progress.or_else(|| Style::from_str(&environment("REFRESH_PROGRESS")?, true).ok())
    }

    /// The run's id, or a new one if neither flag nor environment names one.
    pub(crate) fn run_or_new(&self) -> String {
        self.known_run().unwrap_or_else(new_chain)
    }
}

/// The build that runs the tool (`$BUILD_URL`, set by the build server) and the person who started it (`$REFRESH_USER`, set by
/// the job).
fn asker() -> Option<String> {
    let words = [environment("BUILD_URL"), environment("REFRESH_USER")];
    let known: Vec<String> = words.into_iter().flatten().collect();
    (!known.is_empty()).then(|| known.join(" of "))
}

/// A hint for a `tool` that got no document: what to pipe in, or which flags replace the document.
pub(crate) fn alone(tool: &str) -> &'static str {
    match tool {
        "rds-wait" => "pipe one in, or name what to wait for: rds-wait --snapshot ID",
        "rds-restore" => "pipe one in: rds-snap --snapshot ID | rds-restore",
        "mydehydrate" => "pipe one in, or read a server of refresh.toml: mydehydrate --source",
        "mydump-rotate" => "pipe one in: mydehydrate --source | mydump-rotate",
        "rds-drop" => "pipe one in, or name the run: rds-drop --run ID",
        "rds-local" => "pipe one in, or name the run: rds-local drop --run ID",
        _ => "pipe a document in, or see --help",
    }
}

/// Makes the `House` for a room. A witness gets the default configuration: it must still report when the file is broken. A tool
/// that cleans up goes on with a wrong `[mask]`, which it does not read: resources that stay undeleted cost money.
pub(crate) fn house(
    tool: &'static str,
    common: &Common,
    role: Role,
    cancel: &Cancel,
) -> Result<House, AnyFailure> {
    let progress = Progress::new(tool, common.style());
    let found = if role == Role::Witness { None } else { config::find(common.config.as_deref())? };
    let config = match found {
        Some(path) => match config::load(&path, &mask::vocabulary()) {
            Err(wrong) if role == Role::Finally => match config::load_without_mask(&path) {
                Ok(config) => {
                    progress.warn(&chain(&wrong));
                    config
                }
                Err(_) => return Err(wrong.into()),
            },
            outcome => outcome?,
        },
        None => Config::default(),
    };
    let state_dir = match &common.state_dir {
        Some(named) => named.clone(),
        None => config::state_dir()?,
    };
    let mut house = House::new(tool, config, progress, state_dir);
    house.dry_run = common.dry_run;
    house.owner = environment("REFRESH_OWNER").or_else(|| house.config.snapshot.owner.clone());
    house.asker = asker();
    house.cancel = cancel.clone();
    house.keys = aws::keys(cancel.clone());
    Ok(house)
}

#[cfg(test)]
mod tests {
    use super::version_of;

    #[test]
    fn the_version_names_the_commit_if_whoever_built_it_told() {
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(version_of(Some("c0ffee12")), format!("{version} (c0ffee12)"));
        assert_eq!([version_of(None), version_of(Some(""))], [version, version]);
    }
}
