//! Lists what there is to choose from, for people, scripts and build servers: dumps, targets, branches and tags.
//!
//! In: the dump directory, `[targets]`, the repository of `[migrations]`. Out: a table, one name a line, or JSON. `--plain`
//! always has at least one line: a build server's list of choices must not be empty.

use std::io::Write;

use serde_json::{Value, json};

use super::error::Error;
use super::options::{DumpListOptions, RefsOptions, TargetsOptions};
use crate::archive::{self, DumpCandidate, Purpose, Trust};
use crate::config::TargetConfig;
use crate::document::Failure;
use crate::house::House;
use crate::migrate::Checkout;

/// The output of `--plain` for an empty list.
const NONE: &str = "none\n";

/// Writes the dumps of the dump directory, newest first.
pub fn list(house: &House, out: &mut dyn Write, options: &DumpListOptions) -> Result<(), Error> {
    let directory = archive::directory(&house.config, None, Purpose::Reading)?;
    let found = archive::candidates(&directory, None)?;
    let trust = Trust::of(&house.config);
    let text = if options.plain {
        plain(found.iter().map(|found| found.file.as_str()))
    } else if options.json {
        format!("{:#}\n", Value::Array(found.iter().map(|found| as_json(found, trust)).collect()))
    } else {
        table(&found, trust)
    };
    // A write error is ignored here: `cli/` passes buffered stdout and flushes it itself.
    let _ = out.write_all(text.as_bytes());
    Ok(())
}

fn plain<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    if names.is_empty() { NONE.to_owned() } else { names.join("\n") + "\n" }
}

/// Describes one dump. A file that cannot be used is listed too, with its error: somebody may look for it.
fn as_json(candidate: &DumpCandidate, trust: Trust<'_>) -> Value {
    // Scripts pass this `name` to `--dump`.
    candidate
        .read(trust)
        .map_or_else(|e| candidate.json(&candidate.file, &e), |dump| dump.json(&candidate.file))
}

fn table(found: &[DumpCandidate], trust: Trust<'_>) -> String {
    let line = |found: &DumpCandidate| {
        let size = indicatif::HumanBytes(found.bytes).to_string();
        match found.read(trust) {
            Ok(dump) => {
                let rows = indicatif::HumanCount(dump.rows).to_string();
                format!("{:<40}  {:<20}  {rows:>9}  {size:>9}\n", found.file, format!("{:.0}", found.as_of))
            }
            Err(e) => format!("{:<40}  not usable: {}\n", found.file, e.code()),
        }
    };
    let head = format!("{:<40}  {:<20}  {:>9}  {:>9}\n", "DUMP", "DATA OF", "ROWS", "SIZE");
    std::iter::once(head).chain(found.iter().map(line)).collect()
}

/// The choice that stands for no branch. A build job turns it into an empty `--ref`.
const NO_BRANCH: &str = "(none)";

/// Writes the branches and tags whose migrations may run.
pub fn refs(house: &House, out: &mut dyn Write, options: &RefsOptions) -> Result<(), Error> {
    let known = Checkout::references::<Error>(house)?;
    let default = house.config.migrations.as_ref().and_then(|settings| settings.default_ref.as_deref());
    let _ = out.write_all(ref_lines(known, default, options).as_bytes());
    Ok(())
}

fn ref_lines(known: Vec<String>, default: Option<&str>, options: &RefsOptions) -> String {
    let rest = known.into_iter().filter(|name| Some(name.as_str()) != default);
    let mut names: Vec<String> = default.iter().map(|name| (*name).to_owned()).collect();
    if options.plain {
        names.push(NO_BRANCH.to_owned());
    }
    names.extend(rest);
    names.truncate(options.limit.max(1));
    names.into_iter().map(|name| name + "\n").collect()
}

/// Writes the targets that are databases on a server.
pub fn targets(house: &House, out: &mut dyn Write, options: &TargetsOptions) -> Result<(), Error> {
    let targets = house.config.targets.iter().filter(|(_, target)| target.instance.is_none());
    let text = if options.plain {
        plain(targets.map(|(name, _)| name.as_str()))
    } else if options.json {
        let all = targets.map(|(name, target)| {
            json!({"name": name, "kind": "database", "database": target.database, "host": target.server.host})
        });
        format!("{:#}\n", Value::Array(all.collect()))
    } else {
        let line = |(name, target): (&String, &TargetConfig)| {
            let server = target.server.host.as_deref().or(target.server.socket.as_deref());
            format!("{name:<20}  {:<20}  {}\n", target.database, server.unwrap_or("as its option file says"))
        };
        let head = format!("{:<20}  {:<20}  SERVER\n", "TARGET", "DATABASE");
        std::iter::once(head).chain(targets.map(line)).collect()
    };
    let _ = out.write_all(text.as_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_offers_the_configured_branch_first_and_always_none() {
        let known = || ["feature/a", "main", "v1"].map(str::to_owned).to_vec();
        let list =
            |default: Option<&str>, plain, limit| ref_lines(known(), default, &RefsOptions { plain, limit });
        assert_eq!(list(Some("main"), true, 100), "main\n(none)\nfeature/a\nv1\n");
        assert_eq!(list(None, true, 2), "(none)\nfeature/a\n");
        assert_eq!(list(Some("main"), false, 100), "main\nfeature/a\nv1\n");
        assert_eq!(ref_lines(Vec::new(), None, &RefsOptions { plain: true, limit: 0 }), "(none)\n");
    }
}
