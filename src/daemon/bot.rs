//! What the Telegram bot is answered with: the keeper's status, and what the alarms' desk says.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::chats;
use crate::actions::notify::telegram::answers::{Answer, Answers, Asking, NoAnswer, Period};
use crate::actions::notify::telegram::bot::{Bot, Counts, Manners};
use crate::clock::Clock;
use crate::config::channels::Telegram;
use crate::core::alarm::language::{Language, Phrase};
use crate::core::decision::DecisionKind;
use crate::core::evidence::references::Standing;
use crate::core::rules::{Finding, State};
use crate::core::status::Status;

/// What the alarms answer and are ordered, beyond the status.
pub trait AlarmDesk: Send + Sync {
    /// The incidents that stand.
    fn incidents(&self) -> Asking<'_>;

    /// Keeps quiet about `cause`, or about everything, for a while; `by` names the person.
    fn silence(&self, length: Duration, cause: Option<String>, by: String) -> Asking<'_>;

    /// What was, with pictures.
    fn report(&self, period: Period) -> Asking<'_>;
}

/// Answers from the status; what it does not hold, from the desk.
pub struct KeeperAnswers {
    status: watch::Receiver<Arc<Status>>,
    desk: Option<Arc<dyn AlarmDesk>>,
    language: Language,
}

impl KeeperAnswers {
    /// Without a desk, its questions are answered with [`NoAnswer::Unavailable`].
    #[must_use]
    pub fn new(
        status: watch::Receiver<Arc<Status>>,
        desk: Option<Arc<dyn AlarmDesk>>,
        language: Language,
    ) -> Self {
        Self { status, desk, language }
    }

    fn of_status(&self, page: fn(&Status, Language) -> Answer) -> Asking<'_> {
        let status = Arc::clone(&self.status.borrow());
        let answer = page(&status, self.language);
        Box::pin(std::future::ready(Ok(answer)))
    }
}

impl Answers for KeeperAnswers {
    fn status(&self) -> Asking<'_> {
        self.of_status(status_page)
    }

    fn why(&self) -> Asking<'_> {
        self.of_status(why_page)
    }

    fn report(&self, period: Period) -> Asking<'_> {
        self.desk.as_ref().map_or_else(unavailable, |desk| desk.report(period))
    }

    fn incidents(&self) -> Asking<'_> {
        self.desk.as_ref().map_or_else(unavailable, |desk| desk.incidents())
    }

    fn silence(&self, length: Duration, cause: Option<String>, by: String) -> Asking<'_> {
        self.desk.as_ref().map_or_else(unavailable, |desk| desk.silence(length, cause, by))
    }
}

fn unavailable<'a>() -> Asking<'a> {
    Box::pin(std::future::ready(Err(NoAnswer::Unavailable)))
}

/// Starts the bot where one is configured and somebody may ask it; what it did, for the status.
///
/// # Errors
/// Why there can be no HTTP client.
pub fn start(
    config: &Telegram,
    language: Language,
    clock: Clock,
    answers: Arc<dyn Answers>,
    tasks: &mut JoinSet<()>,
    stop: &CancellationToken,
) -> Result<Option<Arc<Counts>>, String> {
    if !config.bot || config.allowed_users.is_empty() {
        return Ok(None);
    }
    let manners = Manners {
        allowed_users: config.allowed_users.clone(),
        private_only: config.private_only,
        language,
        now: Arc::new(move || clock.now().wall),
    };
    let bot = Bot::new(&chats::telegram(config), manners, answers)?;
    let counts = bot.counts();
    tasks.spawn(bot.run(stop.clone()));
    Ok(Some(counts))
}

/// `/status`: what `eoskeeper status` says, for a phone.
fn status_page(status: &Status, language: Language) -> Answer {
    let fires = firing(status).next().is_some();
    let mark = match status.decision.kind {
        DecisionKind::Alarm | DecisionKind::StepDown => "🔴",
        _ if fires => "🟠",
        _ => "🟢",
    };
    let mut lines = vec![
        format!("{} ({}) · {}", status.node_name, status.role.letter(), status.producer.name),
        String::new(),
    ];
    lines.extend(facts(status, language));
    lines.push(String::new());
    lines.extend(findings(status, language));
    lines.push(String::new());
    lines.push(judged(status, language));
    Answer { title: format!("{mark} {}", status.decision.sentence), lines, pictures: Vec::new() }
}

/// `/why`: the sentences of `eoskeeper status --why`.
fn why_page(status: &Status, language: Language) -> Answer {
    let mut lines = findings(status, language);
    if !status.gates.is_empty() {
        lines.push(String::new());
        lines.push(format!("{}:", language.phrase(Phrase::Gates)));
    }
    for gate in &status.gates {
        let mark = if gate.closed.is_some() { "🔒" } else { "✓" };
        let opens = gate.opens_in_ms.map(|ms| format!(" ({})", language.duration(ms)));
        let opens = opens.unwrap_or_default();
        lines.push(format!("{mark} {}: {}{opens}", gate.name, gate.sentence));
    }
    lines.push(String::new());
    lines.push(judged(status, language));
    Answer { title: status.decision.sentence.clone(), lines, pictures: Vec::new() }
}

