//! What the tests share: real servers, scratch databases, running a tool.

mod booted;
#[cfg(feature = "aws")]
mod cloud;
mod disk;
pub(crate) mod forge;
#[cfg(feature = "aws")]
mod loopback;
mod pair;
mod patience;
mod private;
mod servers;
mod tool;

pub(crate) use booted::Booted;
pub(crate) use disk::Disk;
pub(crate) use pair::Pair;
pub(crate) use patience::{PATIENCE, terminate, until, until_it_listens};
pub(crate) use private::{Private, SmallDisk};
#[allow(unused_imports, reason = "not every feature set uses every helper")]
pub(crate) use servers::{Scratch, TestServer, for_each_server, on_all_servers_at_once, servers};
#[allow(unused_imports, reason = "not every feature set uses every helper")]
pub(crate) use tool::{Output, Tool, path, tools};

#[cfg(feature = "aws")]
pub(crate) use cloud::Cloud;
#[cfg(feature = "aws")]
pub(crate) use loopback::{Loopback, Request, certified, error, hand_on, nothing_there};
