//! `rds-local serve`: goes on with the resources and jobs on disk, answers until a signal comes, then stops every server.
//!
//! In: a directory that `rds-local init` made. Out: the endpoint's URL on stdout and in a file, once everything answers.

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use super::cloud::LocalCloud;
use super::error::Error;
use super::http::{self, Entrance};
use super::state::LocalState;
use crate::engine;
use crate::house::House;
use crate::rds_local::faults::delays::Delays;
use crate::rds_local::http::control;
use crate::rds_local::jobs::cluster;
use crate::rds_local::jobs::instance;
use crate::rds_local::jobs::password;
use crate::rds_local::jobs::power;
use crate::rds_local::jobs::snapshot;
use crate::rds_local::state::home::{self, StateDirectory};
use crate::rds_local::state::model::{LocalCluster, LocalInstance, LocalKind, LocalSnapshot};

/// How long to wait between two looks for dead servers and for automated snapshots that are due.
const TICK: Duration = Duration::from_millis(50);

/// Flags of `rds-local serve`.
#[derive(Debug, Clone, clap::Args)]
pub struct ServeOptions {
    /// Directory that `rds-local init` made
    #[arg(long, value_name = "DIR")]
    pub dir: PathBuf,

    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    pub port: u16,

    /// Write the endpoint's URL to this file too, once everything answers
    #[arg(long, value_name = "FILE")]
    pub endpoint_file: Option<PathBuf>,

    /// How long states take: a scale (0 = as fast as the work allows) and seconds of single steps, such as 0.5,snapshot=30
    /// (snapshot, restore, clone, instance, password, delete)
    #[arg(long, value_name = "SCALE|STEP=S,...", default_value = "1")]
    pub delays: Delays,

    /// Faults to begin with, one a line (see `rds-local fault --help`)
    #[arg(long, value_name = "FILE")]
    pub faults: Option<PathBuf>,
}

/// Serves the endpoint until a signal comes, then stops the servers.
pub(crate) fn serve(house: &House, options: &ServeOptions, out: &mut dyn Write) -> Result<(), Error> {
    let home = StateDirectory::open(&options.dir)?;
    let orphans = engine::stop_orphans(&home.root);
    if orphans > 0 {
        house.progress.say(&format!("stopped {orphans} servers that an earlier rds-local left behind"));
    }
    home.empty_trash()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).map_err(|e| Error::Endpoint {
        endpoint: format!("127.0.0.1:{}", options.port),
        detail: e.to_string(),
    })?;
    let address = listener.local_addr().map_err(Error::file("listen for", &options.dir))?;
    let state = LocalState::load(&home)?;
    let (lines, spoken) = channel();
    let cloud = Arc::new(LocalCloud::new(home, state, options.delays.clone(), house.cancel.clone(), lines)?);
    if let Some(path) = &options.faults {
        let text = std::fs::read_to_string(path).map_err(Error::file("read", path))?;
        control::inject(&cloud, &text).map_err(|e| Error::Usage(format!("{}: {e}", path.display())))?;
    }
    let entrance = Entrance::new(address, path_of(&cloud.home)?);
    let url = entrance.url();
    let outcome = start_servers(&cloud).and_then(|()| {
        resume(&cloud);
        let server = std::thread::spawn({
            let cloud = Arc::clone(&cloud);
            move || run_http(listener, cloud, entrance)
        });
        publish(&cloud, options, &url, out)?;
        watch(house, &cloud, &spoken);
        drop(server.join());
        Ok(())
    });
    let _ = std::fs::remove_file(cloud.home.root.join("endpoint"));
    if let Some(path) = &options.endpoint_file {
        let _ = std::fs::remove_file(path);
    }
    cloud.shut_down();
    for line in spoken.try_iter() {
        house.progress.say(&line);
    }
    outcome
}

fn run_http(listener: TcpListener, cloud: Arc<LocalCloud>, entrance: Entrance) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let said = Arc::clone(&cloud);
    let outcome = runtime.and_then(|runtime| runtime.block_on(http::listen(listener, cloud, entrance)));
    if let Err(error) = outcome {
        said.say(format!("warning: the endpoint is closed: {error}"));
    }
}

/// Returns the secret path in the endpoint's URL ([`Entrance`]). It is made once for a directory, so its URL stays valid.
fn path_of(home: &StateDirectory) -> Result<String, Error> {
    let path = home.root.join("endpoint-path");
    if let Some(known) = std::fs::read_to_string(&path).ok().filter(|known| known.len() == 32) {
        return Ok(known);
    }
    let secret = http::new_secret();
    home::write_file(&path, secret.as_bytes())?;
    Ok(secret)
}

fn publish(cloud: &LocalCloud, options: &ServeOptions, url: &str, out: &mut dyn Write) -> Result<(), Error> {
    let line = format!("{url}\n");
    home::write_file(&cloud.home.root.join("endpoint"), line.as_bytes())?;
    if let Some(path) = &options.endpoint_file {
        home::write_file(path, line.as_bytes())?;
    }
    // A closed stdout is no error: the URL is also in the files.
    let _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
    Ok(())
}

