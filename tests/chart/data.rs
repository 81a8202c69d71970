//! Made-up measurements: a day as it may be, and what no day should be.

use eoskeeper::chart::{Cadence, Data, Limits, Period, Subject, Zone};
use eoskeeper::core::sample::{DiskSample, HostSample, HourSample, PoolSample, Sample};
use eoskeeper::core::slots::{SlotState, TurnSlots};
use eoskeeper::core::time::Timestamp;

pub const MINUTE_MS: i64 = 60_000;
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
pub const DAY_MS: i64 = 24 * HOUR_MS;
/// From a turn of ours to the next with 21 producers.
pub const ROUND_MS: i64 = 126_000;
const CHAIN: &str = "aca376f206b8fc25a6ed44dbdc66547c36c6c33e3a119ffbeaef943642f0e906";

/// Right edge of every picture.
pub fn end() -> Timestamp {
    "2026-11-21T14:00:00".parse().unwrap()
}

/// What a picture is drawn from, owned.
#[derive(Clone)]
pub struct World {
    pub subject: Subject,
    pub period: Period,
    pub samples: Vec<Sample>,
    pub hours: Vec<HourSample>,
    pub turns: Vec<TurnSlots>,
    pub pool: Vec<PoolSample>,
    pub limits: Limits,
    pub zone: Zone,
}

impl World {
    /// A node of ours, nothing measured.
    pub fn empty(ms: i64) -> Self {
        Self {
            subject: Subject {
                node: "tokyo-1".to_owned(),
                producer: "eosstorebest".to_owned(),
                chain: Some(CHAIN.to_owned()),
            },
            period: Period::before(end(), ms),
            samples: Vec::new(),
            hours: Vec::new(),
            turns: Vec::new(),
            pool: Vec::new(),
            limits: Limits::default(),
            zone: Zone::utc(),
        }
    }

    /// A period like most: a sample every 10 s, a turn every round, nothing much the matter.
    pub fn quiet(ms: i64) -> Self {
        let mut world = Self::empty(ms);
        let from = world.period.from;
        let mut dice = Dice(7);
        world.samples = (0..=ms / 10_000).map(|n| sample(from, n, &mut dice)).collect();
        world.turns = (0..ms / ROUND_MS)
            .map(|n| turn(from.plus_ms(n * ROUND_MS), [SlotState::Final; 12]))
            .collect();
        world.pool = (0..=ms / 10_000).map(|n| pool(from, n, &mut dice)).collect();
        world
    }

    /// The same with troubles in it: a node that falls behind and dies, a keeper that was off,
    /// a disk that fills up, slots lost.
    pub fn troubled(ms: i64) -> Self {
        let mut world = Self::quiet(ms);
        let at = |permille: i64| world.period.from.plus_ms(ms * permille / 1000);
        let between = |from, to| move |time: Timestamp| time >= at(from) && time < at(to);
        let (behind, dead) = (between(300, 400), between(400, 460));
        let (alone, off) = (between(620, 660), between(750, 850));
        for sample in &mut world.samples {
            let into = sample.at.since_ms(at(300)) * 1000 / ms;
            if behind(sample.at) {
                let lag = u32::try_from(into / 2).unwrap();
                sample.head = sample.best.map(|best| best - lag);
            }
            if dead(sample.at) {
                sample.head = None;
                sample.incidents = 1;
            }
            if alone(sample.at) {
                (sample.best, sample.median, sample.agree) = (None, None, 0);
            }
            let share = u32::try_from(sample.at.since_ms(at(0)) * 1000 / ms).unwrap();
            if let Some(host) = &mut sample.host {
                host.disks[0].used_permille = 620 + share * 35 / 100;
                if behind(sample.at) {
                    host.cpu_permille = Some(970);
                    host.memory_permille = Some(860);
                }
            }
        }
        let start = world.period.from;
        world.samples.retain(|sample| !off(sample.at));
        world.pool.retain(|sample| !off(sample.at));
        world.turns.retain(|turn| !off(turn.start));
        for turn in &mut world.turns {
            let number = turn.start.since_ms(start) / ROUND_MS;
            if dead(turn.start) {
                (turn.slots, turn.cause) = ([SlotState::Missed; 12], Some("api_down".to_owned()));
            } else if behind(turn.start) {
                turn.slots[8..].fill(SlotState::Late);
                turn.cause = Some("behind_references".to_owned());
            } else if number % 17 == 5 {
                turn.slots[10..].fill(SlotState::ForkedOff);
                turn.cause = Some("fork_switch".to_owned());
            }
        }
        if let Some(last) = world.turns.last_mut() {
            last.slots[..7].fill(SlotState::Produced);
            last.slots[7..].fill(SlotState::Unknown);
        }
        for row in &mut world.pool {
            if behind(row.at) || dead(row.at) {
                row.online -= 25;
                row.offline += 25;
                row.hashrate = row.hashrate * 6 / 10;
            }
        }
        world
    }

    /// Names nobody has, eight disks, a zone with a long name in which the clock changes.
    pub fn odd_names() -> Self {
        let mut world = Self::troubled(26 * HOUR_MS);
        let to = "2026-11-01T14:00:00".parse::<Timestamp>().unwrap();
        let back_ms = world.period.to.since_ms(to);
        world.period = Period::before(to, 26 * HOUR_MS);
        world.samples.iter_mut().for_each(|row| row.at = row.at.plus_ms(-back_ms));
        world.turns.iter_mut().for_each(|row| row.start = row.start.plus_ms(-back_ms));
        world.pool.iter_mut().for_each(|row| row.at = row.at.plus_ms(-back_ms));
        world.zone = Zone::named("America/Argentina/ComodRivadavia").unwrap();
        world.subject.node = "tokyo-<script>&\"1\"\u{0}\n".repeat(40);
        world.subject.chain = Some("ж世界\u{202E}".repeat(200));
        for sample in &mut world.samples {
            let disk = |n: u32| DiskSample {
                name: format!("/var/lib/containers/{n}/{}", "volume/".repeat(20)),
                used_permille: 90 + n * 120,
                free_bytes: 0,
            };
            sample.host.as_mut().unwrap().disks = (0..8).map(disk).collect();
        }
        for turn in &mut world.turns {
            turn.cause = turn.cause.take().map(|cause| cause.repeat(50));
        }
        world
    }

