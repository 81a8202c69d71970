//! The one task that writes to disk: the latch, and the history when no latch waits.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep_until};

use crate::core::action::{ActResult, Latch};
use crate::core::event::Event;
use crate::daemon::hands::report;
use crate::daemon::recorder::History;
use crate::history::entry::{Entry, What};
use crate::history::record::Record;
use crate::history::store::{Bounds, Store, StoreError};

/// Writes of the latch that wait for the disk.
pub(super) const LATCHES_MAX: usize = 16;
/// Records of the history in one write: a latch that comes meanwhile waits for it.
const BATCH_MAX: usize = 16;
/// Samples that wait for each other or for anything else that is written: half a minute. A write is
/// several fsyncs, and nobody waits for a sample.
const SAMPLES_TOGETHER: usize = 3;
/// Until entries that could not be written are tried again.
const RETRY: Duration = Duration::from_secs(5);
/// Until it is seen that the keeper ends.
const LOOK: Duration = Duration::from_millis(500);
/// How often the same entries are tried before they are given up: a reader that holds the file,
/// or a disk that was full for a moment.
const TRIES_MAX: u32 = 6;

/// Writes until both queues are closed and empty. Where there is no store, every latch fails and
/// nothing is kept of the history.
pub(super) async fn run(
    store: Option<Arc<Store>>,
    mut latches: mpsc::Receiver<(u64, Latch)>,
    history: History,
    events: mpsc::Sender<Event>,
) {
    let mut pages = Pages::new(store.clone(), history);
    loop {
        tokio::select! {
            biased;
            Some((id, latch)) = latches.recv() => {
                let result = write_latch(store.clone(), latch).await;
                report(&events, id, result).await;
            }
            is_open = pages.next() => match is_open {
                true => pages.write().await,
                false => break,
            },
        }
    }
    while let Some((id, latch)) = latches.recv().await {
        let result = write_latch(store.clone(), latch).await;
        report(&events, id, result).await;
    }
    pages.write().await;
    pages.give_up_rest();
}

/// On a thread where waiting for the disk holds nobody up.
async fn write_latch(store: Option<Arc<Store>>, latch: Latch) -> ActResult {
    let Some(store) = store else {
        return ActResult::Failed("the state directory could not be opened".to_owned());
    };
    match spawn_blocking(move || store.save(&latch)).await {
        Ok(Ok(())) => ActResult::Done("written".to_owned()),
        Ok(Err(error)) => ActResult::Failed(error.to_string()),
        Err(error) => ActResult::Failed(error.to_string()),
    }
}

/// The history's entries on their way to disk.
struct Pages {
    store: Option<Arc<Store>>,
    history: History,
    /// Taken from the queue and not yet on disk.
    batch: Vec<Record>,
    tries: u32,
    /// When the batch may be tried again.
    again: Instant,
    /// Whether the last try failed, so that a disk that stays full is told of once.
    has_failed: bool,
}

impl Pages {
    fn new(store: Option<Arc<Store>>, history: History) -> Self {
        let again = Instant::now();
        Self { store, history, batch: Vec::new(), tries: 0, again, has_failed: false }
    }

    /// Waits for something to write; `false` when nothing will come any more. May be given up at
    /// any time without losing anything.
    async fn next(&mut self) -> bool {
        if self.tries > 0 {
            return self.next_try().await;
        }
        while !self.is_worth_a_write() {
            let room = BATCH_MAX - self.batch.len();
            if self.history.records.recv_many(&mut self.batch, room).await == 0 {
                return false;
            }
        }
        true
    }

    /// Waits until a batch that failed may be tried again; `false` when the keeper ends before.
    async fn next_try(&self) -> bool {
        loop {
            let now = Instant::now();
            if self.history.records.is_closed() {
                return false;
            }
            if now >= self.again {
                return true;
            }
            sleep_until(self.again.min(now + LOOK)).await;
        }
    }

    fn is_worth_a_write(&self) -> bool {
        let is_sample = |record: &Record| matches!(record, Record::Sample(_) | Record::Pool(_));
        self.batch.len() >= SAMPLES_TOGETHER || !self.batch.iter().all(is_sample)
    }

