//! Requests of the Query protocol: forms, in which lists are numbered names (`Tags.Tag.1.Key`). Also the errors in answers.
//!
//! In: the body of a POST. Out: parameters by name, or a [`ServiceError`] with the code that RDS uses.
//! A [`Query`] has no `Debug`, since it may hold a password.

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::rds_local::state::model::{ARN_PREFIX, Tag};

/// The longest identifier of a cluster or an instance, in characters. Also used for snapshots: ours have no longer names.
const NAME_LENGTH_MAX: usize = 63;

/// The error that a caller gets: HTTP status, RDS's error code, a message.
#[derive(Debug, Clone)]
pub(crate) struct ServiceError {
    pub(crate) http: u16,
    pub(crate) code: String,
    pub(crate) message: String,
}

impl ServiceError {
    pub(crate) fn new(http: u16, code: &str, message: impl Into<String>) -> Self {
        Self { http, code: code.to_owned(), message: message.into() }
    }

    pub(crate) fn value(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidParameterValue", message)
    }

    pub(crate) fn combination(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidParameterCombination", message)
    }

    /// Makes the error for a failure on this machine, HTTP status 500.
    pub(crate) fn internal(error: &impl std::fmt::Display) -> Self {
        Self::new(500, "InternalFailure", error.to_string())
    }
}

/// The parameters of one request, by name.
pub(crate) struct Query {
    parameters: BTreeMap<String, String>,
}

impl Query {
    pub(crate) fn parse(body: &[u8]) -> Self {
        Self { parameters: form_urlencoded::parse(body).into_owned().collect() }
    }

    pub(crate) fn action(&self) -> &str {
        self.get("Action").unwrap_or_default()
    }

    pub(crate) fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub(crate) fn need(&self, name: &str) -> Result<&str, ServiceError> {
        self.get(name).ok_or_else(|| {
            ServiceError::new(
                400,
                "MissingParameter",
                format!("The request must contain the parameter {name}"),
            )
        })
    }

    /// Fails unless the parameter `Engine` is given and is `wanted`.
    pub(crate) fn need_engine(&self, wanted: &str) -> Result<(), ServiceError> {
        match self.need("Engine")? {
            engine if engine == wanted => Ok(()),
            other => Err(ServiceError::combination(format!("The engine {other} does not match {wanted}"))),
        }
    }

    pub(crate) fn text_or(&self, name: &str, default: &str) -> String {
        self.get(name).unwrap_or(default).to_owned()
    }

    pub(crate) fn parsed<T: FromStr>(&self, name: &str) -> Result<Option<T>, ServiceError> {
        self.get(name)
            .map(|text| {
                text.parse().map_err(|_| ServiceError::value(format!("Invalid value {text} for {name}")))
            })
            .transpose()
    }

    pub(crate) fn flag(&self, name: &str) -> Result<bool, ServiceError> {
        Ok(self.parsed(name)?.unwrap_or(false))
    }

    /// Returns a numeric parameter, if given. Fails if it is not between `least` and `most`.
    pub(crate) fn number(&self, name: &str, least: u32, most: u32) -> Result<Option<u32>, ServiceError> {
        let number = self.parsed::<u32>(name)?;
        match number {
            Some(n) if !(least..=most).contains(&n) => Err(ServiceError::value(format!(
                "Invalid value {n} for {name}. Must be between {least} and {most}"
            ))),
            _ => Ok(number),
        }
    }

    /// Returns the values of `Prefix.Member.1`, `Prefix.Member.2`, … in the order of their numbers.
    pub(crate) fn list(&self, prefix: &str) -> Vec<String> {
        let mut found: Vec<(usize, &String)> = self
            .below(prefix)
            .filter_map(|(rest, value)| {
                Some((rest.split('.').nth(1)?.parse().ok()?, value)).filter(|_| rest.split('.').count() == 2)
            })
            .collect();
        found.sort_by_key(|(index, _)| *index);
        found.into_iter().map(|(_, value)| value.clone()).collect()
    }

    /// Returns the tags of a request: `Tags.Tag.N.Key` and `.Value`.
    pub(crate) fn tags(&self) -> Vec<Tag> {
        let mut tags: BTreeMap<usize, Tag> = BTreeMap::new();
        for (rest, value) in self.below("Tags") {
            let mut words = rest.split('.').skip(1);
            let (Some(index), Some(field)) = (words.next().and_then(|i| i.parse().ok()), words.next()) else {
                continue;
            };
            let tag = tags.entry(index).or_insert_with(|| Tag { key: String::new(), value: String::new() });
            match field {
                "Key" => tag.key.clone_from(value),
                _ => tag.value.clone_from(value),
            }
        }
        tags.into_values().collect()
    }

