//! What is asked of the Docker engine, each call with a deadline, and what went wrong in words.

use std::collections::HashMap;
use std::error::Error as _;
use std::future::Future;
use std::io;
use std::time::Duration;

use bollard::container::LogOutput;
use bollard::errors::Error;
use bollard::query_parameters::{
    EventsOptionsBuilder, InspectContainerOptions, ListContainersOptions, LogsOptionsBuilder,
    TopOptionsBuilder,
};
use bollard::{ClientVersion, Docker};
use futures_util::{Stream, StreamExt};

/// How long any answer may take. The engine answers in milliseconds; on a node that swaps, in a
/// second or two.
pub(in crate::sources) const DEADLINE: Duration = Duration::from_secs(5);

/// Where Docker listens unless it is told otherwise.
const DEFAULT_HOST: &str = "unix:///var/run/docker.sock";

/// The version asked with first; the engine's own is agreed on afterwards.
const FIRST_VERSION: &ClientVersion = &ClientVersion { major_version: 1, minor_version: 53 };

/// Why the engine gave nothing to read.
#[derive(Debug, thiserror::Error)]
pub(in crate::sources) enum Trouble {
    #[error(
        "there is no container {0}; start it or correct c_name (`docker ps -a` lists the names)"
    )]
    NoContainer(String),
    #[error("there is no socket at {0}; is Docker running, and DOCKER_HOST right?")]
    NoSocket(String),
    #[error("permission denied for {0}; put eoskeeper's user into the group `docker`")]
    Denied(String),
    #[error("nobody listens at {0}; is Docker running?")]
    Refused(String),
    #[error("Docker at {0} did not answer within 5 s")]
    Silent(String),
    #[error("DOCKER_HOST {0:?} is neither unix:///path nor tcp://host:port")]
    BadHost(String),
    #[error("Docker cannot read the log back ({0}); set the container's --log-driver to json-file")]
    Unreadable(String),
    #[error("Docker at {0} closed the connection: {1}")]
    Broken(String, String),
}

/// A container as the engine knows it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sources) struct Container {
    /// 64 hex digits; a container made anew under the name has another.
    pub(in crate::sources) id: String,
    /// Whether its process runs.
    pub(in crate::sources) running: bool,
    /// Its first process, as the engine's host counts them.
    pub(in crate::sources) pid: Option<u32>,
    /// When its process was started last.
    pub(in crate::sources) started_at: String,
    /// Whether it has ended and waits to be restarted; the engine calls that running, too.
    pub(in crate::sources) restarting: bool,
    /// How it ended, for the one who reads.
    pub(in crate::sources) state: String,
    /// Its exit code, where it has exited.
    pub(in crate::sources) exit_code: Option<i64>,
    /// Whether it was ended because its memory ran out.
    pub(in crate::sources) ran_out: bool,
}

impl Container {
    /// Whether its process lives.
    pub(in crate::sources) fn is_alive(&self) -> bool {
        self.running && !self.restarting
    }
}

/// How a container was made and how it is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::sources) struct Setup {
    /// Its id.
    pub(in crate::sources) id: String,
    /// Its name, without the slash before it.
    pub(in crate::sources) name: String,
    /// Its first process, as the engine's host counts them.
    pub(in crate::sources) pid: Option<u32>,
    /// What it was started with.
    pub(in crate::sources) program: String,
    /// The arguments of that.
    pub(in crate::sources) arguments: Vec<String>,
    /// Ports inside, and the address of the host each is published at.
    pub(in crate::sources) published: Vec<(u16, String)>,
    /// Whether it has the network of its host.
    pub(in crate::sources) is_on_host_network: bool,
    /// Its own addresses.
    pub(in crate::sources) addresses: Vec<String>,
}

/// Something that happened to a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::sources) struct LifeEvent {
    /// The container's id.
    pub(in crate::sources) id: String,
    /// The engine's word: `die`, `start`.
    pub(in crate::sources) action: String,
    /// The exit code, as `die` tells it.
    pub(in crate::sources) exit_code: Option<String>,
}

/// A connection to the engine; made anew after trouble.
pub(in crate::sources) struct Engine {
    docker: Docker,
    host: String,
}

