//! What happens, in order: A signs, A is killed, B waits, B takes over.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::bail;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::core::time::Human;
use crate::demo::Node;

use super::Options;
use super::ask;
use super::chain_watch::ChainWatch;
use super::keepers::Keepers;
use super::stage::Stage;
use super::summary::Summary;
use super::timeline::{Remark, Timeline};

/// Between two looks at the chain: a tenth of a slot, so that A dies between two blocks.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Between two refreshes of the live line.
const LIVE_EVERY: Duration = Duration::from_millis(500);
/// The demo ends by itself after this long. Our turn begins after 8.5 s at most; B's proof comes 60 s
/// later, or its promotion is undone 73 s later.
const END_AFTER: Duration = Duration::from_secs(84);
/// Answers of keepers that wait to be shown.
const ANSWERS_MAX: usize = 64;

/// The story so far.
pub(super) struct Story {
    options: Options,
    timeline: Timeline,
    began: Instant,
    keepers: Keepers,
    chain: ChainWatch,
}

impl Story {
    /// A story that has not begun.
    pub(super) fn new(options: Options, timeline: Timeline) -> Self {
        Self {
            options,
            timeline,
            began: Instant::now(),
            keepers: Keepers::default(),
            chain: ChainWatch::default(),
        }
    }

    /// Plays it to its end.
    ///
    /// # Errors
    /// Why it did not end well.
    pub(super) async fn play(&mut self, stage: &Stage, dir: &Path) -> anyhow::Result<()> {
        self.timeline.head(&introduction(stage, dir))?;
        let (answers, mut inbox) = mpsc::channel(ANSWERS_MAX);
        let mut asking = JoinSet::new();
        for (node, address) in Node::ALL.into_iter().zip(stage.status) {
            asking.spawn(ask::watch(node, address, answers.clone()));
        }
        let mut looks = interval(LOOK_EVERY);
        let mut refreshes = interval(LIVE_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        refreshes.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !self.is_over() && self.began.elapsed() < END_AFTER {
            let remarks = tokio::select! {
                _ = looks.tick() => self.look(stage).await?,
                _ = refreshes.tick() => {
                    self.timeline.live(&self.state(stage))?;
                    continue;
                }
                Some((node, seen)) = inbox.recv() => self.keepers.hear(node, seen),
                error = stage.keeper_ended() => return Err(error),
            };
            for remark in remarks {
                self.timeline.tell(self.elapsed_ms(), &remark)?;
            }
        }
        self.finish(stage, dir)
    }

    /// Takes the live line away, however the story ended.
    pub(super) fn close(&mut self) -> std::io::Result<()> {
        self.timeline.wipe()
    }

    /// Whether B was shown to sign, or gave up.
    fn is_over(&self) -> bool {
        let b = self.keepers.of(Node::B).map(|seen| seen.decision.kind.as_str());
        matches!(b, Some("produce" | "step_down"))
    }

    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    async fn look(&mut self, stage: &Stage) -> anyhow::Result<Vec<Remark>> {
        if let Some(fault) = stage.network.take_fault() {
            return Err(fault.into());
        }
        let now_ms = self.elapsed_ms();
        Ok(self.chain.look(stage, self.options.kill_after_block, now_ms).await)
    }

    /// The state of things, on a terminal.
    fn state(&self, stage: &Stage) -> String {
        let head = stage.network.look(|chain| chain.head().clone());
        let mut text = format!("  head #{} by {:<12}", head.number, head.producer);
        for node in [Node::B, Node::C] {
            let Some(producer) = self.keepers.of(node).map(|seen| &seen.producer) else { continue };
            if let (Some(silent), Some(wait)) = (producer.silent_ms, producer.wait_ms) {
                // Writing to a String cannot fail.
                let _ = write!(text, "  {node}: silent {} of {} s", silent / 1000, wait / 1000);
            }
        }
        text
    }

    /// Counts, prints, and says whether it went well.
    fn finish(&mut self, stage: &Stage, dir: &Path) -> anyhow::Result<()> {
        let Some(marks) = self.chain.marks else {
            bail!("node A signed fewer blocks than expected; is this machine very busy?");
        };
        let b = self.keepers.of(Node::B);
        let took_over = b.is_some_and(|seen| seen.decision.kind == "produce");
        let waits = b.and_then(|seen| seen.producer.wait_ms);
        let keep = self.options.keep;
        let summary = Summary::of(stage, marks, took_over, waits, dir.to_owned(), keep);
        self.timeline.end(&summary)?;
        match (summary.fault(), b) {
            (None, _) => Ok(()),
            (Some(why), Some(b)) if !took_over => {
                bail!("{why}; its keeper is {}: {}", b.promotion.stage, b.decision.sentence)
            }
            (Some(why), _) => bail!("{why}"),
        }
    }
}

/// What stands above the timeline.
fn introduction(stage: &Stage, dir: &Path) -> String {
    let round_ms = stage.network.look(|chain| chain.schedule().round_ms());
    let mut text = format!(
        "Three simulated nodeos hold the key of {}, on a chain of three\n\
         producers: a round is {}, a turn 6 s. A signs, B and C are paused. Beside each\n\
         runs a real keeper, which reads its node's log and RPC and knows nothing of\n\
         the others. A will be killed in its turn.\n\n",
        stage.ours,
        Human(round_ms),
    );
    for (node, status) in Node::ALL.into_iter().zip(stage.status) {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "  {node}  {:<12}  RPC {}   keeper http://{status}",
            node.dialect().title(),
            stage.network.http_url(node),
        );
    }
    let _ = writeln!(text, "  Logs and configurations: {}", dir.display());
    text
}
