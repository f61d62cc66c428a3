//! Which requests are meant for us. A name that someone else's DNS points at this machine, a page of another origin,
//! or a page on another port of the same host gets nothing, whatever cookies it has.

use crate::app::App;
use crate::error::Failure;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, Uri, header, uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The addresses that the server answers to.
pub struct Gate {
    bound: SocketAddr,
    others: Vec<Origin>,
}

/// An origin of a reverse proxy: admitted as `Origin`, its authority as `Host`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    scheme: String,
    authority: String,
}

/// A text that is no origin.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not an address of a web server. It looks like https://panel.example.com")]
pub struct BadOrigin(String);

impl std::str::FromStr for Origin {
    type Err = BadOrigin;

    fn from_str(text: &str) -> Result<Self, BadOrigin> {
        let bad = || BadOrigin(text.to_owned());
        let uri: Uri = text.parse().map_err(|_| bad())?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return Err(bad()) };
        let default_port = match scheme {
            "http" => ":80",
            "https" => ":443",
            _ => return Err(bad()),
        };
        let bare = uri.path() == "/" && uri.query().is_none() && !authority.as_str().contains('@');
        if !bare {
            return Err(bad());
        }
        let authority = authority.as_str().to_ascii_lowercase();
        let authority = authority.strip_suffix(default_port).unwrap_or(&authority).to_owned();
        Ok(Self { scheme: scheme.to_owned(), authority })
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority)
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Host {
    Ours,
    /// `localhost`, which is another origin with another journal.
    Localhost,
    Foreign,
}

impl Gate {
    /// Answers to the address that is bound and to those of `others`.
    pub fn new(bound: SocketAddr, others: Vec<Origin>) -> Self {
        Self { bound, others }
    }

    fn host(&self, host: &str) -> Host {
        let host = host.to_ascii_lowercase();
        if self.others.iter().any(|o| o.authority == host) {
            return Host::Ours;
        }
        let Ok(authority) = host.parse::<uri::Authority>() else { return Host::Foreign };
        if authority.port_u16().unwrap_or(80) != self.bound.port() {
            return Host::Foreign;
        }
        let name = authority.host();
        if name == "localhost" {
            return Host::Localhost;
        }
        match name.trim_matches(['[', ']']).parse::<IpAddr>() {
            // A number can't be pointed elsewhere by someone's DNS.
            Ok(ip) if ip.is_loopback() || ip == self.bound.ip() || self.bound.ip().is_unspecified() => Host::Ours,
            _ => Host::Foreign,
        }
    }

    fn origin(&self, origin: &str) -> bool {
        let Ok(origin) = origin.parse::<Origin>() else { return false };
        self.others.contains(&origin) || (origin.scheme == "http" && self.host(&origin.authority) == Host::Ours)
    }

