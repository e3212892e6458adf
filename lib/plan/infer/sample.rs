//! A bounded sample of a column's values, looked up in the key that they may refer to.

use crate::catalog::{Column, Family, Table};
use crate::mysql::Session;
use crate::plan::error::Error;
use crate::plan::rules::cast::{self, Cast};

/// So many rows of the child are looked at for values.
const SAMPLE_ROWS: u32 = 20_000;

/// So many different values are looked up in the parent.
const SAMPLE_VALUES: u32 = 2_000;

/// From this share of rows whose value is found, in per cent, a proposal stands…
const FOUND_PERCENT: u64 = 98;

/// … if so many of the different values are found.
const VALUES_FOUND_PERCENT: u64 = 90;

/// Below this share, the names meant nothing: what a name says plainly is worth a look where half of its rows are gone.
const DOUBTFUL_PERCENT: u64 = 60;
const DOUBTFUL_IF_NAMED_PERCENT: u64 = 20;

/// Numbers from 1 that end before a this many times longer key does say nothing.
const LOW_FACTOR: u32 = 20;

/// What a sample of the child's values says.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sample {
    /// Different values in the sample.
    pub(crate) values: u64,
    /// How many of them the parent has.
    pub(crate) found: u64,
    /// Rows with these values.
    rows: u64,
    /// Rows whose value the parent has.
    rows_found: u64,
    /// They are the first few numbers of a much longer key: contained, whatever they mean.
    pub(crate) low: bool,
}

impl Sample {
    /// A few lost parents are usual, each of them another value.
    pub(crate) fn contained(self) -> bool {
        self.rows_found * 100 >= self.rows * FOUND_PERCENT
            && self.found * 100 >= self.values * VALUES_FOUND_PERCENT
    }

    /// Whether it is worth a person's look. `named`: the name says it plainly.
    pub(crate) fn is_worth_a_look(self, named: bool) -> bool {
        let percent = if named { DOUBTFUL_IF_NAMED_PERCENT } else { DOUBTFUL_PERCENT };
        self.found * 100 >= self.values * percent
    }

    pub(crate) fn text(self) -> String {
        match self.values {
            0 => "no values to look up".to_owned(),
            _ => format!("{} of {} sampled values found", self.found, self.values),
        }
    }
}

/// Looks a bounded sample of the child's values up in the parent's key.
pub(crate) fn look_up(
    session: &mut Session,
    (child, parent): (&Table, &Table),
    pairs: &[(&Column, &Column)],
    cast: Option<Cast>,
    condition: Option<&str>,
) -> Result<Sample, Error> {
    let list = |each: &dyn Fn(usize, &(&Column, &Column)) -> String, between: &str| {
        pairs.iter().enumerate().map(|(n, pair)| each(n + 1, pair)).collect::<Vec<_>>().join(between)
    };
    let meant = |value: &str, family: Family| match family {
        Family::Exact => format!("{value} IS NOT NULL AND {value} NOT IN (0, -1)"),
        Family::Text => format!("{value} IS NOT NULL AND {value} NOT IN ('', '0', '-1')"),
        _ => format!("{value} IS NOT NULL"),
    };
    let (from, to) = pairs[0];
    let low = if pairs.len() == 1 && from.integer() && to.integer() {
        let highest = format!("(SELECT MAX({}) FROM {} AS p)", to.of("p"), parent.sql());
        format!("COALESCE(MAX(s.v1) * {LOW_FACTOR} < {highest} AND COUNT(*) * 2 >= MAX(s.v1), 0)")
    } else {
        "0".to_owned()
    };
    let further = condition.map_or(String::new(), |condition| format!(" AND {condition}"));
    let known = to.of("p");
    let sql = format!(
        "SELECT COUNT(*), COUNT({known}), CAST(COALESCE(SUM(s.n), 0) AS UNSIGNED), \
         CAST(COALESCE(SUM(CASE WHEN {known} IS NULL THEN 0 ELSE s.n END), 0) AS UNSIGNED), {low} \
         FROM (SELECT {}, COUNT(*) AS n FROM (SELECT {} FROM {} AS c WHERE {}{further} LIMIT {SAMPLE_ROWS}) AS r \
         GROUP BY {} LIMIT {SAMPLE_VALUES}) AS s LEFT JOIN {} AS p ON {}",
        list(&|n, _| format!("r.v{n}"), ", "),
        list(&|n, (from, to)| format!("{} AS v{n}", cast::value(cast, from, to)), ", "),
        child.sql(),
        list(&|_, (from, _)| meant(&from.of("c"), from.family()), " AND "),
        list(&|n, _| format!("r.v{n}"), ", "),
        parent.sql(),
        list(&|n, (_, to)| format!("{} = s.v{n}", to.of("p")), " AND "),
    );
    let deed = format!("looking up values of {}.{}", child.label(), from.name);
    let answer: Option<(u64, u64, u64, u64, bool)> = session.first(&deed, &sql)?;
    let (values, found, rows, rows_found, low) = answer.unwrap_or_default();
    Ok(Sample { values, found, rows, rows_found, low })
}
