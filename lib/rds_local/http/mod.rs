//! The endpoint: HTTP on 127.0.0.1 with the Query protocol of RDS.
//!
//! In: `POST /` with a form. Out: XML, or a closed connection if a fault says so. A POST to Secrets Manager is answered in JSON.
//! For people and tests: `GET /` lists all resources as JSON, `POST /faults` adds faults, `GET /faults` lists those in force.
//! All paths are behind a secret one ([`Entrance`]). Signatures are not checked. Headers and parameters are not logged, but the
//! message of a refusal is, and it may hold a name or a value of the request (never a password).

pub(super) mod control;
mod entrance;
pub(super) mod list;
pub(super) mod model;
pub(super) mod query;
pub(super) mod xml;

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use super::actions;
use super::cloud::LocalCloud;
use crate::rds_local::actions::secret;
use crate::rds_local::faults::language::CallFault;
pub(super) use entrance::{Entrance, new_secret};
use query::{Query, ServiceError};

/// The longest request body that is read, in bytes.
const REQUEST_BYTES_MAX: usize = 1024 * 1024;

type HttpResponse = Response<Full<Bytes>>;

/// The error on which hyper closes the connection without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection is closed by a fault")]
struct AnswerLost;

/// Accepts connections until a signal comes. The listener must be on the loopback interface.
pub(crate) async fn listen(
    listener: std::net::TcpListener,
    cloud: Arc<LocalCloud>,
    entrance: Entrance,
) -> std::io::Result<()> {
    let entrance = Arc::new(entrance);
    debug_assert!(listener.local_addr().is_ok_and(|address| address.ip() == Ipv4Addr::LOCALHOST));
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let mut tick = tokio::time::interval(Duration::from_millis(50));
    while cloud.cancel.requested().is_none() {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                let (cloud, entrance) = (Arc::clone(&cloud), Arc::clone(&entrance));
                let service = service_fn(move |request| enter(Arc::clone(&cloud), Arc::clone(&entrance), request));
                let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                // An error on a connection is no error of the service.
                tokio::spawn(async move { drop(connection.await) });
            }
            _ = tick.tick() => {}
        }
    }
    Ok(())
}

/// Refuses a request without the endpoint's secret before its body is read; handles the others.
async fn enter(
    cloud: Arc<LocalCloud>,
    entrance: Arc<Entrance>,
    request: Request<Incoming>,
) -> Result<HttpResponse, AnswerLost> {
    match entrance.admit(request.headers(), request.uri().path()) {
        Ok(path) => {
            let path = path.to_owned();
            handle(cloud, request, &path).await
        }
        Err(no) => Ok(plain(no.status(), "text/plain", format!("{no}\n"))),
    }
}

async fn handle(
    cloud: Arc<LocalCloud>,
    request: Request<Incoming>,
    path: &str,
) -> Result<HttpResponse, AnswerLost> {
    let method = request.method().clone();
    let target = request.headers().get("x-amz-target").and_then(|value| value.to_str().ok());
    let target = target.and_then(|target| target.strip_prefix(secret::TARGET)).map(str::to_owned);
    let Ok(body) = Limited::new(request.into_body(), REQUEST_BYTES_MAX).collect().await else {
        return Ok(plain(
            StatusCode::PAYLOAD_TOO_LARGE,
            "text/plain",
            "the request is too large\n".to_owned(),
        ));
    };
    let body = body.to_bytes();
    match (&method, path) {
        (&Method::POST, "/") => {
            let query = Query::parse(&body);
            let action = target.clone().unwrap_or_else(|| query.action().to_owned());
            let fault = cloud.faults().meet(&action);
            if let Some(CallFault::Slow(time)) = fault {
                tokio::time::sleep(time).await;
            }
            // Actions block on locks and files, so they run outside the async thread.
            let done = tokio::task::spawn_blocking(move || match target {
                Some(action) => secret(&cloud, &action, &body, fault.as_ref()),
                None => answer(&cloud, &query, fault.as_ref()),
            })
            .await;
            done.map_err(|_| AnswerLost)?
        }
        (&Method::GET, "/") => Ok(plain(StatusCode::OK, "application/json", control::list(&cloud))),
        (&Method::GET, "/faults") => {
            let lines = cloud.faults().lines().join("\n");
            Ok(plain(StatusCode::OK, "text/plain", lines + "\n"))
        }
        (&Method::POST, "/faults") => {
            let text = String::from_utf8_lossy(&body).into_owned();
            let done = tokio::task::spawn_blocking(move || control::inject(&cloud, &text)).await;
            Ok(match done.map_err(|_| AnswerLost)? {
                Ok(count) => plain(StatusCode::OK, "text/plain", format!("{count} faults taken\n")),
                Err(message) => plain(StatusCode::BAD_REQUEST, "text/plain", message + "\n"),
            })
        }
        _ => Ok(plain(StatusCode::NOT_FOUND, "text/plain", "POST / speaks the RDS Query API\n".to_owned())),
    }
}

