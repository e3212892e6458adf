//! Where a tool stands in the chain: what it reads, and whether it works on what has failed.

/// A tool's place in the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Starts a new document and does not read stdin.
    Head,
    /// Takes a document and adds to it.
    Link,
    /// Takes a document if one is piped in; a terminal or an empty stdin starts a new one, for flags that say all.
    Either,
    /// Takes a document and cleans up, whatever `ok` says.
    Finally,
    /// Takes a document, whatever `ok` says, and passes it on unchanged.
    Witness,
}

impl Role {
    /// The role of a tool with verbs of its own: `then` if the first argument is `verb`. It is asked for before anybody knows whether
    /// the flags are right, for a tool in a pipe hands its document on even if they are not.
    pub fn of_verb(verb: &str, then: Self, otherwise: Self) -> Self {
        let first = std::env::args_os().nth(1);
        if first.is_some_and(|first| first == verb) { then } else { otherwise }
    }
}
