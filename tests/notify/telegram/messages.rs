//! What people see in the chat over the life of an incident.

use std::time::Duration;

use eoskeeper::actions::notify::channel::{Channel, Delivery};
use eoskeeper::actions::notify::telegram::{DELETE_AFTER_MAX, Settings, Telegram};
use eoskeeper::core::action::Severity;
use eoskeeper::core::alarm::ending::OnEnd;
use eoskeeper::core::alarm::language::Language;
use eoskeeper::core::alarm::message::{Message, MessageKind, PROOF_MAX, SENTENCE_BYTES_MAX};

use super::service::{START, TOPIC};
use super::{deliver, delivery, go_on, message, picture, reminder, service, settings};

use MessageKind::{Changed, Raised, Resolved, Told};
use Severity::{Info, Page, Warn};

#[tokio::test]
async fn a_page_reads_on_a_phone_and_rings() {
    let service = service::Telegram::start();
    let channel = Telegram::new(&settings(&service.server.url())).unwrap();
    deliver(&channel, delivery(message(Raised, Page), None)).await.unwrap();
    let chat = service.chat();
    let [shown] = &chat[..] else { panic!("{chat:?}") };
    assert_eq!(
        shown.plain,
        "🔴 eosstorebest has signed no block for 4 min 20 s\n\
         PAGE begins · tokyo-1 (B) · eosstorebest\n\n\
         • no block with our name for 4 min 20 s\n\n\
         👉 Next step: look at node A\n\n\
         Since: 2026-11-21 02:48:37 UTC\n\
         Chain: aca376f2…\n\
         Incident: 20261121T024837-producer_missing"
    );
    assert!(shown.html.starts_with("🔴 <b>eosstorebest has"), "{}", shown.html);
    assert!(!shown.is_silent && shown.topic.is_none());
    let request = &service.server.requests()[0];
    assert_eq!(request.json()["link_preview_options"]["is_disabled"], true);
}

#[tokio::test]
async fn every_kind_severity_and_language_is_taken() {
    let service = service::Telegram::start();
    let channel = Telegram::new(&settings(&service.server.url())).unwrap();
    for language in Language::ALL {
        for (kind, severity, mark, is_silent) in [
            (Raised, Page, "🔴", false),
            (Raised, Warn, "🟠", false),
            (Raised, Info, "🔵", true),
            (Resolved, Page, "✅", true),
            (Told, Warn, "🟠", false),
            (Told, Info, "🔵", true),
            (MessageKind::Report, Info, "📊", true),
            (MessageKind::Summary, Warn, "📥", true),
            (MessageKind::Test, Info, "🔔", false),
        ] {
            let message = Message { language, ..message(kind, severity) };
            deliver(&channel, delivery(message, None)).await.unwrap();
            let shown = service.chat().pop().unwrap();
            assert!(shown.plain.starts_with(mark), "{kind:?}: {}", shown.plain);
            assert!(shown.plain.contains(language.kind(kind)), "{kind:?}: {}", shown.plain);
            assert_eq!(shown.is_silent, is_silent, "{kind:?} {severity:?}");
        }
    }
}

#[tokio::test]
async fn hostile_and_endless_texts_stay_text_within_the_limits() {
    let service = service::Telegram::start();
    let channel = Telegram::new(&settings(&service.server.url())).unwrap();
    let long = |part: &str| part.repeat(SENTENCE_BYTES_MAX / part.len());
    for (name, text) in [
        ("marks", long("</b></blockquote><a href=\"http://x\">&lt;&amp;")),
        ("chinese", long("出块者停止出块。")),
        ("two units each", long("🔴🟠")),
        ("ascii", long("0123456789")),
        ("mentions", long("@admin ")),
        ("control characters", long("\u{202e}\u{1b}[2J\n\0")),
    ] {
        for pictures in [Vec::new(), vec![picture()]] {
            let hostile = Message {
                title: text.clone(),
                proof: vec![text.clone(); PROOF_MAX],
                next_step: text.clone(),
                marks: vec![text.clone(); 3],
                node: text.clone(),
                incident: text.clone(),
                ..message(Raised, Page)
            };
            let delivery = Delivery { message: hostile, pictures, shown: None };
            let delivered = deliver(&channel, delivery).await;
            assert!(delivered.is_ok(), "{name}: {delivered:?}");
            let shown = service.chat().pop().unwrap();
            for bad in ["@admin", "\u{202e}", "\u{1b}", "\0"] {
                assert!(!shown.plain.contains(bad), "{name}: {bad:?}");
            }
        }
        let chat = service.chat();
        let text = chat.iter().rev().find(|shown| !shown.is_photo).unwrap();
        for part in ["Next step", "Since: 2026-11-21 02:48:37 UTC", "Chain: aca376f2…"] {
            assert!(text.plain.contains(part), "{name} lost {part}: {}", text.plain);
        }
        assert!(text.plain.encode_utf16().count() > 1_024, "{name}: the room is not used");
    }
    // Nothing had to be sent a second time.
    let sent = service.state().calls.iter().filter(|call| *call == "sendMessage").count();
    assert_eq!(sent, 12);
}

