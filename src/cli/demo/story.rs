//! What happens, in order: A signs, A is killed, B waits, B takes over.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use anyhow::bail;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::core::schedule::{Slot, TURN_SLOTS, Turn};
use crate::core::time::Human;
use crate::demo::{Node, Signer};

use super::Options;
use super::ask::{self, Seen};
use super::stage::Stage;
use super::summary::{Marks, Summary};
use super::timeline::{Moment, Mood, Timeline};

/// Between two looks at the chain: a tenth of a slot, so that A dies between two blocks.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Looks between two refreshes of the live line.
const LIVE_EVERY_LOOKS: u32 = 10;
/// The demo ends by itself after this long. B is expected after 9 s at most until our turn, 54 s
/// until the turn it signs first, and 6 s until another producer builds on it: 69 s.
const END_AFTER: Duration = Duration::from_secs(88);
/// Answers of keepers that wait to be shown.
const ANSWERS_MAX: usize = 64;

/// The story so far.
pub(super) struct Story {
    options: Options,
    timeline: Timeline,
    began: Instant,
    /// Last answer of each keeper, in the order of [`Node::ALL`].
    seen: [Option<Seen>; Node::ALL.len()],
    /// Rules that fire, by keeper.
    firing: BTreeSet<(Node, String)>,
    killed: Option<Marks>,
    told_turn: Option<Turn>,
    told_first_block: bool,
}

impl Story {
    /// A story that has not begun.
    pub(super) fn new(options: Options, timeline: Timeline) -> Self {
        Self {
            options,
            timeline,
            began: Instant::now(),
            seen: [const { None }; Node::ALL.len()],
            firing: BTreeSet::new(),
            killed: None,
            told_turn: None,
            told_first_block: false,
        }
    }

