//! The server software: finding it, making a data directory, running, freezing and copying one; its accounts.
//!
//! In: a path or the name of an engine. Out: real `mariadbd` or `mysqld` processes that listen on 127.0.0.1 only.

mod accounts;
mod copy;
mod directory;
mod error;
mod orphans;
mod program;
mod server;

pub(crate) use accounts::{
    ADMIN, MASTER, create_accounts, drop_other_accounts, grant_database, grant_master, set_password,
};
pub(crate) use copy::copy_data;
pub(crate) use directory::make_directory;
pub use error::Error;
pub(crate) use orphans::stop_orphans;
pub use program::Brand;
pub(crate) use program::Program;
pub(crate) use server::{Address, Server, free_port, is_free};
