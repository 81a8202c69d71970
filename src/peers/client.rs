//! Asks the peers, and tells them what is theirs to know.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::redirect::Policy;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, sleep, timeout_at};

use super::content::one_line;
use super::envelope::{Envelope, HEADER_SIGNATURE, HEADER_TIME, Nonce, PROTOCOL, Side};
use super::message::{Give, Hello, Standing, Topic, Verdict, Wish, Word};
use super::{BODY_BYTES_MAX, Party, Remote};
use crate::clock::Clock;
use crate::core::action::ActResult;
use crate::core::handover::{Handover, PeerStatus};
use crate::core::time::{Mono, Timestamp};
use crate::nodeos::rpc::install_tls;

/// A ticket is used for this long after it came, milliseconds; the peer takes it for
/// [`super::tickets::TICKET_MS`].
const TICKET_USED_MS: u64 = 5_000;
/// Between two tries of a handover.
const RETRY_PAUSE: Duration = Duration::from_millis(200);
/// Longest refusal of a peer that is repeated, bytes; it is not signed.
const REFUSAL_BYTES: usize = 400;

/// Why a peer gave no answer to trust.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No connection came about: nothing was sent.
    #[error("cannot be reached: {0}")]
    NotReached(String),
    /// It may have got the message; its answer did not come.
    #[error("gave no answer: {0}")]
    NoAnswer(String),
    /// Whoever answers refused it. The refusal is not signed: it proves nothing.
    #[error("refused the message ({status}): {reason}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// One line.
        reason: String,
    },
    /// The answer is not signed by this peer for this question.
    #[error("gave an answer that is not signed with our secret, or not for our question")]
    NotSigned,
    /// The answer is signed and not what was asked for.
    #[error("gave an answer that cannot be used: {0}")]
    Unusable(String),
}

/// A signed answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<T> {
    /// What it says.
    pub content: T,
    /// When the peer signed it, by its clock.
    pub signed: Timestamp,
    /// Its clock minus ours, milliseconds; exact to half the time the answer took.
    pub skew_ms: i64,
    /// How long the answer took, milliseconds.
    pub took_ms: u64,
}

/// Speaks to the peers of a party. Each call has one deadline for all of it.
#[derive(Debug)]
pub struct Client {
    party: Arc<Party>,
    clock: Clock,
    deadline: Duration,
    http: reqwest::Client,
    /// The last ticket of each peer, and when it came.
    tickets: Mutex<Vec<Option<(Nonce, Mono)>>>,
}

impl Client {
    /// A client whose calls take at most `deadline` each, half of it the connection. Nothing is
    /// connected yet.
    ///
    /// # Errors
    /// When TLS cannot be set up on this machine.
    pub fn new(party: Arc<Party>, clock: Clock, deadline: Duration) -> reqwest::Result<Self> {
        install_tls();
        let builder = reqwest::Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .http1_only()
            .connect_timeout(deadline / 2)
            .pool_max_idle_per_host(0)
            .tcp_nodelay(true);
        // Without https the system's certificates are not asked for: a bare container has none.
        let has_tls = party.remotes.iter().any(|remote| remote.url.starts_with("https:"));
        let builder = if has_tls { builder } else { builder.tls_certs_only(Vec::new()) };
        let tickets = Mutex::new(vec![None; party.remotes.len()]);
        Ok(Self { http: builder.build()?, party, clock, deadline, tickets })
    }

    /// The party it speaks for.
    #[must_use]
    pub fn party(&self) -> &Party {
        &self.party
    }

