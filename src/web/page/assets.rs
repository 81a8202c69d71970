//! Style, script and icons: compiled in, served under names with their own checksum, so that a
//! browser keeps them for as long as they stay the same and never longer.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ring::digest;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");
const OVERVIEW: &str = include_str!("overview.js");
/// A name with a checksum never holds anything else.
const FOREVER: &str = "public, max-age=31536000, immutable";
/// Digits of a checksum in a name.
const DIGITS: usize = 12;

/// `/style-4f2a….css`.
pub(super) static STYLE_PATH: LazyLock<String> =
    LazyLock::new(|| format!("/style-{}.css", checksum(&[STYLE])));
/// `/script-4f2a….js`.
pub(super) static SCRIPT_PATH: LazyLock<String> =
    LazyLock::new(|| format!("/script-{}.js", checksum(&[SCRIPT])));
/// `/script-4f2a….js`, of the overview of several nodes.
pub(super) static OVERVIEW_PATH: LazyLock<String> =
    LazyLock::new(|| format!("/script-{}.js", checksum(&[OVERVIEW])));
/// Names this page: one that was loaded from another eoskeeper loads itself anew.
pub(super) static BUILD: LazyLock<String> =
    LazyLock::new(|| checksum(&[STYLE, SCRIPT, env!("CARGO_PKG_VERSION")]));

fn checksum(texts: &[&str]) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    texts.iter().for_each(|text| context.update(text.as_bytes()));
    let sum = context.finish();
    sum.as_ref().iter().take(DIGITS / 2).map(|byte| format!("{byte:02x}")).collect()
}

fn asset(kind: &'static str, body: &'static str) -> Response {
    let headers: [(HeaderName, &str); 2] =
        [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, FOREVER)];
    (headers, body).into_response()
}

/// The style.
pub(super) async fn style() -> Response {
    asset("text/css; charset=utf-8", STYLE)
}

/// The script.
pub(super) async fn script() -> Response {
    asset("text/javascript; charset=utf-8", SCRIPT)
}

/// The script of the overview.
pub(super) async fn overview_script() -> Response {
    asset("text/javascript; charset=utf-8", OVERVIEW)
}

/// The sign in the window's tab: a shape and a colour for each level.
pub(super) async fn icon(Path(file): Path<String>) -> Response {
    let (colour, shape, line) = match file.as_str() {
        "well.svg" => ("#00796b", "<circle cx='12' cy='12' r='11'/>", "M7 12.5l3.4 3.4 6.8-7.3"),
        "look.svg" => ("#e09b00", "<path d='M12 1 24 22H0z'/>", "M12 9v6M12 18.2v.3"),
        "act.svg" => (
            "#c62a20",
            "<path d='M7.4 1h9.2L23 7.4v9.2L16.6 23H7.4L1 16.6V7.4z'/>",
            "M8 8l8 8M16 8l-8 8",
        ),
        _ => {
            return (StatusCode::NOT_FOUND, "There are well.svg, look.svg and act.svg.\n")
                .into_response();
        }
    };
    let body = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' fill='{colour}'>{shape}\
         <path d='{line}' fill='none' stroke='#fff' stroke-width='2.6' stroke-linecap='round'/></svg>"
    );
    (
        [(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "public, max-age=86400")],
        body,
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_changes_with_what_it_names() {
        assert_eq!(checksum(&["a", "b"]).len(), DIGITS);
        assert_ne!(checksum(&["a"]), checksum(&["b"]));
        assert!(STYLE_PATH.starts_with("/style-") && SCRIPT_PATH.ends_with(".js"));
        assert_ne!(*SCRIPT_PATH, *OVERVIEW_PATH);
    }

    /// Nothing foreign, and nothing that a policy without `unsafe-inline` would refuse.
    #[test]
    fn nothing_is_loaded_from_elsewhere() {
        for text in [STYLE, SCRIPT, OVERVIEW] {
            for bad in ["http:", "https:", "//cdn", "@import", "@font-face", "eval(", "url("] {
                assert!(!text.contains(bad), "{bad}");
            }
        }
    }
}
