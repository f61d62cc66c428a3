//! `qd demo-agent`, started by a host.

use super::Context;
use crate::exit::Error;
use qd_agents::demo_agent::{self, Settings};
use qd_engine::time::{Clock as _, SystemClock};

/// Play an agent over standard input and output: scripted, no model. Started by a host.
#[derive(clap::Args)]
#[command(hide = true)]
pub struct DemoAgent {}

impl DemoAgent {
    /// Runs until its standard input is closed.
    pub fn run(context: &Context) -> Result<(), Error> {
        let environment = &context.environment;
        let settings = Settings::from_env(environment.all().clone(), &environment.temporary(), SystemClock.now());
        match demo_agent::main(settings) {
            Ok(0) => Ok(()),
            Ok(code) => std::process::exit(code.into()),
            Err(error) => Err(Error::failed(error)),
        }
    }
}
