//! The slot ledger: what becomes of each slot of ours, by what is known, and why one is lost.

#[allow(dead_code, reason = "each test file that uses the world uses another part of it")]
use crate::keeper_support;

use std::collections::BTreeMap;

use eoskeeper::core::event::{
    ApiFailure, BlockFacts, ChainBlock, ChainInfo, Event, EventName, LogEvent,
};
use eoskeeper::core::incapable::Cause;
use eoskeeper::core::ledger::{Ledger, LedgerSummary, LostCause, Proof, SettledTurn};
use eoskeeper::core::name::Name;
use eoskeeper::core::rules::Rule;
use eoskeeper::core::schedule::{Schedule, Slot, Turn};
use eoskeeper::core::settings::Role;
use eoskeeper::core::time::{Mono, Now, Timestamp};
use keeper_support::{World, name};

const US: &str = "us";
/// Our turn: the third of four producers.
const TURN: Turn = Turn(4 * 21_000_000 + 2);
/// Number of the block in our first slot when no slot is empty.
const FIRST: u32 = 1_000_000;

/// One thing that happens, milliseconds after our turn began.
type Step = (i64, Event);

/// A chain of four producers that is told to a ledger.
struct Bench {
    ledger: Ledger,
    /// The final chain: number to time and signer.
    chain: BTreeMap<u32, (Timestamp, Name)>,
    /// Whether the node tells blocks by number.
    tells: bool,
    /// From when on the log shows every block, milliseconds after our turn began.
    watched_from: Option<i64>,
    /// What stands in the way from when on.
    cause: Option<(i64, LostCause)>,
    /// Last irreversible block as the node polls it, once our turn is over for 5 s.
    lib: u32,
    settled: Vec<SettledTurn>,
}

fn start() -> Timestamp {
    TURN.start()
}

fn now_at(ms: i64) -> Now {
    Now { wall: start().plus_ms(ms), mono: Mono::from_ms((1_000_000_000 + ms).cast_unsigned()) }
}

fn schedule() -> Event {
    let producers = ["a", "b", US, "d"].map(name).to_vec();
    Event::Schedule(Ok(Schedule { version: 1, producers }))
}

/// A line about the block of the slot at `slot`, that came so late.
fn line(event: EventName, number: u32, slot: i64, producer: &str, late_ms: i64) -> Step {
    let mut line = LogEvent::new(event);
    let time = start().plus_ms(slot * 500);
    line.block = Some(number);
    line.block_time = Some(time);
    line.producer = Some(name(producer));
    line.logged_at = Some(time.plus_ms(late_ms));
    (slot * 500 + late_ms, Event::Log(line))
}

fn produced(number: u32, slot: i64, late_ms: i64) -> Step {
    line(EventName::BlockProduced, number, slot, US, late_ms)
}

fn received(number: u32, slot: i64, producer: &str) -> Step {
    line(EventName::BlockReceived, number, slot, producer, 100)
}

/// The chain with every slot of twenty before us filled, these of ours, and all of twenty after us;
/// and what the log shows of the others.
fn world(ours: &[i64]) -> (BTreeMap<u32, (Timestamp, Name)>, Vec<Step>) {
    let mut chain = BTreeMap::new();
    let mut steps = Vec::new();
    let mut number = FIRST - 20;
    for slot in -20..32 {
        let time = start().plus_ms(slot * 500);
        let producer = match slot {
            ..0 => "b",
            0..12 if ours.contains(&slot) => US,
            0..12 => continue,
            12.. => "d",
        };
        chain.insert(number, (time, name(producer)));
        if producer != US {
            steps.push(received(number, slot, producer));
        }
        number += 1;
    }
    (chain, steps)
}

impl Bench {
    fn new(chain: BTreeMap<u32, (Timestamp, Name)>) -> Self {
        let lib = *chain.keys().last().unwrap();
        Self {
            ledger: Ledger::new(name(US)),
            chain,
            tells: true,
            watched_from: Some(-10_000),
            cause: None,
            lib,
            settled: Vec::new(),
        }
    }

    /// Runs from ten seconds before our turn until `end_ms` after its beginning.
    fn run(&mut self, mut steps: Vec<Step>, end_ms: i64) {
        self.run_from(-10_000, &mut steps, end_ms);
    }

