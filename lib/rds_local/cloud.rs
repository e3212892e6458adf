//! The state that all actions and jobs of the stand-in share: resources, servers, faults.
//!
//! Order of locks: a resource's [`Volume`] (its files and server), then the state or the faults. No lock is held during a
//! [`dwell`](LocalCloud::dwell). A `Volume` stays locked while its files are copied or its server starts.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::error::Error;
use super::faults::Faults;
use super::state::LocalState;
use crate::engine::{self, ADMIN, ListenAddress, RunningServer};
use crate::house::Cancel;
use crate::mysql;
use crate::rds_local::faults::delays::{DelayedStep, Delays};
use crate::rds_local::state::home::{self, StateDirectory, StoredPasswords};
use crate::rds_local::state::model::{LocalCluster, LocalKind};

/// How many times a server is started if its port is taken, each time at another port.
const START_ATTEMPTS: u32 = 5;
const TICK: Duration = Duration::from_millis(10);

/// Locks the files of a cluster or a snapshot, and holds the server that runs on them.
#[derive(Debug, Default)]
pub(crate) struct Volume {
    pub(crate) server: Option<RunningServer>,
}

/// Why a job ends early: a signal arrived, or its resource is gone. After a signal the next `serve` starts the job again.
#[derive(Debug)]
pub(crate) struct Stop;

/// The stand-in for RDS: its resources, servers and faults.
#[derive(Debug)]
pub(crate) struct LocalCloud {
    pub(crate) home: StateDirectory,
    pub(crate) delays: Delays,
    pub(crate) cancel: Cancel,
    sockets: PathBuf,
    state: Mutex<LocalState>,
    faults: Mutex<Faults>,
    volumes: Mutex<HashMap<String, Arc<Mutex<Volume>>>>,
    lines: Sender<String>,
    jobs: AtomicUsize,
}

/// Counts a running job, for which [`LocalCloud::shut_down`] waits.
struct Underway(Arc<LocalCloud>);

impl Drop for Underway {
    fn drop(&mut self) {
        self.0.jobs.fetch_sub(1, Ordering::SeqCst);
    }
}

impl LocalCloud {
    pub(crate) fn new(
        home: StateDirectory,
        state: LocalState,
        delays: Delays,
        cancel: Cancel,
        lines: Sender<String>,
    ) -> Result<Self, Error> {
        Ok(Self {
            sockets: socket_folder(&home)?,
            home,
            delays,
            cancel,
            state: Mutex::new(state),
            faults: Mutex::default(),
            volumes: Mutex::default(),
            lines,
            jobs: AtomicUsize::new(0),
        })
    }

    /// Sends a line to the person at the terminal.
    pub(crate) fn say(&self, line: impl Into<String>) {
        // Sending fails only when the service stops and nobody reads any more.
        let _ = self.lines.send(line.into());
    }

    /// Changes the state and saves it. A failure to save is a warning: the state in memory counts.
    pub(crate) fn change<R>(&self, edit: impl FnOnce(&mut LocalState) -> R) -> R {
        let mut state = lock(&self.state);
        let result = edit(&mut state);
        if let Err(error) = state.save(&self.home) {
            self.say(format!("warning: the state on disk is old: {error}"));
        }
        result
    }

    /// Calls `read` with the locked state. Nothing is saved.
    pub(crate) fn look<R>(&self, read: impl FnOnce(&mut LocalState) -> R) -> R {
        read(&mut lock(&self.state))
    }

