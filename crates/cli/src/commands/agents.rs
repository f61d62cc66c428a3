//! `qd agents`.

use super::Context;
use crate::client::{Client, Sending, query};
use crate::exit::Error;
use crate::say;
use qd_core::command::{AddAgent, Command, LookForAgents, OnAgent};
use qd_core::row::{Agent, Install, Origin, Setup};
use qd_core::state::State;
use qd_wire::RegistryAgent;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long an installation is waited for: as long as the server gives npm, and a little.
const INSTALLED: Duration = Duration::from_mins(16);
/// How long a look at the machine is waited for.
const LOOKED: Duration = Duration::from_secs(20);
/// Between two questions.
const REST: Duration = Duration::from_millis(300);

/// List the agents that can be started, add one, or install what one needs.
#[derive(clap::Args)]
pub struct Agents {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(clap::Subcommand)]
enum What {
    /// Look again which agents this machine has.
    Look(Look),
    /// Install what an agent needs below the data directory, by npm, in the version that the panel is tested with.
    Install(On),
    /// Add an agent that speaks the Agent Client Protocol, or change one that was added.
    Add(Box<Add>),
    /// List what a registry of ACP agents offers; `qd agents add NAME --registry` adds one of it.
    Registry(Registry),
    /// Remove an agent that was added.
    Remove(On),
}

#[derive(clap::Args)]
struct Look {
    #[command(flatten)]
    sending: Sending,
}

#[derive(clap::Args)]
struct On {
    /// The agent's name.
    name: String,
    #[command(flatten)]
    sending: Sending,
}

#[derive(clap::Args)]
struct Registry {
    /// An https address or a file; else the public registry.
    from: Option<String>,
}

#[derive(clap::Args)]
struct Add {
    /// Its name in commands: small letters, digits and hyphens.
    name: String,
    /// Take it from a registry of ACP agents: an https address or a file, the public one where nothing is named.
    #[arg(long, value_name = "FROM", num_args = 0..=1, default_missing_value = "", conflicts_with = "command")]
    registry: Option<String>,
    /// Its name for people.
    #[arg(long)]
    title: Option<String>,
    /// The agent of the catalogue whose peculiarities it has.
    #[arg(long)]
    like: Option<String>,
    /// A variable that is set for it. Keys belong to --pass: what is set here is in the log and on the page.
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = variable)]
    env: Vec<(String, String)>,
    /// A variable that it gets as the server has it.
    #[arg(long, value_name = "NAME")]
    pass: Vec<String>,
    /// What it writes below the home directory: with it, it is confined.
    #[arg(long, value_name = "PATH")]
    writes: Vec<String>,
    /// The program that starts it, with its arguments.
    #[arg(last = true, required_unless_present = "registry")]
    command: Vec<String>,
    #[command(flatten)]
    sending: Sending,
}

fn variable(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    Ok((pair.0.to_owned(), pair.1.to_owned()))
}

impl Agents {
    /// Does it.
    pub fn run(self, context: &Context) -> Result<(), Error> {
        let client = context.client()?;
        match self.what {
            None => {
                tell(&client.state()?, context.json);
                Ok(())
            }
            Some(What::Look(look)) => {
                client.send(look.sending.id(), "look", &Command::LookForAgents(LookForAgents {}), context.json)?;
                tell(&looked(&client)?, context.json);
                Ok(())
            }
            Some(What::Install(on)) => install(&client, &on, context.json),
            Some(What::Add(add)) => add.run(&client, context.json),
            Some(What::Registry(registry)) => {
                let from = registry.from.as_deref().map(absolute).transpose()?.unwrap_or_default();
                tell_registry(&offered(&client, &from)?, context.json);
                Ok(())
            }
            Some(What::Remove(on)) => {
                let command = Command::RemoveAgent(OnAgent { name: on.name });
                client.send(on.sending.id(), "remove", &command, context.json)
            }
        }
    }
}

