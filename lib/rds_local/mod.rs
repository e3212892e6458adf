#![doc = include_str!("README.md")]

mod actions;
mod cloud;
mod copy;
mod error;
mod faults;
mod http;
mod jobs;
mod remote;
mod seed;
mod serve;
mod state;

pub use copy::{CopyOptions, LocalDropOptions};
pub use error::Error;

use std::io::Write;

use remote::{DestroyOptions, FaultOptions, LocalListOptions};
use seed::InitOptions;
use serve::ServeOptions;

use crate::document::{Document, Done};
use crate::house::House;

/// What `rds-local` can do.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Verb {
    /// Make a "production" cluster from an SQL file
    Init(InitOptions),
    /// Serve the RDS API in the foreground until SIGTERM; prints the endpoint's URL once everything answers
    Serve(ServeOptions),
    /// Make a running service misbehave
    #[command(after_long_help = FAULTS)]
    Fault(FaultOptions),
    /// List what is at a running service: kind, id, status
    List(LocalListOptions),
    /// Stop the servers of a directory and remove it
    Destroy(DestroyOptions),
    /// Copy a live server of this or another host to a throw-away one on this host: the head of a night without AWS
    #[command(after_long_help = COPY)]
    Copy(CopyOptions),
    /// Remove the copies of a run, or all that have expired: the end of a night without AWS
    Drop(LocalDropOptions),
}

/// Examples of `copy` and `drop`, for `--help`.
const COPY: &str = "\
EXAMPLES:
  rds-local copy --from prod.cnf | mydehydrate | mydump-rotate | rds-local drop
  rds-local drop --run nightly-812      after a crash: from the journal alone
  rds-local drop --expired              what old runs left behind";

/// The language of faults, for `--help`.
const FAULTS: &str = "\
FAULTS:
  ACTION: throttle N | throttle 90s
      the next N calls, or all for a while, answer Throttling (ACTION may be *)
  ACTION: unavailable [N|TIME]
      … answer 503 ServiceUnavailable
  ACTION: lose [N|TIME]
      … are done, but the answer is lost
  ACTION: drop [N|TIME]
      … are not done, and the connection closes
  ACTION: slow TIME [N|TIME]
      … are done late
  ACTION: error CODE [HTTP] [N|TIME]
      … answer this error
  KIND NAME: fail [STATE]
      resources end `failed` (or STATE) instead of available; NAME may hold *
  KIND NAME: stick
      they stay where they are until `clear`
  KIND NAME: delay TIME
      they take longer
  KIND NAME: state STATE [TIME]
      shows this state at once; `state -` shows the real one again
  cluster NAME: backing-up TIME
      a backup window, now
  cluster NAME: password never
      a new master password stays pending
  cluster NAME: automated [AGE]
      an automated snapshot, dated AGE ago; `automated every TIME` by the clock
  cluster NAME: snapshots N
      N records of manual snapshots without data
  cluster NAME: protect
      deletion protection on
  cluster NAME: replica-of ARN
      it is a replica
      (these also with `instance NAME`, for a plain RDS instance)
  clear
      forget all rules
  KIND is cluster, instance or snapshot; TIME is 500ms, 20s, 5m, 3h or 2d.

EXAMPLES:
  rds-local fault --dir /tmp/cloud 'CreateDBClusterSnapshot: throttle 3'
  rds-local fault --dir /tmp/cloud 'snapshot night-*: fail'
  rds-local fault --dir /tmp/cloud 'cluster prod-replica: automated 3h'";

/// Returns why the published model of RDS refuses a request (the body of a POST), or `None` if the model accepts it. Reasons: an
/// unknown action; a parameter that is unknown, missing, of another type or not valid there. `engine`: that of plain instances.
pub fn objection(body: &[u8], engine: &str) -> Option<String> {
    let query = http::query::Query::parse(body);
    // A body without the version of the RDS API is a request to another service. Most other services take no forms.
    if query.get("Version") != Some(http::model::VERSION) {
        return None;
    }
    http::model::check(&query, engine).err().map(|refusal| format!("{}: {}", query.action(), refusal.message))
}

/// Runs a subcommand. `copy` and `drop` are refused here: they take a document.
pub fn run(house: &House, verb: Option<&Verb>, out: &mut dyn Write) -> Result<(), Error> {
    match verb {
        // `copy` and `drop` are tools of the pipe: they run through the functions below.
        None | Some(Verb::Copy(_) | Verb::Drop(_)) => Err(Error::NoVerb),
        Some(Verb::Init(options)) => seed::init(house, options, out),
        Some(Verb::Serve(options)) => serve::serve(house, options, out),
        Some(Verb::Fault(options)) => remote::fault(options, out),
        Some(Verb::List(options)) => remote::list(options, out),
        Some(Verb::Destroy(options)) => remote::destroy(house, options),
    }
}

/// Makes a throw-away copy of a live server on this host.
pub fn copy(house: &House, document: &mut Document, options: &CopyOptions) -> Result<Done, Error> {
    copy::make(house, document, options)
}

/// Removes throw-away copies: the copy of the document's run, or all expired copies.
pub fn drop(house: &House, document: &mut Document, options: &LocalDropOptions) -> Result<Done, Error> {
    copy::drop(house, document, options)
}
