//! Lengths of time as people write them: `90s`, `36h`, `400d`, `1h 30m`.

use std::borrow::Cow;
use std::time::Duration;

use jiff::{Span, SpanRelativeTo, Unit};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

/// A length of time. Days are 24 hours; months and years are refused, because their length varies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Length(Duration);

impl Length {
    /// A length of whole seconds.
    pub const fn of_seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// Returns the length as a standard duration.
    pub fn duration(self) -> Duration {
        self.0
    }
}

impl std::str::FromStr for Length {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not a length of time such as \"90s\", \"36h\" or \"400d\"");
        let span: Span = text.parse().map_err(|_| wrong())?;
        let seconds = span.total((Unit::Second, SpanRelativeTo::days_are_24_hours())).map_err(|_| wrong())?;
        if seconds < 0.0 { Err(wrong()) } else { Ok(Self(Duration::from_secs_f64(seconds))) }
    }
}

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Length {
    fn schema_name() -> Cow<'static, str> {
        "Length".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "description": "a length of time: 90s, 36h, 400d", "examples": ["36h"]})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_days_as_24_hours_and_refuses_what_varies() {
        assert_eq!("400d".parse(), Ok(Length::of_seconds(400 * 86_400)));
        assert_eq!("1h 30m".parse(), Ok(Length::of_seconds(5_400)));
        for wrong in ["1 month", "", "12", "-3d", "soon"] {
            assert!(wrong.parse::<Length>().is_err(), "{wrong}");
        }
    }
}
