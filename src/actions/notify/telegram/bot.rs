//! The bot: asks Telegram what people wrote, and answers those who may ask.
//!
//! A command is confirmed to Telegram before it is answered. So it is carried out at most once,
//! whenever the keeper ends: Telegram keeps the offset, and nothing of it is on our disk.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use frankenstein::methods::{GetUpdatesParams, SetMyCommandsParams};
use frankenstein::types::{AllowedUpdate, BotCommand, ChatId, Message};
use frankenstein::updates::{Update, UpdateContent};
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::super::setup::WallClock;
use super::answers::{Answer, Answers, NoAnswer};
use super::api::{Api, CALL, Place};
use super::command::{Command, NAMES};
use super::failure::Failure;
use super::guard::{Asked, Guard, Ignored};
use super::story::send_pictures;
use super::{Settings, page};
use crate::core::alarm::language::{Language, Phrase};

/// Longest time for an answer: pictures are drawn for some.
pub const ANSWER_DEADLINE: Duration = Duration::from_secs(30);
/// Time for an answer on its way to Telegram, pictures included.
const SEND_DEADLINE: Duration = Duration::from_secs(60);
/// How long Telegram keeps a question for updates open while there are none, seconds.
const POLL_SECONDS: u32 = 25;
/// Time for such a question.
const POLL: Duration = Duration::from_secs(POLL_SECONDS as u64 + 15);
/// Most updates of one answer.
const UPDATES_MAX: u32 = 20;
/// Wait after the first failure in a row; doubled after each further one.
const WAIT: Duration = Duration::from_secs(2);
/// Longest wait.
const WAIT_MAX: Duration = Duration::from_secs(120);
/// Strangers that are remembered, so that each is logged once.
const STRANGERS_MAX: usize = 256;

/// Whom the bot answers, and how.
#[derive(Clone)]
pub struct Manners {
    /// Numbers of the people who may ask.
    pub allowed_users: Vec<u64>,
    /// Whether groups are not heard.
    pub private_only: bool,
    /// The language of its own words.
    pub language: Language,
    /// The wall clock, for the age of a command.
    pub now: WallClock,
}

/// What the bot did so far.
#[derive(Debug, Default)]
pub struct Counts {
    /// Commands answered.
    pub answered: AtomicU64,
    /// Messages of people who may not ask, and of bots.
    pub refused: AtomicU64,
    /// Commands that came too late.
    pub too_old: AtomicU64,
    /// Answers that did not reach Telegram.
    pub lost: AtomicU64,
}

/// The bot.
pub struct Bot {
    api: Api,
    answers: Arc<dyn Answers>,
    manners: Manners,
    counts: Arc<Counts>,
    strangers: BTreeSet<u64>,
}

impl Bot {
    /// The bot of a token; nothing is connected yet.
    ///
    /// # Errors
    /// Why there can be no HTTP client.
    pub fn new(
        settings: &Settings,
        manners: Manners,
        answers: Arc<dyn Answers>,
    ) -> Result<Self, String> {
        Ok(Self {
            api: Api::new(&settings.api_url, &settings.token)?,
            answers,
            manners,
            counts: Arc::default(),
            strangers: BTreeSet::new(),
        })
    }

    /// What it did; counts on while it runs.
    #[must_use]
    pub fn counts(&self) -> Arc<Counts> {
        Arc::clone(&self.counts)
    }

    /// Answers until `stop`.
    pub async fn run(mut self, stop: CancellationToken) {
        stop.run_until_cancelled(self.serve()).await;
    }

    async fn serve(&mut self) {
        let guard = self.introduce().await;
        let (mut offset, mut wait, mut told) = (None, WAIT, None);
        loop {
            match self.listen(&guard, &mut offset).await {
                Ok(()) => (wait, told) = (WAIT, None),
                Err(failure) => {
                    tell_once(&failure, &mut told);
                    sleep(pause(&failure, &mut wait)).await;
                }
            }
        }
    }

    /// Asks for the bot's own name until there is an answer, and shows the menu.
    async fn introduce(&self) -> Guard {
        let (mut wait, mut told) = (WAIT, None);
        let me = loop {
            match self.api.me(Instant::now() + CALL).await {
                Ok(me) => break me,
                Err(failure) => {
                    tell_once(&failure, &mut told);
                    sleep(pause(&failure, &mut wait)).await;
                }
            }
        };
        if let Err(failure) = self.show_menu().await {
            tracing::info!(%failure, "Telegram did not take the bot's menu; it works without.");
        }
        Guard {
            allowed: self.manners.allowed_users.clone(),
            is_private_only: self.manners.private_only,
            username: me.username.map(|name| name.to_lowercase()),
        }
    }

    async fn show_menu(&self) -> Result<bool, Failure> {
        let entry = |name: &&str| {
            let text = self.manners.language.phrase(meaning(name));
            BotCommand::builder().command(*name).description(text).build()
        };
        let commands = NAMES.iter().map(entry).collect();
        let params = SetMyCommandsParams::builder().commands(commands).build();
        self.api.call("setMyCommands", &params, Instant::now() + CALL).await
    }

    /// One question for updates, and the answers to what came.
    async fn listen(&mut self, guard: &Guard, offset: &mut Option<i64>) -> Result<(), Failure> {
        let updates = self.updates(*offset, POLL_SECONDS, UPDATES_MAX, POLL).await?;
        let Some(last) = updates.iter().filter_map(|update| update["update_id"].as_i64()).max()
        else {
            return Ok(());
        };
        let mut asked = Vec::new();
        for update in updates {
            asked.extend(self.hear(guard, update));
        }
        if !asked.is_empty() {
            // Not kept: what came meanwhile comes again with the next question.
            self.updates(Some(last + 1), 0, 1, CALL).await?;
        }
        *offset = Some(last + 1);
        for (message, asked) in asked {
            self.answer(&message, asked).await;
        }
        Ok(())
    }

