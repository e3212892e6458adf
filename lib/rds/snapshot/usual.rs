//! How long snapshots usually take. The service gives no duration, but an event at the beginning of a snapshot and one at its
//! end, which it keeps for two weeks.
//!
//! In: the events of all snapshots. Out: the median duration of the similar ones.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::rds::api::RdsEvent;

/// The median duration of the finished snapshots for whose identifier `counts` is true; `None` without any.
pub(crate) fn length(events: &[RdsEvent], counts: impl Fn(&str) -> bool) -> Option<Duration> {
    let mut begun: BTreeMap<&str, Timestamp> = BTreeMap::new();
    let mut lengths = Vec::new();
    for event in events.iter().filter(|event| counts(&event.of)) {
        let Some(at) = event.at else { continue };
        if event.message.starts_with("Creating") {
            begun.insert(&event.of, at);
        } else if event.message.ends_with("snapshot created")
            && let Some(start) = begun.remove(event.of.as_str())
        {
            lengths.extend(Duration::try_from(at.duration_since(start)));
        }
    }
    lengths.sort_unstable();
    lengths.get(lengths.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(of: &str, at: i64, message: &str) -> RdsEvent {
        RdsEvent {
            of: of.to_owned(),
            at: Some(Timestamp::from_second(at).unwrap()),
            message: message.to_owned(),
        }
    }

    fn snapshot(of: &str, begun: i64, length: i64) -> [RdsEvent; 2] {
        [
            event(of, begun, "Creating manual cluster snapshot"),
            event(of, begun + length, "Manual cluster snapshot created"),
        ]
    }

    #[test]
    fn the_median_of_those_that_count_and_were_done() {
        let mut events: Vec<RdsEvent> = [
            snapshot("kit-1", 0, 700),
            snapshot("kit-2", 1_000, 60),
            snapshot("kit-3", 2_000, 600),
            snapshot("other", 3_000, 1),
        ]
        .concat();
        events.push(event("kit-4", 9_000, "Creating manual cluster snapshot"));
        events.push(event("kit-5", 9_000, "Manual cluster snapshot created"));
        let ours = |id: &str| id.starts_with("kit-");
        assert_eq!(length(&events, ours), Some(Duration::from_mins(10)));
        assert_eq!(length(&events, |_| false), None);
    }
}
