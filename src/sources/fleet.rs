//! Asks the keepers of the fleet for their status, one after the other, spread over the time
//! between two rounds.
//!
//! A question is a connection of its own, and few are open at once: a thousand members asked in
//! half a minute are 33 questions a second. Those that hang hold a place for the deadline, so that
//! a fleet of which most hang is asked less often, and none twice at a time.

#[cfg(feature = "fuzz")]
pub(crate) mod fuzz;
mod report;

use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::core::event::{ApiFailure, Event};
use crate::core::fleet::{MemberEvent, MemberReport};
use crate::sources::web::Web;

/// Most questions under way at once.
const UNDER_WAY_MAX: usize = 64;
/// Deadline of a question: a keeper answers from memory, and may be on another continent.
const DEADLINE: Duration = Duration::from_secs(5);
/// Largest status that is read; one that watches a thousand members itself has about 600 KiB.
const STATUS_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Asks members for their status. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Asker {
    web: Web,
}

impl Asker {
    /// For these members. Each is shown `token`, where there is one; those with https must have a
    /// certificate that one of `ca`, PEM, signed, or one that the system knows.
    ///
    /// # Errors
    /// One sentence: no HTTP client can be made.
    pub fn new(
        members: &[(String, Url)],
        token: Option<&str>,
        ca: Option<&[u8]>,
    ) -> Result<Self, String> {
        let bearer = token.map(|token| format!("Bearer {token}"));
        let secret = bearer.as_deref().map(|bearer| ("authorization", bearer));
        let urls = members.iter().map(|(_, url)| url);
        Ok(Self { web: Web::believing(urls, DEADLINE, secret, ca)? })
    }

    /// What the keeper at an address says of its node.
    ///
    /// # Errors
    /// One sentence: it does not answer, or what it says is not understood.
    pub async fn ask(&self, url: &Url) -> Result<MemberReport, String> {
        let mut url = url.clone();
        url.set_path("/api/status");
        let answer = self.web.ask(url, None, STATUS_BYTES_MAX).await;
        report::read(&answer.map_err(|failure| {
            match failure {
            ApiFailure::HttpStatus(401) => {
                "it asks for a token: [fleet] token_file must hold what its [status] token_file \
                 holds"
                    .to_owned()
            }
            ApiFailure::NoSuchApi => "no status of eoskeeper is there (HTTP status 404)".to_owned(),
            other => other.to_string(),
        }
        })?)
    }
}

/// Asks each member once in `every`, until `stop` or until nobody receives any more.
pub async fn watch(
    asker: Asker,
    members: Vec<(String, Url)>,
    every: Duration,
    events: mpsc::Sender<Event>,
    stop: CancellationToken,
) {
    stop.run_until_cancelled(ask_all(asker, &members, every, &events)).await;
}

async fn ask_all(
    asker: Asker,
    members: &[(String, Url)],
    every: Duration,
    events: &mpsc::Sender<Event>,
) {
    let Ok(count) = u32::try_from(members.len()) else { return };
    if count == 0 {
        return;
    }
    let places = Arc::new(Semaphore::new(UNDER_WAY_MAX));
    let pace = every / count;
    // Dropped with this task, and each question with it.
    let mut under_way = JoinSet::new();
    let mut due = Instant::now();
    loop {
        for (index, (_, url)) in members.iter().enumerate() {
            sleep_until(due).await;
            // A round that takes longer is not made up for by a burst.
            due = due.max(Instant::now() - pace) + pace;
            while under_way.try_join_next().is_some() {}
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            if events.is_closed() {
                return;
            }
            let (asker, url, events) = (asker.clone(), url.clone(), events.clone());
            under_way.spawn(async move {
                let said = asker.ask(&url).await.map(Box::new);
                // A full queue drops it: the next answer is as good.
                let _ = events.try_send(Event::Member(MemberEvent { index, said }));
                drop(place);
            });
        }
        // None is asked twice at a time, however long one takes.
        while under_way.join_next().await.is_some() {}
    }
}
