//! What the samples of a period show: how far behind, and how loaded.

use serde::Serialize;

use crate::core::alarm::language::Language;
use crate::core::report::percent;
use crate::core::report::texts::Text;
use crate::core::sample::{HourSample, Sample};

/// Most figures a median is taken of: more than a week of samples.
const FIGURES_MAX: usize = 100_000;

/// Figures of a period.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Measured {
    /// Samples there were.
    pub samples: u64,
    /// In how many of them this node signed by right.
    pub producing: u64,
    /// Least blocks behind the best reference; negative: ahead.
    pub lag_best: Option<i64>,
    /// Median.
    pub lag_median: Option<i64>,
    /// Most.
    pub lag_worst: Option<i64>,
    /// Greatest busy share of all processors, thousandths.
    pub cpu_permille: Option<i64>,
    /// Greatest share of memory in use, thousandths.
    pub memory_permille: Option<i64>,
    /// Greatest share of swap in use, thousandths.
    pub swap_permille: Option<i64>,
    /// The fullest disk, thousandths.
    pub disk_permille: Option<i64>,
    #[serde(skip)]
    lags: Vec<i64>,
}

impl Measured {
    /// Counts a sample in.
    pub fn add(&mut self, sample: &Sample) {
        self.samples += 1;
        self.producing += u64::from(sample.producing);
        if let Some(lag) = sample.lag().filter(|_| self.lags.len() < FIGURES_MAX) {
            self.lags.push(lag);
        }
        let Some(host) = &sample.host else { return };
        let disk = host.disks.iter().map(|disk| i64::from(disk.used_permille)).max();
        peak(&mut self.cpu_permille, host.cpu_permille.map(i64::from));
        peak(&mut self.memory_permille, host.memory_permille.map(i64::from));
        peak(&mut self.swap_permille, host.swap_permille.map(i64::from));
        peak(&mut self.disk_permille, disk);
    }

    /// Counts an hour in of which the samples are gone; its mean stands for all of them.
    pub fn add_hour(&mut self, hour: &HourSample) {
        self.samples += u64::from(hour.samples);
        self.producing += u64::from(hour.producing);
        if let Some(lag) = hour.lag {
            let room = FIGURES_MAX.saturating_sub(self.lags.len()).max(2) - 2;
            self.lags.extend([lag.min, lag.max]);
            let means = (hour.samples as usize).saturating_sub(2).min(room);
            self.lags.extend(std::iter::repeat_n(lag.mean, means));
        }
        let max = |spread: Option<crate::core::sample::Spread>| spread.map(|spread| spread.max);
        peak(&mut self.cpu_permille, max(hour.cpu_permille));
        peak(&mut self.memory_permille, max(hour.memory_permille));
        peak(&mut self.swap_permille, max(hour.swap_permille));
        peak(&mut self.disk_permille, max(hour.disk_permille));
    }

    /// Works out what needs all figures; to be called after the last.
    #[must_use]
    pub fn done(mut self) -> Self {
        let mut lags = std::mem::take(&mut self.lags);
        lags.sort_unstable();
        (self.lag_best, self.lag_worst) = (lags.first().copied(), lags.last().copied());
        self.lag_median = lags.len().checked_sub(1).map(|last| lags[last / 2]);
        self
    }

    pub(super) fn lines(&self, language: Language) -> Vec<String> {
        if self.samples == 0 {
            return vec![Text::NoSample.of(language).to_owned()];
        }
        let mut lines = Vec::new();
        if let (Some(best), Some(median), Some(worst)) =
            (self.lag_best, self.lag_median, self.lag_worst)
        {
            let figures = Text::LagFigures.of(language);
            let lag = Text::Lag.of(language);
            lines.push(format!("{lag}: {best} / {median} / {worst} ({figures})"));
        }
        for (text, peak) in [
            (Text::Cpu, self.cpu_permille),
            (Text::Memory, self.memory_permille),
            (Text::Swap, self.swap_permille),
            (Text::Disk, self.disk_permille),
        ] {
            if let Some(permille) = peak {
                let share = percent(permille.max(0).cast_unsigned() * 100);
                lines.push(format!("{} ({}): {share}", text.of(language), Text::Peak.of(language)));
            }
        }
        lines
    }
}

fn peak(so_far: &mut Option<i64>, value: Option<i64>) {
    *so_far = (*so_far).max(value);
}
