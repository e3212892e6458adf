//! Decides which rows are kept: collects their keys in key tables, then writes one SELECT a table.
//!
//! In: a server (the document's throw-away copy, or the configured source) and `refresh.toml`. Out: the document's
//! `dehydration`: an exact plan. Without `--in-place`, only the work schema is written on the server.
//!
//! ```text
//! catalog ──> relations ──> classes ──> masks      rules/    a Blueprint: plain data; rules that do not fit are refused
//! masks parse, nothing personal is unmasked        safety/   before anything is written
//! work schema ──> roots ──> down ──> up ──> drops  closure/  keys, by generations
//! along a relation, as a range of the key           read/     which rows need no keys of their own
//! no reference of a kept row is newly broken       proof/    else there is no plan
//! one SELECT a table                               closure/
//! hash originals, look for copies, send canaries   safety/   so that nothing personal leaves
//! --in-place                                       rewrite/  the copy becomes the small database
//! ```
//!
//! Begin to read at `make.rs`, which does this in nine stages. It does not use `show/` (answers questions about a plan), `infer/`
//! (proposes relations that nobody declared) and `init/` (writes a whole refresh.toml). Each uses only those before it: `rules`,
//! `read` (with `pool` and `sql` of `closure`), `closure`, `proof`, `safety`, `rewrite`, `infer`, `init`, `make.rs`, `show`.

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
