//! A sheet of paper with pixels for coordinates, filled from the top.

use std::io;

use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, RGBColor, ShapeStyle, TextStyle};

use super::ChartError;
use super::font::{self, Weight};
use super::palette::{Colour, PAPER};
use super::paper::Paper;
use super::raster::SIZE_PER_EM;
use super::size::Size;

pub(super) type Drawn = Result<(), ChartError>;

impl From<DrawingAreaErrorKind<io::Error>> for ChartError {
    fn from(error: DrawingAreaErrorKind<io::Error>) -> Self {
        Self::Drawing(error.to_string())
    }
}

/// A rectangle of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rect {
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) w: i32,
    pub(super) h: i32,
}

impl Rect {
    pub(super) fn right(self) -> i32 {
        self.x + self.w
    }

    pub(super) fn bottom(self) -> i32 {
        self.y + self.h
    }

    pub(super) fn middle(self) -> i32 {
        self.y + self.h / 2
    }
}

/// Which end of a text stands at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Center,
    Right,
}

/// The paper, and how far it is filled.
pub(super) struct Sheet<'a> {
    area: DrawingArea<Paper<'a>, Shift>,
    pub(super) w: i32,
    pub(super) h: i32,
    /// Height of the letters.
    pub(super) em: i32,
    /// Where the next thing goes, from the top.
    pub(super) y: i32,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(paper: Paper<'a>, size: Size) -> Result<Self, ChartError> {
        let area = paper.into_drawing_area();
        area.fill(&RGBColor::from(PAPER))?;
        let em = pixels(size.em());
        Ok(Self { area, w: pixels(size.width()), h: pixels(size.height()), em, y: em / 2 })
    }

    pub(super) fn present(&self) -> Drawn {
        Ok(self.area.present()?)
    }

    /// What is left blank at the edges.
    pub(super) fn margin(&self) -> i32 {
        self.em * 3 / 5
    }

    /// From one line of text to the next.
    pub(super) fn line_height(&self) -> i32 {
        self.em * 13 / 10
    }

    /// How thick a line of a series is.
    pub(super) fn pen(&self) -> u32 {
        (self.em / 9).max(2).unsigned_abs()
    }

    pub(super) fn part(&self, rect: Rect) -> DrawingArea<Paper<'a>, Shift> {
        self.area.clone().shrink((rect.x, rect.y), (rect.w, rect.h))
    }

    /// Pixels a text takes from left to right.
    pub(super) fn wide(&self, text: &str) -> i32 {
        font::width(text, self.em as f32, Weight::Regular).ceil() as i32
    }

    pub(super) fn shortened(&self, text: &str, room: i32) -> String {
        font::shortened(text, self.em as f32, Weight::Regular, room as f32)
    }

    pub(super) fn rect(&self, rect: Rect, colour: Colour) -> Drawn {
        if rect.w <= 0 || rect.h <= 0 {
            return Ok(());
        }
        let corners = [(rect.x, rect.y), (rect.right(), rect.bottom())];
        Ok(self.area.draw(&Rectangle::new(corners, RGBColor::from(colour).filled()))?)
    }

    pub(super) fn path(&self, points: Vec<(i32, i32)>, colour: Colour, width: u32) -> Drawn {
        Ok(self.area.draw(&PathElement::new(points, stroke(colour, width)))?)
    }

    pub(super) fn dot(&self, at: (i32, i32), radius: i32, colour: Colour) -> Drawn {
        Ok(self.area.draw(&Circle::new(at, radius, RGBColor::from(colour).filled()))?)
    }

    /// A line of text whose top is at `at`.
    pub(super) fn text(&self, at: (i32, i32), align: Align, colour: Colour, text: &str) -> Drawn {
        self.letters(at, align, colour, Weight::Regular, self.em, text)
    }

    pub(super) fn letters(
        &self,
        at: (i32, i32),
        align: Align,
        colour: Colour,
        weight: Weight,
        em: i32,
        text: &str,
    ) -> Drawn {
        let style = match weight {
            Weight::Regular => FontStyle::Normal,
            Weight::Bold => FontStyle::Bold,
        };
        let side = match align {
            Align::Left => HPos::Left,
            Align::Center => HPos::Center,
            Align::Right => HPos::Right,
        };
        let colour = RGBColor::from(colour);
        let font =
            FontDesc::new(FontFamily::Name(font::FAMILY), f64::from(em) * SIZE_PER_EM, style);
        let style = TextStyle::from(font).color(&colour).pos(Pos::new(side, VPos::Top));
        Ok(self.area.draw(&Text::new(text, at, style))?)
    }
}

pub(super) fn stroke(colour: Colour, width: u32) -> ShapeStyle {
    RGBColor::from(colour).stroke_width(width)
}

/// Pixels of a picture fit an i32: a size has four digits.
fn pixels(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
