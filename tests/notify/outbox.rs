//! The outbox on a real state file: what a channel that is down, a restart and a crash cost.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use eoskeeper::actions::notify::channel::{
    Channel, Delivered, Delivering, Delivery, DeliveryError, Picture,
};
use eoskeeper::config::channels::Route;
use eoskeeper::core::action::Severity;
use eoskeeper::core::alarm::language::Language;
use eoskeeper::core::alarm::message::{Message, MessageKind, PictureKind};
use eoskeeper::core::alarm::wording::{Circumstances, Speaker};
use eoskeeper::core::settings::Role;
use eoskeeper::core::time::Timestamp;
use eoskeeper::daemon::outbox::{Batch, Draw, Outbox, Outlet, Tools, WallClock};
use eoskeeper::history::store::Store;

const START_MS: i64 = 1_795_229_317_000;

/// What a channel was asked, and what it is to answer; without an answer left it works.
#[derive(Default)]
struct Played {
    answers: VecDeque<Result<Delivered, DeliveryError>>,
    delivered: Vec<(String, Option<String>, Vec<String>, usize)>,
    removed: Vec<String>,
    /// Pictures that came after their message: its id, what was shown, and how many.
    followed: Vec<(String, Option<String>, usize)>,
}

struct Actor {
    name: &'static str,
    /// Whether pictures may come later.
    is_patient: bool,
    played: Arc<Mutex<Played>>,
}

impl Channel for Actor {
    fn name(&self) -> &'static str {
        self.name
    }

    fn takes_pictures(&self) -> bool {
        true
    }

    fn takes_late_pictures(&self) -> bool {
        self.is_patient
    }

    fn follow<'a>(&'a self, delivery: &'a Delivery) -> Delivering<'a> {
        Box::pin(async move {
            let Delivery { message, pictures, shown } = delivery;
            let followed = (message.id.clone(), shown.clone(), pictures.len());
            self.played.lock().unwrap().followed.push(followed);
            Ok(Delivered { shown: Some("with pictures".to_owned()), remove_after: None })
        })
    }

    fn deliver<'a>(&'a self, delivery: &'a Delivery) -> Delivering<'a> {
        Box::pin(async move {
            let mut played = self.played.lock().unwrap();
            let answer = played.answers.pop_front().unwrap_or_else(|| Ok(Delivered::default()));
            if answer.is_ok() {
                let message = &delivery.message;
                played.delivered.push((
                    message.id.clone(),
                    delivery.shown.clone(),
                    message.marks.clone(),
                    delivery.pictures.len(),
                ));
            }
            answer
        })
    }

    fn remove<'a>(&'a self, shown: &'a str) -> Delivering<'a> {
        Box::pin(async move {
            self.played.lock().unwrap().removed.push(shown.to_owned());
            Ok(Delivered::default())
        })
    }
}

/// One channel's life over several starts of the keeper.
struct Stage {
    dir: tempfile::TempDir,
    played: Arc<Mutex<Played>>,
    now_ms: Arc<Mutex<i64>>,
}

impl Stage {
    fn new() -> Self {
        let now_ms = Arc::new(Mutex::new(START_MS));
        Self { dir: tempfile::tempdir().unwrap(), played: Arc::default(), now_ms }
    }

    fn clock(&self) -> WallClock {
        let now = Arc::clone(&self.now_ms);
        Arc::new(move || Timestamp::from_ms(*now.lock().unwrap()))
    }

    fn pass(&self, ms: i64) {
        *self.now_ms.lock().unwrap() += ms;
    }

    fn start(&self, store: Option<Arc<Store>>) -> Outbox {
        self.start_with(store, Arc::new(draw), false)
    }

    fn start_with(&self, store: Option<Arc<Store>>, draw: Draw, is_patient: bool) -> Outbox {
        let route = Route { levels: vec![Severity::Page], reports: false };
        let played = Arc::clone(&self.played);
        let channel = Box::new(Actor { name: "actor", is_patient, played });
        let tools = Tools { store, draw, clock: self.clock(), expire_ms: 3_600_000 };
        Outbox::start(vec![Outlet { channel, route }], tools)
    }

    fn delivered(&self) -> Vec<String> {
        self.played.lock().unwrap().delivered.iter().map(|(id, ..)| id.clone()).collect()
    }

