//! When to look again, and when to stop: our own poller.
//!
//! ```text
//! loop: look
//!   ready                          -> done
//!   transient, unknown             -> wait (unknown: warn once a status)
//!   terminal                       -> fail
//!   not there, and just created    -> wait up to NEWBORN
//!   throttled, unreachable, …      -> wait: trouble on the way says nothing about the thing
//!   deadline                       -> time out
//! ```
//!
//! In: a clock, a deadline, a way to look and a way to judge. Out: the thing, or why not. The rhythm is 10 s in the
//! first two minutes, then 25 s, after an hour 45 s, each ±20 % so that many runs do not march in step.

pub(super) mod states;

use std::time::{Duration, Instant};

use super::api::Thing;
use crate::aws::{CallFailure, FaultClass};
use crate::document::Interrupted;
use crate::house::Cancel;
use states::StatusClass;

/// How long something that was just created may be unknown to other servers of the service.
pub(super) const NEWBORN: Duration = Duration::from_mins(1);

/// `(from this age on, look every)`.
const RHYTHM: &[(Duration, Duration)] = &[
    (Duration::ZERO, Duration::from_secs(10)),
    (Duration::from_mins(2), Duration::from_secs(25)),
    (Duration::from_hours(1), Duration::from_secs(45)),
];

/// Share by which an interval is made longer or shorter at random.
const JITTER: f64 = 0.2;

/// Time as a poller sees it.
pub(super) trait Clock {
    /// Since some beginning; never goes back.
    fn now(&self) -> Duration;
    /// Sleeps, unless a signal arrives.
    fn sleep(&self, length: Duration) -> Result<(), Interrupted>;
    /// A number in 0..1.
    fn random(&self) -> f64;
    /// The factor on every interval that is not the user's own deadline: 1, less in tests.
    fn pace(&self) -> f64;

    /// Sleeps for a length that belongs to the rhythm.
    fn pause(&self, length: Duration) -> Result<(), Interrupted> {
        self.sleep(length.mul_f64(self.pace()))
    }
}

/// The clock that really tells the time and sleeps.
#[derive(Debug)]
pub(super) struct RealClock {
    start: Instant,
    cancel: Cancel,
    pace: f64,
}

impl RealClock {
    /// Begins now. A cleaning tool hands in a `cancel` of its own.
    pub(super) fn new(cancel: Cancel, pace: f64) -> Self {
        Self { start: Instant::now(), cancel, pace }
    }
}

impl Clock for RealClock {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn sleep(&self, length: Duration) -> Result<(), Interrupted> {
        self.cancel.sleep(length)
    }

    fn random(&self) -> f64 {
        rand::random()
    }

    fn pace(&self) -> f64 {
        self.pace
    }
}

/// How long to wait before the next look, `age` after the first one.
pub(super) fn interval(age: Duration, random: f64) -> Duration {
    let base = RHYTHM.iter().rev().find(|(from, _)| age >= *from).map_or(NEWBORN, |(_, every)| *every);
    base.mul_f64(1.0 - JITTER + 2.0 * JITTER * random)
}

/// What one look at a thing means for whoever waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judgement {
    /// The thing is as it was waited for.
    Ready,
    /// Not yet: look again.
    Wait,
    /// Look again, but somebody should know: the status is unknown.
    Wonder,
    /// Waiting will not help.
    Over,
}

/// Usable or not, by the tables of [`states`].
pub(super) fn usable(thing: &Thing) -> Judgement {
    match states::class(thing.kind, &thing.status) {
        StatusClass::Ready => Judgement::Ready,
        StatusClass::Transient => Judgement::Wait,
        StatusClass::Unknown => Judgement::Wonder,
        StatusClass::Terminal => Judgement::Over,
    }
}

/// What a wait is told on the way.
#[derive(Debug)]
pub(super) enum News<'a> {
    /// The thing was seen.
    Seen(&'a Thing, Judgement),
    /// The look failed, and is repeated.
    Trouble(&'a CallFailure),
    /// It is not there, or not yet.
    Absent,
}

/// How a wait ends badly.
#[derive(Debug)]
pub(super) enum Ended {
    /// Waiting will not help.
    Over(Box<Thing>),
    /// The thing is not there.
    Absent,
    /// The deadline, and the last that was known.
    TimedOut(String),
    /// The service said no.
    Fault(CallFailure),
    /// A signal ended the wait.
    Interrupted(Interrupted),
}

impl From<Interrupted> for Ended {
    fn from(interrupted: Interrupted) -> Self {
        Self::Interrupted(interrupted)
    }
}

/// How long one wait may take, and what its beginning may look like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// How long to wait at most.
    pub timeout: Duration,
    /// The thing was just created: that it is not there means nothing for a minute.
    pub newborn: bool,
}

