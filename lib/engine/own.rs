//! A server's own databases, and tables whose files are outside of its data directory.

use super::error::Error;
use crate::mysql::{Engine, Session};

/// Whether a database is the server's own. Rights to write there would be rights to make accounts.
pub(crate) fn is_the_servers_own(database: &str) -> bool {
    let own = ["mysql", "sys", "information_schema", "performance_schema"];
    own.iter().any(|own| own.eq_ignore_ascii_case(database))
}

/// The first file of a table or tablespace that is outside of the server's data directory. A server on a copy of the directory
/// would open the original of that file, or write beside it. The query needs the privilege PROCESS.
pub(crate) fn file_elsewhere(session: &mut Session, data: &str) -> Result<Option<String>, Error> {
    let (column, table) = match session.engine() {
        Engine::MySql => ("PATH", "INNODB_DATAFILES"),
        Engine::MariaDb => ("FILENAME", "INNODB_SYS_TABLESPACES"),
    };
    // Files in the data directory have relative paths.
    let sql = format!(
        "SELECT CONVERT({column} USING utf8mb4) FROM information_schema.{table} WHERE {column} LIKE '/%' ORDER BY 1"
    );
    let files: Vec<String> = session.rows("looking where the files of tables are", &sql)?;
    let inside = format!("{}/", data.trim_end_matches('/'));
    Ok(files.into_iter().find(|file| !file.starts_with(&inside)))
}
