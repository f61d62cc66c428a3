//! `qd`: the server, the host of a session, and the commands of a person in a terminal.
//!
//! A command lies in a file of its own and its documentation is its manual. Only this crate reads the environment of
//! the process; everything below is given what it needs.

mod client;
mod commands;
mod config;
mod environment;
mod exit;
mod say;
mod server_file;

use clap::Parser;
use commands::Command;
use environment::Environment;
use std::path::PathBuf;
use std::process::ExitCode;

/// Quarterdeck: a control panel for coding agents, in the browser and here.
#[derive(Parser)]
#[command(name = "qd", version, after_help = exit::HELP)]
struct Qd {
    /// Where Quarterdeck keeps its data. One server runs per directory.
    #[arg(long, global = true, env = "QD_DATA_DIR", hide_env_values = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Print JSON, one object a line, with names that stay.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    qd_proc::memory::keep_little();
    let qd = Qd::parse();
    let environment = Environment::read();
    let context = commands::Context { data_dir: qd.data_dir, json: qd.json, environment };
    match qd.command.run(&context) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say::error(&error, context.json);
            error.exit().into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;
    use std::fmt::Write as _;

    #[test]
    fn the_arguments_are_consistent() {
        Qd::command().debug_assert();
    }

    /// Every command with its manual, so that a change of one is seen where it is reviewed.
    #[test]
    fn the_manual_is_as_reviewed() {
        fn tell(command: &mut clap::Command, path: &str, manual: &mut String) {
            let help = command.clone().bin_name(path).render_long_help();
            let _ = write!(manual, "# {path}\n\n{help}\n\n");
            for inner in command.get_subcommands_mut().filter(|c| c.get_name() != "help") {
                let path = format!("{path} {}", inner.get_name());
                tell(inner, &path, manual);
            }
        }
        let mut manual = String::new();
        let mut command = Qd::command().term_width(100);
        command.build();
        tell(&mut command, "qd", &mut manual);
        insta::assert_snapshot!("manual", manual);
    }
}
