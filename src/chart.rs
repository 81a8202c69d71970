//! Pictures of what was measured: data in, SVG text or PNG bytes out.
//!
//! Drawing is pure: no file, clock or font of the system is looked at, so the same data make the
//! same picture. `plotters` maps the data and draws; what it draws goes to SVG, or to a bitmap with
//! smooth edges (`raster`). Work and bytes are bounded by the size of the picture, however much
//! data there is, beside one pass over the data itself.

pub mod font;
mod frame;
mod host;
mod lag;
pub mod palette;
mod panel;
mod paper;
mod pool;
mod production;
mod raster;
mod scale;
mod series;
mod sheet;
mod size;
mod slots;
mod zone;

pub use series::Cadence;
pub use size::{Size, SizeError};
pub use zone::{Zone, ZoneError};

use crate::core::alarm::message::PictureKind;
use crate::core::sample::{HourSample, PoolSample, Sample};
use crate::core::settings::{Host, Settings};
use crate::core::slots::TurnSlots;
use crate::core::time::Timestamp;

use self::paper::Paper;
use self::sheet::Sheet;

/// Most bytes of a picture that goes with a message. WeCom takes at most 2 MB in base64 or not; half
/// of it is reached by no picture of the sizes we send.
pub const PICTURE_BYTES_MAX: usize = 1_000_000;
/// Longest period of one picture: 400 days, so that ticks stay countable.
pub const PERIOD_MAX_MS: i64 = 400 * 86_400_000;
/// Shortest period: one slot.
const PERIOD_MIN_MS: i64 = 500;

/// Why there is no picture.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChartError {
    /// The period is empty, or too long.
    #[error("a picture shows half a second to 400 days; from {0} to {1} is neither")]
    Period(Timestamp, Timestamp),
    /// It does not fit even when it is drawn smaller.
    #[error(
        "the picture takes {0} bytes, a message takes {PICTURE_BYTES_MAX}; ask for a smaller one"
    )]
    Bytes(usize),
    /// The drawing itself failed.
    #[error("the picture could not be drawn: {0}")]
    Drawing(String),
}

/// What a picture is drawn from. Each kind takes what it needs and leaves the rest, which may be
/// empty.
#[derive(Clone, Debug)]
pub struct Data<'a> {
    /// Whose measurements they are.
    pub subject: Subject,
    /// From when to when the picture shows.
    pub period: Period,
    /// Rows of the history, in any order; those outside of the period are passed over.
    pub samples: &'a [Sample],
    /// Hours whose samples are gone, in any order.
    pub hours: &'a [HourSample],
    /// Our turns, in any order.
    pub turns: &'a [TurnSlots],
    /// What the mining pool said, in any order.
    pub pool: &'a [PoolSample],
    /// How often rows come; what is further apart is a gap.
    pub cadence: Cadence,
    /// What is too much.
    pub limits: Limits,
    /// In which time zone times are printed.
    pub zone: Zone,
}

/// Whose measurements they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// Name of the node.
    pub node: String,
    /// Name of the producer.
    pub producer: String,
    /// The chain: its id or a name, where it is known.
    pub chain: Option<String>,
}

/// From when to when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The left edge.
    pub from: Timestamp,
    /// The right edge.
    pub to: Timestamp,
}

/// What is too much, or too little.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Blocks behind the references that are an alarm: `[rules] behind_references_blocks`.
    pub lag_blocks: u32,
    /// Shares of the host's resources that are too much: `[host]`.
    pub host: Host,
}

impl Limits {
    /// Those of a keeper's settings; of a host that is not watched, the defaults.
    #[must_use]
    pub fn of(settings: &Settings) -> Self {
        Self {
            lag_blocks: settings.rules.behind_references_blocks,
            host: settings.host.unwrap_or(Host::DEFAULT),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { lag_blocks: 20, host: Host::DEFAULT }
    }
}

impl Period {
    /// The `ms` milliseconds before `to`.
    #[must_use]
    pub const fn before(to: Timestamp, ms: i64) -> Self {
        Self { from: to.plus_ms(-ms), to }
    }

