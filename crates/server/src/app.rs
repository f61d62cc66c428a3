//! What every handler may use.

use crate::auth::Auth;
use crate::demo::Demo;
use crate::gate::Gate;
use qd_engine::Engine;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// The parts of a running server. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// See [`App`].
pub struct Parts {
    /// The workspace.
    pub engine: Engine,
    /// Who may act.
    pub auth: Auth,
    /// Which addresses are ours.
    pub gate: Gate,
    /// What the demonstration may break; none outside of it.
    pub demo: Option<Demo>,
    /// Cancelled when the server ends: streams end with it.
    pub stop: CancellationToken,
}

impl App {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl std::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
