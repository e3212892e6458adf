//! The words that the name of a table or column is made of.
//!
//! In: `customer_id`, `customerId`, `CustomerID`, `policies`. Out: words in lower case (`customer id`), and the singular of a
//! word (`policy`).

/// Plurals that `ENDINGS` and a dropped `s` would turn into a wrong singular, and their singulars.
const ODD: &[(&str, &str)] = &[
    ("people", "person"),
    ("children", "child"),
    ("men", "man"),
    ("women", "woman"),
    ("statuses", "status"),
    ("bonuses", "bonus"),
    ("campuses", "campus"),
    ("indices", "index"),
    ("analyses", "analysis"),
    ("diagnoses", "diagnosis"),
    ("buses", "bus"),
    ("caches", "cache"),
    ("movies", "movie"),
    ("cookies", "cookie"),
    ("calories", "calorie"),
    ("series", "series"),
    ("species", "species"),
    ("media", "medium"),
    // A column `ids` holds a list of ids, so its name must not become `id`.
    ("ids", "ids"),
];

/// Endings of plurals, and the endings of their singulars.
const ENDINGS: &[(&str, &str)] =
    &[("ies", "y"), ("sses", "ss"), ("shes", "sh"), ("ches", "ch"), ("xes", "x")];

/// The words of a name such as `customer_id`, `customerId` or `CustomerID`, in lower case.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && !before.is_uppercase() && before.is_alphanumeric()) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The singular of a word: `policy` for `policies`, `address` for `addresses`. `address` and `status` stay as they are.
pub(crate) fn singular(word: &str) -> String {
    if let Some((_, one)) = ODD.iter().find(|(many, _)| *many == word) {
        return (*one).to_owned();
    }
    for (ending, with) in ENDINGS {
        if let Some(stem) = word.strip_suffix(ending).filter(|stem| stem.len() > 1) {
            return format!("{stem}{with}");
        }
    }
    match word.strip_suffix('s') {
        Some(stem) if stem.len() > 1 && !stem.ends_with(['s', 'u', 'i']) => stem.to_owned(),
        _ => word.to_owned(),
    }
}

/// The singular of each word.
pub(crate) fn singulars(words: &[String]) -> Vec<String> {
    words.iter().map(|word| singular(word)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fall_apart_where_people_write_them_so() {
        for (name, expected) in [
            ("customer_id", "customer id"),
            ("customerId", "customer id"),
            ("CustomerID", "customer id"),
            ("address1", "address1"),
            ("table2Id", "table2 id"),
            ("DESCRIPTION", "description"),
            ("pName", "p name"),
        ] {
            assert_eq!(words(name).join(" "), expected, "{name}");
        }
    }

    #[test]
    fn tells_one_from_many() {
        for (many, one) in [
            ("policies", "policy"),
            ("addresses", "address"),
            ("status", "status"),
            ("statuses", "status"),
            ("analyses", "analysis"),
            ("diagnosis", "diagnosis"),
            ("movies", "movie"),
            ("boxes", "box"),
            ("people", "person"),
            ("states", "state"),
            ("ips", "ip"),
            ("ids", "ids"),
        ] {
            assert_eq!(singular(many), one);
        }
    }
}
