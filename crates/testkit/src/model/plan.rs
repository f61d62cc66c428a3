//! Makes a schedule of a seed. Which pair of faults must stand in it follows from the seed, so that every pair is
//! reached; the rest is drawn.

use super::step::{Group, Kind, Step};
use crate::random::Random;

/// The kinds that are faults.
pub fn faults() -> impl Iterator<Item = Kind> + Clone {
    Kind::ALL.iter().copied().filter(|kind| kind.group() == Group::Fault)
}

/// Of a hundred steps, how many are of each group.
const SHARES: [(Group, u64); 5] =
    [(Group::Person, 20), (Group::Server, 11), (Group::Network, 50), (Group::Fault, 12), (Group::Time, 7)];

/// The schedule of a seed.
pub fn schedule(seed: u64) -> Vec<Step> {
    let mut random = Random::new(seed);
    let length = 45 + random.below(50);
    let mut steps: Vec<Step> = (0..length).map(|_| drawn(&mut random)).collect();
    let pair = pair(seed);
    for kind in pair {
        // More than one try: a fault needs something to befall.
        for _ in 0..3 {
            let at = steps.len() / 6 + usize::try_from(random.below(steps.len() as u64 * 5 / 6)).unwrap_or_default();
            steps.insert(at, step(kind, &mut random));
            for before in occasion(kind).iter().rev() {
                steps.insert(at, step(*before, &mut random));
            }
        }
    }
    // What people do seldom, because it takes others to do something first.
    let at = usize::try_from(random.below(steps.len() as u64)).unwrap_or_default();
    let act: &[Kind] = match random.below(8) {
        0 => &[Kind::Start, Kind::Calm, Kind::Asks, Kind::Calm, Kind::Answer],
        1 => &[Kind::Save, Kind::Calm, Kind::JobConflict, Kind::Calm, Kind::Resolve],
        _ => &[],
    };
    for kind in act.iter().rev() {
        steps.insert(at, step(*kind, &mut random));
    }
    steps
}

/// What makes it likely that a fault finds something to befall.
fn occasion(fault: Kind) -> &'static [Kind] {
    match fault {
        Kind::PostLost | Kind::PostTwice | Kind::NoAnswer | Kind::LoggedOut | Kind::Refused => &[Kind::Start],
        Kind::PostEarly => &[Kind::SaveChain],
        Kind::ReplyLost | Kind::ReplyEarly => &[Kind::Posts],
        Kind::Stall => &[Kind::Runs],
        Kind::Mixed => &[Kind::StreamOpens, Kind::Start, Kind::Posts, Kind::Runs],
        Kind::NoStream => &[Kind::StreamOpens, Kind::Cut, Kind::Frames, Kind::Frames, Kind::Moment],
        Kind::Stale => &[Kind::StreamOpens, Kind::Posts, Kind::Runs, Kind::Stall, Kind::Sleep],
        Kind::NoSnapshot => &[Kind::Opened],
        Kind::ReloadCached => &[Kind::Cache],
        _ => &[],
    }
}

/// The pair of faults that the seed asks for.
fn pair(seed: u64) -> [Kind; 2] {
    let all: Vec<Kind> = faults().collect();
    let count = all.len() as u64;
    let at = seed % (count * count);
    let pick = |n: u64| all[usize::try_from(n % count).unwrap_or_default()];
    [pick(at), pick(at / count)]
}

fn drawn(random: &mut Random) -> Step {
    let mut at = random.below(100);
    let mut group = Group::Network;
    for (name, share) in SHARES {
        if at < share {
            group = name;
            break;
        }
        at -= share;
    }
    let kinds = Kind::ALL.iter().copied().filter(|kind| kind.group() == group);
    let mut at = random.below(kinds.clone().map(Kind::weight).sum());
    let mut kind = Kind::Calm;
    for name in kinds {
        kind = name;
        if at < name.weight() {
            break;
        }
        at -= name.weight();
    }
    step(kind, random)
}

fn step(kind: Kind, random: &mut Random) -> Step {
    let number = random.draw();
    // Small numbers stay short in print.
    let small = |n: u64| u16::try_from(n % 997).unwrap_or_default();
    Step { kind, a: small(number), b: small(number / 997) }
}