    /// Asks a peer how it stands, without telling it anything.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn hello(&self, index: usize) -> Result<Answer<Standing>, Fault> {
        let answer: Answer<Standing> = self.call(index, Topic::Hello, &Hello {}).await?;
        self.keep_ticket(index, Some(answer.content.ticket));
        Ok(answer)
    }

    /// Tells a peer how we stand; it answers how it does, of our producer and chain.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn status(
        &self,
        index: usize,
        own: &PeerStatus,
    ) -> Result<Answer<PeerStatus>, Fault> {
        let answer: Answer<Standing> = self.call(index, Topic::Status, own).await?;
        self.keep_ticket(index, Some(answer.content.ticket));
        let name = &self.remote(index)?.name;
        let content = self.party.status(name, own, answer.content.status);
        let content = content.map_err(|refusal| Fault::Unusable(refusal.to_string()))?;
        let Answer { signed, skew_ms, took_ms, .. } = answer;
        Ok(Answer { content, signed, skew_ms, took_ms })
    }

    /// Gives the producer to the peer that the handover names. Tries again, within `deadline`,
    /// while it is not known to have come: its id makes two of them one.
    ///
    /// [`ActResult::Done`]: the peer's keeper has it. [`ActResult::Refused`]: it does not have it
    /// and never will: nothing was sent, or the peer says so and signed it.
    /// [`ActResult::Failed`]: it may have it.
    pub async fn hand_over(&self, handover: &Handover, deadline: Duration) -> ActResult {
        let handover = handover.clone();
        let to = handover.to.clone();
        let give = |ticket| Give { ticket, handover: handover.clone() };
        self.deliver(&to, Topic::Handover, give, deadline).await
    }

    /// Asks a peer, which signs, to hand over to this node; `on_behalf` says who wants it. The
    /// results are those of [`Client::hand_over`].
    pub async fn ask(&self, to: &str, on_behalf: &str, deadline: Duration) -> ActResult {
        let wish = |ticket| Wish { ticket, on_behalf: on_behalf.to_owned() };
        self.deliver(to, Topic::Ask, wish, deadline).await
    }

    async fn deliver<B: Serialize>(
        &self,
        to: &str,
        topic: Topic,
        body: impl Fn(Nonce) -> B,
        deadline: Duration,
    ) -> ActResult {
        let Some(index) = self.party.index(to) else {
            return ActResult::Refused(format!("no peer is named '{to}' in [peers] nodes"));
        };
        let end = Instant::now() + deadline;
        // Whether a try may have come although its answer did not: then no refusal of a later one
        // means that the peer does not have it.
        let mut may_have_come = false;
        let result = loop {
            let why = match timeout_at(end, self.attempt(index, topic, &body)).await {
                Ok(Try::Received(sentence)) => break ActResult::Done(format!("{to}: {sentence}")),
                Ok(Try::Refused(why)) => break ActResult::Refused(format!("{to} refused: {why}")),
                Ok(Try::NotSent(why)) => why,
                Ok(Try::Unknown(why)) => {
                    may_have_come = true;
                    why
                }
                Err(_) => {
                    may_have_come = true;
                    "no answer within the deadline".to_owned()
                }
            };
            if Instant::now() + RETRY_PAUSE >= end {
                break ActResult::Refused(format!("{to} did not get it: {why}"));
            }
            tracing::warn!(target: "peers", peer = to, "{} is tried again: {why}.", topic.path());
            sleep(RETRY_PAUSE).await;
        };
        match result {
            ActResult::Refused(why) if may_have_come => {
                ActResult::Failed(format!("{why}; an earlier try may have come"))
            }
            result => result,
        }
    }

    /// One try: a ticket, where none is at hand, and the message.
    async fn attempt<B: Serialize>(
        &self,
        index: usize,
        topic: Topic,
        body: &impl Fn(Nonce) -> B,
    ) -> Try {
        let ticket = match self.ticket(index) {
            Some(ticket) => ticket,
            None => match self.hello(index).await {
                Ok(answer) => answer.content.ticket,
                Err(fault) => return Try::NotSent(fault.to_string()),
            },
        };
        let answer: Result<Answer<Verdict>, Fault> = self.call(index, topic, &body(ticket)).await;
        match answer.map(|answer| answer.content) {
            Ok(Verdict { verdict: Word::Received, sentence }) => Try::Received(one_line(&sentence)),
            Ok(Verdict { verdict: Word::Refused, sentence }) => Try::Refused(one_line(&sentence)),
            Ok(Verdict { verdict: Word::StaleTicket, sentence }) => {
                self.keep_ticket(index, None);
                Try::NotSent(one_line(&sentence))
            }
            Err(fault @ Fault::NotReached(_)) => Try::NotSent(fault.to_string()),
            Err(fault) => {
                // It may be another process by now, which does not know the ticket.
                self.keep_ticket(index, None);
                Try::Unknown(fault.to_string())
            }
        }
    }

    fn ticket(&self, index: usize) -> Option<Nonce> {
        let tickets = self.tickets.lock().unwrap_or_else(PoisonError::into_inner);
        let (ticket, came) = (*tickets.get(index)?)?;
        (self.clock.now().mono.since_ms(came) <= TICKET_USED_MS).then_some(ticket)
    }

    fn keep_ticket(&self, index: usize, ticket: Option<Nonce>) {
        let now = self.clock.now().mono;
        let mut tickets = self.tickets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = tickets.get_mut(index) {
            *place = ticket.map(|ticket| (ticket, now));
        }
    }

    fn remote(&self, index: usize) -> Result<&Remote, Fault> {
        let remotes = &self.party.remotes;
        remotes.get(index).ok_or_else(|| Fault::NotReached("there is no such peer".to_owned()))
    }

    /// Posts a message and returns its signed answer.
    async fn call<B: Serialize, A: DeserializeOwned>(
        &self,
        index: usize,
        topic: Topic,
        body: &B,
    ) -> Result<Answer<A>, Fault> {
        let end = Instant::now() + self.deadline;
        let remote = self.remote(index)?;
        let not_sent = |why: &str| Fault::NotReached(why.to_owned());
        let nonce = Nonce::random().ok_or_else(|| not_sent("the system has no randomness"))?;
        let body = serde_json::to_vec(body).map_err(|error| not_sent(&error.to_string()))?;
        if body.len() > BODY_BYTES_MAX {
            return Err(not_sent("the message is larger than 64 KiB"));
        }
        let sent = self.clock.now();
        let (from, to) = (self.party.node.clone(), remote.name.clone());
        let envelope = Envelope { topic, from, to, at: sent.wall, nonce };
        let signature = envelope.sign(&self.party.key, Side::Request, &body);
        let url = format!("{}{}", remote.url.trim_end_matches('/'), topic.path());
        let request = self.http.post(url).headers(envelope.headers(&signature)).body(body);
        let answer = timeout_at(end, read(request)).await;
        let answer = answer.unwrap_or_else(|_| {
            Err(Fault::NoAnswer(format!("{} s are over", self.deadline.as_secs_f64())))
        })?;
        let content = self.open(&envelope, &answer)?;
        let now = self.clock.now();
        let took_ms = now.mono.since_ms(sent.mono);
        let middle = sent.wall.plus_ms((took_ms / 2).cast_signed());
        let skew_ms = answer.signed.since_ms(middle);
        Ok(Answer { content, signed: answer.signed, skew_ms, took_ms })
    }

    fn open<A: DeserializeOwned>(&self, request: &Envelope, answer: &Raw) -> Result<A, Fault> {
        let envelope = request.answer(answer.signed);
        if !envelope.is_signed(&self.party.key, Side::Answer, &answer.body, &answer.signature) {
            return Err(Fault::NotSigned);
        }
        serde_json::from_slice(&answer.body)
            .map_err(|error| Fault::Unusable(one_line(&error.to_string())))
    }
}