/// Starts, all at once, the servers of the clusters that have an instance. Skips a stopped cluster, and one that [`resume`]
/// makes, starts or stops.
fn start_servers(cloud: &Arc<LocalCloud>) -> Result<(), Error> {
    let keys: Vec<String> = cloud.look(|state| {
        let running = |key: &&String| state.members(key).iter().any(|i| i.status.real != "deleting");
        let at_rest = ["creating", "stopping", "stopped", "starting"];
        let ready = state.clusters.iter().filter(|(_, c)| !at_rest.contains(&c.status.real.as_str()));
        let ready = ready.map(|(key, _)| key);
        ready.filter(running).cloned().collect()
    });
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            keys.iter().map(|key| (key, scope.spawn(|| instance::start_server(cloud, key)))).collect();
        for (key, thread) in threads {
            if let Ok(Err(error)) = thread.join() {
                cloud.cancel.check()?;
                cloud.say(format!("warning: cluster {key}: {error}"));
                cloud.change(|state| {
                    for instance in state.instances.values_mut().filter(|i| i.cluster == *key) {
                        "failed".clone_into(&mut instance.status.real);
                    }
                });
            }
        }
        Ok(())
    })
}

/// Starts the jobs again that were running when the service last stopped. The hidden cluster of a plain instance is made and
/// deleted by the job of that instance.
fn resume(cloud: &Arc<LocalCloud>) {
    let (clusters, instances, snapshots): (Vec<LocalCluster>, Vec<LocalInstance>, Vec<LocalSnapshot>) = cloud
        .look(|state| {
            (
                state.clusters.values().cloned().collect(),
                state.instances.values().cloned().collect(),
                state.snapshots.values().cloned().collect(),
            )
        });
    for snapshot in snapshots.into_iter().filter(|s| s.status.real == "creating") {
        cloud.spawn(move |cloud| snapshot::take_snapshot(cloud, &snapshot));
    }
    for cluster in clusters {
        let (made, again) = (cluster.clone(), cluster.clone());
        match cluster.status.real.as_str() {
            "stopping" => cloud.spawn(move |cloud| power::stop_cluster(cloud, &made)),
            "starting" => cloud.spawn(move |cloud| power::start_cluster(cloud, &made)),
            "deleting" if !cluster.plain => cloud.spawn(move |cloud| cluster::delete_cluster(cloud, &made)),
            "creating" | "backing-up" if !cluster.plain => {
                cloud.spawn(move |cloud| cluster::create_cluster(cloud, &made));
            }
            _ => {}
        }
        if cluster.password_pending {
            cloud.spawn(move |cloud| password::reset_password(cloud, &again));
        }
    }
    for instance in instances {
        match instance.status.real.as_str() {
            "deleting" => cloud.spawn(move |cloud| instance::delete_instance(cloud, &instance)),
            // The states of a new instance, in their order.
            "creating" | "configuring-enhanced-monitoring" | "modifying" if instance.plain => {
                cloud.spawn(move |cloud| instance::create_plain(cloud, &instance));
            }
            "creating" | "configuring-enhanced-monitoring" | "modifying" => {
                cloud.spawn(move |cloud| instance::create_instance(cloud, &instance));
            }
            _ => {}
        }
    }
}

/// Until a signal comes: shows the lines of the jobs, restarts dead servers, takes automated snapshots that are due.
fn watch(house: &House, cloud: &Arc<LocalCloud>, spoken: &Receiver<String>) {
    let mut taken: std::collections::HashMap<String, Instant> = std::collections::HashMap::new();
    while cloud.cancel.requested().is_none() {
        if let Ok(line) = spoken.recv_timeout(TICK) {
            house.progress.say(&line);
        }
        let clusters: Vec<LocalCluster> = cloud
            .look(|state| state.clusters.values().filter(|c| c.status.is("available")).cloned().collect());
        for cluster in clusters {
            restart_if_dead(cloud, &cluster);
            let kind = if cluster.plain { LocalKind::Instance } else { LocalKind::Cluster };
            let Some(every) = cloud.faults().automated_every(kind, &cluster.id) else { continue };
            let last = taken.entry(cluster.resource_id.clone()).or_insert_with(Instant::now);
            if last.elapsed() >= every {
                *last = Instant::now();
                control::automated(cloud, &cluster, Duration::ZERO);
            }
        }
    }
}

/// Starts the server of a cluster again if it has ended by itself, as RDS does with a crashed instance.
fn restart_if_dead(cloud: &Arc<LocalCloud>, cluster: &LocalCluster) {
    if cloud.has_dead_server(cluster) {
        cloud.say(format!("warning: the server of {} has ended by itself; starting it again", cluster.id));
        let key = cluster.key();
        cloud.spawn(move |cloud| {
            if let Err(error) = instance::start_server(cloud, &key) {
                cloud.say(format!("warning: cluster {key}: {error}"));
            }
            Ok(())
        });
    }
}
