//! `cargo xtask`: everything that is done to this repository, by name.
//!
//! One command is one file; its doc comment is its manual. Nothing here is
//! part of the product.

mod bench;
mod build;
mod codegen;
mod copy;
mod page;
mod protocol;
mod prove;
mod shell;
mod soak;
mod start;
mod test;
mod tidy;
mod variant;
mod wasm;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

/// Everything that is done to this repository, by name.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Command {
    Start(start::Start),
    Test(test::Test),
    Prove(prove::Prove),
    Build(build::Build),
    Bench(bench::Bench),
    Soak(soak::Soak),
    Codegen(codegen::Codegen),
    Tidy(tidy::Tidy),
    BuildWasm(wasm::BuildWasm),
}

fn main() -> ExitCode {
    match run(Command::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // One line for the reader, whatever RUST_BACKTRACE says.
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Start(command) => command.run(),
        Command::Test(command) => command.run(),
        Command::Prove(command) => command.run(),
        Command::Build(build::Build {}) => build::run(),
        Command::Bench(command) => command.run(),
        Command::Soak(command) => command.run(),
        Command::Codegen(command) => command.run(),
        Command::Tidy(tidy::Tidy {}) => tidy::run(),
        Command::BuildWasm(command) => command.run(),
    }
}
