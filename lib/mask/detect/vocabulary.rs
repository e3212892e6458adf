//! The word lists: what names speak of, in eight languages. `words/LANGUAGE.txt` are data that anybody can add to.
//!
//! In: a name. Out: its words, glued ones apart (`kundentelefon` is `kunden telefon`), and the [`Class`] of what it speaks of.
//!
//! A list has sections: a class of [`Class::of`], or one of `people` (who has data), `lookup` (tables that describe kinds of rows),
//! `harmless` (last words that make a name speak of something else: `email_sent`), `harmless_first` (first words that do:
//! `is_email`), the same with `_number` (only of what holds no text: an INT `phone_day`, `num_passport`) and `neutral` (only helps to take glued words apart). A line is a phrase. `=` before it: nothing but this is the
//! name. `~`: only in tables about people. `{people}` stands for each of the list's people. What comes first in a name is its head in
//! some languages: there a lookup table may begin with its word (`tipo_usuario`).

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::LazyLock;

use super::class::Class;
use super::naming::plain_words;

/// A list, and whether its language says the head of a name first.
const LISTS: &[(&str, bool)] = &[
    (include_str!("words/en.txt"), false),
    (include_str!("words/de.txt"), false),
    (include_str!("words/nl.txt"), false),
    (include_str!("words/fr.txt"), true),
    (include_str!("words/es.txt"), true),
    (include_str!("words/it.txt"), true),
    (include_str!("words/pt.txt"), true),
    (include_str!("words/pl.txt"), true),
];

/// Shorter words are not looked for inside glued ones, but for these at either end (bytes).
const PART_MIN: usize = 3;
const SHORT_PARTS: &[&str] = &["id", "ip", "no", "nr", "nm", "cp"];

/// A glued word has at most so many parts.
const PARTS_MAX: usize = 4;

/// Words at least this long are found behind anything: `sonderadresse` (bytes).
const TELLING_MIN: usize = 5;

static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(Vocabulary::read);

/// What a phrase of a list says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Term {
    class: Class,
    /// Only if it is the whole name.
    whole: bool,
    /// Only in tables about people.
    people: bool,
}

/// What a name speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hit {
    pub(crate) class: Class,
    /// The name says it whatever stands around it.
    pub(crate) plain: bool,
    /// Whether the phrase itself ends with `id`.
    pub(crate) ends_with_id: bool,
}

/// The word lists of all languages, read once.
#[derive(Debug, Default)]
struct Vocabulary {
    /// By the words of the phrase, joined by blanks.
    terms: HashMap<String, Vec<Term>>,
    words_max: usize,
    /// Phrases written together, and their words.
    glued: HashMap<String, Vec<String>>,
    /// Every word of every list.
    known: HashSet<String>,
    /// Single words that say what they are wherever they stand, the longest first.
    telling: Vec<String>,
    people: HashSet<String>,
    lookup: HashSet<String>,
    lookup_first: HashSet<String>,
    harmless: HashSet<String>,
    harmless_first: HashSet<String>,
    harmless_number: HashSet<String>,
    harmless_first_number: HashSet<String>,
}

impl Vocabulary {
    fn read() -> Self {
        let mut all = Self::default();
        for (list, head_first) in LISTS {
            all.add(list, *head_first);
        }
        let single = |(phrase, terms): (&String, &Vec<Term>)| {
            let plain = terms.iter().any(|term| !term.whole && !term.people);
            (plain && phrase.len() >= TELLING_MIN && !phrase.contains(' ')).then(|| phrase.clone())
        };
        let telling: BTreeSet<String> = all.terms.iter().filter_map(single).collect();
        all.telling = telling.into_iter().collect();
        all.telling.sort_by_key(|word| std::cmp::Reverse(word.len()));
        all
    }