/// How one try to deliver went.
enum Try {
    Received(String),
    Refused(String),
    /// It was not sent, or is known not to have been taken: another try may do better.
    NotSent(String),
    Unknown(String),
}

/// An answer whose signature was not looked at yet.
struct Raw {
    signed: Timestamp,
    signature: String,
    body: Vec<u8>,
}

async fn read(request: reqwest::RequestBuilder) -> Result<Raw, Fault> {
    let mut answer = request.send().await.map_err(|error| {
        if error.is_connect() { Fault::NotReached(cause(&error)) } else { no_answer(&error) }
    })?;
    let status = answer.status();
    let most = if status == 200 { BODY_BYTES_MAX } else { REFUSAL_BYTES };
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(|error| no_answer(&error))? {
        let room = most - body.len();
        body.extend_from_slice(&piece[..piece.len().min(room)]);
        if piece.len() > room {
            if status == 200 {
                return Err(Fault::Unusable("it is larger than 64 KiB".to_owned()));
            }
            break;
        }
    }
    if status != 200 {
        let reason = one_line(String::from_utf8_lossy(&body).trim());
        return Err(Fault::Refused { status: status.as_u16(), reason });
    }
    let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
    let signed = header(HEADER_TIME).and_then(|text| text.parse().ok());
    let (Some(signed), Some(signature)) = (signed, header(HEADER_SIGNATURE)) else {
        return Err(Fault::Unusable(format!("it is no answer of {PROTOCOL}")));
    };
    Ok(Raw { signed: Timestamp::from_ms(signed), signature: signature.to_owned(), body })
}

fn no_answer(error: &reqwest::Error) -> Fault {
    Fault::NoAnswer(cause(error))
}

/// The innermost cause, which says what happened: `Connection refused (os error 111)`.
fn cause(error: &reqwest::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    // Real chains have about five; the bound is for one that runs in a circle.
    for _ in 0..16 {
        match innermost.source() {
            Some(source) => innermost = source,
            None => break,
        }
    }
    one_line(&innermost.to_string())
}
