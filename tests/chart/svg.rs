//! A picture taken apart: its texts with the boxes they fill, its rectangles, its lines.

use eoskeeper::chart::font::{self, Weight};
use roxmltree::{Document, Node};

/// A text, and the pixels it fills.
#[derive(Clone, Debug)]
pub struct Label {
    pub text: String,
    pub left: f32,
    pub top: f32,
    pub right: f32,
    pub bottom: f32,
}

impl Label {
    fn of(node: Node<'_, '_>) -> Self {
        let text = node.text().unwrap_or_default().trim().to_owned();
        let number = |name: &str| node.attribute(name).unwrap().parse::<f32>().unwrap();
        let (x, y, em) = (number("x"), number("y"), number("font-size"));
        assert_eq!(node.attribute("dy"), Some("0.76em"), "texts hang from their top");
        let is_bold = node.attribute("font-weight") == Some("bold");
        let weight = if is_bold { Weight::Bold } else { Weight::Regular };
        let wide = font::width(&text, em, weight);
        let left = match node.attribute("text-anchor") {
            Some("middle") => x - wide / 2.0,
            Some("end") => x - wide,
            _ => x,
        };
        // From the top of a capital to below a g.
        Self { text, left, top: y + 0.03 * em, right: left + wide, bottom: y + 0.97 * em }
    }

    fn touches(&self, other: &Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }
}

/// What a picture consists of.
#[derive(Debug)]
pub struct Parts {
    pub size: (f32, f32),
    pub spoken: String,
    pub labels: Vec<Label>,
    /// Colour and x, y, width, height.
    pub rects: Vec<(String, [f32; 4])>,
    /// Colour and points.
    pub lines: Vec<(String, Vec<(f32, f32)>)>,
}

impl Parts {
    pub fn of(svg: &str) -> Self {
        let document = Document::parse(svg).unwrap_or_else(|error| panic!("{error}\n{svg}"));
        let root = document.root_element();
        let number = |node: Node<'_, '_>, name: &str| -> f32 {
            node.attribute(name).unwrap().parse().unwrap()
        };
        let all = |tag: &'static str| {
            root.descendants().filter(move |node| node.has_tag_name(tag) || is(*node, tag))
        };
        let points = |node: Node<'_, '_>| {
            let pairs = node.attribute("points").unwrap().split_whitespace();
            let pair = |pair: &str| {
                let (x, y) = pair.split_once(',').unwrap();
                (x.parse().unwrap(), y.parse().unwrap())
            };
            pairs.map(pair).collect()
        };
        let title = root.children().find(|node| is(*node, "title")).unwrap();
        Self {
            size: (number(root, "width"), number(root, "height")),
            spoken: title.text().unwrap().to_owned(),
            labels: all("text").map(Label::of).collect(),
            rects: all("rect")
                .map(|node| {
                    let sides = ["x", "y", "width", "height"].map(|name| number(node, name));
                    (node.attribute("fill").unwrap().to_owned(), sides)
                })
                .collect(),
            lines: all("polyline")
                .map(|node| (node.attribute("stroke").unwrap().to_owned(), points(node)))
                .collect(),
        }
    }

    pub fn has_text(&self, part: &str) -> bool {
        self.labels.iter().any(|label| label.text.contains(part))
    }

    /// Rectangles of a colour that are no swatches of the legend: at least so high.
    pub fn rects_of(&self, colour: &str, least: f32) -> Vec<[f32; 4]> {
        let such = self.rects.iter().filter(|(fill, sides)| fill == colour && sides[3] >= least);
        such.map(|(_, sides)| *sides).collect()
    }

    /// What is wrong: a text or a rectangle that leaves the picture, a text on another.
    pub fn unreadable(&self, name: &str) -> Vec<String> {
        let (wide, high) = (self.size.0 + 0.5, self.size.1 + 0.5);
        let mut found = Vec::new();
        for (at, label) in self.labels.iter().enumerate() {
            let Label { left, top, right, bottom, .. } = label;
            if *left < -0.5 || *top < -0.5 || *right > wide || *bottom > high {
                found.push(format!("{name}: {label:?} leaves the picture"));
            }
            let touched = self.labels[at + 1..].iter().filter(|other| label.touches(other));
            found.extend(touched.map(|other| format!("{name}: {label:?} touches {other:?}")));
        }
        for (_, [x, y, w, h]) in &self.rects {
            if *x < 0.0 || *y < 0.0 || x + w > wide || y + h > high {
                found.push(format!("{name}: a rectangle at {x},{y} of {w}x{h} leaves the picture"));
            }
        }
        found
    }

    #[track_caller]
    pub fn must_be_readable(&self, name: &str) {
        let found = self.unreadable(name);
        assert!(found.is_empty(), "{found:#?}");
    }
}

fn is(node: Node<'_, '_>, tag: &str) -> bool {
    node.is_element() && node.tag_name().name() == tag
}
