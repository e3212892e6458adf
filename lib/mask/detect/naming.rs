//! The words that a column's name is made of.
//!
//! In: `customerEmails`, `phonenumber`, `address1`. Out: `customer email`, `phone number`, `address 1`.

use crate::catalog;

/// Words that are often written together.
const GLUED: &[(&str, &[&str])] = &[
    ("firstname", &["first", "name"]),
    ("givenname", &["given", "name"]),
    ("middlename", &["middle", "name"]),
    ("lastname", &["last", "name"]),
    ("familyname", &["family", "name"]),
    ("maidenname", &["maiden", "name"]),
    ("fullname", &["full", "name"]),
    ("contactname", &["contact", "name"]),
    ("customername", &["customer", "name"]),
    ("displayname", &["display", "name"]),
    ("realname", &["real", "name"]),
    ("username", &["user", "name"]),
    ("loginname", &["login", "name"]),
    ("emailaddress", &["email", "address"]),
    ("mailaddress", &["mail", "address"]),
    ("homeaddress", &["home", "address"]),
    ("streetaddress", &["street", "address"]),
    ("ipaddress", &["ip", "address"]),
    ("ipaddr", &["ip", "address"]),
    ("lastip", &["last", "ip"]),
    ("remoteaddr", &["remote", "addr"]),
    ("phonenumber", &["phone", "number"]),
    ("phoneno", &["phone", "number"]),
    ("telephonenumber", &["telephone", "number"]),
    ("mobilenumber", &["mobile", "number"]),
    ("mobilephone", &["mobile", "phone"]),
    ("cellphone", &["cell", "phone"]),
    ("homephone", &["home", "phone"]),
    ("workphone", &["work", "phone"]),
    ("dateofbirth", &["date", "of", "birth"]),
    ("zipcode", &["zip", "code"]),
    ("postalcode", &["postal", "code"]),
    ("creditcard", &["credit", "card"]),
    ("creditcardnumber", &["credit", "card", "number"]),
    ("cardnumber", &["card", "number"]),
    ("accountnumber", &["account", "number"]),
    ("passportnumber", &["passport", "number"]),
    ("taxid", &["tax", "id"]),
    ("nationalid", &["national", "id"]),
    ("apikey", &["api", "key"]),
    ("useragent", &["user", "agent"]),
];

/// Lower-case words in the singular; a number behind a word is one of its own.
pub fn column_words(name: &str) -> Vec<String> {
    let words = catalog::words(name);
    words.iter().flat_map(|word| numbered(word)).flat_map(|word| apart(&catalog::singular(word))).collect()
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

fn apart(word: &str) -> Vec<String> {
    let parts = GLUED.iter().find(|(glued, _)| *glued == word);
    parts.map_or_else(|| vec![word.to_owned()], |(_, parts)| parts.iter().map(|p| (*p).to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::column_words;

    #[test]
    fn names_fall_into_words() {
        for (name, expected) in [
            ("customerEmails", "customer email"),
            ("address1", "address 1"),
            ("phone2Type", "phone 2 type"),
            ("home_addresses", "home address"),
            ("PhoneNumber", "phone number"),
            ("phonenumbers", "phone number"),
            ("status", "status"),
            ("cities", "city"),
            ("last_ips", "last ip"),
            ("email_ids", "email ids"),
        ] {
            assert_eq!(column_words(name).join(" "), expected, "{name}");
        }
    }
}
