//! The endpoint: HTTP on 127.0.0.1, one request of the Query protocol after the other.
//!
//! In: POST / with a form. Out: XML, or a closed connection if a fault says so. Beside it, for people and tests:
//! `GET /` lists all resources as JSON, `POST /faults` takes fault lines, `GET /faults` gives those in force.
//! Signatures are not checked, and neither headers nor parameters are ever logged.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use super::cloud::Cloud;
use super::fault::CallFault;
use super::query::{Query, Refusal};
use super::{actions, control, xml};

/// The largest request.
const REQUEST_BYTES_MAX: usize = 1024 * 1024;

type Answer = Response<Full<Bytes>>;

/// The answer is lost on purpose: hyper closes the connection.
#[derive(Debug, thiserror::Error)]
#[error("the connection is closed by a fault")]
struct Lost;

/// Accepts connections until the service is told to stop. Only ever on the loopback interface.
pub(super) async fn listen(listener: std::net::TcpListener, cloud: Arc<Cloud>) -> std::io::Result<()> {
    debug_assert!(listener.local_addr().is_ok_and(|address| address.ip() == Ipv4Addr::LOCALHOST));
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let mut tick = tokio::time::interval(Duration::from_millis(50));
    while cloud.cancel.requested().is_none() {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                let cloud = Arc::clone(&cloud);
                let service = service_fn(move |request| handle(Arc::clone(&cloud), request));
                let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                // A connection that breaks concerns only its other end.
                tokio::spawn(async move { drop(connection.await) });
            }
            _ = tick.tick() => {}
        }
    }
    Ok(())
}

async fn handle(cloud: Arc<Cloud>, request: Request<Incoming>) -> Result<Answer, Lost> {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let Ok(body) = Limited::new(request.into_body(), REQUEST_BYTES_MAX).collect().await else {
        return Ok(plain(
            StatusCode::PAYLOAD_TOO_LARGE,
            "text/plain",
            "the request is too large\n".to_owned(),
        ));
    };
    let body = body.to_bytes();
    match (&method, path.as_str()) {
        (&Method::POST, "/") => {
            let query = Query::parse(&body);
            let fault = cloud.faults().meet(query.action());
            if let Some(CallFault::Slow(time)) = fault {
                tokio::time::sleep(time).await;
            }
            // Actions wait for locks and files.
            let done = tokio::task::spawn_blocking(move || answer(&cloud, &query, fault.as_ref())).await;
            done.map_err(|_| Lost)?
        }
        (&Method::GET, "/") => Ok(plain(StatusCode::OK, "application/json", control::list(&cloud))),
        (&Method::GET, "/faults") => {
            let lines = cloud.faults().lines().join("\n");
            Ok(plain(StatusCode::OK, "text/plain", lines + "\n"))
        }
        (&Method::POST, "/faults") => {
            let text = String::from_utf8_lossy(&body).into_owned();
            let done = tokio::task::spawn_blocking(move || control::inject(&cloud, &text)).await;
            Ok(match done.map_err(|_| Lost)? {
                Ok(count) => plain(StatusCode::OK, "text/plain", format!("{count} faults taken\n")),
                Err(message) => plain(StatusCode::BAD_REQUEST, "text/plain", message + "\n"),
            })
        }
        _ => Ok(plain(StatusCode::NOT_FOUND, "text/plain", "POST / speaks the RDS Query API\n".to_owned())),
    }
}

fn answer(cloud: &Arc<Cloud>, query: &Query, fault: Option<&CallFault>) -> Result<Answer, Lost> {
    let request_id = format!("{:032x}", rand::random::<u128>());
    let action = query.action().to_owned();
    let refused = match fault {
        Some(CallFault::Drop) => {
            cloud.say(format!("{action}: dropped by a fault"));
            return Err(Lost);
        }
        Some(CallFault::Throttle) => Some(Refusal::new(400, "Throttling", "Rate exceeded")),
        Some(CallFault::Unavailable) => {
            Some(Refusal::new(503, "ServiceUnavailable", "The service is temporarily unavailable."))
        }
        Some(CallFault::Error { code, http }) => Some(Refusal::new(*http, code, "injected by a fault")),
        Some(CallFault::Lose | CallFault::Slow(_)) | None => None,
    };
    let outcome = refused.map_or_else(|| actions::call(cloud, query), Err);
    // Reading is too frequent to be told.
    if let Err(refusal) = &outcome {
        cloud.say(format!("{action}: {} ({})", refusal.code, refusal.message));
    } else if !action.starts_with("Describe") && !action.starts_with("List") {
        cloud.say(format!("{action}: done"));
    }
    if fault == Some(&CallFault::Lose) {
        cloud.say(format!("{action}: the answer is lost by a fault"));
        return Err(Lost);
    }
    Ok(match outcome {
        Ok(result) => plain(StatusCode::OK, "text/xml", xml::answer(&action, &result, &request_id)),
        Err(refusal) => {
            let status = StatusCode::from_u16(refusal.http).unwrap_or(StatusCode::BAD_REQUEST);
            plain(status, "text/xml", xml::error(&refusal, &request_id))
        }
    })
}

fn plain(status: StatusCode, kind: &'static str, text: String) -> Answer {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert("content-type", hyper::header::HeaderValue::from_static(kind));
    response
}
