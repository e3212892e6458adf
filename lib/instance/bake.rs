//! `bake`: makes a template of a dump in every directory of instances.
//!
//! In: a chosen dump, `[targets]`. Out: its templates. Templates whose dumps are gone are removed, and so are expired instances.

use super::error::Error;
use super::home::InstanceHome;
use super::manage::expire;
use super::options::BakeOptions;
use super::target::{InstanceTarget, is_pattern};
use super::template::{rotate, template_of};
use crate::config;
use crate::document::{Document, Done};
use crate::house::House;
use crate::restore::ChosenDump;

/// Loads a dump into a template, for one target or for all.
pub(crate) fn bake(house: &House, document: &mut Document, options: &BakeOptions) -> Result<Done, Error> {
    let dump = ChosenDump::open(house, &options.dump, options.unsigned)?;
    document.dump = Some(dump.section());
    let mut said = Vec::new();
    let mut seen = Vec::new();
    for target in baked_for(house, options)? {
        let program = target.program()?;
        // All targets with the same directory and server program share one template.
        if seen.contains(&(target.root.clone(), program.path.clone())) {
            continue;
        }
        seen.push((target.root.clone(), program.path.clone()));
        if house.dry_run {
            house.progress.say(&format!("would bake {} in {}", dump.section().name, target.root.display()));
            continue;
        }
        let home = InstanceHome::open(&target)?;
        let template = template_of(house, &home, &program, &dump)?;
        rotate(house, &home, &template)?;
        let how = if template.fresh { "baked" } else { "there already" };
        said.push(format!(
            "{} for {} {}: {how}",
            template.facts.dump,
            program.brand.title(),
            program.version
        ));
    }
    expire(house)?;
    Ok(Done::saying(said.join("; ")))
}

fn baked_for(house: &House, options: &BakeOptions) -> Result<Vec<InstanceTarget>, Error> {
    if let Some(name) = &options.target {
        return Ok(vec![InstanceTarget::must(&house.config, name)?]);
    }
    let mut targets = Vec::new();
    for (section, _) in InstanceTarget::sections(&house.config) {
        // For a pattern, takes a made-up name that fits it.
        let name = if is_pattern(section) {
            section.replace(['*', '?'], "x").replace(['[', ']'], "")
        } else {
            section.clone()
        };
        targets.extend(InstanceTarget::of(&house.config, &name)?.filter(|target| target.section == *section));
    }
    if targets.is_empty() {
        return Err(config::Error::Unset { setting: "instance of any [targets.NAME]" }.into());
    }
    Ok(targets)
}
