//! What a server keeps for itself: its own databases, and where its files are.

use super::error::Error;
use crate::mysql::{Engine, Session};

/// Whether a database is the server's own: whoever writes there makes accounts.
pub(crate) fn is_the_servers_own(database: &str) -> bool {
    let own = ["mysql", "sys", "information_schema", "performance_schema"];
    own.iter().any(|own| own.eq_ignore_ascii_case(database))
}

/// The first file of a table or tablespace that is not in the server's data directory: a server on a copy of that would open the
/// original, or write beside it. Asking wants PROCESS.
pub(crate) fn file_elsewhere(session: &mut Session, data: &str) -> Result<Option<String>, Error> {
    let (column, table) = match session.engine() {
        Engine::MySql => ("PATH", "INNODB_DATAFILES"),
        Engine::MariaDb => ("FILENAME", "INNODB_SYS_TABLESPACES"),
    };
    // Those in it are named from there.
    let sql = format!(
        "SELECT CONVERT({column} USING utf8mb4) FROM information_schema.{table} WHERE {column} LIKE '/%' ORDER BY 1"
    );
    let files: Vec<String> = session.rows("looking where the files of tables are", &sql)?;
    let inside = format!("{}/", data.trim_end_matches('/'));
    Ok(files.into_iter().find(|file| !file.starts_with(&inside)))
}
