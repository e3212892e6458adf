//! Loads dumps of other programs: `.sql`, `.sql.gz` and `.sql.zst` as mysqldump, mariadb-dump and graphical clients write them,
//! one statement after the other.
//!
//! In: such a file, an empty database. Out: the file's tables, views, routines, triggers and events there, as the stock client
//! would make them in a database of its own, and counted; or a refusal with the line. Bytes are sent unchanged: the file itself
//! says what they mean (SET NAMES).
//!
//! ```text
//! walk      goes from the first statement to the last one
//! ahead     what the file needs, before a row of it is loaded
//! file      which files are SQL, and what to do with the others
//! reading   one statement as tokens
//! judge     what is done with a statement: run, run with edits, left out, refused
//! names     `prod.t` where prod is the database that the file was made from
//! settings  SET: what is about the server is left out
//! events    none fires before the database is in use
//! load      runs the statements
//! open      whether the file wrote something that it did not commit
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
