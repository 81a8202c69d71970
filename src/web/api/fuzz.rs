//! What is asked of the interface, of any bytes.

use axum::http::Uri;

/// A query: refused, or within the limits.
pub(crate) fn query(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(uri) = format!("/api/history?{text}").parse::<Uri>() else { return };
    super::query::any(&uri);
}