fn judged(status: &Status, language: Language) -> String {
    let at = status.at.to_string();
    let at = at.get(..19).unwrap_or(&at).replace('T', " ");
    format!("{} {at} UTC", language.phrase(Phrase::Judged))
}

fn firing(status: &Status) -> impl Iterator<Item = &Finding> {
    status.findings.iter().filter(|finding| finding.state == State::Firing)
}

fn facts(status: &Status, language: Language) -> Vec<String> {
    let (chain, producer) = (&status.chain, &status.producer);
    let mut lines = Vec::new();
    let mut add = |phrase, text: String| lines.push(format!("{} {text}", language.phrase(phrase)));
    if let Some(why) = &status.node.api_failure {
        add(Phrase::RpcSilent, format!("({why})"));
    }
    if let Some(head) = chain.head {
        // A head may come a little before its time.
        let age = chain.head_age_ms.unwrap_or_default().max(0).unsigned_abs();
        let ago = format!("{} {}", language.duration(age), language.phrase(Phrase::Ago));
        let by = chain.head_producer.map(|name| format!(" {name},")).unwrap_or_default();
        add(Phrase::Head, format!("#{head},{by} {ago}"));
    }
    if let Some(lib) = chain.lib {
        add(Phrase::Irreversible, format!("#{lib}"));
    }
    let last = producer.last_block.map(|block| {
        let ago = language.duration(block.seen_ago_ms);
        format!("#{}, {ago} {}", block.number, language.phrase(Phrase::Ago))
    });
    add(Phrase::LastBlock, last.unwrap_or_else(|| language.phrase(Phrase::NotSeen).to_owned()));
    if !status.references.is_empty() {
        let agrees = |standing: Option<Standing>| standing == Some(Standing::Agrees);
        let agree = status.references.iter().filter(|other| agrees(other.standing)).count();
        add(Phrase::References, format!("{agree}/{}", status.references.len()));
    }
    lines
}

/// The rules that fire, each with what it saw.
fn findings(status: &Status, language: Language) -> Vec<String> {
    let lines: Vec<String> = firing(status)
        .map(|finding| {
            let since = status.at.since_ms(finding.since).max(0).unsigned_abs();
            format!("• {}: {} ({})", finding.rule, finding.saw, language.duration(since))
        })
        .collect();
    if lines.is_empty() {
        return vec![language.phrase(Phrase::NothingFires).to_owned()];
    }
    let heading = format!("{}:", language.phrase(Phrase::Findings));
    std::iter::once(heading).chain(lines).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::keeper::Keeper;
    use crate::core::settings::{Role, Settings};
    use crate::core::time::Now;

    fn status() -> Status {
        let settings = Settings::new(Role::FirstStandby, "eosstorebest".parse().unwrap());
        let mut keeper = Keeper::new(settings, Now::default(), Ok(None));
        let now = Now::default().plus_ms(1_000);
        keeper.tick(now);
        keeper.status(now)
    }

    #[test]
    fn why_has_the_sentence_of_every_gate() {
        let status = status();
        let answer = why_page(&status, Language::English);
        assert_eq!(answer.title, status.decision.sentence);
        assert!(status.gates.len() > 5);
        for gate in &status.gates {
            let is_there = answer.lines.iter().any(|line| line.contains(gate.sentence.as_ref()));
            assert!(is_there, "{}: {:?}", gate.name, answer.lines);
        }
    }

    #[test]
    fn status_says_who_and_how_in_each_language() {
        let mut status = status();
        status.chain.head = Some(700);
        status.chain.head_age_ms = Some(-400);
        status.findings[0].state = State::Firing;
        for (language, head, last) in [
            (Language::English, "Head #700, 0 ms ago", "Our last block none seen yet"),
            (Language::Chinese, "最新区块 #700, 0 秒 前", "我方最近区块 尚未见到"),
            (Language::Russian, "Головной блок #700, 0 с назад", "Наш последний блок ещё не было"),
        ] {
            let answer = status_page(&status, language);
            let lines: Vec<&str> = answer.lines.iter().map(String::as_str).collect();
            assert!(answer.title.starts_with("🟠 "), "{}", answer.title);
            assert_eq!(lines[0], "b (B) · eosstorebest");
            assert!(lines.contains(&head) && lines.contains(&last), "{lines:?}");
            let rule = status.findings[0].rule.to_string();
            assert!(lines.iter().any(|line| line.starts_with(&format!("• {rule}: "))), "{lines:?}");
        }
    }

    #[tokio::test]
    async fn without_a_desk_nothing_is_invented() {
        let (_keep, status) = watch::channel(Arc::new(status()));
        let answers = KeeperAnswers::new(status, None, Language::English);
        assert_eq!(answers.incidents().await, Err(NoAnswer::Unavailable));
        assert_eq!(answers.report(Period::Day).await, Err(NoAnswer::Unavailable));
        let silence = answers.silence(Duration::from_secs(60), None, "Ann".to_owned());
        assert_eq!(silence.await, Err(NoAnswer::Unavailable));
        assert!(answers.status().await.is_ok() && answers.why().await.is_ok());
    }
}
