//! `eoskeeper replay` on the recorded logs of a 21-producer network, and on broken ones.
//!
//! `tests/fixtures/recorded/marks.txt` says what was done to the network: a, which signs for
//! eosstorebest, is killed at 02:51:57; its last block is of 02:50:10. b is resumed by hand at
//! 02:56:37 and signs from 02:58:29 on. The chain stalls from 03:07:48 to 03:12:18.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use eoskeeper::cli::replay::{Options, parse_schedule, parse_time, replay};
use eoskeeper::config::ConfigError;
use eoskeeper::core::settings::Role;
use serde_json::Value;
use tempfile::TempDir;

const STANDBY: &str = "[promotion]\npromote = api\ndemote = api\n";
const PRODUCERS: &str = "producer111a,producer111b,producer111c,producer111d,producer111e,\
     producer111f,producer111g,producer111h,producer111i,producer111j,producer111k,producer111l,\
     producer111m,producer111n,producer111o,producer111p,producer111q,producer111r,producer111s,\
     producer111t";

fn recorded(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/recorded").join(name)
}

fn plain(name: &str) -> String {
    let mut text = String::new();
    let file = File::open(recorded(name)).unwrap();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    text
}

/// A directory with a configuration, and files beside it.
struct Desk {
    dir: TempDir,
}

impl Desk {
    fn new(role: &str, more: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let text = format!(
            "[global]\nrole = {role}\nproducer_name = eosstorebest\nhttp_port = 8888\n\
             log_file = nodeos.log\n{more}"
        );
        fs::write(dir.path().join("config.ini"), text).unwrap();
        Self { dir }
    }

    fn options(&self, logs: impl IntoIterator<Item = PathBuf>) -> Options {
        let config = Some(self.dir.path().join("config.ini"));
        Options { config, logs: logs.into_iter().collect(), ..Options::default() }
    }

    fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.dir.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

fn records(options: Options) -> Vec<Value> {
    let mut output = Vec::new();
    replay(Options { json: true, ..options }, &mut output).unwrap();
    let text = String::from_utf8(output).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn refused(options: Options) -> String {
    let error = replay(options, &mut Vec::new()).unwrap_err();
    format!("{error:#}")
}

fn text_of<'a>(record: &'a Value, field: &str) -> &'a str {
    record[field].as_str().unwrap_or_default()
}

/// The records of a kind, each as its time and the fields named.
fn told(records: &[Value], kind: &str, fields: &[&str]) -> Vec<String> {
    records
        .iter()
        .filter(|record| record["kind"] == kind)
        .map(|record| {
            let time = text_of(record, "at").get(11..19).unwrap_or_default();
            let fields = fields.iter().map(|field| text_of(record, field));
            std::iter::once(time).chain(fields).collect::<Vec<_>>().join(" ")
        })
        .collect()
}

#[test]
fn the_first_standby_decides_two_rounds_after_the_last_block() {
    let desk = Desk::new("B", STANDBY);
    let all = records(desk.options([recorded("b.log.gz")]));
    assert_eq!(
        told(&all, "action", &["act", "reason"]),
        [
            "02:55:16 promote eosstorebest is missing: last block #243 seen 5 min 4 s ago.",
            "02:56:43 demote no block of ours was seen on the chain within our next turn",
        ]
    );
    let decisions = told(&all, "decision", &["decision", "reason"]);
    for expected in
        ["02:55:12 hold not_confirmed", "02:55:15 act ", "02:55:17 verify ", "02:56:43 step_down "]
    {
        assert!(decisions.iter().any(|d| d == expected), "{expected}: {decisions:#?}");
    }
    assert!(all.iter().any(|r| r["kind"] == "log"
        && r["event"] == "producer_resumed"
        && r["at"] == "2026-11-21T02:56:37.397"));
}

#[test]
fn a_stalled_chain_promotes_nobody() {
    // f is stopped from 03:05:37 to 03:06:18, so its evidence is younger; C never waited so long.
    for (role, log, hold) in [
        ("B", "b.log.gz", "03:07:58 hold chain_stalled"),
        ("B", "f.log.gz", "03:10:39 hold chain_stalled"),
        ("C", "f.log.gz", "03:06:19 hold evidence_too_young"),
    ] {
        let desk = Desk::new(role, STANDBY);
        let from = parse_time("2026-11-21T02:57").ok();
        let all = records(Options { from, ..desk.options([recorded(log)]) });
        let actions = told(&all, "action", &["act"]);
        assert_eq!(actions, Vec::<String>::new(), "{role} {log}");
        let decisions = told(&all, "decision", &["decision", "reason"]);
        assert!(decisions.iter().any(|d| d == hold), "{role} {log}: {decisions:#?}");
        let findings = told(&all, "finding", &["rule", "edge"]);
        let stall = "03:07:58 head_stalled begin";
        assert!(findings.iter().any(|f| f == stall), "{role} {log}: {findings:#?}");
    }
}

