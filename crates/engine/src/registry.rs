//! Registries of ACP agents, read from a file of this machine or fetched from an address, when a person asks for it.

use crate::engine::Engine;
use qd_agents::registry::{self, NoRegistry, Offered};
use std::path::Path;
use std::time::Duration;
use ureq::tls::{RootCerts, TlsConfig};

/// The largest registry that is read.
const LARGEST: u64 = 8 << 20;
/// How long an address may take to answer.
const WITHIN: Duration = Duration::from_secs(20);

/// A registry could not be read.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// Neither an address nor a path.
    #[error("`{0}` is neither an https address nor the absolute path of a file.")]
    NoSource(String),
    /// What it names decides which programs run here.
    #[error("A registry names programs to run: it is fetched over https only.")]
    Insecure,
    /// The address did not answer with a file.
    #[error("{address} could not be fetched: {why}. Look at the network, or give the path of a file.")]
    Unreached {
        /// The address.
        address: String,
        /// Why.
        why: String,
    },
    /// The file can't be read.
    #[error("{path} can't be read: {source}.")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// It holds something else.
    #[error("{0}.")]
    Broken(#[from] NoRegistry),
    /// The engine ends.
    #[error("The server is ending.")]
    Ending,
}

impl Engine {
    /// The agents of the registry at `from`: an address or a file; the public one where it is empty.
    pub async fn registry(&self, from: &str) -> Result<Vec<Offered>, RegistryError> {
        let from = if from.trim().is_empty() { registry::PUBLIC } else { from.trim() }.to_owned();
        let text = tokio::task::spawn_blocking(move || text(&from)).await.map_err(|_| RegistryError::Ending)??;
        Ok(registry::read(&text)?)
    }
}

fn text(from: &str) -> Result<String, RegistryError> {
    if from.starts_with("https://") {
        return fetched(from);
    }
    if let Some(rest) = from.strip_prefix("http://") {
        let host = rest.split(['/', ':']).next().unwrap_or_default();
        return if ["127.0.0.1", "localhost"].contains(&host) { fetched(from) } else { Err(RegistryError::Insecure) };
    }
    let path = from.strip_prefix("file://").unwrap_or(from);
    if !Path::new(path).is_absolute() {
        return Err(RegistryError::NoSource(from.to_owned()));
    }
    let unreadable = |source| RegistryError::Unreadable { path: path.to_owned(), source };
    let size = std::fs::metadata(path).map_err(unreadable)?;
    if !size.is_file() || size.len() > LARGEST {
        return Err(unreadable(std::io::Error::other("it is no file of at most 8 MB")));
    }
    std::fs::read_to_string(path).map_err(unreadable)
}

fn fetched(address: &str) -> Result<String, RegistryError> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(WITHIN))
        .tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build())
        .build()
        .into();
    let unreached =
        |error: ureq::Error| RegistryError::Unreached { address: address.to_owned(), why: error.to_string() };
    let mut answer = agent.get(address).call().map_err(unreached)?;
    answer.body_mut().with_config().limit(LARGEST).read_to_string().map_err(unreached)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_and_safe_addresses_are_sources() {
        assert!(matches!(text("registry.json"), Err(RegistryError::NoSource(_))));
        assert!(matches!(text("http://example.org/registry.json"), Err(RegistryError::Insecure)));
        assert!(matches!(text("http://127.0.0.1.example.org/"), Err(RegistryError::Insecure)));
        assert!(matches!(text("/dev/zero"), Err(RegistryError::Unreadable { .. })));
        assert!(matches!(text("/nowhere/registry.json"), Err(RegistryError::Unreadable { .. })));
        assert!(matches!(text("http://127.0.0.1:9/registry.json"), Err(RegistryError::Unreached { .. })));
    }
}
