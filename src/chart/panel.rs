//! A plot: time from left to right, a value from the bottom to the top.

use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::types::{RangedCoordf64, RangedCoordi64};
use plotters::drawing::DrawingArea;
use plotters::element::{Circle, Rectangle};
use plotters::series::{AreaSeries, DashedLineSeries, LineSeries};
use plotters::style::{Color, RGBColor};

use super::palette::Colour;
use super::paper::Paper;
use super::sheet::{Drawn, Rect, Sheet, stroke};
use super::{ChartError, Period};
use crate::core::time::Timestamp;

/// Where a part of the sheet has time and values for coordinates.
pub(super) struct Panel<'a> {
    pub(super) rect: Rect,
    area: DrawingArea<Paper<'a>, Cartesian2d<RangedCoordi64, RangedCoordf64>>,
    period: Period,
    low: f64,
    high: f64,
}

impl<'a> Panel<'a> {
    pub(super) fn new(sheet: &Sheet<'a>, rect: Rect, period: Period, low: f64, high: f64) -> Self {
        let part = sheet.part(rect);
        let (across, down) = part.get_pixel_range();
        // Rows of pixels count downwards, values upwards.
        let range = (across, down.end..down.start);
        let times = period.from.ms()..period.to.ms();
        let area = part.apply_coord_spec(Cartesian2d::new(times, low..high, range));
        Self { rect, area, period, low, high }
    }

    /// The column of pixels of a time; at the edge for one beyond.
    pub(super) fn x(&self, at: Timestamp) -> i32 {
        self.area.map_coordinate(&(self.time(at), self.low)).0
    }

    /// The row of pixels of a value.
    pub(super) fn y(&self, value: f64) -> i32 {
        self.area.map_coordinate(&(self.period.from.ms(), value.clamp(self.low, self.high))).1
    }

    fn time(&self, at: Timestamp) -> i64 {
        at.clamp(self.period.from, self.period.to).ms()
    }

    /// Lines; a run of one point is a dot.
    pub(super) fn lines(
        &self,
        runs: &[Vec<(Timestamp, f64)>],
        colour: Colour,
        width: u32,
    ) -> Drawn {
        for run in runs {
            let points = run.iter().map(|(at, value)| (self.time(*at), *value));
            match run.as_slice() {
                [(at, value)] => {
                    let radius = i32::try_from(width).unwrap_or(2);
                    let place = (self.time(*at), *value);
                    let dot = Circle::new(place, radius, RGBColor::from(colour).filled());
                    self.area.draw(&dot)?;
                }
                _ => {
                    for line in LineSeries::new(points, stroke(colour, width)) {
                        self.area.draw(&line)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The area from the bottom up to a run.
    pub(super) fn area(&self, run: &[(Timestamp, f64)], colour: Colour) -> Drawn {
        let points = run.iter().map(|(at, value)| (self.time(*at), *value));
        let fill = RGBColor::from(colour).filled();
        for area in AreaSeries::new(points, self.low, fill) {
            self.area.draw(&area)?;
        }
        Ok(())
    }

    /// A limit: a dashed line from side to side.
    pub(super) fn dashes(&self, value: f64, colour: Colour, width: u32) -> Drawn {
        let ends = [self.period.from, self.period.to].map(|at| (at.ms(), value));
        let (dash, blank) = (width * 4, width * 3);
        let series = DashedLineSeries::new(ends, dash, blank, stroke(colour, width));
        for line in series {
            self.area.draw(&line)?;
        }
        Ok(())
    }

    /// Fills from one value to another, from side to side.
    pub(super) fn band(&self, low: f64, high: f64, colour: Colour) -> Drawn {
        let corners = [(self.period.from.ms(), low), (self.period.to.ms(), high)];
        Ok(self.area.draw(&Rectangle::new(corners, RGBColor::from(colour).filled()))?)
    }

    /// Fills a stretch of time from the bottom to the top: at least two pixels, so that a short one
    /// is seen. Returns its pixels.
    pub(super) fn stretch(
        &self,
        sheet: &Sheet<'_>,
        from: Timestamp,
        to: Timestamp,
        colour: Colour,
    ) -> Result<Rect, ChartError> {
        let (left, right) = (self.x(from), self.x(to));
        let left = left.min(self.rect.right() - 2);
        let rect = Rect { x: left, w: (right - left).max(2), ..self.rect };
        sheet.rect(rect, colour)?;
        Ok(rect)
    }
}
