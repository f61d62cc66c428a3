//! The numbers: measures the release build against its targets. The ids of the results stay, so that runs compare.
//!
//! What a person feels is measured where a person is: in Chromium, by `ui/bench`. The rest is measured here, from outside
//! of the server, with the means that any client has.

mod acting;
mod agents;
mod browser;
mod commits;
mod figures;
mod ground;
mod outputs;
mod parse;
mod process;
mod review;
mod serving;
mod sizes;
mod starts;
mod twenty;
mod wire;
mod works;
mod worktrees;

pub use acting::Part;
pub use figures::{Figure, Report};
pub use process::machine;

use anyhow::{Context as _, Result, ensure};
use ground::Ground;
use std::path::PathBuf;

/// How large everything is.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// Tasks of the large workspace.
    pub tasks: usize,
    /// Sessions of the large workspace.
    pub sessions: usize,
    /// Repetitions of what takes milliseconds.
    pub rounds: usize,
    /// Clicks in the browser.
    pub clicks: usize,
    /// Events of the endless session.
    pub events: u64,
    /// Seconds for which nothing is done.
    pub idle: u64,
    /// Files of the large repository, and of those how many are changed.
    pub files: (usize, usize),
    /// Worktrees at which nobody works.
    pub worktrees: usize,
}

impl Scale {
    /// What the targets are meant for.
    pub const FULL: Self = Self {
        tasks: 10_000,
        sessions: 5_000,
        rounds: 1_000,
        clicks: 60,
        events: 1_000_000,
        idle: 30,
        files: (10_000, 2_000),
        worktrees: 50,
    };
    /// To see whether the bench works.
    pub const SMALL: Self = Self {
        tasks: 300,
        sessions: 200,
        rounds: 60,
        clicks: 5,
        events: 20_000,
        idle: 3,
        files: (600, 100),
        worktrees: 6,
    };
}

/// What a run is given.
pub struct Setup {
    /// The program that is measured.
    pub qd: PathBuf,
    /// The workspace folder, with the page in `ui/`.
    pub root: PathBuf,
    /// How large.
    pub scale: Scale,
    /// Only what begins with this.
    pub only: Option<String>,
}

impl Setup {
    fn wants(&self, id: &str) -> bool {
        self.only
            .as_deref()
            .is_none_or(|only| id == only || id.strip_prefix(only).is_some_and(|rest| rest.starts_with('.')))
    }

    /// Whether anything may be wanted whose id begins so.
    fn wants_of(&self, prefix: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only.split('.').next() == Some(prefix))
    }
}

/// Measures one part.
type Measure = fn(&Setup, &mut Option<Ground>) -> Result<Vec<Figure>>;

/// The parts, each with what the ids of its results begin with.
const PARTS: [(&[&str], Measure); 14] = [
    (&["size"], |setup, _| sizes::measure(setup)),
    (&["mutation", "record"], |setup, ground| commits::measure(setup, large(setup, ground)?)),
    (&["start", "session"], |setup, _| starts::measure(setup)),
    (&["ready"], |setup, ground| serving::measure(setup, large(setup, ground)?)),
    (&["stream"], |setup, _| outputs::stream(setup)),
    (&["million", "host"], |setup, _| outputs::endless(setup)),
    (&["driver"], |setup, _| agents::overhead(setup)),
    (&["cancel"], |setup, _| agents::cancel(setup)),
    (&["parse"], |setup, _| parse::measure(setup)),
    (&["agents"], |setup, _| twenty::measure(setup)),
    (&["review", "worktree"], |setup, _| review::measure(setup)),
    (&["worktrees"], |setup, _| worktrees::idle(setup)),
    (&["conflicts"], |setup, _| worktrees::conflicts(setup)),
    (&["click", "frames", "page", "idle", "output", "open", "scroll"], |setup, ground| {
        browser::measure(setup, large(setup, ground)?)
    }),
];

/// The large workspace, made when it is first needed.
fn large<'a>(setup: &Setup, ground: &'a mut Option<Ground>) -> Result<&'a Ground> {
    if ground.is_none() {
        *ground = Some(Ground::make(&setup.qd, setup.scale).context("the large workspace could not be made")?);
    }
    ground.as_ref().context("there is no large workspace")
}

/// Measures what is wanted. `tell` hears each result as soon as it is there. A part that fails takes no other with it:
/// what failed comes back beside the results.
pub fn run(setup: &Setup, tell: &mut dyn FnMut(&Figure)) -> Result<(Vec<Figure>, Vec<anyhow::Error>)> {
    let mut ground = None;
    let (mut figures, mut failed) = (Vec::new(), Vec::new());
    for (prefixes, measure) in PARTS {
        if !prefixes.iter().any(|prefix| setup.wants_of(prefix)) {
            continue;
        }
        match measure(setup, &mut ground).with_context(|| format!("{} could not be measured", prefixes.join(", "))) {
            Ok(measured) => {
                for figure in measured.into_iter().filter(|figure| setup.wants(&figure.id)) {
                    tell(&figure);
                    figures.push(figure);
                }
            }
            Err(error) => failed.push(error),
        }
    }
    ensure!(
        !(figures.is_empty() && failed.is_empty()),
        "there is no result `{}`",
        setup.only.as_deref().unwrap_or_default()
    );
    Ok((figures, failed))
}
