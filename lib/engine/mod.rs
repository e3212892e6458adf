//! The server software: finding it, making a data directory, running, freezing and copying one; its accounts.
//!
//! In: a path or the name of an engine. Out: real `mariadbd` or `mysqld` processes: those that end with us ([`Server`]), and those
//! that go on ([`Service`]).

mod accounts;
mod copy;
mod directory;
mod error;
mod orphans;
mod place;
mod program;
mod server;
mod service;
mod user;

pub(crate) use accounts::{
    ADMIN, GRANTS, MASTER, create_accounts, drop_other_accounts, grant_database, grant_master, set_password,
};
pub(crate) use copy::copy_data;
pub(crate) use directory::make_directory;
pub use error::Error;
pub(crate) use orphans::stop_orphans;
pub(crate) use place::{free_bytes, network_file_system, settle, shares_blocks};
pub use program::Brand;
pub(crate) use program::{Program, series};
pub(crate) use server::{Address, Server, free_port, is_free};
pub(crate) use service::{
    Listen, Service, Stopped, data_in, listens_at, running, socket_in, stop, stops_in_order,
};
pub(crate) use user::HostUser;
