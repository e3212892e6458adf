//! A run that is cut off at any statement, on random schemas: the next one makes the same plan as if nothing had been.
//!
//! Between tool and server is a wire that breaks at the n-th message, before it is delivered or after: to the server
//! that is a killed tool, to the tool a killed connection.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use refreshkit::document::Dehydration;
use refreshkit::mysql::OptionFile;
use refreshkit::plan::Options;

use crate::closure::{contents, dehydrate_as};
use crate::plan_model::Model;
use crate::support::{Scratch, TestServer, for_each_server};

/// How many runs are cut off on each server; `REFRESHKIT_TEST_KILLS=200` takes a while.
fn kills() -> u64 {
    let set = std::env::var_os("REFRESHKIT_TEST_KILLS");
    set.and_then(|text| text.to_str()?.parse().ok()).unwrap_or(10)
}

/// A wire to a server that counts what the tool sends, and breaks.
struct Wire {
    port: u16,
    state: Arc<State>,
}

struct State {
    sent: AtomicU64,
    breaks_at: u64,
    delivers: bool,
    broken: AtomicBool,
    sockets: Mutex<Vec<TcpStream>>,
}

impl Wire {
    fn to(server: &TestServer, breaks_at: u64, delivers: bool) -> Self {
        let target = OptionFile::read(&server.client_cnf).unwrap().port.unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sent, broken, sockets) = (AtomicU64::new(0), AtomicBool::new(false), Mutex::default());
        let state = Arc::new(State { sent, breaks_at, delivers, broken, sockets });
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for tool in listener.incoming().flatten() {
                if shared.broken.load(Ordering::SeqCst) {
                    return;
                }
                let server = TcpStream::connect(("127.0.0.1", target)).unwrap();
                shared.join(&tool, &server);
            }
        });
        Self { port, state }
    }

    fn sent(&self) -> u64 {
        self.state.sent.load(Ordering::SeqCst)
    }
}

impl State {
    fn join(self: &Arc<Self>, tool: &TcpStream, server: &TcpStream) {
        let twice = |socket: &TcpStream| (socket.try_clone().unwrap(), socket.try_clone().unwrap());
        let ((tool, to_tool), (server, to_server)) = (twice(tool), twice(server));
        self.sockets.lock().unwrap().extend([tool.try_clone().unwrap(), server.try_clone().unwrap()]);
        std::thread::spawn(move || carry(server, to_tool, |_| true));
        let state = Arc::clone(self);
        std::thread::spawn(move || {
            carry(tool, to_server, |forward| {
                if state.sent.fetch_add(1, Ordering::SeqCst) + 1 < state.breaks_at {
                    return true;
                }
                if state.delivers {
                    forward();
                }
                state.cut();
                false
            });
        });
    }

    fn cut(&self) {
        self.broken.store(true, Ordering::SeqCst);
        for socket in self.sockets.lock().unwrap().iter() {
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}

/// Carries messages until the wire breaks; `goes_on` is asked before each, and may deliver the last itself.
fn carry(mut from: TcpStream, mut to: TcpStream, goes_on: impl Fn(&mut dyn FnMut()) -> bool) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        let mut forward = || drop(to.write_all(&buffer[..length]));
        if !goes_on(&mut forward) {
            return;
        }
        forward();
    }
    let _ = to.shutdown(Shutdown::Both);
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.state.cut();
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn options(seed: u64) -> Options {
    Options { workers: u8::try_from(1 + seed % 4).unwrap(), ..Options::default() }
}

/// What a plan says, whichever run made it.
fn said(plan: &Dehydration) -> String {
    let tables: Vec<_> = plan.tables.iter().map(|table| (&table.table, table.rows)).collect();
    let edges: Vec<_> =
        plan.edges.iter().map(|edge| (edge.down_rows, edge.up_rows, edge.orphans, edge.dangling)).collect();
    format!("{tables:?} {edges:?}")
}

/// The server may need a moment to notice that the first run is gone.
fn again(scratch: &Scratch, toml: &str, options: &Options) -> Dehydration {
    for _ in 0..1_800 {
        match dehydrate_as(scratch, toml, options, None) {
            Err(busy) if busy.ends_with("exit 75") => std::thread::sleep(Duration::from_millis(100)),
            outcome => return outcome.unwrap(),
        }
    }
    panic!("the lock was never released");
}

fn is_cut_off(server: &TestServer, seed: u64) {
    let mut rng = StdRng::seed_from_u64(seed);
    let model =
        (0..1000).map(|n| Model::random(seed * 1000 + n)).find(|m| !m.dangling(&m.closure())).unwrap();
    let (scratch, toml, options) = (server.scratch("kill"), model.toml(), options(seed));
    scratch.run(&model.sql());
    let wire = Wire::to(server, u64::MAX, true);
    let whole = dehydrate_as(&scratch, &toml, &options, Some(wire.port)).unwrap();
    let (wanted, statements) = (contents(server, &whole), wire.sent());
    assert!(statements > 30, "the run went over the wire: {statements} messages");
    drop(wire);
    let (at, delivers) = (rng.random_range(1..=statements), rng.random_bool(0.5));
    let wire = Wire::to(server, at, delivers);
    let cut_off = dehydrate_as(&scratch, &toml, &options, Some(wire.port));
    assert!(cut_off.is_err() || at + 40 > statements, "seed {seed}: cut at {at} of {statements}");
    let plan = again(&scratch, &toml, &options);
    let context = format!("seed {seed} on {:?}, cut at {at} of {statements}\n{toml}", server.engine);
    assert_eq!(contents(server, &plan), wanted, "{context}");
    assert_eq!(said(&plan), said(&whole), "{context}");
}

#[test]
fn a_plan_that_was_cut_off_at_any_statement_is_the_same_when_made_again() {
    for_each_server(|server| {
        std::thread::scope(|scope| {
            for part in 0..4 {
                scope.spawn(move || (part..kills()).step_by(4).for_each(|seed| is_cut_off(server, seed)));
            }
        });
    });
}
