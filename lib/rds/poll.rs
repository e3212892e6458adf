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

use std::time::{Duration, Instant};

use super::api::{Fault, FaultClass, Thing};
use super::states::{self, Class};
use crate::document::Interrupted;
use crate::house::Cancel;

/// How long something that was just created may be unknown to other servers of the service.
const NEWBORN: Duration = Duration::from_mins(1);

/// `(from this age on, look every)`.
const RHYTHM: &[(Duration, Duration)] = &[
    (Duration::ZERO, Duration::from_secs(10)),
    (Duration::from_mins(2), Duration::from_secs(25)),
    (Duration::from_hours(1), Duration::from_secs(45)),
];

/// How much an interval may differ.
const JITTER: f64 = 0.2;

/// Time as a poller sees it.
pub trait Clock {
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

/// The real one.
#[derive(Debug)]
pub struct RealClock {
    start: Instant,
    cancel: Cancel,
    pace: f64,
}

impl RealClock {
    /// Begins now. A cleaning tool hands in a `cancel` of its own.
    pub fn new(cancel: Cancel, pace: f64) -> Self {
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
pub fn interval(age: Duration, random: f64) -> Duration {
    let base = RHYTHM.iter().rev().find(|(from, _)| age >= *from).map_or(NEWBORN, |(_, every)| *every);
    base.mul_f64(1.0 - JITTER + 2.0 * JITTER * random)
}

/// What a look means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// This is what was waited for.
    Ready,
    /// Look again.
    Wait,
    /// Look again, but somebody should know: the status is unknown.
    Wonder,
    /// Waiting will not help.
    Over,
}

/// Usable or not, by the tables of [`states`].
pub fn usable(thing: &Thing) -> Judgement {
    match states::class(thing.kind, &thing.status) {
        Class::Ready => Judgement::Ready,
        Class::Transient => Judgement::Wait,
        Class::Unknown => Judgement::Wonder,
        Class::Terminal => Judgement::Over,
    }
}

/// What a wait is told on the way.
#[derive(Debug)]
pub enum News<'a> {
    /// The thing was seen.
    Seen(&'a Thing, Judgement),
    /// It could not be seen.
    Trouble(&'a Fault),
    /// It is not there, or not yet.
    Absent,
}

/// How a wait ends badly.
#[derive(Debug)]
pub enum Ended {
    /// Waiting will not help.
    Over(Box<Thing>),
    /// It is not there.
    Absent,
    /// The deadline, and the last that was known.
    TimedOut(String),
    /// The service said no.
    Fault(Fault),
    /// A signal.
    Interrupted(Interrupted),
}

impl From<Interrupted> for Ended {
    fn from(interrupted: Interrupted) -> Self {
        Self::Interrupted(interrupted)
    }
}

/// One wait.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// How long at most.
    pub timeout: Duration,
    /// The thing was just created: that it is not there means nothing for a minute.
    pub newborn: bool,
}

/// Looks until `judge` is satisfied.
pub fn until(
    clock: &dyn Clock,
    patience: Patience,
    mut look: impl FnMut() -> Result<Option<Thing>, Fault>,
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
fn passes(fault: &Fault, worked_before: bool) -> bool {
    fault.class.passes() || (worked_before && fault.class == FaultClass::NoCredentials)
}

/// Repeats a call while the trouble is on the way, not in the call. With `busy`, "not in the state for this" counts as
/// such, too.
pub fn persist<T>(
    clock: &dyn Clock,
    timeout: Duration,
    busy: bool,
    mut call: impl FnMut() -> Result<T, Fault>,
    mut tell: impl FnMut(&Fault),
) -> Result<T, Ended> {
    let start = clock.now();
    loop {
        let fault = match call() {
            Ok(value) => return Ok(value),
            Err(fault) => fault,
        };
        let age = clock.now().saturating_sub(start);
        let again = fault.class.passes() || (busy && fault.class == FaultClass::Busy);
        if !again || age >= timeout {
            return Err(Ended::Fault(fault));
        }
        tell(&fault);
        let next = interval(age.div_f64(clock.pace()), clock.random()).mul_f64(clock.pace());
        clock.sleep(next.min(timeout.saturating_sub(age)))?;
    }
}
