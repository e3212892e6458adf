//! What personal data looks like: conditions over one value, the same on MySQL and MariaDB.
//!
//! In: SQL for a value. Out: SQL that is true where it looks so. A cheap LIKE or length comes first, the regular
//! expression after it.

use super::names::FIRST_NAMES;
use crate::catalog::{Column, Family};
use crate::mask::looks;
use crate::sql::literal;

/// Something that values may look like.
pub(crate) struct Look {
    pub(crate) what: &'static str,
    pub(crate) proposal: &'static str,
    /// Seen in one of so many non-empty values, it is a habit.
    one_in: u64,
    /// Fewer hits than this are chance.
    hits_min: u64,
    condition: Condition,
    /// The same in the middle of a long text or of JSON, and one in how many of them is a habit.
    within: Option<(Condition, u64)>,
}

/// What was seen in a column.
pub(crate) struct Seen {
    pub(crate) column: String,
    pub(crate) evidence: String,
    pub(crate) proposal: String,
}

type Condition = fn(&str) -> String;

/// A text that may hold anything, not one value of one kind.
pub(crate) fn free(column: &Column) -> bool {
    column.length.unwrap_or(u64::MAX) > 255 || matches!(column.family(), Family::Json | Family::Binary)
}

impl Look {
    pub(crate) fn question(&self, column: &Column, value: &str) -> String {
        match self.within {
            Some((within, _)) if free(column) => within(value),
            _ => (self.condition)(value),
        }
    }

    pub(crate) fn is_habit(&self, column: &Column, hits: u64, total: u64) -> bool {
        let within = self.within.filter(|_| free(column)).map(|(_, one_in)| one_in);
        hits >= self.hits_min && hits * within.unwrap_or(self.one_in) >= total
    }
}

/// In the order of what says most.
pub(crate) const LOOKS: &[Look] = &[
    Look {
        what: "an e-mail address",
        proposal: "\"email\"",
        one_in: 20,
        hits_min: 1,
        condition: email_alone,
        within: Some((email, 20)),
    },
    // In sentences, which are none any more if an address stands in their place.
    Look {
        what: "an e-mail address",
        proposal: "\"text\"",
        one_in: 20,
        hits_min: 1,
        condition: email,
        within: None,
    },
    Look {
        what: "an encoded e-mail address",
        proposal: "\"text\"",
        one_in: 20,
        hits_min: 1,
        condition: encoded,
        within: Some((encoded, 20)),
    },
    Look {
        what: "a telephone number",
        proposal: "\"phone\"",
        one_in: 2,
        hits_min: 1,
        condition: phone,
        within: Some((|value| format!("{value} REGEXP '{PHONE_WITHIN}'"), 20)),
    },
    Look {
        what: "a street",
        proposal: "\"street\"",
        one_in: 4,
        hits_min: 2,
        condition: street,
        within: None,
    },
    Look {
        what: "a social security number",
        proposal: "{ kind = \"pattern\", format = \"###-##-####\" }",
        one_in: 2,
        hits_min: 1,
        condition: ssn,
        within: Some((|value| format!("{value} LIKE '%-__-%' AND {value} REGEXP '{SSN_WITHIN}'"), 20)),
    },
    Look {
        what: "an IBAN",
        proposal: "\"iban\"",
        one_in: 2,
        hits_min: 1,
        condition: iban,
        within: Some((|value| format!("{} REGEXP '{}'", exact(value), looks::IBAN_WITHIN), 20)),
    },
    Look {
        what: "a card number",
        proposal: "\"card\"",
        one_in: 2,
        hits_min: 1,
        condition: card,
        within: Some((card_within, 5)),
    },
    Look { what: "an IP address", proposal: "\"ip\"", one_in: 2, hits_min: 1, condition: ip, within: None },
    Look {
        what: "a token or a hash",
        proposal: "\"hash\"",
        one_in: 2,
        hits_min: 2,
        condition: token,
        within: None,
    },
    Look { what: "a name", proposal: "\"name\"", one_in: 4, hits_min: 3, condition: name, within: None },
];

/// Numbers as people of many countries write them: `0171 8675310`, `06 12 34 56 78`, `(0) 30/123 45 67`. What follows the nought is none,
/// and there is something between the digits or there are ten of them: `0012345` is a number of ours.
const PHONE_NATIONAL: &str = "^[(]?0{1,2}[)]?[ ./-]?[1-9]([0-9]*[ ()./-]+[0-9 ()./-]*[0-9]{2}|[0-9]{8,13})$";

