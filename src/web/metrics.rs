//! `/metrics`, in the text of Prometheus.
//!
//! [`table::SERIES`] lists every series; `doc/monitoring.md` shows that table, which a test
//! compares. A figure that is not known has no sample, so that a rule can ask for its absence.
//! Labels are bounded by the configuration, by what this program knows by name, and for producers by
//! [`super::producers::PRODUCERS_MAX`].

mod collect;
mod table;

use std::fmt;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

pub use collect::collect;
pub use table::{Kind, SERIES, Series};

use super::answer::Refusal;
use super::api;
use super::facts::Facts;
use super::producers::{ARRIVAL_MS, Arrival};

/// What Prometheus asks for by itself.
const OPEN_METRICS: &str = "application/openmetrics-text";
const OPEN_METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const PLAIN_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The label that tells the nodes of one file apart; only there where the file has sections of nodes.
pub const NODE_LABEL: &str = "section";

/// One sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Name of its series, as in [`SERIES`].
    pub name: &'static str,
    /// Values of its labels, in the order of the series.
    pub labels: Vec<String>,
    /// The figure.
    pub value: Value,
}

/// A figure.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A gauge's, or a counter's since the keeper started.
    Number(f64),
    /// Of a histogram.
    Arrival(Arrival),
}

/// `GET /metrics`
pub(super) async fn show(State(facts): State<Facts>, headers: HeaderMap) -> Response {
    let is_open = is_open(&headers);
    answer(vec![(None, collect(&facts))], is_open)
}

/// What is asked of all nodes of a file.
pub(super) fn show_all<'a>(
    all: impl Iterator<Item = (&'a str, &'a Facts)>,
    headers: &HeaderMap,
) -> Response {
    let sheets = all.map(|(name, facts)| (Some(name.to_owned()), collect(facts)));
    answer(sheets.collect(), is_open(headers))
}

fn answer(sheets: Vec<(Option<String>, Vec<Sample>)>, is_open: bool) -> Response {
    match render_all(sheets, is_open) {
        Ok(body) => api::text(if is_open { OPEN_METRICS_TYPE } else { PLAIN_TYPE }, body),
        Err(fmt::Error) => Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "metrics_failed")
            .because("the figures could not be written; this is a fault of eoskeeper, report it")
            .into_response(),
    }
}

fn is_open(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains(OPEN_METRICS))
}

/// The samples as text: as OpenMetrics has it, or as Prometheus had it before.
///
/// # Errors
/// None that can come of writing to memory.
pub fn render(samples: Vec<Sample>, is_open: bool) -> Result<String, fmt::Error> {
    render_all(vec![(None, samples)], is_open)
}

/// The samples of each node, which have its name as the label [`NODE_LABEL`] where there is one.
///
/// # Errors
/// None that can come of writing to memory.
pub fn render_all(
    sheets: Vec<(Option<String>, Vec<Sample>)>,
    is_open: bool,
) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Sheets(sheets)));
    let mut body = String::new();
    text::encode(&mut body, &registry)?;
    Ok(if is_open { body } else { plain(&body) })
}

/// OpenMetrics describes a counter without the `_total` that its samples have; the older text
/// describes it with it, and knows no end.
fn plain(open: &str) -> String {
    let mut plain = String::with_capacity(open.len());
    for line in open.lines().filter(|line| *line != "# EOF") {
        let described = line.strip_prefix("# HELP ").or_else(|| line.strip_prefix("# TYPE "));
        let counter = described
            .and_then(|rest| rest.split_once(' '))
            .filter(|(name, _)| SERIES.iter().any(|s| s.name == *name && s.kind == Kind::Counter));
        match counter {
            Some((name, rest)) => {
                plain.extend([&line[..7], name, "_total ", rest]);
            }
            None => plain.push_str(line),
        }
        plain.push('\n');
    }
    plain
}

/// Samples on their way into text, by the node they are of.
#[derive(Debug)]
struct Sheets(Vec<(Option<String>, Vec<Sample>)>);

