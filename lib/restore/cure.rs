//! Hints: what to do about a statement of another program's file that the server refuses, and about a target or dump that is not
//! there.
//!
//! In: the number of the server's error; the name of the target or dump. Out: a sentence, if there is something to do.

use std::path::Path;

use crate::mysql::number;

/// What to do about a statement of another program's file that the server refuses with this error number.
pub(super) fn cure(number: u16) -> Option<&'static str> {
    Some(match number {
        1231 => {
            "the file sets a mode or a variable to what this server does not know: it is of another kind or version of server; take that line out"
        }
        number::UNKNOWN_COLLATION => {
            "the file is of another kind of server; a collation that both know instead: sed 's/utf8mb4_0900_ai_ci/utf8mb4_unicode_ci/g'"
        }
        3105 => {
            "the file writes values of generated columns, as mariadb-dump does; MySQL takes DEFAULT there only: mysqldump leaves them out"
        }
        1418 | 1419 => FUNCTIONS,
        1153 => "the statement is longer than the server takes: SET GLOBAL max_allowed_packet = 1073741824",
        1118 => "the row is too long for the server's strict mode: SET GLOBAL innodb_strict_mode = OFF",
        3750 => "the server wants a primary key in every table: SET GLOBAL sql_require_primary_key = OFF",
        _ => return None,
    })
}

/// The statement that lets accounts without SUPER make functions and triggers.
pub(super) const FUNCTIONS: &str =
    "the server writes a binary log: SET PERSIST log_bin_trust_function_creators = 1 (MariaDB: SET GLOBAL)";

/// What to do about a target that is not in the configuration.
pub(super) fn how_to_allow(name: &str, known: &[String]) -> String {
    let similar = known.iter().find(|known| strsim::damerau_levenshtein(known, name) <= 1);
    similar.map_or_else(
        || format!("targets are allowed by a section [targets.{name}] in refresh.toml"),
        |known| format!("did you mean {known}?"),
    )
}

/// What to do about a dump that is not there.
pub(super) fn how_to_choose(dump: &str, dir: &Path, there: &[String]) -> String {
    if Path::new(dump).is_file() {
        format!("for the file in this directory: --dump ./{dump}")
    } else if there.is_empty() {
        format!("is {} mounted here, and has a night run? A file of your own: --dump ./FILE", dir.display())
    } else {
        "dev-restore list shows what there is".to_owned()
    }
}
