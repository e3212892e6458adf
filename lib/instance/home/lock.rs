//! Locks for one run at a time. The kernel releases a lock when its process ends.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::super::error::Error;
use super::InstanceHome;
use crate::config::Length;
use crate::house::House;

const POLL: Duration = Duration::from_millis(50);

/// A lock, held until it is dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of a target. Waits at most `wait`, not at all without it; then fails with the holder.
    pub(crate) fn of_target(
        house: &House,
        home: &InstanceHome,
        name: &str,
        wait: Option<Length>,
    ) -> Result<Self, Error> {
        let mut queue = house.queue(wait);
        loop {
            match Self::now(house, home, name) {
                Err(Error::Held { holder, .. }) if queue.waits(&holder)? => {}
                outcome => return outcome,
            }
        }
    }

    fn now(house: &House, home: &InstanceHome, name: &str) -> Result<Self, Error> {
        let mut file = open(home, &format!("target-{name}"))?;
        let path = home.root.join("locks");
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {
                let holder = format!(
                    "{}process {} since {:.0}",
                    house.for_whom(),
                    std::process::id(),
                    Timestamp::now()
                );
                // The holder's name is only information: on a full disk it is missing, and the lock is held all the same.
                let emptied = file.set_len(0).and_then(|()| file.rewind());
                let _ = emptied.and_then(|()| file.write_all(holder.as_bytes()));
                Ok(Self { _file: file })
            }
            Err(Errno::WOULDBLOCK) => {
                let mut holder = String::new();
                let _ = Read::by_ref(&mut file).take(500).read_to_string(&mut holder);
                Err(Error::Held { target: name.to_owned(), holder })
            }
            Err(e) => Err(Error::file("lock", &path)(e.into())),
        }
    }

    /// Takes the lock of a template: shared to copy the template, `alone` to make it. Waits without limit.
    pub(crate) fn of_template(
        house: &House,
        home: &InstanceHome,
        id: &str,
        alone: bool,
    ) -> Result<Self, Error> {
        let file = open(home, &format!("template-{id}"))?;
        let operation = if alone {
            FlockOperation::NonBlockingLockExclusive
        } else {
            FlockOperation::NonBlockingLockShared
        };
        let mut told = false;
        loop {
            match flock(&file, operation) {
                Ok(()) => return Ok(Self { _file: file }),
                Err(Errno::WOULDBLOCK) if !told => {
                    told = true;
                    house.progress.say("another run is baking this dump: waiting for it");
                }
                Err(Errno::WOULDBLOCK) => house.cancel.sleep(POLL)?,
                Err(e) => return Err(Error::file("lock", &home.root.join("locks"))(e.into())),
            }
        }
    }

    /// Takes the lock of a template to remove it; `None` while a run copies or makes it.
    pub(crate) fn of_unused_template(home: &InstanceHome, id: &str) -> Result<Option<Self>, Error> {
        let file = open(home, &format!("template-{id}"))?;
        Ok(flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok().then_some(Self { _file: file }))
    }

    /// Takes the lock under which ports are given to targets. Waits without limit.
    pub(crate) fn of_ports(house: &House, home: &InstanceHome) -> Result<Self, Error> {
        let file = open(home, "ports")?;
        while flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            house.cancel.sleep(POLL)?;
        }
        Ok(Self { _file: file })
    }
}

fn open(home: &InstanceHome, name: &str) -> Result<File, Error> {
    let path: &Path = &home.root.join("locks").join(format!("{name}.lock"));
    let opened = File::options().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
    opened.map_err(Error::file("open", path))
}
