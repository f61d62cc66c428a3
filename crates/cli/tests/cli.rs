//! The real binary: serving, finding the server, the commands of a person.

// Clippy lets tests unwrap only where it sees that they are tests.
#[cfg(test)]
mod cli {
    pub mod agents;
    pub mod commands;
    pub mod doors;
    pub mod support;
}