    async fn updates(
        &self,
        offset: Option<i64>,
        seconds: u32,
        limit: u32,
        deadline: Duration,
    ) -> Result<Vec<Value>, Failure> {
        let params = GetUpdatesParams::builder()
            .maybe_offset(offset)
            .limit(limit)
            .timeout(seconds)
            .allowed_updates(vec![AllowedUpdate::Message])
            .build();
        self.api.call("getUpdates", &params, Instant::now() + deadline).await
    }

    /// What is to be answered of an update. One that cannot be read is passed over: it must not
    /// stand in the way of those behind it.
    fn hear(&mut self, guard: &Guard, update: Value) -> Option<(Box<Message>, Asked)> {
        let message = match serde_json::from_value::<Update>(update) {
            Ok(Update { content: UpdateContent::Message(message), .. }) => message,
            Ok(_) => return None,
            Err(error) => {
                tracing::warn!(%error, "A message to the bot is of a kind that is not known.");
                return None;
            }
        };
        match guard.hear(&message, (self.manners.now)()) {
            Ok(asked) => return Some((message, asked)),
            Err(Ignored::Stranger(user)) => {
                self.counts.refused.fetch_add(1, Ordering::Relaxed);
                if self.strangers.len() < STRANGERS_MAX && self.strangers.insert(user) {
                    tracing::warn!(user, "Somebody who may not ask wrote to the Telegram bot.");
                }
            }
            Err(Ignored::Bot | Ignored::Nobody) => {
                self.counts.refused.fetch_add(1, Ordering::Relaxed);
            }
            Err(Ignored::Old) => {
                self.counts.too_old.fetch_add(1, Ordering::Relaxed);
                tracing::warn!("A command to the Telegram bot came minutes late and was dropped.");
            }
            Err(ignored) => tracing::debug!(?ignored, "A message to the bot was not for it."),
        }
        None
    }

    async fn answer(&self, message: &Message, asked: Asked) {
        let answer = self.ask(asked).await;
        let place = Place {
            chat: ChatId::Integer(message.chat.id),
            topic: message.message_thread_id.filter(|_| message.is_topic_message == Some(true)),
            reply_to: None,
            is_silent: false,
        };
        match self.send(&place, &answer).await {
            Ok(()) => self.counts.answered.fetch_add(1, Ordering::Relaxed),
            Err(failure) => {
                tracing::warn!(%failure, "An answer of the Telegram bot was lost.");
                self.counts.lost.fetch_add(1, Ordering::Relaxed)
            }
        };
    }

    async fn send(&self, place: &Place, answer: &Answer) -> Result<(), Failure> {
        let end = Instant::now() + SEND_DEADLINE;
        for html in page::answer(answer, self.manners.language) {
            self.api.send_text(place, &html, end.min(Instant::now() + CALL)).await?;
        }
        send_pictures(&self.api, place, &answer.pictures, end).await;
        Ok(())
    }

    async fn ask(&self, asked: Asked) -> Answer {
        let answers = &self.answers;
        let asking = match asked.command {
            Command::Status => answers.status(),
            Command::Why => answers.why(),
            Command::Report(period) => answers.report(period),
            Command::Incidents => answers.incidents(),
            Command::Silence(length, cause) => {
                tracing::warn!(by = asked.by, ?length, cause, "A silence is ordered by Telegram.");
                answers.silence(length, cause, asked.by)
            }
            Command::SilenceUsage => return self.phrase(Phrase::SilenceUsage),
            Command::Help => return self.help(None),
            Command::Unknown => return self.help(Some(Phrase::UnknownCommand)),
        };
        match timeout(ANSWER_DEADLINE, asking).await {
            Err(_) => self.phrase(Phrase::TooSlow),
            Ok(Err(NoAnswer::Unavailable)) => self.phrase(Phrase::Unavailable),
            Ok(Err(NoAnswer::Failed(why))) => Answer { title: why, ..Answer::default() },
            Ok(Ok(answer)) => answer,
        }
    }

    fn phrase(&self, phrase: Phrase) -> Answer {
        Answer { title: self.manners.language.phrase(phrase).to_owned(), ..Answer::default() }
    }

    fn help(&self, first: Option<Phrase>) -> Answer {
        let language = self.manners.language;
        let lines = NAMES.map(|name| {
            let usage = if name == "silence" { " 30m" } else { "" };
            format!("/{name}{usage}: {}", language.phrase(meaning(name)))
        });
        let title = first.map_or("eoskeeper", |first| language.phrase(first)).to_owned();
        Answer { title, lines: lines.into(), pictures: Vec::new() }
    }
}

/// What a command is for.
fn meaning(name: &str) -> Phrase {
    match name {
        "status" => Phrase::AskStatus,
        "why" => Phrase::AskWhy,
        "hour" => Phrase::AskHour,
        "day" => Phrase::AskDay,
        "week" => Phrase::AskWeek,
        "incidents" => Phrase::AskIncidents,
        "silence" => Phrase::AskSilence,
        _ => Phrase::AskHelp,
    }
}

/// Logs a failure when it is another than the one before.
fn tell_once(failure: &Failure, told: &mut Option<String>) {
    let text = failure.to_string();
    if told.as_ref() != Some(&text) {
        tracing::warn!("The Telegram bot hears nobody: {text}");
        *told = Some(text);
    }
}

/// How long to wait after a failure.
fn pause(failure: &Failure, wait: &mut Duration) -> Duration {
    let now = *wait;
    *wait = (now * 2).min(WAIT_MAX);
    match failure {
        Failure::Busy(wish) => now.max(*wish),
        _ => now,
    }
}
