//! Searches one cell after another: the views of its text, their words, the filter, and the rules that keep false alarms away.
//!
//! In: the bytes of outgoing cells. Out: the hashes of the originals in them.

use std::cell::LazyCell;

use super::filter::{Filter, Known};
use super::fold::Fold;
use super::words::{WordRun, WordRuns};
use super::{DIGITS_ANYWHERE, DIGITS_MIN, LENGTH_MIN, LETTERS_ANYWHERE, SORTS, ValueSort, views};

/// Longer cells are searched in pieces of this length, so that no view takes more memory. Pieces overlap by `OVERLAP_BYTES`.
const PIECE_BYTES: usize = 1 << 20;
const OVERLAP_BYTES: usize = 2 << 10;

/// Fewest bytes of one word that counts in noise: bytes that are no text, such as hashes and compressed data. For several words,
/// `RUN_IN_NOISE`. Shorter runs are in noise by chance. With a million hashes of 32 bytes and a million originals, the chance of
/// a false hit is then one in thousands.
const WORD_IN_NOISE: usize = 8;
const RUN_IN_NOISE: usize = 12;

/// How many times escapes are resolved in a text that was itself unescaped or unpacked: JSON in JSON in a URL.
const DEPTH_MAX: usize = 4;

/// The originals that are searched for, and how texts are compared. All workers share it.
#[derive(Debug)]
pub struct Scanner {
    /// How characters are folded before they are compared.
    pub fold: Fold,
    /// Hashes of the originals that are searched for.
    pub filter: Filter,
}

/// Searches cells for one worker, with buffers of its own.
#[derive(Debug)]
pub struct Sniffer<'a> {
    scanner: &'a Scanner,
    words: WordRuns,
    spare: Vec<Vec<u8>>,
}

impl Scanner {
    /// True if the original with this hash is the whole text of a cell.
    pub fn is_whole(&self, text: &[u8], hash: u64) -> bool {
        let canonical = std::str::from_utf8(text).map(|text| self.fold.canonical(text)).unwrap_or_default();
        !canonical.is_empty()
            && SORTS.iter().any(|sort| self.filter.hash(*sort, canonical.as_bytes()) == hash)
    }

    /// Makes a [`Sniffer`] with buffers for one worker.
    pub fn sniffer(&self) -> Sniffer<'_> {
        Sniffer { scanner: self, words: WordRuns::default(), spare: Vec::new() }
    }
}

impl Sniffer<'_> {
    /// Searches a cell. Calls `found` with the hash of each original in it and whether the hit is sure; `found` returns
    /// whether to go on. A `bare` number is compared only as a whole.
    pub fn cell(&mut self, text: &[u8], bare: bool, found: &mut dyn FnMut(u64, Known) -> bool) {
        if text.len() < LENGTH_MIN {
            return;
        }
        if bare {
            self.number(text, found);
            return;
        }
        let mut rest = text;
        while rest.len() > PIECE_BYTES {
            if !self.view(&rest[..PIECE_BYTES], 0, found) {
                return;
            }
            rest = &rest[PIECE_BYTES - OVERLAP_BYTES..];
        }
        self.view(rest, 0, found);
    }

    fn number(&self, text: &[u8], found: &mut dyn FnMut(u64, Known) -> bool) {
        let filter = &self.scanner.filter;
        let digits = text.len() >= DIGITS_ANYWHERE && text.iter().all(u8::is_ascii_digit);
        if digits && filter.crc(text) {
            tell(filter, SORTS, text, found);
        }
    }

    /// Searches the text itself, the unescaped text, and the texts packed in it. Returns whether to go on.
    fn view(&mut self, text: &[u8], depth: usize, found: &mut dyn FnMut(u64, Known) -> bool) -> bool {
        let Scanner { fold, filter } = self.scanner;
        // Computed only for texts with a short run that may be an original, which are few.
        let noise = LazyCell::new(|| is_noise(text));
        if !self.words.runs(text, fold, filter, |run| by_chance(&noise, run) || told(filter, run, found)) {
            return false;
        }
        if depth == DEPTH_MAX {
            return true;
        }
        if views::is_escaped(text) {
            let mut plain = self.spare.pop().unwrap_or_default();
            let changed = views::unescape(text, &mut plain);
            let go_on = !changed || self.view(&plain, depth + 1, found);
            self.spare.push(plain);
            if !go_on {
                return false;
            }
        }
        views::packed(text, |inner| self.view(inner, depth + 1, found))
    }
}

