//! The language of faults: one fault a line, from a file, the command line or a POST to `/faults`.
//!
//! ```text
//! ACTION: throttle N | throttle 90s | unavailable N | lose N | drop N | slow 5s | error CODE [HTTP]     (ACTION may be *)
//! KIND NAME: fail [STATE] | stick | delay 30s | state STATE [20s] | state - | backing-up 20s
//!            (KIND: cluster instance snapshot; NAME may hold *)
//! cluster NAME (or instance NAME, a plain one): password never | protect | replica-of ARN
//!            | automated [3h] | automated every 60s | snapshots 250
//! clear
//! ```
//!
//! `password never` leaves the cluster in `resetting-master-credentials`, in which it cannot be deleted, until `clear`.
//!
//! In: a line. Out: a [`FaultRule`], or a sentence that says what is wrong with the line.

use std::time::Duration;

use crate::rds_local::state::model::LocalKind;

/// One parsed line of the language.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum FaultRule {
    /// Removes all rules that are in force.
    Clear,
    /// Calls of an action (or of all, `*`) go wrong, for a count or a time.
    Call { action: String, how: CallFault, quota: FaultLimit },
    /// Present and future resources go wrong on their way to `available`.
    Path { kind: LocalKind, name: String, how: PathFault },
    /// Something is done at once, to resources that exist.
    Deed { kind: LocalKind, name: String, deed: FaultAction },
}

/// How many calls a rule is for, or how long it holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum FaultLimit {
    /// For this many calls.
    Times(u32),
    /// For this long, from the moment when the rule is added.
    For(Duration),
}

/// What a fault does to a call.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum CallFault {
    /// The answer is `Throttling`, HTTP status 400.
    Throttle,
    /// The answer is `ServiceUnavailable`, HTTP status 503.
    Unavailable,
    /// The call is done, but its answer is lost: the connection closes.
    Lose,
    /// The call is not done: the connection closes.
    Drop,
    /// The call is done after this time.
    Slow(Duration),
    /// The answer is this error code and HTTP status.
    Error { code: String, http: u16 },
}

/// What a fault does to a resource on its way to `available`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum PathFault {
    /// The resource ends in this state instead of `available`.
    Fail(String),
    /// The resource stays in its present state.
    Stick,
    /// The resource takes this much longer.
    Delay(Duration),
    /// A new master password never comes into force.
    PasswordNever,
    /// The cluster gets an automated snapshot at this interval.
    AutomatedEvery(Duration),
}

/// What a fault does to a resource at once.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum FaultAction {
    /// Shows a state, for a time or until `state -`. No state: shows the real one again.
    State(Option<String>, Option<Duration>),
    /// Turns deletion protection on.
    Protect,
    /// Makes the cluster a replica of the source with this ARN.
    ReplicaOf(String),
    /// Takes an automated snapshot, dated this long ago.
    Automated(Duration),
    /// Makes this many records of manual snapshots without data.
    Snapshots(u32),
}

impl FaultRule {
    /// Parses one line of the language. Fails with a sentence about what is wrong.
    pub(crate) fn parse(line: &str) -> Result<Self, String> {
        if line.trim() == "clear" {
            return Ok(Self::Clear);
        }
        let (subject, rest) = line
            .split_once(": ")
            .ok_or_else(|| format!("{line:?} is not SUBJECT: WHAT (see rds-local fault --help)"))?;
        let subject: Vec<&str> = subject.split_whitespace().collect();
        let words: Vec<&str> = rest.split_whitespace().collect();
        match subject.as_slice() {
            [action] => call(action, &words),
            [kind, name] => of_resource(kind_of(kind)?, &name.to_lowercase(), &words),
            _ => Err(format!("{:?} is neither an action nor a kind with a name", subject.join(" "))),
        }
    }
}

fn kind_of(word: &str) -> Result<LocalKind, String> {
    [LocalKind::Cluster, LocalKind::Instance, LocalKind::Snapshot]
        .into_iter()
        .find(|kind| kind.word() == word)
        .ok_or_else(|| format!("{word:?} is not cluster, instance or snapshot"))
}

fn call(action: &str, words: &[&str]) -> Result<FaultRule, String> {
    let (how, quota) = match words {
        ["throttle", rest @ ..] => (CallFault::Throttle, quota(rest)?),
        ["unavailable", rest @ ..] => (CallFault::Unavailable, quota(rest)?),
        ["lose", rest @ ..] => (CallFault::Lose, quota(rest)?),
        ["drop", rest @ ..] => (CallFault::Drop, quota(rest)?),
        ["slow", time, rest @ ..] => (CallFault::Slow(duration(time)?), quota(rest)?),
        ["error", code, rest @ ..] => {
            let (http, rest) = match rest {
                [http, rest @ ..] if http.len() == 3 && http.starts_with(['4', '5']) => (*http, rest),
                _ => ("400", rest),
            };
            let http = http.parse().map_err(|_| format!("{http:?} is not an HTTP status"))?;
            (CallFault::Error { code: (*code).to_owned(), http }, quota(rest)?)
        }
        _ => return Err(format!("{:?} is nothing that can be done to a call", words.join(" "))),
    };
    Ok(FaultRule::Call { action: action.to_owned(), how, quota })
}

