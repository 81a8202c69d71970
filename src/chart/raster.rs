//! A bitmap with smooth edges, and its PNG.

use plotters_backend::text_anchor::HPos;
use plotters_backend::{BackendColor, BackendCoord, BackendTextStyle, FontStyle};
use tiny_skia::{Color, FillRule, Paint, Path, PathBuilder, Pixmap, Rect, Stroke, Transform};
use ttf_parser::OutlineBuilder;

use super::font::{self, Weight};
use super::palette::PAPER;
use super::size::Size;

/// What plotters calls the size of a font is this much more than an em; it writes SVG so, and both
/// must look alike (`plotters-svg`, `draw_text`).
pub(super) const SIZE_PER_EM: f64 = 1.24;

/// The pixels.
pub(super) struct Bitmap {
    pixels: Pixmap,
}

pub(super) fn em_of(size: f64) -> f32 {
    (size / SIZE_PER_EM) as f32
}

pub(super) fn weight_of(style: FontStyle) -> Weight {
    if matches!(style, FontStyle::Bold) { Weight::Bold } else { Weight::Regular }
}

impl Bitmap {
    /// White paper.
    pub(super) fn new(size: Size) -> Option<Self> {
        let mut pixels = Pixmap::new(size.width(), size.height())?;
        pixels.fill(Color::from_rgba8(PAPER.0, PAPER.1, PAPER.2, 255));
        Some(Self { pixels })
    }

    pub(super) fn size(&self) -> (u32, u32) {
        (self.pixels.width(), self.pixels.height())
    }

    pub(super) fn rect(&mut self, from: BackendCoord, to: BackendCoord, color: BackendColor) {
        let sides = (from.0 as f32, from.1 as f32, to.0 as f32, to.1 as f32);
        if let Some(rect) = Rect::from_ltrb(sides.0, sides.1, sides.2, sides.3) {
            self.pixels.fill_rect(rect, &paint(color), Transform::identity(), None);
        }
    }

    pub(super) fn stroke(
        &mut self,
        points: impl IntoIterator<Item = BackendCoord>,
        is_closed: bool,
        color: BackendColor,
        width: u32,
    ) {
        if let Some(path) = path(points, is_closed) {
            self.stroke_path(&path, color, width);
        }
    }

    fn stroke_path(&mut self, path: &Path, color: BackendColor, width: u32) {
        let stroke = Stroke { width: width as f32, ..Stroke::default() };
        self.pixels.stroke_path(path, &paint(color), &stroke, Transform::identity(), None);
    }

    pub(super) fn polygon(
        &mut self,
        points: impl IntoIterator<Item = BackendCoord>,
        color: BackendColor,
    ) {
        if let Some(path) = path(points, true) {
            self.fill(&path, color);
        }
    }

    /// A disc, or a ring where a width of its line is given.
    pub(super) fn circle(
        &mut self,
        center: BackendCoord,
        radius: u32,
        color: BackendColor,
        stroke: Option<u32>,
    ) {
        let Some(path) = PathBuilder::from_circle(center.0 as f32, center.1 as f32, radius as f32)
        else {
            return;
        };
        match stroke {
            Some(width) => self.stroke_path(&path, color, width),
            None => self.fill(&path, color),
        }
    }

    /// Text whose top is at `at`: the base line is where SVG has it.
    pub(super) fn text<S: BackendTextStyle>(&mut self, text: &str, style: &S, at: BackendCoord) {
        let (em, weight) = (em_of(style.size()), weight_of(style.style()));
        let wide = font::width(text, em, weight);
        let left = match style.anchor().h_pos {
            HPos::Left => 0.0,
            HPos::Center => wide / 2.0,
            HPos::Right => wide,
        };
        let mut letters = Letters {
            path: PathBuilder::new(),
            left: at.0 as f32 - left,
            base: at.1 as f32 + em * font::BASE_LINE,
            x: 0.0,
            scale: 0.0,
        };
        font::outline(text, em, weight, &mut letters, |letters, x, scale| {
            (letters.x, letters.scale) = (x, scale);
        });
        if let Some(path) = letters.path.finish() {
            self.fill(&path, style.color());
        }
    }

    fn fill(&mut self, path: &Path, color: BackendColor) {
        let rule = FillRule::Winding;
        self.pixels.fill_path(path, &paint(color), rule, Transform::identity(), None);
    }

    /// The PNG: red, green and blue; the paper hides everything beneath.
    pub(super) fn png(&self) -> Result<Vec<u8>, png::EncodingError> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.pixels.width(), self.pixels.height());
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Balanced);
        let mut writer = encoder.write_header()?;
        let rgb: Vec<u8> =
            self.pixels.data().chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect();
        writer.write_image_data(&rgb)?;
        writer.finish()?;
        Ok(bytes)
    }
}

fn paint(color: BackendColor) -> Paint<'static> {
    let (red, green, blue) = color.rgb;
    let alpha = (color.alpha.clamp(0.0, 1.0) * 255.0).round() as u8;
    let mut paint = Paint::default();
    paint.set_color_rgba8(red, green, blue, alpha);
    paint
}

fn path(points: impl IntoIterator<Item = BackendCoord>, is_closed: bool) -> Option<Path> {
    let mut builder = PathBuilder::new();
    for (at, (x, y)) in points.into_iter().enumerate() {
        let (x, y) = (x as f32, y as f32);
        if at == 0 { builder.move_to(x, y) } else { builder.line_to(x, y) }
    }
    if is_closed {
        builder.close();
    }
    builder.finish()
}

/// Turns outlines of glyphs, y upwards, into a path in pixels.
struct Letters {
    path: PathBuilder,
    left: f32,
    base: f32,
    x: f32,
    scale: f32,
}

impl Letters {
    fn at(&self, x: f32, y: f32) -> (f32, f32) {
        (self.left + self.x + x * self.scale, self.base - y * self.scale)
    }
}

impl OutlineBuilder for Letters {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.at(x1, y1), self.at(x, y));
        self.path.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2), (x, y)) = (self.at(x1, y1), self.at(x2, y2), self.at(x, y));
        self.path.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}
