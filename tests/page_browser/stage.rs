//! A keeper to look at: a real one in a chain of its own that has run for an hour in virtual time
//! and goes on by the wall clock, with a history on disk and the real server.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use eoskeeper::core::alarm::incident::Incident;
use eoskeeper::core::alarm::signal::Signal;
use eoskeeper::core::event::Event;
use eoskeeper::core::handover::{PeerEvent, PeerSaid, PeerStatus, Signing};
use eoskeeper::core::name::Name;
use eoskeeper::core::rules::State;
use eoskeeper::core::sample::{DiskSample, HostSample, Sample};
use eoskeeper::core::settings::{Role, Settings};
use eoskeeper::core::status::{ChannelStatus, Status};
use eoskeeper::core::time::Timestamp;
use eoskeeper::history::entry::{Entry, What};
use eoskeeper::history::record::{IncidentRow, Record};
use eoskeeper::history::store::{Bounds, Store};
use eoskeeper::web;
use eoskeeper::web::facts::{Facts, Names};
use eoskeeper::web::guard::Guard;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::keeper_support::{BP, World, name};

/// How long the keeper has run when the stage is set, seconds.
pub(crate) const RAN_SECONDS: u64 = 3_700;
/// So long after the last time it fired an incident is over, milliseconds.
const OVER_MS: i64 = 10_000;
/// Producers of the stage's chain beside ours.
const OTHERS: [&str; 20] = [
    "amberblocks1",
    "blueharborbp",
    "cedarnodes11",
    "deltaproduce",
    "emberchain22",
    "fjordblocks3",
    "granitenode1",
    "harborlight1",
    "irisblocks55",
    "junipernode2",
    "kelpforest12",
    "lanternbp111",
    "meridiannode",
    "northstarbp1",
    "oakblocks123",
    "pinenodes111",
    "quartzchain1",
    "riverbend111",
    "saltmarshbp1",
    "tundranodes1",
];

/// What goes on in the keeper's chain.
struct Inside {
    world: World,
    store: Arc<Store>,
    incidents: Vec<Incident>,
    last_decision: Option<String>,
    seconds: u64,
    /// The keeper of the stage was made in the chain's first days.
    started: Timestamp,
}

/// A keeper that is served.
pub(crate) struct Stage {
    inside: Arc<Mutex<Inside>>,
    shown: watch::Sender<Arc<Status>>,
    port: u16,
    serving: Option<(CancellationToken, JoinHandle<()>)>,
    ticking: JoinHandle<()>,
    _dir: tempfile::TempDir,
}

fn settings(role: Role) -> Settings {
    let mut settings = Settings::new(role, name(BP));
    settings.node = if role == Role::Active { "tokyo-1" } else { "oslo-1" }.to_owned();
    settings.promotion.configured = true;
    settings.promotion.can_promote = true;
    let others = if role == Role::Active { ["oslo-1", "lima-1"] } else { ["tokyo-1", "lima-1"] };
    settings.peers.names = others.map(str::to_owned).to_vec();
    settings.references.names =
        ["api.amberblocks.example", "api.cedarnodes.example", "api.fjord.example"]
            .map(|host| format!("https://{host}"))
            .to_vec();
    settings
}

fn peer(world: &World, node: &str, role: Role, signing: Signing) -> PeerStatus {
    let now = world.now;
    let status = world.keeper.status(now);
    PeerStatus {
        node: node.to_owned(),
        role,
        producer: name(BP),
        chain_id: status.chain.chain_id.clone(),
        at: now.wall,
        signing,
        signing_since: None,
        ready: signing == Signing::No,
        sentence: match signing {
            Signing::Yes => format!("{BP} signs: its block was seen a moment ago."),
            _ => format!(
                "{BP} signs: its block #{} was seen 41 s ago.",
                status.chain.lib.unwrap_or(0)
            ),
        },
        head: status.chain.head,
        head_time: status.chain.head_time,
        lib: status.chain.lib,
        head_moves: true,
        last_own: Some(now.wall),
        maintenance_until: None,
        taken: None,
        version: Some("v1.2.2".to_owned()),
        refused: None,
    }
}

