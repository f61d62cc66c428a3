//! `fault-proxy`: prints the two addresses of a fault proxy as one line of JSON and runs until its standard input ends.

use anyhow::Result;
use qd_testkit::proxy::Proxy;
use tokio::io::AsyncReadExt as _;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let proxy = Proxy::bind().await?;
    let addresses = serde_json::json!({ "address": proxy.address()?, "control": proxy.control_address()? });
    say(&addresses.to_string());
    let mut stdin = tokio::io::stdin();
    let mut ignored = [0; 64];
    let ended = async { while matches!(stdin.read(&mut ignored).await, Ok(1..)) {} };
    tokio::select! {
        failed = proxy.run() => Ok(failed?),
        () = ended => std::process::exit(0),
    }
}

#[expect(clippy::print_stdout, reason = "the line is what the program that starts it waits for")]
fn say(line: &str) {
    println!("{line}");
}