    /// Returns the filters `Filters.Filter.N.Name` and `.Values.Value.M`, values in lower case. Fails on a name not in `known`.
    pub(crate) fn filters(&self, known: &[&str]) -> Result<Vec<(String, Vec<String>)>, ServiceError> {
        let mut filters: BTreeMap<usize, (String, Vec<String>)> = BTreeMap::new();
        for (rest, value) in self.below("Filters") {
            let words: Vec<&str> = rest.split('.').collect();
            let Some(index) = words.get(1).and_then(|index| index.parse().ok()) else { continue };
            let filter = filters.entry(index).or_default();
            match words.get(2) {
                Some(&"Name") => filter.0.clone_from(value),
                _ => filter.1.push(value.to_lowercase()),
            }
        }
        match filters.values().find(|(name, _)| !known.contains(&name.as_str())) {
            Some((name, _)) => Err(ServiceError::value(format!("Unrecognized filter name: {name}"))),
            None => Ok(filters.into_values().collect()),
        }
    }

    fn below<'a>(&'a self, prefix: &str) -> impl Iterator<Item = (&'a str, &'a String)> {
        let prefix = format!("{prefix}.");
        self.parameters.iter().filter_map(move |(name, value)| Some((name.strip_prefix(&prefix)?, value)))
    }

    /// Returns the name of a new resource in lower case. Fails if RDS would not accept it.
    pub(crate) fn new_name(&self, parameter: &str) -> Result<String, ServiceError> {
        let name = self.need(parameter)?;
        if is_name(name) {
            return Ok(name.to_lowercase());
        }
        Err(ServiceError::value(format!(
            "The parameter {parameter} is not a valid identifier. Identifiers must begin with a letter; must contain only \
             ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens."
        )))
    }

    /// Returns the name of an existing resource in lower case, if given. The request may name it by its ARN.
    pub(crate) fn name(&self, parameter: &str) -> Result<Option<String>, ServiceError> {
        self.get(parameter).map(bare_name).transpose()
    }

    /// Like [`Self::name`], but fails if the parameter is missing.
    pub(crate) fn need_name(&self, parameter: &str) -> Result<String, ServiceError> {
        bare_name(self.need(parameter)?)
    }
}

/// True when RDS accepts the name for a new cluster or instance.
pub(crate) fn is_name(name: &str) -> bool {
    name.len() <= NAME_LENGTH_MAX
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && !name.ends_with('-')
        && !name.contains("--")
}

/// Returns a name, or the name in an ARN. Names of automated snapshots have a colon themselves.
fn bare_name(text: &str) -> Result<String, ServiceError> {
    if !text.starts_with("arn:") {
        return Ok(text.to_lowercase());
    }
    match text.strip_prefix(ARN_PREFIX).and_then(|rest| rest.splitn(3, ':').nth(2)) {
        Some(name) => Ok(name.to_lowercase()),
        None => Err(ServiceError::value(format!("Invalid resource name: {text}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_tags_and_filters_come_in_order() {
        let query = Query::parse(
            b"Action=X&VpcSecurityGroupIds.VpcSecurityGroupId.2=b&VpcSecurityGroupIds.VpcSecurityGroupId.1=a\
              &Tags.Tag.1.Key=k&Tags.Tag.1.Value=v%20w&Filters.Filter.1.Name=engine&Filters.Filter.1.Values.Value.1=M&TagKeys.member.1=k",
        );
        assert_eq!(query.list("VpcSecurityGroupIds"), ["a", "b"]);
        assert_eq!(query.list("TagKeys"), ["k"]);
        assert_eq!(query.tags(), [Tag { key: "k".into(), value: "v w".into() }]);
        assert_eq!(query.filters(&["engine"]).unwrap(), [("engine".to_owned(), vec!["m".to_owned()])]);
        assert_eq!(query.filters(&[]).unwrap_err().code, "InvalidParameterValue");
    }

    #[test]
    fn names_are_checked_as_the_service_does() {
        let long = "a".repeat(63);
        for good in ["a", "Prod-1", long.as_str()] {
            assert!(is_name(good), "{good}");
        }
        let long = "a".repeat(64);
        for bad in ["", "1a", "a-", "a--b", "rds:a", "ä", long.as_str()] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    #[test]
    fn an_arn_keeps_the_colons_of_an_automated_name() {
        let name = bare_name(&format!("{ARN_PREFIX}:cluster-snapshot:rds:Prod-2026-11-23-02-00")).unwrap();
        assert_eq!(name, "rds:prod-2026-11-23-02-00");
    }
}
