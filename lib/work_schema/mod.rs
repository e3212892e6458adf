//! The work schema: what is kept on the copy between `mydehydrate` and `mydump-rotate`.
//!
//! In: a session on the copy. Out: key tables by name, the keys of the masks and of the scan, hashed originals, the marks of
//! readers, the record of a rewrite, and whether a plan is whole. Both tools ask here, and nobody else spells a name of it.
//! It is dropped when the dump is published or refused, and by the next run if that never happened.
//!
//! | table | what it holds | made by | read by |
//! |---|---|---|---|
//! | `refreshkit` | the mark that the schema is ours, the rules' hash, whether the plan is complete | `prepare` | both tools |
//! | `plan_seal` | the hash of the plan: what a document brings back must be that one | `mydehydrate` | `mydump-rotate` |
//! | `k_N` | the keys of the kept rows of table N | the closure | the plan's SELECTs |
//! | `d_N` | for a moment, rows that are taken back along relation N | the closure | the closure |
//! | `mask_key` | on a throw-away copy, the night's own key of the masks; only the server reads it | `mydehydrate` | each session that reads masked columns |
//! | `originals` | hashes of what must not leave | `mydehydrate` | `mydump-rotate` |
//! | `scan_key` | on a throw-away copy, their key | `mydehydrate` | `mydump-rotate` |
//! | `trial` | for a moment, masked rows that are tried against the rules of their table | `mydehydrate` | `mydehydrate` |
//! | `in_place`, `in_place_tables` | the commit record of a rewrite | `mydehydrate --in-place` | both tools |
//! | `reader_marks` | rows by which readers are seen to be up to date | `mydump-rotate` | `mydump-rotate` |
//!
//! Where a key may not lie in a table, because a person chose it or because the server lives on, each session is given it
//! under a one-time pad (`pad`). A session that lives shows its variables to whoever may read
//! `performance_schema.user_variables_by_thread`; nothing else on the server has such a key.

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
