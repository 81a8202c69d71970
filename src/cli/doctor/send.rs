//! The channels: as `check` tried them, or with `--send` by a message to each.

use std::time::Duration;

use futures_util::future::join_all;

use super::cases::{Advice, Case};
use crate::actions::notify::channel::Delivery;
use crate::cli::check::{Row, State};
use crate::cli::notify::{every, test_message};
use crate::clock::Clock;
use crate::config::Config;

/// How long one message may take: what the keeper gives it.
const DEADLINE: Duration = Duration::from_secs(30);

/// Reads check's rows, or sends.
pub(super) async fn look(config: &Config, rows: &[Row], send: bool) -> Vec<Advice> {
    let clock = Clock::start();
    let all = match every(config, clock) {
        Ok(all) => all,
        Err(error) => return vec![Case::ChannelBad.because(format!("{error:#}."))],
    };
    if all.is_empty() {
        return vec![
            Case::ChannelsNone
                .because("No channel is configured: alarms are in the keeper's own log."),
        ];
    }
    let names: Vec<&str> = all.iter().map(|(channel, _)| channel.name()).collect();
    let mut advice = Vec::new();
    if send {
        let now = clock.now().wall;
        let sent = all.iter().map(|(channel, _)| async move {
            let delivery =
                Delivery { message: test_message(config, now), pictures: Vec::new(), shown: None };
            let ended = tokio::time::timeout(DEADLINE, channel.deliver(&delivery)).await;
            match ended {
                Ok(Ok(_)) => None,
                Ok(Err(error)) => Some(format!("{}: {error}.", channel.name())),
                Err(_) => Some(format!("{}: not delivered within 30 s.", channel.name())),
            }
        });
        let faults = join_all(sent).await.into_iter().flatten();
        advice.extend(faults.map(|why| Case::ChannelBad.because(why)));
    } else {
        let own = rows.iter().filter(|row| names.contains(&row.what) && row.state == State::Fail);
        advice.extend(
            own.map(|row| Case::ChannelBad.because(format!("{}: {}.", row.what, row.detail))),
        );
    }
    if advice.is_empty() {
        let how =
            if send { "took a test message" } else { "reached, nothing was sent (--send does)" };
        advice.push(Case::ChannelsGood.because(format!("{}: {how}.", names.join(", "))));
    }
    advice
}
