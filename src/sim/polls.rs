//! The questions a daemon asks in loops: its node, the references.

use crate::core::event::{ApiFailure, Event, ReferenceAnswer, ReferenceEvent};
use crate::core::schedule::Slot;
use crate::sim::faults::ReferenceFault;
use crate::sim::net::Traffic;
use crate::sim::node::Process;
use crate::sim::nodes::full_id;
use crate::sim::queue::{Happening, Question};
use crate::sim::site::Site;
use crate::sim::world::World;

/// The daemon's paces and deadlines, milliseconds: `get_info`, `get_producer_schedule`, `paused`, a
/// reference.
const INFO_MS: u64 = 1_000;
const SCHEDULE_MS: u64 = 30_000;
const SCHEDULE_SOON_MS: u64 = 2_000;
const PAUSED_MS: u64 = 3_000;
const REFERENCE_MS: u64 = 3_000;
const DEADLINE_MS: u64 = 5_000;
/// A reference is asked for a block id every tenth time: 30 s.
const BLOCK_EVERY: u64 = 10;

impl World<'_> {
    /// A loop of questions comes round.
    pub(super) fn poll(&mut self, site: Site, life: u32, question: Question) {
        if self.hosts[site.at()].life != life {
            return;
        }
        if !self.hosts[site.at()].runs() {
            self.queue.after(1_000, Happening::Poll(site, life, question));
            return;
        }
        match question {
            Question::Info | Question::Schedule | Question::Paused => {
                self.ask_node(site, life, question);
            }
            Question::Announced => self.ask_announced(site, life),
            Question::Reference(index) => self.ask_reference(site, life, index),
            Question::Peer(index) => self.ask_peer(site, life, index),
            Question::Lease => self.ask_lease(site, life),
        }
    }

    fn ask_node(&mut self, site: Site, life: u32, question: Question) {
        let node = &self.nodes[site.at()];
        if node.process == Process::Running && !node.answers() {
            self.queue.after(DEADLINE_MS, Happening::PollTimeout(site, life, question));
            return;
        }
        let answers = node.answers();
        let failure = ApiFailure::ConnectionRefused;
        let (event, pace) = match question {
            Question::Info => {
                let answer = if answers { Ok(self.info_of(site)) } else { Err(failure) };
                self.note_answer(site, answer.as_ref().ok().map(|info| info.head));
                (Event::Info(answer), INFO_MS)
            }
            Question::Schedule if answers => {
                let head = self.chain.get(self.nodes[site.at()].head).slot;
                (Event::Schedule(Ok(self.schedules.of(head).clone())), SCHEDULE_MS)
            }
            Question::Schedule => (Event::Schedule(Err(failure)), SCHEDULE_SOON_MS),
            _ => {
                let answer = if answers { Ok(self.nodes[site.at()].paused) } else { Err(failure) };
                (Event::Paused(answer), PAUSED_MS)
            }
        };
        self.tell(site, event);
        self.queue.after(pace, Happening::Poll(site, life, question));
    }

    /// `get_info` was answered, or not; a node that is back is asked for its schedule at once.
    fn note_answer(&mut self, site: Site, head: Option<u32>) {
        let now_ms = self.now_ms();
        let host = &mut self.hosts[site.at()];
        if host.answered.note(host.clocks.now(now_ms).mono, head) {
            self.queue.after(1, Happening::Poll(site, host.life, Question::Announced));
        }
    }

    /// The log announced another schedule, or the node is back: it is asked for out of turn, beside the
    /// loop, until the newest is active.
    fn ask_announced(&mut self, site: Site, life: u32) {
        let newest = self.schedules.newest().version;
        let mut known = None;
        if self.nodes[site.at()].answers() {
            let head = self.chain.get(self.nodes[site.at()].head).slot;
            let schedule = self.schedules.of(head).clone();
            known = Some(schedule.version);
            self.tell(site, Event::Schedule(Ok(schedule)));
        }
        if known != Some(newest) {
            let again = Happening::Poll(site, life, Question::Announced);
            self.queue.after(SCHEDULE_SOON_MS, again);
        }
    }

    /// A question had no answer within its deadline; its loop goes on.
    pub(super) fn timed_out(&mut self, site: Site, life: u32, question: Question) {
        if self.hosts[site.at()].life != life {
            return;
        }
        let failure = ApiFailure::AnswerTimeout;
        match question {
            Question::Schedule => self.tell(site, Event::Schedule(Err(failure))),
            Question::Info => {
                self.note_answer(site, None);
                self.tell(site, Event::Info(Err(failure)));
            }
            Question::Paused => self.tell(site, Event::Paused(Err(failure))),
            Question::Reference(index) => self.reference_failed(site, index, failure),
            Question::Announced | Question::Peer(_) | Question::Lease => {}
        }
        self.queue.after(1, Happening::Poll(site, life, question));
    }

    fn reference_failed(&mut self, site: Site, index: u8, failure: ApiFailure) {
        let answer = ReferenceAnswer::Info(Err(failure));
        self.tell(site, Event::Reference(ReferenceEvent { index: index.into(), answer }));
    }

    fn ask_reference(&mut self, site: Site, life: u32, index: u8) {
        let question = Question::Reference(index);
        let fault = self.references[usize::from(index)].last().copied();
        let reachable = self.net.is_up(site, Site::Many, Traffic::Keepers)
            && self.net.is_up(Site::Many, site, Traffic::Keepers);
        if !reachable || fault == Some(ReferenceFault::Slow) {
            self.queue.after(DEADLINE_MS, Happening::PollTimeout(site, life, question));
            return;
        }
        self.queue.after(REFERENCE_MS, Happening::Poll(site, life, question));
        if fault == Some(ReferenceFault::Down) {
            self.reference_failed(site, index, ApiFailure::ConnectionRefused);
            return;
        }
        let mut info = self.info_of(Site::Many);
        if fault == Some(ReferenceFault::Lagging) {
            info.head = info.head.saturating_sub(1_000);
            info.head_id = format!("{:064x}", info.head / 1_000);
            info.lib = info.lib.saturating_sub(1_000);
            info.lib_id = None;
        }
        if fault == Some(ReferenceFault::Lying) {
            info.lib_id = Some("f".repeat(64));
        }
        let index_at = usize::from(index);
        let answer = ReferenceAnswer::Info(Ok(info));
        self.tell(site, Event::Reference(ReferenceEvent { index: index_at, answer }));
        let turn = self.now_ms() / REFERENCE_MS;
        if turn % BLOCK_EVERY == u64::from(index) && fault != Some(ReferenceFault::Lagging) {
            let lib = self.chain.get(self.nodes[site.at()].head).lib_number;
            let id = if fault == Some(ReferenceFault::Lying) {
                Some("e".repeat(64))
            } else {
                self.id_of_the_many(lib)
            };
            let id = id.ok_or(ApiFailure::HttpStatus(500));
            let answer = ReferenceAnswer::BlockId { number: lib, id };
            self.tell(site, Event::Reference(ReferenceEvent { index: index_at, answer }));
        }
    }

    /// The id of the block of this number on the branch of most.
    fn id_of_the_many(&self, number: u32) -> Option<String> {
        let mut id = self.nodes[Site::Many.at()].head;
        loop {
            let block = self.chain.get(id);
            if block.number == number {
                return Some(full_id(id));
            }
            if block.number < number || block.parent == id || block.slot == Slot(0) {
                return None;
            }
            id = block.parent;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::faults::{Fault, ScheduleChange, What};
    use crate::sim::scenario::{Config, Mode, Scenario};

    /// So many loops of C ask for the schedule after what happened, each with its next question.
    fn loops(faults: Vec<Fault>) -> usize {
        let scenario = Scenario {
            about: String::new(),
            breaks: String::new(),
            strict: false,
            seed: 7,
            config: Config::plain(Mode::None, 4),
            length_ms: 100_000,
            faults,
        };
        let mut world = World::new(&scenario, &[]);
        world.run();
        let queued = std::iter::from_fn(|| world.queue.pop(u64::MAX));
        let asks = |what: &Happening| {
            matches!(
                what,
                Happening::Poll(Site::C, _, Question::Schedule)
                    | Happening::PollTimeout(Site::C, _, Question::Schedule)
            )
        };
        queued.filter(asks).count()
    }

    #[test]
    fn one_loop_asks_for_the_schedule_whatever_the_node_does() {
        let hangs = |at_ms, for_ms| Fault { at_ms, for_ms, what: What::HangApi { site: Site::C } };
        let how = ScheduleChange::Grown;
        let grows = |at_ms, for_ms| Fault { at_ms, for_ms, what: What::Schedule { how } };
        // It is asked for every 30 s, with a deadline of 5 s.
        for (name, faults) in [
            ("nothing happens", vec![]),
            ("it answers again before the deadline", vec![hangs(29_000, 2_000)]),
            ("it answers again after the deadline", vec![hangs(29_000, 20_000)]),
            ("a change while it answers", vec![grows(40_000, 30_000)]),
            ("a change while it hangs", vec![hangs(35_000, 20_000), grows(40_000, 30_000)]),
            ("two changes while it hangs", vec![hangs(35_000, 20_000), grows(40_000, 5_000)]),
        ] {
            assert_eq!(loops(faults), 1, "{name}");
        }
    }
}