    /// A node a week behind for a moment, one far ahead, a hashrate as large as numbers go.
    pub fn spike() -> Self {
        let mut world = Self::quiet(6 * HOUR_MS);
        let middle = world.samples.len() / 2;
        world.samples[middle].head = Some(1);
        world.samples[middle + 300].head = Some(u32::MAX);
        world.samples[middle].host.as_mut().unwrap().cpu_permille = Some(u32::MAX);
        world.pool[middle].hashrate = u64::MAX;
        world.pool[middle].online = u32::MAX;
        world.turns.truncate(1);
        world
    }

    /// One row of each kind.
    pub fn one() -> Self {
        let mut world = Self::quiet(6 * HOUR_MS);
        let middle = world.samples.len() / 2;
        world.samples = vec![world.samples[middle].clone()];
        world.pool = vec![world.pool[middle]];
        world.turns = vec![world.turns[world.turns.len() / 2].clone()];
        world
    }

    /// Thousands of turns of a small network, no two rows alike, and holes everywhere.
    pub fn many() -> Self {
        let mut world = Self::quiet(7 * 24 * HOUR_MS);
        let mut dice = Dice(99);
        let from = world.period.from;
        world.turns = (0..25_000)
            .filter(|n| n % 5_000 < 4_900)
            .map(|n| {
                let mut turn = turn(from.plus_ms(n * 24_000), [SlotState::Final; 12]);
                turn.slots.fill_with(|| SlotState::ALL[dice.below(6) as usize]);
                turn
            })
            .collect();
        for (n, sample) in world.samples.iter_mut().enumerate() {
            sample.head = sample.head.filter(|_| n % 3 != 0).map(|head| head - dice.below(40));
            sample.host.as_mut().unwrap().cpu_permille = Some(dice.below(1001));
        }
        world
    }

    /// A month: a week of samples, and hours before it.
    pub fn month() -> Self {
        let mut world = Self::troubled(30 * DAY_MS);
        let week = world.period.to.plus_ms(-7 * DAY_MS);
        let (old, new): (Vec<_>, Vec<_>) = world.samples.drain(..).partition(|row| row.at < week);
        world.samples = new;
        world.hours = old
            .chunk_by(|a, b| HourSample::start_of(a.at) == HourSample::start_of(b.at))
            .map(|hour| HourSample::of(HourSample::start_of(hour[0].at), hour))
            .collect();
        world
    }

    /// A clock that was put back an hour, twice.
    pub fn clock_back() -> Self {
        let mut world = Self::troubled(6 * HOUR_MS);
        for (n, sample) in world.samples.iter_mut().enumerate() {
            let back = i64::try_from(n / 700).unwrap() * HOUR_MS;
            sample.at = sample.at.plus_ms(-back);
        }
        world
    }

    pub fn data(&self) -> Data<'_> {
        Data {
            subject: self.subject.clone(),
            period: self.period,
            samples: &self.samples,
            hours: &self.hours,
            turns: &self.turns,
            pool: &self.pool,
            cadence: Cadence::default(),
            limits: self.limits,
            zone: self.zone.clone(),
        }
    }
}

pub fn turn(start: Timestamp, slots: [SlotState; 12]) -> TurnSlots {
    TurnSlots { start, slots, cause: None }
}

fn sample(from: Timestamp, n: i64, dice: &mut Dice) -> Sample {
    let best = 400_000_000 + u32::try_from(n * 20).unwrap();
    let gib = 1 << 30;
    let wave = (n as f64 / 60.0).sin();
    Sample {
        at: from.plus_ms(n * 10_000),
        head: Some(best - dice.below(2)),
        lib: Some(best - 330),
        head_age_ms: Some(400),
        best: Some(best),
        median: Some(best - dice.below(2)),
        agree: 3,
        references: 3,
        own_age_ms: Some(60_000),
        producing: true,
        peers: Some(24),
        incidents: 0,
        host: Some(HostSample {
            cpu_permille: Some((240.0 + 120.0 * wave) as u32 + dice.below(90)),
            memory_permille: Some(610 + dice.below(12)),
            swap_permille: Some(15),
            disks: vec![
                DiskSample { name: "data".to_owned(), used_permille: 620, free_bytes: 700 * gib },
                DiskSample { name: "state".to_owned(), used_permille: 230, free_bytes: 40 * gib },
            ],
            open_files: Some((412, 65_536)),
            clock_offset_ms: Some(-3),
        }),
    }
}

fn pool(from: Timestamp, n: i64, dice: &mut Dice) -> PoolSample {
    PoolSample {
        at: from.plus_ms(n * 10_000),
        online: 118 - dice.below(3),
        offline: 2,
        hashrate: 1_180_000_000_000_000 + u64::from(dice.below(90)) * 1_000_000_000_000,
        floor: Some(900_000_000_000_000),
    }
}

/// Chance that is the same every time (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        u32::try_from(self.0 % u64::from(limit)).unwrap()
    }
}