#[test]
fn the_observer_alarms_after_its_wait_and_not_before() {
    let alarms = |more: &str| {
        let desk = Desk::new("F", more);
        let all = records(desk.options([recorded("f.log.gz")]));
        let alarms = told(&all, "alarm", &["key", "alarm"]).into_iter();
        alarms.filter(|alarm| alarm.contains("producer_missing")).collect::<Vec<_>>()
    };
    // Five rounds are 650 s: b signs before they are over.
    assert_eq!(alarms(""), Vec::<String>::new());
    // 02:50:10 and 390 s; b signs from 02:58:29 on, and an alarm is over 10 s after its cause.
    assert_eq!(
        alarms("[promotion]\nwait_rounds = 3\n"),
        ["02:56:41 producer_missing raised", "02:58:39 producer_missing resolved"]
    );
}

#[test]
fn another_role_is_replayed_with_its_own_wait() {
    let desk = Desk::new("F", "");
    let role = Some(Role::FirstStandby);
    let all = records(Options { role, ..desk.options([recorded("f.log.gz")]) });
    assert_eq!(all[0]["role"], "B");
    assert_eq!(told(&all, "action", &["act"])[0], "02:55:16 promote");
}

#[test]
fn a_killed_node_owes_no_turn_that_was_not_watched() {
    let desk = Desk::new("A", "");
    let all = records(desk.options([recorded("a.log.gz")]));
    let findings = told(&all, "finding", &["rule", "edge"]);
    for expected in [
        "02:52:18 log_silent begin",
        "02:52:22 api_down begin",
        "03:06:49 database_fault begin",
        "03:13:07 api_down end",
    ] {
        assert!(findings.iter().any(|f| f == expected), "{expected}: {findings:#?}");
    }
    let summary = all.last().unwrap();
    assert_eq!(summary["kind"], "summary");
    assert_eq!((&summary["own_blocks"], &summary["own_blocks_produced"]), (&35.into(), &12.into()));
    assert_eq!(
        summary["slots_missed"], 1,
        "03:15:17: b is killed after its fourth block: {summary}"
    );
}

#[test]
fn rotated_parts_are_one_log() {
    let desk = Desk::new("B", STANDBY);
    let whole = records(desk.options([recorded("b.log.gz")]));
    let log = plain("b.log.gz");
    let middle = log.len() / 2 + log[log.len() / 2..].find('\n').unwrap() + 1;
    let parts = [desk.file("1.log", &log[..middle]), desk.file("2.log", &log[middle..])];
    let split = records(desk.options(parts.clone()));
    assert_eq!(whole[1..], split[1..]);

    let [first, second] = parts;
    let swapped = records(desk.options([second, first]));
    let notes = told(&swapped, "note", &["text"]);
    assert!(notes.iter().any(|note| note.contains("are the files in order?")), "{notes:#?}");
    assert_eq!(swapped.last().unwrap()["steps_back"], 1);
}

#[test]
fn a_pipe_is_read_once_and_tells_the_schedule_after_a_round() {
    let desk = Desk::new("F", "");
    let pipe = desk.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    // Without the lines that state the schedule.
    let log: String = plain("f.log.gz")
        .lines()
        .filter(|line| !line.contains("promoting proposed schedule"))
        .map(|line| format!("{line}\n"))
        .collect();
    let file = desk.file("f.log", &log);
    let writer = {
        let pipe = pipe.clone();
        std::thread::spawn(move || fs::write(pipe, log))
    };
    let streamed = records(desk.options([pipe]));
    writer.join().unwrap().unwrap();
    let schedules = told(&streamed, "schedule", &["text"]);
    assert_eq!(schedules.len(), 2, "eosio alone, then 21: {schedules:#?}");
    // The new schedule signs from 02:48:24 on; 126 s make a round.
    assert!(schedules[1].starts_with("02:50:29 21 producers"), "{schedules:#?}");

    let pipe = desk.path("pipe");
    let text = fs::read(&file).unwrap();
    let writer = std::thread::spawn(move || fs::write(pipe, text));
    let from = parse_time("2026-11-21T02:58").ok();
    let later = records(Options { from, ..desk.options([desk.path("pipe")]) });
    writer.join().unwrap().unwrap();
    let schedules = told(&later, "schedule", &["text"]);
    assert!(schedules[0].starts_with("02:58:00 21 producers"), "from before: {schedules:#?}");

    let surveyed = records(desk.options([file]));
    let known = told(&surveyed, "schedule", &["text"]);
    assert!(known[1].starts_with("02:48:23 21 producers"), "from the first block on: {known:#?}");
}

#[test]
fn the_signers_tell_the_same_schedule_as_the_log() {
    let desk = Desk::new("F", "");
    let stated = records(desk.options([recorded("f.log.gz")]));
    let from = plain("f.log.gz").split_inclusive('\n').skip(400).collect::<String>();
    let inferred = records(desk.options([desk.file("later.log", from)]));
    let producers = |records: &[Value]| {
        let schedules: Vec<&Value> = records.iter().filter(|r| r["kind"] == "schedule").collect();
        schedules.last().unwrap()["producers"].clone()
    };
    assert_eq!(producers(&stated), producers(&inferred));
}

