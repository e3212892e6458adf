//! The fault rules in force: those for calls, and those for resources on their way to `available`.

pub(super) mod delays;
pub(super) mod language;

use std::time::{Duration, Instant};

use globset::Glob;

use crate::rds_local::state::model::LocalKind;
use language::{CallFault, FaultLimit, FaultRule, PathFault};

#[derive(Debug)]
struct CallRule {
    line: String,
    action: String,
    how: CallFault,
    left: FaultLimit,
    since: Instant,
}

#[derive(Debug)]
struct PathRule {
    line: String,
    kind: LocalKind,
    name: String,
    how: PathFault,
}

#[derive(Debug, Default)]
pub(crate) struct Faults {
    calls: Vec<CallRule>,
    paths: Vec<PathRule>,
}

impl Faults {
    /// Adds a rule; `Clear` removes all rules. Ignores a `Deed`: `control::inject` does that at once.
    pub(crate) fn add(&mut self, line: &str, fault: FaultRule) {
        let line = line.trim().to_owned();
        match fault {
            FaultRule::Clear => *self = Self::default(),
            FaultRule::Call { action, how, quota } => {
                self.calls.push(CallRule { line, action, how, left: quota, since: Instant::now() });
            }
            FaultRule::Path { kind, name, how } => self.paths.push(PathRule { line, kind, name, how }),
            FaultRule::Deed { .. } => {}
        }
    }

    /// Returns the fault of the first rule for this action, and lowers the rule's count by one.
    pub(crate) fn meet(&mut self, action: &str) -> Option<CallFault> {
        self.expire();
        let rule = self.calls.iter_mut().find(|rule| rule.action == "*" || rule.action == action)?;
        if let FaultLimit::Times(times) = &mut rule.left {
            *times -= 1;
        }
        let how = rule.how.clone();
        self.expire();
        Some(how)
    }

    fn expire(&mut self) {
        self.calls.retain(|rule| match rule.left {
            FaultLimit::Times(times) => times > 0,
            FaultLimit::For(length) => rule.since.elapsed() < length,
        });
    }

    /// Returns the state in which the resource ends instead of `available`.
    pub(crate) fn failure(&self, kind: LocalKind, id: &str) -> Option<String> {
        self.on(kind, id).find_map(|how| match how {
            PathFault::Fail(state) => Some(state.clone()),
            _ => None,
        })
    }

    /// True when the resource stays in its present state.
    pub(crate) fn stuck(&self, kind: LocalKind, id: &str) -> bool {
        self.on(kind, id).any(|how| *how == PathFault::Stick)
    }

    /// Returns how much longer the resource takes, by all rules together.
    pub(crate) fn delay(&self, kind: LocalKind, id: &str) -> Duration {
        self.on(kind, id)
            .map(|how| if let PathFault::Delay(time) = how { *time } else { Duration::ZERO })
            .sum()
    }

    /// True when a new master password of the resource never comes into force.
    pub(crate) fn password_never(&self, kind: LocalKind, id: &str) -> bool {
        self.on(kind, id).any(|how| *how == PathFault::PasswordNever)
    }

    /// Returns the time between automated snapshots of the cluster.
    pub(crate) fn automated_every(&self, kind: LocalKind, id: &str) -> Option<Duration> {
        self.on(kind, id).find_map(|how| match how {
            PathFault::AutomatedEvery(time) => Some(*time),
            _ => None,
        })
    }

    fn on<'a>(&'a self, kind: LocalKind, id: &'a str) -> impl Iterator<Item = &'a PathFault> {
        self.paths
            .iter()
            .filter(move |rule| rule.kind == kind && matches(&rule.name, id))
            .map(|rule| &rule.how)
    }

    /// Returns the lines of all rules in force, as they were written.
    pub(crate) fn lines(&mut self) -> Vec<String> {
        self.expire();
        let calls = self.calls.iter().map(|rule| &rule.line);
        calls.chain(self.paths.iter().map(|rule| &rule.line)).cloned().collect()
    }
}

/// True when a name matches a glob such as `night-*`.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    Glob::new(pattern).is_ok_and(|glob| glob.compile_matcher().is_match(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(lines: &[&str]) -> Faults {
        let mut faults = Faults::default();
        for line in lines {
            faults.add(line, FaultRule::parse(line).unwrap());
        }
        faults
    }

    #[test]
    fn a_counted_fault_is_used_up_and_a_timed_one_runs_out() {
        let mut faults = with(&["A: throttle 2", "*: unavailable 30ms"]);
        assert_eq!(faults.meet("A"), Some(CallFault::Throttle));
        assert_eq!(faults.meet("B"), Some(CallFault::Unavailable));
        assert_eq!(faults.meet("A"), Some(CallFault::Throttle));
        std::thread::sleep(Duration::from_millis(40));
        assert_eq!(faults.meet("A"), None);
        assert!(faults.lines().is_empty());
    }

    #[test]
    fn a_resource_meets_what_matches_its_kind_and_name() {
        let faults = with(&[
            "snapshot night-*: fail",
            "snapshot *: delay 2s",
            "snapshot *: delay 1s",
            "cluster x: stick",
        ]);
        assert_eq!(faults.failure(LocalKind::Snapshot, "night-1").as_deref(), Some("failed"));
        assert_eq!(faults.failure(LocalKind::Cluster, "night-1"), None);
        assert_eq!(faults.delay(LocalKind::Snapshot, "other"), Duration::from_secs(3));
        assert!(faults.stuck(LocalKind::Cluster, "x") && !faults.stuck(LocalKind::Instance, "x"));
    }
}
