//! The fault proxy: an HTTP/1.1 reverse proxy on loopback that does to single requests what networks do to them.
//!
//! It rewrites nothing: the server behind it must admit the proxy's address (`--allow-origin`). Each request has a
//! connection of its own, so that a browser never sends one again by itself because a kept connection broke.
//! Faults wait at gates that a test opens; nothing here guesses a time.

mod body;
mod control;
mod forward;
mod rule;

pub use rule::{BadRule, Fault, NewRule, RuleId, Rules};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// What all connections share.
pub(crate) struct Shared {
    pub(crate) rules: Rules,
    upstream: Mutex<Option<SocketAddr>>,
    /// Cancelled to close all connections of this moment, then replaced.
    connections: Mutex<CancellationToken>,
    requests: Mutex<Vec<String>>,
}

impl Shared {
    pub(crate) fn upstream(&self) -> Option<SocketAddr> {
        *lock(&self.upstream)
    }

    pub(crate) fn set_upstream(&self, address: SocketAddr) {
        *lock(&self.upstream) = Some(address);
    }

    /// Closes every connection that is open now.
    pub(crate) fn sever(&self) {
        let mut connections = lock(&self.connections);
        connections.cancel();
        *connections = CancellationToken::new();
    }

    pub(crate) fn note(&self, request: String) {
        lock(&self.requests).push(request);
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        lock(&self.requests).clone()
    }

    fn severed(&self) -> CancellationToken {
        lock(&self.connections).clone()
    }
}

/// A panic elsewhere leaves these values whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Two listening sockets: one that is proxied, one that takes the rules.
pub struct Proxy {
    shared: Arc<Shared>,
    proxied: TcpListener,
    control: TcpListener,
}

impl Proxy {
    /// Listens on two free ports of loopback. Nothing is forwarded before an upstream is set by the control port.
    pub async fn bind() -> io::Result<Self> {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let shared = Shared {
            rules: Rules::default(),
            upstream: Mutex::new(None),
            connections: Mutex::new(CancellationToken::new()),
            requests: Mutex::new(Vec::new()),
        };
        let (proxied, control) = (TcpListener::bind(any).await?, TcpListener::bind(any).await?);
        Ok(Self { shared: Arc::new(shared), proxied, control })
    }

    /// Where requests are forwarded from.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.proxied.local_addr()
    }

    /// Where the rules are set.
    pub fn control_address(&self) -> io::Result<SocketAddr> {
        self.control.local_addr()
    }

    /// Runs until a socket fails; dropped, it closes everything.
    pub async fn run(self) -> io::Result<()> {
        let mut open = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.proxied.accept() => {
                    let severed = self.shared.severed();
                    open.spawn(proxied(accepted?.0, self.shared.clone(), severed));
                }
                accepted = self.control.accept() => {
                    open.spawn(controlled(accepted?.0, self.shared.clone()));
                }
                Some(_) = open.join_next(), if !open.is_empty() => {}
            }
        }
    }
}

async fn proxied(stream: TcpStream, shared: Arc<Shared>, severed: CancellationToken) {
    // Without this each small event of a stream would wait for an acknowledgement.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| forward::forward(shared.clone(), request));
    let connection = http1::Builder::new().keep_alive(false).serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        // An error is a fault that was asked for, or a client that left: both are what the test looks at.
        _ = connection => {}
        () = severed.cancelled() => {}
    }
}

async fn controlled(stream: TcpStream, shared: Arc<Shared>) {
    let service = service_fn(|request| control::control(shared.clone(), request));
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}