    /// Locks the fault rules that are in force.
    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.faults)
    }

    /// Returns the volume of a resource id; makes one at the first call.
    pub(crate) fn volume(&self, resource_id: &str) -> Arc<Mutex<Volume>> {
        Arc::clone(lock(&self.volumes).entry(resource_id.to_owned()).or_default())
    }

    /// Forgets the volume of a resource that is gone.
    pub(crate) fn forget_volume(&self, resource_id: &str) {
        lock(&self.volumes).remove(resource_id);
    }

    /// Runs a job on a thread of its own.
    pub(crate) fn spawn(self: &Arc<Self>, job: impl FnOnce(&Arc<Self>) -> Result<(), Stop> + Send + 'static) {
        self.jobs.fetch_add(1, Ordering::SeqCst);
        let underway = Underway(Arc::clone(self));
        std::thread::spawn(move || {
            // `Stop` is no error: the next `serve` starts the job again if its resource still exists.
            let _ = job(&underway.0);
        });
    }

    /// Waits for the configured delay of `step`: longer with a `delay` fault, without end during a `stick` fault. Calls `tell`
    /// with the share of the time that is over, from 0 to 0.99. Fails on a signal, or when `exists` is false.
    pub(crate) fn dwell(
        &self,
        (kind, id): (LocalKind, &str),
        step: DelayedStep,
        exists: impl Fn(&mut LocalState) -> bool,
        mut tell: impl FnMut(&Self, f64),
    ) -> Result<(), Stop> {
        let start = Instant::now();
        loop {
            let (length, stuck) = {
                let faults = self.faults();
                (self.delays.of(step) + faults.delay(kind, id), faults.stuck(kind, id))
            };
            let elapsed = start.elapsed();
            if !self.look(&exists) {
                return Err(Stop);
            }
            if elapsed >= length && !stuck {
                return Ok(());
            }
            let share = if length.is_zero() { 0.99 } else { elapsed.as_secs_f64() / length.as_secs_f64() };
            tell(self, share.min(0.99));
            let left = length.saturating_sub(elapsed).clamp(Duration::from_millis(1), TICK);
            self.cancel.sleep(left).map_err(|_| Stop)?;
        }
    }

    /// Starts the server of a cluster, if none runs. If the port is taken, the cluster gets another one.
    pub(crate) fn start(&self, cluster: &LocalCluster, volume: &mut Volume) -> Result<(), Error> {
        if volume.server.as_mut().is_some_and(|server| !server.has_ended()) {
            return Ok(());
        }
        volume.server = None;
        let (mut port, mut is_ours) = (cluster.port, engine::is_free(cluster.port));
        for attempt in 1.. {
            if !is_ours {
                port = engine::free_port()?;
                self.change(|state| {
                    if let Some(found) = state.cluster(&cluster.key(), &cluster.resource_id) {
                        found.port = port;
                    }
                });
            }
            match self.run_server(cluster, Some(port)) {
                Ok(server) => {
                    volume.server = Some(server);
                    break;
                }
                // Another process has taken the port since it was chosen: try the next one.
                Err(Error::Engine(engine::Error::PortTaken(_))) if attempt < START_ATTEMPTS => {
                    is_ours = false;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// True when the server of a cluster has ended by itself. False while a job holds the volume.
    pub(crate) fn has_dead_server(&self, cluster: &LocalCluster) -> bool {
        let volume = self.volume(&cluster.resource_id);
        let Ok(mut volume) = volume.try_lock() else { return false };
        let dead = volume.server.as_mut().is_some_and(RunningServer::has_ended);
        if dead {
            volume.server = None;
        }
        dead
    }

    /// Runs `deed` with a session of the account that has all rights. Starts a server just for this if none runs.
    pub(crate) fn administer(
        &self,
        cluster: &LocalCluster,
        volume: &mut Volume,
        deed: impl FnOnce(&mut mysql::Session) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let secrets = self.secrets(cluster)?;
        let on = |server: &RunningServer| {
            deed(&mut mysql::Server::at_socket(&server.address.socket, ADMIN, &secrets.admin.0).connect()?)
        };
        if let Some(server) = &volume.server {
            return on(server);
        }
        // No port: a cluster without instances must not be reachable from outside.
        let server = self.run_server(cluster, None)?;
        let outcome = on(&server);
        server.stop();
        outcome
    }

    fn run_server(&self, cluster: &LocalCluster, port: Option<u16>) -> Result<RunningServer, Error> {
        let secrets = self.secrets(cluster)?;
        let data = self.home.cluster(&cluster.key()).join("data");
        let socket = self.sockets.join(format!("{}.sock", &cluster.resource_id));
        let account = (ADMIN, secrets.admin.0.as_str());
        Ok(RunningServer::start(
            &self.home.program,
            &data,
            ListenAddress { socket, port },
            account,
            &self.cancel,
        )?)
    }

    /// Reads the passwords of a cluster's data.
    pub(crate) fn secrets(&self, cluster: &LocalCluster) -> Result<StoredPasswords, Error> {
        home::read_json(&self.home.cluster(&cluster.key()).join("secrets.json"))
    }

    /// Writes the passwords of a cluster's data.
    pub(crate) fn keep_secrets(
        &self,
        cluster: &LocalCluster,
        secrets: &StoredPasswords,
    ) -> Result<(), Error> {
        home::write_json(&self.home.cluster(&cluster.key()).join("secrets.json"), secrets)
    }

    /// Waits for the jobs, 20 s at most, then stops every server. Called when the service ends.
    pub(crate) fn shut_down(&self) {
        let start = Instant::now();
        while self.jobs.load(Ordering::SeqCst) > 0 && start.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(TICK);
        }
        let volumes: Vec<_> = lock(&self.volumes).drain().map(|(_, volume)| volume).collect();
        std::thread::scope(|scope| {
            for volume in &volumes {
                scope.spawn(|| lock(volume).server.take().map(RunningServer::stop));
            }
        });
        let _ = std::fs::remove_dir_all(&self.sockets);
    }
}

/// Locks a mutex, also one whose holder panicked: its data is plain data and stays usable.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Makes the folder of the sockets, below `/tmp`: a socket's path has 107 bytes at most, and the data can lie deep. The name
/// depends only on the user and the directory, so that the sockets of a killed `rds-local` are found again.
pub(crate) fn socket_folder(home: &StateDirectory) -> Result<PathBuf, Error> {
    use std::os::unix::fs::MetadataExt;
    let digest = xxhash_rust::xxh3::xxh3_64(home.root.as_os_str().as_encoded_bytes());
    let user = rustix::process::geteuid().as_raw();
    let folder = PathBuf::from(format!("/tmp/rds-local-{user}-{digest:016x}"));
    engine::make_directory(&folder)?;
    let owner = std::fs::symlink_metadata(&folder).map_err(Error::file("look at", &folder))?;
    if owner.uid() != user || !owner.is_dir() || owner.mode() & 0o077 != 0 {
        return Err(Error::Usage(format!("{} belongs to somebody else: remove it", folder.display())));
    }
    Ok(folder)
}
