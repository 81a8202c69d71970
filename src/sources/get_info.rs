//! Asks nodeos's RPC where it stands, and hands on every answer and every failure as an event.
//!
//! Three loops run side by side, so that a call that hangs delays none of another kind; within a
//! loop a call is over, or past its deadline, before the next begins.

mod outlet;

use std::pin::pin;
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::core::answered::Answered;
use crate::core::event::{ApiFailure, Event};
use crate::core::name::Name;
use crate::core::settings::Rules;
use crate::core::time::Mono;
use crate::nodeos::rpc::Client;
use outlet::Outlet;

/// How often each call is made. The deadline of a call is the client's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Between the beginnings of two `get_info`.
    pub info: Duration,
    /// Between two `get_producer_schedule`.
    pub schedule: Duration,
    /// Between two `get_producer_schedule` after a failure, doubled up to [`Self::schedule`], and
    /// after the log announced a change or the node came back.
    pub schedule_soon: Duration,
    /// Between two `paused`.
    pub paused: Duration,
    /// Between two `paused` where there is no such call.
    pub paused_absent: Duration,
}

/// Calls that follow an announced change, or the node's return, at [`Pace::schedule_soon`]: 10 × 2 s.
/// Savanna makes a new schedule active one or two turns (6 to 12 s) after it was announced, and prints
/// nothing then.
const CALLS_AFTER_CHANGE: u32 = 10;

impl Pace {
    /// The pace of the daemon: `get_info` as configured, the schedule every 30 s, `paused` every
    /// 3 s.
    #[must_use]
    pub const fn of(rules: &Rules) -> Self {
        Self {
            info: Duration::from_millis(rules.poll_interval_ms),
            schedule: Duration::from_secs(30),
            schedule_soon: Duration::from_secs(2),
            // A turn is 6 s: a pause is known before the turn that is lost by it is over.
            paused: Duration::from_secs(3),
            paused_absent: Duration::from_secs(60),
        }
    }
}

/// Polls until `stop` or until nobody receives any more. `schedule_changed` is notified by whoever
/// reads a `schedule_changed` line; the schedule is then asked for at once, as it is when the node
/// answers again or catches up ([`Answered`]). Each schedule is followed by the keys by which it lets
/// `producer` sign.
///
/// A full channel is waited for a moment; then the event is dropped and counted. Returns how many
/// were dropped in all.
pub async fn poll(
    client: &Client,
    pace: Pace,
    producer: Name,
    schedule_changed: &Notify,
    events: mpsc::Sender<Event>,
    stop: CancellationToken,
) -> u64 {
    let outlet = Outlet::new(events);
    let loops = async {
        tokio::join!(
            poll_info(client, pace.info, schedule_changed, &outlet),
            poll_schedule(client, pace, producer, schedule_changed, &outlet),
            poll_paused(client, pace, &outlet),
        )
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = outlet.closed() => {}
        _ = loops => {}
    }
    outlet.dropped()
}

async fn poll_info(client: &Client, every: Duration, schedule_changed: &Notify, outlet: &Outlet) {
    let (began, mut answered) = (Instant::now(), Answered::default());
    let mut ticks = interval(every);
    // After a call that took longer than a tick, the next follows at once and then the pace is
    // kept again: no burst, and never two in flight.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let answer = client.get_info().await;
        let head = answer.as_ref().ok().map(|info| info.head);
        outlet.send(Event::Info(answer)).await;
        let at = Mono::from_ms(u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX));
        if answered.note(at, head) {
            schedule_changed.notify_one();
        }
    }
}

async fn poll_schedule(
    client: &Client,
    pace: Pace,
    producer: Name,
    changed: &Notify,
    outlet: &Outlet,
) {
    let mut soon_calls = 0;
    let mut failures = 0;
    loop {
        let (answer, keys) = match client.schedule_and_keys(producer).await {
            Ok((schedule, keys)) => (Ok(schedule), Some(keys)),
            Err(failure) => (Err(failure), None),
        };
        failures = if answer.is_ok() { 0 } else { failures + 1 };
        outlet.send(Event::Schedule(answer)).await;
        if let Some(keys) = keys {
            outlet.send(Event::SigningKeys { keys }).await;
        }
        let answered = Instant::now();
        let wait = schedule_wait(pace, failures, soon_calls);
        soon_calls = soon_calls.saturating_sub(1);
        let due = pin!(sleep_until(answered + wait));
        tokio::select! {
            () = due => {}
            () = changed.notified() => {
                soon_calls = CALLS_AFTER_CHANGE;
                // Many lines announce one change; they do not make a burst of calls.
                sleep_until(answered + pace.schedule_soon).await;
            }
        }
    }
}

/// How long until the schedule is asked for again.
fn schedule_wait(pace: Pace, failures: u32, soon_calls: u32) -> Duration {
    match (failures, soon_calls) {
        (0, 0) => pace.schedule,
        (0, _) => pace.schedule_soon,
        (n, _) => pace.schedule_soon.saturating_mul(1 << (n - 1).min(16)).min(pace.schedule),
    }
}

async fn poll_paused(client: &Client, pace: Pace, outlet: &Outlet) {
    loop {
        let began = Instant::now();
        let answer = client.paused().await;
        let absent = matches!(answer, Err(ApiFailure::NoSuchApi));
        outlet.send(Event::Paused(answer)).await;
        let wait = if absent { pace.paused_absent } else { pace.paused };
        // A call that used up the time to the next still leaves nodeos a moment between them.
        sleep_until((began + wait).max(Instant::now() + wait / 10)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_schedule_is_asked_for_soon_and_then_less_often() {
        let pace = Pace::of(&Rules::default());
        let seconds = |failures, soon| schedule_wait(pace, failures, soon).as_secs();
        assert_eq!(
            [1, 2, 3, 4, 5, 6, u32::MAX].map(|failures| seconds(failures, 0)),
            [2, 4, 8, 16, 30, 30, 30]
        );
        assert_eq!((seconds(0, 0), seconds(0, 3)), (30, 2));
    }
}
