//! Asks a mining pool's API how an account does.

mod answer;
#[cfg(feature = "fuzz")]
pub(crate) mod fuzz;

use std::time::Duration;

use reqwest::Url;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::core::event::{ApiFailure, Event};
use crate::core::pool::PoolReport;
use crate::sources::web::Web;

/// Deadline of a question; pools are slow at times.
const DEADLINE: Duration = Duration::from_secs(20);
/// Largest answer that is read: thousands of workers of 200 bytes each.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The header the token goes in, as f2pool names it.
const TOKEN_HEADER: &str = "f2p-api-secret";

/// Asks one account.
#[derive(Clone, Debug)]
pub struct Asker {
    web: Web,
    url: Url,
    question: Option<Vec<u8>>,
}

impl Asker {
    /// For the account at `url`; `question` is what is posted, JSON, and `token` the API's.
    ///
    /// # Errors
    /// One sentence: no HTTP client can be made.
    pub fn new(url: Url, question: Option<Vec<u8>>, token: Option<&str>) -> Result<Self, String> {
        let secret = token.map(|token| (TOKEN_HEADER, token));
        let web = Web::new([&url], DEADLINE, secret)?;
        Ok(Self { web, url, question })
    }

    /// How the account does.
    ///
    /// # Errors
    /// One sentence: no answer, or one that is not understood.
    pub async fn ask(&self) -> Result<PoolReport, String> {
        let asked = self.web.ask(self.url.clone(), self.question.clone(), ANSWER_BYTES_MAX);
        let answer = asked.await.map_err(|failure| match failure {
            ApiFailure::NoSuchApi => {
                "the pool has no such page or account (HTTP status 404)".to_owned()
            }
            ApiFailure::HttpStatus(status @ (401 | 403)) => {
                format!("the pool refuses the token, or asks for one (HTTP status {status})")
            }
            ApiFailure::HttpStatus(429) => {
                "the pool is asked too often (HTTP status 429): give interval_seconds more"
                    .to_owned()
            }
            other => other.to_string(),
        })?;
        answer::read(&answer)
    }
}

/// Asks every so often until `stop` or until nobody receives any more.
pub async fn watch(
    asker: Asker,
    every: Duration,
    events: mpsc::Sender<Event>,
    stop: CancellationToken,
) {
    let asking = async {
        let mut ticks = interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let answer = asker.ask().await.map(Box::new);
            if let Err(mpsc::error::TrySendError::Closed(_)) = events.try_send(Event::Pool(answer))
            {
                return;
            }
        }
    };
    stop.run_until_cancelled(asking).await;
}
