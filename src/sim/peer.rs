//! Keepers ask each other once a second, hand over, and share the lease.

use crate::core::action::{ActResult, Order};
use crate::core::event::{ApiFailure, Event};
use crate::core::handover::{PeerEvent, PeerSaid};
use crate::core::lease::LeaseEvent;
use crate::core::settings::Lease;
use crate::core::time::Mono;
use crate::sim::etcd::Written;
use crate::sim::net::Traffic;
use crate::sim::queue::{Happening, Question};
use crate::sim::scenario::peers_of;
use crate::sim::site::Site;
use crate::sim::world::World;

/// Between two questions to a peer, milliseconds.
const PEER_MS: u64 = 1_000;
/// Deadline of a message to a peer, milliseconds.
const PEER_DEADLINE_MS: u64 = 2_000;
/// Between two readings of a key that is not ours, milliseconds, and from a renewal that failed to
/// the next try; as in the daemon.
const READ_MS: u64 = 1_000;
const RENEW_AGAIN_MS: u64 = 250;
/// How long a slow etcd takes, milliseconds: beyond the deadline.
const ETCD_SLOW_MS: u64 = 3_000;

impl World<'_> {
    /// Asks a peer for its standing.
    pub(super) fn ask_peer(&mut self, site: Site, life: u32, index: u8) {
        self.queue.after(PEER_MS, Happening::Poll(site, life, Question::Peer(index)));
        let Some(peer) = peers_of(site).nth(index.into()) else { return };
        let now_ms = self.now_ms();
        let there = self.net.message(site, peer).first();
        let back = self.net.message(peer, site);
        let host = &self.hosts[peer.at()];
        let reached = there.filter(|ms| *ms <= PEER_DEADLINE_MS && host.runs());
        let answer = reached.zip(back.first());
        let (said, ms) = match (answer, &host.keeper) {
            (Some((there, back)), Some(keeper)) if there + back <= PEER_DEADLINE_MS => {
                let status = keeper.peer_status(host.clocks.now(now_ms));
                (PeerSaid::Status(Box::new(status)), there + back)
            }
            (_, None) if reached.is_none() && there.is_some() => {
                (PeerSaid::Silent("connection refused: nothing listens there".to_owned()), 20)
            }
            _ => (PeerSaid::Silent("no answer within the deadline".to_owned()), PEER_DEADLINE_MS),
        };
        let event = Event::Peer(PeerEvent { index: index.into(), said });
        self.queue.after(ms, Happening::Tell(site, life, Box::new(event)));
    }

    /// Gives the producer to a peer.
    pub(super) fn hand_over(&mut self, site: Site, life: u32, order: &Order) {
        let Some(handover) = order.handover.clone() else {
            let why = ActResult::Refused("the order names no handover".to_owned());
            return self.answer(site, life, order.id, why, 1);
        };
        let Some(to) = Site::signer(&handover.to).filter(|to| *to != site) else {
            let why = ActResult::Refused(format!("there is no peer {}", handover.to));
            return self.answer(site, life, order.id, why, 1);
        };
        let index = peers_of(to).position(|peer| peer == site).unwrap_or(0);
        let arrives = self.net.message(site, to);
        let to_life = self.hosts[to.at()].life;
        let runs = self.hosts[to.at()].runs();
        for ms in arrives.each() {
            let said = PeerSaid::Handover(handover.clone());
            let event = Box::new(Event::Peer(PeerEvent { index, said }));
            self.queue.after(ms, Happening::Tell(to, to_life, event));
        }
        let back = self.net.message(to, site).first();
        let result = match (arrives.first(), back) {
            (Some(there), Some(back)) if runs && there + back <= PEER_DEADLINE_MS => {
                (ActResult::Done(format!("{} has it", handover.to)), there + back)
            }
            _ => (ActResult::Failed("no answer within the deadline".to_owned()), PEER_DEADLINE_MS),
        };
        self.answer(site, life, order.id, result.0, result.1);
    }

    /// Asks the peer that signs for the producer.
    pub(super) fn ask_for_it(&mut self, site: Site, life: u32, order: &Order) {
        let named = order.handover.as_ref().and_then(|handover| Site::signer(&handover.to));
        let Some(to) = named.filter(|to| *to != site) else {
            let why = ActResult::Refused("the order names no peer".to_owned());
            return self.answer(site, life, order.id, why, 1);
        };
        let index = peers_of(to).position(|peer| peer == site).unwrap_or(0);
        let arrives = self.net.message(site, to).first();
        let Some(ms) = arrives.filter(|_| self.hosts[to.at()].runs()) else {
            let failed = ActResult::Failed("no answer within the deadline".to_owned());
            return self.answer(site, life, order.id, failed, PEER_DEADLINE_MS);
        };
        let said = PeerSaid::Ask("an operator".to_owned());
        let event = Box::new(Event::Peer(PeerEvent { index, said }));
        let to_life = self.hosts[to.at()].life;
        self.queue.after(ms, Happening::Tell(to, to_life, event));
        self.answer(site, life, order.id, ActResult::Done("asked".to_owned()), 2 * ms);
    }

    /// How long a question to etcd takes, there and back; `None`: no answer.
    fn etcd_ms(&mut self, site: Site) -> (bool, Option<u64>) {
        let there = self.net.message(site, Site::Etcd).first();
        let back = self.net.message(Site::Etcd, site).first();
        let slow_ms = if self.etcd.slow > 0 { ETCD_SLOW_MS } else { 0 };
        let reached = there.is_some() && self.etcd.has_quorum();
        let ms = there.zip(back).map(|(there, back)| there + back + slow_ms);
        let is_heard = reached && self.etcd.answers_lost == 0;
        (reached, ms.filter(|ms| is_heard && *ms <= Lease::DEFAULT.timeout_ms))
    }

    /// The lease's task comes round: renews what it holds, or reads.
    pub(super) fn ask_lease(&mut self, site: Site, life: u32) {
        let settings = Lease::DEFAULT;
        let asked = self.mono_of(site);
        let (reached, answer_ms) = self.etcd_ms(site);
        let now_ms = self.now_ms();
        let token = self.hosts[site.at()].lease.token;
        let pace_ms = match (token, answer_ms) {
            (None, Some(_)) => READ_MS,
            (Some(_), Some(ms)) => settings.renew_ms + ms,
            (Some(_), None) => settings.timeout_ms + RENEW_AGAIN_MS,
            (None, None) => settings.timeout_ms + READ_MS,
        };
        self.queue.after(pace_ms, Happening::Poll(site, life, Question::Lease));
        let mut lost = false;
        let event = match token {
            Some(token) => {
                let holds = reached && self.etcd.renew(token, now_ms, settings.ttl_ms);
                self.watch_lease();
                lost = reached && !holds;
                if holds {
                    LeaseEvent::Held { asked, token }
                } else {
                    LeaseEvent::Lost("etcd says that the lease is not ours".to_owned())
                }
            }
            None => LeaseEvent::Read { asked, record: self.etcd.read().cloned() },
        };
        match answer_ms {
            Some(ms) => {
                if lost {
                    self.hosts[site.at()].lease.token = None;
                } else if token.is_some() {
                    self.hosts[site.at()].lease.held_ms = Some(now_ms);
                }
                self.queue.after(ms, Happening::Tell(site, life, Box::new(Event::Lease(event))));
            }
            None => {
                let failed = Event::Lease(LeaseEvent::Failed(ApiFailure::AnswerTimeout));
                self.queue
                    .after(settings.timeout_ms, Happening::Tell(site, life, Box::new(failed)));
            }
        }
    }

    /// Takes the lease.
    pub(super) fn acquire(&mut self, site: Site, life: u32, order: &Order) {
        let settings = Lease::DEFAULT;
        let asked = self.mono_of(site);
        let (reached, answer_ms) = self.etcd_ms(site);
        let now_ms = self.now_ms();
        let written = reached.then(|| self.etcd.acquire(site.name(), now_ms, settings.ttl_ms));
        self.watch_lease();
        let (result, ms) = match (written, answer_ms) {
            (Some(Written::Done(token)), Some(ms)) => {
                let host = &mut self.hosts[site.at()];
                if host.life == life {
                    host.lease.token = Some(token);
                    host.lease.held_ms = Some(now_ms);
                }
                self.say(format!("{site} takes the lease ({token})"));
                self.poke();
                let held = Event::Lease(LeaseEvent::Held { asked, token });
                self.queue.after(ms, Happening::Tell(site, life, Box::new(held)));
                (ActResult::Done(format!("token {token}")), ms)
            }
            (Some(Written::Refused(why)), Some(ms)) => (ActResult::Refused(why), ms),
            _ => (ActResult::Failed("etcd did not answer".to_owned()), settings.timeout_ms),
        };
        self.answer(site, life, order.id, result, ms);
    }

    /// Lets go of the lease.
    pub(super) fn release(&mut self, site: Site, life: u32, order: &Order) {
        let (reached, answer_ms) = self.etcd_ms(site);
        let token = self.hosts[site.at()].lease.token.or(order.token);
        let written = match (reached, token) {
            (true, Some(token)) => Some(self.etcd.release(token, order.handover.clone())),
            (true, None) => Some(Written::Refused("no lease is held".to_owned())),
            (false, _) => None,
        };
        if matches!(written, Some(Written::Done(_))) {
            self.say(format!("{site} releases the lease"));
            self.poke();
        }
        let host = &mut self.hosts[site.at()];
        host.lease.token = None;
        host.lease.held_ms = None;
        let (result, ms) = match (written, answer_ms) {
            (Some(Written::Done(_)), Some(ms)) => (ActResult::Done("released".to_owned()), ms),
            (Some(Written::Refused(why)), Some(ms)) => (ActResult::Refused(why), ms),
            _ => (ActResult::Failed("etcd did not answer".to_owned()), Lease::DEFAULT.timeout_ms),
        };
        self.answer(site, life, order.id, result, ms);
    }

    /// Queues the end of the grant that runs.
    pub(super) fn watch_lease(&mut self) {
        if let Some((grant, ends)) = self.etcd.grant() {
            self.queue.at(ends, Happening::LeaseEnds(grant));
        }
    }

    pub(super) fn lease_ends(&mut self, grant: u64) {
        let now_ms = self.now_ms();
        if self.etcd.ends(grant, now_ms) {
            self.say("the lease lapses".to_owned());
            self.poke();
        } else if !self.etcd.has_quorum() && self.etcd.grant().is_some_and(|(id, _)| id == grant) {
            // Looked at again when there may be a quorum.
            self.queue.after(1_000, Happening::LeaseEnds(grant));
        }
    }

    /// etcd's stream tells those who read the key that it has changed; they read it again.
    fn poke(&mut self) {
        for site in Site::SIGNERS {
            let host = &self.hosts[site.at()];
            if host.lease.token.is_some() || !host.runs() {
                continue;
            }
            let (life, asked) = (host.life, self.mono_of(site));
            let (reached, answer_ms) = self.etcd_ms(site);
            if let (true, Some(ms)) = (reached, answer_ms) {
                let record = self.etcd.read().cloned();
                let event = Event::Lease(LeaseEvent::Read { asked, record });
                self.queue.after(ms, Happening::Tell(site, life, Box::new(event)));
            }
        }
    }

    fn mono_of(&self, site: Site) -> Mono {
        self.hosts[site.at()].clocks.now(self.now_ms()).mono
    }

    /// Whether a keeper hears another, soon and without loss.
    pub(super) fn is_well_heard(&self, one: Site, other: Site) -> bool {
        self.net.is_keen(one, other) && self.net.is_keen(other, one)
    }

    /// Whether two keepers hear each other.
    pub(super) fn hear_each_other(&self, one: Site, other: Site) -> bool {
        self.net.is_up(one, other, Traffic::Keepers) && self.net.is_up(other, one, Traffic::Keepers)
    }
}
