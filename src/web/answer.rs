//! The shape of what programs are answered.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// Counts up when something is removed or changes its meaning; what is added does not count.
/// `/api/status` has a number of its own, [`crate::core::status::STATUS_VERSION`].
pub const API_VERSION: u32 = 1;

/// Why there is no answer; every error of the API has this shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
    parameter: Option<String>,
}

#[derive(Serialize)]
struct Body<'a> {
    api_version: u32,
    error: Said<'a>,
}

#[derive(Serialize)]
struct Said<'a> {
    code: &'a str,
    message: &'a str,
    parameter: Option<&'a str>,
}

impl Refusal {
    /// A refusal with its word for programs, such as `bad_parameter`.
    #[must_use]
    pub const fn new(status: StatusCode, code: &'static str) -> Self {
        Self { status, code, message: String::new(), parameter: None }
    }

    /// The same with one sentence for people: the cause, and what to do.
    #[must_use]
    pub fn because(self, message: impl Into<String>) -> Self {
        Self { message: message.into(), ..self }
    }

    /// A parameter that cannot be used, and what it must be.
    #[must_use]
    pub fn parameter(name: &str, message: impl Into<String>) -> Self {
        // What came in is repeated within bounds, and never what a terminal would act on.
        let name = name.chars().filter(char::is_ascii_graphic).take(40).collect();
        Self {
            status: StatusCode::BAD_REQUEST,
            code: "bad_parameter",
            message: message.into(),
            parameter: Some(name),
        }
    }

    /// Its status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let error =
            Said { code: self.code, message: &self.message, parameter: self.parameter.as_deref() };
        (self.status, Json(Body { api_version: API_VERSION, error })).into_response()
    }
}
