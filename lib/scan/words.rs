//! Finds every run of neighbouring words of a text that may be an original.
//!
//! In: text. Out: canonical runs of whole words whose beginning, length and CRC an original may have. Memory is bounded
//! whatever the text's length: words that were searched are dropped.

use super::filter::Filter;
use super::filter::length_bit;
use super::fold::{self, Fold};
use super::{LENGTH_MAX, LENGTH_MIN};

/// Text is searched in pieces of this many canonical bytes.
const PIECE_BYTES: usize = 32 << 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WordRun<'a> {
    /// The canonical words, with nothing between them.
    pub(crate) text: &'a [u8],
    pub(crate) words: usize,
    /// True if the run is the whole text, or a whole text in quotes or tags.
    pub(crate) alone: bool,
}

#[derive(Debug, Clone, Copy)]
struct WordSpan {
    begin: usize,
    end: usize,
    /// True if the text begins or a quote is before the word; `closed`: the text ends or a quote is after it.
    opened: bool,
    closed: bool,
}

/// Finds runs. Its buffers are used again for all texts of a worker.
#[derive(Debug, Default)]
pub(crate) struct WordRuns {
    folded: Vec<u8>,
    words: Vec<WordSpan>,
}

impl WordRuns {
    /// Calls `found` with each run that may be an original; `found` returns whether to go on. Returns false if it stopped.
    pub(crate) fn runs(
        &mut self,
        text: &[u8],
        fold: &Fold,
        filter: &Filter,
        mut found: impl FnMut(WordRun<'_>) -> bool,
    ) -> bool {
        self.folded.clear();
        self.words.clear();
        let mut at = 0;
        while at < text.len() {
            let (length, c) = fold.next(&text[at..]);
            let Some(c) = c else {
                at += length;
                continue;
            };
            at = self.word(text, at, (length, c), fold);
            if self.folded.len() >= PIECE_BYTES && !self.search(filter, false, &mut found) {
                return false;
            }
        }
        self.search(filter, true, &mut found)
    }

    /// Adds the word that begins at `at` with the character `first`. Returns where the word ends in `text`.
    fn word(&mut self, text: &[u8], at: usize, first: (usize, char), fold: &Fold) -> usize {
        let begin = self.folded.len();
        let mut end = at;
        let (mut length, mut c) = first;
        loop {
            end += length;
            push(&mut self.folded, c);
            if end == text.len() {
                break;
            }
            match fold.next(&text[end..]) {
                (more, Some(next)) => (length, c) = (more, next),
                (_, None) => break,
            }
        }
        let opened = at == 0 || is_quote(text[at - 1]);
        let closed = end == text.len() || is_quote(text[end]);
        self.words.push(WordSpan { begin, end: self.folded.len(), opened, closed });
        end
    }

    /// Searches the runs that begin with each word whose `LENGTH_MAX` following bytes are known; with `last`, with each word.
    /// Then drops these words.
    fn search(&mut self, filter: &Filter, last: bool, found: &mut impl FnMut(WordRun<'_>) -> bool) -> bool {
        let whole = if last { usize::MAX } else { self.folded.len().saturating_sub(LENGTH_MAX) };
        let done = self.words.iter().take_while(|word| word.begin < whole).count();
        for (at, word) in self.words[..done].iter().enumerate() {
            let Some(begin) = self.folded.get(word.begin..word.begin + 4) else { continue };
            let lengths = filter.lengths([begin[0], begin[1], begin[2], begin[3]]);
            if lengths != 0 && !self.from(at, lengths, filter, found) {
                return false;
            }
        }
        self.drop(done);
        true
    }

    /// Searches the runs that begin with the word at position `at`.
    fn from(
        &self,
        at: usize,
        lengths: u64,
        filter: &Filter,
        found: &mut impl FnMut(WordRun<'_>) -> bool,
    ) -> bool {
        let first = self.words[at];
        for (more, word) in self.words[at..].iter().enumerate() {
            let length = word.end - first.begin;
            if length > LENGTH_MAX || length_bit(length) > lengths {
                return true;
            }
            let text = &self.folded[first.begin..word.end];
            if length >= LENGTH_MIN && length_bit(length) & lengths != 0 && filter.crc(text) {
                let alone = first.opened && word.closed;
                if !found(WordRun { text, words: more + 1, alone }) {
                    return false;
                }
            }
        }
        true
    }

    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.folded.capacity() + self.words.capacity() * size_of::<WordSpan>()
    }

    /// Drops the first `done` words, which were searched.
    fn drop(&mut self, done: usize) {
        let cut = self.words.get(done).map_or(self.folded.len(), |word| word.begin);
        self.folded.drain(..cut);
        self.words.drain(..done);
        for word in &mut self.words {
            word.begin -= cut;
            word.end -= cut;
        }
    }
}

fn push(folded: &mut Vec<u8>, c: char) {
    match u8::try_from(c) {
        Ok(byte) if byte < 0x80 => folded.push(byte),
        _ => fold::write(c, |text| folded.extend_from_slice(text.as_bytes())),
    }
}

/// True for a character that surrounds a value in JSON, serialised PHP or XML.
fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'<' | b'>')
}