impl Add {
    fn run(self, client: &Client, as_json: bool) -> Result<(), Error> {
        let mut title = self.title.unwrap_or_default();
        let mut setup = if let Some(from) = &self.registry {
            let known = offered(client, &absolute(from)?)?;
            let found = known.into_iter().find(|agent| agent.id == self.name);
            let agent = found.ok_or_else(|| Error::failed(format!("the registry has no agent `{}`", self.name)))?;
            if title.is_empty() {
                title = agent.title;
            }
            if let Some(note) = &agent.note {
                say::remark(note);
            }
            agent.setup.ok_or_else(|| Error::failed("it can't be added from a registry"))?
        } else {
            let mut words = self.command.into_iter();
            Setup { command: words.next().unwrap_or_default(), args: words.collect(), ..Setup::default() }
        };
        setup.env.extend(self.env.into_iter().collect::<BTreeMap<_, _>>());
        setup.pass.extend(self.pass);
        setup.like = self.like;
        setup.writes = (!self.writes.is_empty()).then_some(self.writes);
        let packaged = setup.package.is_some();
        let name = self.name.clone();
        client.send(
            self.sending.id(),
            "add",
            &Command::AddAgent(Box::new(AddAgent { name, title, setup })),
            as_json,
        )?;
        let state = looked(client)?;
        if packaged && !as_json {
            say::line(format_args!("qd agents install {}   installs it", self.name));
        }
        for agent in state.agents().into_iter().filter(|agent| agent.name == self.name) {
            tell_one(agent, as_json);
        }
        Ok(())
    }
}

fn install(client: &Client, on: &On, as_json: bool) -> Result<(), Error> {
    let command = Command::InstallAgent(OnAgent { name: on.name.clone() });
    client.send(on.sending.id(), "install", &command, as_json)?;
    let ended = waited(client, INSTALLED, |state| {
        let agent = state.agents().into_iter().find(|agent| agent.name == on.name)?;
        (!matches!(agent.install, Install::Running { .. })).then(|| agent.clone())
    })?;
    if let Install::Failed { reason, .. } = &ended.install {
        return Err(Error::failed(reason));
    }
    tell_one(&ended, as_json);
    Ok(())
}

/// The rows once the server has looked.
fn looked(client: &Client) -> Result<State, Error> {
    waited(client, LOOKED, |state| state.settings().looking.is_none().then(|| state.clone()))
}

fn waited<T>(client: &Client, within: Duration, is_there: impl Fn(&State) -> Option<T>) -> Result<T, Error> {
    let begun = Instant::now();
    loop {
        if let Some(found) = is_there(&client.state()?) {
            return Ok(found);
        }
        if begun.elapsed() > within {
            return Err(Error::failed("the server is still at it; `qd agents` says how it stands"));
        }
        std::thread::sleep(REST);
    }
}

/// A path as the server understands it, wherever it was started.
fn absolute(from: &str) -> Result<String, Error> {
    if from.is_empty() || from.contains("://") {
        return Ok(from.to_owned());
    }
    Ok(std::path::absolute(from).map_err(Error::failed)?.to_string_lossy().into_owned())
}

fn offered(client: &Client, from: &str) -> Result<Vec<RegistryAgent>, Error> {
    client.get(&format!("/registry?from={}", query(from)))
}

fn tell(state: &State, as_json: bool) {
    let mut agents = state.agents();
    agents.sort_by_key(|agent| agent.preference);
    for agent in agents {
        tell_one(agent, as_json);
    }
}

fn tell_one(agent: &Agent, as_json: bool) {
    if as_json {
        say::json(agent);
        return;
    }
    let state = match (agent.scripted, agent.found, agent.logged_in) {
        (true, ..) => "built in: scripted, no model",
        (false, false, _) => "not found",
        (false, true, Some(false)) => "not logged in",
        (false, true, Some(true)) => "found, logged in",
        (false, true, None) => "found",
    };
    let version = agent.version.as_deref().map(|version| format!(" {version}")).unwrap_or_default();
    let tried = if agent.tried || !agent.found { "" } else { ", not tried" };
    let whence = match agent.origin {
        Origin::Catalogue => "",
        Origin::File => ", from a configuration file",
        Origin::Panel => ", added",
    };
    say::line(format_args!("{}: {}{version}: {state}{tried}{whence}", agent.name, agent.title));
    if let Some(mend) = &agent.mend {
        say::line(format_args!("    mend it: {mend}"));
    }
    match &agent.install {
        Install::Offered { package } if !agent.found => {
            say::line(format_args!("    or here: qd agents install {}   ({package})", agent.name));
        }
        Install::Running { package } => say::line(format_args!("    {package} is being installed")),
        Install::Failed { reason, .. } => say::line(format_args!("    {reason}")),
        _ => {}
    }
}

fn tell_registry(agents: &[RegistryAgent], as_json: bool) {
    for agent in agents {
        if as_json {
            say::json(agent);
            continue;
        }
        say::line(format_args!("{}: {} {}: {}", agent.id, agent.title, agent.version, agent.about));
        if let Some(note) = &agent.note {
            say::line(format_args!("    {note}"));
        }
    }
}
