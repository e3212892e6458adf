//! The option file that the server of an instance starts with.
//!
//! In: a target's section, the server program. Out: the lines: ours, and behind them those of the developer's own file, if that is
//! nobody else's.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::error::Error;
use super::serve::{MEMORY, defaults};
use super::target::InstanceTarget;
use crate::config;
use crate::document::read_text;
use crate::engine::ServerProgram;
use crate::house::House;

/// The longest option file.
const OPTIONS_BYTES_MAX: u64 = 64 << 10;

/// Lines of the servers' option file: ours, and then what the developer's says.
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
        // Who writes it decides what the server loads and runs.
        if ![0, rustix::process::geteuid().as_raw()].contains(&found.uid()) || found.mode() & 0o022 != 0 {
            return Err(wrong("it is not ours or root's, or others may write into it".to_owned()).into());
        }
        let text = read_text(Path::new(path), OPTIONS_BYTES_MAX).map_err(|e| wrong(e.to_string()))?;
        lines.push_str(&text);
    }
    Ok(lines)
}
