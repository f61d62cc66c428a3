//! `qd serve`: the server.

mod browser;
mod demo_project;
mod running;
mod signals;
mod supervise;

use super::Context;
use crate::config::{Config, Notify};
use crate::exit::Error;
use crate::say;
use crate::server_file::ServerFile;
use qd_engine::config::SPARE_AFTER;
use qd_engine::time::SystemClock;
use qd_engine::webhook::Webhook;
use qd_engine::{Engine, EngineConfig};
use qd_proc::{Identity, Signal};
use qd_server::app::Parts;
use qd_server::auth::Auth;
use qd_server::{App, BindError, Bound, Demo, Gate, Origin, Token};
use signals::Signals;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often an occupied port is tried again, and after how long.
const PORT_LOOKS: u32 = 10;
const PORT_REST: Duration = Duration::from_millis(50);

/// Serve the panel. Prints one line with its address when it is ready.
///
/// Without a directory it opens the repository of the current folder. Where a server runs on the data directory
/// already, the directories are added to it.
#[derive(clap::Args)]
pub struct Serve {
    /// The port; 0 takes a free one.
    #[arg(long, default_value_t = 4270, env = "QD_PORT", hide_env_values = true)]
    port: u16,
    /// The address to listen on.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST), value_name = "ADDRESS")]
    host: IpAddr,
    /// Do not open a browser.
    #[arg(long)]
    no_open: bool,
    /// Run as a demonstration, on a small project of its own, with data of its own.
    #[arg(long)]
    demo: bool,
    /// Admit the address of a reverse proxy, `https://panel.example.com`.
    #[arg(long, value_name = "URL", env = "QD_ALLOW_ORIGIN", hide_env_values = true, value_delimiter = ',')]
    allow_origin: Vec<Origin>,
    /// Folders of git repositories to open.
    #[arg(value_name = "PROJECT_DIR")]
    projects: Vec<PathBuf>,
    /// Started by the parent that starts the demonstration again.
    #[arg(long, hide = true)]
    supervised: bool,
}

impl Serve {
    /// Runs until it is told to end.
    pub fn run(self, context: &Context) -> Result<(), Error> {
        let data_dir = self.data_dir(context)?;
        let config = Config::load(&context.environment.config_file(), &data_dir)?;
        let projects = self.projects(&data_dir)?;
        if let Some(server) = ServerFile::running(&data_dir) {
            return running::join(&server, data_dir, &projects, context.json);
        }
        if self.demo && !self.supervised {
            return self.supervise(&data_dir, context);
        }
        log(context);
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Error::failed)?;
        runtime.block_on(self.serve(data_dir, config, projects, context))
    }

    /// Data of a demonstration are kept apart from real ones.
    fn data_dir(&self, context: &Context) -> Result<PathBuf, Error> {
        let own = context.data_dir();
        let apart = self.demo && context.data_dir.is_none();
        let dir = if apart { own.with_file_name("quarterdeck-demo") } else { own };
        std::path::absolute(dir).map_err(Error::failed)
    }

    /// What to open. A folder that is not there is told at once.
    fn projects(&self, data_dir: &Path) -> Result<Vec<PathBuf>, Error> {
        if !self.projects.is_empty() {
            let real = |dir: &PathBuf| {
                dir.canonicalize()
                    .map_err(|e| Error::CantStart(format!("the folder {} can't be opened: {e}", dir.display())))
            };
            return self.projects.iter().map(real).collect();
        }
        if self.demo {
            return Ok(vec![data_dir.join(demo_project::NAME)]);
        }
        let here = std::env::current_dir().map_err(Error::failed)?;
        let repository = here.ancestors().find(|dir| dir.join(".git").exists());
        Ok(repository.map(Path::to_owned).into_iter().collect())
    }

    async fn serve(
        self,
        data_dir: PathBuf,
        config: Config,
        projects: Vec<PathBuf>,
        context: &Context,
    ) -> Result<(), Error> {
        let bound = match bind(SocketAddr::new(self.host, self.port)).await {
            Ok(bound) => bound,
            Err(BindError::InUse(address)) => return Err(running::occupied(address)),
            Err(error) => return Err(Error::CantStart(error.to_string())),
        };
        let address = bound.address();
        let token = token(context)?;
        let notify = config.notify.clone();
        let engine = Engine::open(self.engine_config(&data_dir, config, context)?)
            .map_err(|e| Error::CantStart(e.to_string()))?;
        let stop = CancellationToken::new();
        let app = App::new(Parts {
            engine: engine.clone(),
            auth: Auth::new(&token, address.port()),
            gate: Gate::new(address, self.allow_origin),
            demo: self.demo.then(|| Demo::new(kill_self)),
            stop: stop.clone(),
        });
        let mut parts = tokio::task::JoinSet::new();
        parts.spawn(bound.serve(app));
        engine.start().await;
        if self.demo && projects == [data_dir.join(demo_project::NAME)] {
            demo_project::make(&projects[0], &context.environment).await?;
        }
        for dir in &projects {
            engine.attach_project(dir).await.map_err(|e| Error::CantStart(e.to_string()))?;
        }
        let file = server_file(address, &token)?;
        if let Some(hook) = webhook(&notify, &file.url())? {
            engine.run_webhook(hook);
        }
        file.write(&data_dir).map_err(|e| Error::CantStart(format!("server.json can't be written: {e}")))?;
        let url = format!("{}/?token={}", file.url(), token.reveal());
        say::line(format_args!("listening on {url}"));
        if !self.no_open {
            browser::open(&url, &data_dir, &context.environment);
        }
        let served = tokio::select! {
            () = told_to_end(self.supervised) => {
                stop.cancel();
                parts.join_next().await
            }
            ended = parts.join_next() => ended,
        };
        engine.shutdown().await;
        file.remove(&data_dir);
        match served {
            Some(Ok(Err(error))) => Err(Error::failed(error)),
            Some(Err(error)) => Err(Error::failed(error)),
            Some(Ok(Ok(()))) | None => Ok(()),
        }
    }

    fn engine_config(&self, data_dir: &Path, config: Config, context: &Context) -> Result<EngineConfig, Error> {
        Ok(EngineConfig {
            data_dir: data_dir.to_owned(),
            clock: Arc::new(SystemClock),
            qd: std::env::current_exe().map_err(Error::failed)?,
            env: context.environment.texts(),
            home: context.environment.home(),
            agents: config.agents,
            max_sessions: config.max_sessions,
            limits: config.limits,
            confine: config.confine,
            openers: config.open,
            projects: config.projects,
            spare_after: Some(SPARE_AFTER),
            tasks_dir: config.tasks.folder,
            commit_tasks: config.tasks.commit,
            demo: self.demo,
        })
    }
}

