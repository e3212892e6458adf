//! `dev-restore doctor`: checks what a refresh needs before anybody starts one.
//!
//! In: `refresh.toml`. Out: a line for each thing that a refresh needs; a thing that does not work has a hint. No database is
//! changed.

use std::io::Write;

use jiff::Timestamp;

use super::error::Error;
use super::guard::{self, production};
use super::target::DevTarget;
use crate::archive::{self, Purpose, Trust};
use crate::document::{AnyFailure, chain};
use crate::house::House;
use crate::migrate::Checkout;
use crate::mysql::{Access, LoginOptions, Server};

/// One thing that was checked: its name, and what was found or why it does not work.
pub(crate) type DoctorLine = (String, Result<String, AnyFailure>);

/// Checks what a refresh of any target needs: dumps and, if `[migrations]` is configured, branches.
pub(crate) fn common(house: &House) -> Vec<DoctorLine> {
    let mut all = vec![finding("dumps", dumps(house))];
    if let Some(settings) = &house.config.migrations {
        all.push(finding("branches", branches(house, settings.default_ref.as_deref())));
    }
    all
}

/// Checks a target that is a database on a server.
pub(crate) fn target(house: &House, name: &str) -> DoctorLine {
    finding(&format!("target {name}"), look(house, name))
}

/// Makes the line of one check from its name and outcome.
pub(crate) fn finding<E: Into<AnyFailure>>(what: &str, found: Result<String, E>) -> DoctorLine {
    (what.to_owned(), found.map_err(Into::into))
}

fn dumps(house: &House) -> Result<String, Error> {
    let dir = archive::directory(&house.config, None, Purpose::Reading)?;
    let all = archive::candidates(&dir, None)?;
    let Some(newest) = all.first() else {
        return Err(Error::NoSuchDump { choice: archive::LATEST.to_owned(), dir, there: Vec::new() });
    };
    newest.read(Trust::of(&house.config))?;
    let hours = Timestamp::now().duration_since(newest.as_of).as_hours();
    Ok(format!("{} in {}, the newest {} is {hours} h old", all.len(), dir.display(), newest.file))
}

fn branches(house: &House, default: Option<&str>) -> Result<String, Error> {
    let known = Checkout::references::<Error>(house)?;
    // `default_ref` is the first choice of a build form. If it is neither branch nor tag, it must at least be a commit.
    if let Some(default) = default.filter(|default| !known.iter().any(|name| name == default)) {
        Checkout::configured::<Error>(house, Some(default))?;
    }
    Ok(format!("{} branches and tags", known.len()))
}

/// Logs in as the swapper, and as the loader if `refresh.toml` names one. Fails if the target may be the source or production.
fn look(house: &House, name: &str) -> Result<String, Error> {
    let target = DevTarget::of(&house.config, name, &Access::of(house, &LoginOptions::default()))?;
    let mut session = target.server.connect()?;
    guard::refuse_source(house, &target, &mut session)?;
    production::refuse(house, &target, &mut session)?;
    let loader = match &target.loader {
        Some(loader) => loads(loader)?,
        None => "a loader is made for each refresh".to_owned(),
    };
    Ok(format!("{} is {}; {loader}", target.server.label(), session.version()))
}

fn loads(loader: &Server) -> Result<String, Error> {
    loader.connect()?;
    Ok(format!("the loader {} can log in", loader.label()))
}

/// Writes one line for each finding. Fails if something does not work.
pub(crate) fn tell(out: &mut dyn Write, findings: &[DoctorLine]) -> Result<(), Error> {
    let mut wrong = 0;
    for (what, found) in findings {
        // A write error is ignored here: `cli/` passes buffered stdout and flushes it itself.
        let _ = match found {
            Ok(told) => writeln!(out, "ok    {what}: {told}"),
            Err(error) => {
                wrong += 1;
                let hint = error.hint().map(|hint| format!("\n        {}", hint.replace('\n', "\n        ")));
                writeln!(out, "WRONG {what}: {}{}", chain(error.as_ref()), hint.unwrap_or_default())
            }
        };
    }
    if wrong == 0 { Ok(()) } else { Err(Error::Unwell { wrong }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_wrong_is_told_in_one_run_with_what_to_do() {
        let held = Error::Held { target: "dev3".to_owned(), holder: "alice".to_owned() };
        let mut out = Vec::new();
        let found = [finding::<Error>("dumps", Ok("7".to_owned())), finding("target dev3", Err(held))];
        assert!(matches!(tell(&mut out, &found), Err(Error::Unwell { wrong: 1 })));
        let told = String::from_utf8(out).unwrap_or_default();
        assert_eq!(
            told,
            "ok    dumps: 7\nWRONG target dev3: target dev3 is being refreshed by alice\n        try again when it is done, or wait: --wait\n"
        );
        assert!(tell(&mut Vec::new(), &found[..1]).is_ok());
    }
}
