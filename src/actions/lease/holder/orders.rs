//! Taking the lease and letting go of it.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Held, Holder, Learnt};
use crate::actions::lease::key::{Change, Changed, Expect, Found};
use crate::actions::lease::{Asked, record};
use crate::core::action::{Act, ActResult, Order};
use crate::core::event::ApiFailure;
use crate::core::handover::Handover;
use crate::core::lease::{LeaseEvent, LeaseRecord};

/// How often a question is repeated whose answer decides what an order came to.
const TRIES: u32 = 2;
/// Between two of them.
const AGAIN: Duration = Duration::from_millis(200);

/// An order that was carried out, and a lease of etcd's nobody needs any more.
struct Carried {
    result: ActResult,
    spare: Option<u64>,
}

impl Holder {
    /// Carries an order out and says what came of it.
    pub(super) async fn obey(&mut self, asked: Asked) {
        let order = &asked.order;
        let carried = match order.act {
            Act::AcquireLease => self.acquire(order).await,
            Act::ReleaseLease => self.release(order).await,
            other => Carried::only(ActResult::Refused(format!("{other} is none of the lease's"))),
        };
        self.last = Instant::now();
        self.due = match self.held {
            Some(_) => self.last + Duration::from_millis(self.times.renew_ms),
            None => self.last,
        };
        // The keeper did not wait for it; it will read how the key is.
        let _ = asked.outcome.send(carried.result);
        if let Some(lease) = carried.spare {
            // It would end by itself after its time.
            let _ = self.etcd.revoke(lease, self.etcd.deadline()).await;
        }
    }

    async fn acquire(&mut self, order: &Order) -> Carried {
        let key = match self.key_for(order) {
            Ok(key) => key,
            Err(refused) => return Carried::only(refused),
        };
        if let Some(held) = self.held {
            match self.renew(&key, held).await {
                Learnt::Held(asked) => return Carried::only(self.is_ours(asked, held).await),
                learnt => self.tell(learnt).await,
            }
        }
        let asked = (self.clock)();
        let end = self.etcd.deadline();
        // Whole seconds: the configuration takes no other.
        let ttl = self.times.ttl_ms.div_ceil(1_000);
        let (reading, granted) = tokio::join!(self.etcd.read(&key, end), self.etcd.grant(ttl, end));
        let spare = granted.as_ref().ok().copied();
        let expect = match reading {
            Ok(reading) => self.expectation(&key, reading.found.as_ref()),
            Err(failure) => Err(not_asked(&failure)),
        };
        let (expect, lease) = match (expect, granted) {
            (Err(refused), _) => return Carried { result: refused, spare },
            (_, Err(failure)) => return Carried::only(not_asked(&failure)),
            (Ok(expect), Ok(lease)) => (expect, lease),
        };
        self.held = None;
        match self.take(&key, expect, lease).await {
            Ok(held) => {
                self.held = Some(held);
                Carried::only(self.is_ours(asked, held).await)
            }
            Err(result) => Carried { result, spare },
        }
    }

    /// The keeper knows that the lease is ours before it hears that its order was carried out.
    async fn is_ours(&self, asked: crate::core::time::Mono, held: Held) -> ActResult {
        self.send(LeaseEvent::Held { asked, token: held.token }).await;
        ActResult::Done(format!("the lease is ours, token {}", held.token))
    }

    /// What the key must still be for us to take it, or who has it.
    fn expectation(&self, key: &str, found: Option<&Found>) -> Result<Expect, ActResult> {
        let Some(found) = found else { return Ok(Expect::Absent) };
        match found.record(key) {
            Err(failure) => Err(ActResult::Refused(failure.to_string())),
            // Our own name: this keeper was restarted while it held the lease.
            Ok(record) if record.released.is_some() || record.holder == self.node => {
                Ok(Expect::Revision(found.revision))
            }
            Ok(record) => Err(held_by(&record)),
        }
    }

    /// Makes the key ours. When the answer is lost, finds out; when that cannot be done either,
    /// makes sure that it does not become ours later.
    async fn take(&self, key: &str, expect: Expect, lease: u64) -> Result<Held, ActResult> {
        let value = record::write(&self.node, None)
            .map_err(|error| ActResult::Refused(error.to_string()))?;
        let change = Change::Put { value: &value, lease };
        let lost = match self.etcd.change(key, expect, change, self.etcd.deadline()).await {
            Ok(Changed::Yes(token)) => return Ok(Held { token, lease }),
            // Asked a second member after the first had done it and not said so.
            Ok(Changed::No(Some(found))) if found.lease == lease => {
                return Ok(Held { token: found.revision, lease });
            }
            Ok(Changed::No(found)) => return Err(somebody_was_faster(key, found.as_ref())),
            Err(failure) => failure,
        };
        for _ in 0..TRIES {
            if let Ok(reading) = self.etcd.read(key, self.etcd.deadline()).await {
                return self.is_taken(key, lease, reading.found).await;
            }
            sleep(AGAIN).await;
        }
        Err(ActResult::Failed(format!(
            "etcd was asked for the lease and did not answer ({lost}); it lapses after its time if \
             it was given"
        )))
    }

