//! Agents: which there are, those that a person adds, and what is installed for them.

use super::{Context, edited, not_allowed, put_or_change, settings};
use crate::command::{AddAgent, AgentsFound, OnAgent};
use crate::ids::{AgentId, Millis};
use crate::op::{Op, Reject, RejectCode};
use crate::row::{Agent, Install, Origin, Row};
use crate::state::State;

/// How long a name may be.
const LONGEST_NAME: usize = 40;
/// Where agents that a person added stand among the others: behind those of the product.
const PREFERENCE: u32 = 1_000;

pub(super) fn add(state: &State, c: &AddAgent, cx: Context) -> Result<Vec<Op>, Reject> {
    let invalid = |message: String| Reject::new(RejectCode::Invalid, message);
    let letters = |name: &str| name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    let named = c.name.starts_with(|first: char| first.is_ascii_lowercase()) && letters(&c.name);
    if !named || c.name.len() > LONGEST_NAME {
        return Err(invalid(format!(
            "A name has small letters, digits and hyphens, a letter first, and at most {LONGEST_NAME} of them."
        )));
    }
    if c.setup.command.trim().is_empty() {
        return Err(invalid("Name the program that starts the agent.".to_owned()));
    }
    if let Some(name) = c.setup.env.keys().chain(&c.setup.pass).find(|name| !is_variable(name)) {
        return Err(invalid(format!("`{name}` can't be the name of a variable.")));
    }
    if let Some(package) = c.setup.package.as_ref().filter(|package| !is_exact(package)) {
        return Err(invalid(format!("`{package}` is no npm package with its exact version, as in `name@1.2.3`.")));
    }
    let like = c.setup.like.as_deref().map(|name| (name, state.agent(AgentId::named(name))));
    if let Some((name, known)) = like
        && known.is_none_or(|agent| agent.origin != Origin::Catalogue || agent.scripted)
    {
        return Err(invalid(format!("There is no agent called {name} in the catalogue whose ways it could have.")));
    }
    let id = AgentId::named(&c.name);
    let before = state.agent(id);
    if let Some(agent) = before.filter(|agent| agent.origin != Origin::Panel) {
        return Err(not_allowed(format!("{} is called {} already. Choose another name.", agent.title, c.name)));
    }
    let title = c.title.trim();
    let mut agent = Agent::new(&c.name);
    if !title.is_empty() {
        title.clone_into(&mut agent.title);
    }
    agent.preference = before.map_or(PREFERENCE, |agent| agent.preference);
    agent.origin = Origin::Panel;
    agent.tried = before.is_some_and(|agent| agent.tried && agent.setup.as_ref() == Some(&c.setup));
    agent.install = c.setup.package.clone().map_or(Install::Not, |package| Install::Offered { package });
    agent.setup = Some(c.setup.clone());
    let mut ops = put_or_change(state, Row::Agent(agent));
    ops.extend(look(state, cx));
    Ok(ops)
}

pub(super) fn remove(state: &State, c: &OnAgent) -> Result<Vec<Op>, Reject> {
    let agent = agent(state, &c.name)?;
    match agent.origin {
        Origin::Panel => {}
        Origin::File => {
            let message = format!("{} stands in a configuration file. Remove [agents.{}] there.", agent.title, c.name);
            return Err(not_allowed(message));
        }
        Origin::Catalogue => return Err(not_allowed(format!("{} is known by the product itself.", agent.title))),
    }
    if state.active_sessions().any(|session| session.agent == c.name) {
        return Err(not_allowed(format!("{} is at work. Wait for the end of its sessions, or end them.", agent.title)));
    }
    let mut ops = vec![Op::delete(agent.id)];
    if state.settings().default_agent.as_ref() == Some(&c.name) {
        ops.extend(settings(state, |s| s.default_agent = None));
    }
    Ok(ops)
}

