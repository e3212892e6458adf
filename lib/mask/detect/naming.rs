//! The words that a column's name is made of.
//!
//! In: `customerEmails`, `phonenumber`, `address1`. Out: `customer email`, `phone number`, `address 1`.

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

/// Lower-case words in the singular.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        let breaks = !c.is_alphanumeric()
            || (c.is_uppercase() && before.is_lowercase())
            || (c.is_ascii_digit() && before.is_alphabetic());
        if breaks {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words.iter().flat_map(|word| apart(&singular(word))).collect()
}

fn apart(word: &str) -> Vec<String> {
    let parts = GLUED.iter().find(|(glued, _)| *glued == word);
    parts.map_or_else(|| vec![word.to_owned()], |(_, parts)| parts.iter().map(|p| (*p).to_owned()).collect())
}

/// `emails` is `email`, `addresses` is `address`; `address` and `status` are what they are.
fn singular(word: &str) -> String {
    let single = match word {
        "ips" => "ip",
        _ if word.ends_with("sses") => &word[..word.len() - 2],
        _ if word.len() < 4 || ["ss", "us", "is"].iter().any(|end| word.ends_with(end)) => word,
        _ => word.strip_suffix('s').unwrap_or(word),
    };
    if let Some(stem) = word.strip_suffix("ies") { format!("{stem}y") } else { single.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn names_fall_into_words() {
        for (name, expected) in [
            ("customerEmails", "customer email"),
            ("address1", "address 1"),
            ("home_addresses", "home address"),
            ("PhoneNumber", "phone number"),
            ("phonenumbers", "phone number"),
            ("status", "status"),
            ("cities", "city"),
            ("last_ips", "last ip"),
        ] {
            assert_eq!(words(name).join(" "), expected, "{name}");
        }
    }
}
