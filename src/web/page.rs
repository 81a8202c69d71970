//! The page for people: what the keeper decided and why, in one glance, with the evidence below.
//!
//! It is made here as a whole and works without JavaScript; with it, the parts that change are sent
//! as they change (`events`). Nothing on it acts.

mod assets;
mod cards;
mod charts;
mod command;
mod escape;
mod events;
mod fleet;
mod gates;
mod layout;
mod level;
mod mark;
mod overview;
mod past;
mod pictures;
mod read;
#[cfg(test)]
mod sample;
mod sentence;
mod turns;
mod view;
mod words;

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::{HeaderName, header};
use axum::response::{Html, IntoResponse, Response};
use axum::{Extension, Router, routing};

use super::facts::Facts;
use charts::Length;
pub(super) use overview::{level, overview};
use view::View;

/// What a browser may do with the page: load our own style, script and pictures, listen to our own
/// events, and nothing else; it is shown in nobody's frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";
const HEADERS: [(HeaderName, &str); 4] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// What all readers of the page share.
#[derive(Debug, Default)]
struct Page {
    reader: read::Reader,
    gallery: pictures::Gallery,
    audience: events::Audience,
}

/// The page's routes.
pub(super) fn routes() -> Router<Facts> {
    Router::new()
        .route("/", routing::get(show))
        .route("/events", routing::get(events::listen))
        .route("/chart/{file}", routing::get(pictures::show))
        .route("/icon/{file}", routing::get(assets::icon))
        .route(&assets::STYLE_PATH, routing::get(assets::style))
        .route(&assets::SCRIPT_PATH, routing::get(assets::script))
        .route(&assets::OVERVIEW_PATH, routing::get(assets::overview_script))
        .layer(Extension(Arc::new(Page::default())))
}

async fn show(
    State(facts): State<Facts>,
    Extension(page): Extension<Arc<Page>>,
    RawQuery(query): RawQuery,
) -> Response {
    let status = facts.status();
    let past = page.reader.past(&facts, &status).await;
    let view = View { status: &status, past: &past, judged_ago_ms: judged_ago_ms(&facts) };
    let is_of_several = facts.names().section.is_some();
    let html = layout::page(&view, length(query.as_deref()), is_of_several).into_string();
    (HEADERS, Html(html)).into_response()
}

/// `charts=day`; whatever else stands there is nothing.
fn length(query: Option<&str>) -> Length {
    let words = query.unwrap_or_default().split('&');
    words.filter_map(|word| Length::named(word.strip_prefix("charts=")?)).next().unwrap_or_default()
}

fn judged_ago_ms(facts: &Facts) -> u64 {
    u64::try_from(facts.judged_ago().as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_is_one_of_three_words() {
        for (query, expected) in [
            (None, Length::Hour),
            (Some("charts=day"), Length::Day),
            (Some("x=1&charts=week"), Length::Week),
            (Some("charts=<script>"), Length::Hour),
            (Some("charts=year"), Length::Hour),
            (Some("&&="), Length::Hour),
        ] {
            assert_eq!(length(query), expected, "{query:?}");
        }
    }

    #[test]
    fn the_policy_allows_nothing_inline_and_nothing_foreign() {
        for bad in ["unsafe", "*", "data:", "http"] {
            assert!(!POLICY.contains(bad), "{bad}");
        }
        assert!(POLICY.starts_with("default-src 'none'"));
    }
}