pub(super) fn install(state: &State, c: &OnAgent) -> Result<Vec<Op>, Reject> {
    let agent = agent(state, &c.name)?;
    match &agent.install {
        Install::Not => Err(not_allowed(format!("Nothing can be installed for {} from here.", agent.title))),
        Install::Running { .. } => Err(not_allowed(format!("{} is being installed.", agent.title))),
        Install::Offered { package } | Install::Failed { package, .. } | Install::Done { package } => {
            let package = package.clone();
            Ok(edit(agent, |agent| agent.install = Install::Running { package }))
        }
    }
}

/// Asks for a look at the machine. A look that is asked for during another one is another one.
pub(super) fn look(state: &State, cx: Context) -> Vec<Op> {
    let later = |before: Millis| Millis(before.0 + 1);
    settings(state, |s| s.looking = Some(cx.now.max(s.looking.map_or(cx.now, later))))
}

/// What a look found. Between its beginning and its end a person may have added, changed or removed an agent: that
/// stands, and the look that was asked for with it tells the rest.
pub(super) fn found(state: &State, c: &AgentsFound) -> Vec<Op> {
    let of_panel = |agent: &Agent| agent.origin == Origin::Panel;
    let here = c.agents.iter().filter_map(|found| {
        let before = state.agent(found.id);
        if of_panel(found) && before.is_none_or(|before| before.setup != found.setup) {
            return None;
        }
        let mut agent = found.clone();
        agent.tried |= before.is_some_and(|before| before.tried);
        // Only the end of an installation tells how it ended: a look beside it knows nothing of it.
        if let (Install::Offered { .. }, Some(before)) = (&agent.install, before)
            && (matches!(before.install, Install::Running { .. })
                || !found.found && matches!(before.install, Install::Failed { .. }))
        {
            agent.install = before.install.clone();
        }
        Some(Row::Agent(agent))
    });
    let here: Vec<Op> = here.flat_map(|row| put_or_change(state, row)).collect();
    let is_gone = |agent: &&Agent| !c.agents.iter().any(|found| found.id == agent.id) && !of_panel(agent);
    let gone = state.agents().into_iter().filter(is_gone).map(|agent| Op::delete(agent.id));
    let answered = c.looked.filter(|looked| state.settings().looking == Some(*looked));
    let settled = answered.map(|_| settings(state, |s| s.looking = None)).unwrap_or_default();
    here.into_iter().chain(gone).chain(settled).collect()
}

/// Notes that a session of this agent has ended well.
pub(super) fn proved(state: &State, name: &str) -> Vec<Op> {
    let agent = state.agent(AgentId::named(name)).filter(|agent| !agent.tried);
    agent.map(|agent| edit(agent, |agent| agent.tried = true)).unwrap_or_default()
}

fn agent<'a>(state: &'a State, name: &str) -> Result<&'a Agent, Reject> {
    let missing = || Reject::new(RejectCode::AgentMissing, format!("There is no agent called {name}."));
    state.agent(AgentId::named(name)).ok_or_else(missing)
}

fn edit(agent: &Agent, edit: impl FnOnce(&mut Agent)) -> Vec<Op> {
    edited(agent, Row::Agent, edit).into_iter().collect()
}

/// Whether this is the name of a variable of the environment.
fn is_variable(name: &str) -> bool {
    let letters = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') && name.chars().all(letters)
}

/// Whether this names an npm package and one version of it: a range would take another one each time.
fn is_exact(package: &str) -> bool {
    let Some((name, version)) = package.rsplit_once('@') else { return false };
    let is_name = |part: &str| {
        let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
        part.starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit())
            && part.chars().all(letters)
    };
    let named = match name.strip_prefix('@') {
        Some(scoped) => scoped.split_once('/').is_some_and(|(scope, name)| is_name(scope) && is_name(name)),
        None => is_name(name),
    };
    let number = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    let (core, rest) = version.split_at(version.find(['-', '+']).unwrap_or(version.len()));
    let exact = core.split('.').count() == 3 && core.split('.').all(number);
    named && exact && rest.chars().all(|c| c.is_ascii_alphanumeric() || "-+.".contains(c))
}