#[test]
fn a_schedule_that_cannot_be_told_is_said_and_can_be_given() {
    let desk = Desk::new("F", "");
    // One minute: no producer comes round again.
    let log: String = plain("f.log.gz")
        .split_inclusive('\n')
        .filter(|line| line.contains("2026-11-21T02:53:") && line.contains("Received block"))
        .collect();
    let log = desk.file("minute.log", log);
    let all = records(desk.options([log.clone()]));
    assert_eq!(told(&all, "schedule", &["text"]), Vec::<String>::new());
    let notes = told(&all, "note", &["text"]);
    assert!(notes[0].contains("--schedule"), "{notes:#?}");

    let names = format!("eosstorebest,{PRODUCERS}");
    let schedule = parse_schedule(&names).ok();
    let all = records(Options { schedule, ..desk.options([log]) });
    let schedules = told(&all, "schedule", &["text"]);
    assert!(schedules[0].contains("21 producers"), "{schedules:#?}");
    assert!(schedules[0].contains("as given with --schedule"), "{schedules:#?}");

    let schedule = parse_schedule("eosstorebest,producer111a").ok();
    let all = records(Options { schedule, ..desk.options([recorded("f.log.gz")]) });
    let notes = told(&all, "note", &["text"]);
    assert_eq!(notes, [" The blocks contradict --schedule; it is not used."]);
}

#[test]
fn what_cannot_be_replayed_is_refused_with_its_cause() {
    let desk = Desk::new("B", STANDBY);
    let cut = fs::read(recorded("b.log.gz")).unwrap();
    let cases = [
        ("no file", desk.path("absent.log"), "cannot read the log"),
        ("a directory", desk.dir.path().to_owned(), "is a directory"),
        ("empty", desk.file("empty.log", ""), "the log is empty"),
        ("another log", desk.file("other.log", "GET / 200\nGET /x 404\n"), "last line: GET /x 404"),
        ("a cut gzip", desk.file("cut.gz", &cut[..cut.len() / 2]), "is the file whole?"),
    ];
    for (name, log, expected) in cases {
        let why = refused(desk.options([log]));
        assert!(why.contains(expected), "{name}: {why}");
    }
    assert!(refused(desk.options([])).contains("no log given"));
    assert!(refused(desk.options(["-".into(), "-".into()])).contains("can be read once"));
    let config = Some(desk.path("absent.ini"));
    let options = Options { config, ..desk.options([recorded("b.log.gz")]) };
    let error = replay(options, &mut Vec::new()).unwrap_err();
    assert!(error.is::<ConfigError>(), "{error:#}");
    let (from, to) = (parse_time("2026-11-21T03:00").ok(), parse_time("2026-11-21T02:00").ok());
    let options = Options { from, to, ..desk.options([recorded("b.log.gz")]) };
    assert!(refused(options).contains("is not before"));
    let from = parse_time("2027-01-01T00:00").ok();
    let options = Options { from, ..desk.options([recorded("b.log.gz")]) };
    assert!(refused(options).contains("no line is between"));
}

#[test]
fn a_span_is_replayed_alone_and_text_is_for_people() {
    let desk = Desk::new("B", STANDBY);
    let options = Options {
        from: parse_time("2026-11-21T02:49").ok(),
        to: parse_time("2026-11-21T02:56").ok(),
        ..desk.options([recorded("b.log.gz")])
    };
    let mut output = Vec::new();
    replay(options, &mut output).unwrap();
    let text = String::from_utf8(output).unwrap();
    assert!(text.starts_with("# What eoskeeper would have done as B (first standby)"), "{text}");
    let promote = "2026-11-21T02:55:16.000  PROMOTE     eosstorebest is missing: last block #243";
    assert!(text.contains(promote), "{text}");
    assert!(text.contains("Promotions: 1."), "{text}");
    assert!(!text.contains("2026-11-21T02:48:5"), "{text}");
}

#[test]
fn messages_without_columns_are_placed_by_their_blocks() {
    let desk = Desk::new("B", STANDBY);
    let log: String = plain("b.log.gz")
        .lines()
        .filter_map(|line| Some(format!("{}\n", line.split_once("] ")?.1)))
        .collect();
    let all = records(desk.options([desk.file("messages.log", log)]));
    let actions = told(&all, "action", &["act"]);
    assert!(actions[0].starts_with("02:55:1") && actions[0].ends_with("promote"), "{actions:#?}");
}

/// Takes so many bytes, and then its reader is gone.
struct Pipe(usize);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_reader_that_leaves_is_told_apart_from_a_broken_log() {
    let desk = Desk::new("B", STANDBY);
    for log in [recorded("b.log.gz"), desk.file("b.log", plain("b.log.gz"))] {
        for room in [0, 2_000] {
            let error = replay(desk.options([log.clone()]), &mut Pipe(room)).unwrap_err();
            let mut causes = error.chain().filter_map(|e| e.downcast_ref::<io::Error>());
            let is_broken_pipe = causes.any(|cause| cause.kind() == ErrorKind::BrokenPipe);
            assert!(is_broken_pipe, "{error:#}");
            assert!(!format!("{error:#}").contains("is the file whole?"), "{error:#}");
        }
    }
}
