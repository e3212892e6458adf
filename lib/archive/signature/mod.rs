//! Who wrote a dump: the signature in the file, the private keys that sign, the public keys that are trusted.
//!
//! In: the manifest's member and a private key; or a file and the public keys of `[dump] trust`. Out: the member with a signature
//! in its gzip header; or the open file, if one of those keys has signed it under its present file name. The manifest holds the
//! hash of every member, so one signature covers every byte. Signatures are Ed25519, made by the crate *ring*.

mod key;
mod seal;
mod trust;

pub use key::{KeyPair, Signer, fingerprint};
pub(super) use seal::{Signature, seal};
pub use trust::Trust;