    /// Tries to write what was taken; on a failure it is kept for the next time, a few times.
    async fn write(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        let Some(store) = self.store.clone() else { return self.give_up() };
        let lost = self.history.lost.take();
        let mut records: Vec<_> = self.gap(lost).into_iter().collect();
        let noted = records.len();
        let taken = self.batch.len() as u64;
        records.append(&mut self.batch);
        let written = spawn_blocking(move || {
            let result = store.write(&records, &Bounds::DEFAULT);
            (records, result)
        });
        match written.await {
            Ok((_, Ok(()))) => {
                self.tries = 0;
                if std::mem::take(&mut self.has_failed) {
                    tracing::info!("The history is written again.");
                }
            }
            Ok((records, Err(error))) => {
                self.history.lost.put_back(lost);
                self.batch = records.into_iter().skip(noted).collect();
                self.failed(&error);
            }
            // The thread ended: what it had is lost with it.
            Err(_) => {
                self.tries = 0;
                self.history.lost.put_back(lost);
                self.history.lost.add(taken);
            }
        }
    }

    fn failed(&mut self, error: &StoreError) {
        if !std::mem::replace(&mut self.has_failed, true) {
            tracing::warn!(%error, "The history could not be written; acts do not depend on it.");
        }
        self.tries += 1;
        self.again = Instant::now() + RETRY;
        if self.tries >= TRIES_MAX {
            self.give_up();
        }
    }

    fn give_up(&mut self) {
        self.history.lost.add(self.batch.len() as u64);
        self.batch.clear();
        self.tries = 0;
    }

    /// An entry in the place of those that were lost.
    fn gap(&self, count: u64) -> Option<Record> {
        let at = self.history.clock.now().wall;
        let sentence = format!("{count} entries before this one could not be written.");
        let entry = || Entry::own(at, What::Gap, &sentence, json!({ "entries": count }));
        (count > 0).then(|| Record::Entry(Box::new(entry())))
    }

