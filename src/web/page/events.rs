//! `/events`: the parts of the page that changed, as they change, to a bounded number of listeners.

use std::convert::Infallible;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{Instant, timeout};

use super::level::judge;
use super::view::View;
use super::{Page, assets, escape, judged_ago_ms, layout, sentence};
use crate::web::facts::Facts;

/// Most listeners at once: each costs a few kilobytes a second.
const LISTENERS_MAX: usize = 32;
/// The keeper judges once a second. Where it does not, listeners are told so this often, and a
/// connection that is gone is noticed.
const QUIET: Duration = Duration::from_secs(3);
/// A listener that takes nothing for so long is gone: a phone that sleeps, a cable that was pulled.
const STUCK: Duration = Duration::from_secs(20);
/// Looks that wait for a slow listener.
const WAITING_MAX: usize = 2;
/// What changes with each second, but tells nothing new, is sent this often.
const CALM: Duration = Duration::from_secs(5);
/// The parts that are sent with each judgement.
const AT_ONCE: [&str; 3] = ["now", "standing", "cards"];
/// Who was refused may ask again after so many seconds.
const RETRY_S: &str = "30";
/// A browser whose connection ended tries again after so many milliseconds.
const RECONNECT: Duration = Duration::from_secs(2);

/// Places for listeners.
#[derive(Debug)]
pub(super) struct Audience {
    places: Arc<Semaphore>,
}

impl Default for Audience {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(LISTENERS_MAX)) }
    }
}

/// One look at the keeper, as the script takes it.
#[derive(Debug, Serialize)]
struct Look {
    /// Which page this is.
    build: &'static str,
    /// How long ago the keeper judged, milliseconds.
    age_ms: u64,
    title: String,
    /// The level, which the icon shows.
    icon: &'static str,
    /// Changes when there is something to say aloud.
    key: String,
    /// What is said then.
    spoken: String,
    /// The parts that changed since the last look: id and markup.
    parts: serde_json::Map<String, serde_json::Value>,
}

/// What a listener has.
#[derive(Debug, Default)]
struct Sent {
    /// Checksums of the parts.
    parts: Vec<(&'static str, u64)>,
    key: String,
    /// When all parts were last compared.
    all: Option<Instant>,
}

/// Listens until the browser leaves or the keeper ends.
pub(super) async fn listen(
    State(facts): State<Facts>,
    Extension(page): Extension<Arc<Page>>,
) -> Response {
    let Ok(place) = Arc::clone(&page.audience.places).try_acquire_owned() else {
        let text =
            format!("{LISTENERS_MAX} pages listen already; close one, or look again later.\n");
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, RETRY_S)], text)
            .into_response();
    };
    let (looks, taken) = mpsc::channel(WAITING_MAX);
    tokio::spawn(tell(facts, page, looks, place));
    let events = stream::unfold(taken, async |mut taken: mpsc::Receiver<Event>| {
        taken.recv().await.map(|event| (Ok::<_, Infallible>(event), taken))
    });
    Sse::new(events).into_response()
}

/// Sends looks until nobody takes them. In a task of its own, so that a browser that reads nothing
/// does not keep its place.
async fn tell(
    facts: Facts,
    page: Arc<Page>,
    looks: mpsc::Sender<Event>,
    place: OwnedSemaphorePermit,
) {
    let mut judgements = facts.judgements();
    let mut sent = Sent::default();
    loop {
        let look = look(&facts, &page, &mut sent).await;
        let Ok(event) = Event::default().event("look").retry(RECONNECT).json_data(&look) else {
            break;
        };
        if !matches!(timeout(STUCK, looks.send(event)).await, Ok(Ok(()))) {
            break;
        }
        tokio::select! {
            () = looks.closed() => break,
            changed = timeout(QUIET, judgements.changed()) => match changed {
                // No judgement for a while: the page says how old the last one is.
                Ok(Ok(())) | Err(_) => {}
                // The keeper ends.
                Ok(Err(_)) => break,
            },
        }
    }
    drop(place);
}

async fn look(facts: &Facts, page: &Page, sent: &mut Sent) -> Look {
    let status = facts.status();
    let past = page.reader.past(facts, &status).await;
    let view = View { status: &status, past: &past, judged_ago_ms: judged_ago_ms(facts) };
    let key = sentence::spoken_key(&status);
    let is_all = sent.key != key || sent.all.is_none_or(|at| at.elapsed() >= CALM);
    if is_all {
        (sent.all, sent.key) = (Some(Instant::now()), key.clone());
    }
    let wanted = layout::parts(&view).into_iter().filter(|(id, _)| is_all || AT_ONCE.contains(id));
    let mut parts = serde_json::Map::new();
    for (id, markup) in wanted {
        let markup = markup.into_string();
        if sent.is_new(id, &markup) {
            parts.insert(id.to_owned(), markup.into());
        }
    }
    let verdict = judge(&status);
    Look {
        build: &assets::BUILD,
        age_ms: view.judged_ago_ms,
        title: sentence::title(&status),
        icon: verdict.level.class(),
        key,
        spoken: format!("{}. {}", verdict.word, escape::clean(&status.decision.sentence)),
        parts,
    }
}

impl Sent {
    /// Whether a listener does not have this part yet; from now on it has.
    fn is_new(&mut self, id: &'static str, markup: &str) -> bool {
        let mut hasher = DefaultHasher::new();
        markup.hash(&mut hasher);
        let hash = hasher.finish();
        match self.parts.iter_mut().find(|(part, _)| *part == id) {
            Some((_, last)) => std::mem::replace(last, hash) != hash,
            None => {
                self.parts.push((id, hash));
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_sent_once_until_it_changes() {
        let mut sent = Sent::default();
        for (id, markup, is_new) in [
            ("now", "a", true),
            ("now", "a", false),
            ("cards", "a", true),
            ("now", "b", true),
            ("now", "b", false),
            ("cards", "a", false),
        ] {
            assert_eq!(sent.is_new(id, markup), is_new, "{id} {markup}");
        }
    }
}
