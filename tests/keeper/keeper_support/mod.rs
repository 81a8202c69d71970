//! A chain in virtual time around one keeper: slots pass, producers sign or not, and the keeper is
//! told what its node would have told it.

pub mod pair;

use eoskeeper::core::action::{Act, ActResult, Action, Latch, Notice, Order, Outcome};
use eoskeeper::core::event::{
    ApiFailure, ChainInfo, Event, EventName, LogEvent, LogSourceEvent, OtherLines, ReferenceAnswer,
    ReferenceEvent, ShortId,
};
use eoskeeper::core::handover::{PeerEvent, PeerSaid, PeerStatus, Signing, Taken, TakenState};
use eoskeeper::core::keeper::Keeper;
use eoskeeper::core::lease::{LeaseEvent, LeaseRecord};
use eoskeeper::core::name::Name;
use eoskeeper::core::schedule::{SLOT_MS, Schedule, Slot, TURN_SLOTS};
use eoskeeper::core::settings::{Role, Settings};
use eoskeeper::core::time::{Mono, Now, Timestamp};

pub const BP: &str = "eosstorebest";
const CHAIN_ID: &str = "aca376f206b8fc25a6ed44dbdc66547c36c6c33e3a119ffbeaef943642f0e906";

pub fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// What the world does to the node and the chain; every field may change while it runs.
#[derive(Clone, Debug)]
pub struct Knobs {
    /// The active node signs our turns.
    pub active_signs: bool,
    /// Slots of our turn the active node signs, when it does not sign all of them.
    pub active_slots: u32,
    /// Producers other than ours that sign.
    pub others_sign: bool,
    /// The producer after ours signs.
    pub neighbour_signs: bool,
    /// Every how many turns of others is one signed; 1: all.
    pub others_every: u32,
    /// Our node gets the others' blocks.
    pub connected: bool,
    /// The RPC answers.
    pub api: bool,
    /// The RPC tells the schedule when it answers.
    pub schedule: bool,
    /// The log shows lines of blocks.
    pub log: bool,
    /// The last irreversible block moves.
    pub lib_moves: bool,
    /// Our node is paused.
    pub paused: bool,
    /// Our producer is in the schedule.
    pub scheduled: bool,
    /// A node that is not paused really signs.
    pub promote_works: bool,
    /// What orders come back with; `None`: nothing ever.
    pub answer: Option<ActResult>,
    /// What the order to sign comes back with in its place.
    pub promote_answer: Option<ActResult>,
    /// A node that is told to stop does.
    pub pause_works: bool,
    /// What writes of the latch come back with.
    pub save_answer: ActResult,
    /// How many of the references tell the chain as it is.
    pub honest: usize,
    /// The references' own chain goes on.
    pub references_move: bool,
    /// How many of the references have a block of ours as their head.
    pub references_show_ours: usize,
    /// Writes of the latch do not come back; their numbers are kept in `hung_saves`.
    pub saves_hang: bool,
}

pub struct World {
    pub keeper: Keeper,
    pub now: Now,
    pub knobs: Knobs,
    pub schedule: Schedule,
    /// Milliseconds since the start.
    pub elapsed_ms: u64,
    /// Head of the chain that the references see.
    world_head: u32,
    head: u32,
    head_time: Timestamp,
    head_producer: Name,
    lib: u32,
    pub orders: Vec<(u64, Order)>,
    pub latches: Vec<Latch>,
    pub notices: Vec<Notice>,
    /// Decisions as they changed: when, and which.
    pub decisions: Vec<(u64, String)>,
    pub remote_promoted: bool,
    /// Writes of the latch that have not come back.
    pub hung_saves: Vec<u64>,
    /// What the keeper of node `b` (of `a` for a standby) says every second, but for its chain.
    pub peer: Option<PeerStatus>,
    /// What etcd says every second.
    pub lease: Option<LeaseSays>,
}

impl World {
    /// A world with this many producers, ours the second, that starts at the first slot of a round.
    pub fn new(role: Role, producers: u32) -> Self {
        Self::with(Settings::new(role, name(BP)), producers, Ok(None))
    }

    pub fn armed(role: Role, producers: u32) -> Self {
        Self::with(armed(role), producers, Ok(None))
    }

