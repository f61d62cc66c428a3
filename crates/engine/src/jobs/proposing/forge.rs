//! What the address of a remote repository says of the site that it lies on, and where a pull request is opened there.

/// A repository on a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Forge {
    /// The site: its name, and its port where pages have one.
    pub host: String,
    /// The repository there: `owner/name`, or deeper.
    pub path: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    GitHub,
    GitLab,
    Bitbucket,
    Gitea,
    Unknown,
}

impl Forge {
    /// Of an address of git's; `None` for a folder, or what is no address.
    pub fn of(url: &str) -> Option<Self> {
        let (authority, path, web) = match url.split_once("://") {
            Some((scheme @ ("http" | "https" | "ssh" | "git" | "git+ssh"), rest)) => {
                let (authority, path) = rest.split_once('/')?;
                (authority, path, scheme.starts_with("http"))
            }
            Some(_) => return None,
            // `ada@host:owner/name`; a slash before the colon makes it a folder.
            None => {
                let (authority, path) = url.split_once(':').filter(|(authority, _)| !authority.contains('/'))?;
                (authority, path, false)
            }
        };
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let name = host.split_once(':').map_or(host, |(name, _)| name);
        // The port of ssh is not that of the pages.
        let host = if web { host } else { name };
        let host = if host == "ssh.github.com" { "github.com" } else { host };
        let path = path.trim_matches('/');
        let path = path.strip_suffix(".git").unwrap_or(path);
        let plain = |text: &str| !text.is_empty() && !text.contains(['?', '#', '\\', ' ', '"', '<', '>']);
        let is_site = plain(host) && host.contains('.') && plain(path) && path.contains('/');
        is_site.then(|| Self { host: host.to_owned(), path: path.to_owned(), kind: Kind::of(host) })
    }

    /// Of the page of a pull request.
    pub fn of_pull_request(link: &str) -> Option<Self> {
        let (repository, _) = link.rsplit_once("/pull/")?;
        Some(Self { kind: Kind::GitHub, ..Self::of(repository)? })
    }

    /// Whether the `gh` program may know it.
    pub fn may_be_github(&self) -> bool {
        matches!(self.kind, Kind::GitHub | Kind::Unknown)
    }

    /// Whether the `gh` program is to know it.
    pub fn is_github(&self) -> bool {
        self.kind == Kind::GitHub
    }

    /// The page on which a pull request is opened; `None` where the site is not of a known kind.
    pub fn link(&self, base: &str, branch: &str) -> Option<String> {
        let Self { host, path, kind } = self;
        let (base, branch) = (encoded(base), encoded(branch));
        Some(match kind {
            Kind::GitHub => format!("https://{host}/{path}/compare/{base}...{branch}?expand=1"),
            Kind::GitLab => format!(
                "https://{host}/{path}/-/merge_requests/new?merge_request%5Bsource_branch%5D={branch}&merge_request%5Btarget_branch%5D={base}"
            ),
            Kind::Bitbucket => format!("https://{host}/{path}/pull-requests/new?source={branch}&t=1"),
            Kind::Gitea => format!("https://{host}/{path}/compare/{base}...{branch}"),
            Kind::Unknown => return None,
        })
    }
}

impl Kind {
    fn of(host: &str) -> Self {
        let is = |names: &[&str]| names.iter().any(|name| host == *name || host.starts_with(&format!("{name}.")));
        if is(&["github.com", "github"]) {
            Self::GitHub
        } else if is(&["gitlab.com", "gitlab"]) {
            Self::GitLab
        } else if host == "bitbucket.org" {
            Self::Bitbucket
        } else if is(&["codeberg.org", "gitea.com", "gitea", "forgejo"]) {
            Self::Gitea
        } else {
            Self::Unknown
        }
    }
}

/// A branch as a part of an address.
fn encoded(branch: &str) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    branch.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::Forge;

    fn link(url: &str) -> Option<String> {
        Forge::of(url)?.link("main", "qd/one-1#2")
    }

    #[test]
    fn every_kind_of_address_leads_to_the_page_of_its_site() {
        let github = Some("https://github.com/ada/deck/compare/main...qd/one-1%232?expand=1".to_owned());
        for url in [
            "https://github.com/ada/deck.git",
            "https://ada:secret@github.com/ada/deck",
            "git@github.com:ada/deck.git",
            "ssh://git@github.com:22/ada/deck.git",
            "ssh://git@ssh.github.com:443/ada/deck.git",
        ] {
            assert_eq!(link(url), github, "{url}");
        }
        assert_eq!(
            link("git@gitlab.example.org:group/sub/deck.git").as_deref(),
            Some(
                "https://gitlab.example.org/group/sub/deck/-/merge_requests/new?merge_request%5Bsource_branch%5D=qd/one-1%232&merge_request%5Btarget_branch%5D=main"
            )
        );
        assert_eq!(
            link("https://bitbucket.org/ada/deck.git").as_deref(),
            Some("https://bitbucket.org/ada/deck/pull-requests/new?source=qd/one-1%232&t=1")
        );
        assert_eq!(
            link("https://codeberg.org/ada/deck.git").as_deref(),
            Some("https://codeberg.org/ada/deck/compare/main...qd/one-1%232")
        );
        assert_eq!(
            link("https://gitea.example.org:3000/ada/deck.git").as_deref(),
            Some("https://gitea.example.org:3000/ada/deck/compare/main...qd/one-1%232")
        );
    }

    #[test]
    fn what_is_no_site_has_no_page() {
        assert_eq!(link("https://git.example.org/ada/deck.git"), None, "of no known kind");
        for url in ["/srv/deck.git", "../deck.git", "file:///srv/deck.git", "./a:b/c", "work:ada/deck.git", ""] {
            assert_eq!(Forge::of(url), None, "{url}");
        }
    }

    #[test]
    fn a_pull_request_says_where_it_lies() {
        let forge = Forge::of_pull_request("https://git.example.org/ada/deck/pull/12").unwrap();
        assert_eq!((forge.host.as_str(), forge.path.as_str()), ("git.example.org", "ada/deck"));
        assert_eq!(Forge::of_pull_request("https://example.org/ada"), None);
    }
}