impl Engine {
    /// Connects to `host`, or where `DOCKER_HOST` says, or to the usual socket.
    pub(in crate::sources) async fn connect(host: Option<&str>) -> Result<Self, Trouble> {
        let host = host
            .map(str::to_owned)
            .or_else(|| std::env::var("DOCKER_HOST").ok().filter(|host| !host.is_empty()))
            .unwrap_or_else(|| DEFAULT_HOST.to_owned());
        let seconds = DEADLINE.as_secs();
        let docker = match host.split_once("://") {
            Some(("unix", _)) => Docker::connect_with_unix(&host, seconds, FIRST_VERSION),
            Some(("tcp" | "http", _)) => Docker::connect_with_http(&host, seconds, FIRST_VERSION),
            _ => return Err(Trouble::BadHost(host)),
        };
        let docker = docker.map_err(|error| trouble(&host, &error))?;
        let docker = within_deadline(&host, docker.negotiate_version()).await?;
        Ok(Self { docker, host })
    }

    /// The container of that name or id.
    pub(in crate::sources) async fn inspect(&self, name: &str) -> Result<Container, Trouble> {
        let call = self.docker.inspect_container(name, None::<InspectContainerOptions>);
        let found = match within_deadline_raw(call).await {
            Some(Ok(found)) => found,
            Some(Err(Error::DockerResponseServerError { status_code: 404, .. })) => {
                return Err(Trouble::NoContainer(name.to_owned()));
            }
            Some(Err(error)) => return Err(trouble(&self.host, &error)),
            None => return Err(Trouble::Silent(self.host.clone())),
        };
        let state = found.state.unwrap_or_default();
        let word = state.status.map_or_else(|| "unknown".to_owned(), |status| status.to_string());
        let exit_code = state.exit_code.filter(|_| word == "exited");
        let ran_out = exit_code.is_some() && state.oom_killed == Some(true);
        Ok(Container {
            id: found.id.unwrap_or_default(),
            running: state.running.unwrap_or(false),
            // 0 while it does not run.
            pid: state.pid.and_then(|pid| u32::try_from(pid).ok()).filter(|pid| *pid > 0),
            started_at: state.started_at.unwrap_or_default(),
            restarting: state.restarting.unwrap_or(false),
            state: match exit_code {
                Some(code) if ran_out => format!("exited, code {code}, out of memory"),
                Some(code) => format!("exited, code {code}"),
                None => word,
            },
            exit_code,
            ran_out,
        })
    }

    /// The ids of the containers that run.
    pub(in crate::sources) async fn running(&self) -> Result<Vec<String>, Trouble> {
        let call = self.docker.list_containers(None::<ListContainersOptions>);
        let found = within_deadline(&self.host, call).await?;
        Ok(found.into_iter().filter_map(|container| container.id).collect())
    }

    /// How a container was made.
    pub(in crate::sources) async fn setup(&self, id: &str) -> Result<Setup, Trouble> {
        let call = self.docker.inspect_container(id, None::<InspectContainerOptions>);
        let found = within_deadline(&self.host, call).await?;
        let network = found.network_settings.unwrap_or_default();
        let mode = found.host_config.and_then(|config| config.network_mode);
        let mut published = Vec::new();
        for (inner, outer) in network.ports.unwrap_or_default() {
            let Some(port) = inner.strip_suffix("/tcp").and_then(|port| port.parse().ok()) else {
                continue;
            };
            for binding in outer.unwrap_or_default() {
                let ip = binding.host_ip.unwrap_or_default();
                // An address of IPv6 is put into brackets before the port.
                let ip = if ip.contains(':') { format!("[{ip}]") } else { ip };
                let outer = binding.host_port.unwrap_or_default();
                published.push((port, format!("{ip}:{outer}")));
            }
        }
        published.sort();
        let networks = network.networks.unwrap_or_default().into_values();
        let addresses = networks.filter_map(|network| network.ip_address.map(|ip| ip.to_string()));
        let pid = found.state.and_then(|state| state.pid);
        Ok(Setup {
            id: found.id.unwrap_or_default(),
            name: found.name.unwrap_or_default().trim_start_matches('/').to_owned(),
            pid: pid.and_then(|pid| u32::try_from(pid).ok()).filter(|pid| *pid > 0),
            program: found.path.unwrap_or_default(),
            arguments: found.args.unwrap_or_default(),
            published,
            is_on_host_network: mode.as_deref() == Some("host"),
            addresses: addresses.filter(|ip| !ip.is_empty()).collect(),
        })
    }

    /// The command lines of a container's processes, as `ps` on the engine's host prints them.
    pub(in crate::sources) async fn commands(&self, id: &str) -> Result<Vec<String>, Trouble> {
        let options = TopOptionsBuilder::new().ps_args("-eo pid,args").build();
        let call = self.docker.top_processes(id, Some(options));
        let found = within_deadline(&self.host, call).await?;
        let rows = found.processes.unwrap_or_default().into_iter();
        Ok(rows.map(|row| row.into_iter().skip(1).collect::<Vec<_>>().join(" ")).collect())
    }