    pub fn with(settings: Settings, producers: u32, latch: Result<Option<Latch>, String>) -> Self {
        let mut names: Vec<Name> =
            (0..producers - 1).map(|i| name(&format!("other{}", letters(i)))).collect();
        names.insert(1, name(BP));
        let schedule = Schedule { version: 1, producers: names };
        // Turn numbers that are a multiple of every schedule size used here.
        let start = Slot(84 * TURN_SLOTS * 2000).time();
        let now = Now { mono: Mono::from_ms(1_000_000), wall: start };
        Self {
            keeper: Keeper::new(settings, now, latch),
            now,
            knobs: Knobs {
                active_signs: true,
                active_slots: TURN_SLOTS,
                others_sign: true,
                neighbour_signs: true,
                others_every: 1,
                connected: true,
                api: true,
                schedule: true,
                log: true,
                lib_moves: true,
                paused: true,
                scheduled: true,
                promote_works: true,
                answer: Some(ActResult::Done("ok".to_owned())),
                promote_answer: None,
                pause_works: true,
                save_answer: ActResult::Done(String::new()),
                honest: usize::MAX,
                references_move: true,
                references_show_ours: 0,
                saves_hang: false,
            },
            schedule,
            elapsed_ms: 0,
            world_head: 1000,
            head: 1000,
            head_time: start,
            head_producer: name("othera"),
            lib: 990,
            orders: Vec::new(),
            latches: Vec::new(),
            notices: Vec::new(),
            decisions: Vec::new(),
            remote_promoted: false,
            hung_saves: Vec::new(),
            peer: None,
            lease: None,
        }
    }

    /// Runs for so many seconds.
    pub fn run(&mut self, seconds: u64) -> &mut Self {
        for _ in 0..seconds * 2 {
            self.slot();
        }
        self
    }

    /// Runs until our producer has been silent for so many seconds.
    pub fn run_to_silence(&mut self, seconds: u64) {
        let silent = |w: &Self| w.keeper.status(w.now).producer.silent_ms.unwrap_or(0);
        while silent(self) < seconds * 1000 {
            self.run(1);
        }
    }

    /// Runs until the decision has this code, at most so many seconds; true when it came.
    pub fn run_until(&mut self, code: &str, seconds: u64) -> bool {
        for _ in 0..seconds * 2 {
            self.slot();
            if self.code() == code {
                return true;
            }
        }
        false
    }

    /// The decision as `kind` or `hold:reason`.
    pub fn code(&self) -> String {
        let decision = self.keeper.decision();
        let text = |value: serde_json::Value| value.as_str().unwrap().to_owned();
        match decision.hold {
            Some(hold) => format!("hold:{}", text(serde_json::to_value(hold).unwrap())),
            None => text(serde_json::to_value(decision.kind).unwrap()),
        }
    }

    pub fn acts(&self) -> Vec<Act> {
        self.orders.iter().map(|(_, order)| order.act).collect()
    }

    pub fn told(&self, key: &str) -> usize {
        self.notices.iter().filter(|n| n.key == key).count()
    }

    pub fn fires(&self, rule: &str) -> bool {
        use eoskeeper::core::rules::State;
        self.keeper.findings().iter().any(|f| f.rule.as_str() == rule && f.state == State::Firing)
    }

    /// Jumps: the clocks move on by these, and nothing happens in between.
    pub fn jump(&mut self, mono_ms: u64, wall_ms: i64) {
        self.now = Now { mono: self.now.mono + mono_ms, wall: self.now.wall.plus_ms(wall_ms) };
    }

    #[allow(clippy::needless_pass_by_value, reason = "reads better where events are made")]
    pub fn tell(&mut self, event: Event) {
        self.keeper.record(self.now, &event);
    }

    /// A block of ours, signed by another node, reaches this one.
    pub fn received_ours(&mut self, number: u32, time: Timestamp, id: u64) {
        let mut line = LogEvent::new(EventName::BlockReceived);
        line.block = Some(number);
        line.block_time = Some(time);
        line.block_id = Some(ShortId(id));
        line.producer = Some(name(BP));
        self.tell(Event::Log(line));
    }

    /// Runs for one slot.
    pub fn run_slot(&mut self) {
        self.slot();
    }