    /// The key as it was read after an answer that was lost.
    async fn is_taken(
        &self,
        key: &str,
        lease: u64,
        found: Option<Found>,
    ) -> Result<Held, ActResult> {
        if let Some(found) = &found
            && found.lease == lease
        {
            return Ok(Held { token: found.revision, lease });
        }
        // The question may still be on its way: without its lease it cannot be carried out.
        match self.etcd.revoke(lease, self.etcd.deadline()).await {
            Ok(()) => Err(somebody_was_faster(key, found.as_ref())),
            Err(failure) => Err(ActResult::Failed(format!(
                "etcd was asked for the lease, did not give it, and cannot be told to forget it: \
                 {failure}"
            ))),
        }
    }

    /// Lets go of the lease. From here on it is claimed no more, whatever etcd answers: the node
    /// has been stopped, and without renewals the lease lapses.
    async fn release(&mut self, order: &Order) -> Carried {
        let key = match self.key_for(order) {
            Ok(key) => key,
            Err(refused) => return Carried::only(refused),
        };
        let Some(held) = self.held.take() else {
            let text = "this node does not hold the lease: there is nothing to let go of";
            return Carried::only(ActResult::Refused(text.to_owned()));
        };
        let value = order.handover.as_ref().map(|handover| self.released(handover)).transpose();
        let value = match value {
            Ok(value) => value,
            Err(error) => {
                return Carried {
                    result: ActResult::Failed(error.to_string()),
                    spare: Some(held.lease),
                };
            }
        };
        let result = self.let_go(&key, held, value.as_deref()).await;
        // The record is bound to no lease and stays. What was not let go of lapses with the lease.
        let is_clear = matches!(result, ActResult::Done(_));
        Carried { result, spare: is_clear.then_some(held.lease) }
    }

    /// The record says to whom the lease is left; the readers keep to it.
    fn released(&self, handover: &Handover) -> serde_json::Result<Vec<u8>> {
        record::write(&self.node, Some(handover))
    }

    async fn let_go(&self, key: &str, held: Held, value: Option<&[u8]>) -> ActResult {
        let change = match value {
            Some(value) => Change::Put { value, lease: 0 },
            None => Change::Delete,
        };
        let mut lost = ApiFailure::AnswerTimeout;
        for _ in 0..TRIES {
            let expect = Expect::Revision(held.token);
            match self.etcd.change(key, expect, change, self.etcd.deadline()).await {
                Ok(Changed::Yes(_)) => return ActResult::Done("the lease is free".to_owned()),
                Ok(Changed::No(found)) if found.as_ref().map(|f| f.value.as_slice()) == value => {
                    return ActResult::Done("the lease is free".to_owned());
                }
                Ok(Changed::No(found)) => return not_ours(key, found.as_ref(), held.token),
                Err(failure) => lost = failure,
            }
            sleep(AGAIN).await;
        }
        ActResult::Failed(format!(
            "etcd did not say whether the lease was let go of ({lost}); it is renewed no more and \
             lapses within {} seconds",
            self.times.ttl_ms.div_ceil(1_000)
        ))
    }

    /// The key, where the order is about the chain this node is on.
    fn key_for(&self, order: &Order) -> Result<String, ActResult> {
        let key = self.key()?;
        match &order.chain_id {
            Some(id) if super::key_of(&self.prefix, id, order.producer) != key => {
                let text = "the order is about another chain or producer than the key";
                Err(ActResult::Refused(text.to_owned()))
            }
            _ => Ok(key),
        }
    }
}

impl Carried {
    fn only(result: ActResult) -> Self {
        Self { result, spare: None }
    }
}

/// Nothing was asked for that could change anything but a lease that ends by itself.
fn not_asked(failure: &ApiFailure) -> ActResult {
    ActResult::Refused(format!("etcd cannot be asked for the lease: {failure}"))
}

fn held_by(record: &LeaseRecord) -> ActResult {
    ActResult::Refused(format!("{} holds the lease, token {}", record.holder, record.token))
}

fn somebody_was_faster(key: &str, found: Option<&Found>) -> ActResult {
    match found.map(|found| found.record(key)) {
        None => ActResult::Refused("the lease was free, and taking it did not succeed".to_owned()),
        Some(Ok(record)) => held_by(&record),
        Some(Err(failure)) => ActResult::Refused(failure.to_string()),
    }
}

fn not_ours(key: &str, found: Option<&Found>, token: u64) -> ActResult {
    match found {
        None => ActResult::Refused("the lease had lapsed: it is free".to_owned()),
        Some(found) => ActResult::Refused(super::lost_to(key, found, token)),
    }
}
