//! Values that a target has of its own: `set = { "settings.value where name = 'url'" = "https://dev3.test" }`.
//!
//! In: `[targets.NAME] set`. Out: one `UPDATE` for each, on the refreshed database.

use super::preserve;
use crate::config::Scalar;
use crate::restore::error::Error;
use crate::restore::target::Target;
use crate::sql::{literal, name};

/// The statements, with the key that each comes from.
pub(crate) fn statements(target: &Target) -> Result<Vec<(String, String)>, Error> {
    let wrong = |key: &str| Error::Set { target: target.name.clone(), key: key.to_owned() };
    let all = target.settings.set.iter().map(|(key, value)| {
        let (place, which) = preserve::condition(key)
            .map_or((key.as_str(), String::new()), |(place, condition)| {
                (place, format!(" WHERE {condition}"))
            });
        let (table, column) = place.split_once('.').ok_or_else(|| wrong(key))?;
        let value = value_of(value).ok_or_else(|| wrong(key))?;
        Ok((key.clone(), format!("UPDATE {} SET {} = {value}{which}", name(table), name(column))))
    });
    all.collect()
}

fn value_of(value: &Scalar) -> Option<String> {
    match value {
        Scalar::Bool(value) => Some(u8::from(*value).to_string()),
        Scalar::Integer(value) => Some(value.to_string()),
        Scalar::Float(value) => value.is_finite().then(|| value.to_string()),
        Scalar::Text(value) => Some(literal(value)),
    }
}
