//! Judges what comes in: who sent it, whether it is new, what it says; tells the keeper, answers.
//!
//! Nothing but the shape of the headers is judged before the signature, so that who does not have
//! the secret learns nothing. Only an answer to a message that was accepted is signed: an attacker
//! who sends a message a second time must not get a signed refusal of it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, Method, Request, Response, header};
use futures_util::StreamExt;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout};

use super::envelope::{Envelope, Side};
use super::heard::Heard;
use super::message::{Give, Hello, Standing, Topic, Verdict, Wish, Word};
use super::refusal::{Complaints, Refusal};
use super::replay::Memory;
use super::tickets::Tickets;
use super::{BODY_BYTES_MAX, Party, content};
use crate::clock::Clock;
use crate::core::event::Event;
use crate::core::handover::{PeerEvent, PeerSaid, PeerStatus};

/// How long a body may take: 64 KiB within this are 22 KiB/s.
const BODY_DEADLINE: Duration = Duration::from_secs(3);
/// How long a handover waits for room in the keeper's queue.
const QUEUE_DEADLINE: Duration = Duration::from_millis(500);

/// What judges incoming messages.
#[derive(Debug)]
pub struct Desk {
    party: Arc<Party>,
    clock: Clock,
    own: watch::Receiver<Arc<PeerStatus>>,
    heard: Arc<Heard>,
    events: mpsc::Sender<Event>,
    memory: Mutex<Memory>,
    tickets: Mutex<Vec<Tickets>>,
    complaints: Mutex<Complaints>,
}

impl Desk {
    /// For the peers of `party`; answers with `own`, tells `events`. Messages signed before this
    /// are refused.
    #[must_use]
    pub fn new(
        party: Arc<Party>,
        clock: Clock,
        own: watch::Receiver<Arc<PeerStatus>>,
        heard: Arc<Heard>,
        events: mpsc::Sender<Event>,
    ) -> Self {
        let peers = party.remotes.len();
        Self {
            memory: Mutex::new(Memory::new(peers, clock.now().wall)),
            tickets: Mutex::new(vec![Tickets::default(); peers]),
            complaints: Mutex::new(Complaints::default()),
            party,
            clock,
            own,
            heard,
            events,
        }
    }

    /// Answers a request.
    pub async fn answer(&self, from: SocketAddr, request: Request<Body>) -> Response<Body> {
        match self.receive(request).await {
            Ok(response) => response,
            Err(refusal) => {
                self.complain(&refusal, from);
                refusal.response()
            }
        }
    }

    /// Counts a refusal.
    pub(super) fn complain(&self, refusal: &Refusal, from: SocketAddr) {
        locked(&self.complaints).count(refusal, from, Instant::now());
    }

    async fn receive(&self, request: Request<Body>) -> Result<Response<Body>, Refusal> {
        let topic = Topic::of(request.uri().path()).ok_or(Refusal::NoSuchPath)?;
        if request.method() != Method::POST || request.uri().query().is_some() {
            return Err(Refusal::NotPost);
        }
        let (parts, body) = request.into_parts();
        let (envelope, signature) =
            Envelope::read(topic, &parts.headers).map_err(Refusal::Header)?;
        let announced = parts.headers.get(header::CONTENT_LENGTH);
        let announced = announced.and_then(|text| text.to_str().ok()?.parse::<usize>().ok());
        if announced.is_some_and(|bytes| bytes > BODY_BYTES_MAX) {
            return Err(Refusal::TooLarge);
        }
        let body = read(body).await?;
        if !envelope.is_signed(&self.party.key, Side::Request, &body, &signature) {
            return Err(Refusal::Signature);
        }
        if envelope.to != self.party.node {
            return Err(Refusal::Addressee);
        }
        let index = self.party.index(&envelope.from).ok_or(Refusal::UnknownPeer)?;
        let now = self.clock.now().wall;
        locked(&self.memory).admit(index, envelope.at, envelope.nonce, now)?;
        match topic {
            Topic::Hello => {
                let Hello {} = parse(&body)?;
                self.signed(&envelope, &self.standing(index)?)
            }
            Topic::Status => {
                self.hear(index, &envelope, parse(&body)?)?;
                self.signed(&envelope, &self.standing(index)?)
            }
            Topic::Handover => {
                let verdict = self.given(index, &envelope, parse(&body)?).await;
                self.signed(&envelope, &verdict)
            }
            Topic::Ask => {
                let verdict = self.asked(index, parse(&body)?).await;
                self.signed(&envelope, &verdict)
            }
        }
    }

