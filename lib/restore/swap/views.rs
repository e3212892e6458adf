//! Creates views, which may read other views.
//!
//! In: views in any order, and a function that creates one. Out: the views that the server refuses in every order.

use crate::mysql;

/// Tries the views that are left again, until a round creates none. Returns those that are left, each with the server's error.
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

/// True if the error is the server's answer: the connection is alive, and the statement was wrong.
pub(crate) fn spoken_by_server(error: &mysql::Error) -> bool {
    error.number().is_some()
}
