//! Flags that the four tools share (endpoint, policy, pace), and checks of the settings that become names and tags.
//!
//! In: argv and the environment, through clap. Out: a checked endpoint, or exit 2 with a sentence. The SDK would panic
//! on an empty variable and only warn about a malformed one (and then talk to the real service).

use super::error::Error;
use super::names;
use crate::aws::checked_endpoint;
use crate::config::Config;

/// How to reach the service.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ServiceOptions {
    /// RDS endpoint, instead of the region's own [default: what AWS tools use: `$AWS_ENDPOINT_URL_RDS`,
    /// `$AWS_ENDPOINT_URL`, `endpoint_url` of the profile; none with `$AWS_IGNORE_CONFIGURED_ENDPOINT_URLS`]
    #[arg(long, value_name = "URL", value_parser = endpoint)]
    pub endpoint_url: Option<String>,

    /// `$AWS_ENDPOINT_URL_RDS`, only to be checked: whether it counts is for the SDK to say.
    #[arg(long, env = "AWS_ENDPOINT_URL_RDS", value_parser = endpoint, hide = true)]
    endpoint_url_rds: Option<String>,

    /// `$AWS_ENDPOINT_URL`, likewise.
    #[arg(long, env = "AWS_ENDPOINT_URL", value_parser = endpoint, hide = true)]
    endpoint_url_any: Option<String>,

    /// Print the IAM policy that the four tools need for this configuration, and do nothing else
    #[arg(long)]
    pub iam_policy: bool,

    /// AWS account in the ARNs of --iam-policy [default: that of an ARN in the configuration, else *]
    #[arg(long, value_name = "NUMBER", requires = "iam_policy", value_parser = account)]
    pub account: Option<String>,

    /// Factor on the pauses between looks, for tests against a local endpoint
    #[arg(long, env = "REFRESHKIT_PACE", value_parser = pace, default_value_t = 1.0, hide = true)]
    pub pace: f64,
}

/// Checks the URL of a flag or a variable.
fn endpoint(text: &str) -> Result<String, String> {
    checked_endpoint(text).map_err(|problem| {
        format!(
            "{problem}: an RDS endpoint (--endpoint-url, $AWS_ENDPOINT_URL_RDS, $AWS_ENDPOINT_URL) is a URL such as http://127.0.0.1:4566; unset the variable to use the region's own"
        )
    })
}

fn account(text: &str) -> Result<String, &'static str> {
    let right = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if right { Ok(text.to_owned()) } else { Err("an account is a number of 12 digits") }
}

fn pace(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(factor) if factor > 0.0 && factor <= 10.0 => Ok(factor),
        _ => Err("a factor above 0 and up to 10".to_owned()),
    }
}

/// The configured prefix; fails if no identifier may begin with it.
pub(super) fn prefix(config: &Config) -> Result<&str, Error> {
    let prefix = config.snapshot.prefix.as_str();
    match names::prefix_problem(prefix) {
        None => Ok(prefix),
        Some(problem) => Err(config
            .origin
            .error_at(
                &["snapshot", "prefix"],
                format!("[snapshot] prefix {prefix:?} {problem}"),
                Some("prefix = \"refreshkit\"".to_owned()),
            )
            .into()),
    }
}

/// Refuses a prefix that the source's own name begins with: by its name, production would look like one of our resources.
pub(super) fn apart(config: &Config, source: &str) -> Result<(), Error> {
    let prefix = config.snapshot.prefix.as_str();
    if !names::is_ours(prefix, source) {
        return Ok(());
    }
    Err(config
        .origin
        .error_at(
            &["snapshot", "prefix"],
            format!("[snapshot] prefix {prefix:?}: the name of the source, {source}, begins with it"),
            Some("prefix = \"refreshkit\"".to_owned()),
        )
        .into())
}

/// Refuses `[snapshot] tags` and `[restore] tags` that the service would not take, or that could be taken for ours.
pub(super) fn tags(config: &Config) -> Result<(), Error> {
    for (section, tags) in [("snapshot", &config.snapshot.tags), ("restore", &config.restore.tags)] {
        for (key, value) in tags {
            if let Some(problem) = names::tag_problem(key, value) {
                let said = format!("[{section}] tags: {key:?} = {value:?} {problem}");
                return Err(config.origin.error_at(&[section, "tags"], said, None).into());
            }
        }
        if tags.len() > names::MORE_TAGS_MAX {
            let said = format!(
                "[{section}] tags: {} are too many, {} is the most",
                tags.len(),
                names::MORE_TAGS_MAX
            );
            return Err(config.origin.error_at(&[section, "tags"], said, None).into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_urls_and_nothing_else() {
        for right in ["http://127.0.0.1:4566", "https://rds.eu-west-1.amazonaws.com", "http://[::1]:80/x"] {
            assert!(endpoint(right).is_ok(), "{right}");
        }
        for wrong in [
            "",
            "not-a-url",
            "http://",
            "http://:1",
            "ftp://x",
            "http://a b",
            "http://h:0",
            "http://h:99999",
            "http://h:x",
        ] {
            assert!(endpoint(wrong).is_err(), "{wrong}");
        }
    }
}