/// Who is told of what needs a person, where somebody is.
fn webhook(notify: &Notify, own: &str) -> Result<Option<Webhook>, Error> {
    let Some(url) = notify.webhook.clone() else { return Ok(None) };
    let unread =
        |file: &Path, error| Error::CantStart(format!("secret_file {} can't be read: {error}", file.display()));
    let secret = notify.secret_file.as_deref().map(|file| std::fs::read_to_string(file).map_err(|e| unread(file, e)));
    let secret = secret.transpose()?.map(|secret| secret.trim().to_owned());
    let panel = notify.panel.as_deref().unwrap_or(own).trim_end_matches('/').to_owned();
    Ok(Some(Webhook { url, secret, panel }))
}

/// Takes the port. That of a server that was killed is free once the children that it was about to start have become
/// their programs.
async fn bind(address: SocketAddr) -> Result<Bound, BindError> {
    for _ in 0..PORT_LOOKS {
        match Bound::to(address).await {
            Err(BindError::InUse(_)) => tokio::time::sleep(PORT_REST).await,
            bound => return bound,
        }
    }
    Bound::to(address).await
}

/// The log goes to standard error: what it holds beyond errors is set by `QD_LOG`.
fn log(context: &Context) {
    let filter = context.environment.text("QD_LOG").unwrap_or("warn,qd=info");
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}

/// What the demonstration's button does; the parent starts us again.
fn kill_self() {
    if let Some(Err(e)) = Identity::own().map(|own| own.signal(Signal::Kill)) {
        tracing::warn!("the server was not killed: {e}");
    }
}

fn token(context: &Context) -> Result<Token, Error> {
    match context.environment.text("QD_TOKEN") {
        Some(preset) => Ok(Token::preset(preset.to_owned())),
        None => Token::random().map_err(Error::failed),
    }
}

fn server_file(address: SocketAddr, token: &Token) -> Result<ServerFile, Error> {
    let reachable = if address.ip().is_unspecified() {
        SocketAddr::new(Ipv4Addr::LOCALHOST.into(), address.port())
    } else {
        address
    };
    let identity = Identity::own().ok_or_else(|| Error::failed("this process has no entry in the process table"))?;
    Ok(ServerFile { address: reachable.to_string(), identity, token: token.reveal().to_owned() })
}

/// Completes on a signal to end, and where the parent of a demonstration is gone.
async fn told_to_end(supervised: bool) {
    let Ok(mut signals) = Signals::listen() else {
        tracing::error!("signals can't be received: end the server with KILL");
        return std::future::pending().await;
    };
    tokio::select! {
        () = signals.next() => {}
        () = supervise::orphaned(), if supervised => {}
    }
}
