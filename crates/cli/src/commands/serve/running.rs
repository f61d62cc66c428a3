//! A server that is there already: on the same data directory, or on the same port.

use crate::exit::Error;
use crate::say;
use crate::server_file::ServerFile;
use qd_wire::{HealthAnswer, OpenProject, OpenedProject};
use serde_json::json;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use ureq::Agent;

/// How long whoever holds the port may take to say who it is.
const WHO: Duration = Duration::from_secs(1);
/// How long opening a project may take.
const OPENING: Duration = Duration::from_secs(30);

/// Adds `projects` to the server that runs, and says so.
pub fn join(server: &ServerFile, projects: &[PathBuf], as_json: bool) -> Result<(), Error> {
    let (url, pid) = (server.url(), server.identity.pid);
    for project in projects {
        let added = add(server, project)?;
        if as_json {
            say::json(&json!({ "event": "added", "project": added.project, "path": project, "server": url, "pid": pid }));
        } else {
            say::line(format_args!("added {} to the server at {url} (pid {pid})", project.display()));
        }
    }
    if projects.is_empty() {
        say::line(format_args!("a server runs already on this data directory: {url} (pid {pid})"));
    }
    Ok(())
}

fn agent(timeout: Duration) -> Agent {
    Agent::config_builder().http_status_as_error(false).proxy(None).timeout_global(Some(timeout)).build().into()
}

fn add(server: &ServerFile, project: &std::path::Path) -> Result<OpenedProject, Error> {
    let path = project.to_str().ok_or_else(|| Error::Usage(format!("the path {} is not UTF-8", project.display())))?;
    let mut answer = agent(OPENING)
        .post(format!("{}/api/v1/projects", server.url()))
        .header("Authorization", format!("Bearer {}", server.token))
        .send_json(OpenProject { path: path.to_owned() })
        .map_err(|e| Error::CantStart(format!("the server at {} (pid {}) does not answer: {e}", server.url(), server.identity.pid)))?;
    let status = answer.status().as_u16();
    let text = answer.body_mut().read_to_string().map_err(Error::failed)?;
    if status != 200 {
        let message = serde_json::from_str::<qd_wire::ApiError>(&text).map_or(text, |error| error.message);
        return Err(Error::CantStart(message));
    }
    serde_json::from_str(&text).map_err(Error::failed)
}

/// Who listens on `address` instead of us, and what to do.
pub fn occupied(address: SocketAddr) -> Error {
    let port = address.port();
    let who = if is_quarterdeck(address) { "another Quarterdeck, with another data directory" } else { "another program" };
    let other = port.checked_add(1).unwrap_or(4270);
    Error::CantStart(format!("port {port} is in use by {who}. End it, or choose another port: qd serve --port {other}"))
}

fn is_quarterdeck(address: SocketAddr) -> bool {
    let asked = agent(WHO).get(format!("http://{address}/healthz")).call();
    let answer = asked.ok().and_then(|mut answer| answer.body_mut().read_json::<HealthAnswer>().ok());
    answer.is_some_and(|answer| answer.name == "quarterdeck")
}
