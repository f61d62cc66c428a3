//! What `gh` tells of a pull request, brought into the words of the rows.

use super::gh::{Author, Check, Gh, GhError, Review, Viewed};
use qd_core::ids::Millis;
use qd_core::row::{Checks, Fate, Reception, Remark};
use std::collections::BTreeMap;

/// So many remarks are listed at most, the latest.
const MOST: usize = 50;
/// A remark is shown so far, in characters.
const LONGEST: usize = 4_000;
/// So many of the comments on lines are asked for: what GitHub gives at once.
const LINES: usize = 100;

pub(super) async fn read(gh: &Gh<'_>, number: u32, at: Millis) -> Result<Reception, GhError> {
    let viewed = gh.view(number).await?;
    let fate = match viewed.state.as_str() {
        "OPEN" => Fate::Open,
        "MERGED" => Fate::Merged,
        "CLOSED" => Fate::Closed,
        other => return Err(GhError::Unexpected(format!("the state {other}"))),
    };
    let (approvals, objections) = counted(&viewed.reviews);
    let merge = viewed.merge_commit.as_ref().map(|commit| commit.oid.clone());
    let checks = checks(&viewed.status_check_rollup);
    let mut remarks = remarks(viewed);
    for comment in gh.line_comments(number, LINES).await? {
        let remark = Remark {
            path: Some(comment.path).filter(|path| !path.is_empty()),
            line: comment.line,
            ..remark(format!("line-{}", comment.id), comment.user, &comment.body, comment.html_url)
        };
        remarks.push((comment.created_at, remark));
    }
    remarks.retain(|(_, remark)| !remark.text.is_empty());
    remarks.sort_by(|(a, _), (b, _)| a.cmp(b));
    let older = remarks.len().saturating_sub(MOST);
    let remarks = remarks.into_iter().skip(older).map(|(_, remark)| remark).collect();
    let older = u32::try_from(older).unwrap_or(u32::MAX);
    Ok(Reception { at, fate, merge, checks, approvals, objections, remarks, older })
}

/// What stands there of each reviewer now: who said yes, and who asks for changes.
fn counted(reviews: &[Review]) -> (u32, u32) {
    let mut last: BTreeMap<&str, &str> = BTreeMap::new();
    for review in reviews {
        if let ("APPROVED" | "CHANGES_REQUESTED" | "DISMISSED", Some(author)) = (review.state.as_str(), &review.author)
        {
            last.insert(&author.login, &review.state);
        }
    }
    let count = |state: &str| u32::try_from(last.values().filter(|last| **last == state).count()).unwrap_or(u32::MAX);
    (count("APPROVED"), count("CHANGES_REQUESTED"))
}

fn checks(all: &[Check]) -> Checks {
    let mut checks = Checks::default();
    for check in all {
        let said = [&check.conclusion, &check.state].into_iter().flatten().find(|said| !said.is_empty());
        match said.map(String::as_str) {
            Some("SUCCESS" | "NEUTRAL" | "SKIPPED") => checks.passed += 1,
            Some("FAILURE" | "ERROR" | "CANCELLED" | "TIMED_OUT" | "ACTION_REQUIRED" | "STARTUP_FAILURE") => {
                checks.failed.push(check.name.clone());
            }
            // None yet, or one that waits.
            _ => checks.pending += 1,
        }
    }
    checks
}

fn remarks(viewed: Viewed) -> Vec<(String, Remark)> {
    let reviews = viewed.reviews.into_iter().map(|review| {
        let at = review.submitted_at.unwrap_or_default();
        (at, remark(review.id, review.author, &review.body, None))
    });
    let comments = viewed.comments.into_iter().map(|comment| {
        let said = remark(comment.id, comment.author, &comment.body, comment.url);
        (comment.created_at, said)
    });
    reviews.chain(comments).collect()
}

fn remark(id: String, author: Option<Author>, body: &str, link: Option<String>) -> Remark {
    let body = body.trim();
    let text = match body.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}… (it goes on)", body.get(..end).unwrap_or_default()),
        None => body.to_owned(),
    };
    // An account that is gone has no name.
    let author = author.map(|author| author.login).filter(|login| !login.is_empty());
    let author = author.unwrap_or_else(|| "somebody".to_owned());
    let link = link.filter(|link| link.starts_with("https://") || link.starts_with("http://"));
    Remark { id, author, text, path: None, line: None, link, session: None }
}
