//! The cloud: snapshot, wait, restore, drop; and the local stand-in for it.

pub mod local;