/// Looks until `judge` is satisfied.
pub(super) fn until(
    clock: &dyn Clock,
    patience: Patience,
    mut look: impl FnMut() -> Result<Option<Thing>, CallFailure>,
    mut judge: impl FnMut(&Thing) -> Judgement,
    mut tell: impl FnMut(News<'_>),
) -> Result<Thing, Ended> {
    let start = clock.now();
    let (mut seen, mut last) = (false, "unknown".to_owned());
    loop {
        let looked = look();
        let age = clock.now().saturating_sub(start);
        match looked {
            Ok(Some(thing)) => {
                let judgement = judge(&thing);
                tell(News::Seen(&thing, judgement));
                match judgement {
                    Judgement::Ready => return Ok(thing),
                    Judgement::Over => return Err(Ended::Over(Box::new(thing))),
                    Judgement::Wait | Judgement::Wonder => {}
                }
                seen = true;
                last = thing.status;
            }
            Ok(None) => {
                tell(News::Absent);
                if seen || !patience.newborn || age > NEWBORN.mul_f64(clock.pace()) {
                    return Err(Ended::Absent);
                }
                "not visible yet".clone_into(&mut last);
            }
            Err(fault) if passes(&fault, seen) => {
                tell(News::Trouble(&fault));
                last = format!("unknown ({fault})");
            }
            Err(fault) => return Err(Ended::Fault(fault)),
        }
        let left = patience.timeout.saturating_sub(age);
        if left.is_zero() {
            return Err(Ended::TimedOut(last));
        }
        let next = interval(age.div_f64(clock.pace()), clock.random()).mul_f64(clock.pace());
        clock.sleep(next.min(left))?;
    }
}

/// Credentials that worked a while ago and do not now are trouble on the way too.
fn passes(fault: &CallFailure, worked_before: bool) -> bool {
    fault.class.passes() || (worked_before && fault.class == FaultClass::NoCredentials)
}

/// Repeats a call for as long as `patience` says of its last fault.
pub(super) fn persist<T>(
    clock: &dyn Clock,
    patience: impl Fn(&CallFailure) -> Duration,
    mut call: impl FnMut() -> Result<T, CallFailure>,
    mut tell: impl FnMut(&CallFailure),
) -> Result<T, Ended> {
    let start = clock.now();
    loop {
        let fault = match call() {
            Ok(value) => return Ok(value),
            Err(fault) => fault,
        };
        let age = clock.now().saturating_sub(start);
        let timeout = patience(&fault);
        if age >= timeout {
            return Err(Ended::Fault(fault));
        }
        tell(&fault);
        let next = interval(age.div_f64(clock.pace()), clock.random()).mul_f64(clock.pace());
        clock.sleep(next.min(timeout.saturating_sub(age)))?;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;
    use crate::document::ResourceKind;

    /// A clock that only moves when somebody sleeps.
    struct FakeClock {
        now: Cell<Duration>,
        random: RefCell<rand::rngs::StdRng>,
        stop_at: Duration,
    }

    impl FakeClock {
        fn new(seed: u64) -> Self {
            let random = RefCell::new(rand::SeedableRng::seed_from_u64(seed));
            Self { now: Cell::default(), random, stop_at: Duration::MAX }
        }
    }

    impl Clock for FakeClock {
        fn now(&self) -> Duration {
            self.now.get()
        }

        fn sleep(&self, length: Duration) -> Result<(), Interrupted> {
            self.now.set(self.now.get() + length);
            if self.now.get() >= self.stop_at { Err(Interrupted { terminated: true }) } else { Ok(()) }
        }

        fn random(&self) -> f64 {
            rand::Rng::random(&mut *self.random.borrow_mut())
        }

        fn pace(&self) -> f64 {
            1.0
        }
    }

    fn cluster(status: &str) -> Thing {
        Thing { status: status.to_owned(), ..Thing::new(ResourceKind::Cluster, "c") }
    }

    fn trouble(class: FaultClass) -> CallFailure {
        CallFailure { call: "DescribeDBClusters", class, code: None, message: "said no".to_owned() }
    }

    const TWO_HOURS: Patience = Patience { timeout: Duration::from_hours(2), newborn: true };

    /// Waits for what `at` answers at each moment; gives the outcome and the moment it was known.
    fn wait(
        clock: &FakeClock,
        patience: Patience,
        at: impl Fn(Duration) -> Result<Option<Thing>, CallFailure>,
    ) -> (Result<Thing, Ended>, Duration) {
        let outcome = until(clock, patience, || at(clock.now()), usable, |_| {});
        (outcome, clock.now())
    }

    #[test]
    fn a_restore_of_twenty_minutes_is_noticed_within_45_seconds_of_readiness_on_average() {
        let mut late = Duration::ZERO;
        let runs = 2_000_u32;
        for seed in 0..runs {
            let ready = Duration::from_mins(20) + Duration::from_millis(u64::from(seed) * 17);
            let (outcome, seen) = wait(&FakeClock::new(seed.into()), TWO_HOURS, |now| {
                Ok(Some(cluster(if now < ready { "creating" } else { "available" })))
            });
            assert!(outcome.is_ok());
            late += seen.saturating_sub(ready);
        }
        let mean = late / runs;
        assert!(mean < Duration::from_secs(45), "{mean:?}");
        assert!(mean < Duration::from_secs(15), "the rhythm is 25 s, so {mean:?} is more than expected");
    }

    #[test]
    fn trouble_on_the_way_never_ends_a_wait() {
        let passing =
            [FaultClass::Throttled, FaultClass::Unreachable, FaultClass::Expired, FaultClass::Provider];
        for class in passing {
            let (outcome, seen) = wait(&FakeClock::new(1), TWO_HOURS, |now| {
                if now < Duration::from_mins(90) {
                    Err(trouble(class))
                } else {
                    Ok(Some(cluster("available")))
                }
            });
            assert!(outcome.is_ok(), "{class:?}");
            assert!(seen < Duration::from_mins(92), "{seen:?}");
        }
        let (outcome, _) = wait(&FakeClock::new(1), TWO_HOURS, |_| Err(trouble(FaultClass::Throttled)));
        assert!(matches!(outcome, Err(Ended::TimedOut(last)) if last.contains("said no")));
    }

    #[test]
    fn a_denial_ends_it_at_once_and_a_terminal_state_too() {
        for class in [FaultClass::Denied, FaultClass::Spent, FaultClass::Clock] {
            let (outcome, seen) = wait(&FakeClock::new(1), TWO_HOURS, |_| Err(trouble(class)));
            assert!(matches!(outcome, Err(Ended::Fault(_))) && seen.is_zero());
        }
        let (outcome, seen) = wait(&FakeClock::new(1), TWO_HOURS, |_| Ok(Some(cluster("migration-failed"))));
        assert!(matches!(outcome, Err(Ended::Over(_))) && seen.is_zero());
    }

    #[test]
    fn what_was_just_created_may_be_invisible_for_a_minute_and_no_longer() {
        let (outcome, _) = wait(&FakeClock::new(1), TWO_HOURS, |now| {
            Ok((now > Duration::from_secs(40)).then(|| cluster("available")))
        });
        assert!(outcome.is_ok());
        let (outcome, seen) = wait(&FakeClock::new(1), TWO_HOURS, |_| Ok(None));
        assert!(matches!(outcome, Err(Ended::Absent)) && seen < Duration::from_secs(75), "{seen:?}");
        let old = Patience { newborn: false, ..TWO_HOURS };
        let (outcome, seen) = wait(&FakeClock::new(1), old, |_| Ok(None));
        assert!(matches!(outcome, Err(Ended::Absent)) && seen.is_zero());
        let (outcome, _) =
            wait(&FakeClock::new(1), TWO_HOURS, |now| Ok(now.is_zero().then(|| cluster("creating"))));
        assert!(matches!(outcome, Err(Ended::Absent)), "it was seen and is gone");
    }

    #[test]
    fn an_unknown_status_is_waited_for_until_the_deadline() {
        let (outcome, seen) = wait(&FakeClock::new(1), TWO_HOURS, |_| Ok(Some(cluster("polishing"))));
        assert!(matches!(outcome, Err(Ended::TimedOut(last)) if last == "polishing"));
        assert!(seen >= TWO_HOURS.timeout && seen < TWO_HOURS.timeout + Duration::from_mins(1), "{seen:?}");
    }

    #[test]
    fn a_signal_ends_it() {
        let clock = FakeClock { stop_at: Duration::from_secs(30), ..FakeClock::new(1) };
        let (outcome, _) = wait(&clock, TWO_HOURS, |_| Ok(Some(cluster("creating"))));
        assert!(matches!(outcome, Err(Ended::Interrupted(_))));
    }

    #[test]
    fn a_busy_call_is_repeated_as_long_as_the_patience_for_it_lasts() {
        let clock = FakeClock::new(1);
        let calls = Cell::new(0);
        let busy = || {
            calls.set(calls.get() + 1);
            if clock.now() < Duration::from_mins(3) { Err(trouble(FaultClass::Busy)) } else { Ok(()) }
        };
        assert!(persist(&clock, |_| Duration::from_mins(5), busy, |_| {}).is_ok());
        assert!(calls.get() < 20, "{}", calls.get());
        let never = persist(&clock, |_| Duration::ZERO, || Err::<(), _>(trouble(FaultClass::Busy)), |_| {});
        assert!(matches!(never, Err(Ended::Fault(_))));
    }
}
