//! What speaks to people: the alarms with their channels, the bot, CloudWatch. Other channels are
//! taken by ending those there are and beginning anew with what the desk knows: two at once would
//! tell everything twice.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::Config;
use crate::core::action::Notice;
use crate::core::alarm::desk::Kept;
use crate::core::status::Status;
use crate::daemon::alarms::Alarms;
use crate::daemon::bot::{self, KeeperAnswers};
use crate::daemon::cloudwatch::{self, CloudWatch};
use crate::daemon::control::Request;
use crate::daemon::desk::Desk;
use crate::daemon::mouth::{Line, Voiced};
use crate::history::store::Store;

/// How long the channels may take for what waits when they end; the rest waits on disk.
const LAST_MESSAGES: Duration = Duration::from_secs(5);
/// Until channels that could not begin are tried again.
const AGAIN: Duration = Duration::from_secs(30);
/// Notices while the channels change: seconds of them, and the keeper makes a handful at the most.
const TOLD_MAX: usize = 64;

/// What the channels need of the daemon.
pub(super) struct Around {
    pub(super) clock: Clock,
    pub(super) store: Option<Arc<Store>>,
    pub(super) shown: watch::Receiver<Arc<Status>>,
    pub(super) orders: mpsc::Sender<Request>,
    pub(super) stop: CancellationToken,
    /// The way to the channels, where all nodes of the file share them.
    pub(super) line: Option<Line>,
}

/// What speaks, or is about to.
pub(super) struct Voice {
    around: Around,
    speaking: Option<Speaking>,
    /// The channels that end while others wait to begin.
    ending: JoinSet<Option<Kept>>,
    /// What happened in the meantime.
    told: Vec<Notice>,
}

/// Everything that was started for one configuration.
struct Speaking {
    alarms: Alarms,
    cloudwatch: CloudWatch,
    bot: JoinSet<()>,
    stop: CancellationToken,
}

impl Speaking {
    fn start(config: &Config, around: &Around, known: Option<Kept>) -> anyhow::Result<Self> {
        let stop = around.stop.child_token();
        if let Some(line) = &around.line {
            return Ok(Self::beside(config, around, line, known, stop));
        }
        let mut cloudwatch = CloudWatch::start(config, around.clock, around.shown.clone(), &stop)?;
        let outlet = cloudwatch.outlet(config);
        let alarms = Alarms::start(config, around.clock, around.store.as_ref(), outlet, known)?;
        cloudwatch.restore(config, alarms.known());
        let bot = start_bot(config, around, &alarms, &stop)?;
        Ok(Self { alarms, cloudwatch, bot, stop })
    }

    /// What is this node's own where the channels are those of all nodes.
    fn beside(
        config: &Config,
        around: &Around,
        line: &Line,
        known: Option<Kept>,
        stop: CancellationToken,
    ) -> Self {
        let alarms = Alarms::start_beside(config, around.store.as_ref(), line.clone(), known);
        line.speak(Voiced {
            node: config.settings.node.clone(),
            painter: alarms.past().0,
            answers: Arc::new(answers(config, around, &alarms)),
        });
        Self { alarms, cloudwatch: CloudWatch::none(), bot: JoinSet::new(), stop }
    }

    /// Delivers what can be delivered in a moment; the rest waits on disk.
    async fn finish(self) -> Option<Kept> {
        self.stop.cancel();
        let kept = self.alarms.desk_kept();
        self.bot.join_all().await;
        self.alarms.finish(LAST_MESSAGES).await;
        self.cloudwatch.finish().await;
        Some(kept)
    }
}

/// Starts Telegram's bot, where one is configured. It ends with `stop`.
fn start_bot(
    config: &Config,
    around: &Around,
    alarms: &Alarms,
    stop: &CancellationToken,
) -> anyhow::Result<JoinSet<()>> {
    let mut tasks = JoinSet::new();
    let Some(telegram) = &config.channels.telegram else { return Ok(tasks) };
    let (language, clock) = (config.alarm.language, around.clock);
    let answers = answers(config, around, alarms);
    bot::start(telegram, language, clock, Arc::new(answers), &mut tasks, stop)
        .map_err(anyhow::Error::msg)
        .context("[telegram]")?;
    Ok(tasks)
}