    fn slot(&mut self) {
        self.now = self.now.plus_ms(SLOT_MS as u64);
        self.elapsed_ms += SLOT_MS as u64;
        if self.elapsed_ms == SLOT_MS as u64 {
            self.tell(Event::LogSource(LogSourceEvent::Following { what: "node.log".to_owned() }));
        }
        self.block_of_slot();
        if self.elapsed_ms.is_multiple_of(1000) {
            self.poll();
            let actions = self.keeper.tick(self.now);
            self.carry_out(actions);
            let code = self.code();
            if self.decisions.last().is_none_or(|(_, last)| *last != code) {
                self.decisions.push((self.elapsed_ms / 1000, code));
            }
        }
    }

    fn block_of_slot(&mut self) {
        let slot = Slot::at(self.now.wall);
        let owner = self.schedule.owner(slot).unwrap();
        let here =
            owner == name(BP) && !self.knobs.paused && self.knobs.api && self.knobs.promote_works;
        let active = owner == name(BP)
            && (self.knobs.active_signs || self.remote_promoted)
            && slot.in_turn() < self.knobs.active_slots;
        let others = owner != name(BP)
            && self.knobs.others_sign
            && (self.knobs.neighbour_signs || self.schedule.producers.get(2) != Some(&owner))
            && slot.turn().0.is_multiple_of(self.knobs.others_every);
        if !(here || self.knobs.connected && (active || others)) {
            return;
        }
        self.head += 1;
        self.head_time = slot.time();
        self.head_producer = owner;
        if self.knobs.lib_moves {
            self.lib = self.head - 2;
        }
        if self.knobs.log {
            let event = if here { EventName::BlockProduced } else { EventName::BlockReceived };
            let mut line = LogEvent::new(event);
            line.block = Some(self.head);
            line.block_time = Some(slot.time());
            line.block_id = Some(ShortId(u64::from(self.head)));
            line.producer = Some(owner);
            line.lib = Some(self.lib);
            self.tell(Event::Log(line));
        }
    }

    /// The references, of which the dishonest ones are on a fork, far ahead.
    fn ask_references(&mut self) {
        if self.knobs.references_move && (self.knobs.others_sign || !self.knobs.connected) {
            self.world_head += 2;
        }
        if self.knobs.connected {
            self.world_head = self.head;
        }
        for index in 0..self.keeper.settings().references.names.len() {
            let is_honest = index < self.knobs.honest;
            let head = if is_honest { self.world_head } else { self.world_head + 100_000 };
            let lib_id = if is_honest { "honest" } else { "forked" };
            let info = ChainInfo {
                chain_id: Some(CHAIN_ID.to_owned()),
                head,
                head_id: format!("{head:064x}"),
                head_time: self.now.wall,
                head_producer: if index < self.knobs.references_show_ours {
                    name(BP)
                } else {
                    name("othera")
                },
                lib: self.lib,
                lib_id: Some(lib_id.to_owned()),
                version: None,
            };
            let answer = ReferenceAnswer::Info(Ok(info));
            self.tell(Event::Reference(ReferenceEvent { index, answer }));
        }
    }

    /// The peer, on the same chain as we are while both are connected.
    fn hear_others(&mut self) {
        if let Some(mut peer) = self.peer.clone() {
            peer.at = self.now.wall;
            peer.head = Some(self.world_head);
            peer.lib = Some(self.world_head - 2);
            peer.head_time = Some(self.now.wall);
            let said = PeerSaid::Status(Box::new(peer));
            self.tell(Event::Peer(PeerEvent { index: 0, said }));
        }
        let asked = self.now.mono;
        match self.lease.clone() {
            None => {}
            Some(LeaseSays::Held(token)) => {
                self.tell(Event::Lease(LeaseEvent::Held { asked, token }));
            }
            Some(LeaseSays::Read(record)) => {
                self.tell(Event::Lease(LeaseEvent::Read { asked, record }));
            }
            Some(LeaseSays::Failed) => {
                self.tell(Event::Lease(LeaseEvent::Failed(ApiFailure::AnswerTimeout)));
            }
        }
    }

