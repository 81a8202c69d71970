//! Several nodes in one process: a keeper for each, and around them what they share. That is one
//! page, one socket for orders, one set of channels and one service.
//!
//! Each keeper has its own task and its own state. One whose task ends in an error or a fault is
//! started anew after a while, and the others go on.

mod orders;
mod states;

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::faults::{Fault, Faults};
use super::mouth::{Line, Mouth};
use super::supervisor::Supervisor;
use super::twins::{Twin, Twins};
use super::{
    Daemon, Found, ORDERS_END, ORDERS_MAX, Outside, Place, alarms, door, first_status, listen,
    listen_for_orders, names, reload, tell_start, voice,
};
use crate::clock::Clock;
use crate::config::{Config, Site};
use crate::core::status::Status;
use crate::history::store::Store;
use crate::web;
use crate::web::facts::Facts;
use crate::web::nodes::Node as Shown;
use orders::Doors;

/// Until a keeper that ended in an error or a fault is started anew.
const AGAIN: Duration = Duration::from_secs(10);
/// Between two words to the service manager while it waits for that.
const TICK: Duration = Duration::from_secs(1);

/// One node, for as long as the process runs.
struct Node {
    name: String,
    index: usize,
    site: Arc<Site>,
    clock: Clock,
    store: Option<Arc<Store>>,
    /// Why the state cannot be used, where that is not the store's to say.
    barred: Option<String>,
    show: watch::Sender<Arc<Status>>,
    facts: Facts,
    line: Line,
    twins: Twins,
    doors: Arc<Doors>,
    reload: Arc<Notify>,
    /// Why keepers do not run, its own among them.
    faults: Faults,
    stop: CancellationToken,
}

/// Runs the keepers of all nodes until they are told to stop.
pub(super) async fn run(site: Site, outside: Outside) -> anyhow::Result<()> {
    let Outside { stop, reload, supervisor } = outside;
    let common = site.common().clone();
    let listener = listen(&common).await?;
    let clock = Clock::start();
    voice::can_start(&common, clock)?;
    let states = states::open(&site)?;
    let site = Arc::new(site);
    let section_names = site.names();
    let (twins, faults) = (Twins::default(), Faults::new(&section_names));
    let store = states.shared.clone();
    let mouth = Mouth::start(&common, &section_names, faults.clone(), clock, store);
    let doors = Arc::new(Doors::new(section_names.clone()));
    let mut nodes = Vec::new();
    let each = site.nodes.iter().zip(&section_names).zip(mouth.lines()).zip(states.nodes);
    for (index, (((config, name), line), state)) in each.enumerate() {
        let found = state.latch(config);
        let (show, shown) = watch::channel(first_status(config, clock, &found));
        let past = alarms::usable(state.store.as_ref());
        nodes.push(Arc::new(Node {
            name: name.clone(),
            index,
            site: Arc::clone(&site),
            clock,
            store: state.store,
            barred: state.barred,
            show,
            facts: Facts::new(shown, past, names(config)),
            line: line.clone(),
            twins: twins.clone(),
            doors: Arc::clone(&doors),
            reload: Arc::new(Notify::new()),
            faults: faults.clone(),
            stop: stop.clone(),
        }));
    }
    let (guard, tls) = door(&common);
    let shown = nodes.iter().map(|node| node.shown()).collect();
    let page = tokio::spawn(web::serve_site(listener, shown, guard, tls, stop.clone()));
    let (asked, orders) = mpsc::channel(ORDERS_MAX);
    let socket = match &states.lock {
        Some(_) => listen_for_orders(&common.shared_dir).await,
        None => None,
    };
    let taking = socket.map(|socket| tokio::spawn(socket.serve(asked, stop.clone())));
    let passing = tokio::spawn(Arc::clone(&doors).pass_on(orders));
    let mut running = JoinSet::new();
    let supervisors = supervisor.shared(nodes.len());
    let ready = supervisors.first().map(Supervisor::of_group);
    let mut begun = Vec::new();
    for (node, supervisor) in nodes.iter().zip(supervisors) {
        let (tell, told) = watch::channel(false);
        begun.push(told);
        running.spawn(Arc::clone(node).keep(supervisor, tell));
    }
    for mut told in begun {
        // Each has watched once, or failed to.
        let _ = told.wait_for(|is_begun| *is_begun).await;
    }
    if let Some(supervisor) = ready {
        supervisor.ready();
    }
    tracing::info!(nodes = section_names.join(", "), "All nodes are watched.");
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            () = reload.notified() => nodes.iter().for_each(|node| node.reload.notify_one()),
        }
    }
    if let Some(taking) = taking {
        // Before the state directory is unlocked: the next keeper's socket has the same name.
        let _ = timeout(ORDERS_END, taking).await;
    }
    while running.join_next().await.is_some() {}
    passing.abort();
    mouth.finish().await;
    let _ = page.await;
    drop(states.lock);
    tracing::info!("The keepers have ended.");
    Ok(())
}

