//! Who wrote a dump: a signature in the file, keys that make one, keys that are believed.
//!
//! In: the manifest's member, a private key; a file, the public keys of `[dump] trust`. Out: the member with a signature in its
//! head; the file, if one of those keys has signed it under the name that it has. The manifest holds the hash of every member, so
//! one signature is for every byte. It is Ed25519, by *ring*.

mod key;
mod seal;
mod trust;

pub use key::{KeyPair, Signer, fingerprint};
pub(super) use seal::{Signature, seal};
pub use trust::Trust;
