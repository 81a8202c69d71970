//! The bot: who is answered, what, and how often.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use eoskeeper::actions::notify::channel::Picture;
use eoskeeper::actions::notify::telegram::answers::{Answer, Answers, Asking, NoAnswer, Period};
use eoskeeper::actions::notify::telegram::bot::{Bot, Counts, Manners};
use eoskeeper::core::alarm::language::Language;
use eoskeeper::core::time::Timestamp;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::http_support::Reply;
use super::service::{self, START, Shown};
use super::{LONG, picture, settings};

const ANN: i64 = 42;
const EVE: i64 = 66;

/// A keeper that remembers what it was asked.
#[derive(Default)]
struct Keeper {
    asked: Mutex<Vec<String>>,
    lines: Vec<String>,
    pictures: Vec<Picture>,
}

impl Keeper {
    fn said(&self, what: String) -> Asking<'_> {
        self.asked.lock().unwrap().push(what.clone());
        let (lines, pictures) = (self.lines.clone(), self.pictures.clone());
        Box::pin(std::future::ready(Ok(Answer { title: what, lines, pictures })))
    }
}

impl Answers for Keeper {
    fn status(&self) -> Asking<'_> {
        self.said("status".to_owned())
    }

    fn why(&self) -> Asking<'_> {
        self.said("why <gates> & @ann".to_owned())
    }

    fn report(&self, period: Period) -> Asking<'_> {
        self.said(format!("report {period:?}"))
    }

    fn incidents(&self) -> Asking<'_> {
        self.asked.lock().unwrap().push("incidents".to_owned());
        Box::pin(std::future::ready(Err(NoAnswer::Unavailable)))
    }

    fn silence(&self, length: Duration, cause: Option<String>, by: String) -> Asking<'_> {
        self.said(format!("silence {} s, {cause:?}, by {by}", length.as_secs()))
    }
}

/// A bot that runs.
struct Running {
    stop: CancellationToken,
    task: JoinHandle<()>,
    counts: Arc<Counts>,
}

fn start(service: &service::Telegram, keeper: &Arc<Keeper>, private_only: bool) -> Running {
    let manners = Manners {
        allowed_users: vec![u64::try_from(ANN).unwrap()],
        private_only,
        language: Language::English,
        now: Arc::new(|| Timestamp::from_ms(i64::try_from(START).unwrap() * 1_000)),
    };
    let answers: Arc<dyn Answers> = Arc::<Keeper>::clone(keeper);
    let bot = Bot::new(&settings(&service.server.url()), manners, answers).unwrap();
    let (counts, stop) = (bot.counts(), CancellationToken::new());
    let task = tokio::spawn(bot.run(stop.clone()));
    Running { stop, task, counts }
}

impl Running {
    async fn end(self) {
        self.stop.cancel();
        tokio::time::timeout(LONG, self.task).await.expect("it does not end").unwrap();
    }
}

/// Somebody writes to the bot.
fn write(service: &service::Telegram, number: u32, from: i64, text: &str, age: u64) {
    let update = json!({"update_id": number, "message": {
        "message_id": number, "date": START - age, "text": text,
        "from": {"id": from, "is_bot": false, "first_name": "Ann"},
        "chat": {"id": from, "type": "private", "first_name": "Ann"},
    }});
    push(service, update);
}

fn push(service: &service::Telegram, update: Value) {
    service.state().updates.push(update);
}

/// Waits until something is so.
async fn until(what: &str, is_so: impl Fn() -> bool) {
    let wait = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(LONG, wait).await.unwrap_or_else(|_| panic!("never: {what}"));
}

async fn until_said(service: &service::Telegram, count: usize) -> Vec<Shown> {
    until(&format!("{count} messages"), || service.chat().len() >= count).await;
    service.chat()
}

#[tokio::test]
async fn each_command_is_answered_to_whom_it_came_from() {
    let service = service::Telegram::start();
    let keeper = Arc::new(Keeper::default());
    let bot = start(&service, &keeper, true);
    for (number, (text, expected)) in (1..).zip([
        ("/status", "status"),
        ("/why", "why <gates> & @\u{2060}ann"),
        ("/hour", "report Hour"),
        ("/day", "report Day"),
        ("/week", "report Week"),
        ("/silence 30m api_down", "silence 1800 s, Some(\"api_down\"), by Ann (Telegram 42)"),
        ("/silence", "Write how long"),
        ("/incidents", "This keeper cannot answer that"),
        ("/help", "eoskeeper\n/status: how it stands"),
        ("/promote", "That is no command of mine.\n/status"),
    ]) {
        write(&service, number, ANN, text, 0);
        let chat = until_said(&service, number as usize).await;
        let last = chat.last().unwrap();
        assert!(last.plain.starts_with(expected), "{text}: {}", last.plain);
        assert_eq!((last.chat, last.is_silent), (ANN, false), "{text}");
    }
    assert_eq!(service.state().commands.len(), 8);
    assert_eq!(bot.counts.answered.load(Ordering::Relaxed), 10);
    assert_eq!(keeper.asked.lock().unwrap().len(), 7);
    bot.end().await;
}

