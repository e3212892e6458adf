//! Views, which may be built on views.
//!
//! In: views in any order, and how one is created. Out: all of them, or those that the server refuses whatever was created before.

use crate::mysql;

/// Tries those that are left until none of them can be created. Returns those, each with what the server said.
pub(crate) fn create_views<V>(
    mut left: Vec<V>,
    mut create: impl FnMut(&V) -> Result<(), mysql::Error>,
) -> Result<Vec<(V, mysql::Error)>, mysql::Error> {
    loop {
        let tried = left.len();
        let mut failed = Vec::new();
        for view in left {
            match create(&view) {
                Ok(()) => {}
                Err(e) if spoken_by_server(&e) => failed.push((view, e)),
                Err(e) => return Err(e),
            }
        }
        if failed.len() == tried {
            return Ok(failed);
        }
        left = failed.into_iter().map(|(view, _)| view).collect();
    }
}

/// The server answered, so the connection is alive and the statement is what was wrong.
pub(crate) fn spoken_by_server(error: &mysql::Error) -> bool {
    error.number().is_some()
}