    fn poll(&mut self) {
        self.ask_references();
        self.hear_others();
        if !self.knobs.api {
            self.tell(Event::Info(Err(ApiFailure::ConnectionRefused)));
            return;
        }
        let mut schedule = self.schedule.clone();
        if !self.knobs.scheduled {
            schedule.producers.retain(|n| *n != name(BP));
        }
        let told = self.knobs.schedule.then_some(schedule).ok_or(ApiFailure::AnswerTimeout);
        self.tell(Event::Schedule(told));
        self.tell(Event::Paused(Ok(self.knobs.paused)));
        let info = ChainInfo {
            chain_id: Some(CHAIN_ID.to_owned()),
            head: self.head,
            head_id: format!("{:064x}", self.head),
            head_time: self.head_time,
            head_producer: self.head_producer,
            lib: self.lib,
            lib_id: Some("honest".to_owned()),
            version: Some("v4.1.0".to_owned()),
        };
        self.tell(Event::Info(Ok(info)));
    }

    fn carry_out(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::SaveLatch { id, latch } => {
                    self.latches.push(latch);
                    if self.knobs.saves_hang {
                        self.hung_saves.push(id);
                        continue;
                    }
                    let result = self.knobs.save_answer.clone();
                    self.tell(Event::Outcome(Outcome { id, result }));
                }
                Action::Act(order) => {
                    let own = self.knobs.promote_answer.clone();
                    let own = own.filter(|_| order.act == Act::Promote);
                    let result = own.or_else(|| self.knobs.answer.clone());
                    let done = matches!(result, Some(ActResult::Done(_)));
                    match order.act {
                        Act::Promote if done => {
                            self.knobs.paused = false;
                        }
                        Act::Demote if done => self.knobs.paused |= self.knobs.pause_works,
                        Act::PromoteRemote if done => {
                            self.remote_promoted = self.knobs.promote_works;
                        }
                        Act::HandOver if done => {
                            self.remote_promoted = self.knobs.promote_works;
                            self.taken_up(&order);
                        }
                        Act::AcquireLease if done => {
                            self.lease = Some(LeaseSays::Held(self.orders.len() as u64 + 100));
                            self.hear_others();
                        }
                        Act::ReleaseLease if done => {
                            let released = order.handover.clone();
                            let holder = self.keeper.settings().node.clone();
                            let record = LeaseRecord { holder, token: 99, released };
                            self.lease = Some(LeaseSays::Read(Some(record)));
                            self.hear_others();
                        }
                        _ => {}
                    }
                    let id = order.id;
                    self.orders.push((self.elapsed_ms / 1000, order));
                    if let Some(result) = result {
                        self.tell(Event::Outcome(Outcome { id, result }));
                    }
                }
                Action::Alarm(notice) => self.notices.push(notice),
            }
        }
    }

    /// The peer signs now, if it does what it is told.
    fn taken_up(&mut self, order: &Order) {
        let given = order.handover.as_ref().map(|given| given.id.clone());
        if let (Some(peer), Some(id), true) = (&mut self.peer, given, self.knobs.promote_works) {
            (peer.signing, peer.ready) = (Signing::Yes, false);
            let sentence = "It was resumed.".to_owned();
            peer.taken = Some(Taken { id, state: TakenState::Resumed, sentence });
        }
    }

    pub fn other_lines(&mut self, count: u64, last: &str) {
        self.tell(Event::OtherLines(OtherLines { count, last: last.to_owned() }));
    }
}

/// What etcd says.
#[derive(Clone, Debug)]
pub enum LeaseSays {
    /// Ours, with this token.
    Held(u64),
    /// Not ours: the key, or none.
    Read(Option<LeaseRecord>),
    /// Nothing.
    Failed,
}

/// The keeper of another node, as it speaks while all is well.
pub fn peer(node: &str, role: Role, signing: Signing) -> PeerStatus {
    PeerStatus {
        node: node.to_owned(),
        role,
        producer: name(BP),
        chain_id: Some(CHAIN_ID.to_owned()),
        at: Timestamp::default(),
        signing,
        signing_since: None,
        ready: signing == Signing::No,
        sentence: "The producer signs.".to_owned(),
        head: None,
        head_time: None,
        lib: None,
        head_moves: true,
        last_own: None,
        maintenance_until: None,
        taken: None,
        version: None,
        refused: None,
    }
}

/// Settings of a role with a way to act.
pub fn armed(role: Role) -> Settings {
    let mut settings = Settings::new(role, name(BP));
    settings.promotion.configured = true;
    settings.promotion.can_demote = true;
    settings
}

fn letters(i: u32) -> String {
    let letter = |i: u32| char::from(b'a' + (i % 26) as u8);
    if i < 26 { letter(i).to_string() } else { format!("{}{}", letter(i / 26), letter(i)) }
}
