//! `/api/openapi.json`: what can be asked, and what is answered, in OpenAPI 3.1.
//!
//! It is written by hand beside the types: those of the judgement know neither a web nor a schema,
//! and stay so. What keeps it true are tests: every route is in it and reversely, and real answers,
//! with every part a keeper can have, hold neither more nor less than it says.

mod schemas;

use axum::response::Response;
use serde_json::{Map, Value, json};

use super::answer::API_VERSION;
use super::api::{self, query};

/// `GET /api/openapi.json`
pub(super) async fn show() -> Response {
    api::text("application/json", document().to_string())
}

/// The document of a keeper of several nodes: what is about one of them asks which.
#[must_use]
pub fn document_of(names: &[String]) -> Value {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut document = document();
    for path in super::nodes::OF_ONE {
        let Some(operation) = document.pointer_mut(&pointer_to(path)) else { continue };
        let mut node = words("node", "The node it is about, as /api/nodes names it.", &names);
        // Where there is only one, it need not be named.
        node["required"] = (names.len() > 1).into();
        if let Some(parameters) = operation["parameters"].as_array_mut() {
            parameters.push(node);
        }
        operation["responses"]["400"] = json!({ "$ref": "#/components/responses/Refused" });
    }
    document
}

fn pointer_to(path: &str) -> String {
    format!("/paths/{}/get", path.replace('/', "~1"))
}

/// The whole document.
#[must_use]
pub fn document() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "eoskeeper",
            "summary": "What a keeper of a block producer sees, decided and did; read-only.",
            "description": "Fields may be added to any answer, and words to any list of words; \
                            nothing is removed or changes its meaning without a new api_version \
                            (of /api/status: version). Times are UTC.",
            "version": format!("{API_VERSION}"),
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "security": [{}, { "bearer": [] }, { "password": [] }],
        "paths": paths(),
        "components": {
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The token of [status] token_file, where there is one.",
                },
                "password": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "Any user, with the token as the password.",
                },
            },
            "schemas": schemas::all(),
            "responses": {
                "Refused": refused("The request cannot be answered as it is."),
                "Unauthorized": refused("The token is missing or wrong."),
                "WrongHost": refused("Without a token the keeper is asked by address only."),
                "NotNow": refused("The answer cannot be had now; ask again later."),
            },
        },
    })
}

fn refused(what: &str) -> Value {
    json!({ "description": what, "content": content("Error") })
}

fn content(schema: &str) -> Value {
    json!({ "application/json": { "schema": { "$ref": format!("#/components/schemas/{schema}") } } })
}

fn paths() -> Value {
    let mut paths = Map::new();
    let mut add = |path: &str, operation: Value| {
        paths.insert(path.to_owned(), json!({ "get": operation }));
    };
    add("/api/status", operation("status", "Everything the last tick judged.", &[], "Status"));
    let what = words("what", "Only entries about this.", &api::past::WHATS);
    add(
        "/api/history",
        operation(
            "history",
            "What was decided and done, with the evidence, the newest first.",
            &[page(r"[0-9]{1,18}"), vec![what]].concat(),
            "HistoryPage",
        ),
    );
    add(
        "/api/incidents",
        operation(
            "incidents",
            "Incidents that stood at some time within the span, the newest first.",
            &page(r"[A-Za-z0-9._:-]{0,200}"),
            "IncidentsPage",
        ),
    );
    add(
        "/api/ledger",
        operation(
            "ledger",
            "What became of our slots: settled turns by when they began, oldest first.",
            &page(r"[A-Za-z0-9._:-]{0,200}"),
            "LedgerPage",
        ),
    );
    let step = words(
        "step",
        "sample: each ten seconds, for the last week (the default). hour: one row an hour, for what \
         is older.",
        &api::past::STEPS,
    );
    add(
        "/api/samples",
        operation(
            "samples",
            "What was measured, oldest first.",
            &[page(r"[A-Za-z0-9._:-]{0,200}"), vec![step]].concat(),
            "SamplesPage",
        ),
    );
    let what = "The nodes that are watched, in the order of the configuration; there may be one.";
    add("/api/nodes", operation("nodes", what, &[], "Nodes"));
    add("/api/openapi.json", {
        let mut operation = operation("openapi", "This document.", &[], "Error");
        operation["responses"]["200"]["content"] =
            json!({ "application/json": { "schema": { "type": "object" } } });
        operation
    });
    add("/healthz", health("health", "Whether the watcher itself works."));
    add("/readyz", health("ready", "Whether the keeper knows enough to be asked."));
    add("/metrics", {
        let mut operation =
            operation("metrics", "Figures in the text of Prometheus.", &[], "Error");
        let text = json!({ "schema": { "type": "string" } });
        operation["responses"]["200"]["content"] =
            json!({ "text/plain": text, "application/openmetrics-text": text });
        operation
    });
    Value::Object(paths)
}

fn operation(id: &str, summary: &str, parameters: &[Value], schema: &str) -> Value {
    let mut responses = json!({
        "200": { "description": summary, "content": content(schema) },
        "401": { "$ref": "#/components/responses/Unauthorized" },
        "421": { "$ref": "#/components/responses/WrongHost" },
        "503": { "$ref": "#/components/responses/NotNow" },
    });
    if !parameters.is_empty() {
        responses["400"] = json!({ "$ref": "#/components/responses/Refused" });
    }
    json!({
        "operationId": id,
        "summary": summary,
        "parameters": parameters,
        "responses": responses,
    })
}

/// Health needs no token, and says by its status what it says.
fn health(id: &str, summary: &str) -> Value {
    json!({
        "operationId": id,
        "summary": summary,
        "security": [{}],
        "parameters": [],
        "responses": {
            "200": { "description": "It does.", "content": content("Health") },
            "503": { "description": "It does not; the checks say why.", "content": content("Health") },
        },
    })
}

fn words(name: &str, what: &str, words: &[&str]) -> Value {
    parameter(name, what, json!({ "type": "string", "enum": words }))
}

/// The parameters that every page of the past has.
fn page(row: &str) -> Vec<Value> {
    let time = || {
        json!({ "anyOf": [
            { "type": "integer", "minimum": 0, "maximum": query::TIME_MS_MAX },
            { "type": "string", "format": "date-time" },
        ] })
    };
    vec![
        parameter(
            "since",
            "From when on: milliseconds since 1970, or as RFC 3339 writes it; a day before `until` \
             when it is not given.",
            time(),
        ),
        parameter("until", "Before when; now when it is not given.", time()),
        parameter(
            "limit",
            "Most rows of the page.",
            json!({
                "type": "integer",
                "minimum": 1,
                "maximum": query::LIMIT_MAX,
                "default": query::LIMIT_DEFAULT,
            }),
        ),
        parameter(
            "cursor",
            "The `next` of the page before, unchanged.",
            json!({ "type": "string", "pattern": format!(r"^[0-9]{{1,15}}\.{row}$") }),
        ),
    ]
}

fn parameter(name: &str, what: &str, schema: Value) -> Value {
    let mut parameter =
        json!({ "name": name, "in": "query", "required": false, "description": what });
    parameter["schema"] = schema;
    parameter
}
