//! Which agents this machine has, told to the rows; and what a person asked to install.

use crate::engine::Engine;
use qd_agents::bundle::{self, What};
use qd_agents::outside::{self, Outside};
use qd_agents::{AgentConfig, Detected, Surroundings, catalogue};
use qd_core::command::{AgentsFound, Command};
use qd_core::ids::{AgentId, Millis, ProjectId};
use qd_core::row::{Agent, Install, Model, Origin, Row, RowKind, Setup};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

/// When a look that could not be told is taken again.
const AGAIN: Duration = Duration::from_secs(1);

impl Engine {
    /// What detection looks at.
    pub(crate) fn surroundings(&self) -> Surroundings {
        let config = self.config();
        Surroundings {
            home: config.home.clone(),
            env: config.env.clone(),
            cwd: config.data_dir.clone(),
            own_program: config.qd.clone(),
            installed: config.installed_agents(),
        }
    }

    /// How an agent is started that somebody configured: in a file, or in the panel.
    pub(crate) fn agent_config(&self, name: &str) -> Option<AgentConfig> {
        if let Some(of_file) = self.config().agents.get(name) {
            return Some(of_file.clone());
        }
        let (title, setup) = self.read(|state| {
            let agent = state.agent(AgentId::named(name))?;
            Some((agent.title.clone(), agent.setup.clone()?))
        })?;
        Some(self.of_panel(name, &title, &setup))
    }

    fn of_panel(&self, name: &str, title: &str, setup: &Setup) -> AgentConfig {
        let packaged = setup.package.as_deref().and_then(|package| {
            let modules = bundle::modules(&self.config().installed_agents(), name, package)?;
            Some(bundle::program_of(&modules, package, &setup.command).to_string_lossy().into_owned())
        });
        AgentConfig::of(title, setup, packaged.unwrap_or_else(|| setup.command.clone()))
    }

    /// Conversations that agents had in a project outside of the panel; none without such a project.
    pub async fn outside(&self, project: ProjectId) -> Option<Vec<Outside>> {
        let (path, own) = self.read(|state| {
            let ours = |row: &Row| if let Row::Session(s) = row { s.conversation.clone() } else { None };
            let own: BTreeSet<String> = state.of_kind(RowKind::Session).filter_map(ours).collect();
            Some((PathBuf::from(&state.project(project)?.path), own))
        })?;
        let config = self.config().clone();
        let look = move || outside::conversations(&config.home, &config.env, &path, &config.data_dir);
        let mut found = tokio::task::spawn_blocking(look).await.unwrap_or_default();
        found.retain(|one| !own.contains(&one.conversation));
        Some(found)
    }

    /// Looks for agents whenever that is asked for, beginning at once, and installs what is asked for; until the engine
    /// ends.
    pub(crate) fn run_catalogue(&self) {
        let (engine, tasks) = (self.clone(), &self.inner.tasks);
        tasks.spawn(async move {
            let shutdown = engine.inner.shutdown.clone();
            shutdown.run_until_cancelled(engine.look_for_ever()).await;
        });
        let engine = self.clone();
        tasks.spawn(async move {
            let shutdown = engine.inner.shutdown.clone();
            shutdown.run_until_cancelled(engine.install_for_ever()).await;
        });
    }

    async fn look_for_ever(&self) {
        let mut commits = self.head();
        self.detect_agents().await;
        loop {
            commits.borrow_and_update();
            if self.read(|state| state.settings().looking).is_some() {
                self.detect_agents().await;
                // Where it could not be told it still waits.
                if self.read(|state| state.settings().looking).is_some() {
                    tokio::time::sleep(AGAIN).await;
                    continue;
                }
            }
            if commits.changed().await.is_err() {
                return;
            }
        }
    }

    /// Looks for agents and stores what it found, where that differs from before.
    pub async fn detect_agents(&self) {
        let (looked, known) = self.read(|state| (state.settings().looking, agents(state)));
        let found = self.find_agents(&known).await;
        let same = known.len() == found.len()
            && known.iter().all(|old| {
                let is_same =
                    |new: &Agent| *old == Agent { ver: old.ver, tried: old.tried || new.tried, ..new.clone() };
                found.iter().any(is_same)
            });
        if !same || looked.is_some() {
            self.tell_agents(found, looked).await;
        }
    }

