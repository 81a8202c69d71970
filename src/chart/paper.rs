//! What is drawn on: SVG or a bitmap. Everything above draws without knowing which.

use std::io;

use plotters::backend::SVGBackend;
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
};

use super::raster::Bitmap;
use super::size::Size;

type Drawn = Result<(), DrawingErrorKind<io::Error>>;

/// A backend of plotters.
pub(super) enum Paper<'a> {
    Svg(SVGBackend<'a>),
    Bitmap(&'a mut Bitmap),
}

impl<'a> Paper<'a> {
    pub(super) fn svg(text: &'a mut String, size: Size) -> Self {
        Self::Svg(SVGBackend::with_string(text, (size.width(), size.height())))
    }

    pub(super) fn bitmap(bitmap: &'a mut Bitmap) -> Self {
        Self::Bitmap(bitmap)
    }
}

/// A text as SVG may hold it.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

impl DrawingBackend for Paper<'_> {
    type ErrorType = io::Error;

    fn get_size(&self) -> (u32, u32) {
        match self {
            Self::Svg(svg) => svg.get_size(),
            Self::Bitmap(bitmap) => bitmap.size(),
        }
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        match self {
            Self::Svg(svg) => svg.present(),
            Self::Bitmap(_) => Ok(()),
        }
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Drawn {
        match self {
            Self::Svg(svg) => svg.draw_pixel(point, color)?,
            Self::Bitmap(bitmap) => bitmap.rect(point, (point.0 + 1, point.1 + 1), color),
        }
        Ok(())
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Drawn {
        match self {
            Self::Svg(svg) => svg.draw_line(from, to, style)?,
            Self::Bitmap(bitmap) => {
                bitmap.stroke([from, to], false, style.color(), style.stroke_width());
            }
        }
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        upper_left: BackendCoord,
        bottom_right: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        match self {
            Self::Svg(svg) => svg.draw_rect(upper_left, bottom_right, style, fill)?,
            Self::Bitmap(bitmap) if fill => bitmap.rect(upper_left, bottom_right, style.color()),
            Self::Bitmap(bitmap) => {
                let ((left, top), (right, bottom)) = (upper_left, bottom_right);
                let corners = [(left, top), (right, top), (right, bottom), (left, bottom)];
                bitmap.stroke(corners, true, style.color(), style.stroke_width());
            }
        }
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        match self {
            Self::Svg(svg) => svg.draw_path(path, style)?,
            Self::Bitmap(bitmap) => {
                bitmap.stroke(path, false, style.color(), style.stroke_width());
            }
        }
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Drawn {
        match self {
            Self::Svg(svg) => svg.draw_circle(center, radius, style, fill)?,
            Self::Bitmap(bitmap) => {
                let stroke = (!fill).then(|| style.stroke_width());
                bitmap.circle(center, radius, style.color(), stroke);
            }
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        vertices: I,
        style: &S,
    ) -> Drawn {
        match self {
            Self::Svg(svg) => svg.fill_polygon(vertices, style)?,
            Self::Bitmap(bitmap) => bitmap.polygon(vertices, style.color()),
        }
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, at: BackendCoord) -> Drawn {
        match self {
            Self::Svg(svg) => svg.draw_text(text, style, at)?,
            Self::Bitmap(bitmap) => bitmap.text(text, style, at),
        }
        Ok(())
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        style: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<io::Error>> {
        let em = super::raster::em_of(style.size());
        let wide = super::font::width(text, em, super::raster::weight_of(style.style()));
        Ok((wide.ceil() as u32, em.ceil() as u32))
    }
}