impl Inside {
    fn new(role: Role, store: Arc<Store>) -> Self {
        let mut world = World::with(settings(role), 21, Ok(None));
        let mut names: Vec<Name> = OTHERS.map(name).to_vec();
        names.insert(1, name(BP));
        world.schedule.producers = names;
        world.knobs.paused = role != Role::Active;
        world.knobs.active_signs = role != Role::Active;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
        let start = i64::try_from(now).unwrap() - (RAN_SECONDS * 1000).cast_signed();
        let start = Timestamp::from_ms(start.div_euclid(1000) * 1000);
        world.now.wall = start;
        Self {
            world,
            store,
            incidents: Vec::new(),
            last_decision: None,
            seconds: 0,
            started: start,
        }
    }

    /// A second passes; what is to be kept of it.
    fn second(&mut self) -> Vec<Record> {
        let role = self.world.keeper.settings().role;
        let others = [
            (0, if role == Role::Active { Role::FirstStandby } else { Role::Active }),
            (1, Role::SecondStandby),
        ];
        for (index, peer_role) in others {
            let node = self.world.keeper.settings().peers.names[index].clone();
            let signs = peer_role == Role::Active && self.world.knobs.active_signs;
            let signing = if signs { Signing::Yes } else { Signing::No };
            let said = peer(&self.world, &node, peer_role, signing);
            let said = PeerSaid::Status(Box::new(said));
            self.world.tell(Event::Peer(PeerEvent { index, said }));
        }
        self.world.run(1);
        self.seconds += 1;
        let mut records = Vec::new();
        let turns = self.world.keeper.take_settled_turns();
        records.extend(turns.into_iter().map(Record::Turn));
        let status = self.status();
        records.extend(self.alarms(&status));
        let status = self.status();
        if self.seconds.is_multiple_of(10) {
            records.push(Record::Sample(Box::new(Sample::of(&status))));
        }
        let code = self.world.code();
        if self.last_decision.as_ref() != Some(&code) {
            self.last_decision = Some(code);
            records.push(Record::Entry(Box::new(Entry::decision(&status))));
        }
        records
    }

    /// Begins, goes on with and ends incidents, as the findings say.
    fn alarms(&mut self, status: &Status) -> Vec<Record> {
        let mut changed = Vec::new();
        for finding in &status.findings {
            let signal = Signal::of(finding);
            let is_told = finding.severity > eoskeeper::core::action::Severity::Info;
            if finding.state == State::Firing && is_told {
                let standing = self.incidents.iter_mut().find(|i| i.ended.is_none());
                match standing {
                    Some(incident) if incident.holds(&signal) => {}
                    Some(incident) => incident.join(&signal, status.at, false),
                    None => {
                        let mut begun = Incident::begin(&status.node_name, &signal, status.at);
                        begun.told = Some(status.at);
                        self.incidents.push(begun);
                    }
                }
            }
            for incident in self.incidents.iter_mut().filter(|i| i.ended.is_none()) {
                incident.see(&signal, status.at);
            }
        }
        for incident in self.incidents.iter_mut().filter(|i| i.ended.is_none()) {
            if !incident.fires() && status.at.since_ms(incident.last()) > OVER_MS {
                incident.ended = Some(incident.last());
            }
            changed.push(Record::Incident(IncidentRow::of(incident, status.at)));
        }
        changed
    }

    /// What is shown: the keeper's own, with what the daemon adds to it.
    fn status(&self) -> Status {
        let mut status = self.world.keeper.status(self.world.now);
        let wave = |period: f64, by: f64| ((self.seconds as f64 / period).sin() * by) as i32;
        let permille = |value: i32| Some(value.clamp(0, 1000).unsigned_abs());
        status.host = Some(HostSample {
            cpu_permille: permille(310 + wave(53.0, 60.0) + wave(7.0, 30.0)),
            memory_permille: permille(620 + wave(900.0, 40.0)),
            swap_permille: permille(20),
            disks: vec![DiskSample {
                name: "data".to_owned(),
                used_permille: 712,
                free_bytes: 280 << 30,
            }],
            open_files: Some((412, 65_536)),
            clock_offset_ms: Some(3),
        });
        let standing = self.incidents.iter().filter(|i| i.ended.is_none());
        status.alarms.incidents = standing.cloned().collect();
        status.alarms.channels = ["telegram", "email"]
            .map(|name| ChannelStatus {
                name: name.to_owned(),
                sent: 3,
                last: Some(self.started.plus_ms(900_000)),
                ..ChannelStatus::default()
            })
            .to_vec();
        status.started = self.started;
        status.node.log = "Following /var/log/nodeos/nodeos.log.".to_owned();
        status.node.process = Some("watching process 4711".to_owned());
        status.node.peers = Some(24);
        status
    }
}

