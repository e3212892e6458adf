//! Shows what a target's database was refreshed from, and whether a refresh was interrupted.
//!
//! In: a target. Out: a few lines, one word, or JSON. With `--repair`, an interrupted refresh is finished or reverted first.

use std::io::Write;

use serde_json::{Value, json};

use super::error::Error;
use super::options::StatusOptions;
use super::swap;
use super::target::DevTarget;
use crate::house::House;
use crate::mysql::Access;
use crate::restore::load::fast;
use crate::restore::swap::lock::{self, Holder};
use crate::restore::swap::state;

/// Writes a target's state to `out`.
pub fn status(house: &House, out: &mut dyn Write, options: &StatusOptions) -> Result<(), Error> {
    let target = DevTarget::of(&house.config, options.target.get(), &Access::of(house, &options.login))?;
    let mut repaired = None;
    if options.repair {
        let mut holder = Holder::take(house, &target, None)?;
        repaired =
            Some(swap::repair(&mut holder, &target)?.unwrap_or_else(|| "nothing to repair".to_owned()));
    }
    let mut session = target.server.connect()?;
    let stage = state::stage(&mut session, &target.previous())?;
    let interrupted = stage == state::Stage::Before;
    let report = Report {
        set_aside: if interrupted { swap::set_aside(&mut session, &target) } else { Vec::new() },
        history: state::history(&mut session, &target.previous())?,
        stage,
        staging: state::exists(&mut session, &target.staging())?,
        // After a repair the lock may be our own: the server may take a moment to release it.
        at_work: !options.repair && lock::is_held(&mut session, &target.database)?,
        redo_off: fast::is_off(&mut session),
        repaired,
    };
    let text = match () {
        () if options.json => report.json(&target).to_string(),
        () if options.plain => report.word().to_owned(),
        () => report.text(&target),
    };
    // A write error is ignored here: `cli/` passes buffered stdout and flushes it itself.
    let _ = writeln!(out, "{text}");
    Ok(())
}

struct Report {
    history: Option<Value>,
    stage: state::Stage,
    /// Whether the staging database is there.
    staging: bool,
    at_work: bool,
    redo_off: bool,
    /// Names of the triggers that an interrupted swap has dropped from the database in use.
    set_aside: Vec<String>,
    repaired: Option<String>,
}

impl Report {
    /// The state of a target in one word, for scripts.
    fn word(&self) -> &'static str {
        match self.stage {
            _ if self.at_work => "refreshing",
            state::Stage::After => "unfinished",
            state::Stage::Before => "interrupted",
            _ if self.staging => "interrupted",
            _ => "whole",
        }
    }

    fn state(&self) -> &'static str {
        match self.word() {
            "interrupted" if !self.set_aside.is_empty() => {
                "a swap was interrupted: the tables are as they were, without triggers that --repair, or the next refresh, puts back"
            }
            "refreshing" => "a refresh is at work; until its swap the database is as it was",
            "unfinished" => "the tables are swapped, the rest is not finished: --repair does it",
            "interrupted" => {
                "whole; a refresh was interrupted: --repair, or the next one, removes what it left"
            }
            whole => whole,
        }
    }

    fn json(&self, target: &DevTarget) -> Value {
        json!({
            "target": target.name, "database": target.database, "server": target.server.label(),
            "state": self.word(), "says": self.state(), "last": self.history, "redo_log": !self.redo_off,
            "triggers_set_aside": self.set_aside, "repaired": self.repaired,
        })
    }

    /// `, only a, b`: the tables of the last swap. Empty if it was the whole database.
    fn only(&self) -> String {
        let only = self.history.as_ref().and_then(|last| last.get("only")).and_then(Value::as_array);
        let only: Vec<&str> = only.into_iter().flatten().filter_map(Value::as_str).collect();
        if only.is_empty() { String::new() } else { format!(", only {}", only.join(", ")) }
    }

    fn text(&self, target: &DevTarget) -> String {
        let mut lines = vec![format!("{}: {} on {}", target.name, target.database, target.server.label())];
        if let Some(done) = &self.repaired {
            lines.push(format!("  repaired  {done}"));
        }
        lines.push(format!("  state     {}", self.state()));
        if !self.set_aside.is_empty() {
            lines.push(format!("  missing   the triggers {}", self.set_aside.join(", ")));
        }
        if self.redo_off {
            let how = "it is on again after --repair, or ALTER INSTANCE ENABLE INNODB REDO_LOG";
            lines.push(format!("  redo log  off, a crash would lose the server's data; {how}"));
        }
        let field =
            |name: &str| self.history.as_ref().and_then(|last| last.get(name)).and_then(Value::as_str);
        match (field("at"), field("dump")) {
            (Some(at), Some(dump)) => {
                let reference = field("ref").map_or(String::new(), |reference| format!(" @ {reference}"));
                lines.push(format!("  refreshed {at} from {dump}{reference}{}", self.only()));
            }
            (Some(at), None) => lines.push(format!("  undone    {at}{}", self.only())),
            _ => lines.push("  never refreshed, or its __previous database is gone".to_owned()),
        }
        lines.join("\n")
    }
}
