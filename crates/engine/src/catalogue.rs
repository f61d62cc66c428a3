//! Which agents this machine has, told to the rows.

use crate::engine::Engine;
use qd_agents::{Detected, Surroundings};
use qd_core::command::{AgentsFound, Command};
use qd_core::ids::AgentId;
use qd_core::row::{Agent, Model, Row, RowKind};

impl Engine {
    /// Looks for agents and stores what it found, where that differs from before.
    pub async fn detect_agents(&self) {
        let config = self.config();
        let around = Surroundings {
            home: config.home.clone(),
            env: config.env.clone(),
            cwd: config.data_dir.clone(),
            own_program: config.qd.clone(),
        };
        let found = qd_agents::detect(&around, &config.agents).await;
        let agents: Vec<Agent> = (0..).zip(found).map(|(preference, agent)| row(agent, preference)).collect();
        let known = self.read(|state| {
            let rows: Vec<Agent> = state
                .of_kind(RowKind::Agent)
                .filter_map(|r| if let Row::Agent(a) = r { Some(a.clone()) } else { None })
                .collect();
            rows
        });
        let same = known.len() == agents.len()
            && known.iter().all(|old| agents.iter().any(|new| *old == Agent { ver: old.ver, ..new.clone() }));
        if !same {
            self.report(Command::AgentsFound(AgentsFound { agents }), &["agents", &self.started()]).await;
        }
    }
}

fn row(agent: Detected, preference: u32) -> Agent {
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
    }
}
