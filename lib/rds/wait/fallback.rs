//! Chooses an automated snapshot to restore when the run's own snapshot failed.
//!
//! In: all automated snapshots of the source. Out: the newest usable one, or a sentence on why none is. Pure.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::rds::api::Thing;
use crate::rds::desk::span;
use crate::rds::poll::states::{self, StatusClass};

#[derive(Debug, Clone)]
pub(crate) struct FallbackCriteria {
    /// The moment that ages are counted from.
    pub now: Timestamp,
    /// The greatest acceptable age of the data.
    pub max_age: Duration,
    /// The engine that the snapshot must be of, if that is known.
    pub engine: Option<String>,
}

impl FallbackCriteria {
    /// How old `moment` is; zero for one in the future.
    fn age(&self, moment: Timestamp) -> Duration {
        let age: SignedDuration = self.now.duration_since(moment);
        age.try_into().unwrap_or(Duration::ZERO)
    }

    /// Why data of `moment` is too old; `None` if it is not.
    pub(crate) fn too_old(&self, moment: Option<Timestamp>) -> Option<String> {
        let Some(moment) = moment else { return Some("of unknown age".to_owned()) };
        let age = self.age(moment);
        (age > self.max_age).then(|| format!("{} old, and {} is the most", span(age), span(self.max_age)))
    }
}

/// The newest acceptable snapshot, by creation time: the order of a listing means nothing.
pub(crate) fn choose(snapshots: &[Thing], wish: &FallbackCriteria) -> Result<Thing, String> {
    let usable = |thing: &&Thing| states::class(thing.kind, &thing.status) == StatusClass::Ready;
    let fits = |thing: &&Thing| wish.engine.as_ref().is_none_or(|engine| *engine == thing.engine);
    let newest = snapshots.iter().filter(usable).filter(fits).max_by_key(|thing| thing.created_at);
    match newest {
        None if snapshots.is_empty() => Err("there is no automated snapshot of the source".to_owned()),
        None => Err(format!(
            "none of {} automated snapshots is available and of the same engine",
            snapshots.len()
        )),
        Some(thing) => match wish.too_old(thing.created_at) {
            Some(why) => Err(format!("the newest automated snapshot, {}, is {why}", thing.id)),
            None => Ok(thing.clone()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::ResourceKind;

    fn snapshot(id: &str, status: &str, engine: &str, at: &str) -> Thing {
        Thing {
            status: status.to_owned(),
            engine: engine.to_owned(),
            created_at: at.parse().ok(),
            ..Thing::new(ResourceKind::ClusterSnapshot, id)
        }
    }

    fn wish() -> FallbackCriteria {
        FallbackCriteria {
            now: "2026-11-23T12:00:00Z".parse().unwrap(),
            max_age: Duration::from_hours(36),
            engine: Some("aurora-mysql".to_owned()),
        }
    }

    #[test]
    fn takes_the_newest_available_of_the_same_engine_whatever_the_order() {
        let list = [
            snapshot("old", "available", "aurora-mysql", "2026-11-22T02:00:00Z"),
            snapshot("newest", "available", "aurora-mysql", "2026-11-23T02:00:00Z"),
            snapshot("creating", "creating", "aurora-mysql", "2026-11-23T11:00:00Z"),
            snapshot("postgres", "available", "aurora-postgresql", "2026-11-23T10:00:00Z"),
            snapshot("older", "available", "aurora-mysql", "2026-11-21T02:00:00Z"),
        ];
        assert_eq!(choose(&list, &wish()).unwrap().id, "newest");
    }

    #[test]
    fn says_why_none_is_good_enough() {
        let old = [snapshot("old", "available", "aurora-mysql", "2026-11-20T02:00:00Z")];
        let said = choose(&old, &wish()).unwrap_err();
        assert!(said.contains("old is 3d") || said.contains("82h"), "{said}");
        assert!(choose(&[], &wish()).unwrap_err().contains("there is no automated snapshot"));
        let creating = [snapshot("c", "creating", "aurora-mysql", "2026-11-23T11:00:00Z")];
        assert!(choose(&creating, &wish()).unwrap_err().contains("none of 1"));
    }
}
