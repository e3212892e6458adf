//! How long resources stay in their states: no longer than the work takes, or long enough for a person or a test to watch.
//!
//! In: `--delays 0.5` (all steps half as long as by default), `--delays snapshot=10,password=60` (seconds). Out: how long each
//! step waits, in addition to the real copying and starting of servers.

use std::str::FromStr;
use std::time::Duration;

/// The steps that can be delayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DelayedStep {
    Snapshot,
    Restore,
    Clone,
    Instance,
    Password,
    Delete,
}

/// The name of each step on the command line, and its default delay in seconds.
const STEPS: &[(DelayedStep, &str, f64)] = &[
    (DelayedStep::Snapshot, "snapshot", 4.0),
    (DelayedStep::Restore, "restore", 5.0),
    (DelayedStep::Clone, "clone", 2.0),
    (DelayedStep::Instance, "instance", 4.0),
    (DelayedStep::Password, "password", 3.0),
    (DelayedStep::Delete, "delete", 2.0),
];

/// The longest delay, and the largest scale, that is accepted: a day in seconds.
const SECONDS_MAX: f64 = 86_400.0;

/// The delay of each step, in seconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Delays {
    seconds: [f64; STEPS.len()],
}

impl Default for Delays {
    fn default() -> Self {
        Self { seconds: std::array::from_fn(|index| STEPS[index].2) }
    }
}

impl Delays {
    pub(crate) fn of(&self, step: DelayedStep) -> Duration {
        let index = STEPS.iter().position(|(known, ..)| *known == step).unwrap_or_default();
        Duration::from_secs_f64(self.seconds[index])
    }
}

impl FromStr for Delays {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut delays = Self::default();
        for part in text.split(',').map(str::trim) {
            let (word, number) =
                part.split_once('=').map_or((None, part), |(word, n)| (Some(word.trim()), n));
            let value = number.trim().parse::<f64>().ok().filter(|n| (0.0..=SECONDS_MAX).contains(n));
            let value = value.ok_or_else(|| format!("{number:?} is not a number of seconds"))?;
            match word {
                None => delays.seconds.iter_mut().for_each(|seconds| *seconds *= value),
                Some(word) => {
                    let index = STEPS.iter().position(|(_, known, _)| *known == word);
                    let index =
                        index.ok_or_else(|| format!("there is no step {word:?}: write {}", words()))?;
                    delays.seconds[index] = value;
                }
            }
        }
        Ok(delays)
    }
}

fn words() -> String {
    STEPS.iter().map(|(_, word, _)| *word).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_and_single_steps_can_be_given() {
        let delays: Delays = "0.5, password=60".parse().unwrap();
        assert_eq!(delays.of(DelayedStep::Snapshot), Duration::from_secs(2));
        assert_eq!(delays.of(DelayedStep::Password), Duration::from_mins(1));
        assert_eq!("0".parse::<Delays>().unwrap().of(DelayedStep::Delete), Duration::ZERO);
        assert!("sleep=1".parse::<Delays>().unwrap_err().contains("snapshot, restore"));
        assert!("-1".parse::<Delays>().is_err());
    }
}
