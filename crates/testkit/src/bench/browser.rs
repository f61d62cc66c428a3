//! What a person feels: `ui/bench` measures it in Chromium, on a server with the large workspace that is started here.

use super::Setup;
use super::figures::{Figure, Limit};
use super::ground::Ground;
use crate::panel::{Home, Panel, TOKEN};
use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;

/// On the large workspace.
const FIGURES: [Wanted; 19] = [
    ("click.script", "click → card in the DOM, script time", "ms", Limit::Spread(1.0, 4.0)),
    ("click.core", "the core's share of it", "ms", Limit::Spread(0.2, 1.0)),
    ("click.first_frame", "clicks with the card in the first animation frame", "%", Limit::Least(100.0)),
    ("frames.missing", "frames without the card, or with it twice, after these clicks", "", Limit::Most(0.0)),
    ("page.first.time", "first visit → usable list", "ms", Limit::Median(700.0)),
    ("page.first.bytes", "first visit, all bytes to the browser", "kB", Limit::Most(1600.0)),
    ("page.cached.time", "visit with cached base → usable list", "ms", Limit::Median(300.0)),
    ("page.cached.bytes", "visit with cached base, all bytes to the browser", "kB", Limit::Most(300.0)),
    ("page.other_hosts", "requests to any other host", "", Limit::Most(0.0)),
    ("idle.rss", "idle with one tab: server RSS", "MB", Limit::Most(60.0)),
    ("idle.cpu", "idle with one tab: server CPU", "%", Limit::Most(0.2)),
    ("idle.requests", "idle with one tab: requests beside the open stream", "", Limit::Most(0.0)),
    ("output.rate", "session output to a visible transcript", "lines/s", Limit::Least(10_000.0)),
    ("output.frames.p95", "meanwhile: frame interval, p95", "ms", Limit::Most(17.0)),
    ("output.frames.p99", "meanwhile: frame interval, p99", "ms", Limit::Most(33.0)),
    ("output.lost", "lines that never reached the transcript", "", Limit::Most(0.0)),
    ("open.finished", "open a finished session of 100,000 events → first screen", "ms", Limit::Median(100.0)),
    ("scroll.frames.p95", "scrolling in a session of 100,000 events: frame interval, p95", "ms", Limit::Most(17.0)),
    ("scroll.fling.p95", "the same, flung: frame interval, p95", "ms", Limit::Most(17.0)),
];

/// What `ui/bench` found.
#[derive(Deserialize)]
struct Found {
    #[serde(default)]
    samples: Vec<f64>,
    value: Option<f64>,
    note: Option<String>,
}

/// A result of the browser: its id, what it tells, its unit, what is wanted.
pub(super) type Wanted = (&'static str, &'static str, &'static str, Limit);

pub(super) fn measure(setup: &Setup, ground: &Ground) -> Result<Vec<Figure>> {
    let home = ground.copy()?;
    let relay = free_port()?;
    let panel = Ground::serve(&home, &["--allow-origin", &format!("http://127.0.0.1:{relay}")])?;
    let more = json!({
        "relay": relay,
        // The sessions lie on the first half: these have none.
        "tasks": ground.tasks.iter().rev().take(setup.scale.clicks + 20).collect::<Vec<_>>(),
        "long": ground.long,
    });
    let figures = in_chromium(setup, &home, &panel, more, &FIGURES)?;
    panel.stop()?;
    Ok(figures)
}

fn judge(found: &BTreeMap<String, Found>, id: &str, what: &str, unit: &str, limit: Limit) -> Result<Figure> {
    let one = found.get(id).with_context(|| format!("ui/bench has no result {id}"))?;
    let figure = match one.value {
        Some(value) => Figure::value(id, what, unit, limit, value),
        None => Figure::spread(id, what, unit, limit, &one.samples)?,
    };
    Ok(one.note.iter().fold(figure, |figure, note| figure.with_note(note)))
}

/// Runs `ui/bench` for those of `figures` that are wanted; it writes what it found into a file. `more` is what it is
/// told beside the server.
pub(super) fn in_chromium(
    setup: &Setup,
    home: &Home,
    panel: &Panel,
    more: Value,
    figures: &[Wanted],
) -> Result<Vec<Figure>> {
    let ui = setup.root.join("ui");
    let file = home.path("found.json");
    let figures: Vec<Wanted> = figures.iter().filter(|(id, ..)| setup.wants(id)).copied().collect();
    let mut stage = json!({
        "url": panel.api.url(),
        "token": TOKEN,
        "pid": panel.identity.pid,
        "relay": 0,
        "tasks": [],
        "long": "",
        "clicks": setup.scale.clicks,
        "idleSeconds": setup.scale.idle,
        "wanted": figures.iter().map(|(id, ..)| *id).collect::<Vec<_>>(),
        "file": file,
    });
    if let (Some(stage), Value::Object(more)) = (stage.as_object_mut(), more) {
        stage.extend(more);
    }
    let mut command = home.command(ui.join("node_modules/.bin/vitest"));
    command.args(["run", "--config", "bench/vitest.config.ts"]).current_dir(&ui).env("QD_BENCH", stage.to_string());
    if let Some(chromium) = std::env::var_os("QD_CHROMIUM") {
        command.env("QD_CHROMIUM", chromium);
    }
    let output = command.output().context("vitest can't be started: npm ci --prefix ui")?;
    let said = || format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "the browser's part failed:\n{}", said());
    let found = serde_json::from_slice(&fs::read(&file).with_context(said)?);
    let found: BTreeMap<String, Found> = found.context("what ui/bench found can't be read")?;
    figures.into_iter().map(|(id, what, unit, limit)| judge(&found, id, what, unit, limit)).collect()
}

/// A port that was free a moment ago.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