    async fn find_agents(&self, known: &[Agent]) -> Vec<Agent> {
        let of_file = &self.config().agents;
        let of_panel: BTreeMap<String, &Agent> = known
            .iter()
            .filter(|agent| agent.origin == Origin::Panel && !of_file.contains_key(&agent.name))
            .map(|agent| (agent.name.clone(), agent))
            .collect();
        let mut configured = of_file.clone();
        for (name, agent) in &of_panel {
            let setup = agent.setup.as_ref();
            configured.extend(setup.map(|setup| (name.clone(), self.of_panel(name, &agent.title, setup))));
        }
        let mut found = qd_agents::detect(&self.surroundings(), &configured).await;
        // What was added is behind what is known, and the demo agent behind all.
        found.sort_by_key(|agent| (agent.scripted, of_panel.contains_key(&agent.name)));
        let rows = (0..).zip(found).map(|(preference, found)| {
            let origin = match (of_file.contains_key(&found.name), of_panel.get(&found.name)) {
                (true, _) => Origin::File,
                (false, Some(_)) => Origin::Panel,
                (false, None) => Origin::Catalogue,
            };
            let mut row = row(found, preference, origin);
            if let Some(added) = of_panel.get(&row.name) {
                row.setup.clone_from(&added.setup);
                row.install = self.of_package(&row);
                // What is to be installed says so itself.
                row.mend = row.mend.take().filter(|_| row.install == Install::Not);
            }
            row
        });
        rows.collect()
    }

    /// How it stands with the package of an agent that a person added.
    fn of_package(&self, agent: &Agent) -> Install {
        let Some(package) = agent.setup.as_ref().and_then(|setup| setup.package.clone()) else { return Install::Not };
        let modules = bundle::modules(&self.config().installed_agents(), &agent.name, &package);
        if modules.is_some_and(|modules| modules.is_dir()) {
            Install::Done { package }
        } else {
            Install::Offered { package }
        }
    }

    async fn tell_agents(&self, agents: Vec<Agent>, looked: Option<Millis>) {
        self.report(Command::AgentsFound(AgentsFound { agents, looked }), &["agents", &self.started()]).await;
    }

    /// Installs one after the other. What was begun before a restart is begun again.
    async fn install_for_ever(&self) {
        let mut commits = self.head();
        loop {
            commits.borrow_and_update();
            let wanted = self
                .read(|state| agents(state).into_iter().find(|agent| matches!(agent.install, Install::Running { .. })));
            if let Some(agent) = wanted {
                self.install(&agent).await;
                continue;
            }
            if commits.changed().await.is_err() {
                return;
            }
        }
    }

    async fn install(&self, agent: &Agent) {
        let package = agent.install.package().unwrap_or_default().to_owned();
        let what = match (catalogue::entry(&agent.name), agent.origin) {
            (Some(entry), Origin::Catalogue) => {
                entry.bundle.map_or(What::Package(&package), |bundle| What::Bundle(bundle, entry.doors))
            }
            _ => What::Package(&package),
        };
        let ended = bundle::install(&self.surroundings(), &self.config().installed_agents(), &agent.name, what).await;
        let failure = ended.err().map(|error| error.to_string());
        if let Some(reason) = &failure {
            tracing::warn!(agent = agent.name, %package, %reason, "an agent could not be installed");
        }
        loop {
            let (known, waits) = self.read(|state| {
                let row = state.agent(agent.id);
                (agents(state), row.is_some_and(|row| matches!(row.install, Install::Running { .. })))
            });
            if !waits {
                return;
            }
            let mut found = self.find_agents(&known).await;
            for row in found.iter_mut().filter(|row| row.id == agent.id) {
                row.install = match &failure {
                    Some(reason) => Install::Failed { package: package.clone(), reason: reason.clone() },
                    None => Install::Done { package: package.clone() },
                };
            }
            self.tell_agents(found, None).await;
            if self.read(|state| state.agent(agent.id).is_some_and(|row| row.install == agent.install)) {
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}

fn agents(state: &qd_core::state::State) -> Vec<Agent> {
    state
        .of_kind(RowKind::Agent)
        .filter_map(|row| if let Row::Agent(a) = row { Some(a.clone()) } else { None })
        .collect()
}

fn row(agent: Detected, preference: u32, origin: Origin) -> Agent {
    Agent {
        id: AgentId::named(&agent.name),
        ver: 0,
        name: agent.name,
        title: agent.title,
        found: agent.found,
        version: agent.version,
        logged_in: agent.logged_in,
        mend: agent.mend,
        models: agent.models.into_iter().map(|model| Model { id: model.id, title: model.title }).collect(),
        scripted: agent.scripted,
        preference,
        origin,
        setup: None,
        tried: origin == Origin::Catalogue,
        install: agent.install,
    }
}
