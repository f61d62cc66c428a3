//! What is shipped: the binary, and what a page loads before the editor is first used.

use super::Setup;
use super::figures::{Figure, Limit};
use anyhow::{Context as _, Result, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs;
use std::io::Write as _;
use std::path::Path;

pub(super) fn measure(setup: &Setup) -> Result<Vec<Figure>> {
    let dist = setup.root.join("ui/dist");
    let html = fs::read_to_string(dist.join("index.html")).context("the page is not built: cargo xtask build")?;
    let (mut scripts, mut modules) = (0, 0);
    for address in addresses(&html) {
        let size = || gzipped(&dist.join(address.trim_start_matches('/')));
        match Path::new(address).extension().and_then(std::ffi::OsStr::to_str) {
            Some("js") => scripts += size()?,
            Some("wasm") => modules += size()?,
            _ => {}
        }
    }
    ensure!(scripts > 0 && modules > 0, "index.html names no script or no WebAssembly");
    // The worker is not named there, and every page starts it.
    for entry in fs::read_dir(dist.join("assets"))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with("worker-") && path.extension().is_some_and(|ending| ending == "js") {
            scripts += gzipped(&path)?;
        }
    }
    let binary = fs::metadata(&setup.qd)?.len();
    Ok(vec![
        Figure::value("size.binary", "stripped binary with the page in it", "MB", Limit::Most(30.0), millions(binary)),
        Figure::value(
            "size.js",
            "JavaScript before the editor, gzip, worker included",
            "kB",
            Limit::Most(180.0),
            millions(scripts) * 1e3,
        ),
        Figure::value("size.wasm", "WebAssembly, gzip", "kB", Limit::Most(200.0), millions(modules) * 1e3),
    ])
}

/// What `src` and `href` of a page name.
fn addresses(html: &str) -> impl Iterator<Item = &str> {
    ["src=\"", "href=\""]
        .into_iter()
        .flat_map(|mark| html.split(mark).skip(1))
        .filter_map(|rest| Some(rest.split_once('"')?.0))
}

fn gzipped(file: &Path) -> Result<u64> {
    let bytes = fs::read(file).with_context(|| format!("{} can't be read", file.display()))?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&bytes)?;
    Ok(encoder.finish()?.len() as u64)
}

#[expect(clippy::cast_precision_loss, reason = "bytes of files are far below 2^52")]
fn millions(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

#[cfg(test)]
mod tests {
    #[test]
    fn scripts_and_preloads_of_a_page_are_found() {
        let html = r#"<script src="/first.js"></script><link rel="preload" href="/assets/a.wasm" as="fetch" />"#;
        assert_eq!(super::addresses(html).collect::<Vec<_>>(), ["/first.js", "/assets/a.wasm"]);
    }
}