    /// How long it is, milliseconds.
    #[must_use]
    pub const fn ms(self) -> i64 {
        self.to.since_ms(self.from)
    }

    /// Whether a time is in it; both edges are.
    #[must_use]
    pub fn holds(self, at: Timestamp) -> bool {
        self.from <= at && at <= self.to
    }
}

/// Draws a picture as SVG.
///
/// # Errors
/// [`ChartError`], for a period that cannot be shown.
pub fn svg(kind: PictureKind, data: &Data<'_>, size: Size) -> Result<String, ChartError> {
    let mut text = String::new();
    let caption = draw(kind, data, Paper::svg(&mut text, size), size)?;
    // For readers that speak: plotters writes no title.
    let spoken = format!("<title>{}</title>\n", paper::escaped(&caption));
    let head = text.find(">\n").map_or(0, |at| at + 2);
    text.insert_str(head, &spoken);
    Ok(text)
}

/// Draws a picture as PNG, without transparency.
///
/// # Errors
/// [`ChartError`], for a period that cannot be shown.
pub fn png(kind: PictureKind, data: &Data<'_>, size: Size) -> Result<Vec<u8>, ChartError> {
    let mut bitmap = raster::Bitmap::new(size)
        .ok_or_else(|| ChartError::Drawing(format!("no memory for {size} pixels")))?;
    draw(kind, data, Paper::bitmap(&mut bitmap), size)?;
    bitmap.png().map_err(|error| ChartError::Drawing(error.to_string()))
}

/// Draws a picture for a message: PNG of at most [`PICTURE_BYTES_MAX`] bytes, drawn smaller when it
/// would be more. Takes tens of milliseconds of one processor: call it where blocking is allowed.
///
/// # Errors
/// [`ChartError`], for a period that cannot be shown.
pub fn pictures(kind: PictureKind, data: &Data<'_>, size: Size) -> Result<Vec<u8>, ChartError> {
    let mut size = size;
    loop {
        let bytes = png(kind, data, size)?;
        match size.halved() {
            _ if bytes.len() <= PICTURE_BYTES_MAX => return Ok(bytes),
            Some(half) => size = half,
            None => return Err(ChartError::Bytes(bytes.len())),
        }
    }
}

/// What the picture shows, in one sentence, for somebody who cannot see it.
///
/// # Errors
/// [`ChartError`], for a period that cannot be shown.
pub fn caption(kind: PictureKind, data: &Data<'_>) -> Result<String, ChartError> {
    let period = checked(data.period)?;
    let facts = match kind {
        PictureKind::Lag => lag::facts(data),
        PictureKind::Host => host::facts(data),
        PictureKind::Production | PictureKind::Slots => production::facts(data),
        PictureKind::Pool => pool::facts(data),
    };
    let when = data.zone.period(period);
    Ok(format!("{} of {}, {when}: {facts}", frame::title(kind), frame::who(&data.subject)))
}

fn draw(
    kind: PictureKind,
    data: &Data<'_>,
    paper: Paper<'_>,
    size: Size,
) -> Result<String, ChartError> {
    let caption = caption(kind, data)?;
    let mut sheet = Sheet::new(paper, size)?;
    match kind {
        PictureKind::Lag => lag::draw(&mut sheet, data),
        PictureKind::Host => host::draw(&mut sheet, data),
        PictureKind::Slots => slots::draw(&mut sheet, data),
        PictureKind::Production => production::draw(&mut sheet, data),
        PictureKind::Pool => pool::draw(&mut sheet, data),
    }?;
    sheet.present()?;
    Ok(caption)
}

fn checked(period: Period) -> Result<Period, ChartError> {
    let is_shown = (PERIOD_MIN_MS..=PERIOD_MAX_MS).contains(&period.ms());
    if is_shown { Ok(period) } else { Err(ChartError::Period(period.from, period.to)) }
}
