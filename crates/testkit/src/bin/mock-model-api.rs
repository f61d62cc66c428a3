//! `mock-model-api`: prints the base address of a scripted model API and runs until its standard input ends.

use anyhow::Result;
use qd_testkit::model_api::ModelApi;
use tokio::io::AsyncReadExt as _;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let api = ModelApi::bind().await?;
    say(&api.url()?);
    let mut stdin = tokio::io::stdin();
    let mut ignored = [0; 64];
    let ended = async { while matches!(stdin.read(&mut ignored).await, Ok(1..)) {} };
    tokio::select! {
        failed = api.run() => Ok(failed?),
        () = ended => std::process::exit(0),
    }
}

#[expect(clippy::print_stdout, reason = "the line is what the program that starts it waits for")]
fn say(line: &str) {
    println!("{line}");
}