impl Collector for Sheets {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        for series in SERIES {
            let all = self.0.iter().flat_map(|(node, samples)| {
                samples.iter().map(move |sample| (node.as_deref(), sample))
            });
            let mut own = all.filter(|(_, sample)| sample.name == series.name).peekable();
            if own.peek().is_none() {
                continue;
            }
            let kind = match series.kind {
                Kind::Gauge => MetricType::Gauge,
                Kind::Counter => MetricType::Counter,
                Kind::Histogram => MetricType::Histogram,
            };
            let mut metric = encoder.encode_descriptor(series.name, series.help, None, kind)?;
            for (node, sample) in own {
                let node = node.map(|node| (NODE_LABEL, node));
                let labels: Vec<(&str, &str)> = series
                    .labels
                    .iter()
                    .copied()
                    .zip(sample.labels.iter().map(String::as_str))
                    .chain(node)
                    .collect();
                // An empty set would be written as one.
                match labels.is_empty() {
                    true => write(&mut metric, series.kind, &sample.value)?,
                    false => {
                        let mut one = metric.encode_family(&labels)?;
                        write(&mut one, series.kind, &sample.value)?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn write(one: &mut MetricEncoder<'_>, kind: Kind, value: &Value) -> Result<(), fmt::Error> {
    match (value, kind) {
        (Value::Number(number), Kind::Counter) => {
            one.encode_counter::<NoLabelSet, _, f64>(number, None)
        }
        (Value::Number(number), _) => one.encode_gauge(number),
        (Value::Arrival(arrival), _) => {
            let (sum, classes) = (arrival.sum_ms as f64 / 1_000.0, classes(arrival));
            one.encode_histogram::<NoLabelSet>(sum, arrival.count(), &classes, None)
        }
    }
}

/// Upper bounds in seconds with their own counts; the encoder sums them up.
fn classes(arrival: &Arrival) -> Vec<(f64, u64)> {
    let bounds = ARRIVAL_MS.iter().map(|ms| *ms as f64 / 1_000.0).chain([f64::INFINITY]);
    bounds.zip(arrival.classes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_texts_name_a_counter_as_their_readers_want_it() {
        let number = |name, labels: &[&str], value| Sample {
            name,
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
            value: Value::Number(value),
        };
        let samples = vec![
            number("eoskeeper_judgements", &[], 7.0),
            number("eoskeeper_chain_head_block", &[], 4_000_000_000.0),
            number("eoskeeper_reference_up", &["http://a\"\n\\"], 1.0),
        ];
        let open = render(samples.clone(), true).unwrap();
        assert!(open.contains("# TYPE eoskeeper_judgements counter\n"), "{open}");
        assert!(open.contains("eoskeeper_judgements_total 7.0\n") && open.ends_with("# EOF\n"));
        assert!(open.contains("{reference=\"http://a\\\"\\n\\\\\"} 1"), "{open}");
        let plain = render(samples, false).unwrap();
        assert!(plain.contains("# TYPE eoskeeper_judgements_total counter\n"), "{plain}");
        assert!(plain.contains("# HELP eoskeeper_judgements_total ") && !plain.contains("# EOF"));
        assert!(plain.contains("eoskeeper_chain_head_block 4000000000.0\n"), "{plain}");
    }

    #[test]
    fn a_histogram_counts_upwards() {
        let mut arrival = Arrival::default();
        arrival.classes[0] = 2;
        arrival.classes[5] = 3;
        arrival.classes[ARRIVAL_MS.len()] = 1;
        arrival.sum_ms = 7_500;
        let name = "eoskeeper_producer_block_arrival_seconds";
        let sample = Sample { name, labels: vec!["alice".into()], value: Value::Arrival(arrival) };
        let text = render(vec![sample], true).unwrap();
        for line in [
            "_bucket{le=\"0.05\",producer=\"alice\"} 2\n",
            "_bucket{le=\"0.5\",producer=\"alice\"} 5\n",
            "_bucket{le=\"+Inf\",producer=\"alice\"} 6\n",
            "_sum{producer=\"alice\"} 7.5\n",
            "_count{producer=\"alice\"} 6\n",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }

    #[test]
    fn every_series_is_named_as_prometheus_wants_it() {
        for (at, series) in SERIES.iter().enumerate() {
            let name = series.name;
            let is_plain = name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            assert!(is_plain && name.starts_with("eoskeeper_"), "{name}");
            assert!(!name.ends_with("_total") && !name.ends_with("_count"), "{name}");
            assert!(series.help.len() > 10 && !series.help.contains('\n'), "{name}");
            assert!(!SERIES[..at].iter().any(|other| other.name == name), "{name} twice");
        }
    }
}
