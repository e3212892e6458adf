//! Which rows come along: closure on key tables, then one SELECT a table.
//!
//! In: a server (the document's throw-away copy, or the configured source) and `refresh.toml`. Out: the document's
//! `dehydration`: an exact plan. Only keys move, and only on the server, into tables of a schema of their own.
//!
//! ```text
//! catalog ──> relations ──> classes ──> masks      rules/    a Blueprint: pure, refused with file:line where it does not fit
//! masks parse, nothing personal is unmasked        safety/   before anything is written
//! work schema ──> roots ──> down ──> up ──> drops  closure/  keys, by generations
//! along a relation, as a range of the key           read/     which rows need no keys of their own
//! every kept reference is whole, or was before     proof/    else there is no plan
//! one SELECT a table                               closure/
//! originals hashed, copies, canaries               safety/   what the dump will look for
//! --in-place                                       rewrite/  the copy becomes the small database
//! ```
//!
//! `make.rs` does all of it in nine stages and is the place to begin to read. Beside it: `show/` answers questions about a plan,
//! `infer/` proposes relations that nobody declared, `init/` writes a whole refresh.toml. Each uses only those before it: `rules`, `read`,
//! `closure`, `proof`, `safety`, `rewrite`, `infer`, `init`, `make.rs`, `show`.

mod closure;
mod error;
mod infer;
mod init;
mod make;
mod options;
mod place;
mod proof;
mod read;
mod rewrite;
mod rules;
mod safety;
mod show;
mod worker_pool;

pub use closure::collect::{collect, prepare};
pub use closure::fit::bytes_after;
pub use closure::roots::When;
pub use error::Error;
pub use make::dehydrate;
pub use options::Options;
pub use proof::examine::{examine, judge};
pub use rules::blueprint::Blueprint;
pub use show::ask::{Ask, answer};
