//! What only development needs: the model test of the optimistic protocol and its parts.

pub mod memory;
pub mod model;

pub mod proxy;
pub mod random;