#[tokio::test]
async fn what_does_not_fit_is_counted() {
    let service = service::Telegram::start();
    let channel = Telegram::new(&settings(&service.server.url())).unwrap();
    let proof: Vec<String> = (0..12).map(|n| format!("{n}: {}", "x".repeat(590))).collect();
    let message = Message { proof, ..message(Raised, Warn) };
    deliver(&channel, delivery(message, None)).await.unwrap();
    let shown = service.chat().pop().unwrap();
    let lines = shown.plain.matches("xxx…").count() + shown.plain.matches("x\n").count();
    assert!(shown.plain.contains("• 0: xx") && lines < 12, "{}", shown.plain);
    assert!(shown.plain.contains(" more\n"), "{}", shown.plain);
    assert!(shown.html.contains("<blockquote expandable>"), "{}", shown.html);
}

#[tokio::test]
async fn an_incident_is_one_message_and_only_a_page_rings_again() {
    let service = service::Telegram::start();
    let channel = Telegram::new(&settings(&service.server.url())).unwrap();
    let mut shown = None;
    go_on(&channel, message(Raised, Warn), &mut shown).await;
    go_on(&channel, reminder(1, Warn), &mut shown).await;
    let chat = service.chat();
    let [main] = &chat[..] else { panic!("a warning rang again: {chat:?}") };
    assert!(main.plain.contains("WARNING goes on") && main.plain.contains("Reminder: 1"));

    // It became a page: that rings, as an answer to the first message.
    go_on(&channel, message(Changed, Page), &mut shown).await;
    let chat = service.chat();
    let [main, ring] = &chat[..] else { panic!("{chat:?}") };
    assert!(main.plain.starts_with("🔴") && main.plain.contains("PAGE changed"));
    assert_eq!((ring.reply_to, ring.is_silent), (Some(1), false));
    // A further change does not.
    go_on(&channel, message(Changed, Page), &mut shown).await;
    assert_eq!(service.chat(), chat);

    for number in 2..5 {
        go_on(&channel, reminder(number, Page), &mut shown).await;
        let chat = service.chat();
        let [_, ring] = &chat[..] else { panic!("old reminders stay: {chat:?}") };
        assert!(ring.plain.contains(&format!("Reminder: {number}")), "{}", ring.plain);
        assert_eq!((ring.reply_to, ring.is_silent), (Some(1), false));
    }
}

