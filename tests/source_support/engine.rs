//! A Docker engine of the tests' own: its own directory, socket and containers.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use bollard::models::{ContainerCreateBody, HostConfig, HostConfigLogConfig};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, CreateImageOptionsBuilder, ListContainersOptionsBuilder,
    LogsOptionsBuilder, RemoveContainerOptionsBuilder, RenameContainerOptionsBuilder,
};
use bollard::{API_DEFAULT_VERSION, Docker, body_full};
use futures_util::TryStreamExt;
use tempfile::TempDir;

use crate::received::PATIENCE;

const HOW_TO_HELP: &str = "The Docker tests need root, and the packages docker.io and \
    busybox-static (apt-get install docker.io busybox-static). Set EOSKEEPER_SKIP_DOCKER=1 to \
    leave them out.";

/// The streams a container can be made to write to.
pub(crate) const OUT: &str = "out";
pub(crate) const ERR: &str = "err";

/// A running dockerd; ended, with its containers, when it is dropped.
pub(crate) struct Engine {
    directory: TempDir,
    daemon: Mutex<Option<Child>>,
    live_restore: LiveRestore,
}

/// Whether containers live on while the daemon is down.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum LiveRestore {
    On,
    Off,
}

/// How a container differs from the plain one.
#[derive(Clone, Copy, Default)]
pub(crate) struct Make {
    pub(crate) tty: bool,
    pub(crate) log: Option<(&'static str, &'static [(&'static str, &'static str)])>,
}

impl Engine {
    /// The engine that tests running at the same time share; none if they are to be left out.
    pub(crate) fn shared() -> Option<Arc<Self>> {
        static SHARED: Mutex<Weak<Engine>> = Mutex::new(Weak::new());
        // A test that failed while it started the engine must not hide why from the others.
        let mut shared = SHARED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(engine) = shared.upgrade() {
            return Some(engine);
        }
        let engine = Arc::new(Self::start(LiveRestore::On)?);
        *shared = Arc::downgrade(&engine);
        Some(engine)
    }

