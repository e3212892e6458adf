//! Collects the records of one source: each once, and without those that too many rows share.
//!
//! In: records, in any order. Out: runs of records, sorted and each once, and the records that too many rows share. Only
//! one run is in memory.

use std::collections::HashMap;

use super::filter::Record;

/// A value in more rows than this, and in more than one of `COMMON_SHARE` rows, is common: it belongs to no single person.
const COMMON_ROWS: u64 = 20;
const COMMON_SHARE: u64 = 100;

/// A record is counted over all runs only if at least one of so many rows has it.
const COUNTED_SHARE: u64 = 2_000;

/// Collects the records of one source, and drops those that too many rows share.
#[derive(Debug, Default)]
pub struct RecordTally {
    records: Vec<Record>,
    total: u64,
    counts: HashMap<Record, u64>,
}

impl RecordTally {
    /// Adds one record to the next run.
    #[inline]
    pub fn add(&mut self, record: Record) {
        self.records.push(record);
    }

    /// Number of records that were added since the last run.
    pub fn waiting(&self) -> usize {
        self.records.len()
    }

    /// Returns the records that were added since the last run, sorted, each once.
    pub fn run(&mut self) -> Vec<Record> {
        let mut run = std::mem::take(&mut self.records);
        run.sort_unstable();
        let total = run.len() as u64;
        self.total += total;
        for same in run.chunk_by(|one, other| one == other) {
            let count = same.len() as u64;
            match self.counts.get_mut(&same[0]) {
                Some(counted) => *counted += count,
                None if count > 1 && count * COUNTED_SHARE >= total => {
                    self.counts.insert(same[0], count);
                }
                None => {}
            }
        }
        // Records that are not frequent any more are forgotten, so there are never more than `COUNTED_SHARE` counts.
        let total = self.total;
        self.counts.retain(|_, count| *count * COUNTED_SHARE >= total);
        run.dedup();
        run
    }

    /// Returns the last run without common records, and the common records, which may also be in earlier runs.
    pub fn end(mut self) -> (Vec<Record>, Vec<Record>) {
        let mut last = self.run();
        let common = self.common();
        last.retain(|record| !common.contains(record));
        (last, common)
    }

    /// Returns the common records over all runs.
    fn common(&self) -> Vec<Record> {
        let limit = COMMON_ROWS.max(self.total / COMMON_SHARE);
        let common = self.counts.iter().filter(|(_, count)| **count > limit);
        common.map(|(record, _)| *record).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::filter::RECORD_BYTES;
    use super::*;

    fn record(n: u64) -> Record {
        let mut record = [0; RECORD_BYTES];
        record[..8].copy_from_slice(&n.to_be_bytes());
        record
    }

    fn tally(records: impl Iterator<Item = u64>, room: usize) -> (Vec<Vec<Record>>, Vec<Record>) {
        let (mut tally, mut runs) = (RecordTally::default(), Vec::new());
        for n in records {
            tally.add(record(n));
            if tally.waiting() == room {
                runs.push(tally.run());
            }
        }
        runs.push(tally.run());
        (runs, tally.common())
    }

    #[test]
    fn a_run_has_each_record_once_and_in_order() {
        let (runs, common) = tally([3, 1, 2, 3, 1].into_iter(), 100);
        assert_eq!(runs, [[1, 2, 3].map(record)]);
        assert_eq!(common, Vec::<Record>::new());
    }

    #[test]
    fn what_more_than_twenty_rows_and_one_of_a_hundred_share_is_common() {
        let shared = |times: usize, others: u64| {
            let (_, common) = tally((1..=others).chain(std::iter::repeat_n(0, times)), usize::MAX);
            common == [record(0)]
        };
        assert!(!shared(20, 100) && shared(21, 100));
        assert!(!shared(100, 9_900) && shared(102, 9_900));
    }

    #[test]
    fn runs_are_counted_together() {
        // Record 0 is not in the first run, and is three of a hundred records in the others.
        let records = (0..10_000).map(|n| if n >= 1_000 && n % 33 == 0 { 0 } else { n + 1 });
        let (runs, common) = tally(records, 1_000);
        assert_eq!((runs.len(), common), (11, vec![record(0)]));
        let distinct: usize = runs.iter().map(Vec::len).sum();
        assert!(distinct < 10_000, "each once in a run");
    }

    #[test]
    fn counting_takes_bounded_memory() {
        let mut all = RecordTally::default();
        for n in 0..50_000_u64 {
            all.add(record(n / 3));
            if all.waiting() == 1_000 {
                all.run();
            }
        }
        assert!(all.counts.len() as u64 <= COUNTED_SHARE);
    }
}
