//! The option file of an instance's server.
//!
//! In: a target's section, the server program. Out: our lines, then those of the target's `options_file`. Fails if anybody but
//! this user and root can write that file.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::error::Error;
use super::serve::{MEMORY, defaults};
use super::target::InstanceTarget;
use crate::config;
use crate::document::read_text;
use crate::engine::ServerProgram;
use crate::house::House;

/// The longest `options_file`, in bytes.
const OPTIONS_BYTES_MAX: u64 = 64 << 10;

/// Returns the lines of the option file. The target's lines come last, so they beat ours.
pub(crate) fn settings_of(
    house: &House,
    target: &InstanceTarget,
    program: &ServerProgram,
) -> Result<String, Error> {
    let mut lines = defaults(program, target.settings.memory.as_ref().map_or(MEMORY, config::Memory::as_str));
    if let Some(path) = &target.settings.options_file {
        let wrong = |why: String| {
            let keys = ["targets", target.section.as_str(), "options_file"];
            house.config.origin.error_at(&keys, format!("cannot read options_file {path}: {why}"), None)
        };
        let found = std::fs::metadata(path).map_err(|e| wrong(e.to_string()))?;
        // Whoever can write the file decides what the server loads and runs.
        if ![0, rustix::process::geteuid().as_raw()].contains(&found.uid()) || found.mode() & 0o022 != 0 {
            return Err(wrong("it is not ours or root's, or others may write into it".to_owned()).into());
        }
        let text = read_text(Path::new(path), OPTIONS_BYTES_MAX).map_err(|e| wrong(e.to_string()))?;
        lines.push_str(&text);
    }
    Ok(lines)
}