/// A date looks like a telephone number otherwise.
const DATE: &str = "^[0-9]{1,4}[./-][0-9]{1,2}[./-][0-9]{1,4}";

/// A house number and a street, or a street and a house number, in the words of eight languages.
const STREETS: &[&str] = &[
    "^[0-9]{1,6}[a-z]?,? [[:alpha:]].*[ ](street|st|avenue|ave|road|rd|lane|ln|drive|dr|boulevard|blvd|court|ct|way|place|pl|terrace|highway|hwy|square|circle|parkway|pkwy)[.]?([ ,].*)?$",
    "(stra(ss|.)e|str[.]|weg|platz|allee|gasse|damm|straat|laan|plein|gracht|kade)[ ]+[0-9]{1,5}[ ]?[a-z]?$",
    "^([0-9]{1,5},?[ ]+((bis|ter)[ ]+)?)?(rue|avenue|boulevard|chemin|impasse|calle|avenida|paseo|via|viale|piazza|corso|rua|travessa|ulica|ul[.]|al[.]|os[.])[ ]+[[:alpha:]].*[0-9[:alpha:]]$",
];

const PHONE_WITHIN: &str = "[+][0-9]{1,3}[ ./(-]?[0-9][0-9 ()./-]{6,16}[0-9]|(^|[^0-9.-])[(]?[0-9]{3}[)]?[ .-]{1,2}[0-9]{3}[ .-][0-9]{4}([^0-9]|$)";
const SSN_WITHIN: &str = "(^|[^0-9-])[0-9]{3}-[0-9]{2}-[0-9]{4}([^0-9-]|$)";
const UUID: &str = "^[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}$";

fn exact(value: &str) -> String {
    format!("{value} COLLATE utf8mb4_bin")
}

/// Only what is around the first `@` is matched: a long text would take the regular expression for ever.
fn email(value: &str) -> String {
    let near = format!("SUBSTR({value}, GREATEST(LOCATE('@', {value}) - 64, 1), 192)");
    format!("{value} LIKE '%@%' AND {near} REGEXP '{}'", looks::EMAIL)
}

/// An address and nothing else, or several.
fn email_alone(value: &str) -> String {
    format!("TRIM({value}) NOT LIKE '% %' AND {}", email(value))
}

/// Base64 or hexadecimal digits with an address inside. latin1 takes all bytes.
fn encoded(value: &str) -> String {
    let packed = format!("REPLACE(REPLACE({value}, CHAR(10), ''), CHAR(13), '')");
    let plain = |decoded: &str| {
        format!("CONVERT({decoded}({packed}) USING latin1) REGEXP '[A-Za-z0-9]{}'", looks::EMAIL)
    };
    format!(
        "CHAR_LENGTH({value}) >= 12 AND {value} NOT LIKE '% %' AND ({packed} REGEXP '^[A-Za-z0-9+/]+=?=?$' AND {} \
         OR {packed} REGEXP '^[0-9A-Fa-f]+$' AND {})",
        plain("FROM_BASE64"),
        plain("UNHEX")
    )
}

fn phone(value: &str) -> String {
    let digits = format!("CHAR_LENGTH({value}) BETWEEN 8 AND 20");
    let national = format!("{digits} AND {} AND {value} NOT REGEXP '{DATE}'", short(value, PHONE_NATIONAL));
    let usual = short(value, "^([+][0-9 ()./-]{8,18}|[(]?[0-9]{3}[)]?[ .-][0-9]{3}[ .-][0-9]{4})$");
    format!("({usual} OR {national})")
}

/// Only a text with a digit and a blank can be one.
fn street(value: &str) -> String {
    let shapes: Vec<String> = STREETS.iter().map(|shape| format!("{value} REGEXP '{shape}'")).collect();
    format!(
        "CHAR_LENGTH({value}) BETWEEN 6 AND 120 AND {value} LIKE '% %' AND {value} REGEXP '[0-9]' AND ({})",
        shapes.join(" OR ")
    )
}

/// A word or two, each with a capital letter: what a name looks like, and much else. Beside first names it says something.
pub(crate) fn like_a_name(value: &str) -> String {
    let shape = "^[[:upper:]][[:lower:]]+([ ''-][[:upper:]]?[[:lower:]]+){0,3}$";
    format!("CHAR_LENGTH({value}) BETWEEN 3 AND 60 AND {} REGEXP '{shape}'", exact(value))
}

