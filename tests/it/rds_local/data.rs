//! Copies hold real data: snapshots, clones and plain instances on both servers, and what `kill -9` leaves.

use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use refreshkit::mysql::{Error, Server, number};

use super::service::{Service, engines, on_both, tag, until};

fn ids(server: &Server) -> Vec<i64> {
    let mut session = server.connect().unwrap();
    session.rows("reading the marks", "SELECT id FROM app.marks ORDER BY id").unwrap()
}

fn is_denied(server: &Server) -> bool {
    matches!(server.connect(), Err(e @ Error::Connect { .. }) if e.number() == Some(number::ACCESS_DENIED))
}

#[test]
fn a_copy_holds_what_was_committed_before_and_answers_to_the_old_password_until_it_is_changed() {
    on_both(|engine| {
        let service = Service::start(engine, "0.1");
        let old = service.production_password();
        let production = service.login("prod-replica", &old);
        let mut session = production.connect().unwrap();
        // A writer goes on the whole time, and a transaction is open when the snapshot is taken.
        session.run("opening a transaction", "START TRANSACTION").unwrap();
        session.run("leaving it open", "INSERT INTO app.marks VALUES (1000000, 'open')").unwrap();
        let (stop, count) = (AtomicBool::new(false), AtomicUsize::new(0));
        let written = std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let mut session = production.connect().unwrap();
                while !stop.load(Ordering::Relaxed) {
                    session.run("writing", "INSERT INTO app.marks (note) VALUES ('later')").unwrap();
                    count.fetch_add(1, Ordering::Relaxed);
                }
            });
            until("rows are written", || count.load(Ordering::Relaxed) > 20);
            service.snapshot("Night-1");
            service.await_snapshot("night-1", "available");
            stop.store(true, Ordering::Relaxed);
            writer.join().unwrap();
            count.load(Ordering::Relaxed)
        });
        service.restore("copy-1", "night-1");
        service.await_cluster("copy-1");
        assert!(
            TcpStream::connect((
                "127.0.0.1",
                tag(&service.cluster("copy-1"), "Port").unwrap().parse().unwrap()
            ))
            .is_err()
        );
        service.add_instance("copy-1-0", "copy-1");
        service.await_instance("copy-1-0");

        let copied = ids(&service.login("copy-1", &old));
        let expected: Vec<i64> = ids(&production).into_iter().take(copied.len()).collect();
        assert_eq!(
            copied, expected,
            "a prefix of what production committed, and nothing of the open transaction"
        );
        assert!(copied.len() > 20 && copied.len() <= written + 3, "{} of {written}", copied.len());

        service.set_password("copy-1", "it's-n3w%");
        service.await_password("copy-1");
        assert_eq!(ids(&service.login("copy-1", "it's-n3w%")), copied);
        assert!(is_denied(&service.login("copy-1", &old)));
        assert!(!is_denied(&production), "production keeps its own");
        let meta = std::fs::read_to_string(service.dir().join("clusters/copy-1/meta.json")).unwrap();
        assert!(!meta.contains("n3w"), "no password where descriptions are kept");
    });
}

#[test]
fn a_stopped_cluster_has_no_server_keeps_its_data_and_is_not_deleted_even_after_kill_nine() {
    on_both(|engine| {
        let mut service = Service::start(engine, "0,instance=0.6");
        let name = ("DBClusterIdentifier", "prod-replica");
        let member = [("DBInstanceIdentifier", "prod-replica-0"), ("SkipFinalSnapshot", "true")];
        let old = service.production_password();
        let again = |service: &mut Service| {
            std::thread::sleep(Duration::from_millis(150));
            service.kill();
            service.serve();
        };
        let shows = |service: &Service, wanted: &str| {
            service.await_status(wanted);
            assert_eq!(service.instance_status("prod-replica-0").unwrap(), wanted);
        };
        assert_eq!(service.refused("StartDBCluster", &[name]).1, "InvalidDBClusterStateFault");
        service.done("ModifyDBCluster", &[name, ("DeletionProtection", "false")]);
        service.done("StopDBCluster", &[name]);
        again(&mut service);
        shows(&service, "stopped");
        assert_eq!(service.servers(), 0);
        again(&mut service);
        shows(&service, "stopped");
        assert_eq!(service.servers(), 0);
        let refused = service.refused("DeleteDBCluster", &[name, ("SkipFinalSnapshot", "true")]);
        assert_eq!(refused.1, "InvalidDBClusterStateFault");
        assert_eq!(service.refused("DeleteDBInstance", &member).1, "InvalidDBClusterStateFault");
        service.done("StartDBCluster", &[name]);
        again(&mut service);
        shows(&service, "available");
        assert_eq!(ids(&service.login("prod-replica", &old)), [1, 2, 3]);
    });
}

#[test]
fn a_port_that_somebody_takes_for_a_moment_is_replaced_by_another() {
    on_both(|engine| {
        let service = Service::start(engine, "0");
        let old = service.production_password();
        let name = ("DBClusterIdentifier", "prod-replica");
        let started = || {
            let port = tag(&service.cluster("prod-replica"), "Port").unwrap();
            service.done("StopDBCluster", &[name]);
            service.await_status("stopped");
            service.done("StartDBCluster", &[name]);
            port
        };
        let log = service.dir().join("clusters/prod-replica/log");
        let misses = || {
            let text = std::fs::read(&log).unwrap();
            String::from_utf8_lossy(&text).matches("Address already in use").count()
        };
        // The port was free when the service looked, is not when the server wants it, and is again when that has failed.
        // A server that was quicker than the thief has its port and keeps it: then the cluster starts once more.
        let port = (0..20)
            .find_map(|_| {
                let port = started();
                until("the server is being started", || service.servers() > 0);
                // Somebody else on this machine may have been quicker before.
                let before = misses();
                let Ok(thief) = TcpListener::bind(format!("127.0.0.1:{port}")) else {
                    service.await_status("available");
                    return None;
                };
                let available =
                    || tag(&service.cluster("prod-replica"), "Status").as_deref() == Some("available");
                until("the server misses its port", || misses() > before || available());
                drop(thief);
                (misses() > before).then_some(port)
            })
            .expect("in twenty starts no server was slower than the thief");
        service.await_status("available");
        assert_eq!(ids(&service.login("prod-replica", &old)), [1, 2, 3]);
        assert_ne!(tag(&service.cluster("prod-replica"), "Port").unwrap(), port);
    });
}

