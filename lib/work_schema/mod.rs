//! The work schema: what is kept on the copy between `mydehydrate` and `mydump-rotate`.
//!
//! In: a session on the copy. Out: key tables by name, the keys of the masks and of the scan, hashed originals, the marks of
//! readers, and whether a plan is whole. Both tools ask here, and nobody else spells a name of it.

mod originals;
mod work;

pub use originals::Originals;
pub(crate) use originals::TABLE;
pub use work::{READER_MARKS, has_mask_key, is_planned, prepare};
pub(crate) use work::{
    choose, complete, forget, forget_key, last_plan, lock, lock_helper, ready, scan_key, session_statements,
    stable_key,
};
