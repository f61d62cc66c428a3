//! TEMPORARY: methods of the engine that have not landed.
#![expect(missing_docs, clippy::unused_async, reason = "temporary")]
use qd_core::ids::{ProjectId, SessionId, TaskId};
use qd_engine::{Engine, MutateError};
use qd_store::{Known, Outputs};
use qd_wire::{ChangesAnswer, FileDiff};
use std::path::PathBuf;
use tokio::sync::watch;

pub trait Soon {
    async fn changes(&self, task: TaskId) -> Result<ChangesAnswer, MutateError>;
    async fn file_diff(&self, task: TaskId, path: &str) -> Result<FileDiff, MutateError>;
    fn output(&self, session: SessionId) -> Option<(Outputs, watch::Receiver<Known>)>;
    async fn attach_project(&self, path: PathBuf) -> Result<ProjectId, MutateError>;
}
impl Soon for Engine {
    async fn changes(&self, _: TaskId) -> Result<ChangesAnswer, MutateError> {
        Err(MutateError::Closed)
    }
    async fn file_diff(&self, _: TaskId, _: &str) -> Result<FileDiff, MutateError> {
        Err(MutateError::Closed)
    }
    fn output(&self, _: SessionId) -> Option<(Outputs, watch::Receiver<Known>)> {
        None
    }
    async fn attach_project(&self, _: PathBuf) -> Result<ProjectId, MutateError> {
        Err(MutateError::Closed)
    }
}