fn answer(
    cloud: &Arc<LocalCloud>,
    query: &Query,
    fault: Option<&CallFault>,
) -> Result<HttpResponse, AnswerLost> {
    let request_id = format!("{:032x}", rand::random::<u128>());
    let action = query.action();
    let outcome = perform(cloud, action, fault, || actions::call(cloud, query))?;
    Ok(match outcome {
        Ok(result) => plain(StatusCode::OK, "text/xml", xml::answer(action, &result, &request_id)),
        Err(refusal) => plain(status(&refusal), "text/xml", xml::error(&refusal, &request_id)),
    })
}

/// Answers a request to Secrets Manager, in JSON.
fn secret(
    cloud: &LocalCloud,
    action: &str,
    body: &[u8],
    fault: Option<&CallFault>,
) -> Result<HttpResponse, AnswerLost> {
    const JSON: &str = "application/x-amz-json-1.1";
    Ok(match perform(cloud, action, fault, || secret::call(cloud, action, body))? {
        Ok(value) => plain(StatusCode::OK, JSON, value.to_string()),
        Err(refusal) => plain(status(&refusal), JSON, secret::error(&refusal).to_string()),
    })
}

fn status(refusal: &ServiceError) -> StatusCode {
    StatusCode::from_u16(refusal.http).unwrap_or(StatusCode::BAD_REQUEST)
}

/// Performs a call as its fault says: normally, not at all, with an error instead, or with the answer lost.
fn perform<T>(
    cloud: &LocalCloud,
    action: &str,
    fault: Option<&CallFault>,
    call: impl FnOnce() -> Result<T, ServiceError>,
) -> Result<Result<T, ServiceError>, AnswerLost> {
    let refused = match fault {
        Some(CallFault::Drop) => {
            cloud.say(format!("{action}: dropped by a fault"));
            return Err(AnswerLost);
        }
        Some(CallFault::Throttle) => Some(ServiceError::new(400, "Throttling", "Rate exceeded")),
        Some(CallFault::Unavailable) => {
            Some(ServiceError::new(503, "ServiceUnavailable", "The service is temporarily unavailable."))
        }
        Some(CallFault::Error { code, http }) => Some(ServiceError::new(*http, code, "injected by a fault")),
        Some(CallFault::Lose | CallFault::Slow(_)) | None => None,
    };
    let outcome = refused.map_or_else(call, Err);
    // Calls that only read are too many to be shown, unless they fail.
    if let Err(refusal) = &outcome {
        cloud.say(format!("{action}: {} ({})", refusal.code, refusal.message));
    } else if !["Describe", "List", "Get"].iter().any(|verb| action.starts_with(verb)) {
        cloud.say(format!("{action}: done"));
    }
    if fault == Some(&CallFault::Lose) {
        cloud.say(format!("{action}: the answer is lost by a fault"));
        return Err(AnswerLost);
    }
    Ok(outcome)
}

fn plain(status: StatusCode, kind: &'static str, text: String) -> HttpResponse {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert("content-type", hyper::header::HeaderValue::from_static(kind));
    response
}