/// A day when somebody may have been born: long before there was a database. Placeholders are none.
pub(crate) fn birthday(value: &str) -> String {
    format!(
        "({value} > '1900-01-01' AND {value} < '1980-01-01' AND {value} NOT IN ('1970-01-01', '1901-01-01', '1950-01-01'))"
    )
}

/// How JSON, XML and serialised PHP begin: a bracket alone begins anything.
const DOCUMENT: &str = r#"^[[:space:]]*(\{[[:space:]]*"|\[[[:space:]]*[\[{"]|<[?!A-Za-z]|[aO]:[0-9]+:)"#;

/// A document: JSON, XML or serialised PHP.
pub(crate) fn document(value: &str) -> String {
    format!("({value} REGEXP {})", literal(DOCUMENT))
}

fn ssn(value: &str) -> String {
    short(value, "^[0-9]{3}-[0-9]{2}-[0-9]{4}$")
}

fn iban(value: &str) -> String {
    let packed = format!("REPLACE({value}, ' ', '')");
    short(&exact(&packed), looks::IBAN)
}

/// `fe80::1` and `192.0.2.1`; `1.2.3` is a version.
fn ip(value: &str) -> String {
    format!("CHAR_LENGTH({value}) <= 45 AND (IS_IPV4({value}) OR {value} LIKE '%:%:%' AND IS_IPV6({value}))")
}

/// 13 to 19 digits whose check digit is right (Luhn).
fn card(value: &str) -> String {
    let packed = format!("REPLACE(REPLACE({value}, ' ', ''), '-', '')");
    format!("{} AND {}", short(&packed, "^[0-9]{13,19}$"), luhn(&packed))
}

/// The first run of so many digits that begins as cards do.
fn card_within(value: &str) -> String {
    let shape = "[3-6]([ -]?[0-9]){12,18}";
    let found = format!("REGEXP_SUBSTR({value}, '{shape}')");
    let packed = format!("REPLACE(REPLACE({found}, ' ', ''), '-', '')");
    format!("{value} REGEXP '(^|[^0-9]){shape}([^0-9]|$)' AND {}", luhn(&packed))
}

fn luhn(packed: &str) -> String {
    let digit = |at: u32| format!("SUBSTR(LPAD({packed}, 19, '0'), {}, 1)", 19 - at);
    let sum: Vec<String> = (0..19)
        .map(|at| if at % 2 == 0 { digit(at) } else { format!("({0} * 2 - 9 * ({0} > 4))", digit(at)) })
        .collect();
    format!("({}) % 10 = 0", sum.join(" + "))
}

/// Letters of both cases and digits, or hexadecimal digits only, without a word between: what no person types. A UUID
/// is a name for a row.
fn token(value: &str) -> String {
    let exact = exact(value);
    let has = |shape: &str| format!("{exact} REGEXP '{shape}'");
    format!(
        "CHAR_LENGTH({value}) BETWEEN 20 AND 4000 AND NOT {} AND ({} AND {} AND {} OR {} AND {} AND {} AND {} OR {})",
        has(UUID),
        has("^([0-9a-f]{24,}|[0-9A-F]{24,})$"),
        has("[0-9]"),
        has("[A-Fa-f]"),
        has("^[A-Za-z0-9_+]{20,}={0,2}$"),
        has("[0-9]"),
        has("[A-Z]"),
        has("[a-z]"),
        has(
            "^([$](1|5|6|2[abxy]|argon2[id]{1,2}|P|H|S|wp)[$]|pbkdf2_sha[0-9]+[$]|:pbkdf2:|eyJ[A-Za-z0-9_-]+[.])"
        ),
    )
}

/// Two or three words, or one, of which the first or the last is a first name that many people have.
fn name(value: &str) -> String {
    let list: Vec<String> = FIRST_NAMES.split_whitespace().map(literal).collect();
    let list = list.join(", ");
    let word = |n: i32| format!("LOWER(SUBSTRING_INDEX(TRIM({value}), ' ', {n})) IN ({list})");
    format!("CHAR_LENGTH({value}) BETWEEN 2 AND 60 AND ({} OR {})", word(1), word(-1))
}

fn short(value: &str, shape: &str) -> String {
    format!("CHAR_LENGTH({value}) <= 64 AND {value} REGEXP '{shape}'")
}
