//! Who may act. The API takes the token; a page trades it for a session of two halves, a cookie and a key that it
//! sends as a header. Both are needed: cookies ignore ports, so a program on another port of this machine may be sent
//! the cookie, but never the key. Only hashes are kept.

use crate::app::App;
use crate::error::Failure;
use axum::extract::{Json, OriginalUri, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use qd_wire::{ApiError, LoginAnswer, LoginRequest};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use subtle::ConstantTimeEq;

/// The one route of the API that needs nothing.
const LOGIN: &str = "/api/v1/login";
/// The header that carries a page's key.
const KEY: &str = "x-qd-key";
/// As long as a browser keeps a cookie.
const COOKIE_SECONDS: u32 = 400 * 24 * 60 * 60;

/// The secret that whoever started the server has.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// A token that was preset.
    pub fn preset(text: String) -> Self {
        Self(text)
    }

    /// A new random token.
    pub fn random() -> Result<Self, getrandom::Error> {
        secret().map(Self)
    }

    /// The text: for the one line on standard output and for `server.json`.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// What requests are checked against.
pub struct Auth {
    token: [u8; 32],
    cookie: String,
}

impl Auth {
    /// Admits whoever has `token`. The name of the cookie carries the port, as cookies do not.
    pub fn new(token: &Token, port: u16) -> Self {
        Self { token: hash(&[token.reveal()]), cookie: format!("qd-{port}") }
    }

    fn is_token(&self, given: &str) -> bool {
        // Of the hashes: neither the length nor the place of the first wrong byte can be measured.
        self.token.ct_eq(&hash(&[given])).into()
    }

    fn bearer(&self, headers: &HeaderMap) -> bool {
        let given = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
        given.and_then(|v| v.strip_prefix("Bearer ")).is_some_and(|token| self.is_token(token))
    }

    /// The hash of a page's session, where both halves came.
    fn session(&self, headers: &HeaderMap) -> Option<[u8; 32]> {
        let key = headers.get(KEY)?.to_str().ok()?;
        Some(hash(&[self.cookie(headers)?, key]))
    }

    fn cookie<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok());
        let mut pairs = cookies.flat_map(|v| v.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(name, _)| *name == self.cookie).map(|(_, value)| value)
    }
}

/// Lets a request pass that carries the token or both halves of a session, and whoever wants to log in.
pub async fn require(
    State(app): State<App>,
    uri: OriginalUri,
    request: Request,
    next: Next,
) -> Result<Response, Failure> {
    let admitted = (request.method() == Method::POST && uri.path() == LOGIN)
        || app.auth.bearer(request.headers())
        || match app.auth.session(request.headers()) {
            Some(hash) => app.engine.has_session_key(hash).await.map_err(Failure::internal)?,
            None => false,
        };
    if admitted { Ok(next.run(request).await) } else { Err(Failure::Unauthorized) }
}

/// Trade the token for a page's session.
///
/// The answer holds one half of it, the key; the cookie is the other.
#[utoipa::path(post, path = "/login", tag = "session", security(()), request_body = LoginRequest, responses(
    (status = 200, body = LoginAnswer, headers(("Set-Cookie" = String, description = "The other half: `qd-<port>`"))),
    (status = 401, body = ApiError, description = "It is not the token")
))]
pub async fn login(
    State(app): State<App>,
    headers: HeaderMap,
    Json(request): Json<LoginRequest>,
) -> Result<Response, Failure> {
    if !app.auth.is_token(&request.token) {
        return Err(Failure::Unauthorized);
    }
    // A browser keeps the cookie that it has, or its other tabs would be logged out. Whoever knows it lacks the key.
    let kept = app.auth.cookie(&headers).filter(|cookie| is_secret(cookie)).map(str::to_owned);
    let cookie = kept.map_or_else(secret, Ok).map_err(Failure::internal)?;
    let key = secret().map_err(Failure::internal)?;
    app.engine.put_session_key(hash(&[&cookie, &key])).await.map_err(Failure::internal)?;
    let set = set_cookie(&app.auth.cookie, &cookie, COOKIE_SECONDS, is_https(&headers));
    Ok(([(header::SET_COOKIE, set)], Json(LoginAnswer { key })).into_response())
}

/// End this page's session: the browser forgets its half, and the server what both halves open.
#[utoipa::path(post, path = "/logout", tag = "session", responses((status = 204)))]
pub async fn logout(State(app): State<App>, headers: HeaderMap) -> Result<Response, Failure> {
    if let Some(hash) = app.auth.session(&headers) {
        app.engine.drop_session_key(hash).await.map_err(Failure::internal)?;
    }
    let set = set_cookie(&app.auth.cookie, "", 0, is_https(&headers));
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, set)]).into_response())
}

fn set_cookie(name: &str, value: &str, seconds: u32, secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    format!("{name}={value}; HttpOnly; SameSite=Strict; Path=/; Max-Age={seconds}{secure}")
}

/// Whether the page was loaded by HTTPS, from a reverse proxy.
fn is_https(headers: &HeaderMap) -> bool {
    headers.get(header::ORIGIN).map(HeaderValue::as_bytes).is_some_and(|origin| origin.starts_with(b"https://"))
}

fn is_secret(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn secret() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

/// A NUL stands between the parts, which no header can hold.
fn hash(parts: &[&str]) -> [u8; 32] {
    Sha256::digest(parts.join("\0")).into()
}
