//! The page: its files as they were built, compressed beforehand. Names below `assets/` carry a hash of their content
//! and are kept by browsers for ever; everything else is asked for again each time, and answered "not modified".

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};
use std::fmt::Write as _;

#[derive(RustEmbed)]
#[folder = "$OUT_DIR/page"]
struct Page;

const INDEX: &str = "index.html";

/// A file of the page. A path that names no file is a view of the page itself.
pub async fn asset(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let path = uri.path().trim_start_matches('/');
    // Old copies of the page ask for assets that are gone: an HTML answer would hide that.
    let is_view = !path.starts_with("assets/") && !path.rsplit('/').next().unwrap_or_default().contains('.');
    let name = if is_view || path == INDEX { INDEX } else { path };
    match Page::get(name) {
        Some(file) => answer(name, &file, &headers),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn answer(name: &str, file: &EmbeddedFile, headers: &HeaderMap) -> Response {
    let tag = etag(&file.metadata.sha256_hash());
    let caching = if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let common = [(header::CACHE_CONTROL, caching), (header::ETAG, tag.as_str()), (header::VARY, "Accept-Encoding")];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|v| v.as_bytes() == tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let kind = [(header::CONTENT_TYPE, file.metadata.mimetype().to_owned())];
    for (encoding, suffix) in [("br", "br"), ("gzip", "gz")] {
        let packed = accepts(headers, encoding).then(|| Page::get(&format!("{name}.{suffix}"))).flatten();
        if let Some(packed) = packed {
            return (common, kind, [(header::CONTENT_ENCODING, encoding)], Body::from(packed.data)).into_response();
        }
    }
    (common, kind, Body::from(file.data.clone())).into_response()
}

fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    let offered = headers.get(header::ACCEPT_ENCODING).and_then(|v: &HeaderValue| v.to_str().ok()).unwrap_or_default();
    offered.split(',').any(|one| {
        let (name, quality) = one.split_once(';').unwrap_or((one, ""));
        name.trim() == encoding && !matches!(quality.trim(), "q=0" | "q=0.0")
    })
}

fn etag(hash: &[u8; 32]) -> String {
    let mut text = String::from("\"");
    for byte in &hash[..16] {
        let _ = write!(text, "{byte:02x}");
    }
    text + "\""
}
