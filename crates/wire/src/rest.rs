//! Requests and answers beside the log: logging in, documents, changes, projects, the demonstration.

use qd_core::ids::{Mid, ProjectId};
use qd_core::row::{Adopted, Setup};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// `POST /api/v1/login`: trades the token for a page's session.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct LoginRequest {
    /// The token that the server printed when it started.
    pub token: String,
}

/// The answer to [`LoginRequest`]. The other half, a cookie, comes with it; a request needs both.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct LoginAnswer {
    /// To be sent as the header `X-Qd-Key`.
    pub key: String,
}

/// `GET /api/v1/config`: what the page must know before its first frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct ConfigAnswer {
    /// Whether the server runs as a demonstration.
    pub demo: bool,
    /// The version of the server.
    pub version: String,
}

/// An answer of `GET /api/v1/registry`: an agent that a registry of ACP agents knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct RegistryAgent {
    /// Its name in commands.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// Its version.
    pub version: String,
    /// What it is.
    pub about: String,
    /// How it is started, as `add_agent` takes it; null where it can't be added from here.
    #[schema(value_type = Option<Object>)]
    pub setup: Option<Setup>,
    /// What is to be known before, or why it can't be added from here.
    pub note: Option<String>,
}

/// An answer of `GET /api/v1/projects/{id}/outside`: a conversation that an agent had outside of the panel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct OutsideConversation {
    /// The agent's name.
    pub agent: String,
    /// Where it was held.
    pub cwd: String,
    /// What `start_session` takes to go on from it.
    #[schema(value_type = Object)]
    pub adopted: Adopted,
}

/// `GET /healthz`: needs no token, so that a second server can tell who holds the port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct HealthAnswer {
    /// Always `quarterdeck`.
    pub name: String,
    /// The version of the server.
    pub version: String,
}

/// `GET /api/v1/tasks/{id}/document`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct DocumentText {
    /// The version.
    #[schema(value_type = Uuid)]
    pub version: Mid,
    /// Its text.
    pub text: String,
}

/// `GET /api/v1/sessions/{id}/files?query=`, or of a project: files that a message may mention.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct FilesAnswer {
    /// The best fit first.
    pub files: Vec<FoundFile>,
    /// Whether more fit than are told.
    pub more: bool,
}

/// One file of [`FilesAnswer`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct FoundFile {
    /// Its path relative to the worktree.
    pub path: String,
    /// Whether it differs from the last commit.
    pub changed: bool,
}

/// `GET /api/v1/log` without `live`: one page of records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct LogPage {
    /// The records, in order.
    #[ts(type = "Array<Record>")]
    #[schema(value_type = Vec<Object>)]
    pub records: Vec<serde_json::Value>,
    /// The offset to go on from.
    pub next: String,
}

/// `POST /api/v1/projects`: opens a folder as a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct OpenProject {
    /// Its absolute path on the server's machine.
    pub path: String,
}

/// The answer to [`OpenProject`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct OpenedProject {
    /// The project's id; its row comes by the log.
    #[schema(value_type = Uuid)]
    pub project: ProjectId,
}
