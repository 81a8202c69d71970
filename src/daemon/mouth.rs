//! What speaks for all nodes of a file: one outbox with one set of channels, and one bot, since a
//! token of Telegram's has one reader. Each node's desk makes its own messages, which name the node.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::bot::{self, KeeperAnswers};
use super::bot_of_all::{Answering, AnswersOfAll, OfNode};
use super::channels;
use super::common::{Left, Watched};
use super::faults::Faults;
use super::outbox::{Batch, Outbox, Outlet, Tools};
use super::pictures::Painter;
use crate::actions::notify::channel::Picture;
use crate::clock::Clock;
use crate::config::Config;
use crate::core::alarm::message::{Message, PictureKind};
use crate::core::status::ChannelStatus;
use crate::history::store::Store;

/// Batches that wait while the channels change: each node makes one a second at the most.
const BATCHES_MAX: usize = 1024;
/// How long the channels may take for what waits when they end; the rest waits on disk.
const LAST_MESSAGES: Duration = Duration::from_secs(5);
/// Until channels that could not begin are tried again.
const AGAIN: Duration = Duration::from_secs(30);

/// What a node gives to what is shared.
#[derive(Clone)]
pub(super) struct Voiced {
    /// The name its messages carry.
    pub(super) node: String,
    /// Draws its pictures.
    pub(super) painter: Painter,
    /// Answers for it.
    pub(super) answers: Arc<KeeperAnswers>,
}

/// What all lines share.
struct Shared {
    /// By the place of the node in the file; none until it speaks.
    nodes: Mutex<Vec<Option<Voiced>>>,
    /// What each watches of what is common, by its place.
    watched: Mutex<Vec<Watched>>,
    /// Which keepers do not run.
    faults: Faults,
    states: Mutex<Arc<Mutex<Vec<ChannelStatus>>>>,
    store: Option<Arc<Store>>,
}

/// A node's way to the outbox.
#[derive(Clone)]
pub(super) struct Line {
    index: usize,
    /// By what name the store keeps what the node's desk knows.
    desk: String,
    batches: mpsc::Sender<Batch>,
    /// The configuration that was taken last, by whichever node.
    renewals: watch::Sender<Arc<Config>>,
    shared: Arc<Shared>,
    lost: u64,
}

/// The task that speaks.
pub(super) struct Mouth {
    lines: Vec<Line>,
    task: JoinHandle<()>,
    stop: CancellationToken,
}

/// By what name the store of what is common keeps what the desk of a node knows.
pub(super) fn desk_of(name: &str) -> String {
    format!("desk:{name}")
}

impl Mouth {
    /// Starts the channels of a configuration, which are common to all `names`. That they can be set
    /// up was seen before.
    pub(super) fn start(
        config: &Config,
        names: &[String],
        faults: Faults,
        clock: Clock,
        store: Option<Arc<Store>>,
    ) -> Self {
        let (batches, inbox) = mpsc::channel(BATCHES_MAX);
        let (renewals, renewed) = watch::channel(Arc::new(config.clone()));
        let nodes = Mutex::new(vec![None; names.len()]);
        let watched = Mutex::new(vec![Watched::default(); names.len()]);
        let shared = Shared { nodes, watched, faults, states: Mutex::default(), store };
        let shared = Arc::new(shared);
        let line = |(index, name): (usize, &String)| Line {
            index,
            desk: desk_of(name),
            batches: batches.clone(),
            renewals: renewals.clone(),
            shared: Arc::clone(&shared),
            lost: 0,
        };
        let lines = names.iter().enumerate().map(line).collect();
        let stop = CancellationToken::new();
        let speaker = Speaker { config: config.clone(), clock, shared: Arc::clone(&shared) };
        let task = tokio::spawn(speaker.run(inbox, renewed, stop.clone()));
        Self { lines, task, stop }
    }

    /// The ways of the nodes, in their order.
    pub(super) fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Delivers what can be delivered in a moment; the rest waits on disk. To be called when the
    /// nodes have ended.
    pub(super) async fn finish(self) {
        self.stop.cancel();
        // Longer than what ends takes.
        let _ = timeout(LAST_MESSAGES * 3, self.task).await;
    }
}

impl Line {
    /// The node watches this of what is common to all.
    pub(super) fn watch(&self, watched: Watched) {
        if let Some(place) = lock(&self.shared.watched).get_mut(self.index) {
            *place = watched;
        }
    }

    /// What the node leaves to those before it that run.
    pub(super) fn left(&self) -> Left {
        let watched = lock(&self.shared.watched);
        let own = watched.get(self.index).cloned().unwrap_or_default();
        let before = watched.iter().take(self.index).enumerate();
        let running = before.filter(|(index, _)| self.shared.faults.runs(*index));
        Left { own, before: running.map(|(_, watched)| watched.clone()).collect() }
    }

    /// By what name the store keeps what the node's desk knows.
    pub(super) fn desk(&self) -> &str {
        &self.desk
    }

    /// The store of what is common.
    pub(super) fn store(&self) -> Option<&Store> {
        self.shared.store.as_deref()
    }