#[tokio::test]
async fn at_the_end_the_chat_is_as_it_was_chosen() {
    for (on_end, has_picture, expected) in [
        (
            OnEnd::Edit,
            false,
            &["✅ eosstorebest has signed no block for 4 min 20 s\nPAGE is over"][..],
        ),
        (OnEnd::Edit, true, &["✅ eosstorebest has signed no block for 4 min 20 s\nPAGE is over"]),
        (OnEnd::Delete, false, &[]),
        (OnEnd::Delete, true, &[]),
        (
            OnEnd::Summary,
            false,
            &[
                "✅ eosstorebest has signed no block for 4 min 20 s · tokyo-1 · 2026-11-21 02:48 UTC 4 min 20 s",
            ],
        ),
        (
            OnEnd::Summary,
            true,
            &[
                "✅ eosstorebest has signed no block for 4 min 20 s · tokyo-1 · 2026-11-21 02:48 UTC 4 min 20 s",
            ],
        ),
    ] {
        let name = format!("{on_end:?}, picture: {has_picture}");
        let service = service::Telegram::start();
        let settings = Settings { on_end, ..settings(&service.server.url()) };
        let channel = Telegram::new(&settings).unwrap();
        let pictures = if has_picture { vec![picture()] } else { Vec::new() };
        let first = Delivery { message: message(Raised, Page), pictures, shown: None };
        let mut shown = deliver(&channel, first).await.unwrap().shown;
        go_on(&channel, reminder(1, Page), &mut shown).await;
        assert_eq!(service.chat().len(), 2, "{name}");
        // A restart in between: all that is known is what the outbox kept.
        let channel = Telegram::new(&settings).unwrap();
        go_on(&channel, message(Resolved, Page), &mut shown).await;
        let chat = service.chat();
        let seen: Vec<&str> = chat.iter().map(|shown| shown.plain.as_str()).collect();
        assert_eq!(seen.len(), expected.len(), "{name}: {seen:?}");
        for (seen, expected) in seen.iter().zip(expected) {
            assert!(seen.starts_with(expected), "{name}: {seen}");
        }
        // Twice is once.
        go_on(&channel, message(Resolved, Page), &mut shown).await;
        if on_end == OnEnd::Edit {
            assert_eq!(service.chat(), chat, "{name}");
        }
    }
}

#[tokio::test]
async fn what_happens_meanwhile_answers_the_incident_and_leaves_with_it() {
    let service = service::Telegram::start();
    let settings = Settings { on_end: OnEnd::Delete, ..settings(&service.server.url()) };
    let channel = Telegram::new(&settings).unwrap();
    let mut shown = None;
    go_on(&channel, message(Raised, Page), &mut shown).await;
    let told = Message { title: "B was promoted".to_owned(), ..message(Told, Page) };
    go_on(&channel, told, &mut shown).await;
    go_on(&channel, message(Changed, Page), &mut shown).await;
    let chat = service.chat();
    let [main, told] = &chat[..] else { panic!("{chat:?}") };
    assert!(main.plain.contains("PAGE changed"), "{}", main.plain);
    assert_eq!((told.reply_to, told.is_silent), (Some(1), false));
    assert!(told.plain.starts_with("🔴 B was promoted"), "{}", told.plain);
    go_on(&channel, message(Resolved, Page), &mut shown).await;
    assert!(service.chat().is_empty());
}

#[tokio::test]
async fn an_end_whose_beginning_was_never_shown_is_told() {
    let service = service::Telegram::start();
    let channel = Telegram::new(&settings(&service.server.url())).unwrap();
    deliver(&channel, delivery(message(Resolved, Page), None)).await.unwrap();
    let shown = service.chat().pop().unwrap();
    assert!(shown.plain.contains("Lasted: 4 min 20 s") && shown.is_silent, "{shown:?}");
    assert!(!shown.plain.contains("Next step"), "{}", shown.plain);
}

#[tokio::test]
async fn pictures_go_with_the_text_or_below_it() {
    for (name, count, proof, expected) in [
        ("one, short text", 1, 1, &[true][..]),
        ("one, long text", 1, 12, &[false, true]),
        ("two", 2, 1, &[false, true, true]),
    ] {
        let service = service::Telegram::start();
        let channel = Telegram::new(&settings(&service.server.url())).unwrap();
        let line = "no block with our name was seen for more than four minutes".repeat(4);
        let message = Message { proof: vec![line; proof], ..message(Raised, Page) };
        let delivery = Delivery { message, pictures: vec![picture(); count], shown: None };
        let mut shown = deliver(&channel, delivery).await.unwrap().shown;
        let chat = service.chat();
        let photos: Vec<bool> = chat.iter().map(|shown| shown.is_photo).collect();
        assert_eq!(photos, expected, "{name}");
        assert!(chat[0].plain.starts_with("🔴 eosstorebest"), "{name}");
        for below in &chat[1..] {
            // Rings once, and points at the text.
            assert_eq!((below.reply_to, below.is_silent), (Some(1), true), "{name}");
            assert_eq!(below.plain, "lag <of> this node & others", "{name}");
        }
        go_on(&channel, super::message(Changed, Page), &mut shown).await;
        let main = &service.chat()[0];
        assert!(main.plain.contains("PAGE changed"), "{name}: {}", main.plain);
        let removed = channel.remove(&shown.unwrap()).await;
        assert!(removed.is_ok() && service.chat().is_empty(), "{name}: {removed:?}");
    }
}

