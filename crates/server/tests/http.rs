//! The routes over a real engine and a real store.

// Clippy lets tests unwrap only where it sees that they are tests.
#[cfg(test)]
mod http {
    pub mod auth;
    pub mod blobs;
    pub mod demo;
    pub mod files;
    pub mod log;
    pub mod mutations;
    pub mod openapi;
    pub mod output;
    pub mod page;
    pub mod support;
}
