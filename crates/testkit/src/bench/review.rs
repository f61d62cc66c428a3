//! What a person waits for who reviews work: the list of what changed, a refresh of it, the first hunk of a file; and
//! the worktree in which work begins. In a large repository.

use super::Setup;
use super::browser::{Wanted, in_chromium};
use super::figures::{Figure, Limit};
use super::works::{Processes, Works, path, tally, text};
use anyhow::{Context as _, Result, ensure};
use qd_core::ids::TaskId;
use serde_json::json;
use std::fmt::Write as _;
use std::fs;

/// How often the list is made of contents that nobody has seen.
const FIRSTS: usize = 7;
/// How often it is asked for again.
const AGAIN: usize = 40;
/// How often one file is changed.
const REFRESHES: usize = 60;
/// How often git processes are counted.
const COUNTED: usize = 10;
/// Files that are changed where one more changes.
const FEW: usize = 20;
/// How often a worktree is made.
const NEW: usize = 8;
/// Lines of the long diff.
const LONG: usize = 20_000;
/// Lines that are written anew in each changed file.
const CHANGED: std::ops::Range<usize> = 10..110;

/// In the browser.
const FIGURES: [Wanted; 3] = [
    ("review.first.hunk", "click on a changed file → its first hunk painted", "ms", Limit::Median(50.0)),
    ("review.scroll.p95", "scrolling a diff of 20,000 lines: frame interval, p95", "ms", Limit::Most(17.0)),
    ("review.scroll.p99", "the same, p99", "ms", Limit::Most(33.0)),
];

pub(super) fn measure(setup: &Setup) -> Result<Vec<Figure>> {
    let (files, changed) = setup.scale.files;
    let new = NEW.min(setup.scale.clicks);
    let works = Works::new(setup, files, new)?;
    let [many, few, ..] = works.tasks.as_slice() else { anyhow::bail!("there are too few tasks") };
    let (many, few) = (*many, *few);
    let cold = works.begin(many)?;
    let mut warm = Vec::new();
    for task in works.tasks.iter().filter(|task| **task != many) {
        works.until_made_ahead()?;
        warm.push(works.begin(*task)?);
    }
    let what = format!("click → agent executing in a new worktree of {files} files");
    let note = format!("made ahead; the first of the project is not: {cold:.0} ms");
    let mut figures = vec![Figure::spread("worktree.new", &what, "ms", Limit::Median(150.0), &warm)?.with_note(&note)];
    if setup.wants_of("review") {
        figures.extend(lists(&works, many, changed)?);
        figures.extend(refreshes(&works, few)?);
    }
    if FIGURES.iter().any(|(id, ..)| setup.wants(id)) {
        let long: String = (0..LONG).fold(String::new(), |mut long, line| {
            let _ = writeln!(long, "    let value_{line} = compute(\"a long file\", {line}); // one of many");
            long
        });
        fs::write(works.worktree(few)?.join("src/long.rs"), long)?;
        let more = json!({ "review": { "many": many, "few": few, "long": "src/long.rs" } });
        figures.extend(in_chromium(setup, &works.home, &works.panel, more, &FIGURES)?);
    }
    works.panel.stop()?;
    Ok(figures)
}

/// The list of many changed files: of contents that were never seen, and asked for again.
fn lists(works: &Works, task: TaskId, changed: usize) -> Result<Vec<Figure>> {
    let worktree = works.worktree(task)?;
    let (mut first, mut again) = (Vec::new(), Vec::new());
    let mut tree = String::new();
    for round in 0..FIRSTS {
        for file in 0..changed {
            fs::write(worktree.join(path(file)), text(file, CHANGED, &format!("round {round}")))?;
        }
        let (took, now) = works.list(task, changed)?;
        ensure!(now != tree, "what changed was not seen");
        tree = now;
        first.push(took);
    }
    for _ in 0..AGAIN {
        let (took, now) = works.list(task, changed)?;
        ensure!(now == tree, "something else was seen though nothing changed");
        again.push(took);
    }
    let mut hunks = Vec::new();
    for file in 0..AGAIN.min(changed) {
        let (took, diff) = works.ask(&format!("/api/v1/tasks/{task}/changes/file?tree={tree}&path={}", path(file)))?;
        ensure!(diff["hunks"].as_array().is_some_and(|hunks| !hunks.is_empty()), "there are no hunks");
        hunks.push(took);
    }
    let lines = changed * CHANGED.len();
    let what = format!("list of {changed} changed files, {lines} changed lines");
    let (known, unknown) = (format!("{what}, asked for again"), format!("{what}, never seen before"));
    Ok(vec![
        Figure::spread("review.list", &known, "ms", Limit::Median(100.0), &again)?,
        Figure::spread("review.list.first", &unknown, "ms", Limit::Median(100.0), &first)?,
        Figure::spread("review.file", "the hunks of one of them", "ms", Limit::Median(20.0), &hunks)?,
    ])
}

/// The list after one file changed.
fn refreshes(works: &Works, task: TaskId) -> Result<Vec<Figure>> {
    let worktree = works.worktree(task)?;
    let change = |file: usize, round: usize| -> Result<()> {
        let text = text(file, CHANGED, &format!("round {round}"));
        fs::write(worktree.join(path(file)), text).context("the worktree is not there")
    };
    (0..FEW).try_for_each(|file| change(file, 0))?;
    works.list(task, FEW)?;
    let mut times = Vec::new();
    let mut tree = String::new();
    for round in 1..=REFRESHES {
        change(round % FEW, round)?;
        let (took, now) = works.list(task, FEW)?;
        ensure!(now != tree, "what changed was not seen");
        tree = now;
        times.push(took);
    }
    let processes = Processes::of(&works.home)?;
    // The settings of git are others now.
    works.list(task, FEW)?;
    processes.take()?;
    let (mut most, mut all) = (0, Vec::new());
    for round in 1..=COUNTED {
        change(round % FEW, REFRESHES + round)?;
        works.list(task, FEW)?;
        let commands = processes.take()?;
        most = most.max(commands.len());
        all.extend(commands);
    }
    processes.end(&works.home)?;
    let most = f64::from(u32::try_from(most)?);
    let note = format!("the most of {COUNTED}; in all {}", tally(&all));
    Ok(vec![
        Figure::spread("review.refresh", "refresh after one file changed", "ms", Limit::Median(100.0), &times)?
            .with_note(&format!("{FEW} files changed before")),
        Figure::value("review.refresh.git", "git processes of it", "", Limit::Most(3.0), most).with_note(&note),
    ])
}
