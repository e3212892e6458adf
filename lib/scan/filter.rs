//! Tells whether a text is an original: keyed hashes in bounded memory, and two coarse sieves before them.
//!
//! In: records. Out: whether a canonical text is an original. Each sieve is tried only if the text has passed the one before:
//!
//! ```text
//! its first four bytes and its length   65,536 bit masks of lengths: they stop most runs of words before these are put together
//! its CRC                               a bit map, 16 bits for each value
//! its keyed hash (SHA-256, 64 bits)     the hashes themselves; above a limit a Bloom filter, which says "perhaps"
//! ```

use std::collections::HashSet;

use sha2::{Digest, Sha256};

use super::{KEY_BYTES, LENGTH_MIN, ValueSort, stop};

/// Bytes of a record: hash 8, CRC 4, upper half of the CRC of the first four bytes 2, length 1, big endian.
pub const RECORD_BYTES: usize = 15;

/// A record of one original, as the server makes it.
pub type Record = [u8; RECORD_BYTES];

/// Most hashes that are held themselves, in 64 MiB. For more, a Bloom filter is used.
const EXACT_MAX: u64 = 8 << 20;

/// The least and the most bits of the bit map of CRCs: 8 KiB and 32 MiB.
const CRC_BITS: std::ops::RangeInclusive<u64> = 1 << 16..=1 << 28;

/// Bits of the Bloom filter: 64 MiB. `BLOOM_ROUNDS` of them are set for each value.
const BLOOM_BITS: u64 = 1 << 29;
const BLOOM_ROUNDS: u64 = 5;

/// Whether a hash is the hash of an original.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// The hash is of no original.
    No,
    /// The hash is of an original.
    Yes,
    /// The filter is not sure: the table of originals on the server must be asked.
    Perhaps,
}

/// The hashed originals of a plan, with the sieves.
#[derive(Debug)]
pub struct Filter {
    key: [u8; KEY_BYTES],
    begins: [[u16; 256]; 4],
    lengths: Vec<u64>,
    crcs: Vec<u64>,
    hashes: Hashes,
}

#[derive(Debug)]
enum Hashes {
    Exact(Vec<u64>),
    Bloom(Vec<u64>),
}

impl Filter {
    /// Makes a filter with room for `values` originals. [`Self::add`] their records, then [`Self::close`] it.
    pub fn with_room(key: [u8; KEY_BYTES], values: u64) -> Self {
        Self::with_limit(key, values, EXACT_MAX)
    }

    fn with_limit(key: [u8; KEY_BYTES], values: u64, exact_max: u64) -> Self {
        let bits = (values * 16).next_power_of_two().clamp(*CRC_BITS.start(), *CRC_BITS.end());
        let hashes = if values <= exact_max {
            Hashes::Exact(Vec::with_capacity(usize::try_from(values).unwrap_or_default()))
        } else {
            Hashes::Bloom(bitmap(BLOOM_BITS))
        };
        Self { key, begins: begins(), lengths: vec![0; 1 << 16], crcs: bitmap(bits), hashes }
    }

    /// Adds one record as the server made it.
    pub fn add(&mut self, record: &Record) {
        let hash = hash_of(record);
        let crc = u32::from_be_bytes([record[8], record[9], record[10], record[11]]);
        let begin = u16::from_be_bytes([record[12], record[13]]);
        self.lengths[usize::from(begin)] |= length_bit(usize::from(record[14]));
        set(&mut self.crcs, u64::from(crc));
        match &mut self.hashes {
            Hashes::Exact(all) => all.push(hash),
            Hashes::Bloom(bits) => bloom(hash).for_each(|bit| set(bits, bit)),
        }
    }

    /// Sorts the hashes. No record may be added after this.
    pub fn close(&mut self) {
        if let Hashes::Exact(all) = &mut self.hashes {
            all.sort_unstable();
            all.dedup();
            all.shrink_to_fit();
        }
    }

    /// Returns the bits ([`length_bit`]) of the lengths of originals that may begin with these four bytes; 0 if there are none.
    #[inline]
    pub(crate) fn lengths(&self, begin: [u8; 4]) -> u64 {
        let parts = self.begins.iter().zip(begin).map(|(table, byte)| table[usize::from(byte)]);
        self.lengths[usize::from(parts.fold(0, |one, other| one ^ other))]
    }

    /// True if an original may have the same CRC as this text.
    #[inline]
    pub(crate) fn crc(&self, text: &[u8]) -> bool {
        get(&self.crcs, u64::from(crc32fast::hash(text)))
    }

    pub(crate) fn hash(&self, sort: ValueSort, text: &[u8]) -> u64 {
        hash(&self.key, sort, text)
    }

    /// Looks a keyed hash up among the originals'.
    pub(crate) fn knows(&self, hash: u64) -> Known {
        match &self.hashes {
            Hashes::Exact(all) if all.binary_search(&hash).is_ok() => Known::Yes,
            Hashes::Bloom(bits) if bloom(hash).all(|bit| get(bits, bit)) => Known::Perhaps,
            Hashes::Exact(_) | Hashes::Bloom(_) => Known::No,
        }
    }
}

/// Returns the keyed hash of a canonical text.
fn hash(key: &[u8; KEY_BYTES], sort: ValueSort, text: &[u8]) -> u64 {
    let digest = Sha256::new().chain_update(key).chain_update(sort.letter()).chain_update(text).finalize();
    u64::from_be_bytes(std::array::from_fn(|at| digest[at]))
}