impl Node {
    /// Runs its keeper for as long as the process runs.
    async fn keep(self: Arc<Self>, supervisor: Supervisor, begun: watch::Sender<bool>) {
        let mut own = supervisor.of_group();
        while !self.stop.is_cancelled() {
            let run = Arc::clone(&self).run_once(supervisor.of_group(), begun.clone());
            // A task of its own: a panic in it ends nothing else.
            let span = tracing::info_span!("node", name = self.name);
            let ended = tokio::spawn(run.instrument(span)).await;
            let why = match ended {
                Ok(Ok(())) => "its loop ended by itself".to_owned(),
                Ok(Err(error)) => format!("{error:#}"),
                Err(error) => format!("its task ended in a fault: {error}"),
            };
            self.doors.close(self.index);
            if self.stop.is_cancelled() {
                break;
            }
            let seconds = AGAIN.as_secs();
            tracing::error!(
                node = self.name,
                "The keeper of [node:{}] does not run, and is started anew in {seconds} s: {why}",
                self.name
            );
            self.set_fault(Some(why.clone()));
            begun.send_replace(true);
            let again = Instant::now() + AGAIN;
            while Instant::now() < again && !self.stop.is_cancelled() {
                // It is known to be down and is looked after: no loop hangs.
                own.judged(&format!("[node:{}] does not run: {why}", self.name));
                tokio::select! {
                    () = self.stop.cancelled() => {}
                    () = sleep(TICK) => {}
                }
            }
        }
    }

    async fn run_once(
        self: Arc<Self>,
        supervisor: Supervisor,
        begun: watch::Sender<bool>,
    ) -> anyhow::Result<()> {
        let (orders, ordered) = mpsc::channel(ORDERS_MAX);
        let load = reload::load_of(Arc::clone(&self.site), self.index);
        let config = self.config(&load).await;
        // What this run starts ends with it, however it ends.
        let stop = self.stop.child_token();
        let _ended = stop.clone().drop_guard();
        let place = Place {
            clock: self.clock,
            store: self.store.clone(),
            latch: self.latch(&config),
            show: self.show.clone(),
            pulse: self.facts.pulse(),
            orders: orders.clone(),
            line: Some(self.line.clone()),
            twin: Some(Twin {
                twins: self.twins.clone(),
                index: self.index,
                name: self.name.clone(),
            }),
            faults: Some((self.faults.clone(), self.index)),
            load,
            supervisor,
            stop: stop.clone(),
        };
        let (mut daemon, inbox) = Daemon::start(config, place).await?;
        self.doors.open(self.index, orders);
        tell_start(daemon.reload.config());
        self.set_fault(None);
        begun.send_replace(true);
        daemon.watch(inbox, ordered, &self.reload, &stop).await;
        self.doors.close(self.index);
        stop.cancel();
        daemon.end(None).await;
        Ok(())
    }

    /// What it began with; where it begins anew, what the file says now, if that can be taken. Then
    /// the channels are by that file too: perhaps no keeper ran that could have taken it.
    async fn config(&self, load: &reload::Load) -> Config {
        let started = || self.site.nodes[self.index].clone();
        if self.is_fresh() {
            return started();
        }
        let load = Arc::clone(load);
        let read = tokio::task::spawn_blocking(move || load()).await;
        let good = read.map(|read| {
            let can_start = |config: &Config| voice::can_start(config, self.clock);
            let speaks = |config: Box<Config>| can_start(&config).map(|()| config);
            read.and_then(|config| speaks(config).map_err(|error| format!("{error:#}")))
        });
        match good {
            Ok(Ok(config)) => {
                self.line.renew(&config);
                *config
            }
            Ok(Err(why)) => {
                tracing::warn!(
                    node = self.name,
                    why,
                    "It begins with the configuration of before."
                );
                started()
            }
            Err(_) => started(),
        }
    }

    fn latch(&self, config: &Config) -> Found {
        let state = states::State { store: self.store.clone(), barred: self.barred.clone() };
        state.latch(config)
    }

    fn is_fresh(&self) -> bool {
        self.fault().lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    fn set_fault(&self, fault: Option<String>) {
        *self.fault().lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    /// Why its keeper does not run.
    fn fault(&self) -> Fault {
        self.faults.of(self.index)
    }

    fn shown(&self) -> Shown {
        Shown { name: self.name.clone(), facts: self.facts.clone(), fault: self.fault() }
    }
}