    /// Plays it to its end.
    ///
    /// # Errors
    /// Why it did not end well.
    pub(super) async fn play(&mut self, stage: &Stage, dir: &Path) -> anyhow::Result<()> {
        self.open(stage, dir)?;
        let (answers, mut inbox) = mpsc::channel(ANSWERS_MAX);
        let mut asking = JoinSet::new();
        for (node, address) in Node::ALL.into_iter().zip(stage.status) {
            asking.spawn(ask::watch(node, address, answers.clone()));
        }
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut count = 0_u32;
        while !self.is_over() && self.began.elapsed() < END_AFTER {
            tokio::select! {
                _ = looks.tick() => {
                    self.look(stage).await?;
                    count = count.wrapping_add(1);
                    if count % LIVE_EVERY_LOOKS == 0 {
                        self.live(stage)?;
                    }
                }
                Some((node, seen)) = inbox.recv() => self.hear(node, seen)?,
                error = stage.keeper_ended() => return Err(error),
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
        let b = self.seen[1].as_ref().map(|seen| seen.decision.kind.as_str());
        matches!(b, Some("produce" | "step_down"))
    }

    fn tell(
        &mut self,
        who: &str,
        what: &'static str,
        kind: Option<&str>,
        mood: Mood,
        text: String,
    ) -> std::io::Result<()> {
        let at_ms = self.elapsed_ms();
        let kind = kind.map(str::to_owned);
        self.timeline.tell(&Moment { at_ms, who: who.to_owned(), what, kind, text, mood })
    }

    fn chain(&mut self, what: &'static str, mood: Mood, text: String) -> std::io::Result<()> {
        self.tell("chain", what, None, mood, text)
    }

    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn open(&mut self, stage: &Stage, dir: &Path) -> std::io::Result<()> {
        let round_ms = stage.network.look(|chain| chain.schedule().round_ms());
        let mut head = format!(
            "Three simulated nodeos hold the key of {ours} on a chain of three producers: a round \
             is {},\na turn 6 s. A signs, B and C are paused. Beside each runs a real keeper that \
             reads its node's\nlog and RPC and knows nothing of the others. A will be killed.\n",
            Human(round_ms),
            ours = stage.ours,
        );
        for (node, status) in Node::ALL.into_iter().zip(stage.status) {
            head.push_str(&format!(
                "\n  {node}  {:<13} RPC {}  status http://{status}/api/status",
                node.dialect().title(),
                stage.network.http_url(node),
            ));
        }
        head.push_str(&format!("\n  Logs and configurations: {}\n", dir.display()));
        self.timeline.head(&head)
    }

    /// What the chain shows.
    async fn look(&mut self, stage: &Stage) -> anyhow::Result<()> {
        if let Some(fault) = stage.network.take_fault() {
            return Err(fault.into());
        }
        self.tell_turns(stage)?;
        match self.killed {
            None => self.kill_if_due(stage).await?,
            Some(marks) => self.look_at_b(stage, marks)?,
        }
        Ok(())
    }

    /// Kills A when it has signed the block that was asked for.
    async fn kill_if_due(&mut self, stage: &Stage) -> std::io::Result<()> {
        let first = stage.turn.first_slot();
        let (signed, last) = stage.network.look(|chain| {
            let ledger = chain.ledger();
            let last = ledger.last().map_or(first, |record| record.slot);
            (ledger.tally(stage.ours, first).signed, last)
        });
        if signed < self.options.kill_after_block {
            return Ok(());
        }
        stage.network.kill(Node::A).await;
        let marks =
            Marks { killed_ms: self.elapsed_ms(), first_slot: Slot(last.0 + 1), resumed_ms: None };
        self.killed = Some(marks);
        let text = format!(
            "Node A is killed after block {signed} of its turn: its log ends, its port is closed."
        );
        self.chain("killed", Mood::Bad, text)
    }

    /// Says when B's nodeos is resumed, and when it signs.
    fn look_at_b(&mut self, stage: &Stage, mut marks: Marks) -> std::io::Result<()> {
        let (paused, first) = stage.network.look(|chain| {
            let first = chain.ledger().first_signed(Signer::Node(Node::B), marks.first_slot);
            (chain.is_paused(Node::B), first)
        });
        if marks.resumed_ms.is_none() && !paused {
            marks.resumed_ms = Some(self.elapsed_ms());
            self.killed = Some(marks);
            let text = "Node B is resumed by its keeper, through nodeos's producer API.";
            self.chain("resumed", Mood::Good, text.to_owned())?;
        }
        if let Some(slot) = first.filter(|_| !self.told_first_block) {
            self.told_first_block = true;
            let text = format!("Node B signs its first block, for {}.", slot.time());
            self.chain("first_block", Mood::Good, text)?;
        }
        Ok(())
    }

    /// Says what came of each of our turns that is over.
    fn tell_turns(&mut self, stage: &Stage) -> std::io::Result<()> {
        let tally = stage.network.look(|chain| {
            let last = chain.ledger().last()?.slot;
            let over = if last.in_turn() + 1 == TURN_SLOTS { last.turn().0 } else { last.turn().0 - 1 };
            let rounds = 0..chain.schedule().producers.len() as u32;
            let turn = rounds
                .map(|ago| Turn(over.saturating_sub(ago)))
                .find(|turn| chain.schedule().owner_of_turn(*turn) == Some(stage.ours))?;
            let is_watched = turn >= stage.turn;
            let mut tally = chain.ledger().tally(stage.ours, turn.first_slot());
            // A turn of ours that is running is not among those that are over.
            tally.owed = tally.owed.min(TURN_SLOTS);
            is_watched.then_some((turn, tally))
        });
        let Some((turn, tally)) = tally.filter(|(turn, _)| self.told_turn < Some(*turn)) else {
            return Ok(());
        };
        self.told_turn = Some(turn);
        let mood = if tally.lost == 0 { Mood::Good } else { Mood::Bad };
        let text = format!(
            "The turn of {} is over: {} of {} blocks signed, {} lost.",
            stage.ours, tally.signed, tally.owed, tally.lost
        );
        self.chain("turn", mood, text)
    }

    /// What a keeper says.
    fn hear(&mut self, node: Node, seen: Seen) -> std::io::Result<()> {
        let before = self.seen[node.letter() as usize - 'A' as usize].replace(seen.clone());
        self.tell_decision(node, before.as_ref(), &seen)?;
        self.tell_producer_gate(node, before.as_ref(), &seen)?;
        self.tell_findings(node, &seen)
    }

    fn tell_decision(
        &mut self,
        node: Node,
        before: Option<&Seen>,
        seen: &Seen,
    ) -> std::io::Result<()> {
        let decision = &seen.decision;
        if before.is_some_and(|b| {
            b.decision.kind == decision.kind && b.decision.hold == decision.hold
        }) {
            return Ok(());
        }
        let mood = match decision.kind.as_str() {
            "act" | "verify" | "step_down" => Mood::Warn,
            "alarm" => Mood::Bad,
            "produce" => Mood::Good,
            _ => Mood::Plain,
        };
        let kind = decision.hold.as_ref().unwrap_or(&decision.kind);
        self.tell(&node.to_string(), "decision", Some(kind), mood, decision.sentence.clone())
    }

    /// What a standby sees of the producer, where another gate is its decision.
    fn tell_producer_gate(
        &mut self,
        node: Node,
        before: Option<&Seen>,
        seen: &Seen,
    ) -> std::io::Result<()> {
        let of = |seen: &Seen| seen.gates.iter().find(|gate| gate.name == "producer").cloned();
        let (Some(now), before) = (of(seen), before.and_then(of)) else { return Ok(()) };
        let is_same = before.is_some_and(|before| before.closed == now.closed);
        if is_same || now.closed.is_none() || now.closed == seen.decision.hold {
            return Ok(());
        }
        self.tell(&node.to_string(), "gate", now.closed.as_deref(), Mood::Plain, now.sentence)
    }

    fn tell_findings(&mut self, node: Node, seen: &Seen) -> std::io::Result<()> {
        for finding in &seen.findings {
            let key = (node, finding.rule.clone());
            let is_new = finding.state == "firing" && finding.severity != "info";
            if !is_new {
                self.firing.remove(&key);
                continue;
            }
            if self.firing.insert(key) {
                let mood = if finding.severity == "page" { Mood::Bad } else { Mood::Warn };
                let text = format!("Finding: {}.", finding.saw);
                self.tell(&node.to_string(), "finding", Some(&finding.rule), mood, text)?;
            }
        }
        Ok(())
    }

    /// The state of things, on a terminal.
    fn live(&mut self, stage: &Stage) -> std::io::Result<()> {
        let head = stage.network.look(|chain| chain.head().clone());
        let mut text = format!("  head #{} by {:<12}", head.number, head.producer);
        for (node, seen) in [Node::B, Node::C].into_iter().zip(&self.seen[1..]) {
            let Some(seen) = seen else { continue };
            if let (Some(silent), Some(wait)) = (seen.producer.silent_ms, seen.producer.wait_ms) {
                text.push_str(&format!("  {node} silent {} of {} s", silent / 1000, wait / 1000));
            }
        }
        self.timeline.live(&text)
    }

    /// Counts, prints, and says whether it went well.
    fn finish(&mut self, stage: &Stage, dir: &Path) -> anyhow::Result<()> {
        let Some(marks) = self.killed else {
            bail!("node A signed fewer blocks than expected; is this machine very busy?");
        };
        let b = self.seen[1].as_ref();
        let took_over = b.is_some_and(|seen| seen.decision.kind == "produce");
        let waits = b.and_then(|seen| seen.producer.wait_ms);
        let keep = self.options.keep;
        let summary = Summary::of(stage, marks, took_over, waits, dir.to_owned(), keep);
        self.timeline.end(&summary)?;
        match (summary.fault(), b) {
            (None, _) => Ok(()),
            (Some(why), Some(seen)) if !took_over => {
                bail!(
                    "{why} within {} s; its keeper is {}: {}",
                    END_AFTER.as_secs(),
                    seen.promotion.stage,
                    seen.decision.sentence
                )
            }
            (Some(why), _) => bail!("{why}"),
        }
    }
}