impl Stage {
    /// A keeper of this role that has run for an hour; `story` may change its world at each second
    /// of it.
    pub(crate) async fn set(role: Role, story: impl Fn(u64, &mut World)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(&dir.path().join("state")).unwrap());
        store.load(name(BP)).unwrap();
        let mut inside = Inside::new(role, Arc::clone(&store));
        let begun = "The keeper starts.";
        let started = inside.world.now.wall;
        let own = Entry::own(started, What::Start, begun, serde_json::Value::Null);
        let mut records = vec![Record::Entry(Box::new(own))];
        for second in 0..RAN_SECONDS {
            story(second, &mut inside.world);
            records.extend(inside.second());
        }
        for page in records.chunks(500) {
            store.write(page, &Bounds::DEFAULT).unwrap();
        }
        let (shown, _) = watch::channel(Arc::new(inside.status()));
        let inside = Arc::new(Mutex::new(inside));
        let ticking = tokio::spawn(tick(Arc::clone(&inside), shown.clone()));
        let mut stage = Self { inside, shown, port: 0, serving: None, ticking, _dir: dir };
        stage.serve().await;
        stage
    }

    /// Serves, at the same address as before if there was one.
    pub(crate) async fn serve(&mut self) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).await.unwrap();
        self.port = listener.local_addr().unwrap().port();
        let facts = self.facts(None);
        let stop = CancellationToken::new();
        let serving =
            tokio::spawn(web::serve(listener, facts, Guard::default(), None, stop.clone()));
        self.serving = Some((stop, serving));
    }

    /// What may be shown of it; of several nodes it is the one of this name.
    pub(crate) fn facts(&self, section: Option<&str>) -> Facts {
        let store = Arc::clone(&self.inside.lock().unwrap().store);
        let names = Names { section: section.map(str::to_owned), ..Names::default() };
        Facts::new(self.shown.subscribe(), Some(store), names)
    }

    /// Ends the server, as a keeper that ends does.
    pub(crate) async fn leave(&mut self) {
        if let Some((stop, serving)) = self.serving.take() {
            stop.cancel();
            serving.await.unwrap();
        }
    }

    /// Changes what goes on.
    pub(crate) fn change(&self, change: impl FnOnce(&mut World)) {
        change(&mut self.inside.lock().unwrap().world);
    }

    /// Address of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.ticking.abort();
        if let Some((stop, _)) = &self.serving {
            stop.cancel();
        }
    }
}

/// Goes on by the wall clock.
async fn tick(inside: Arc<Mutex<Inside>>, shown: watch::Sender<Arc<Status>>) {
    let mut clock = tokio::time::interval(Duration::from_secs(1));
    loop {
        clock.tick().await;
        let (status, records, store) = {
            let mut inside = inside.lock().unwrap();
            let records = inside.second();
            (inside.status(), records, Arc::clone(&inside.store))
        };
        shown.send_replace(Arc::new(status));
        tokio::task::spawn_blocking(move || store.write(&records, &Bounds::DEFAULT).unwrap())
            .await
            .unwrap();
    }
}

/// Nothing happens beside what goes on anyway.
pub(crate) fn quiet(_second: u64, _world: &mut World) {}

/// An hour with a short fault in it: the node is mute for a minute, and one turn is lost.
pub(crate) fn eventful(second: u64, world: &mut World) {
    world.knobs.api = !(1_500..1_570).contains(&second);
    world.knobs.connected = !(2_600..2_616).contains(&second);
}

/// The same, and at the end nodeos answers no more.
pub(crate) fn broken(second: u64, world: &mut World) {
    eventful(second, world);
    if second > RAN_SECONDS - 95 {
        world.knobs.api = false;
        world.knobs.log = false;
        world.knobs.connected = false;
    }
}