/// True if these bytes are not UTF-8, and fewer than four fifths are printable ASCII, as in a text of another character set. A
/// piece of a long text may begin and end in the middle of a character.
fn is_noise(bytes: &[u8]) -> bool {
    let cut = bytes.iter().take(3).take_while(|byte| **byte & 0xc0 == 0x80).count();
    let is_text = match std::str::from_utf8(&bytes[cut..]) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    };
    let plain = |byte: &&u8| matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r');
    !is_text && bytes.iter().filter(plain).count() < bytes.len() / 5 * 4
}

/// True if a run is so short that it may be in noise by chance, and its text is noise.
fn by_chance(noise: &LazyCell<bool, impl FnOnce() -> bool>, run: WordRun<'_>) -> bool {
    run.text.len() < if run.words == 1 { WORD_IN_NOISE } else { RUN_IN_NOISE } && **noise
}

/// Calls `found` if a run of words is an original and passes the rules. Returns whether to go on.
fn told(filter: &Filter, run: WordRun<'_>, found: &mut dyn FnMut(u64, Known) -> bool) -> bool {
    tell(filter, sorts(run), run.text, found)
}

fn tell(
    filter: &Filter,
    sorts: &[ValueSort],
    text: &[u8],
    found: &mut dyn FnMut(u64, Known) -> bool,
) -> bool {
    for sort in sorts {
        let hash = filter.hash(*sort, text);
        let known = filter.knows(hash);
        if known != Known::No && !found(hash, known) {
            return false;
        }
    }
    true
}