    fn add(&mut self, list: &str, head_first: bool) {
        let sections = sections(list);
        let somebody = sections.iter().filter(|(section, _)| *section == "people");
        let people: Vec<String> = somebody.map(|(_, line)| plain_words(line).join(" ")).collect();
        for (section, line) in &sections {
            let flags = line.len() - line.trim_start_matches(['~', '=']).len();
            let (flags, phrase) = line.split_at(flags);
            let phrases: Vec<Vec<String>> = if let Some((before, after)) = phrase.split_once("{people}") {
                people.iter().map(|one| plain_words(&format!("{before}{one}{after}"))).collect()
            } else {
                vec![plain_words(phrase)]
            };
            for words in phrases.into_iter().filter(|words| !words.is_empty()) {
                self.known.extend(words.iter().cloned());
                let word = words.join(" ");
                match *section {
                    "people" => self.people.extend([word]),
                    "lookup" => {
                        self.lookup_first.extend(head_first.then(|| word.clone()));
                        self.lookup.extend([word]);
                    }
                    "harmless" => self.harmless.extend([word]),
                    "harmless_first" => self.harmless_first.extend([word]),
                    "harmless_number" => self.harmless_number.extend([word]),
                    "harmless_first_number" => self.harmless_first_number.extend([word]),
                    _ => {
                        if let Some(class) = Class::of(section) {
                            let term =
                                Term { class, whole: flags.contains('='), people: flags.contains('~') };
                            self.term(words, term);
                        }
                    }
                }
            }
        }
    }

    fn term(&mut self, words: Vec<String>, term: Term) {
        // Of a name the numbers are not read either.
        let words: Vec<String> = words.into_iter().filter(|word| !is_number(word)).collect();
        self.words_max = self.words_max.max(words.len());
        let terms = self.terms.entry(words.join(" ")).or_default();
        if !terms.contains(&term) {
            terms.push(term);
        }
        if words.len() > 1 {
            self.glued.entry(words.concat()).or_insert(words);
        }
    }

    /// The parts of a word that people wrote together; the word itself if it has none.
    fn apart(&self, word: &str) -> Vec<String> {
        if self.known.contains(word) || word.starts_with(|c: char| c.is_ascii_digit()) {
            return vec![word.to_owned()];
        }
        if let Some(words) = self.glued.get(word) {
            return words.clone();
        }
        if let Some(parts) = self.parts(word, PARTS_MAX) {
            return parts;
        }
        let behind = |telling: &String| word.strip_suffix(telling.as_str()).filter(|rest| rest.len() >= 2);
        if let Some((rest, telling)) = self.telling.iter().find_map(|t| Some((behind(t)?, t))) {
            return vec![rest.to_owned(), telling.clone()];
        }
        // `phonew2`: of two telephones the one at work.
        let shorter = word.char_indices().next_back().map_or("", |(at, _)| &word[..at]);
        if shorter.len() >= TELLING_MIN && self.known.contains(shorter) {
            return vec![shorter.to_owned()];
        }
        vec![word.to_owned()]
    }

    /// All of a word as known words, as few as possible.
    fn parts(&self, word: &str, most: usize) -> Option<Vec<String>> {
        if word.is_empty() || most == 0 {
            return word.is_empty().then(Vec::new);
        }
        let mut best: Option<Vec<String>> = None;
        for end in (1..=word.len()).rev().filter(|end| word.is_char_boundary(*end)) {
            let (first, rest) = word.split_at(end);
            let long = first.len() >= PART_MIN || SHORT_PARTS.contains(&first);
            if !long || !(self.known.contains(first) || self.glued.contains_key(first)) {
                continue;
            }
            if let Some(more) = self.parts(rest, most - 1) {
                let mut all = self.glued.get(first).cloned().unwrap_or_else(|| vec![first.to_owned()]);
                all.extend(more);
                if best.as_ref().is_none_or(|best| all.len() < best.len()) {
                    best = Some(all);
                }
            }
        }
        best
    }
}

/// Section and line, without comments.
fn sections(list: &str) -> Vec<(&str, &str)> {
    let mut section = "";
    let mut all = Vec::new();
    for line in list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            Some(name) => section = name,
            None => all.push((section, line)),
        }
    }
    all
}

/// The words of a name: lower case, in the singular, glued ones apart.
pub fn column_words(name: &str) -> Vec<String> {
    plain_words(name).iter().flat_map(|word| VOCABULARY.apart(&word.clone())).collect()
}

/// Whether a table of this name is about people, and not about kinds of them (`user_role`).
pub(crate) fn about_people(table: &str) -> bool {
    let words = column_words(table);
    let list = &*VOCABULARY;
    let is_people = |word: &String| list.people.contains(word);
    let is_lookup = |word: &String| list.lookup.contains(word);
    let kinds = words.last().is_some_and(is_lookup)
        || words.first().is_some_and(|word| list.lookup_first.contains(word))
        || words.windows(2).any(|pair| is_people(&pair[0]) && is_lookup(&pair[1]));
    !kinds && has_people(&words)
}

