//! When to look at a resource again, and when to stop: our own poller.
//!
//! ```text
//! loop: look
//!   ready                          -> done
//!   transient, unknown             -> wait (unknown: warn once a status)
//!   terminal                       -> fail
//!   not there, and just created    -> wait up to NEWBORN
//!   throttled, unreachable, …      -> wait: a passing fault says nothing about the resource
//!   deadline                       -> time out
//! ```
//!
//! In: a clock, a deadline, a function that looks and one that judges. Out: the resource, or why the wait ended without it.
//! Looks are 10 s apart in the first two minutes, then 25 s, after an hour 45 s, each ±20 % so that parallel runs do not call
//! at the same moments.

pub(super) mod states;

use std::time::{Duration, Instant};

use super::api::Thing;
use crate::aws::{CallFailure, FaultClass};
use crate::document::Interrupted;
use crate::house::Cancel;
use states::StatusClass;

/// How long a resource that was just created may be unknown to some servers of the service.
pub(super) const NEWBORN: Duration = Duration::from_mins(1);

/// `(age of the wait, interval between looks from that age on)`.
const RHYTHM: &[(Duration, Duration)] = &[
    (Duration::ZERO, Duration::from_secs(10)),
    (Duration::from_mins(2), Duration::from_secs(25)),
    (Duration::from_hours(1), Duration::from_secs(45)),
];

/// Share of an interval by which it is made longer or shorter at random.
const JITTER: f64 = 0.2;

/// What tells the time, sleeps and draws random numbers for a poller.
pub(super) trait Clock {
    /// The time since a fixed moment; never goes back.
    fn now(&self) -> Duration;
    fn sleep(&self, length: Duration) -> Result<(), Interrupted>;
    /// A random number in 0..1.
    fn random(&self) -> f64;
    /// The factor on every length of time but the deadlines that a person sets: 1, less in tests.
    fn pace(&self) -> f64;

    /// Sleeps for a length that the pace shortens.
    fn pause(&self, length: Duration) -> Result<(), Interrupted> {
        self.sleep(length.mul_f64(self.pace()))
    }
}

/// The clock of the tools: the real time since its creation.
#[derive(Debug)]
pub(super) struct RealClock {
    start: Instant,
    cancel: Cancel,
    pace: f64,
}

impl RealClock {
    /// A clock that starts now. `cancel` ends a sleep.
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

/// The time between two looks of a wait that began `age` ago.
pub(super) fn interval(age: Duration, random: f64) -> Duration {
    let base = RHYTHM.iter().rev().find(|(from, _)| age >= *from).map_or(NEWBORN, |(_, every)| *every);
    base.mul_f64(1.0 - JITTER + 2.0 * JITTER * random)
}

/// What one look at a resource means for a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judgement {
    /// The resource is ready: the wait is over.
    Ready,
    /// The resource is not ready yet: look again.
    Wait,
    /// The status is unknown: look again, with a warning.
    Wonder,
    /// The resource will never be ready: the wait has failed.
    Over,
}

/// Judges whether a resource is usable, by the tables of [`states`].
pub(super) fn usable(thing: &Thing) -> Judgement {
    match states::class(thing.kind, &thing.status) {
        StatusClass::Ready => Judgement::Ready,
        StatusClass::Transient => Judgement::Wait,
        StatusClass::Unknown => Judgement::Wonder,
        StatusClass::Terminal => Judgement::Over,
    }
}

/// What [`until`] tells its caller after each look.
#[derive(Debug)]
pub(super) enum News<'a> {
    Seen(&'a Thing, Judgement),
    /// The look failed with a passing fault and is repeated.
    Trouble(&'a CallFailure),
    /// The resource is not there, or not visible yet.
    Absent,
}

/// How a wait, or a repeated call, fails.
#[derive(Debug)]
pub(super) enum Ended {
    /// The resource will never be ready.
    Over(Box<Thing>),
    Absent,
    /// The deadline has passed; with the last status that was known.
    TimedOut(String),
    /// A fault that does not pass, or not in time.
    Fault(CallFailure),
    Interrupted(Interrupted),
}

impl From<Interrupted> for Ended {
    fn from(interrupted: Interrupted) -> Self {
        Self::Interrupted(interrupted)
    }
}

/// How long one wait may take, and whether its resource may be invisible at first.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    pub timeout: Duration,
    /// The resource was just created and may be invisible for [`NEWBORN`].
    pub newborn: bool,
}

/// Looks until `judge` says [`Judgement::Ready`] or [`Judgement::Over`], or until the deadline.
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

/// Whether a fault passes. Missing credentials do, too, if a call has worked before.
fn passes(fault: &CallFailure, worked_before: bool) -> bool {
    fault.class.passes() || (worked_before && fault.class == FaultClass::NoCredentials)
}

/// Repeats a failing call for as long as `patience` allows for its last fault.
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

    /// A clock whose time moves only by sleeping.
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

    /// Runs a wait in which a look at each moment answers `at(moment)`; gives the outcome and the moment of its end.
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