    fn run_from(&mut self, from_ms: i64, steps: &mut [Step], end_ms: i64) {
        steps.sort_by_key(|(at, _)| *at);
        self.ledger.record(now_at(from_ms), &schedule());
        let mut steps = steps.iter().filter(|(at, _)| *at >= from_ms).peekable();
        for at in (from_ms..=end_ms).step_by(500) {
            while let Some((ms, event)) = steps.next_if(|(ms, _)| *ms <= at) {
                self.ledger.record(now_at(*ms), event);
            }
            if at >= 11_000 {
                self.ledger.record(now_at(at), &self.info());
            }
            self.answer(at);
            let watched = self.watched_from.filter(|from| *from <= at);
            let watched = watched.map(|from| (start().plus_ms(from), start().plus_ms(at)));
            let cause = self.cause.filter(|(from, _)| *from <= at).map(|(_, cause)| cause);
            self.ledger.tick(now_at(at), watched, cause);
            self.settled.extend(self.ledger.take_settled());
        }
    }

    fn info(&self) -> Event {
        let (head_time, head_producer) = self.chain[&self.lib];
        Event::Info(Ok(ChainInfo {
            chain_id: None,
            head: self.lib,
            head_id: String::new(),
            head_time,
            head_producer,
            lib: self.lib,
            lib_id: None,
            version: None,
        }))
    }

    fn answer(&mut self, at: i64) {
        for number in self.ledger.wanted() {
            assert!(number <= self.lib, "{number} is not irreversible");
            let answer = match self.chain.get(&number).filter(|_| self.tells) {
                Some((time, producer)) => {
                    Ok(BlockFacts { time: *time, producer: *producer, id: String::new() })
                }
                None => Err(ApiFailure::NoSuchApi),
            };
            self.ledger.record(now_at(at), &Event::ChainBlock(ChainBlock { number, answer }));
        }
    }

    fn slots(&self) -> String {
        let turn = self.settled.iter().find(|turn| turn.start == start());
        turn.map_or_else(String::new, |turn| turn.fates().map(|fate| fate.letter()).collect())
    }

    fn causes(&self) -> Vec<(String, u32)> {
        let turn = self.settled.iter().find(|turn| turn.start == start());
        turn.map_or_else(Vec::new, |turn| {
            turn.losses.iter().map(|l| (l.cause.clone(), l.slots.count_ones())).collect()
        })
    }
}

/// Our blocks in these slots as the node signed them, one number after another.
fn signed(slots: &[i64]) -> Vec<Step> {
    slots.iter().zip(FIRST..).map(|(slot, number)| produced(number, *slot, -50)).collect()
}

