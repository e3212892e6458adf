//! Dumps of other tools: `.sql`, `.sql.gz` and `.sql.zst` as mysqldump, mariadb-dump and graphical clients write them, one statement after the
//! other.
//!
//! In: such a file, an empty database. Out: its tables, views, routines, triggers and events there, as the stock client would have made
//! them in a database of its own, and counted; or a refusal with the line. Bytes are sent as they are: what they mean, the file itself says
//! (SET NAMES).
//!
//! ```text
//! walk      from the first statement to the last one
//! ahead     what it takes, before a row of it is loaded
//! file      which files are SQL, and what to do with the others
//! reading   one statement as tokens
//! judge     what becomes of a statement: run, run otherwise, left out, refused
//! names     `prod.t` where prod is the database that the file was made from
//! settings  SET: what is about the server is left out
//! events    none fires before the database is in use
//! load      runs them
//! open      whether something was written that nobody committed
//! tally     rows that were written, to be compared with those that are there
//! ```

mod ahead;
mod events;
mod file;
mod judge;
mod load;
mod names;
mod open;
mod reading;
mod settings;
mod tally;
mod walk;

pub(crate) use ahead::Ahead;
pub(crate) use file::{PlainFile, refuse_other_kinds};
