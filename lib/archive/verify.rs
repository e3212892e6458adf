//! Reads every member of a dump back, with several threads.
//!
//! In: a path. Out: the open dump, or what is wrong with the file.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::error::Error;
use super::file::{DumpFile, MemberBuffers};
use super::signature::Trust;
use crate::house::House;
use crate::progress::Unit;

/// Checks every member of a dump that any run may have written: hash, length, CRC, and that its rows are rows of its table.
pub fn verify(house: &House, path: &Path, threads: u16) -> Result<DumpFile, Error> {
    let dump = Trust::of(&house.config).open(path)?;
    each(house, dump, threads, |dump, member, _| dump.check_rows(member))
}

/// Checks hash, length and CRC of every member of a dump that this run has written. Its rows are not parsed.
pub(crate) fn verify_own(house: &House, path: &Path, threads: u16) -> Result<DumpFile, Error> {
    each(house, DumpFile::open_unbounded(path)?, threads, DumpFile::check_own_member)
}

fn each(
    house: &House,
    dump: DumpFile,
    threads: u16,
    check: impl Fn(&DumpFile, usize, &mut MemberBuffers) -> Result<(), Error> + Sync,
) -> Result<DumpFile, Error> {
    let progress = house.progress.start("verifying", Some(dump.bytes()), Unit::Bytes);
    let next = AtomicUsize::new(0);
    let count = dump.manifest().members.len();
    let work = || -> Result<(), Error> {
        let mut room = MemberBuffers::default();
        loop {
            let position = next.fetch_add(1, Ordering::Relaxed);
            if position >= count {
                return Ok(());
            }
            house.cancel.check()?;
            check(&dump, position, &mut room)?;
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
