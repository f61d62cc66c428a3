//! GitHub's own program `gh`, which acts in the user's name where they are logged in with it. Nobody answers its
//! questions, and of its login only the exit code is looked at.

use super::forge::Forge;
use crate::engine::Engine;
use qd_proc::{Output, Run, RunError, Spawn, SpawnError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use std::path::PathBuf;
use std::time::Duration;

/// One call may take so long.
const LONGEST: Duration = Duration::from_mins(1);
/// What is asked of a pull request.
const FIELDS: &str = "state,statusCheckRollup,reviews,comments,mergeCommit,url,number";

/// `gh`, for one repository.
pub(super) struct Gh<'a> {
    engine: &'a Engine,
    folder: PathBuf,
    forge: Forge,
}

/// Whether `gh` can act for the user on a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Login {
    /// It can.
    In,
    /// It is there and can't.
    Out,
    /// It is not on the PATH.
    Absent,
}

/// A call of `gh` that came to nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum GhError {
    /// It could not be run.
    #[error("gh could not be run: {0}")]
    Run(#[from] RunError),
    /// It took too long, or failed.
    #[error("{0}")]
    Failed(String),
    /// Its answer is not what it is documented to be.
    #[error("gh answered something that can't be read: {0}")]
    Unexpected(String),
}

/// A pull request as `gh pr view` tells it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Viewed {
    pub state: String,
    #[serde(default, deserialize_with = "or_none")]
    pub status_check_rollup: Vec<Check>,
    #[serde(default, deserialize_with = "or_none")]
    pub reviews: Vec<Review>,
    #[serde(default, deserialize_with = "or_none")]
    pub comments: Vec<Comment>,
    pub merge_commit: Option<Commit>,
}

