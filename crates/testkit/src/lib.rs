//! What only development needs: the model test of the optimistic protocol and its parts.

pub mod chaos;
pub mod memory;
pub mod model;
pub mod panel;

pub mod proxy;
pub mod random;
