//! Reading a dump back, every member of it, by several threads.
//!
//! In: a path. Out: nothing, or what is wrong with the file.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::error::Error;
use super::file::{DumpFile, MemberBuffers};
use super::signature::Trust;
use crate::house::House;
use crate::progress::Unit;

/// Checks every member of a dump that somebody has written: hash, length, CRC, and that rows are rows of the member's table.
pub fn verify(house: &House, path: &Path, threads: u16) -> Result<DumpFile, Error> {
    let dump = Trust::of(&house.config).open(path)?;
    each(house, dump, threads, |dump, member, _| dump.check_rows(member))
}

/// The same for a dump that this very run has written.
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
