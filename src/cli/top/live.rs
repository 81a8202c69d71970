//! Draws until the person leaves: each second, and when a key, an answer or another size comes.

use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use anyhow::Context;
use ratatui::crossterm::event::{self, Event};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::time::{MissedTickBehavior, interval};

use super::ask::{self, Told};
use super::facts::{Ear, Facts};
use super::frame::{self, Mode};
use super::keys::{self, Wish};
use super::paint::Paint;
use super::screen::Screen;
use crate::cli::keeper_client::KeeperClient;
use crate::clock::Clock;

/// Keys and answers that wait; more of them are waited for.
const WAITING_MAX: usize = 32;
/// So often the thread that reads keys looks whether it is still wanted.
const KEYS_WAIT: Duration = Duration::from_millis(250);

/// What is shown.
struct View {
    facts: Facts,
    ear: Ear,
    mode: Mode,
    clock: Clock,
    paint: Paint,
}

/// Shows it until the person leaves, or a signal ends it; then 128 and its number, as a shell has it.
pub(super) async fn show(client: KeeperClient, paint: Paint) -> anyhow::Result<ExitCode> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let mut go_on = signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?;
    let (tell, mut told) = mpsc::channel(WAITING_MAX);
    let mut screen = Screen::enter()?;
    let mut keys = keys_of_terminal()?;
    tokio::spawn(ask::again_and_again(client, tell));
    let mut second = interval(Duration::from_secs(1));
    second.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut view = View {
        facts: Facts::default(),
        ear: Ear::default(),
        mode: Mode::default(),
        clock: Clock::start(),
        paint,
    };
    loop {
        view.draw(&mut screen).context("the terminal cannot be drawn on")?;
        tokio::select! {
            _ = second.tick() => {}
            _ = terminate.recv() => return Ok(ExitCode::from(143)),
            _ = interrupt.recv() => return Ok(ExitCode::from(130)),
            _ = hangup.recv() => return Ok(ExitCode::from(129)),
            _ = go_on.recv() => screen.forget().context("the terminal cannot be drawn on")?,
            said = told.recv() => view.take(said.context("nobody asks the keeper any more")?),
            event = keys.recv() => {
                let event = event.context("no keys can be read any more")?.context("no keys can be read")?;
                if view.obey(&event) {
                    return Ok(ExitCode::SUCCESS);
                }
            }
        }
    }
}

impl View {
    fn draw(&mut self, screen: &mut Screen) -> std::io::Result<()> {
        let word = self.ear.word(self.clock.now());
        let (facts, mode, paint) = (&self.facts, &mut self.mode, self.paint);
        screen.draw(|shown| {
            let area = shown.area();
            frame::draw(facts, &word, mode, paint, area, shown.buffer_mut());
        })
    }

    /// Takes in what the keeper said; nothing while the view stands still.
    fn take(&mut self, told: Told) {
        if self.mode.is_paused {
            return;
        }
        match told {
            Told::Status(Ok(status)) => {
                self.ear.heard(self.clock.now(), &status);
                self.facts.status = Some(status);
            }
            Told::Status(Err(why)) => self.ear.missed(why),
            Told::Past(past) => self.facts.past = past,
        }
    }

    /// Whether the person leaves.
    fn obey(&mut self, event: &Event) -> bool {
        let Event::Key(key) = event else { return false };
        keys::wish(*key).is_some_and(|wish| match wish {
            Wish::Pause => {
                self.mode.is_paused = !self.mode.is_paused;
                self.mode.paused_at = self.clock.now().wall;
                false
            }
            wish => self.mode.obey(wish),
        })
    }
}

/// Events of the terminal, read by a thread of their own: reading waits.
fn keys_of_terminal() -> anyhow::Result<Receiver<std::io::Result<Event>>> {
    let (tell, told) = mpsc::channel(WAITING_MAX);
    thread::Builder::new()
        .name("keys".to_owned())
        .spawn(move || read_keys(&tell))
        .context("no thread to read keys with")?;
    Ok(told)
}

fn read_keys(tell: &Sender<std::io::Result<Event>>) {
    while !tell.is_closed() {
        let event = match event::poll(KEYS_WAIT) {
            Ok(false) => continue,
            Ok(true) => event::read(),
            Err(error) => Err(error),
        };
        let is_over = event.is_err();
        if tell.blocking_send(event).is_err() || is_over {
            return;
        }
    }
}
