//! The words that a name is made of, before any list is asked.
//!
//! In: `customerEmails`, `address1`, `Straße`, `data_de_nascimento`. Out: `customer email`, `address 1`, `strasse`, `data nascimento`.

use crate::catalog;

/// Words that only join others: `date_of_birth` and `birth_date` speak of the same.
const JOINING: &[&str] = &[
    "of", "the", "de", "del", "della", "dello", "di", "da", "do", "dos", "das", "du", "des", "la", "le",
    "los", "las", "van", "der", "den", "het", "und", "et",
];

/// Letters of the languages that the lists know, and how they are written without accents.
const ACCENTS: &[(&str, &str)] = &[
    ("áàâäãåąă", "a"),
    ("çćč", "c"),
    ("éèêëęě", "e"),
    ("íìîï", "i"),
    ("ł", "l"),
    ("ñńň", "n"),
    ("óòôöõő", "o"),
    ("śš", "s"),
    ("ß", "ss"),
    ("úùûüů", "u"),
    ("ýÿ", "y"),
    ("źżž", "z"),
    ("æ", "ae"),
    ("œ", "oe"),
];

/// Lower-case words in the singular, without accents; a number behind a word is one of its own.
pub(crate) fn plain_words(name: &str) -> Vec<String> {
    let words = catalog::words(name);
    let parts = words.iter().flat_map(|word| numbered(word));
    let plain = parts.map(|word| catalog::singular(&without_accents(word)));
    plain.filter(|word| !JOINING.contains(&word.as_str())).collect()
}

/// `address1` is `address` and `1`.
fn numbered(word: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut before) = (0, ' ');
    for (at, c) in word.char_indices() {
        if c.is_ascii_digit() && before.is_alphabetic() {
            parts.push(&word[start..at]);
            start = at;
        }
        before = c;
    }
    parts.push(&word[start..]);
    parts
}

fn without_accents(word: &str) -> String {
    let plain = |c: char| ACCENTS.iter().find(|(letters, _)| letters.contains(c)).map(|(_, plain)| *plain);
    word.chars().fold(String::new(), |mut all, c| {
        match plain(c) {
            Some(plain) => all.push_str(plain),
            None => all.push(c),
        }
        all
    })
}

#[cfg(test)]
mod tests {
    use super::plain_words;

    #[test]
    fn names_fall_into_words_without_accents() {
        for (name, expected) in [
            ("customerEmails", "customer email"),
            ("address1", "address 1"),
            ("phone2Type", "phone 2 type"),
            ("home_addresses", "home address"),
            ("Straße", "strasse"),
            ("prénom", "prenom"),
            ("contraseña", "contrasena"),
            ("data_de_nascimento", "data nascimento"),
            ("status", "status"),
            ("last_ips", "last ip"),
            ("email_ids", "email ids"),
        ] {
            assert_eq!(plain_words(name).join(" "), expected, "{name}");
        }
    }
}
