//! `qd host`, started by the server.

use super::Context;
use crate::exit::Error;
use qd_engine::host;
use qd_engine::time::SystemClock;
use std::path::PathBuf;
use std::sync::Arc;

/// Own the agent of one session. Started by the server.
#[derive(clap::Args)]
#[command(hide = true)]
pub struct Host {
    /// The folder of the attempt, which the server claimed.
    #[arg(long, value_name = "DIR")]
    run_dir: PathBuf,
}

impl Host {
    /// Runs until the attempt is over.
    pub fn run(self, _: &Context) -> Result<(), Error> {
        host::main(&self.run_dir, Arc::new(SystemClock)).map_err(Error::failed)
    }
}
