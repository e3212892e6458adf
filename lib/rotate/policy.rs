//! The decision. In: a list of dumps, a policy and a time. Out: for each dump keep or remove, and why.
//!
//! ```text
//! keep   every dump of a moment in the future: a clock is or was wrong
//! of the others, whose ages are counted from the newest one's moment:
//! keep   the newest
//!        the first `keep_at_least`
//!        those younger than `keep_days` times 24 hours
//!        the dump that this run has just made
//! remove the rest
//! ```
//!
//! Ages are counted from the newest dump, not from the clock, so a clock that jumps ahead, or a week without a new dump,
//! removes nothing. For a clock that jumps back, every dump is of the future and stays.

use jiff::{SignedDuration, Timestamp};

use crate::archive::is_later;

/// How long dumps stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RetentionPolicy {
    /// Dumps younger than this number times 24 hours stay.
    pub keep_days: u32,
    /// This number of the newest dumps stay, whatever their age.
    pub keep_at_least: u32,
}

/// Whether one dump stays, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decision {
    /// File name of the dump.
    pub file: String,
    /// True if the dump stays; otherwise it is removed.
    pub keep: bool,
    /// The rule that decided, for people.
    pub reason: String,
}

/// Decides on dumps, given as file name and the moment of their data. Returns the decisions newest first.
pub(super) fn decide(
    dumps: &[(String, Timestamp)],
    policy: RetentionPolicy,
    clock: Timestamp,
) -> Vec<Decision> {
    let mut sorted: Vec<_> = dumps.to_vec();
    sorted.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let (later, sorted): (Vec<_>, Vec<_>) = sorted.into_iter().partition(|dump| is_later(dump.1, clock));
    let now = sorted.first().map_or(clock, |newest| newest.1);
    let days = policy.keep_days;
    let longest = SignedDuration::from_hours(i64::from(days) * 24);
    let decide = |(position, (file, as_of)): (usize, (String, Timestamp))| {
        let (keep, reason) = if position == 0 {
            (true, "the newest".to_owned())
        } else if now.duration_since(as_of) < longest {
            (true, format!("younger than {days} days"))
        } else if position < policy.keep_at_least as usize {
            (true, format!("one of the {} newest", policy.keep_at_least))
        } else {
            (false, format!("older than {days} days"))
        };
        Decision { file, keep, reason }
    };
    let wrong = |(file, _)| Decision { file, keep: true, reason: "of a later moment than now".to_owned() };
    later.into_iter().map(wrong).chain(sorted.into_iter().enumerate().map(decide)).collect()
}

/// Keeps the dump `made`, which this run has just made, however old its data is: the next tool of the pipe needs it.
pub(super) fn keep(decisions: &mut [Decision], made: &str) {
    for decision in decisions.iter_mut().filter(|decision| !decision.keep && decision.file == made) {
        decision.keep = true;
        "just made".clone_into(&mut decision.reason);
    }
}

/// Keeps all dumps, since the new one has no rows: more likely its source is wrong than that this was wanted.
pub(super) fn spare(decisions: &mut [Decision]) {
    for decision in decisions.iter_mut().filter(|decision| !decision.keep) {
        decision.keep = true;
        "the new dump has no rows".clone_into(&mut decision.reason);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn dumps(hours: &[i64]) -> Vec<(String, Timestamp)> {
        let at = |hour: &i64| Timestamp::from_second(1_800_000_000 + hour * 3_600).unwrap();
        hours.iter().map(|hour| (format!("app-{hour}"), at(hour))).collect()
    }

    fn kept(
        dumps: &[(String, Timestamp)],
        policy: RetentionPolicy,
        clock: Timestamp,
    ) -> Vec<(String, Timestamp)> {
        let stay: BTreeSet<String> =
            decide(dumps, policy, clock).into_iter().filter(|d| d.keep).map(|d| d.file).collect();
        dumps.iter().filter(|dump| stay.contains(&dump.0)).cloned().collect()
    }

    #[test]
    fn seven_nights_stay_and_the_eighth_goes() {
        let nights: Vec<i64> = (0..10).map(|night| night * 24).collect();
        let list = dumps(&nights);
        let decisions = decide(&list, RetentionPolicy { keep_days: 7, keep_at_least: 3 }, list[9].1);
        let removed: Vec<_> = decisions.iter().filter(|d| !d.keep).map(|d| d.file.as_str()).collect();
        assert_eq!(removed, ["app-48", "app-24", "app-0"]);
        assert_eq!(decisions[0].reason, "the newest");
        assert_eq!(decisions[9].reason, "older than 7 days");
    }

    #[test]
    fn a_clock_that_jumps_ahead_removes_nothing_young() {
        let list = dumps(&[0, 24, 48, 72]);
        let far = Timestamp::from_second(3_000_000_000).unwrap();
        assert_eq!(kept(&list, RetentionPolicy { keep_days: 7, keep_at_least: 1 }, far).len(), 4);
    }

    #[test]
    fn a_dump_from_tomorrow_stays_and_is_not_what_the_others_are_counted_from() {
        let list = dumps(&[0, 24, 48, 100_000]);
        let decisions = decide(&list, RetentionPolicy { keep_days: 1, keep_at_least: 1 }, list[2].1);
        let reasons: Vec<_> = decisions.iter().map(|d| (d.file.as_str(), d.reason.as_str())).collect();
        assert_eq!(
            reasons,
            [
                ("app-100000", "of a later moment than now"),
                ("app-48", "the newest"),
                ("app-24", "older than 1 days"),
                ("app-0", "older than 1 days")
            ]
        );
        // The clock is far behind: every dump stays.
        assert_eq!(
            kept(&list, RetentionPolicy { keep_days: 0, keep_at_least: 0 }, Timestamp::UNIX_EPOCH).len(),
            4
        );
    }

    proptest! {
        #[test]
        fn never_the_newest_never_below_the_minimum_and_the_same_twice(
            hours in prop::collection::btree_set(-100_000i64..100_000, 0..40),
            keep_days in 0u32..400,
            keep_at_least in 0u32..50,
            clock in -200_000i64..200_000,
        ) {
            let list = dumps(&hours.iter().copied().collect::<Vec<_>>());
            let clock = Timestamp::from_second(1_800_000_000 + clock * 3_600).unwrap();
            let policy = RetentionPolicy { keep_days, keep_at_least };
            let first = kept(&list, policy, clock);
            prop_assert!(first.len() >= list.len().min(keep_at_least as usize));
            prop_assert_eq!(first.iter().map(|d| d.1).max(), list.iter().map(|d| d.1).max());
            // Kept ones are newer than removed ones, and a second rotation finds nothing to do.
            let oldest = first.iter().map(|d| d.1).min();
            prop_assert!(list.iter().filter(|d| !first.contains(d)).all(|d| Some(d.1) < oldest));
            prop_assert_eq!(kept(&first, policy, clock), first);
            // A shorter policy keeps a part of what a longer one keeps.
            let longer = kept(&list, RetentionPolicy { keep_days: keep_days + 1, keep_at_least }, clock);
            prop_assert!(kept(&list, policy, clock).iter().all(|d| longer.contains(d)));
        }
    }
}
