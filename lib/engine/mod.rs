//! The server software: finding it, making a data directory, running, freezing and copying one; its accounts.
//!
//! In: a path or the name of an engine. Out: real `mariadbd` or `mysqld` processes: those that end with this tool
//! ([`RunningServer`]), and those that go on after it ([`DetachedServer`]).

mod accounts;
mod confined;
mod copy;
mod error;
mod orphans;
mod own;
mod place;
mod program;
mod server;
mod service;
mod user;

pub(crate) use accounts::{
    ADMIN, GRANTS, MASTER, create_accounts, drop_other_accounts, grant_as_master, grant_database,
    grant_database_to, grant_master, new_password, set_password, without_installed,
};
pub(crate) use confined::refuse_confined;
pub(crate) use copy::copy_data;
pub use error::Error;
pub(crate) use orphans::stop_orphans;
pub(crate) use own::{file_elsewhere, is_the_servers_own};
pub(crate) use place::{
    device_of, free_bytes, host_name, make_directory, shares_blocks, sync_file_system, unfit,
};
pub use program::Brand;
pub(crate) use program::{ServerProgram, series};
pub(crate) use server::{ListenAddress, RunningServer, free_port, is_free};
pub(crate) use service::{
    DetachedServer, Listen, Starting, Stopped, data_in, forget_doublewrites, is_same, kill, listens_at,
    running, socket_in, stop, stops_in_order, tell_to_stop,
};
pub(crate) use user::HostUser;