    /// Waits until so many were delivered.
    async fn wait_for(&self, count: usize) {
        for _ in 0..1_000 {
            if self.delivered().len() >= count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{:?} of {count} were delivered", self.delivered());
    }
}

/// Draws the lag, and nothing else.
fn draw(kind: PictureKind, message: &Message) -> Option<Picture> {
    let caption = message.title.clone();
    (kind == PictureKind::Lag).then(|| Picture { kind, caption, png: vec![1] })
}

fn open(dir: &Path) -> Arc<Store> {
    let store = Store::open(dir).unwrap();
    store.load("eosstorebest".parse().unwrap()).unwrap();
    Arc::new(store)
}

fn message(id: &str, incident: &str, severity: Severity) -> Message {
    let speaker = Speaker {
        node: "a".to_owned(),
        role: Role::Active,
        producer: "eosstorebest".parse().unwrap(),
        language: Language::English,
    };
    let at = Timestamp::from_ms(START_MS);
    Message {
        id: id.to_owned(),
        incident: incident.to_owned(),
        pictures: vec![PictureKind::Lag, PictureKind::Host],
        ..speaker.bare(MessageKind::Raised, severity, at, &Circumstances::default())
    }
}

fn batch(messages: &[Message]) -> Batch {
    Batch { desk: Some(("desk".to_owned(), "{}".to_owned())), messages: messages.to_vec() }
}

fn busy(seconds: u64) -> Result<Delivered, DeliveryError> {
    let retry_after = Some(Duration::from_secs(seconds));
    Err(DeliveryError::Passing { why: "busy".to_owned(), retry_after })
}

const DEADLINE: Duration = Duration::from_secs(20);

#[tokio::test(start_paused = true)]
async fn a_channel_gets_what_its_route_says_in_order_with_its_pictures() {
    let stage = Stage::new();
    let mut outbox = stage.start(Some(open(stage.dir.path())));
    outbox.post(batch(&[
        message("1", "x", Severity::Page),
        message("2", "y", Severity::Warn),
        message("3", "x", Severity::Page),
    ]));
    stage.wait_for(2).await;
    outbox.finish(DEADLINE).await;
    assert_eq!(stage.delivered(), ["1", "3"]);
    assert_eq!(stage.played.lock().unwrap().delivered[0].3, 1, "the picture that could be drawn");
}

#[tokio::test(start_paused = true)]
async fn what_a_channel_shows_comes_back_with_the_next_message_also_after_a_restart() {
    let stage = Stage::new();
    let shown = |what: &str| {
        Ok(Delivered { shown: Some(what.to_owned()), remove_after: Some(Duration::from_secs(60)) })
    };
    stage.played.lock().unwrap().answers = [shown("msg 7"), shown("msg 7")].into();
    let mut outbox = stage.start(Some(open(stage.dir.path())));
    outbox.post(batch(&[message("1", "x", Severity::Page)]));
    stage.wait_for(1).await;
    outbox.finish(DEADLINE).await;

    let mut outbox = stage.start(Some(open(stage.dir.path())));
    outbox.post(batch(&[message("2", "x", Severity::Page)]));
    stage.wait_for(2).await;
    outbox.finish(DEADLINE).await;
    let seen: Vec<_> = stage.played.lock().unwrap().delivered.iter().map(|d| d.1.clone()).collect();
    assert_eq!(seen, [None, Some("msg 7".to_owned())]);
    assert!(stage.played.lock().unwrap().removed.is_empty(), "not yet");

    stage.pass(61_000);
    let outbox = stage.start(Some(open(stage.dir.path())));
    for _ in 0..500 {
        if !stage.played.lock().unwrap().removed.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    outbox.finish(DEADLINE).await;
    assert_eq!(stage.played.lock().unwrap().removed, ["msg 7"], "taken back once");
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_is_down_gets_it_later_and_once() {
    let stage = Stage::new();
    stage.played.lock().unwrap().answers = [busy(600), busy(600), busy(600)].into();
    let mut outbox = stage.start(Some(open(stage.dir.path())));
    outbox.post(batch(&[message("1", "x", Severity::Page), message("2", "x", Severity::Page)]));
    for _ in 0..500 {
        if outbox.states()[0].failing.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(outbox.states()[0].waiting, 2);
    // The keeper is restarted while the channel is down; a finish tries once more at the most.
    outbox.finish(DEADLINE).await;
    assert_eq!(stage.delivered(), [""; 0]);
    stage.played.lock().unwrap().answers.clear();
    stage.pass(1_800_000);
    let outbox = stage.start(Some(open(stage.dir.path())));
    stage.wait_for(2).await;
    outbox.finish(DEADLINE).await;
    assert_eq!(stage.delivered(), ["1", "2"]);
    let marks = stage.played.lock().unwrap().delivered[0].2.clone();
    assert_eq!(marks, ["delivered 30 min late"]);
    // And the next start has nothing left.
    let outbox = stage.start(Some(open(stage.dir.path())));
    outbox.finish(DEADLINE).await;
    assert_eq!(stage.delivered(), ["1", "2"]);
}

#[tokio::test(start_paused = true)]
async fn what_waited_too_long_is_one_message() {
    let stage = Stage::new();
    {
        let store = open(stage.dir.path());
        let queued = Timestamp::from_ms(START_MS);
        let messages: Vec<_> = (0..20)
            .map(|n| Message {
                kind: MessageKind::Resolved,
                ..message(&format!("m{n}"), &format!("i{n}"), Severity::Page)
            })
            .collect();
        let rows: Vec<_> = messages.iter().map(|m| ("actor", m)).collect();
        store.enqueue(Some(("desk", "{}")), queued, &rows).unwrap();
    }
    stage.pass(2 * 3_600_000);
    let outbox = stage.start(Some(open(stage.dir.path())));
    stage.wait_for(1).await;
    outbox.finish(DEADLINE).await;
    assert_eq!(stage.delivered(), ["summary-m0"]);
    let store = open(stage.dir.path());
    assert!(store.waiting().unwrap().is_empty(), "and nothing is left behind");
}

#[tokio::test(start_paused = true)]
async fn without_a_disk_messages_leave_from_memory() {
    let stage = Stage::new();
    let mut outbox = stage.start(None);
    outbox.post(batch(&[message("1", "x", Severity::Page)]));
    stage.wait_for(1).await;
    outbox.finish(DEADLINE).await;
    assert_eq!(stage.delivered(), ["1"]);
}

#[tokio::test(start_paused = true)]
async fn a_refused_message_is_given_up_and_counted() {
    let stage = Stage::new();
    stage.played.lock().unwrap().answers =
        [(); 3].map(|()| Err(DeliveryError::Lasting("too long".to_owned()))).into();
    let store = open(stage.dir.path());
    let mut outbox = stage.start(Some(Arc::clone(&store)));
    outbox.post(batch(&[message("1", "x", Severity::Page)]));
    for _ in 0..600 {
        if outbox.states()[0].given_up == 1 {
            break;
        }
        // Each try is a minute of the clock after the one before.
        stage.pass(61_000);
        outbox.post(batch(&[]));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(outbox.states()[0].given_up, 1);
    outbox.finish(DEADLINE).await;
    assert!(store.waiting().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_end_goes_to_whoever_heard_of_the_beginning() {
    let stage = Stage::new();
    let end = |id: &str, first_told_as| Message {
        kind: MessageKind::Resolved,
        first_told_as,
        ..message(id, "x", Severity::Warn)
    };
    let mut outbox = stage.start(Some(open(stage.dir.path())));
    // The channel takes pages alone.
    outbox.post(batch(&[
        end("never heard of", None),
        end("heard of another level", Some(Severity::Warn)),
        end("heard of the beginning", Some(Severity::Page)),
    ]));
    stage.wait_for(1).await;
    outbox.finish(DEADLINE).await;
    assert_eq!(stage.delivered(), ["heard of the beginning"]);
}

/// The operator revoked the token at night and gives the new one in the morning.
#[tokio::test(start_paused = true)]
async fn where_the_service_refuses_us_the_message_is_kept_until_it_does_not() {
    let stage = Stage::new();
    let revoked = || Err(DeliveryError::Refused("it answered 401".to_owned()));
    stage.played.lock().unwrap().answers = [(); 5].map(|()| revoked()).into();
    let mut outbox = stage.start(Some(open(stage.dir.path())));
    outbox.post(batch(&[message("1", "x", Severity::Page)]));
    let mut refusals = 0;
    for _ in 0..600 {
        let state = outbox.states().remove(0);
        if state.sent == 1 {
            assert!(refusals > 0, "nobody could see that the channel refuses us");
            assert!(!state.refuses_us && state.failing.is_none(), "{state:?}");
            break;
        }
        refusals += u32::from(state.refuses_us && state.waiting == 1);
        stage.pass(30_000);
        outbox.post(batch(&[]));
        tokio::time::sleep(Duration::from_secs(15)).await;
    }
    assert_eq!(stage.delivered(), ["1"]);
    assert_eq!(outbox.states()[0].given_up, 0);
    outbox.finish(DEADLINE).await;
}

/// As the disk of a network does when that is gone: no error, no end.
#[tokio::test]
async fn a_disk_that_hangs_holds_no_message_back() {
    let stage = Stage::new();
    let store = open(stage.dir.path());
    let mut outbox = stage.start(Some(Arc::clone(&store)));
    outbox.post(batch(&[message("1", "x", Severity::Page)]));
    stage.wait_for(1).await;
    let (release, held) = std::sync::mpsc::channel::<()>();
    let hanging = Arc::clone(&store);
    let disk = std::thread::spawn(move || hanging.past(|_| Ok(held.recv())));
    // Until the thread has the file, and no longer the channel.
    tokio::time::sleep(Duration::from_millis(300)).await;
    outbox.post(batch(&[message("2", "y", Severity::Page)]));
    stage.wait_for(2).await;
    outbox.post(batch(&[message("3", "z", Severity::Page)]));
    stage.wait_for(3).await;
    release.send(()).unwrap();
    disk.join().unwrap().unwrap().unwrap();
    // The disk is used again, and what was sent meanwhile does not wait there.
    for number in 4.. {
        outbox.post(batch(&[message(&number.to_string(), "x", Severity::Page)]));
        stage.wait_for(number).await;
        let all = (Timestamp::from_ms(0), Timestamp::from_ms(i64::MAX));
        let sent = store.past(|past| past.notifications(all, Some("x"), 100));
        if sent.unwrap().len() >= 2 {
            break;
        }
        assert!(number < 100, "the disk is never used again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    outbox.finish(DEADLINE).await;
    assert!(store.waiting().unwrap().is_empty(), "{:?}", store.waiting());
}

/// Pictures that take until the gate is opened; then each takes no time.
fn behind(gate: &Arc<AtomicBool>) -> Draw {
    let gate = Arc::clone(gate);
    Arc::new(move |kind: PictureKind, message: &Message| {
        while !gate.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(10));
        }
        draw(kind, message)
    })
}

impl Stage {
    fn marks(&self) -> Vec<String> {
        self.played.lock().unwrap().delivered.iter().flat_map(|d| d.2.clone()).collect()
    }

    /// Waits until pictures have followed.
    async fn wait_for_pictures(&self) -> Vec<(String, Option<String>, usize)> {
        for _ in 0..1_000 {
            let followed = self.played.lock().unwrap().followed.clone();
            if !followed.is_empty() {
                return followed;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("no picture followed");
    }
}

#[tokio::test]
async fn a_page_leaves_without_its_picture_which_follows() {
    let stage = Stage::new();
    let shown = Ok(Delivered { shown: Some("msg 7".to_owned()), remove_after: None });
    stage.played.lock().unwrap().answers = [shown].into();
    let gate = Arc::new(AtomicBool::new(false));
    let store = open(stage.dir.path());
    let mut outbox = stage.start_with(Some(Arc::clone(&store)), behind(&gate), true);
    outbox.post(batch(&[message("1", "x", Severity::Page), message("2", "y", Severity::Page)]));
    // The gate is still shut: both leave while the first's picture is being drawn.
    stage.wait_for(2).await;
    assert_eq!(
        stage.marks(),
        [
            "the picture is still being drawn, and follows",
            "without its picture: drawing takes too long"
        ],
        "one drawing at a time"
    );
    gate.store(true, Ordering::Relaxed);
    let followed = stage.wait_for_pictures().await;
    assert_eq!(followed, [("1".to_owned(), Some("msg 7".to_owned()), 1)]);
    // What the channel shows with them is what the next message of the incident is given.
    outbox.post(batch(&[message("3", "x", Severity::Page)]));
    stage.wait_for(3).await;
    outbox.finish(DEADLINE).await;
    let last = stage.played.lock().unwrap().delivered[2].clone();
    assert_eq!((last.1.as_deref(), last.3), (Some("with pictures"), 1), "drawn in time");
}

#[tokio::test]
async fn a_channel_that_cannot_add_pictures_goes_without() {
    let stage = Stage::new();
    let gate = Arc::new(AtomicBool::new(false));
    let mut outbox = stage.start_with(Some(open(stage.dir.path())), behind(&gate), false);
    outbox.post(batch(&[message("1", "x", Severity::Page)]));
    stage.wait_for(1).await;
    assert_eq!(stage.marks(), ["without its picture: drawing takes too long"]);
    gate.store(true, Ordering::Relaxed);
    // The thread that drew the first has ended long before.
    tokio::time::sleep(Duration::from_secs(1)).await;
    outbox.post(batch(&[message("2", "x", Severity::Page)]));
    stage.wait_for(2).await;
    outbox.finish(DEADLINE).await;
    let played = stage.played.lock().unwrap();
    assert_eq!((played.delivered[0].3, played.delivered[1].3), (0, 1));
    assert!(played.followed.is_empty());
}

#[tokio::test]
async fn pictures_of_what_is_over_are_not_sent_after_it() {
    let stage = Stage::new();
    let gate = Arc::new(AtomicBool::new(false));
    let mut outbox = stage.start_with(Some(open(stage.dir.path())), behind(&gate), true);
    outbox.post(batch(&[message("1", "x", Severity::Page)]));
    stage.wait_for(1).await;
    let end = Message { kind: MessageKind::Resolved, ..message("2", "x", Severity::Page) };
    outbox.post(batch(&[end]));
    stage.wait_for(2).await;
    gate.store(true, Ordering::Relaxed);
    outbox.post(batch(&[message("3", "z", Severity::Page)]));
    stage.wait_for(3).await;
    outbox.finish(DEADLINE).await;
    assert!(stage.played.lock().unwrap().followed.is_empty(), "the story is closed");
}

#[tokio::test]
async fn a_message_that_is_tried_again_takes_up_its_drawing() {
    let stage = Stage::new();
    stage.played.lock().unwrap().answers = [busy(1)].into();
    let gate = Arc::new(AtomicBool::new(false));
    let mut outbox = stage.start_with(Some(open(stage.dir.path())), behind(&gate), true);
    outbox.post(batch(&[message("1", "x", Severity::Page)]));
    for _ in 0..1_000 {
        if outbox.states()[0].failing.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    gate.store(true, Ordering::Relaxed);
    stage.pass(60_000);
    outbox.post(batch(&[]));
    stage.wait_for(1).await;
    outbox.finish(DEADLINE).await;
    let played = stage.played.lock().unwrap();
    assert_eq!(played.delivered[0].3, 1, "{:?}", played.delivered);
    assert!(played.followed.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_picture_is_drawn_once_for_all_channels() {
    let stage = Stage::new();
    let drawn = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&drawn);
    let counted: Draw = Arc::new(move |kind: PictureKind, message: &Message| {
        count.fetch_add(1, Ordering::Relaxed);
        draw(kind, message)
    });
    let outlet = |name| Outlet {
        channel: Box::new(Actor { name, is_patient: false, played: Arc::clone(&stage.played) }),
        route: Route { levels: vec![Severity::Page], reports: false },
    };
    let tools = Tools {
        store: Some(open(stage.dir.path())),
        draw: counted,
        clock: stage.clock(),
        expire_ms: 3_600_000,
    };
    let mut outbox = Outbox::start(["a", "b", "c"].map(outlet).into(), tools);
    let only_lag =
        Message { pictures: vec![PictureKind::Lag], ..message("1", "x", Severity::Page) };
    outbox.post(batch(&[only_lag]));
    stage.wait_for(3).await;
    outbox.finish(DEADLINE).await;
    assert_eq!(drawn.load(Ordering::Relaxed), 1);
    let played = stage.played.lock().unwrap();
    assert!(played.delivered.iter().all(|told| told.3 == 1), "{:?}", played.delivered);
}