#[tokio::test]
async fn strangers_bots_groups_and_old_commands_get_nothing() {
    let service = service::Telegram::start();
    let keeper = Arc::new(Keeper::default());
    let bot = start(&service, &keeper, true);
    let ann = json!({"id": ANN, "is_bot": false, "first_name": "Ann"});
    let group = json!({"id": -1_001_234, "type": "supergroup", "title": "ops"});
    write(&service, 1, EVE, "/status", 0);
    write(&service, 2, EVE, "/silence 7d", 0);
    write(&service, 3, ANN, "/silence 1h", 121);
    write(&service, 4, ANN, "hello", 0);
    push(
        &service,
        json!({"update_id": 5, "message": {"message_id": 5, "date": START,
        "text": "/status", "from": ann, "chat": group}}),
    );
    push(
        &service,
        json!({"update_id": 6, "message": {"message_id": 6, "date": START,
        "text": "/status", "from": {"id": ANN, "is_bot": true, "first_name": "B"},
        "chat": {"id": ANN, "type": "private"}}}),
    );
    // Of a later Bot API.
    push(&service, json!({"update_id": 7, "message": {"message_id": "seven"}}));
    push(&service, json!({"update_id": 8, "thing": {}}));
    write(&service, 9, ANN, "/status", 119);
    let chat = until_said(&service, 1).await;
    until("all is confirmed", || service.state().updates.is_empty()).await;
    assert_eq!(chat.len(), 1);
    assert_eq!(*keeper.asked.lock().unwrap(), ["status"]);
    let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    assert_eq!((count(&bot.counts.refused), count(&bot.counts.too_old)), (3, 1));
    bot.end().await;
}

#[tokio::test]
async fn in_a_group_that_is_let_only_our_commands_are_answered() {
    let service = service::Telegram::start();
    let keeper = Arc::new(Keeper::default());
    let bot = start(&service, &keeper, false);
    let in_group = |number: u32, text: &str| {
        json!({"update_id": number, "message": {"message_id": number, "date": START, "text": text,
            "message_thread_id": 42, "is_topic_message": true,
            "from": {"id": ANN, "is_bot": false, "first_name": "Ann"},
            "chat": {"id": service::CHAT, "type": "supergroup", "title": "ops"}}})
    };
    push(&service, in_group(1, "/status@other_bot"));
    push(&service, in_group(2, "/roll"));
    push(&service, in_group(3, "/why@keeper_bot"));
    let chat = until_said(&service, 1).await;
    assert_eq!((chat[0].chat, chat[0].topic), (service::CHAT, Some(service::TOPIC)));
    assert_eq!(*keeper.asked.lock().unwrap(), ["why <gates> & @ann"]);
    bot.end().await;
}

#[tokio::test]
async fn a_command_is_carried_out_once_whenever_the_keeper_ends() {
    let service = service::Telegram::start();
    let keeper = Arc::new(Keeper::default());
    write(&service, 1, ANN, "/silence 1h", 0);
    // The answer is not taken, so that it ends without having answered.
    service.refuse("sendMessage", 500, "Internal Server Error");
    let bot = start(&service, &keeper, true);
    until("it was ordered", || !keeper.asked.lock().unwrap().is_empty()).await;
    // Confirmed before it was carried out.
    assert!(service.state().updates.is_empty());
    let counts = Arc::clone(&bot.counts);
    until("the answer is lost", || counts.lost.load(Ordering::Relaxed) == 1).await;
    bot.task.abort();
    service.state().refuses.clear();
    let bot = start(&service, &keeper, true);
    write(&service, 2, ANN, "/status", 0);
    let chat = until_said(&service, 1).await;
    assert_eq!(chat[0].plain, "status");
    let asked = keeper.asked.lock().unwrap().clone();
    assert_eq!(asked, ["silence 3600 s, None, by Ann (Telegram 42)", "status"]);
    bot.end().await;
}

#[tokio::test]
async fn what_cannot_be_confirmed_is_not_carried_out() {
    let service = service::Telegram::start();
    let keeper = Arc::new(Keeper::default());
    let bot = start(&service, &keeper, true);
    until("it listens", || service.state().calls.contains(&"getUpdates".to_owned())).await;
    write(&service, 1, ANN, "/silence 1h", 0);
    service.refuse("getUpdates", 409, "Conflict: terminated by other getUpdates request");
    let calls = |service: &service::Telegram| {
        service.state().calls.iter().filter(|call| *call == "getUpdates").count()
    };
    let before = calls(&service);
    until("it asked again", || calls(&service) > before).await;
    let asked = keeper.asked.lock().unwrap().len();
    let unconfirmed = service.state().updates.len();
    assert_eq!(asked + unconfirmed, 1, "carried out, and not confirmed");
    bot.end().await;
}

#[tokio::test]
async fn it_outlives_a_telegram_that_fails() {
    let service = service::Telegram::start();
    let keeper = Arc::new(Keeper::default());
    // The first is for the bot's name, the second for its menu, which it can do without.
    service.server.order(Reply::json(200, json!({"ok": true, "result": {"id": 1}}).to_string()));
    service.server.order(Reply::Close);
    service.server.order(Reply::Garbage);
    let bot = start(&service, &keeper, true);
    write(&service, 1, ANN, "/status", 0);
    let chat = until_said(&service, 1).await;
    assert_eq!(chat[0].plain, "status");
    bot.end().await;
}

#[tokio::test]
async fn long_answers_are_spread_and_bounded_and_pictures_go_along() {
    let service = service::Telegram::start();
    let line = "✓ gate: <b>sentence</b> & more of the same ".repeat(5);
    let keeper = Arc::new(Keeper {
        lines: vec![line; 200],
        pictures: vec![picture(), picture()],
        ..Keeper::default()
    });
    let bot = start(&service, &keeper, true);
    write(&service, 1, ANN, "/why", 0);
    let chat = until_said(&service, 6).await;
    let photos: Vec<bool> = chat.iter().map(|shown| shown.is_photo).collect();
    assert_eq!(photos, [false, false, false, false, true, true]);
    assert!(chat[3].plain.contains(" more"), "{}", chat[3].plain);
    assert_eq!(chat[4].plain, "lag <of> this node & others");
    bot.end().await;
}