/// Parses a count (`3`) or a time (`90s`); no word means one call.
fn quota(words: &[&str]) -> Result<FaultLimit, String> {
    match words {
        [] => Ok(FaultLimit::Times(1)),
        [word] => match word.parse() {
            Ok(times) => Ok(FaultLimit::Times(times)),
            Err(_) => duration(word).map(FaultLimit::For),
        },
        _ => Err(format!("too many words: {:?}", words.join(" "))),
    }
}

fn of_resource(kind: LocalKind, name: &str, words: &[&str]) -> Result<FaultRule, String> {
    let path = |how| Ok(FaultRule::Path { kind, name: name.to_owned(), how });
    let deed = |deed| Ok(FaultRule::Deed { kind, name: name.to_owned(), deed });
    let whole = kind != LocalKind::Snapshot;
    match words {
        ["fail"] => path(PathFault::Fail("failed".to_owned())),
        ["fail", state] => path(PathFault::Fail((*state).to_owned())),
        ["stick"] => path(PathFault::Stick),
        ["delay", time] => path(PathFault::Delay(duration(time)?)),
        ["state", "-"] => deed(FaultAction::State(None, None)),
        ["state", state] => deed(FaultAction::State(Some((*state).to_owned()), None)),
        ["state", state, time] => deed(FaultAction::State(Some((*state).to_owned()), Some(duration(time)?))),
        ["backing-up", time] if whole => {
            deed(FaultAction::State(Some("backing-up".to_owned()), Some(duration(time)?)))
        }
        ["password", "never"] if whole => path(PathFault::PasswordNever),
        ["protect"] if whole => deed(FaultAction::Protect),
        ["replica-of", arn] if whole => deed(FaultAction::ReplicaOf((*arn).to_owned())),
        ["automated"] if whole => deed(FaultAction::Automated(Duration::ZERO)),
        ["automated", "every", time] if whole => path(PathFault::AutomatedEvery(duration(time)?)),
        ["automated", age] if whole => deed(FaultAction::Automated(duration(age)?)),
        ["snapshots", count] if whole => match count.parse() {
            Ok(count @ 1..=10_000) => deed(FaultAction::Snapshots(count)),
            _ => Err(format!("{count:?} is not a number of snapshots up to 10000")),
        },
        _ => Err(format!("{:?} is nothing that can be done to a {}", words.join(" "), kind.word())),
    }
}

/// Parses a length of time: `500ms`, `20s`, `5m`, `3h`, `2d`.
fn duration(text: &str) -> Result<Duration, String> {
    let split = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let milliseconds = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(format!("{text:?} is not a length of time such as 500ms, 20s, 5m, 3h or 2d")),
    };
    let number: u64 = number.parse().map_err(|_| format!("{text:?} does not begin with a whole number"))?;
    Ok(Duration::from_millis(number.saturating_mul(milliseconds)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_the_help_is_read() {
        for line in [
            "CreateDBClusterSnapshot: throttle 3",
            "*: throttle 90s",
            "*: unavailable",
            "CreateDBInstance: lose 1",
            "CreateDBInstance: drop 2",
            "DescribeDBClusters: slow 5s 2",
            "CreateDBInstance: error InsufficientDBInstanceCapacity 400 1",
            "snapshot night-*: fail",
            "cluster x: fail incompatible-restore",
            "instance x: stick",
            "snapshot *: delay 30s",
            "cluster prod: state maintenance 20s",
            "cluster prod: state -",
            "cluster *: password never",
            "cluster prod: backing-up 20s",
            "cluster prod: protect",
            "cluster prod: replica-of arn:aws:rds:x",
            "cluster prod: automated 3h",
            "cluster prod: automated every 60s",
            "cluster prod: snapshots 250",
            "clear",
        ] {
            FaultRule::parse(line).unwrap();
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (line, word) in [
            ("throttle", "SUBJECT: WHAT"),
            ("X: explode", "explode"),
            ("table x: fail", "table"),
            ("snapshot x: password never", "snapshot"),
            ("cluster x: delay 3", "500ms"),
        ] {
            let message = FaultRule::parse(line).unwrap_err();
            assert!(message.contains(word), "{message}");
        }
    }
}