    fn hear(&self, index: usize, envelope: &Envelope, status: PeerStatus) -> Result<(), Refusal> {
        let own = Arc::clone(&self.own.borrow());
        let status = self.party.status(&envelope.from, &own, status)?;
        if self.heard.note(index, envelope.at, self.clock.now()) {
            let said = PeerSaid::Status(Box::new(status));
            // A full queue drops it: the next one is as good, and comes within a second.
            let _ = self.events.try_send(Event::Peer(PeerEvent { index, said }));
        }
        Ok(())
    }

    fn standing(&self, index: usize) -> Result<Standing, Refusal> {
        let now = self.clock.now();
        let mut tickets = locked(&self.tickets);
        let ticket = tickets.get_mut(index).and_then(|tickets| tickets.give(now));
        let status = PeerStatus::clone(&self.own.borrow());
        Ok(Standing { status, ticket: ticket.ok_or(Refusal::Busy)? })
    }

    async fn given(&self, index: usize, envelope: &Envelope, give: Give) -> Verdict {
        if !self.is_fresh(index, give.ticket) {
            return stale();
        }
        let own = Arc::clone(&self.own.borrow());
        match self.party.handover(&envelope.from, &own, give.handover) {
            Ok(handover) => self.pass_on(index, PeerSaid::Handover(handover)).await,
            Err(refusal) => refused(&refusal),
        }
    }

    async fn asked(&self, index: usize, wish: Wish) -> Verdict {
        if !self.is_fresh(index, wish.ticket) {
            return stale();
        }
        self.pass_on(index, PeerSaid::Ask(content::one_line(&wish.on_behalf))).await
    }

    /// Received is only what is in the keeper's queue.
    async fn pass_on(&self, index: usize, said: PeerSaid) -> Verdict {
        let event = Event::Peer(PeerEvent { index, said });
        match self.events.send_timeout(event, QUEUE_DEADLINE).await {
            Ok(()) => Verdict {
                verdict: Word::Received,
                sentence: "The keeper has it; its status says what it does.".to_owned(),
            },
            Err(_) => refused(&Refusal::Busy),
        }
    }

    fn is_fresh(&self, index: usize, ticket: super::envelope::Nonce) -> bool {
        let now = self.clock.now();
        locked(&self.tickets).get(index).is_some_and(|tickets| tickets.is_fresh(ticket, now))
    }

    fn signed(
        &self,
        request: &Envelope,
        answer: &impl Serialize,
    ) -> Result<Response<Body>, Refusal> {
        let body = serde_json::to_vec(answer).map_err(|error| Refusal::body(&error))?;
        let envelope = request.answer(self.clock.now().wall);
        let signature = envelope.sign(&self.party.key, Side::Answer, &body);
        let mut response = Response::new(Body::from(body));
        *response.headers_mut() = envelope.headers(&signature);
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        Ok(response)
    }
}

async fn read(body: Body) -> Result<Vec<u8>, Refusal> {
    timeout(BODY_DEADLINE, read_bounded(body)).await.unwrap_or(Err(Refusal::NoBody))
}

async fn read_bounded(body: Body) -> Result<Vec<u8>, Refusal> {
    let mut pieces = body.into_data_stream();
    let mut read = Vec::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| Refusal::NoBody)?;
        if read.len() + piece.len() > BODY_BYTES_MAX {
            return Err(Refusal::TooLarge);
        }
        read.extend_from_slice(&piece);
    }
    Ok(read)
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| Refusal::body(&error))
}

fn refused(refusal: &Refusal) -> Verdict {
    Verdict { verdict: Word::Refused, sentence: refusal.to_string() }
}

fn stale() -> Verdict {
    let sentence = "the ticket is not one of the last ten seconds; ask for a new one".to_owned();
    Verdict { verdict: Word::StaleTicket, sentence }
}

/// What a panic left behind is still whole: nothing under these locks can panic half-way.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