    /// An engine for one test alone; none if Docker tests are to be left out.
    pub(crate) fn start(live_restore: LiveRestore) -> Option<Self> {
        if std::env::var_os("EOSKEEPER_SKIP_DOCKER").is_some_and(|skip| skip == "1") {
            println!("skipped: EOSKEEPER_SKIP_DOCKER=1");
            return None;
        }
        let directory = tempfile::Builder::new().prefix("ek").tempdir().unwrap();
        let engine = Self { directory, daemon: Mutex::new(None), live_restore };
        engine.start_daemon();
        engine.import_image();
        Some(engine)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Where it listens.
    pub(crate) fn host(&self) -> String {
        format!("unix://{}", self.file("docker.sock").display())
    }

    fn start_daemon(&self) {
        let log = File::options().create(true).append(true).open(self.file("dockerd.log")).unwrap();
        let daemon = Command::new("dockerd")
            .arg("--data-root")
            .arg(self.file("data"))
            .arg("--exec-root")
            .arg(self.file("exec"))
            .arg("--pidfile")
            .arg(self.file("pid"))
            .args(["-H", &self.host(), "--storage-driver=vfs", "--bridge=none"])
            .args(["--iptables=false", "--ip6tables=false"])
            .args((self.live_restore == LiveRestore::On).then_some("--live-restore"))
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .stdin(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("dockerd cannot be started: {error}. {HOW_TO_HELP}"));
        *self.daemon.lock().unwrap() = Some(daemon);
        self.wait_until_it_answers();
    }

    fn wait_until_it_answers(&self) {
        let began = Instant::now();
        while self.block_on(async { self.try_client().await?.ping().await }).is_err() {
            let ended = self.daemon.lock().unwrap().as_mut().unwrap().try_wait().unwrap();
            if ended.is_some() || began.elapsed() > Duration::from_secs(40) {
                let log = std::fs::read_to_string(self.file("dockerd.log")).unwrap_or_default();
                let end: Vec<&str> = log.lines().rev().take(8).collect();
                panic!("dockerd does not run ({ended:?}): {end:#?}. {HOW_TO_HELP}");
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn import_image(&self) {
        let busybox = ["/bin/busybox", "/usr/bin/busybox"]
            .into_iter()
            .find(|path| std::path::Path::new(path).exists());
        let busybox = busybox.unwrap_or_else(|| panic!("there is no busybox. {HOW_TO_HELP}"));
        std::fs::create_dir_all(self.file("image/bin")).unwrap();
        std::fs::copy(busybox, self.file("image/bin/busybox")).unwrap();
        let tar = Command::new("tar").arg("-C").arg(self.file("image")).args(["-c", "."]).output();
        let options = CreateImageOptionsBuilder::new().from_src("-").repo("bb").build();
        let body = body_full(tar.unwrap().stdout.into());
        self.block_on(async {
            let docker = self.client().await;
            let import = docker.create_image(Some(options), Some(body), None);
            import.try_collect::<Vec<_>>().await
        })
        .unwrap();
    }

    /// A client that speaks the engine's version; made anew each time because the engine may be
    /// another since.
    async fn try_client(&self) -> Result<Docker, bollard::errors::Error> {
        Docker::connect_with_unix(&self.host(), 30, API_DEFAULT_VERSION)?.negotiate_version().await
    }

    async fn client(&self) -> Docker {
        self.try_client().await.unwrap()
    }

    fn block_on<T: Send>(&self, work: impl Future<Output = T> + Send) -> T {
        // A thread of its own: tests call this from within a runtime.
        std::thread::scope(|scope| {
            let runtime = || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.unwrap().block_on(work)
            };
            scope.spawn(runtime).join().unwrap()
        })
    }

    /// Makes a container that prints what [`Engine::say`] is given, and does not start it.
    pub(crate) async fn create(&self, name: &str, make: Make) {
        let pipes = self.file("pipes").join(name);
        std::fs::create_dir_all(&pipes).unwrap();
        for stream in [OUT, ERR] {
            // It is there already for a container made again.
            let _ = Command::new("mkfifo").arg(pipes.join(stream)).stderr(Stdio::null()).status();
        }
        // Each pipe is opened for both ways, so it never ends, and nothing said is lost.
        let script = "/bin/busybox cat 0<>/pipes/err >&2 & exec /bin/busybox cat 0<>/pipes/out";
        let log_config = make.log.map(|(driver, options)| HostConfigLogConfig {
            typ: Some(driver.to_owned()),
            config: Some(owned(options)),
        });
        let body = ContainerCreateBody {
            image: Some("bb".to_owned()),
            cmd: Some(["/bin/busybox", "sh", "-c", script].map(str::to_owned).to_vec()),
            tty: Some(make.tty),
            // The first process of a container ignores SIGTERM; nobody need wait for it.
            stop_timeout: Some(1),
            host_config: Some(HostConfig {
                network_mode: Some("none".to_owned()),
                log_config,
                binds: Some(vec![format!("{}:/pipes", pipes.display())]),
                init: Some(false),
                ..HostConfig::default()
            }),
            ..ContainerCreateBody::default()
        };
        let options = CreateContainerOptionsBuilder::new().name(name).build();
        self.client().await.create_container(Some(options), body).await.unwrap();
    }

    /// Runs a container whose process has the name of nodeos and these arguments, and waits. The host's
    /// own bash gives it the name.
    pub(crate) async fn run_nodeos(&self, name: &str, arguments: &str) {
        let script = format!("exec -a nodeos /bin/bash -c 'sleep 600; :' {arguments}");
        let cmd = ["/bin/busybox", "chroot", "/host", "/bin/bash", "-c", &script];
        let body = ContainerCreateBody {
            image: Some("bb".to_owned()),
            cmd: Some(cmd.map(str::to_owned).to_vec()),
            stop_timeout: Some(1),
            host_config: Some(HostConfig {
                network_mode: Some("none".to_owned()),
                binds: Some(vec!["/:/host:ro".to_owned()]),
                init: Some(false),
                ..HostConfig::default()
            }),
            ..ContainerCreateBody::default()
        };
        let options = CreateContainerOptionsBuilder::new().name(name).build();
        self.client().await.create_container(Some(options), body).await.unwrap();
        self.start_container(name).await;
    }

    pub(crate) async fn start_container(&self, name: &str) {
        self.client().await.start_container(name, None).await.unwrap();
    }

    pub(crate) async fn run(&self, name: &str, make: Make) {
        self.create(name, make).await;
        self.start_container(name).await;
    }

    /// Has the container write these bytes to its stdout.
    pub(crate) async fn say(&self, name: &str, bytes: &[u8]) {
        self.say_to(OUT, name, bytes).await;
    }

    /// Has the container write these bytes to [`OUT`] or [`ERR`].
    pub(crate) async fn say_to(&self, stream: &str, name: &str, bytes: &[u8]) {
        let pipe = self.file("pipes").join(name).join(stream);
        let bytes = bytes.to_vec();
        let saying = tokio::task::spawn_blocking(move || {
            File::options().write(true).open(pipe).unwrap().write_all(&bytes).unwrap();
        });
        tokio::time::timeout(PATIENCE, saying).await.expect("the container listens").unwrap();
    }

    pub(crate) async fn kill(&self, name: &str) {
        self.client().await.kill_container(name, None).await.unwrap();
    }

    pub(crate) async fn stop_container(&self, name: &str) {
        self.client().await.stop_container(name, None).await.unwrap();
    }

    pub(crate) async fn restart_container(&self, name: &str) {
        self.client().await.restart_container(name, None).await.unwrap();
    }

    pub(crate) async fn rename(&self, name: &str, to: &str) {
        let options = RenameContainerOptionsBuilder::new().name(to).build();
        self.client().await.rename_container(name, options).await.unwrap();
    }

    pub(crate) async fn remove(&self, name: &str) {
        let options = RemoveContainerOptionsBuilder::new().force(true).build();
        self.client().await.remove_container(name, Some(options)).await.unwrap();
    }

    /// Waits until the container has read all that it was given to say.
    pub(crate) async fn until_said(&self, name: &str) {
        let pipe = File::options()
            .read(true)
            .custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed())
            .open(self.file("pipes").join(name).join(OUT))
            .unwrap();
        let began = Instant::now();
        while rustix::io::ioctl_fionread(&pipe).unwrap() > 0 {
            assert!(began.elapsed() < PATIENCE, "{name} does not listen");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        // Read, but perhaps not yet written: nothing shows the moment between.
        tokio::time::sleep(Duration::from_millis(200)).await;
    }

    /// Waits until Docker has a line in the container's log.
    pub(crate) async fn until_logged(&self, name: &str, line: &str) {
        let began = Instant::now();
        loop {
            let options = LogsOptionsBuilder::new().stdout(true).build();
            let log = self.client().await.logs(name, Some(options));
            let log: Vec<_> = log.try_collect().await.unwrap();
            if log.iter().any(|output| output.to_string().contains(line)) {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "{line} is not logged");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The file the container's log is kept in.
    pub(crate) async fn log_path(&self, name: &str) -> PathBuf {
        let found = self.client().await.inspect_container(name, None).await.unwrap();
        found.log_path.unwrap().into()
    }

    /// Ends the daemon, and its containers unless it was started with live-restore.
    pub(crate) fn stop_daemon(&self) {
        let Some(mut daemon) = self.daemon.lock().unwrap().take() else { return };
        signal(&daemon, rustix::process::Signal::TERM);
        let began = Instant::now();
        while daemon.try_wait().unwrap().is_none() {
            if began.elapsed() > Duration::from_secs(30) {
                daemon.kill().unwrap();
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Starts the daemon again.
    pub(crate) fn restart_daemon(&self) {
        self.start_daemon();
    }

    /// Stops the daemon's process in its tracks, or lets it go on.
    pub(crate) fn freeze(&self, frozen: bool) {
        let signal_now =
            if frozen { rustix::process::Signal::STOP } else { rustix::process::Signal::CONT };
        signal(self.daemon.lock().unwrap().as_ref().unwrap(), signal_now);
    }
}

impl Engine {
    /// dockerd mounts its data directory onto itself and leaves it so; it could not be removed.
    fn unmount(&self) {
        let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let ours = mounts.lines().filter_map(|mount| mount.split(' ').nth(1));
        let ours: Vec<&str> = ours
            .filter(|path| std::path::Path::new(path).starts_with(self.directory.path()))
            .collect();
        // The last mounted may lie in the ones before.
        for path in ours.into_iter().rev() {
            let unmounted = Command::new("umount").arg(path).status();
            if !unmounted.is_ok_and(|status| status.success()) {
                println!("{path} is left mounted.");
            }
        }
    }
}

fn owned(options: &[(&str, &str)]) -> HashMap<String, String> {
    options.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn signal(daemon: &Child, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_child(daemon);
    rustix::process::kill_process(pid, signal).unwrap();
}

impl Drop for Engine {
    fn drop(&mut self) {
        if self.daemon.lock().is_ok_and(|daemon| daemon.is_some()) {
            self.block_on(async {
                let Ok(docker) = self.try_client().await else { return };
                let all = ListContainersOptionsBuilder::new().all(true).build();
                for container in docker.list_containers(Some(all)).await.unwrap_or_default() {
                    let options = RemoveContainerOptionsBuilder::new().force(true).build();
                    let id = container.id.unwrap_or_default();
                    if let Err(error) = docker.remove_container(&id, Some(options)).await {
                        println!("A container is left behind: {error}.");
                    }
                }
            });
        }
        self.stop_daemon();
        self.unmount();
    }
}