#[test]
fn each_slot_is_met_late_forked_missed_or_unknown_for_a_named_reason() {
    let all: Vec<i64> = (0..12).collect();
    let ended = LostCause::Incapable(Cause::ProcessEnded);
    let forked = LostCause::Finding(Rule::ForkedFromReferences);
    struct Case {
        name: &'static str,
        /// Slots of ours on the final chain.
        ours: Vec<i64>,
        /// What the log shows of ours.
        seen: Vec<Step>,
        change: fn(&mut Bench),
        slots: &'static str,
        causes: Vec<(&'static str, u32)>,
        proof: Proof,
    }
    let plain: fn(&mut Bench) = |_| {};
    let case = |name, ours: &[i64], seen, slots, causes: &[(&'static str, u32)]| Case {
        name,
        ours: ours.to_vec(),
        seen,
        change: plain,
        slots,
        causes: causes.to_vec(),
        proof: Proof::Chain,
    };
    let from_another: Vec<Step> =
        all.iter().zip(FIRST..).map(|(slot, number)| received(number, *slot, US)).collect();
    // Ours of slot 0 was signed on the last but one block of b; then b's last came.
    let mut left_behind = vec![produced(FIRST - 1, 0, -50)];
    left_behind.extend((1..12).zip(FIRST..).map(|(slot, number)| produced(number, slot, -50)));
    let mut late = signed(&all);
    late[11] = produced(FIRST + 11, 11, 900);
    let mut late_and_lost = signed(&all[..11]);
    late_and_lost.push(produced(FIRST + 11, 11, 900));
    let mut behind = vec![line(EventName::BlockReceived, FIRST - 1, -1, "b", 600)];
    behind.extend(
        all.iter()
            .zip(FIRST..)
            .map(|(slot, number)| line(EventName::BlockReceived, number, *slot, US, 550 - slot)),
    );
    let cases = [
        case("all signed here", &all, signed(&all), "FFFFFFFFFFFF", &[]),
        case("all signed by another node of ours", &all, from_another, "FFFFFFFFFFFF", &[]),
        case("the log shows none, the chain has all", &all, vec![], "FFFFFFFFFFFF", &[]),
        Case {
            change: |bench| bench.cause = Some((2_600, LostCause::Incapable(Cause::ProcessEnded))),
            ..case(
                "killed in its sixth slot",
                &all[..5],
                signed(&all[..5]),
                "FFFFF.......",
                &[("process_ended", 7)],
            )
        },
        Case {
            change: |bench| bench.cause = Some((9_000, LostCause::Incapable(Cause::Hung))),
            ..case(
                "what was found out after the turn",
                &[],
                vec![],
                "............",
                &[("hung", 12)],
            )
        },
        case(
            "nothing explains it",
            &all[..11],
            signed(&all[..11]),
            "FFFFFFFFFFF.",
            &[("unexplained", 1)],
        ),
        case(
            "the producer before us was late",
            &all[1..],
            left_behind,
            "xFFFFFFFFFFF",
            &[("late_predecessor", 1)],
        ),
        case(
            "the next did not hear our last two",
            &all[..10],
            signed(&all),
            "FFFFFFFFFFxx",
            &[("not_heard_in_time", 2)],
        ),
        case("the last was late, and stays", &all, late, "FFFFFFFFFFFl", &[]),
        case(
            "the last was late, and is lost",
            &all[..11],
            late_and_lost,
            "FFFFFFFFFFFx",
            &[("late_block", 1)],
        ),
        case("this node hung, not the signer", &all, behind, "FFFFFFFFFFFF", &[]),
        Case {
            change: |bench| {
                bench.cause = Some((0, LostCause::Finding(Rule::ForkedFromReferences)));
            },
            ..case(
                "on a fork of our own",
                &[],
                signed(&all),
                "xxxxxxxxxxxx",
                &[("forked_from_references", 12)],
            )
        },
        Case {
            change: |bench| bench.tells = false,
            proof: Proof::Log,
            ..case(
                "no blocks by number, the log is whole",
                &all[..9],
                signed(&all[..9]),
                "FFFFFFFFF...",
                &[("unexplained", 3)],
            )
        },
        Case {
            change: |bench| (bench.tells, bench.watched_from) = (false, Some(1_000)),
            proof: Proof::None,
            ..case(
                "no blocks by number, the log has a hole",
                &all,
                signed(&all),
                "????????????",
                &[],
            )
        },
        Case {
            change: |bench| bench.tells = false,
            proof: Proof::Log,
            ..case(
                "no blocks by number, two of one number",
                &all[1..],
                [
                    vec![produced(FIRST - 1, 0, -50)],
                    (1..12)
                        .zip(FIRST..)
                        .map(|(slot, number)| produced(number, slot, -50))
                        .collect(),
                ]
                .concat(),
                "?FFFFFFFFFFF",
                &[],
            )
        },
    ];
    assert_ne!(ended.name(), forked.name());
    for case in cases {
        let (chain, mut steps) = world(&case.ours);
        steps.extend(case.seen);
        let mut bench = Bench::new(chain);
        (case.change)(&mut bench);
        bench.run(steps, 30_000);
        assert_eq!(bench.slots(), case.slots, "{}", case.name);
        let causes: Vec<_> = case.causes.iter().map(|(c, n)| ((*c).to_owned(), *n)).collect();
        assert_eq!(bench.causes(), causes, "{}", case.name);
        assert_eq!(bench.settled[0].proof, case.proof, "{}", case.name);
        let settled = bench.settled.iter().filter(|turn| turn.start == start()).count();
        assert_eq!(settled, 1, "{}: settled once", case.name);
        for turn in &bench.settled {
            let each = [turn.met, turn.forked, turn.missed];
            assert_eq!(
                each[0] & each[1] | each[1] & each[2] | each[0] & each[2],
                0,
                "{}",
                case.name
            );
            assert_eq!(turn.late & !turn.met, 0, "{}", case.name);
            let lost: u16 = turn.losses.iter().map(|loss| loss.slots).sum();
            assert_eq!(
                lost,
                turn.forked | turn.missed,
                "{}: each lost slot has a cause",
                case.name
            );
        }
    }
}

#[test]
fn a_turn_is_settled_neither_before_it_is_final_nor_twice() {
    let all: Vec<i64> = (0..12).collect();
    let (chain, mut steps) = world(&all);
    steps.extend(signed(&all));
    let mut bench = Bench::new(chain);
    bench.lib = FIRST + 5;
    bench.run(steps.clone(), 60_000);
    assert_eq!(bench.slots(), "", "not irreversible yet");
    bench.lib = FIRST + 20;
    bench.run_from(60_500, &mut [], 62_000);
    assert_eq!(bench.slots(), "FFFFFFFFFFFF");
    let before = bench.settled.len();
    bench.run_from(62_500, &mut steps, 64_000);
    assert_eq!(bench.settled.len(), before, "settled once");
}

#[test]
fn after_a_restart_what_the_chain_has_is_met_and_the_rest_not_watched() {
    let (chain, steps) = world(&[0, 1, 2, 3]);
    let mut bench = Bench::new(chain);
    // The turn before was settled by the run before; this one begins when ours is over.
    bench.ledger.resume(Turn(TURN.0 - 4).start());
    bench.run_from(8_000, &mut steps.clone(), 40_000);
    assert_eq!(bench.slots(), "FFFF........");
    assert_eq!(bench.causes(), [("not_watched".to_owned(), 8)]);
    assert_eq!(bench.settled.len(), 1, "{:?}", bench.settled);

    let mut again = Bench::new(bench.chain.clone());
    again.ledger.resume(start());
    again.run_from(8_000, &mut steps.clone(), 40_000);
    assert_eq!(again.settled, [], "what is in the history is not settled again");
}

#[test]
fn a_long_absence_is_one_row_of_unknown_and_a_clock_that_was_put_is_none() {
    let week_turns = 7 * 86_400 / 24;
    let (chain, steps) = world(&[]);
    let mut bench = Bench::new(chain.clone());
    bench.ledger.resume(Turn(TURN.0 - 4 * week_turns).start());
    bench.run(steps.clone(), 20_000);
    let gap = &bench.settled[0];
    assert_eq!(gap.start, Turn(TURN.0 - 4 * (week_turns - 1)).start(), "the one after the last");
    // Ours that runs is begun as ever, and of those before it the newest are asked for one by one.
    assert!((week_turns - 12..week_turns - 6).contains(&gap.turns), "{}", gap.turns);
    let last = Slot::at(gap.start).turn().0 + 4 * (gap.turns - 1);
    assert_eq!(gap.last, Turn(last).start());
    let summary = LedgerSummary::of([gap]);
    assert_eq!(summary.unknown, u64::from(gap.turns) * 12);
    assert_eq!((summary.met_share(), summary.unknown_share()), (None, Some(100_000)));

    let mut jumped = Bench::new(chain);
    jumped.run(steps, -5_000);
    let far = Now { wall: start().plus_ms(90 * 86_400_000), mono: now_at(-4_000).mono };
    jumped.ledger.tick(far, None, None);
    jumped.ledger.tick(now_at(-3_000), None, None);
    assert_eq!(jumped.ledger.take_settled(), [], "no time passed");
}

#[test]
fn the_keeper_settles_its_turns_and_says_why_it_lost_them() {
    let mut world = World::new(Role::Active, 4);
    world.knobs.paused = false;
    world.run(200);
    world.knobs.paused = true;
    world.knobs.active_signs = false;
    world.run(100);
    let mut settled = Vec::new();
    for _ in 0..300 {
        world.run(1);
        settled.extend(world.keeper.take_settled_turns());
    }
    let slots = |turn: &SettledTurn| turn.fates().map(|fate| fate.letter()).collect::<String>();
    let good = settled.iter().filter(|turn| slots(turn) == "FFFFFFFFFFFF").count();
    assert!(good >= 5, "{settled:?}");
    assert!(settled.iter().all(|turn| turn.proof != Proof::Chain), "nobody answered");
    let lost: Vec<_> = settled.iter().filter(|turn| slots(turn) == "............").collect();
    assert!(lost.len() >= 3, "{settled:?}");
    for turn in lost {
        let cause = turn.cause(6).unwrap();
        assert!(["paused", "paused_by_hand"].contains(&cause), "{turn:?}");
    }
    let starts: Vec<_> = settled.iter().map(|turn| turn.start).collect();
    assert!(starts.is_sorted_by(|a, b| a < b), "{starts:?}");
    assert!(settled.len() >= 14, "each turn of 300 s and more: {}", settled.len());
}

#[test]
fn a_summary_counts_each_slot_once_and_rounds_against_us() {
    let turn = |met: u16, missed: u16| SettledTurn {
        met,
        missed,
        losses: vec![eoskeeper::core::ledger::Loss { cause: "hung".to_owned(), slots: missed }],
        ..SettledTurn::not_watched((start(), start()), 1, name(US), start())
    };
    let turns: Vec<_> =
        (0..10_000).map(|n| if n == 0 { turn(0x7ff, 0x800) } else { turn(0xfff, 0) }).collect();
    let summary = LedgerSummary::of(&turns);
    assert_eq!((summary.slots, summary.met(), summary.lost()), (120_000, 119_999, 1));
    assert_eq!(summary.met_share(), Some(99_999), "one lost block is not all met");
    assert_eq!(summary.turns_met, 9_999);
    let causes: Vec<_> = summary.causes.iter().map(|c| (c.cause.as_str(), c.missed)).collect();
    assert_eq!(causes, [("hung", 1)]);
}