/// Returns the sorts of original that a run may be; none if it is too short to count. A telephone number is written with and
/// without blanks, so it may be both; several words without digits are only `Strong`.
fn sorts(run: WordRun<'_>) -> &'static [ValueSort] {
    let digits = run.text.iter().filter(|byte| byte.is_ascii_digit()).count();
    if digits == run.text.len() {
        let telling = digits >= DIGITS_ANYWHERE || (digits >= DIGITS_MIN && run.alone);
        return if telling { SORTS } else { &[] };
    }
    match run.words {
        _ if digits > 0 => SORTS,
        1 if run.alone || run.text.len() >= LETTERS_ANYWHERE => SORTS,
        1 => &[],
        _ => &[ValueSort::Strong],
    }
}

#[cfg(test)]
mod tests {
    use super::super::KEY_BYTES;
    use super::super::filter::{Filter, record};
    use super::*;

    fn scanner(originals: &[&str]) -> Scanner {
        let fold = Fold::of_unicode();
        let mut filter = Filter::with_room([3; KEY_BYTES], 100);
        for original in originals {
            let canonical = fold.canonical(original);
            let sort = if canonical.len() == original.len() { ValueSort::Word } else { ValueSort::Strong };
            let record = record(&filter, sort, &canonical);
            filter.add(&record);
        }
        filter.close();
        Scanner { fold, filter }
    }

    fn found(scanner: &Scanner, text: &[u8]) -> usize {
        let mut all = std::collections::BTreeSet::new();
        scanner.sniffer().cell(text, false, &mut |hash, _| {
            all.insert(hash);
            true
        });
        all.len()
    }

    #[test]
    fn an_original_is_found_in_every_dress() {
        let scanner = scanner(&["john.smith@real.example", "+1 555 010 7788", "José Núñez", "Kowalczyk"]);
        for text in [
            "john.smith@real.example",
            "JOHN.SMITH@REAL.EXAMPLE",
            "please write to <John.Smith@real.example>, today",
            r#"{"a":{"mail":"john.smith@real.example"}}"#,
            r#"{"a":"{\"mail\":\"john.smith\\u0040real.example\"}"}"#,
            "https://x.example/?m=john.smith%40real.example&n=1",
            "a:1:{s:4:\"mail\";s:23:\"john.smith@real.example\";}",
            "am9obi5zbWl0aEByZWFsLmV4YW1wbGU=",
            "eyJtYWlsIjoiam9obi5zbWl0aEByZWFsLmV4YW1wbGUifQ==",
            "call 1-555-010-7788 at noon",
            "tel:+15550107788",
            "JOSÉ NÚÑEZ called",
            r"Jos\u00e9 N\u00fa\u00f1ez",
            "Jos&#233;&nbsp;N&#xfa;&#xF1;ez",
            "José\u{a0}Núñez",
            "Mr Kowalczyk called",
            "<name>kowalczyk</name>",
            "john.smith\\@real\\.example",
        ] {
            assert_eq!(found(&scanner, text.as_bytes()), 1, "{text}");
        }
    }

    #[test]
    fn what_is_no_original_is_not_found() {
        let scanner = scanner(&["john.smith@real.example", "5550107788", "123456", "Stone", "Shepherd"]);
        for text in [
            "john.smith@real.examples",
            "xjohn.smith@real.example",
            "a stone in the garden",
            "Sto ne",
            "she pherd",
            "order 123456 was paid",
            "15550107788",
            "",
            "\\",
            "%",
        ] {
            assert_eq!(found(&scanner, text.as_bytes()), 0, "{text}");
        }
        assert_eq!(found(&scanner, b"STONE"), 1, "all of the cell");
        assert_eq!(found(&scanner, br#"{"last":"Stone"}"#), 1, "all of a JSON text");
        assert_eq!(found(&scanner, b"123456"), 1, "all of the cell");
        assert_eq!(found(&scanner, b"the Shepherd family"), 1, "long enough");
    }

    #[test]
    fn what_stands_in_bytes_of_a_hash_by_chance_is_not_found() {
        let scanner = scanner(&["qzxx6", "ab12c", "anna@real.example", "Müller Straße 12b"]);
        for noise in [
            // SHA-256 of 29354: it contains "Q", "zx", "x" and "6" in this order.
            &b"\xa7\xd6'T<\xc18M\xb9\xa1\xe3\x1e\xd7\x0fbknZ\x93Q;\x97zx\x9e?x\xd2%6\xc6\xe9"[..],
            b"\xf7\x01\xe2\x80ab12c\xff\x03\xfe",
        ] {
            assert_eq!(found(&scanner, noise), 0, "{noise:?}");
        }
        assert_eq!(
            found(&scanner, b"\xf7\x01\xe2\x80anna@real.example\xff\x03\xfe"),
            1,
            "long enough among noise"
        );
        assert_eq!(
            found(&scanner, b"name=M\xfcller; contact=ab12c; city=K\xf6ln; on paper"),
            1,
            "text of another character set"
        );
    }

    #[test]
    fn a_long_text_in_another_alphabet_is_no_noise_wherever_it_is_cut() {
        let scanner = scanner(&["anna 77"]);
        // A letter has three bytes: each of these lengths makes pieces end and begin at another byte of a letter.
        for before in 0..3 {
            let text = format!("{}{} \"anna 77\"", "x".repeat(before), "漢".repeat(PIECE_BYTES / 3 + 1_000));
            assert_eq!(found(&scanner, text.as_bytes()), 1, "{before}");
        }
    }

    #[test]
    fn bare_numbers_are_looked_at_as_a_whole() {
        let scanner = scanner(&["5550107788", "123456"]);
        let count = |text: &[u8]| {
            let mut n = 0;
            scanner.sniffer().cell(text, true, &mut |_, _| {
                n += 1;
                true
            });
            n
        };
        assert_eq!((count(b"5550107788"), count(b"123456"), count(b"-5550107788")), (1, 0, 0));
    }

    #[test]
    fn long_texts_are_found_through_in_bounded_memory() {
        let scanner = scanner(&["john.smith@real.example"]);
        let filler = "lorem ipsum dolor sit amet ".repeat(100_000);
        for place in [0, 27 * 1_000, 27 * 38_836, filler.len()] {
            let text = format!("{} john.smith@real.example {}", &filler[..place], &filler[place..]);
            assert_eq!(found(&scanner, text.as_bytes()), 1, "at {place}");
        }
        let mut sniffer = scanner.sniffer();
        sniffer.cell(filler.as_bytes(), false, &mut |_, _| true);
        assert!(sniffer.words.capacity() < 1 << 20);
        let one = "x".repeat(3 << 20);
        assert_eq!(found(&scanner, one.as_bytes()), 0);
    }

    #[test]
    fn bytes_of_any_kind_do_no_harm() {
        let scanner = scanner(&["john.smith@real.example"]);
        let mut bytes: Vec<u8> = (0..=255).cycle().take(70_000).collect();
        assert_eq!(found(&scanner, &bytes), 0);
        bytes.extend_from_slice(b"\x00\xffjohn.smith@real.example\xfe\x00");
        assert_eq!(found(&scanner, &bytes), 1);
        let deep = format!("{}\"john.smith@real.example\"{}", "[".repeat(5_000), "]".repeat(5_000));
        assert_eq!(found(&scanner, deep.as_bytes()), 1);
    }
}
