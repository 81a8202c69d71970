//! Lag and host as pictures, of the last hour, day or week.

use maud::{Markup, html};

use crate::chart::palette::Ground;
use crate::core::alarm::message::PictureKind;
use crate::core::time::Timestamp;

/// How long before now a picture begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Length {
    /// The last hour.
    #[default]
    Hour,
    /// The last day.
    Day,
    /// The last week.
    Week,
}

/// For which room a picture is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A phone held upright.
    Narrow,
    /// Anything else.
    Wide,
}

/// Everything that names a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Picture {
    pub(super) kind: PictureKind,
    pub(super) length: Length,
    pub(super) form: Form,
    pub(super) ground: Ground,
}

/// What is shown.
const KINDS: [(PictureKind, &str); 2] =
    [(PictureKind::Lag, "Behind the references"), (PictureKind::Host, "Host")];

impl Length {
    pub(super) const ALL: [Self; 3] = [Self::Hour, Self::Day, Self::Week];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
        }
    }

    pub(super) fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|length| length.as_str() == word)
    }

    pub(super) const fn ms(self) -> i64 {
        match self {
            Self::Hour => 3_600_000,
            Self::Day => 86_400_000,
            Self::Week => 7 * 86_400_000,
        }
    }

    /// How long a picture is as good as new, milliseconds: about a pixel of it.
    pub(super) const fn step_ms(self) -> i64 {
        match self {
            Self::Hour => 10_000,
            Self::Day => 60_000,
            Self::Week => 300_000,
        }
    }
}

impl Picture {
    /// Reads `lag-day-wide-dark.svg`.
    pub(super) fn named(file: &str) -> Option<Self> {
        let mut words = file.strip_suffix(".svg")?.split('-');
        let kind = words.next()?;
        let kind = KINDS.into_iter().map(|(k, _)| k).find(|k| k.as_str() == kind)?;
        let length = Length::named(words.next()?)?;
        let form = match words.next()? {
            "narrow" => Form::Narrow,
            "wide" => Form::Wide,
            _ => return None,
        };
        let ground = match words.next()? {
            "light" => Ground::Light,
            "dark" => Ground::Dark,
            _ => return None,
        };
        words.next().is_none().then_some(Self { kind, length, form, ground })
    }

    /// Its name: `lag-day-wide-dark.svg`.
    pub(super) fn file(self) -> String {
        let form = match self.form {
            Form::Narrow => "narrow",
            Form::Wide => "wide",
        };
        let ground = match self.ground {
            Ground::Light => "light",
            Ground::Dark => "dark",
        };
        let (kind, length) = (self.kind.as_str(), self.length.as_str());
        format!("{kind}-{length}-{form}-{ground}.svg")
    }

    /// Its address; `at` makes it another when there is a new one.
    fn address(self, at: Timestamp) -> String {
        let step = at.ms().div_euclid(self.length.step_ms());
        format!("chart/{}?at={step}", self.file())
    }
}

/// The pictures. They are no part of what is sent live: the script asks for new ones by the minute.
pub(super) fn part(length: Length, at: Timestamp) -> Markup {
    html! {
        section id="charts" class="charts" aria-labelledby="charts-title" {
            div class="title" {
                h2 id="charts-title" { "Charts" }
                nav aria-label="Length of the charts" {
                    @for other in Length::ALL {
                        a href=(format!("?charts={}#charts", other.as_str()))
                            aria-current=[(other == length).then_some("true")] { (other.as_str()) }
                    }
                }
            }
            @for (kind, title) in KINDS { (figure(kind, title, length, at)) }
        }
    }
}

fn figure(kind: PictureKind, title: &str, length: Length, at: Timestamp) -> Markup {
    let address = |form, ground| Picture { kind, length, form, ground }.address(at);
    let alt = format!("{title}, the last {}", length.as_str());
    html! {
        figure {
            picture {
                source media="(max-width: 40em) and (prefers-color-scheme: dark)"
                    srcset=(address(Form::Narrow, Ground::Dark)) width="480" height="420";
                source media="(max-width: 40em)"
                    srcset=(address(Form::Narrow, Ground::Light)) width="480" height="420";
                source media="(prefers-color-scheme: dark)"
                    srcset=(address(Form::Wide, Ground::Dark)) width="960" height="400";
                img src=(address(Form::Wide, Ground::Light)) alt=(alt) width="960" height="400"
                    loading="lazy" decoding="async";
            }
            figcaption class="quiet" {
                "The same in a file: "
                (super::command::command(&format!(
                    "eoskeeper chart {} --last {} -o {}.svg",
                    kind.as_str(),
                    length.as_str(),
                    kind.as_str()
                )))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_back_and_nothing_else_is() {
        for (kind, _) in KINDS {
            for length in Length::ALL {
                let picture = Picture { kind, length, form: Form::Wide, ground: Ground::Dark };
                let address = picture.address(Timestamp::from_ms(1_795_229_317_098));
                let file = address.strip_prefix("chart/").unwrap().split('?').next().unwrap();
                assert_eq!(Picture::named(file), Some(picture), "{file}");
            }
        }
        for bad in [
            "",
            ".svg",
            "lag.svg",
            "lag-day-wide-dark",
            "lag-day-wide-dark-more.svg",
            "pool-day-wide-dark.svg",
            "lag-year-wide-dark.svg",
            "../lag-day-wide-dark.svg",
        ] {
            assert_eq!(Picture::named(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_chosen_length_is_marked() {
        let page = part(Length::Week, Timestamp::default()).into_string();
        assert!(page.contains("href=\"?charts=week#charts\" aria-current=\"true\""), "{page}");
        assert_eq!(page.matches("aria-current").count(), 1);
        assert_eq!(page.matches("<figure>").count(), KINDS.len());
    }
}
