//! Checks whether the rules still fit the database.
//!
//! In: a server, `refresh.toml`. Out: a summary, or the first error. No key is collected.

use std::fmt::Write;

use crate::config::toml_once;
use crate::house::House;
use crate::mask::Finding;
use crate::mysql::Session;
use crate::plan::closure::roots;
use crate::plan::error::Error;
use crate::plan::infer::proposals;
use crate::plan::infer::statements::Evidence;
use crate::plan::place::SourceServer;
use crate::plan::rules::blueprint::Blueprint;
use crate::plan::safety::{foresee, guard};

/// Fails on rules, masks and unmasked data that would make a run fail, as far as catalog and samples show.
pub(crate) fn check(house: &House, place: &SourceServer, why: bool, strict: bool) -> Result<String, Error> {
    let mut session = place.connect()?;
    let blueprint = roots::draw(&mut session, &house.config, &place.databases)?;
    guard::masks_parse(&mut session, &blueprint, &house.config)?;
    let warnings = guard::personal_data(house, &mut session, &blueprint)?;
    foreseen(house, &mut session, &blueprint)?;
    if strict {
        reviewed(house, &mut session, &blueprint)?;
    }
    let mut out = String::new();
    if why {
        for (at, table) in blueprint.catalog.tables.iter().enumerate() {
            let class = &blueprint.classes[at];
            let masks =
                blueprint.masks.iter().filter(|(table, _, mask)| *table == at && mask.kind != "keep").count();
            let masked =
                if masks > 0 && blueprint.comes(at) { format!(", {masks} masked") } else { String::new() };
            let name = serde_json::to_value(class.class).unwrap_or_default();
            let _ = writeln!(
                out,
                "{}: {} by {}{masked}",
                table.label(),
                name.as_str().unwrap_or_default(),
                class.why
            );
        }
    }
    let (tables, edges) = (blueprint.catalog.tables.len(), blueprint.edges.len());
    let _ = writeln!(
        out,
        "{tables} tables, {edges} relations, {} masked columns: rules and database go together{}",
        blueprint.masks.iter().filter(|(_, _, mask)| mask.kind != "keep").count(),
        if warnings.is_empty() { String::new() } else { format!(", {} warning(s)", warnings.len()) }
    );
    Ok(out)
}

/// Fails if samples show masked values that break a constraint, or copies that are not masked like their originals.
fn foreseen(house: &House, session: &mut Session, blueprint: &Blueprint) -> Result<(), Error> {
    let changes = foresee::changes(house, session, &house.config, blueprint)?;
    if changes.is_empty() {
        return Ok(());
    }
    let label = |finding: &Finding| {
        let table = &blueprint.catalog.tables[finding.table];
        format!("{}.{} ({})", table.label(), finding.column, finding.evidence)
    };
    let names: Vec<String> = changes.iter().map(label).collect();
    let lines = toml_once(changes.iter().map(|change| change.toml(&blueprint.catalog)).collect());
    Err(Error::Foreseen { count: changes.len(), names: names.join("; "), toml: lines.join("\n") })
}

/// Fails on relations that names and values suggest and that refresh.toml does not declare.
fn reviewed(house: &House, session: &mut Session, blueprint: &Blueprint) -> Result<(), Error> {
    let proposals =
        proposals::proposals(house, session, &blueprint.catalog, &blueprint.edges, &Evidence::default())?;
    let lines = toml_once(proposals.into_iter().filter(|p| p.stands).map(|p| p.text).collect());
    if lines.is_empty() {
        return Ok(());
    }
    let toml = format!(
        "[relations]\n{}\n# one that means nothing: {{ to = \"…\", up = \"never\", down = \"never\" }}",
        lines.join("\n")
    );
    Err(Error::Unreviewed { count: lines.len(), toml })
}