    /// Says what never came to disk.
    fn give_up_rest(&mut self) {
        while self.history.records.try_recv().is_ok() {
            self.history.lost.add(1);
        }
        self.give_up();
        let lost = self.history.lost.take();
        if lost > 0 && self.store.is_some() {
            tracing::warn!(lost, "Entries of the history were not written.");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::clock::Clock;
    use crate::core::name::Name;
    use crate::core::sample::Sample;
    use crate::core::time::Timestamp;
    use crate::daemon::recorder::Recorder;
    use crate::history::store;

    fn producer() -> Name {
        "eosstorebest".parse().unwrap()
    }

    fn latch(token: u64) -> Latch {
        Latch { token: Some(token), ..Latch::at_rest(producer(), Timestamp::from_ms(1)) }
    }

    fn good(dir: &Path) -> Arc<Store> {
        let store = Store::open(dir).unwrap();
        store.load(producer()).unwrap();
        Arc::new(store)
    }

    /// What is in the history, oldest first: the words of each entry.
    fn written(dir: &Path) -> Vec<String> {
        let mut all = Vec::new();
        let history = store::History::open(dir).unwrap().unwrap();
        history
            .last(Timestamp::from_ms(0), 1000, |entry| {
                all.push(entry.what.as_str().to_owned());
                true
            })
            .unwrap();
        all
    }

    struct Bench {
        latches: mpsc::Sender<(u64, Latch)>,
        recorder: Recorder,
        outcomes: mpsc::Receiver<Event>,
        task: tokio::task::JoinHandle<()>,
    }

    impl Bench {
        fn start(store: Option<Arc<Store>>) -> Self {
            let (latches, queue) = mpsc::channel(LATCHES_MAX);
            let (recorder, history) = Recorder::new(Clock::start());
            let (events, outcomes) = mpsc::channel(64);
            let task = tokio::spawn(run(store, queue, history, events));
            Self { latches, recorder, outcomes, task }
        }

        async fn save(&mut self, id: u64) -> (u64, ActResult) {
            self.latches.send((id, latch(id))).await.unwrap();
            match self.outcomes.recv().await {
                Some(Event::Outcome(outcome)) => (outcome.id, outcome.result),
                other => panic!("{other:?}"),
            }
        }

        async fn end(self) {
            drop((self.latches, self.recorder));
            self.task.await.unwrap();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_queued_when_the_keeper_ends_is_written() {
        let temp = tempfile::tempdir().unwrap();
        let mut bench = Bench::start(Some(good(temp.path())));
        for _ in 0..40 {
            bench.recorder.end();
        }
        assert_eq!(bench.save(7).await, (7, ActResult::Done("written".to_owned())));
        bench.latches.send((8, latch(8))).await.unwrap();
        bench.end().await;
        assert_eq!(written(temp.path()), ["end"; 40]);
        assert_eq!(store::peek(temp.path(), producer()).unwrap(), Some(latch(8)));
    }

    fn sample(second: i64) -> Record {
        let sample = Sample { at: Timestamp::from_ms(second * 1000), ..Sample::default() };
        Record::Sample(Box::new(sample))
    }

    #[tokio::test(start_paused = true)]
    async fn samples_wait_for_each_other_and_for_whatever_else_is_written() {
        let temp = tempfile::tempdir().unwrap();
        let bench = Bench::start(Some(good(temp.path())));
        let samples = || {
            let history = store::History::open(temp.path()).unwrap().unwrap();
            let all = (Timestamp::from_ms(0), Timestamp::from_ms(i64::MAX));
            history.past().samples(all, 100).unwrap().len()
        };
        for (second, expected) in [(10, 0), (20, 0), (30, 3), (40, 3)] {
            bench.recorder.keep(sample(second));
            tokio::time::sleep(RETRY).await;
            assert_eq!(samples(), expected, "after second {second}");
        }
        bench.recorder.end();
        tokio::time::sleep(RETRY).await;
        assert_eq!(samples(), 4, "with the entry");
        bench.recorder.keep(sample(50));
        bench.end().await;
        let history = store::History::open(temp.path()).unwrap().unwrap();
        let all = (Timestamp::from_ms(0), Timestamp::from_ms(i64::MAX));
        assert_eq!(history.past().samples(all, 100).unwrap().len(), 5, "and at the end");
    }

    #[tokio::test(start_paused = true)]
    async fn a_latch_that_waits_goes_before_the_history() {
        let temp = tempfile::tempdir().unwrap();
        let (latches, queue) = mpsc::channel(LATCHES_MAX);
        let (recorder, history) = Recorder::new(Clock::start());
        let (events, mut outcomes) = mpsc::channel(1);
        recorder.end();
        latches.try_send((1, latch(1))).unwrap();
        latches.try_send((2, latch(2))).unwrap();
        // The outcome of the second has no room, so that the writer stands still after it.
        let task = tokio::spawn(run(Some(good(temp.path())), queue, history, events));
        while store::peek(temp.path(), producer()).unwrap() != Some(latch(2)) {
            tokio::task::yield_now().await;
        }
        assert_eq!(written(temp.path()), [""; 0]);
        assert!(outcomes.recv().await.is_some() && outcomes.recv().await.is_some());
        drop((latches, recorder));
        task.await.unwrap();
        assert_eq!(written(temp.path()), ["end"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_holds_the_file_costs_time_and_at_last_entries_which_are_counted() {
        let temp = tempfile::tempdir().unwrap();
        let bench = Bench::start(Some(good(temp.path())));
        let reader = rusqlite::Connection::open(temp.path().join("state.sqlite")).unwrap();
        reader.execute_batch("BEGIN; SELECT * FROM latch").unwrap();
        bench.recorder.end();
        tokio::time::sleep(RETRY * 2).await;
        reader.execute_batch("COMMIT").unwrap();
        tokio::time::sleep(RETRY * 2).await;
        assert_eq!(written(temp.path()), ["end"], "for a while nothing is lost");

        reader.execute_batch("BEGIN; SELECT * FROM latch").unwrap();
        for _ in 0..5 {
            bench.recorder.end();
        }
        tokio::time::sleep(RETRY * (TRIES_MAX + 2)).await;
        reader.execute_batch("COMMIT").unwrap();
        bench.recorder.end();
        tokio::time::sleep(RETRY * 2).await;
        let mut last = Vec::new();
        let history = store::History::open(temp.path()).unwrap().unwrap();
        history
            .last(Timestamp::from_ms(0), 2, |entry| {
                last.push((entry.what, entry.evidence.clone()));
                true
            })
            .unwrap();
        last.sort_by_key(|(what, _)| *what);
        let gap = (What::Gap, json!({ "entries": 5 }));
        assert_eq!(last, [(What::End, json!({})), gap], "{:?}", written(temp.path()));
        bench.end().await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_queue_that_is_full_drops_counts_and_never_waits() {
        let temp = tempfile::tempdir().unwrap();
        let bench = Bench::start(Some(good(temp.path())));
        // Nothing is written before this task waits for the first time.
        for _ in 0..1000 {
            bench.recorder.end();
        }
        let recorder = bench.recorder.clone();
        tokio::time::sleep(RETRY).await;
        recorder.end();
        drop(recorder);
        bench.end().await;
        let all = written(temp.path());
        assert!(all.iter().any(|what| what == "gap"), "{}", all.len());
        assert!((100..=300).contains(&all.len()), "{} of 1001", all.len());
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_state_every_latch_fails_and_the_history_is_let_go() {
        let mut bench = Bench::start(None);
        bench.recorder.end();
        let (id, result) = bench.save(3).await;
        let why = ActResult::Failed("the state directory could not be opened".to_owned());
        assert_eq!((id, result), (3, why));
        bench.end().await;
    }
}
