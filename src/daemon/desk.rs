//! What the Telegram bot asks of the alarms: incidents, reports with pictures, silences.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::spawn_blocking;

use super::bot::AlarmDesk;
use super::control::Request;
use super::control::bounds;
use super::pictures::Painter;
use super::reporter::Reporter;
use crate::actions::notify::telegram::answers::{Answer, Asking, NoAnswer, Period as Asked};
use crate::chart::Period;
use crate::clock::Clock;
use crate::core::alarm::incident::Incident;
use crate::core::alarm::language::Language;
use crate::core::alarm::texts;
use crate::core::command::Command;
use crate::core::status::Status;
use crate::core::time::Human;

/// The user number of an order that came by chat: nobody's.
const NOBODY: u32 = 65_534;

/// Answers for the alarms.
pub(super) struct Desk {
    pub(super) status: watch::Receiver<Arc<Status>>,
    pub(super) orders: mpsc::Sender<Request>,
    pub(super) painter: Painter,
    pub(super) reporter: Reporter,
    pub(super) language: Language,
    pub(super) clock: Clock,
}

impl AlarmDesk for Desk {
    fn incidents(&self) -> Asking<'_> {
        let status = Arc::clone(&self.status.borrow());
        let now = self.clock.now().wall;
        let (language, alarms) = (self.language, &status.alarms);
        let each = alarms.incidents.iter().map(|incident| {
            let age = Human(now.since_ms(incident.began).max(0).cast_unsigned() / 1_000 * 1_000);
            format!(
                "{} · {} ({age})",
                language.severity(incident.severity),
                title(incident, language)
            )
        });
        let mut lines: Vec<String> = each.collect();
        lines.extend(alarms.silences.iter().map(|silence| format!("🔕 {}", silence.sentence())));
        let count = alarms.incidents.len();
        let title = match (language, count) {
            (Language::English, 0) => "✅ No incident stands.".to_owned(),
            (Language::English, _) => format!("Incidents: {count}"),
            (Language::Chinese, 0) => "✅ 当前没有事件。".to_owned(),
            (Language::Chinese, _) => format!("事件：{count}"),
            (Language::Russian, 0) => "✅ Инцидентов нет.".to_owned(),
            (Language::Russian, _) => format!("Инциденты: {count}"),
        };
        Box::pin(std::future::ready(Ok(Answer { title, lines, pictures: Vec::new() })))
    }

    fn silence(&self, length: Duration, cause: Option<String>, by: String) -> Asking<'_> {
        Box::pin(async move {
            let for_ms = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
            let by: String = by.chars().filter(|c| !c.is_control()).take(60).collect();
            let command =
                Command::Silence { for_ms, cause, by: Some(by), reason: "Telegram".to_owned() };
            bounds::check(&command).map_err(NoAnswer::Failed)?;
            let (reply, answered) = oneshot::channel();
            let request = Request { command, node: None, uid: NOBODY, reply };
            let busy = || NoAnswer::Failed("The keeper is busy; try again.".to_owned());
            self.orders.try_send(request).map_err(|_| busy())?;
            let answer = answered.await.map_err(|_| busy())?;
            let mut sentences = answer.sentences.into_iter();
            let title = sentences.next().unwrap_or_default();
            if !answer.accepted {
                return Err(NoAnswer::Failed(title));
            }
            Ok(Answer { title, lines: sentences.collect(), pictures: Vec::new() })
        })
    }

    fn report(&self, period: Asked) -> Asking<'_> {
        let (painter, reporter, language) =
            (self.painter.clone(), self.reporter.clone(), self.language);
        let to = self.clock.now().wall;
        let ms = i64::try_from(period.length().as_millis()).unwrap_or(i64::MAX);
        Box::pin(async move {
            let made = spawn_blocking(move || {
                let period = Period::before(to, ms);
                let report = reporter.figures(period)?;
                let (title, lines) = reporter.words(&report, language);
                let kinds = reporter.pictures().iter();
                let pictures = kinds.filter_map(|kind| painter.of_period(*kind, period));
                Ok(Answer { title, lines, pictures: pictures.collect() })
            });
            made.await.unwrap_or_else(|error| Err(error.to_string())).map_err(NoAnswer::Failed)
        })
    }
}

/// What an incident is about, in a language.
fn title(incident: &Incident, language: Language) -> String {
    let lead = incident.lead();
    let text = texts::of(language, &lead.cause, &lead.subject);
    text.map_or_else(|| lead.meaning.clone(), |[meaning, _]| meaning)
}
