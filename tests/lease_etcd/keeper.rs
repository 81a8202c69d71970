//! The lease's task of one node, and what it tells its keeper.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use eoskeeper::actions::lease::{self, Access, Handle, Setup};
use eoskeeper::clock::Clock;
use eoskeeper::core::action::{Act, ActResult, Order};
use eoskeeper::core::event::{ApiFailure, Event};
use eoskeeper::core::handover::{Fence, Handover};
use eoskeeper::core::lease::{LeaseEvent, LeaseRecord};
use eoskeeper::core::settings::Lease;
use eoskeeper::core::time::{Mono, Timestamp};
use reqwest::Url;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub(crate) const CHAIN: &str = "8a34ec7df1b8cd06ff4a8abbaa7cc50300823350cadc59ab296cb00d104d2b8f";
const PRODUCER: &str = "eosstorebest";
/// The shortest there is: 0.5 + 2 × 1.2 ≤ 3 seconds.
pub(crate) const TIMES: Lease =
    Lease { ttl_ms: 3_000, renew_ms: 500, timeout_ms: 1_200, ..Lease::DEFAULT };
/// How long anything is waited for: only a test that fails takes that long.
const PATIENCE: Duration = Duration::from_secs(60);

/// The key of these tests.
pub(crate) fn key() -> String {
    format!("/eoskeeper/{CHAIN}/{PRODUCER}/lease")
}

pub(crate) struct Keeper {
    pub(crate) handle: Handle,
    pub(crate) events: mpsc::Receiver<Event>,
    pub(crate) chain_id: watch::Sender<Option<String>>,
    pub(crate) clock: Clock,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

/// Who etcd is told a keeper is.
pub(crate) type Login = Option<(&'static str, PathBuf)>;

impl Keeper {
    pub(crate) fn new(node: &str, endpoints: &[Url]) -> Self {
        Self::with(node, endpoints, None)
    }

    /// With the times of the default, for what must not depend on how busy this machine is.
    pub(crate) fn patient(node: &str, endpoints: &[Url]) -> Self {
        Self::timed(node, endpoints, None, Lease::DEFAULT)
    }

    pub(crate) fn with(node: &str, endpoints: &[Url], login: Login) -> Self {
        Self::timed(node, endpoints, login, TIMES)
    }

    fn timed(node: &str, endpoints: &[Url], login: Login, times: Lease) -> Self {
        let (events, received) = mpsc::channel(4096);
        let (chain_id, known) = watch::channel(Some(CHAIN.to_owned()));
        let (clock, stop, mut tasks) = (Clock::start(), CancellationToken::new(), JoinSet::new());
        let (user, password_file) = login.unzip();
        let setup = Setup {
            access: Access {
                endpoints: endpoints.to_vec(),
                user: user.map(str::to_owned),
                password_file,
                ca_file: None,
                deadline: Duration::from_millis(times.timeout_ms),
            },
            prefix: "/eoskeeper".to_owned(),
            times,
            node: node.to_owned(),
            producer: PRODUCER.parse().unwrap(),
            chain_id: known,
            clock: Arc::new(move || clock.now().mono),
            events,
        };
        let handle = lease::start(setup, &mut tasks, &stop).unwrap();
        Self { handle, events: received, chain_id, clock, stop, tasks }
    }

    pub(crate) fn now(&self) -> Mono {
        self.clock.now().mono
    }

    /// The first event of which `pick` makes something.
    pub(crate) async fn until<T>(
        &mut self,
        what: &str,
        mut pick: impl FnMut(LeaseEvent) -> Option<T>,
    ) -> T {
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let event = tokio::time::timeout(left, self.events.recv()).await;
            let event = event.unwrap_or_else(|_| panic!("waited in vain for {what}"));
            let Some(Event::Lease(event)) = event else { panic!("{event:?} for {what}") };
            if let Some(picked) = pick(event) {
                return picked;
            }
        }
    }

    /// A renewal that was asked for at `since` or later; that nothing was lost before.
    pub(crate) async fn held_since(&mut self, since: Mono) -> u64 {
        self.until("a renewal", |event| match event {
            LeaseEvent::Held { asked, token } if asked >= since => Some(token),
            LeaseEvent::Lost(why) => panic!("lost: {why}"),
            _ => None,
        })
        .await
    }

    pub(crate) async fn lost(&mut self) -> String {
        let pick = |event| match event {
            LeaseEvent::Lost(why) => Some(why),
            _ => None,
        };
        self.until("the loss", pick).await
    }

    pub(crate) async fn failed(&mut self) -> ApiFailure {
        let pick = |event| match event {
            LeaseEvent::Failed(failure) => Some(failure),
            _ => None,
        };
        self.until("a failure", pick).await
    }

    /// A reading that `is_wanted`.
    pub(crate) async fn read(
        &mut self,
        what: &str,
        is_wanted: impl Fn(&Option<LeaseRecord>) -> bool,
    ) -> Option<LeaseRecord> {
        let pick = |event| match event {
            LeaseEvent::Read { record, .. } if is_wanted(&record) => Some(record),
            _ => None,
        };
        self.until(what, pick).await
    }

    pub(crate) async fn acquire(&self) -> ActResult {
        self.handle.order(&order(Act::AcquireLease, None)).await
    }

    /// Acquires, and returns the token of the event that came before the outcome.
    pub(crate) async fn take(&mut self) -> u64 {
        // What came before is of no use to find the event that belongs to it.
        while self.events.try_recv().is_ok() {}
        let result = self.acquire().await;
        let ActResult::Done(said) = result else { panic!("not taken: {result}") };
        let mut token = None;
        while let Ok(event) = self.events.try_recv() {
            if let Event::Lease(LeaseEvent::Held { token: held, .. }) = event {
                token = Some(held);
            }
        }
        let token = token.expect("the outcome came before the event");
        assert_eq!(said, format!("the lease is ours, token {token}"));
        token
    }

    pub(crate) async fn release(&self, handover: Option<Handover>) -> ActResult {
        self.handle.order(&order(Act::ReleaseLease, handover)).await
    }

    /// Ends the task, as a stop of the keeper does; the lease is left alone.
    pub(crate) async fn end(mut self) {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
    }
}

fn order(act: Act, handover: Option<Handover>) -> Order {
    Order {
        id: 1,
        act,
        reason: "The test says so.".to_owned(),
        incident: "20261121T024837-test".to_owned(),
        producer: PRODUCER.parse().unwrap(),
        chain_id: Some(CHAIN.to_owned()),
        token: None,
        handover,
    }
}

pub(crate) fn handover(from: &str) -> Handover {
    Handover {
        id: format!("20261121T024837-{from}"),
        from: from.to_owned(),
        to: String::new(),
        producer: PRODUCER.parse().unwrap(),
        chain_id: Some(CHAIN.to_owned()),
        reason: "The database is broken.".to_owned(),
        fence: Fence::Fenced,
        fenced_at: Timestamp::from_ms(1_795_229_317_000),
        planned: false,
    }
}