    /// The node speaks: for pictures, and for the bot.
    pub(super) fn speak(&self, voiced: Voiced) {
        if let Some(place) = lock(&self.shared.nodes).get_mut(self.index) {
            *place = Some(voiced);
        }
    }

    /// The node has taken a configuration that was read just now. Where it names other channels they
    /// are taken for all; any node may be the one that runs.
    pub(super) fn renew(&self, config: &Config) {
        self.renewals.send_replace(Arc::new(config.clone()));
    }

    pub(super) fn post(&mut self, batch: Batch) {
        if let Err(error) = self.batches.try_send(batch) {
            self.lost += 1;
            tracing::error!(lost = self.lost, %error, "The disk is stuck; messages were dropped.");
        }
    }

    pub(super) fn sender(&self) -> mpsc::Sender<Batch> {
        self.batches.clone()
    }

    pub(super) fn states(&self) -> Vec<ChannelStatus> {
        let states = Arc::clone(&lock(&self.shared.states));
        lock(&states).clone()
    }

    pub(super) fn runs(&self) -> bool {
        !self.batches.is_closed()
    }

    pub(super) const fn lost(&self) -> u64 {
        self.lost
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What was started for one configuration.
struct Speaking {
    outbox: Outbox,
    bot: JoinSet<()>,
    stop: CancellationToken,
}

struct Speaker {
    config: Config,
    clock: Clock,
    shared: Arc<Shared>,
}

impl Speaker {
    async fn run(
        mut self,
        mut batches: mpsc::Receiver<Batch>,
        mut renewals: watch::Receiver<Arc<Config>>,
        stop: CancellationToken,
    ) {
        let (mut speaking, mut next_try) = (self.begin(), Instant::now() + AGAIN);
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Ok(()) = renewals.changed() => {
                    let config = Config::clone(&renewals.borrow_and_update());
                    // Each node brings the file; the first that does is enough.
                    if speaking.is_none() || speaks_otherwise(&self.config, &config) {
                        // Two sets at once would tell everything twice.
                        end(speaking.take()).await;
                        self.config = config;
                        (speaking, next_try) = (self.begin(), Instant::now() + AGAIN);
                    }
                }
                () = sleep_until(next_try), if speaking.is_none() => {
                    (speaking, next_try) = (self.begin(), Instant::now() + AGAIN);
                }
                Some(batch) = batches.recv(), if speaking.is_some() => {
                    speaking = Self::post(speaking, batch).await;
                }
            }
        }
        while let Ok(batch) = batches.try_recv() {
            speaking = Self::post(speaking, batch).await;
        }
        end(speaking).await;
    }

    /// Gives a batch to the outbox; one whose task has ended is ended, and begun anew later.
    async fn post(speaking: Option<Speaking>, batch: Batch) -> Option<Speaking> {
        let mut speaking = speaking?;
        speaking.outbox.post(batch);
        if speaking.outbox.runs() {
            return Some(speaking);
        }
        tracing::error!("The task that sends messages has ended; it is begun anew.");
        end(Some(speaking)).await;
        None
    }

    fn begin(&self) -> Option<Speaking> {
        let speaking = self.start();
        speaking
            .map_err(|error| {
                tracing::error!(error = format!("{error:#}"), "The channels cannot begin.");
            })
            .ok()
    }

    fn start(&self) -> anyhow::Result<Speaking> {
        let (clock, config) = (self.clock, &self.config);
        let drawing = Arc::clone(&self.shared);
        let tools = Tools {
            store: self.shared.store.clone(),
            draw: Arc::new(move |kind, message| drawing.draw(kind, message)),
            clock: Arc::new(move || clock.now().wall),
            expire_ms: config.alarm.expire_ms,
        };
        let outlets = channels::channels(config, clock)?.into_iter();
        let outlets = outlets.map(|(channel, route)| Outlet { channel, route }).collect();
        let (stop, mut bot) = (CancellationToken::new(), JoinSet::new());
        if let Some(telegram) = &config.channels.telegram {
            let answers = AnswersOfAll(Arc::clone(&self.shared) as Arc<dyn OfNode>);
            bot::start(telegram, config.alarm.language, clock, Arc::new(answers), &mut bot, &stop)
                .map_err(anyhow::Error::msg)?;
        }
        let outbox = Outbox::start(outlets, tools);
        *lock(&self.shared.states) = outbox.shared_states();
        Ok(Speaking { outbox, bot, stop })
    }
}

/// Whether what all nodes share is another by this configuration.
fn speaks_otherwise(before: &Config, after: &Config) -> bool {
    before.channels != after.channels || before.alarm != after.alarm
}

async fn end(speaking: Option<Speaking>) {
    let Some(Speaking { outbox, bot, stop }) = speaking else { return };
    stop.cancel();
    bot.join_all().await;
    outbox.finish(LAST_MESSAGES).await;
}