#[tokio::test]
async fn a_topic_is_kept_to_and_an_alarm_comes_without_one_that_is_gone() {
    let service = service::Telegram::start();
    let topic = i32::try_from(TOPIC).unwrap();
    for (asked, expected) in [(topic, Some(TOPIC)), (topic + 1, None)] {
        let settings = Settings { topic: Some(asked), ..settings(&service.server.url()) };
        let channel = Telegram::new(&settings).unwrap();
        deliver(&channel, delivery(message(Raised, Page), None)).await.unwrap();
        assert_eq!(service.chat().pop().unwrap().topic, expected);
    }
}

#[tokio::test]
async fn what_was_sent_is_taken_back_in_time() {
    let service = service::Telegram::start();
    let hours = |hours: u64| Duration::from_secs(hours * 3_600);
    let settings = Settings { delete_after: Some(hours(24)), ..settings(&service.server.url()) };
    let channel = Telegram::new(&settings).unwrap();
    let mut shown = None;
    for (at, message, expected) in [
        (0, message(Raised, Page), Some(hours(24))),
        (10, message(Changed, Page), Some(hours(24))),
        // It can still be deleted for so long, by Telegram's rule and an hour.
        (40, reminder(1, Page), Some(hours(7))),
        (50, reminder(2, Page), None),
    ] {
        service.state().now = START + at * 3_600;
        let delivered = go_on(&channel, message, &mut shown).await;
        assert_eq!(delivered.remove_after, expected, "after {at} h");
    }
    assert!(DELETE_AFTER_MAX < hours(48));

    service.state().now = START + 41 * 3_600;
    channel.remove(shown.as_deref().unwrap()).await.unwrap();
    assert!(service.chat().is_empty());
    // Gone is gone, and the incident goes on all the same.
    channel.remove(shown.as_deref().unwrap()).await.unwrap();
    go_on(&channel, reminder(3, Page), &mut shown).await;
    let chat = service.chat();
    let [again] = &chat[..] else { panic!("{chat:?}") };
    assert!(again.plain.contains("Reminder: 3") && !again.is_silent, "{again:?}");
}

#[tokio::test]
async fn what_is_too_old_to_be_deleted_becomes_one_line() {
    let service = service::Telegram::start();
    let settings = Settings { on_end: OnEnd::Delete, ..settings(&service.server.url()) };
    let channel = Telegram::new(&settings).unwrap();
    let mut shown = None;
    go_on(&channel, message(Raised, Page), &mut shown).await;
    service.state().now = START + 49 * 3_600;
    go_on(&channel, message(Resolved, Page), &mut shown).await;
    let chat = service.chat();
    let [line] = &chat[..] else { panic!("{chat:?}") };
    assert_eq!(line.plain.lines().count(), 1, "{}", line.plain);
    let removed = channel.remove(&shown.unwrap()).await.unwrap_err().to_string();
    assert!(removed.contains("too old"), "{removed}");
}

#[tokio::test]
async fn late_pictures_answer_their_message_and_go_with_it() {
    let service = service::Telegram::start();
    let settings = Settings { on_end: OnEnd::Delete, ..settings(&service.server.url()) };
    let channel = Telegram::new(&settings).unwrap();
    let mut shown = None;
    go_on(&channel, message(Raised, Page), &mut shown).await;
    let pictures = vec![picture(), picture()];
    let late = Delivery { pictures, ..delivery(message(Raised, Page), shown.clone()) };
    let followed = channel.follow(&late).await.unwrap();
    let chat = service.chat();
    assert_eq!(chat.len(), 3, "{chat:?}");
    assert!(chat[1..].iter().all(|sent| sent.is_photo && sent.is_silent), "{chat:?}");
    assert_eq!(chat[1].reply_to, Some(1), "{chat:?}");
    assert_eq!(followed.remove_after, None);
    go_on(&channel, message(Resolved, Page), &mut followed.shown.clone()).await;
    assert_eq!(service.chat(), [], "they are deleted with it");

    let unknown = Delivery { shown: None, ..late };
    assert_eq!(channel.follow(&unknown).await, Ok(Default::default()), "nothing to answer to");
    assert_eq!(service.chat(), []);
}
