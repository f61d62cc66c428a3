//! The routes over a real engine and a real store.

mod http {
    pub mod auth;
    pub mod log;
    pub mod mutations;
    pub mod openapi;
    pub mod page;
    pub mod support;
}
