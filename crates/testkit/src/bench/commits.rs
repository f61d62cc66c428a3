//! From a mutation to its durable answer, and to the record in another client.

use super::Setup;
use super::figures::{Figure, Limit};
use super::ground::Ground;
use super::wire::{Ready, Wire};
use anyhow::{Context as _, Result};
use qd_core::command::{Command, OnSession};
use qd_core::ids::SessionId;
use qd_core::row::{Row, RowKind};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const IN_FLIGHT: usize = 64;

pub(super) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

pub(super) fn measure(setup: &Setup, ground: &Ground) -> Result<Vec<Figure>> {
    let home = ground.copy()?;
    let panel = Ground::serve(&home, &[])?;
    // Each changes a row of its own: the ending of a session is seen.
    let state = panel.api.state()?;
    let unseen = state.of_kind(RowKind::Session).filter_map(|row| match row {
        Row::Session(session) if !session.seen => Some(session.id),
        _ => None,
    });
    let mut mutations: VecDeque<Ready> = unseen.map(seen).collect::<Result<_>>()?;
    let mut some = |count: usize| -> Vec<Ready> { mutations.drain(..count.min(mutations.len())).collect() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let rounds = setup.scale.rounds;
    let url = panel.api.url();
    let one = runtime.block_on(one_by_one(url, &some(rounds)))?;
    let snapshot = panel.api.snapshot(&[])?;
    let offset = qd_core::op::Offset { epoch: snapshot.epoch, seq: snapshot.seq, tag: snapshot.tag };
    let seen = runtime.block_on(in_another(url, &offset.to_string(), &some(rounds)))?;
    let rate = runtime.block_on(many(url, some(usize::MAX)))?;
    panel.stop()?;
    Ok(vec![
        Figure::spread(
            "mutation.one",
            "mutation over HTTP → durable answer, one in flight",
            "ms",
            Limit::Spread(1.0, 6.0),
            &one,
        )?,
        Figure::value("mutation.many", "mutations over HTTP with 64 in flight", "/s", Limit::Least(5000.0), rate),
        Figure::spread(
            "record.other",
            "mutation sent → record in another client",
            "ms",
            Limit::Spread(3.0, 10.0),
            &seen,
        )?
        .with_note("from the send on, so the commit is in it"),
    ])
}

fn seen(session: SessionId) -> Result<Ready> {
    Ready::new(&Command::MarkSeen(OnSession { id: session }))
}

async fn one_by_one(url: &str, mutations: &[Ready]) -> Result<Vec<f64>> {
    let mut wire = Wire::open(url).await?;
    let mut times = Vec::with_capacity(mutations.len());
    for mutation in mutations {
        let begun = Instant::now();
        wire.mutate(mutation).await?;
        times.push(milliseconds(begun.elapsed()));
    }
    Ok(times)
}

/// One client sends, another one hears the records.
async fn in_another(url: &str, offset: &str, mutations: &[Ready]) -> Result<Vec<f64>> {
    let mut events = Wire::open(url).await?.follow(&format!("/api/v1/log?live=sse&offset={offset}")).await?;
    let mut wire = Wire::open(url).await?;
    let mut times = Vec::with_capacity(mutations.len());
    for mutation in mutations {
        let mid = mutation.mid.to_string();
        let begun = Instant::now();
        let heard = async {
            loop {
                let sent = events.next().await?.context("the log ended")?;
                if sent.event == "record" && sent.data.contains(&mid) {
                    return anyhow::Ok(begun.elapsed());
                }
            }
        };
        let (heard, sent) = tokio::join!(heard, wire.mutate(mutation));
        sent?;
        times.push(milliseconds(heard?));
    }
    Ok(times)
}

/// Mutations a second with all connections busy.
async fn many(url: &str, mutations: Vec<Ready>) -> Result<f64> {
    let count = u32::try_from(mutations.len())?;
    let queue = Arc::new(Mutex::new(VecDeque::from(mutations)));
    let mut wires = Vec::new();
    for _ in 0..IN_FLIGHT {
        wires.push(Wire::open(url).await?);
    }
    let begun = Instant::now();
    let mut clients = JoinSet::new();
    for mut wire in wires {
        let queue = Arc::clone(&queue);
        clients.spawn(async move {
            loop {
                let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                let Some(mutation) = next else { return anyhow::Ok(()) };
                wire.mutate(&mutation).await?;
            }
        });
    }
    while let Some(ended) = clients.join_next().await {
        ended??;
    }
    Ok(f64::from(count) / begun.elapsed().as_secs_f64())
}
