//! From the start of the program until it serves.

use super::Setup;
use super::commits::milliseconds;
use super::figures::{Figure, Limit};
use super::ground::{Ground, serve};
use crate::panel::Home;
use anyhow::{Result, ensure};
use qd_core::row::RowKind;
use std::time::Instant;

const STARTS: usize = 11;

pub(super) fn measure(setup: &Setup, ground: &Ground) -> Result<Vec<Figure>> {
    let mut empty = Vec::new();
    for _ in 0..STARTS {
        let home = Home::new(&setup.qd)?;
        empty.push(ready(&home, 0)?);
    }
    let home = ground.copy()?;
    let mut full = Vec::new();
    for _ in 0..STARTS {
        full.push(ready(&home, setup.scale.tasks)?);
    }
    let what = format!("ready to serve, {} tasks and {} sessions", setup.scale.tasks, setup.scale.sessions);
    Ok(vec![
        Figure::spread("ready.empty", "ready to serve, nothing stored", "ms", Limit::Median(50.0), &empty)?,
        Figure::spread("ready.full", &what, "ms", Limit::Median(300.0), &full)?,
    ])
}

/// Milliseconds until the line that says so; the tasks must be there then.
fn ready(home: &Home, tasks: usize) -> Result<f64> {
    let begun = Instant::now();
    let panel = serve(home, &[])?;
    let time = milliseconds(begun.elapsed());
    let listed = panel.api.state()?.of_kind(RowKind::Task).count();
    ensure!(listed >= tasks, "the server said that it is ready and listed {listed} of {tasks} tasks");
    panel.stop()?;
    Ok(time)
}