impl Shared {
    /// The picture of a message, by the node it is about.
    fn draw(&self, kind: PictureKind, message: &Message) -> Option<Picture> {
        let painter = {
            let nodes = lock(&self.nodes);
            let own = nodes.iter().flatten().find(|voiced| voiced.node == message.node);
            own.map(|voiced| voiced.painter.clone())
        };
        painter?.of_message(kind, message)
    }
}

impl OfNode for Shared {
    fn each(&self) -> Vec<(String, Answering)> {
        let nodes = lock(&self.nodes);
        let one = |(index, voiced): (usize, &Option<Voiced>)| {
            let answering = match (self.faults.sentence(index), voiced) {
                (Some(why), _) => Err(why),
                (None, Some(voiced)) => Ok(Arc::clone(&voiced.answers)),
                (None, None) => return None,
            };
            // One that never spoke has said no name: then that of its section.
            let own = voiced.as_ref().map(|voiced| voiced.node.as_str());
            Some((own.or_else(|| self.faults.name(index))?.to_owned(), answering))
        };
        nodes.iter().enumerate().filter_map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config;

    /// What two nodes' file says, with these common sections.
    fn config(more: &str) -> Config {
        let text = format!(
            "[global]\nrole = F\nproducer_name = eosstorebest\n\
             [node:eos]\nhttp_port = 1\nlog_file = a.log\n\
             [node:wax]\nhttp_port = 2\nlog_file = b.log\n{more}"
        );
        let site = config::parse_site(Path::new("/etc/eoskeeper/config.ini"), &text).unwrap();
        site.common().clone()
    }

    fn names(line: &Line) -> Vec<String> {
        line.states().into_iter().map(|state| state.name).collect()
    }

    #[tokio::test]
    async fn other_channels_are_taken_from_whichever_node_brings_them() {
        let sections = ["eos", "wax"].map(str::to_owned);
        let webhook = config("[webhook]\nurl = http://127.0.0.1:1/\n");
        let faults = Faults::new(&sections);
        let mouth = Mouth::start(&webhook, &sections, faults, Clock::start(), None);
        let [eos, wax] = mouth.lines() else { panic!("two lines") };
        let until = async |line: &Line, expected: &str| {
            while names(line) != [expected] {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        until(eos, "webhook").await;
        let script = config("[script]\npath = /bin/true\n");
        for (bringer, config, expected) in
            [(wax, &script, "script"), (eos, &webhook, "webhook"), (wax, &webhook, "webhook")]
        {
            bringer.renew(config);
            let all = async { tokio::join!(until(eos, expected), until(wax, expected)) };
            timeout(Duration::from_secs(60), all).await.expect(expected);
        }
        mouth.finish().await;
    }

    #[tokio::test]
    async fn what_is_common_is_left_to_the_first_only_while_it_runs() {
        let (sections, config) = (["eos", "wax"].map(str::to_owned), config(""));
        let faults = Faults::new(&sections);
        let mouth = Mouth::start(&config, &sections, faults.clone(), Clock::start(), None);
        let [eos, wax] = mouth.lines() else { panic!("two lines") };
        for line in [eos, wax] {
            line.watch(Watched::of(&config.settings, Some("Bad.")));
            // The clock is not: there is no reference.
        }
        for (fault, expected) in [(None, true), (Some("an address is taken"), false), (None, true)]
        {
            *faults.of(0).lock().unwrap() = fault.map(str::to_owned);
            for cause in ["channel_failing", "config_refused", "host_cpu", "host_swap"] {
                assert_eq!(wax.left().has(cause), expected, "{cause}: {fault:?}");
                assert!(!eos.left().has(cause), "{cause}: {fault:?}");
            }
        }
        mouth.finish().await;
    }

    #[tokio::test]
    async fn the_bot_says_of_a_keeper_that_does_not_run_why() {
        let sections = ["eos", "wax"].map(str::to_owned);
        let faults = Faults::new(&sections);
        let mouth = Mouth::start(&config(""), &sections, faults.clone(), Clock::start(), None);
        let each = || mouth.lines()[0].shared.each();
        assert!(each().is_empty(), "neither has spoken");
        *faults.of(1).lock().unwrap() = Some("an address is taken".to_owned());
        let said = each();
        let [(name, Err(why))] = &said[..] else { panic!("the fault of one") };
        assert_eq!(name, "wax");
        assert!(why.contains("[node:wax] does not run") && why.contains("is taken"), "{why}");
        mouth.finish().await;
    }

    #[test]
    fn what_does_not_change_the_channels_begins_none_anew() {
        let before = config("[webhook]\nurl = http://127.0.0.1:1/\n");
        for (more, expected) in [
            ("[webhook]\nurl = http://127.0.0.1:1/\n", false),
            ("[webhook]\nurl = http://127.0.0.1:1/\n[rules]\nhead_stalled_seconds = 12\n", false),
            ("[webhook]\nurl = http://127.0.0.1:2/\n", true),
            ("[webhook]\nurl = http://127.0.0.1:1/\n[alarm]\nlanguage = zh\n", true),
            ("", true),
        ] {
            assert_eq!(speaks_otherwise(&before, &config(more)), expected, "{more}");
        }
    }
}
