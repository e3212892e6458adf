//! The work schema: what is kept on the copy between `mydehydrate` and `mydump-rotate`.
//!
//! In: a session on the copy, or on a source in use. Out: key tables by name, the keys of the masks and of the scan, hashed
//! originals, the marks of readers, the record of a rewrite, and whether a plan is complete. Both tools use this room, and no
//! other code spells the names of its tables. The schema is dropped when the dump is published or refused, or by the next run.
//!
//! | table | what it holds | made by | read by |
//! |---|---|---|---|
//! | `refreshkit` | the mark that the schema is ours, the rules' hash, whether the plan is complete | `prepare` | both tools |
//! | `plan_seal` | the hash of the plan, which a document's plan must have too | `mydehydrate` | `mydump-rotate` |
//! | `k_N` | the keys of the kept rows of table N | the closure | the plan's SELECTs |
//! | `d_N` | for a moment, rows that are taken back along relation N | the closure | the closure |
//! | `mask_key` | on a copy, a random key of the masks that only the server reads | `mydehydrate` | readers of masked columns |
//! | `originals` | the hashed originals | `mydehydrate` | `mydump-rotate` |
//! | `scan_key` | on a copy, the key of these hashes | `mydehydrate` | `mydump-rotate` |
//! | `trial` | for a moment, masked rows that are tried against the rules of their table | `mydehydrate` | `mydehydrate` |
//! | `in_place`, `in_place_tables` | the commit record of a rewrite | `mydehydrate --in-place` | both tools |
//! | `reader_marks` | rows that show that a reader is up to date | `mydump-rotate` | `mydump-rotate` |
//!
//! A key that a person chose, and any key on a server in use, must not be in a table. Each session is then given the key
//! under a one-time pad (`pad`). Accounts that may read `performance_schema.user_variables_by_thread` see it in the variables
//! of an open session; nothing else on the server holds such a key.

mod error;
mod key_tables;
mod keys;
mod lock;
mod names;
mod originals;
mod reader_mark;
mod rewrite;
mod seal;
mod settings;
mod state;

pub use error::Error;
pub(crate) use key_tables::{create_keys, drop_keys, forget_keys, key_table};
pub use keys::has_mask_key;
pub(crate) use keys::{HeldKeys, forget_keys_of, forget_mask_key};
pub(crate) use lock::{lock, lock_helper};
pub(crate) use names::{ORIGINALS, dropped_keys, keys, trial};
pub use originals::Originals;
pub(crate) use reader_mark::ReaderMark;
pub use rewrite::is_rewritten;
pub(crate) use rewrite::{
    commit_rewrite, end_rewrite, rewritten_tables, unfinished_rewrite, unreadable_rewrite,
};
pub use seal::seal;
pub(crate) use seal::seal_plan;
pub(crate) use settings::{choose, ready};
pub use state::is_planned;
pub(crate) use state::{adopt, complete, drop_plan, last_plan, prepare};