/// A check, of either of the two kinds that GitHub has.
#[derive(Debug, Deserialize)]
pub(super) struct Check {
    #[serde(default, alias = "context")]
    pub name: String,
    /// Of a check run that is over.
    pub conclusion: Option<String>,
    /// Of a status.
    pub state: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Review {
    pub id: String,
    pub author: Option<Author>,
    #[serde(default)]
    pub body: String,
    #[serde(default)]
    pub state: String,
    pub submitted_at: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Comment {
    pub id: String,
    pub author: Option<Author>,
    #[serde(default)]
    pub body: String,
    pub url: Option<String>,
    #[serde(default)]
    pub created_at: String,
}

/// A comment on a line, as GitHub's API tells it.
#[derive(Debug, Deserialize)]
pub(super) struct LineComment {
    pub id: u64,
    pub user: Option<Author>,
    #[serde(default)]
    pub body: String,
    #[serde(default)]
    pub path: String,
    pub line: Option<u32>,
    pub html_url: Option<String>,
    #[serde(default)]
    pub created_at: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Author {
    pub login: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Commit {
    pub oid: String,
}

#[derive(Deserialize)]
struct Listed {
    number: u32,
    url: String,
}

/// Where there are none `gh` says null.
fn or_none<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Vec<T>, D::Error> {
    Option::deserialize(from).map(Option::unwrap_or_default)
}

impl<'a> Gh<'a> {
    /// It runs in `folder`, so that it finds the user's git settings as they are there.
    pub fn new(engine: &'a Engine, folder: impl Into<PathBuf>, forge: Forge) -> Self {
        Self { engine, folder: folder.into(), forge }
    }

    /// Whether it can act for the user.
    pub async fn login(&self) -> Result<Login, GhError> {
        match self.run(&["auth", "status", "--hostname", &self.forge.host], None).await {
            Ok(output) if output.success() => Ok(Login::In),
            Ok(_) => Ok(Login::Out),
            Err(RunError::Spawn(SpawnError::NotFound { .. })) => Ok(Login::Absent),
            Err(error) => Err(error.into()),
        }
    }

    /// The open pull request of a branch, with its address.
    pub async fn open(&self, branch: &str) -> Result<Option<(u32, String)>, GhError> {
        let repository = self.repository();
        // For whatever branch it is by now.
        let of = ["--repo", &repository, "--head", branch, "--state", "open"];
        let arguments = ["pr", "list"].into_iter().chain(of).chain(["--json", "number,url", "--limit", "1"]);
        let listed: Vec<Listed> = self.json(&arguments.collect::<Vec<_>>()).await?;
        Ok(listed.into_iter().next().map(|one| (one.number, one.url)))
    }

    /// Opens one.
    pub async fn create(&self, branch: &str, base: &str, title: &str, body: &str) -> Result<(u32, String), GhError> {
        let repository = self.repository();
        let of = ["pr", "create", "--repo", &repository, "--head", branch, "--base", base];
        let arguments: Vec<&str> = of.into_iter().chain(["--title", title, "--body-file", "-"]).collect();
        let printed = self.told(&arguments, Some(body)).await?;
        let link = printed.split_whitespace().next_back().unwrap_or_default();
        let number = link.rsplit_once("/pull/").and_then(|(_, number)| number.parse().ok());
        number.map(|number| (number, link.to_owned())).ok_or(GhError::Unexpected(printed))
    }

    /// How one stands.
    pub async fn view(&self, number: u32) -> Result<Viewed, GhError> {
        self.json(&["pr", "view", &number.to_string(), "--repo", &self.repository(), "--json", FIELDS]).await
    }

    /// What was written to its lines, the latest first, so many at most.
    pub async fn line_comments(&self, number: u32, most: usize) -> Result<Vec<LineComment>, GhError> {
        let path = &self.forge.path;
        let of = format!("repos/{path}/pulls/{number}/comments?sort=created&direction=desc&per_page={most}");
        self.json(&["api", "--hostname", &self.forge.host, &of]).await
    }

    fn repository(&self) -> String {
        format!("{}/{}", self.forge.host, self.forge.path)
    }

    async fn json<T: DeserializeOwned>(&self, arguments: &[&str]) -> Result<T, GhError> {
        let printed = self.told(arguments, None).await?;
        serde_json::from_str(&printed).map_err(|error| GhError::Unexpected(error.to_string()))
    }

    async fn told(&self, arguments: &[&str], input: Option<&str>) -> Result<String, GhError> {
        let output = self.run(arguments, input).await?;
        if output.success() {
            return Ok(output.stdout.text());
        }
        let said = output.stderr.text();
        let said = super::super::end_of(said.trim());
        Err(GhError::Failed(match output.code() {
            Some(_) if !said.is_empty() => said.to_owned(),
            Some(code) => format!("gh ended with {code} and said nothing."),
            None => format!("gh did not answer within {} s.", LONGEST.as_secs()),
        }))
    }

    async fn run(&self, arguments: &[&str], input: Option<&str>) -> Result<Output, RunError> {
        let config = self.engine.config();
        let spawn = Spawn::new("gh")
            .envs(self.engine.network_variables())
            .env("HOME", &config.home)
            .env("PATH", config.env.get("PATH").map_or("", String::as_str))
            .envs([
                ("GH_PROMPT_DISABLED", "1"),
                ("GH_NO_UPDATE_NOTIFIER", "1"),
                ("NO_COLOR", "1"),
                ("LC_ALL", "C.UTF-8"),
            ])
            .cwd(&self.folder)
            .args(arguments);
        let run = Run::new(spawn, LONGEST);
        match input {
            Some(text) => run.stdin(text.as_bytes().to_vec()).output().await,
            None => run.output().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Viewed;

    #[test]
    fn what_is_not_there_is_null() {
        let fresh = r#"{"state":"OPEN","statusCheckRollup":null,"reviews":null,"comments":null,"mergeCommit":null}"#;
        let viewed: Viewed = serde_json::from_str(fresh).unwrap();
        assert!(viewed.status_check_rollup.is_empty() && viewed.reviews.is_empty() && viewed.comments.is_empty());
    }
}
