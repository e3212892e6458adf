//! Makes the plan fit a number of rows or bytes: searches for a large share of windows and `at_least` whose closure fits.
//!
//! In: a blueprint, the limit. Out: filled key tables and the share. Each trial collects keys and counts rows. Bisection works
//! because a larger share keeps all that a smaller one keeps.

use super::collect::{Closure, collect, forget};
use super::pool::share_out;
use super::roots::{WHOLE, When};
use super::selects;
use crate::config::RootConfig;
use crate::document::{PlanFit, TablePlan, TargetRoot, TargetUnit};
use crate::house::House;
use crate::mysql::Session;
use crate::plan::error::Error;
use crate::plan::options::Limit;
use crate::plan::rules::blueprint::{Blueprint, RowsFrom};

/// The search ends at a size of this many per cent of the limit.
const NEAR_PERCENT: u64 = 97;

/// The largest share that is tried where the limit leaves room.
const STRETCH_MAX: u64 = 256 * WHOLE;

/// The closure that fits, and the share that it was made with.
#[derive(Debug)]
pub(crate) struct Fitted {
    pub(crate) closure: Closure,
    /// The field `target` of the document.
    pub(crate) target: PlanFit,
}

struct Trial<'a> {
    house: &'a House,
    sessions: &'a mut [Session],
    blueprint: &'a mut Blueprint,
    when: When,
    limit: Limit,
    /// Made by the first trial; later trials only update `rows`.
    tables: Vec<TablePlan>,
    /// What the key tables hold now: the share, its closure and its size.
    last: Option<(u64, Closure, u64)>,
}

/// Fills the key tables with as much as fits. Fails when even a share of 0 is too much.
pub(crate) fn fit(
    house: &House,
    sessions: &mut [Session],
    blueprint: &mut Blueprint,
    when: When,
    limit: Limit,
) -> Result<Fitted, Error> {
    let rules = house.config.dehydrate.root.as_slice();
    if !rules.iter().any(|rule| rule.window.is_some() || rule.at_least > 0) {
        let message = "no root has a window or at_least, so there is nothing to fit".to_owned();
        return Err(house.config.origin.error_at(&["dehydrate", "root"], message, None).into());
    }
    let mut trial = Trial { house, sessions, blueprint, when, limit, tables: Vec::new(), last: None };
    let share = trial.search()?;
    let size = trial.size(share)?;
    let (_, closure, _) = trial.last.expect("just tried");
    let (unit, limit) = match limit {
        Limit::Rows(rows) => (TargetUnit::Rows, rows),
        Limit::Bytes(bytes) => (TargetUnit::Bytes, bytes),
    };
    let target = PlanFit {
        unit,
        limit,
        size,
        share_permille: share * 1000 / WHOLE,
        roots: rules.iter().map(|rule| described(When { share, ..when }.of(rule))).collect(),
        ..PlanFit::default()
    };
    Ok(Fitted { closure, target })
}

impl Trial<'_> {
    fn wanted(&self) -> u64 {
        match self.limit {
            Limit::Rows(limit) | Limit::Bytes(limit) => limit,
        }
    }

    /// The largest share that fits, but for 1/64 or `NEAR_PERCENT`: doubles it while there is room, then bisects.
    fn search(&mut self) -> Result<u64, Error> {
        let (mut fits, mut too_much) = (0, WHOLE);
        let mut size = self.size(WHOLE)?;
        while size <= self.wanted() {
            (fits, too_much) = (too_much, too_much * 2);
            let before = size;
            if self.near(size) || too_much > STRETCH_MAX {
                return Ok(fits);
            }
            size = self.size(too_much)?;
            if size == before {
                return Ok(fits);
            }
        }
        while too_much - fits > 1.max(fits / 64) {
            let middle = fits.midpoint(too_much);
            let size = self.size(middle)?;
            if size > self.wanted() {
                too_much = middle;
                continue;
            }
            fits = middle;
            if self.near(size) {
                break;
            }
        }
        if fits == 0 {
            let least = self.size(0)?;
            if least > self.wanted() {
                return Err(Error::CannotFit { limit: self.text(self.wanted()), least: self.text(least) });
            }
        }
        Ok(fits)
    }

    fn near(&self, size: u64) -> bool {
        u128::from(size) * 100 >= u128::from(self.wanted()) * u128::from(NEAR_PERCENT)
    }

    fn text(&self, size: u64) -> String {
        match self.limit {
            Limit::Rows(_) => format!("{size} rows"),
            Limit::Bytes(_) => indicatif::HumanBytes(size).to_string(),
        }
    }

    /// Collects the keys of a share and returns its size in rows or bytes.
    fn size(&mut self, share: u64) -> Result<u64, Error> {
        if let Some((tried, _, size)) = &self.last
            && *tried == share
        {
            return Ok(*size);
        }
        if self.last.take().is_some() {
            forget(self.sessions, self.blueprint)?;
        }
        let when = When { share, ..self.when };
        let closure = collect(self.house, self.sessions, self.blueprint, &when)?;
        self.count(closure.last_down)?;
        let each = self.tables.iter().map(|table| match self.limit {
            Limit::Rows(_) => table.rows,
            Limit::Bytes(_) => bytes_after(table),
        });
        let size = each.sum();
        self.house.progress.say(&format!(
            "{} of windows and at_least: {}",
            format_args!("{:.1} %", percent(share)),
            self.text(size)
        ));
        self.last = Some((share, closure, size));
        Ok(size)
    }

    fn count(&mut self, last_down: u64) -> Result<(), Error> {
        if self.tables.is_empty() {
            self.tables = selects::all(self.house, self.sessions, self.blueprint, last_down)?;
            return Ok(());
        }
        let blueprint = &*self.blueprint;
        let find = |table: &TablePlan| blueprint.catalog.find(&table.database, &table.table);
        let jobs: Vec<(usize, String, u64)> = self
            .tables
            .iter()
            .map(|table| (find(table).unwrap_or_default(), table.from.clone(), table.rows))
            .collect();
        let rows = share_out(self.sessions, jobs, |session, (at, from, rows)| match blueprint.kept(at) {
            RowsFrom::All => Ok(rows),
            _ => selects::kept(session, blueprint, at, &from),
        })?;
        for (table, rows) in self.tables.iter_mut().zip(rows) {
            table.rows = rows;
        }
        Ok(())
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share to look at")]
fn percent(share: u64) -> f64 {
    share as f64 * 100.0 / WHOLE as f64
}

fn described(rule: RootConfig) -> TargetRoot {
    TargetRoot {
        table: rule.table,
        window_seconds: rule.window.map(|window| window.duration().as_secs()),
        at_least: rule.at_least,
        ..TargetRoot::default()
    }
}

/// Bytes of a table's kept rows, in proportion to their number.
pub fn bytes_after(plan: &TablePlan) -> u64 {
    let share = u128::from(plan.bytes_before) * u128::from(plan.rows) / u128::from(plan.rows_before.max(1));
    u64::try_from(share).unwrap_or(plan.bytes_before)
}