    fn check(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<Host, Failure> {
        let mut named = headers.get_all(header::HOST).iter();
        let (Some(host), None) = (named.next(), named.next()) else { return Err(Failure::ForeignHost) };
        let host = self.host(host.to_str().unwrap_or_default());
        let absolute = uri.authority().is_none_or(|a| self.host(a.as_str()) == host);
        if host == Host::Foreign || !absolute {
            return Err(Failure::ForeignHost);
        }
        let foreign = headers.get_all(header::ORIGIN).iter().any(|o| !self.origin(o.to_str().unwrap_or_default()));
        // Who follows a link from another site may open the page, which then asks for everything else itself.
        let by_browser = |name: &str, value: &str| headers.get(name).is_some_and(|v| v == value);
        let opens_page = method == Method::GET
            && !uri.path().starts_with("/api")
            && by_browser("sec-fetch-mode", "navigate")
            && by_browser("sec-fetch-dest", "document");
        let same_site = headers.get("sec-fetch-site").is_none_or(|v| v == "same-origin" || v == "none" || opens_page);
        if foreign || !same_site { Err(Failure::ForeignOrigin) } else { Ok(host) }
    }

    /// The same address under the one name that all pages share.
    fn canonical(&self, uri: &Uri) -> String {
        let rest = uri.path_and_query().map_or("/", uri::PathAndQuery::as_str);
        let ip = self.bound.ip();
        let reached = ip.is_unspecified() || ip == IpAddr::V4(Ipv4Addr::LOCALHOST);
        let address = if reached { SocketAddr::new(Ipv4Addr::LOCALHOST.into(), self.bound.port()) } else { self.bound };
        format!("http://{address}{rest}")
    }
}

/// Refuses what is not meant for us and leads `localhost` to `127.0.0.1`.
pub async fn check(State(app): State<App>, request: Request, next: Next) -> Response {
    match app.gate.check(request.method(), request.uri(), request.headers()) {
        Ok(Host::Localhost) => Redirect::temporary(&app.gate.canonical(request.uri())).into_response(),
        Ok(_) => next.run(request).await,
        Err(failure) => failure.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate() -> Gate {
        Gate::new(([127, 0, 0, 1], 4270).into(), vec!["https://panel.example.com".parse().unwrap()])
    }

    fn checked(method: &Method, uri: &str, headers: &[(&'static str, &str)]) -> Result<Host, String> {
        let headers = headers.iter().map(|(k, v)| (k.parse().unwrap(), v.parse().unwrap())).collect();
        gate().check(method, &uri.parse().unwrap(), &headers).map_err(|f| format!("{f:?}"))
    }

    #[test]
    fn only_our_own_addresses_are_answered() {
        for (host, expected) in [
            ("127.0.0.1:4270", Host::Ours),
            ("[::1]:4270", Host::Ours),
            ("panel.example.com", Host::Ours),
            ("PANEL.example.com", Host::Ours),
            ("localhost:4270", Host::Localhost),
            ("127.0.0.1:4271", Host::Foreign),
            ("127.0.0.1", Host::Foreign),
            ("192.168.0.2:4270", Host::Foreign),
            ("evil.example:4270", Host::Foreign),
            ("panel.example.com:4270", Host::Foreign),
            ("localhost.evil.example:4270", Host::Foreign),
            ("", Host::Foreign),
        ] {
            assert_eq!(gate().host(host), expected, "{host}");
        }
    }

    #[test]
    fn bound_to_every_address_it_answers_to_numbers_and_to_no_name() {
        let gate = Gate::new(([0, 0, 0, 0], 4270).into(), Vec::new());
        assert_eq!(gate.host("192.168.0.2:4270"), Host::Ours);
        assert_eq!(gate.host("my-box:4270"), Host::Foreign);
    }

    #[test]
    fn foreign_origins_are_refused_even_with_our_host() {
        let host = ("host", "127.0.0.1:4270");
        for origin in
            ["http://evil.example", "http://127.0.0.1:3000", "http://localhost:4270", "https://127.0.0.1:4270", "null"]
        {
            let sent = checked(&Method::POST, "/api/v1/mutations", &[host, ("origin", origin)]);
            assert_eq!(sent, Err("ForeignOrigin".into()), "{origin}");
        }
        for origin in ["http://127.0.0.1:4270", "https://panel.example.com"] {
            assert_eq!(
                checked(&Method::POST, "/api/v1/mutations", &[host, ("origin", origin)]),
                Ok(Host::Ours),
                "{origin}"
            );
        }
    }

    #[test]
    fn a_page_on_another_port_may_link_to_the_page_and_read_nothing() {
        let host = ("host", "127.0.0.1:4270");
        let other_port = ("sec-fetch-site", "same-site");
        let navigates = [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
        let link = [&[host, other_port][..], &navigates].concat();
        assert_eq!(checked(&Method::GET, "/", &link), Ok(Host::Ours));
        assert!(checked(&Method::GET, "/api/v1/snapshot", &link).is_err());
        assert!(checked(&Method::GET, "/", &[host, other_port]).is_err());
        let framed = [host, other_port, navigates[0], ("sec-fetch-dest", "iframe")];
        assert!(checked(&Method::GET, "/", &framed).is_err());
    }

    #[test]
    fn no_host_and_two_hosts_are_refused() {
        assert!(checked(&Method::GET, "/", &[]).is_err());
        let mut two = HeaderMap::new();
        two.append("host", "127.0.0.1:4270".parse().unwrap());
        two.append("host", "evil.example".parse().unwrap());
        assert!(gate().check(&Method::GET, &"/".parse().unwrap(), &two).is_err());
        let absolute = checked(&Method::GET, "http://evil.example/", &[("host", "127.0.0.1:4270")]);
        assert_eq!(absolute, Err("ForeignHost".into()));
    }

    #[test]
    fn localhost_leads_to_an_address_that_is_listened_on() {
        let lead = |bound: &str| Gate::new(bound.parse().unwrap(), Vec::new()).canonical(&"/a?b".parse().unwrap());
        assert_eq!(lead("127.0.0.1:4270"), "http://127.0.0.1:4270/a?b");
        assert_eq!(lead("0.0.0.0:4270"), "http://127.0.0.1:4270/a?b");
        assert_eq!(lead("[::1]:4270"), "http://[::1]:4270/a?b");
    }

    #[test]
    fn an_origin_is_a_scheme_and_an_authority() {
        let origin: Origin = "HTTPS://Panel.Example.com:443/".to_lowercase().parse().unwrap();
        assert_eq!(origin.authority, "panel.example.com");
        for bad in ["panel.example.com", "ftp://a.b", "https://a.b/path", "https://u@a.b", ""] {
            assert!(bad.parse::<Origin>().is_err(), "{bad}");
        }
    }
}
