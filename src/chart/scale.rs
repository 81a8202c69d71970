//! The vertical axis: where a value stands, and which values are labelled.

/// An axis. Values are moved to where they are drawn by [`Scale::put`].
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scale {
    /// Drawn value at the lower edge.
    pub(super) low: f64,
    /// Drawn value at the upper edge.
    pub(super) high: f64,
    /// Drawn values with a line and a label, rising.
    pub(super) ticks: Vec<(f64, String)>,
    /// Up to this value the axis is linear, from there on each tenfold takes as much again.
    log_from: Option<f64>,
}

impl Scale {
    /// From `low` to `high` or a bit further, with at most about `rows` labels.
    /// `is_whole` for values between which there is nothing.
    pub(super) fn linear(low: f64, high: f64, rows: usize, is_whole: bool) -> Self {
        let span = if high > low { high - low } else { 1.0 };
        let step = round_step(span / rows.max(1) as f64, is_whole);
        let (first, last) = ((low / step).floor(), (high / step - 1e-9).ceil());
        let last = if last > first { last } else { first + 1.0 };
        // `rows` bounds it: the step is at least the span divided by them.
        let count = (last - first) as usize;
        let ticks = (0..=count)
            .map(|n| (first + n as f64) * step)
            .map(|value| (value, number(value, step)))
            .collect();
        Self { low: first * step, high: last * step, ticks, log_from: None }
    }

    /// From `low` to `high`, linear up to `from` on either side of zero and by powers of ten from
    /// there: a spike a thousand times as high leaves the rest to be seen.
    pub(super) fn logarithmic(low: f64, high: f64, from: f64, rows: usize) -> Self {
        let mut scale = Self { low: 0.0, high: 0.0, ticks: Vec::new(), log_from: Some(from) };
        (scale.low, scale.high) = (scale.put(low).floor(), scale.put(high).ceil());
        let count = (scale.high - scale.low) as usize + 1;
        let every = count.div_ceil(rows.max(2));
        let whole = (0..count).map(|n| scale.low + n as f64);
        scale.ticks = whole
            .filter(|drawn| (drawn.abs() as usize).is_multiple_of(every))
            .map(|drawn| (drawn, number(scale.value(drawn), from)))
            .collect();
        scale
    }

    pub(super) fn is_logarithmic(&self) -> bool {
        self.log_from.is_some()
    }

    /// Where a value is drawn; at the edge when it lies beyond.
    pub(super) fn place(&self, value: f64) -> f64 {
        self.put(value).clamp(self.low, self.high)
    }

    fn put(&self, value: f64) -> f64 {
        match self.log_from {
            Some(from) if value.abs() > from => {
                value.signum() * (1.0 + (value.abs() / from).log10())
            }
            Some(from) => value / from,
            None => value,
        }
    }

    /// The value drawn there: the inverse of `put`.
    fn value(&self, drawn: f64) -> f64 {
        match self.log_from {
            Some(from) if drawn.abs() > 1.0 => {
                drawn.signum() * from * 10_f64.powf(drawn.abs() - 1.0)
            }
            Some(from) => drawn * from,
            None => drawn,
        }
    }
}

/// The next of 1, 2, 5 × 10ⁿ.
fn round_step(least: f64, is_whole: bool) -> f64 {
    let least = if is_whole { least.max(1.0) } else { least.max(1e-9) };
    let ten = 10_f64.powf(least.log10().floor());
    let steps = [ten, 2.0 * ten, 5.0 * ten];
    steps.into_iter().find(|step| *step >= least * (1.0 - 1e-9)).unwrap_or(10.0 * ten)
}

/// A label: `1500`, `20k`, `1.5M`, `0.25`.
fn number(value: f64, step: f64) -> String {
    let (divisor, unit) = match value.abs().max(step.abs()) {
        big if big >= 1e12 => return format!("{value:.1e}"),
        big if big >= 1e9 => (1e9, "G"),
        big if big >= 1e6 => (1e6, "M"),
        big if big >= 10_000.0 => (1e3, "k"),
        _ => (1.0, ""),
    };
    let (value, step) = (value / divisor, step / divisor);
    // As many digits as tell a step from the next.
    let digits = if step >= 1.0 && step.fract() == 0.0 {
        0
    } else {
        (-step.log10().floor()).clamp(0.0, 6.0) as usize
    };
    let text = format!("{value:.digits$}");
    let text =
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    // A minus as wide as a digit, and none before zero.
    let text = text.strip_prefix('-').map_or_else(
        || text.to_owned(),
        |rest| if rest == "0" { rest.to_owned() } else { format!("−{rest}") },
    );
    if text == "0" { text } else { format!("{text}{unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: &Scale) -> Vec<&str> {
        scale.ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn labels_are_round_numbers_in_even_steps() {
        for (low, high, rows, is_whole, expected) in [
            (0.0, 22.0, 5, true, vec!["0", "5", "10", "15", "20", "25"]),
            (0.0, 0.0, 5, true, vec!["0", "1"]),
            (-3.0, 3.0, 3, true, vec!["−4", "−2", "0", "2", "4"]),
            (0.0, 1.0, 5, false, vec!["0", "0.2", "0.4", "0.6", "0.8", "1"]),
            (0.0, 50_000.0, 3, true, vec!["0", "20k", "40k", "60k"]),
            (96.0, 100.0, 2, false, vec!["96", "98", "100"]),
        ] {
            assert_eq!(labels(&Scale::linear(low, high, rows, is_whole)), expected, "{low} {high}");
        }
    }

    #[test]
    fn a_spike_takes_a_step_for_each_power_of_ten() {
        let scale = Scale::logarithmic(-3.0, 150_000.0, 20.0, 10);
        assert_eq!(labels(&scale), ["−20", "0", "20", "200", "2000", "20k", "200k"]);
        assert!((scale.place(20.0) - 1.0).abs() < 1e-9 && (scale.place(2000.0) - 3.0).abs() < 1e-9);
        assert_eq!(scale.place(f64::INFINITY), scale.high);
        assert_eq!(labels(&Scale::logarithmic(0.0, 4e9, 20.0, 4)), ["0", "2000", "2M", "2G"]);
    }
}