#[test]
fn after_kill_nine_everything_is_taken_up_and_no_server_is_in_the_way() {
    on_both(|engine| {
        let mut service =
            Service::start(engine, "0,snapshot=0.6,restore=0.6,instance=0.6,password=0.6,delete=0.6");
        let old = service.production_password();
        let again = |service: &mut Service| {
            std::thread::sleep(Duration::from_millis(150));
            service.kill();
            assert!(service.servers() > 0, "the servers are left behind");
            service.serve();
        };
        service.snapshot("night-1");
        again(&mut service);
        service.await_snapshot("night-1", "available");
        service.restore("copy-1", "night-1");
        again(&mut service);
        service.await_cluster("copy-1");
        service.add_instance("copy-1-0", "copy-1");
        again(&mut service);
        service.await_instance("copy-1-0");
        assert_eq!(ids(&service.login("copy-1", &old)), [1, 2, 3]);
        service.set_password("copy-1", "changed-once");
        again(&mut service);
        service.await_password("copy-1");
        assert_eq!(ids(&service.login("copy-1", "changed-once")), [1, 2, 3]);
        service
            .done("DeleteDBInstance", &[("DBInstanceIdentifier", "copy-1-0"), ("SkipFinalSnapshot", "true")]);
        service.done("DeleteDBCluster", &[("DBClusterIdentifier", "copy-1"), ("SkipFinalSnapshot", "true")]);
        again(&mut service);
        until("the copy is gone", || {
            service.call("DescribeDBClusters", &[("DBClusterIdentifier", "copy-1")]).is_err()
        });
        assert!(
            !service.dir().join("clusters/copy-1").exists() && service.instance_status("copy-1-0").is_none()
        );
        assert_eq!(ids(&service.login("prod-replica", &old)), [1, 2, 3]);
        assert_eq!((service.servers(), service.stop(), service.servers()), (1, Some(0), 0));
    });
}

#[test]
fn a_frozen_server_goes_on_and_a_dead_one_comes_back() {
    let service = Service::start(engines()[0], "0");
    let production = service.login("prod-replica", &service.production_password());
    for number in 0..5 {
        service.snapshot(&format!("n-{number}"));
    }
    for number in 0..5 {
        service.await_snapshot(&format!("n-{number}"), "available");
    }
    assert_eq!(ids(&production), [1, 2, 3]);
    let pid = std::fs::read_to_string(service.dir().join("clusters/prod-replica/pid")).unwrap();
    let pid = rustix::process::Pid::from_raw(pid.trim().parse().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    until("the server is back", || production.connect().is_ok());
}

#[test]
fn a_clone_and_a_plain_instance_hold_real_data_too() {
    on_both(|engine| {
        let service = Service::start(engine, "0");
        let old = service.production_password();
        let names = [("DBClusterIdentifier", "twin"), ("SourceDBClusterIdentifier", "prod-replica")];
        let how = [("RestoreType", "copy-on-write"), ("UseLatestRestorableTime", "true")];
        service.done("RestoreDBClusterToPointInTime", &[names, how].concat());
        service.await_cluster("twin");
        let group = |id| tag(&service.cluster(id), "CloneGroupId").unwrap();
        assert_eq!(group("twin"), group("prod-replica"));
        service.add_instance("twin-0", "twin");
        service.await_instance("twin-0");
        assert_eq!(ids(&service.login("twin", &old)), [1, 2, 3]);

        let create =
            [("DBInstanceIdentifier", "solo"), ("DBInstanceClass", "db.t4g.medium"), ("Engine", engine)];
        let login = [("MasterUsername", "admin"), ("MasterUserPassword", "solo-secret")];
        service.done("CreateDBInstance", &[&create[..], &login[..]].concat());
        service.await_instance("solo");
        let at = |id: &str, password: &str| {
            let answer = service.done("DescribeDBInstances", &[("DBInstanceIdentifier", id)]);
            service.at(tag(&answer, "Port").unwrap().parse().unwrap(), password)
        };
        let mut session = at("solo", "solo-secret").connect().unwrap();
        session.run("making a mark", "CREATE DATABASE solo_marks").unwrap();
        let snapshot = ("DBSnapshotIdentifier", "solo-1");
        service.done("CreateDBSnapshot", &[("DBInstanceIdentifier", "solo"), snapshot]);
        until("the snapshot is available", || {
            service.done("DescribeDBSnapshots", &[snapshot]).contains("<Status>available<")
        });
        service.done("RestoreDBInstanceFromDBSnapshot", &[("DBInstanceIdentifier", "duo"), snapshot]);
        service.await_instance("duo");
        service.done(
            "ModifyDBInstance",
            &[("DBInstanceIdentifier", "duo"), ("MasterUserPassword", "duo-secret")],
        );
        until("the new password is in force", || at("duo", "duo-secret").connect().is_ok());
        assert!(is_denied(&at("duo", "solo-secret")));
        at("duo", "duo-secret").connect_to(Some("solo_marks")).unwrap();
        assert!(!service.done("DescribeDBClusters", &[]).contains("solo"), "no cluster that callers see");
    });
}
