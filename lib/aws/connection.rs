//! A connection to RDS, in one region and at one endpoint.
//!
//! In: an endpoint, or a host name with a region in it. Out: the SDK's client, whose calls block and end early at a signal.

use std::cell::Cell;
use std::future::Future;

use aws_config::Region;
use aws_sdk_rds::Client;
use aws_sdk_rds::config::http::HttpResponse;
use aws_sdk_rds::error::{ProvideErrorMetadata, SdkError};

use super::call;
use super::client::{self, SdkSetup};
use super::credentials::Standing;
use super::error::Error;
use super::fault::{CallFailure, FaultClass};
use super::host::{is_local, region_of_host};
use crate::house::Cancel;

/// A client of RDS with what its calls need.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) client: Client,
    loaded: SdkSetup,
    cancel: Cancel,
    /// Whether the credentials are of a session that nothing renews.
    ends: Cell<bool>,
    near: bool,
}

impl Connection {
    /// A connection at `endpoint` (which was checked), else at the configured one. Finds the region; sends nothing to RDS yet.
    pub(crate) fn open(endpoint: Option<&str>, pace: f64, cancel: Cancel) -> Result<Self, Error> {
        let loaded = client::load_for_orders(pace)?;
        let endpoint = match endpoint {
            Some(named) => Some(named.to_owned()),
            None => client::endpoint_of(&loaded.shared, &client::RDS)?,
        };
        Ok(Self::with(loaded, endpoint, None, cancel))
    }

    /// A connection for a question about `host`, in the region that the host's name has, else in the configured one.
    pub(crate) fn for_host(host: &str, cancel: Cancel) -> Result<Self, Error> {
        let region = region_of_host(host);
        let loaded = client::load_for_logins(region.as_deref(), &cancel)?;
        let endpoint = client::endpoint_of(&loaded.shared, &client::RDS)?;
        Ok(Self::with(loaded, endpoint, region, cancel))
    }

    fn with(loaded: SdkSetup, endpoint: Option<String>, region: Option<String>, cancel: Cancel) -> Self {
        let mut config = aws_sdk_rds::config::Builder::from(&loaded.shared);
        if let Some(region) = region {
            config.set_region(Some(Region::new(region)));
        }
        let near = endpoint.as_deref().is_some_and(is_local);
        if near {
            config.set_http_client(Some(client::http(true)));
        }
        config.set_endpoint_url(endpoint);
        Self { client: Client::from_conf(config.build()), loaded, cancel, ends: Cell::new(false), near }
    }

    /// Gets the credentials from their provider and says how long they are good for.
    pub(crate) fn standing(&self) -> Result<Standing, CallFailure> {
        let standing = self.loaded.standing(&self.cancel)?;
        self.ends.set(standing.ends());
        Ok(standing)
    }

    /// Whether the endpoint is on this host, and so are the copies that it makes.
    pub(crate) fn is_near(&self) -> bool {
        self.near
    }

    pub(crate) fn region(&self) -> Option<String> {
        self.client.config().region().map(|region| region.as_ref().to_owned())
    }

    /// The ARN that the credentials belong to. Every caller may ask for its own.
    pub(crate) fn caller(&self) -> Result<String, CallFailure> {
        let mut config = aws_sdk_sts::config::Builder::from(&self.loaded.shared);
        let fault = |message: String| CallFailure {
            call: "GetCallerIdentity",
            class: FaultClass::Rejected,
            code: None,
            message,
        };
        let endpoint = client::endpoint_of(&self.loaded.shared, &client::STS)
            .map_err(|error| fault(error.to_string()))?;
        if endpoint.as_deref().is_some_and(is_local) {
            config.set_http_client(Some(client::http(true)));
        }
        config.set_endpoint_url(endpoint);
        let ask = aws_sdk_sts::Client::from_conf(config.build()).get_caller_identity().send();
        let answer = self.run("GetCallerIdentity", ask)?;
        answer.arn().map(str::to_owned).ok_or_else(|| fault("the answer names nobody".to_owned()))
    }

    /// Runs one call to its end, unless a signal arrives. Expired credentials that nothing renews become [`FaultClass::Spent`].
    pub(crate) fn run<T, E>(
        &self,
        call: &'static str,
        future: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<T, CallFailure>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let outcome = call::run(&self.loaded.runtime, &self.cancel, call, future);
        outcome.map_err(|fault| match fault.class {
            FaultClass::Expired if self.ends.get() => CallFailure { class: FaultClass::Spent, ..fault },
            _ => fault,
        })
    }
}
