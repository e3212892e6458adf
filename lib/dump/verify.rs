//! Reading a dump back, every member of it, by several threads.
//!
//! In: a path. Out: nothing, or what is wrong with the file.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::{DumpFile, Error};
use crate::house::House;
use crate::progress::Unit;

/// Checks hash, length and CRC of every member.
pub fn all(house: &House, path: &Path, threads: u16) -> Result<DumpFile, Error> {
    let dump = DumpFile::open(path)?;
    let progress = house.progress.start("verifying", Some(dump.bytes()), Unit::Bytes);
    let next = AtomicUsize::new(0);
    let count = dump.manifest().members.len();
    let work = || -> Result<(), Error> {
        loop {
            let position = next.fetch_add(1, Ordering::Relaxed);
            if position >= count {
                return Ok(());
            }
            house.cancel.check()?;
            dump.check_member(position)?;
            progress.add(dump.manifest().members[position].bytes);
        }
    };
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads.max(1)).map(|_| scope.spawn(work)).collect();
        let own = work();
        let joined = others.into_iter().map(|other| other.join().expect("a checking thread does not panic"));
        joined.fold(own, Result::and)
    })?;
    drop(progress);
    Ok(dump)
}
