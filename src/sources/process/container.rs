//! A container's life, as Docker's event stream tells it.
//!
//! A look at the container goes with every connection and follows every few seconds: events of the
//! time without a connection do not come, and a connection may hang.

use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::time::{Instant, sleep, timeout_at};

use crate::sources::docker::engine::{Container, Engine, LifeEvent, Trouble};
use crate::sources::process::teller::Teller;

/// First and longest pause between two tries to connect.
const PAUSE: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));
/// From a subscription to the first look, by when the engine has taken it up.
const FIRST_LOOK: Duration = Duration::from_millis(100);
/// Between two looks.
const LOOK: Duration = Duration::from_secs(2);

/// Watches the container until nobody receives any more.
pub(super) async fn watch(name: String, host: Option<String>, teller: Teller) {
    let mut life = Life { name, host, teller, met: None, has_ended: true, ran_out: false };
    let mut pause = PAUSE.0;
    while !life.teller.is_closed() {
        match life.visit().await {
            Ok(()) => pause = PAUSE.0,
            Err(trouble) => life.teller.not_watched(trouble.to_string()).await,
        }
        sleep(pause).await;
        pause = (pause * 2).min(PAUSE.1);
    }
}

struct Life {
    name: String,
    host: Option<String>,
    teller: Teller,
    /// The container that was last seen to run.
    met: Option<Container>,
    /// Whether that one was seen to end.
    has_ended: bool,
    /// Whether the kernel said that its memory ran out.
    ran_out: bool,
}

impl Life {
    /// Listens until the connection ends.
    async fn visit(&mut self) -> Result<(), Trouble> {
        let engine = Engine::connect(self.host.as_deref()).await?;
        self.look(&engine).await?;
        let id = self.id();
        let mut events = pin!(engine.life_events(&self.name, id.as_deref()));
        let mut look = Instant::now() + FIRST_LOOK;
        loop {
            match timeout_at(look, events.next()).await {
                Ok(Some(event)) => {
                    if !self.take(&event?).await {
                        continue;
                    }
                }
                Ok(None) => return Ok(()),
                Err(_) => {}
            }
            self.look(&engine).await?;
            if self.id() != id {
                // Subscribed to anew, so that its end is told under another name, too.
                return Ok(());
            }
            look = Instant::now() + LOOK;
        }
    }

    fn id(&self) -> Option<String> {
        self.met.as_ref().map(|met| met.id.clone())
    }

    /// Takes an event; whether it calls for a look.
    async fn take(&mut self, event: &LifeEvent) -> bool {
        let is_met = self.met.as_ref().is_some_and(|met| met.id == event.id);
        match event.action.as_str() {
            "oom" if is_met => {
                self.ran_out = true;
                false
            }
            "die" if is_met => {
                let code = event.exit_code.as_deref().unwrap_or("unknown");
                self.end(&ended_with(code, self.ran_out)).await;
                false
            }
            _ => true,
        }
    }

    /// Compares the container with the one that was met.
    async fn look(&mut self, engine: &Engine) -> Result<(), Trouble> {
        let named = match engine.inspect(&self.name).await {
            Err(missing @ Trouble::NoContainer(_)) => Err(missing),
            found => Ok(found?),
        };
        if let (Some(met), false) = (self.met.clone(), self.has_ended) {
            let now = match &named {
                Ok(named) if named.id == met.id => Ok(named.clone()),
                // The name is another's now; the container may still run.
                _ => engine.inspect(&met.id).await,
            };
            match now {
                Ok(now) if now.is_alive() && now.started_at == met.started_at => {
                    self.teller.running(words(&met, &self.name)).await;
                    return Ok(());
                }
                Ok(now) if now.is_alive() => self.end("was restarted").await,
                // A look may be quicker than the event; it tells the same.
                Ok(now) => match now.exit_code {
                    Some(code) => self.end(&ended_with(&code.to_string(), now.ran_out)).await,
                    None => self.end(&format!("is not running ({})", now.state)).await,
                },
                Err(Trouble::NoContainer(_)) => self.end("was removed").await,
                Err(trouble) => return Err(trouble),
            }
        }
        match named {
            Ok(named) if named.is_alive() && !self.is_the_ended(&named) => {
                self.teller.running(words(&named, &self.name)).await;
                (self.met, self.has_ended, self.ran_out) = (Some(named), false, false);
            }
            Ok(named) => {
                let why = format!("the container {} is not running ({})", self.name, named.state);
                self.teller.nobody(why).await;
            }
            Err(missing) => self.teller.nobody(missing.to_string()).await,
        }
        Ok(())
    }

    /// Whether this is the very life whose end was seen: for a moment, and while it waits to be
    /// restarted, the engine still calls it running.
    fn is_the_ended(&self, named: &Container) -> bool {
        let same = |met: &Container| met.id == named.id && met.started_at == named.started_at;
        self.has_ended && self.met.as_ref().is_some_and(same)
    }

    async fn end(&mut self, how: &str) {
        if let (Some(met), false) = (&self.met, self.has_ended) {
            self.has_ended = true;
            self.teller.ended(format!("{} {how}", words(met, &self.name))).await;
        }
    }
}

fn ended_with(code: &str, ran_out: bool) -> String {
    let memory = if ran_out { "; its memory ran out (OOM)" } else { "" };
    format!("ended with exit code {code}{memory}")
}

/// `container nodeos (3f2a…)`.
fn words(container: &Container, name: &str) -> String {
    let id: String = container.id.chars().take(12).collect();
    format!("container {name} ({id})")
}