/// What the bot is answered with.
fn answers(config: &Config, around: &Around, alarms: &Alarms) -> KeeperAnswers {
    let (language, clock) = (config.alarm.language, around.clock);
    let (painter, reporter) = alarms.past();
    let (status, orders) = (around.shown.clone(), around.orders.clone());
    let desk = Desk { status: status.clone(), orders, painter, reporter, language, clock };
    KeeperAnswers::new(status, Some(Arc::new(desk)), language)
}

/// Whether another configuration changes what speaks.
pub(super) fn is_changed(before: &Config, after: &Config) -> bool {
    let judged = |config: &Config| {
        let settings = &config.settings;
        (settings.promotion.dry_run, settings.rules.behind_references_blocks)
    };
    before.channels != after.channels
        || before.alarm != after.alarm
        || before.report != after.report
        || judged(before) != judged(after)
}

/// Whether all that a configuration names can be set up; nothing is connected or sent.
///
/// # Errors
/// The first that cannot.
pub(super) fn can_start(config: &Config, clock: Clock) -> anyhow::Result<()> {
    super::channels::channels(config, clock)?;
    cloudwatch::can_start(config)
}

impl Voice {
    /// Starts every channel that is configured.
    ///
    /// # Errors
    /// The first that cannot be set up.
    pub(super) fn start(config: &Config, around: Around) -> anyhow::Result<Self> {
        let speaking = Some(Speaking::start(config, &around, None)?);
        Ok(Self { around, speaking, ending: JoinSet::new(), told: Vec::new() })
    }

    /// The alarms; `None` for the seconds in which the channels change.
    pub(super) fn alarms(&mut self) -> Option<&mut Alarms> {
        self.speaking.as_mut().map(|speaking| &mut speaking.alarms)
    }

    /// The keeper says that something happened.
    pub(super) fn hear(&mut self, notice: &Notice) {
        match &mut self.speaking {
            Some(speaking) => speaking.alarms.hear(notice),
            None if self.told.len() < TOLD_MAX => self.told.push(notice.clone()),
            None => tracing::error!("Too much happened while the channels change: {}", notice.text),
        }
    }

    /// Ends the channels there are; [`Self::ended`] comes within seconds, then [`Self::begin`].
    pub(super) fn end(&mut self) {
        if let Some(speaking) = self.speaking.take() {
            self.ending.spawn(speaking.finish());
        }
    }

    /// Waits for the end of channels that were told to end, and for ever where none was. Says what
    /// the desk knew, where that is not on disk alone.
    pub(super) async fn ended(&mut self) -> Option<Kept> {
        match self.ending.join_next().await {
            Some(Ok(known)) => known,
            Some(Err(error)) => {
                tracing::error!(%error, "A channel's task ended in a fault.");
                None
            }
            None => std::future::pending().await,
        }
    }

    /// Begins with what the desk knew. What was found good a moment ago and cannot be set up now is
    /// tried again.
    pub(super) fn begin(&mut self, config: &Config, known: Option<Kept>) {
        if let Some(line) = &self.around.line {
            line.renew(config);
        }
        match Speaking::start(config, &self.around, known.clone()) {
            Ok(mut speaking) => {
                self.told.drain(..).for_each(|notice| speaking.alarms.hear(&notice));
                self.speaking = Some(speaking);
            }
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "The channels cannot begin.");
                self.ending.spawn(async move {
                    sleep(AGAIN).await;
                    known
                });
            }
        }
    }

    /// Ends all of it.
    pub(super) async fn finish(mut self) {
        self.end();
        let all = async { while self.ending.join_next().await.is_some() {} };
        // Longer than what ends takes; what only waits for another try is cut off.
        let _ = timeout(LAST_MESSAGES * 3, all).await;
    }
}
