//! Values that a target has of its own: `set = { "settings.value where name = 'url'" = "https://dev3.test" }`.
//!
//! In: `[targets.NAME] set` and `after`. Out: one `UPDATE` for each entry of `set`, then the SQL of `after`, run in the loaded
//! database.

use super::preserve;
use crate::config::Scalar;
use crate::house::House;
use crate::mysql::Server;
use crate::restore::error::Error;
use crate::restore::target::DevTarget;
use crate::sql::{literal, name};

/// Makes the statements of `set`, each with its key. Fails if a key or value is wrong.
pub(crate) fn statements(target: &DevTarget) -> Result<Vec<(String, String)>, Error> {
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

/// Runs the statements of `set`, then those of `after`, over the loader's login.
pub(crate) fn run(house: &House, target: &DevTarget, server: &Server, database: &str) -> Result<(), Error> {
    let set = statements(target)?.into_iter().map(|(key, sql)| (format!("set {key:?}"), sql));
    let after = target.settings.after.iter().enumerate();
    let after = after.map(|(i, sql)| (format!("after[{}]", i + 1), sql.clone()));
    let mut session = server.connect_to(Some(database))?;
    for (what, statement) in set.chain(after) {
        house.cancel.check()?;
        let target = target.name.clone();
        let outcome = session.run(&what, &statement);
        outcome.map_err(|source| Error::After { target, what, source })?;
    }
    Ok(())
}

fn value_of(value: &Scalar) -> Option<String> {
    match value {
        Scalar::Bool(value) => Some(u8::from(*value).to_string()),
        Scalar::Integer(value) => Some(value.to_string()),
        Scalar::Float(value) => value.is_finite().then(|| value.to_string()),
        Scalar::Text(value) => Some(literal(value)),
    }
}
