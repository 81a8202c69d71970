//! How many messages a robot may send.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Most messages of a robot within [`WINDOW`] (WeCom, document 91770).
pub(super) const MESSAGES_MAX: usize = 20;
/// The window they are counted in.
const WINDOW: Duration = Duration::from_secs(60);

/// When the last messages were sent.
#[derive(Debug, Default)]
pub(super) struct Pace {
    sent: VecDeque<Instant>,
}

impl Pace {
    /// Counts one more message.
    ///
    /// # Errors
    /// How long to wait where the minute is full.
    pub(super) fn take(&mut self, now: Instant) -> Result<(), Duration> {
        while self.sent.front().is_some_and(|first| now.duration_since(*first) >= WINDOW) {
            self.sent.pop_front();
        }
        match self.sent.front() {
            Some(first) if self.sent.len() >= MESSAGES_MAX => {
                Err(WINDOW.saturating_sub(now.duration_since(*first)))
            }
            _ => {
                self.sent.push_back(now);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_takes_twenty() {
        let (start, mut pace) = (Instant::now(), Pace::default());
        let at = |seconds| start + Duration::from_secs(seconds);
        for second in 0..20 {
            assert_eq!(pace.take(at(second)), Ok(()), "{second}");
        }
        assert_eq!(pace.take(at(20)), Err(Duration::from_secs(40)));
        assert_eq!(pace.take(at(59)), Err(Duration::from_secs(1)));
        assert_eq!(pace.take(at(60)), Ok(()));
        assert_eq!(pace.take(at(60)), Err(Duration::from_secs(1)));
        assert_eq!(pace.take(at(200)), Ok(()));
        assert_eq!(pace.sent.len(), 1);
    }
}
