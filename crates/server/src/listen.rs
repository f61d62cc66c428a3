//! The listening socket and the life of the server on it.

use crate::app::App;
use crate::router::router;
use axum::serve::ListenerExt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;

/// How long requests that are being answered may take when the server ends.
const LAST_ANSWERS: Duration = Duration::from_secs(5);

/// The socket could not be had.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Someone else listens there.
    #[error("port {} is in use by another program", .0.port())]
    InUse(SocketAddr),
    /// The operating system refused.
    #[error("can't listen on {address}: {source}")]
    Other {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

/// A socket that listens; nothing is answered yet, but no connection is refused.
pub struct Bound {
    listener: TcpListener,
    address: SocketAddr,
}

impl Bound {
    /// Listens on `address`; port 0 takes a free one.
    pub async fn to(address: SocketAddr) -> Result<Self, BindError> {
        let other = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => BindError::InUse(address),
            _ => BindError::Other { address, source },
        };
        let listener = TcpListener::bind(address).await.map_err(other)?;
        let address = listener.local_addr().map_err(other)?;
        Ok(Self { listener, address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until the app is stopped, then ends the streams and lets the other requests be answered.
    pub async fn serve(self, app: App) -> io::Result<()> {
        let stop = app.stop.clone();
        let listener = self.listener.tap_io(|stream| {
            if let Err(e) = stream.set_nodelay(true) {
                tracing::debug!("answers may be late: {e}");
            }
        });
        let served = axum::serve(listener, router(app)).with_graceful_shutdown(stop.clone().cancelled_owned());
        let overdue = async {
            stop.cancelled().await;
            tokio::time::sleep(LAST_ANSWERS).await;
        };
        tokio::select! {
            ended = served => ended,
            () = overdue => {
                tracing::warn!("some requests were still being answered when the server ended");
                Ok(())
            }
        }
    }
}
