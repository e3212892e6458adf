//! The records of one source as the server sends them: each once, and without those that are nobody's own.
//!
//! In: records, in any order. Out: runs of records, ordered and each once, and which of them too many rows share. Memory
//! is that of one run.

use std::collections::HashMap;

use super::filter::Record;

/// Values found in more rows than this, and in more than one of a hundred, are nobody's own.
const COMMON_ROWS: u64 = 20;
const COMMON_SHARE: u64 = 100;

/// What is in fewer rows of a run than one of so many is not counted from run to run.
const COUNTED_SHARE: u64 = 2_000;

/// Collects the records of one source, and drops those that too many rows share.
#[derive(Debug, Default)]
pub struct RecordTally {
    records: Vec<Record>,
    total: u64,
    counts: HashMap<Record, u64>,
}

impl RecordTally {
    /// Takes one record in.
    #[inline]
    pub fn add(&mut self, record: Record) {
        self.records.push(record);
    }

    /// How many the next run would be made of.
    pub fn waiting(&self) -> usize {
        self.records.len()
    }

    /// What was added since the last run, ordered, each once.
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
        // What was frequent once and is no more is let go: there are never more of them than the share allows.
        let total = self.total;
        self.counts.retain(|_, count| *count * COUNTED_SHARE >= total);
        run.dedup();
        run
    }

    /// The last run, without those that are nobody's own, and these: they may be in earlier runs.
    pub fn end(mut self) -> (Vec<Record>, Vec<Record>) {
        let mut last = self.run();
        let common = self.common();
        last.retain(|record| !common.contains(record));
        (last, common)
    }

    /// Those that are nobody's own, in what all runs were made of.
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
        // Nothing of 0 in the first run, three of a hundred from then on.
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
