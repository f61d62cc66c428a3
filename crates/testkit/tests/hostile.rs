//! Hostile input against the real binary: each gets a clear message at the door where it came in, and loses nothing.

// Clippy lets tests unwrap only where it sees that they are tests.
#[cfg(test)]
mod hostile {
    pub mod agents;
    pub mod disks;
    pub mod documents;
    pub mod doors;
    pub mod folders;
    pub mod requests;
    pub mod support;
}
