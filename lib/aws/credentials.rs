//! How long the credentials are good for, and why there are none.
//!
//! In: the SDK's provider, or the error of a call. Out: a [`Standing`], or a [`CallFailure`]: no credentials are configured (a
//! person must act), or their provider does not answer (it may in a while).

use std::error::Error;

use aws_config::SdkConfig;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_rds::config::ProvideCredentials;
use jiff::Timestamp;

use super::fault::{CallFailure, FaultClass};
use crate::config::environment;
use crate::document::chain;

/// What is known about the present credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Whether they belong to a session, which ends.
    pub session: bool,
    /// When they end, if that is known.
    pub expires: Option<Timestamp>,
    /// Whether their provider gives new ones when they end.
    pub renewed: bool,
}

impl Standing {
    /// True for session credentials that nothing renews, because they come from a variable or a profile.
    pub(crate) fn ends(self) -> bool {
        self.session && !self.renewed
    }
}

/// Gets credentials from the configured provider and says how long they are good for.
pub(crate) async fn standing(shared: &SdkConfig) -> Result<Standing, CallFailure> {
    let Some(provider) = shared.credentials_provider() else {
        return Err(fault(FaultClass::NoCredentials, "no AWS credentials are configured".to_owned()));
    };
    match provider.provide_credentials().await {
        Ok(found) => {
            let renewed = found.expiry().is_some();
            let ends = found.expiry().and_then(|end| Timestamp::try_from(end).ok());
            // Tools that put session credentials into variables put their end into this one.
            let said = || environment("AWS_CREDENTIAL_EXPIRATION")?.parse().ok();
            Ok(Standing { session: found.session_token().is_some(), expires: ends.or_else(said), renewed })
        }
        Err(error) => {
            let why = chain(&error).split_whitespace().collect::<Vec<_>>().join(" ");
            Err(match class_in(&error) {
                Some(FaultClass::NoCredentials) => {
                    fault(FaultClass::NoCredentials, format!("no AWS credentials were found ({why})"))
                }
                _ => {
                    fault(FaultClass::Provider, format!("the provider of the AWS credentials failed ({why})"))
                }
            })
        }
    }
}

fn fault(class: FaultClass, message: String) -> CallFailure {
    CallFailure { call: "credentials", class, code: None, message }
}

/// The class of an error that has an error of credentials among its causes; `None` for any other.
pub(crate) fn class_in(error: &(dyn Error + 'static)) -> Option<FaultClass> {
    let mut next = Some(error);
    while let Some(error) = next {
        match error.downcast_ref::<CredentialsError>() {
            // On a machine of EC2 the metadata service gives credentials: that it did not is a passing fault.
            Some(CredentialsError::CredentialsNotLoaded(_)) if is_at_ec2() => {
                return Some(FaultClass::Provider);
            }
            Some(CredentialsError::CredentialsNotLoaded(_) | CredentialsError::InvalidConfiguration(_)) => {
                return Some(FaultClass::NoCredentials);
            }
            Some(_) => return Some(FaultClass::Provider),
            None => next = error.source(),
        }
    }
    None
}

/// Whether this is a machine of EC2 whose metadata service may be asked for the credentials of its role.
fn is_at_ec2() -> bool {
    let disabled =
        environment("AWS_EC2_METADATA_DISABLED").is_some_and(|word| word.eq_ignore_ascii_case("true"));
    let says = |path: &str, word: &str| {
        std::fs::read_to_string(path).is_ok_and(|text| text.to_ascii_lowercase().starts_with(word))
    };
    // The first file is there on Nitro machines, the second on Xen machines.
    !disabled && (says("/sys/class/dmi/id/sys_vendor", "amazon ec2") || says("/sys/hypervisor/uuid", "ec2"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_that_fails_is_not_a_missing_one() {
        let failed = CredentialsError::provider_error("HTTP 500 from the metadata service");
        assert_eq!(class_in(&failed), Some(FaultClass::Provider));
        assert!(FaultClass::Provider.passes() && !FaultClass::NoCredentials.passes());
        let wrong =
            CredentialsError::invalid_configuration("profile a refers to profile b, which is not there");
        assert_eq!(class_in(&wrong), Some(FaultClass::NoCredentials));
        assert_eq!(class_in(&std::io::Error::other("connection refused")), None);
    }

    #[test]
    fn only_session_credentials_that_nobody_renews_end() {
        let standing = Standing { session: true, expires: None, renewed: false };
        assert!(standing.ends());
        assert!(!Standing { renewed: true, ..standing }.ends());
        assert!(!Standing { session: false, ..standing }.ends());
    }
}