    /// The log from a Unix second on (0: from its beginning), and what comes.
    pub(in crate::sources) fn follow_log(
        &self,
        id: &str,
        since: i32,
    ) -> impl Stream<Item = Result<LogOutput, Trouble>> + use<> {
        let options = LogsOptionsBuilder::new()
            .stdout(true)
            .stderr(true)
            .timestamps(true)
            .follow(true)
            .since(since)
            .build();
        let host = self.host.clone();
        self.docker
            .logs(id, Some(options))
            .map(move |output| output.map_err(|error| trouble(&host, &error)))
    }

    /// The log from a Unix second on and up to another, as far as it is kept.
    pub(in crate::sources) fn log_between(
        &self,
        id: &str,
        since: i32,
        until: i32,
    ) -> impl Stream<Item = Result<LogOutput, Trouble>> + use<> {
        let options = LogsOptionsBuilder::new()
            .stdout(true)
            .stderr(true)
            .timestamps(true)
            .since(since)
            .until(until)
            .build();
        let host = self.host.clone();
        self.docker
            .logs(id, Some(options))
            .map(move |output| output.map_err(|error| trouble(&host, &error)))
    }

    /// What happens to the containers whose name or id begins with `name`, or to that of `id`, from
    /// now on.
    pub(in crate::sources) fn life_events(
        &self,
        name: &str,
        id: Option<&str>,
    ) -> impl Stream<Item = Result<LifeEvent, Trouble>> + use<> {
        let list = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let containers: Vec<String> = std::iter::once(name).chain(id).map(str::to_owned).collect();
        let filters: HashMap<String, Vec<String>> = HashMap::from([
            ("type".to_owned(), list(&["container"])),
            ("event".to_owned(), list(&["start", "die", "oom", "destroy", "rename"])),
            ("container".to_owned(), containers),
        ]);
        let options = EventsOptionsBuilder::new().filters(&filters).build();
        let host = self.host.clone();
        // The stream borrows the client it comes from.
        let docker = self.docker.clone();
        docker.events(Some(options)).map(move |event| {
            let event = event.map_err(|error| trouble(&host, &error))?;
            let actor = event.actor.unwrap_or_default();
            let mut attributes = actor.attributes.unwrap_or_default();
            Ok(LifeEvent {
                id: actor.id.unwrap_or_default(),
                action: event.action.unwrap_or_default(),
                exit_code: attributes.remove("exitCode"),
            })
        })
    }

    /// The newest record of the log, if there is any.
    pub(in crate::sources) async fn newest_record(
        &self,
        id: &str,
    ) -> Result<Option<LogOutput>, Trouble> {
        let options =
            LogsOptionsBuilder::new().stdout(true).stderr(true).timestamps(true).tail("1").build();
        let mut log = std::pin::pin!(self.docker.logs(id, Some(options)));
        let mut newest = None;
        let read = async {
            while let Some(output) = log.next().await {
                newest = Some(output?);
            }
            Ok(())
        };
        within_deadline(&self.host, read).await?;
        Ok(newest)
    }
}

async fn within_deadline_raw<T>(
    call: impl Future<Output = Result<T, Error>>,
) -> Option<Result<T, Error>> {
    tokio::time::timeout(DEADLINE, call).await.ok()
}

async fn within_deadline<T>(
    host: &str,
    call: impl Future<Output = Result<T, Error>>,
) -> Result<T, Trouble> {
    match within_deadline_raw(call).await {
        Some(answer) => answer.map_err(|error| trouble(host, &error)),
        None => Err(Trouble::Silent(host.to_owned())),
    }
}

fn trouble(host: &str, error: &Error) -> Trouble {
    let host = host.to_owned();
    match error {
        Error::SocketNotFoundError(_) => return Trouble::NoSocket(host),
        Error::RequestTimeoutError => return Trouble::Silent(host),
        Error::DockerResponseServerError { message, .. } if message.contains("logging driver") => {
            return Trouble::Unreadable(message.clone());
        }
        _ => {}
    }
    match io_kind(error) {
        Some(io::ErrorKind::NotFound) => Trouble::NoSocket(host),
        Some(io::ErrorKind::PermissionDenied) => Trouble::Denied(host),
        Some(io::ErrorKind::ConnectionRefused) => Trouble::Refused(host),
        _ => Trouble::Broken(host, error.to_string()),
    }
}

/// The system's own reason, which lies at the bottom of the client's errors.
fn io_kind(error: &Error) -> Option<io::ErrorKind> {
    if let Error::IOError { err } = error {
        return Some(err.kind());
    }
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return Some(error.kind());
        }
        cause = error.source();
    }
    None
}
