//! The role of a tool in the chain: whether it reads a document, and whether it works on a failed one.

/// A tool's role in the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Starts a new document and does not read stdin.
    Head,
    /// Takes a document and adds to it; passes a failed one on without working.
    Link,
    /// Takes a document if one is piped in. With a terminal or an empty stdin it starts a new one: its flags say what to do.
    Either,
    /// Takes a document and cleans up, whatever `ok` says.
    Finally,
    /// Takes a document, whatever `ok` says, and passes it on unchanged.
    Witness,
}

impl Role {
    /// The role of a tool with subcommands: `then` if the first argument is `verb`, else `otherwise`. It is needed before the
    /// flags are read: a tool in a pipe passes its document on even if its flags are wrong.
    pub fn of_verb(verb: &str, then: Self, otherwise: Self) -> Self {
        let first = std::env::args_os().nth(1);
        if first.is_some_and(|first| first == verb) { then } else { otherwise }
    }
}
