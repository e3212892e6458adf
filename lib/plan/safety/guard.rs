//! Checks the masks before a key is collected: the server can parse them, and no column that looks personal is without one.

use super::foresee;
use crate::config::{Config, MaskPolicy, toml_once};
use crate::document::TablePlan;
use crate::house::House;
use crate::mask::{self, Detected, Finding};
use crate::mysql::Session;
use crate::plan::error::Error;
use crate::plan::rules::blueprint::Blueprint;
use crate::plan::rules::classes::cure;

/// At most this many columns are named in the error itself; all of them are in the hint.
const NAMES_MAX: usize = 6;

/// Has the server parse every mask that holds SQL of refresh.toml, without reading a row.
pub(crate) fn masks_parse(
    session: &mut Session,
    blueprint: &Blueprint,
    config: &Config,
) -> Result<(), Error> {
    for (table, column, mask) in blueprint.masks.iter().filter(|(_, _, mask)| mask.written) {
        let table = &blueprint.catalog.tables[table];
        let sql = format!("SELECT {} FROM {} AS t WHERE 1 = 0", mask.expression, table.sql());
        let deed = format!("checking the mask of {}.{column}", table.label());
        session.rows::<mysql::Row>(&deed, &sql).map_err(|source| {
            let line = config.origin.line_of(&["mask", &mask.rule]).unwrap_or(1);
            let place = format!("{}:{line}: {}.{column}", config.origin.path.display(), table.label());
            mask::Error::Expression { column: place, source: Box::new(source) }
        })?;
    }
    Ok(())
}

/// Has the server parse every finished SELECT without reading a row.
pub(crate) fn selects_parse(session: &mut Session, tables: &[TablePlan]) -> Result<(), Error> {
    for table in tables.iter().filter(|table| !table.columns.is_empty()) {
        let deed = format!("checking the SELECT of {}.{}", table.database, table.table);
        session.rows::<mysql::Row>(&deed, &format!("{} LIMIT 0", table.select))?;
    }
    Ok(())
}

/// Columns that look like personal data (`strict`: and all texts) and that `[mask]` does not name.
pub(crate) fn unmasked(
    session: &mut Session,
    blueprint: &Blueprint,
    policy: MaskPolicy,
) -> Result<Detected, Error> {
    let strict = policy == MaskPolicy::Strict;
    Ok(mask::detect(session, &blueprint.catalog, &blueprint.masks, &with_rows(blueprint), strict)?)
}

/// Positions of the tables that can have kept rows.
fn with_rows(blueprint: &Blueprint) -> Vec<usize> {
    (0..blueprint.catalog.tables.len()).filter(|table| blueprint.comes(*table)).collect()
}

/// Refuses unmasked personal data, or warns of it, as `[mask] policy` says. Returns the warnings.
pub(crate) fn personal_data(
    house: &House,
    session: &mut Session,
    blueprint: &Blueprint,
) -> Result<Vec<String>, Error> {
    let policy = house.config.mask.policy;
    let Detected { findings, unread } = unmasked(session, blueprint, policy)?;
    let mut warnings = mask::copies(session, &blueprint.catalog, &blueprint.masks, &with_rows(blueprint))?;
    warnings.extend(unread);
    let label = |finding: &Finding| {
        let table = &blueprint.catalog.tables[finding.table];
        format!("{}.{} ({})", table.label(), finding.column, finding.evidence)
    };
    if findings.is_empty() || policy == MaskPolicy::Warn {
        warnings.extend(findings.iter().map(|f| format!("{} has no mask", label(f))));
        for warning in &warnings {
            house.progress.warn(warning);
        }
        return Ok(warnings);
    }
    for warning in &warnings {
        house.progress.warn(warning);
    }
    let findings = foresee::settled(house, session, (&house.config, blueprint), findings)?;
    let mut names: Vec<String> = findings.iter().take(NAMES_MAX).map(label).collect();
    if findings.len() > NAMES_MAX {
        names.push("…".to_owned());
    }
    let lines: Vec<String> = findings.iter().map(|finding| finding.toml(&blueprint.catalog)).collect();
    // A second `[mask]` header would make refresh.toml invalid.
    let said = house.config.origin.line_of(&["mask"]).is_some();
    let header = if said { "" } else { "[mask]\n" };
    let toml = format!("{header}{}{}", toml_once(lines).join("\n"), cure(&house.config));
    Err(mask::Error::Unmasked { count: findings.len(), names: names.join(", "), toml }.into())
}