/// Returns the keyed hash of a record.
pub fn hash_of(record: &Record) -> u64 {
    let [hash @ .., _, _, _, _, _, _, _] = *record;
    u64::from_be_bytes(hash)
}

/// Returns the hashes of the words that are not searched for alone.
pub fn stop_hashes(key: &[u8; KEY_BYTES]) -> HashSet<u64> {
    stop::words().map(|word| hash(key, ValueSort::Word, word.as_bytes())).collect()
}

/// Makes the tables from which `lengths` adds up the upper half of the CRC of four bytes, one value for each byte: the CRC
/// of a sum (XOR) is the sum of the CRCs. A whole CRC for every word of a dump would cost more than the lookup.
fn begins() -> [[u16; 256]; 4] {
    let upper = |bytes: [u8; 4]| u16::try_from(crc32fast::hash(&bytes) >> 16).unwrap_or_default();
    let nothing = upper([0; 4]);
    std::array::from_fn(|place| {
        std::array::from_fn(|byte| {
            let mut bytes = [0; 4];
            bytes[place] = u8::try_from(byte).unwrap_or_default();
            // The CRC of four zero bytes must be in the sum exactly once.
            if place == 0 { upper(bytes) } else { upper(bytes) ^ nothing }
        })
    })
}

/// Returns the bit of a length. All lengths from `LENGTH_MIN` + 63 on share the last bit.
pub(crate) fn length_bit(length: usize) -> u64 {
    1 << length.saturating_sub(LENGTH_MIN).min(63)
}

/// Returns the bits of a hash in the Bloom filter. They come from its two halves, which are already random.
fn bloom(hash: u64) -> impl Iterator<Item = u64> {
    let (one, other) = (hash & 0xffff_ffff, hash >> 32 | 1);
    (0..BLOOM_ROUNDS).map(move |round| one.wrapping_add(round.wrapping_mul(other)))
}

fn bitmap(bits: u64) -> Vec<u64> {
    vec![0; usize::try_from(bits / 64).unwrap_or_default()]
}

/// Returns the word of the map and the bit in this word. The map's length is a power of two.
#[inline]
fn place(map: &[u64], bit: u64) -> (usize, u64) {
    let word = usize::try_from(bit / 64).unwrap_or_default() & (map.len() - 1);
    (word, 1 << (bit % 64))
}

fn set(map: &mut [u64], bit: u64) {
    let (word, bit) = place(map, bit);
    map[word] |= bit;
}

#[inline]
fn get(map: &[u64], bit: u64) -> bool {
    let (word, bit) = place(map, bit);
    map[word] & bit != 0
}

/// Makes the record that the server would make, for tests.
#[cfg(test)]
pub(crate) fn record(filter: &Filter, sort: ValueSort, text: &str) -> Record {
    let bytes = text.as_bytes();
    let begin = crc32fast::hash(&bytes[..4]) >> 16;
    let mut record = [0; RECORD_BYTES];
    record[..8].copy_from_slice(&filter.hash(sort, bytes).to_be_bytes());
    record[8..12].copy_from_slice(&crc32fast::hash(bytes).to_be_bytes());
    record[12..14].copy_from_slice(&u16::try_from(begin).unwrap().to_be_bytes());
    record[14] = u8::try_from(bytes.len()).unwrap();
    record
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(values: u64, exact_max: u64) -> Filter {
        let mut filter = Filter::with_limit([7; KEY_BYTES], values, exact_max);
        for n in 0..values {
            let record = record(&filter, ValueSort::Strong, &format!("value{n}"));
            filter.add(&record);
        }
        filter.close();
        filter
    }

    fn asked(filter: &Filter, text: &str) -> Known {
        let bytes = text.as_bytes();
        let begins = filter.lengths(bytes[..4].try_into().unwrap()) & length_bit(bytes.len()) != 0;
        if !begins || !filter.crc(bytes) {
            return Known::No;
        }
        filter.knows(filter.hash(ValueSort::Strong, bytes))
    }

    #[test]
    fn every_value_passes_every_sieve_and_others_do_not() {
        let filter = filled(5_000, EXACT_MAX);
        assert!((0..5_000).all(|n| asked(&filter, &format!("value{n}")) == Known::Yes));
        assert!((5_000..20_000).all(|n| asked(&filter, &format!("value{n}")) == Known::No));
        assert_eq!(
            filter.knows(filter.hash(ValueSort::Word, b"value1")),
            Known::No,
            "the sort is part of it"
        );
    }

    #[test]
    fn beyond_the_limit_no_value_is_missed_and_hardly_any_other_passes() {
        let filter = filled(5_000, 100);
        assert!((0..5_000).all(|n| asked(&filter, &format!("value{n}")) == Known::Perhaps));
        let others = (5_000..20_000).filter(|n| asked(&filter, &format!("value{n}")) != Known::No);
        assert_eq!(others.count(), 0);
    }

    #[test]
    fn without_the_key_nothing_is_found() {
        let filter = filled(10, EXACT_MAX);
        let other = Filter::with_room([8; KEY_BYTES], 10);
        assert_eq!(filter.knows(other.hash(ValueSort::Strong, b"value1")), Known::No);
    }
}
