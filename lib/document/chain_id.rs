//! Ids for chains that nobody gave a name.
//!
//! In: a build's tag and the address of its controller, or nothing. Out: an id that no other controller and no other host makes.
//! It is part of the names of everything that the chain makes.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::owner::host_word;

/// The id of a build: its tag, which is unique only within its controller, and a hash of the controller's address. Without the
/// hash if the controller does not know its address (Manage Jenkins, System, Jenkins URL).
pub fn build_chain(tag: &str, controller: Option<&str>) -> String {
    let Some(address) = controller else { return tag.to_owned() };
    let digest = Sha256::digest(address.as_bytes());
    let digits: String = digest.iter().take(4).fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    format!("{tag}-{digits}")
}

/// A new id: the moment and the host, for people, and 32 random bits that make it unique.
pub fn new_chain() -> String {
    let now = Timestamp::now().strftime("%Y%m%dt%H%M%Sz");
    format!("{now}-{}-{:08x}", host_word(), rand::random::<u32>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_controllers_that_build_a_job_of_one_name_give_two_ids() {
        let tag = "jenkins-nightly-7";
        // printf %s https://jenkins.shop.example/ | sha256sum
        assert_eq!(build_chain(tag, Some("https://jenkins.shop.example/")), "jenkins-nightly-7-5e5437d8");
        assert_ne!(build_chain(tag, Some("https://a/")), build_chain(tag, Some("https://b/")));
        assert_eq!(build_chain(tag, None), tag);
    }

    #[test]
    fn two_chains_of_one_second_are_called_differently_and_say_where_they_run() {
        let ids: std::collections::BTreeSet<String> = (0..100).map(|_| new_chain()).collect();
        assert_eq!(ids.len(), 100);
        assert!(ids.iter().all(|id| id.contains(&format!("z-{}-", host_word())) && id.len() <= 40));
    }
}