/// Whether one of the words is somebody.
pub(crate) fn has_people(words: &[String]) -> bool {
    words.iter().any(|word| VOCABULARY.people.contains(word))
}

/// Whether the rows of a table of this name are about somebody's health, belief or the like, whatever its columns are called.
pub fn is_sensitive(table: &str) -> bool {
    speaks(&column_words(table), true).is_some_and(|hit| hit.class == Class::Special)
}

fn is_number(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
}

/// What a name of these words speaks of; `people`: in a table about people. The longest phrase decides, then the order of classes.
pub(crate) fn speaks(words: &[String], people: bool) -> Option<Hit> {
    speaks_of(words, people, false)
}

/// The same of a column. `text`: it has room for one, and so hardly a word makes it harmless.
pub(crate) fn speaks_of(words: &[String], people: bool, text: bool) -> Option<Hit> {
    let list = &*VOCABULARY;
    let words: Vec<&String> = words.iter().filter(|word| !is_number(word)).collect();
    for length in (1..=list.words_max.min(words.len())).rev() {
        let mut found: Option<(Term, usize)> = None;
        for (start, window) in words.windows(length).enumerate() {
            let phrase = window.iter().map(|word| word.as_str()).collect::<Vec<_>>().join(" ");
            let terms = list.terms.get(&phrase).map(Vec::as_slice).unwrap_or_default();
            let holds = |term: &&Term| (!term.whole || length == words.len()) && (!term.people || people);
            for term in terms.iter().filter(holds) {
                if found.is_none_or(|(best, _)| term.class < best.class) {
                    found = Some((*term, start));
                }
            }
        }
        if let Some((term, start)) = found {
            let end = start + length;
            let beside = |last: &HashSet<String>, first: &HashSet<String>| {
                (end < words.len() && last.contains(words[words.len() - 1]))
                    || (start > 0 && first.contains(words[0]))
            };
            let harmless = beside(&list.harmless, &list.harmless_first)
                || (!text && beside(&list.harmless_number, &list.harmless_first_number));
            let ends_with_id = words[end - 1] == "id";
            let plain = !term.people && (!term.whole || term.class == Class::Pin);
            return (!harmless).then_some(Hit { class: term.class, plain, ends_with_id });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn glued_words_fall_apart_and_others_stay_whole() {
        for (name, expected) in [
            ("PhoneNumber", "phone number"),
            ("phonenumbers", "phone number"),
            ("kundentelefon", "kunden telefon"),
            ("nombrecliente", "nombre cliente"),
            ("lastip", "last ip"),
            ("sonderadresse", "sonder adresse"),
            ("mailing", "mailing"),
            ("tokenizer", "tokenizer"),
            ("transport", "transport"),
            ("banner", "banner"),
            ("cities", "city"),
        ] {
            assert_eq!(column_words(name).join(" "), expected, "{name}");
        }
    }

    #[test]
    fn every_section_of_every_list_is_one_that_is_read() {
        let others = [
            "people",
            "lookup",
            "harmless",
            "harmless_first",
            "harmless_number",
            "harmless_first_number",
            "neutral",
        ];
        for (list, _) in LISTS {
            for (section, line) in sections(list) {
                assert!(Class::of(section).is_some() || others.contains(&section), "[{section}] {line}");
            }
        }
    }

    #[test]
    fn every_line_about_a_class_can_match() {
        for (list, _) in LISTS {
            for (section, line) in sections(list) {
                if Class::of(section).is_none() || line.contains("{people}") {
                    continue;
                }
                let words = column_words(line.trim_start_matches(['~', '=']));
                assert!(speaks_of(&words, true, true).is_some(), "[{section}] {line}: {words:?}");
            }
        }
    }

    #[test]
    fn tables_of_kinds_of_people_are_not_about_people() {
        for table in
            ["app_users", "m_client", "hs_hr_employee", "Kunden", "galette_adherents", "contactos", "osoby"]
        {
            assert!(about_people(table), "{table}");
        }
        for table in [
            "user_role",
            "customer_group",
            "oc_customer_group_description",
            "person_attribute_type",
            "contact_lang",
            "tipo_usuario",
            "tariffs",
        ] {
            assert!(!about_people(table), "{table}");
        }
    }
}
