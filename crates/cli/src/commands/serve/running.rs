//! A server that is there already: on the same data directory, or on the same port.

use crate::client::Client;
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

/// Adds `projects` to the server that runs on `data_dir`, and says so.
pub fn join(server: &ServerFile, data_dir: PathBuf, projects: &[PathBuf], as_json: bool) -> Result<(), Error> {
    let (url, pid) = (server.url(), server.identity.pid);
    let client = Client::connect(data_dir)?;
    for project in projects {
        let path =
            project.to_str().ok_or_else(|| Error::Usage(format!("the path {} is not UTF-8", project.display())))?;
        let added: OpenedProject =
            client.post("/projects", &OpenProject { path: path.to_owned() }).map_err(|e| match e {
                Error::Answer { message, .. } => Error::CantStart(message),
                other => other,
            })?;
        if as_json {
            say::json(&json!({ "event": "added", "project": added.project, "path": path, "server": url, "pid": pid }));
        } else {
            say::line(format_args!("added {path} to the server at {url} (pid {pid})"));
        }
    }
    if projects.is_empty() {
        say::line(format_args!("a server runs already on this data directory: {url} (pid {pid})"));
    }
    Ok(())
}

/// Who listens on `address` instead of us, and what to do.
pub fn occupied(address: SocketAddr) -> Error {
    let port = address.port();
    let who =
        if is_quarterdeck(address) { "another Quarterdeck, with another data directory" } else { "another program" };
    let other = port.checked_add(1).unwrap_or(4270);
    Error::CantStart(format!("port {port} is in use by {who}. End it, or choose another port: qd serve --port {other}"))
}

fn is_quarterdeck(address: SocketAddr) -> bool {
    let config = Agent::config_builder().proxy(None).timeout_global(Some(WHO)).build();
    let asked = Agent::from(config).get(format!("http://{address}/healthz")).call();
    let answer = asked.ok().and_then(|mut answer| answer.body_mut().read_json::<HealthAnswer>().ok());
    answer.is_some_and(|answer| answer.name == "quarterdeck")
}
