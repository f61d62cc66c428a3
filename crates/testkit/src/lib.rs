//! What only development needs: the model test of the optimistic protocol, real panels, the fault proxy, a scripted model.

pub mod bench;
pub mod chaos;
pub mod dying;
pub mod memory;
pub mod model;
pub mod model_api;
pub mod panel;

pub mod proxy;
pub mod random;
pub mod real_agents;
