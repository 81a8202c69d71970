//! The charts as SVG: drawn when asked for, kept for as long as they are as good as new.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;
use tokio::time::Instant;

use super::Page;
use super::charts::{Form, Length, Picture};
use crate::chart::{self, Cadence, Data, Limits, Period, Size, SizeError, Subject, Zone, palette};
use crate::core::sample::{HourSample, Sample};
use crate::core::time::Timestamp;
use crate::web::facts::{Facts, Unread};

/// Rows of one question to the history: while it is answered the keeper cannot write.
const PAGE: u32 = 2_000;
/// Most rows of one picture: a week of samples every ten seconds, and some.
const ROWS_MAX: usize = 62_000;
/// How often a sample is taken, milliseconds.
const EVERY_MS: i64 = 10_000;
/// What a browser may keep a picture for: its address changes when there is a new one.
const KEEP: &str = "private, max-age=60";

/// Pictures that were drawn, each with its time. At most as many as there are names.
#[derive(Debug, Default)]
pub(super) struct Gallery {
    drawn: Mutex<HashMap<String, (Instant, Arc<str>)>>,
}

/// `/chart/lag-day-wide-dark.svg`.
pub(super) async fn show(
    State(facts): State<Facts>,
    Extension(page): Extension<Arc<Page>>,
    Path(file): Path<String>,
) -> Response {
    let Some(picture) = Picture::named(&file) else {
        let text = "There are charts such as /chart/lag-day-wide-light.svg: lag or host; hour, day \
                    or week; wide or narrow; light or dark.\n";
        return (StatusCode::NOT_FOUND, text).into_response();
    };
    match page.gallery.picture(&facts, picture).await {
        Ok(svg) => {
            let headers = [(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, KEEP)];
            (headers, svg.to_string()).into_response()
        }
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response(),
    }
}

impl Gallery {
    /// The picture; those who ask meanwhile wait and get the same. One is drawn at a time.
    async fn picture(&self, facts: &Facts, picture: Picture) -> Result<Arc<str>, String> {
        let mut drawn = self.drawn.lock().await;
        let keep = Duration::from_millis(picture.length.step_ms().unsigned_abs());
        if let Some((at, svg)) = drawn.get(&picture.file())
            && at.elapsed() < keep
        {
            return Ok(Arc::clone(svg));
        }
        let svg: Arc<str> = draw(facts, picture).await?.into();
        drawn.insert(picture.file(), (Instant::now(), Arc::clone(&svg)));
        Ok(svg)
    }
}

async fn draw(facts: &Facts, picture: Picture) -> Result<String, String> {
    let status = facts.status();
    let period = Period::before(status.at, picture.length.ms());
    let (samples, hours) = match rows(facts, period).await {
        Ok(rows) => rows,
        // A keeper without a state on disk has charts all the same: empty ones.
        Err(Unread::NoState) => (Vec::new(), Vec::new()),
        Err(error) => return Err(error.to_string()),
    };
    let chain = facts.names().chain.clone().or_else(|| status.chain.chain_id.clone());
    let subject = Subject {
        node: status.node_name.clone(),
        producer: status.producer.name.to_string(),
        chain,
    };
    let limits = Limits { lag_blocks: status.rules.behind_references_blocks, ..Limits::default() };
    let drawing = spawn_blocking(move || {
        let data = Data {
            subject,
            period,
            samples: &samples,
            hours: &hours,
            turns: &[],
            pool: &[],
            cadence: Cadence::every(EVERY_MS),
            limits,
            zone: Zone::utc(),
        };
        let size = size(picture.form).map_err(|error| error.to_string())?;
        let svg = chart::svg(picture.kind, &data, size).map_err(|error| error.to_string())?;
        Ok(palette::on_page(&svg, picture.ground))
    });
    drawing.await.map_err(|_| "the drawing was broken off".to_owned())?
}

fn size(form: Form) -> Result<Size, SizeError> {
    match form {
        Form::Narrow => Size::new(480, 420),
        Form::Wide => Size::new(960, 400),
    }
}

/// Samples, and hours whose samples are gone, page by page.
async fn rows(facts: &Facts, period: Period) -> Result<(Vec<Sample>, Vec<HourSample>), Unread> {
    let until = period.to.plus_ms(1);
    let mut samples: Vec<Sample> = Vec::new();
    let mut from: Timestamp = period.from;
    loop {
        let page = facts.archive().ask(move |past| past.samples((from, until), PAGE)).await?;
        let is_last = page.len() < PAGE as usize;
        if let Some(last) = page.last() {
            from = last.at.plus_ms(1);
        }
        samples.extend(page);
        if is_last || samples.len() >= ROWS_MAX {
            break;
        }
    }
    // Only a week reaches as far back as hours.
    if period.ms() < Length::Week.ms() {
        return Ok((samples, Vec::new()));
    }
    let from = period.from;
    let hours = facts.archive().ask(move |past| past.hours((from, until), PAGE)).await?;
    Ok((samples, hours))
}
