//! `/api/openapi.json` against the code: every route, and real answers, neither more nor less.

use std::collections::BTreeSet;
use std::sync::Arc;

use eoskeeper::web::api::ROUTES;
use eoskeeper::web::guard::Guard;
use eoskeeper::web::openapi::document;
use serde_json::{Value, json};

use crate::asking::Server;
use crate::facts::{bare, beat, facts, full};
use crate::past::filled;

/// Makes a shape refuse what it does not name, so that a field nobody described is seen.
fn strict(shape: &mut Value) {
    match shape {
        Value::Object(fields) => {
            if fields.contains_key("properties") {
                fields.insert("additionalProperties".to_owned(), false.into());
            }
            fields.values_mut().for_each(strict);
        }
        Value::Array(all) => all.iter_mut().for_each(strict),
        _ => {}
    }
}

/// What is wrong with a value as one of the document's shapes.
pub(crate) fn faults(name: &str, value: &Value) -> Vec<String> {
    let mut document = document();
    strict(&mut document);
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": format!("#/components/schemas/{name}"),
        "components": document["components"],
    });
    let validator = jsonschema::validator_for(&schema).unwrap();
    let all = validator.iter_errors(value);
    all.map(|error| format!("{}: {error}", error.instance_path())).take(5).collect()
}

#[test]
fn every_route_is_described_and_every_description_is_a_route() {
    let document = document();
    let described: BTreeSet<&str> =
        document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(described, BTreeSet::from(ROUTES));
    for (path, item) in document["paths"].as_object().unwrap() {
        let methods: Vec<&String> = item.as_object().unwrap().keys().collect();
        assert_eq!(methods, ["get"], "{path}: nothing acts");
    }
}

#[test]
fn every_shape_is_used_and_every_reference_is_there() {
    let document = document();
    let text = document.to_string();
    for (kind, all) in document["components"].as_object().unwrap() {
        for name in all.as_object().unwrap().keys().filter(|_| kind != "securitySchemes") {
            assert!(text.contains(&format!("#/components/{kind}/{name}\"")), "{name} is not used");
        }
    }
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let pointer = reference.split('"').next().unwrap();
        assert!(document.pointer(pointer).is_some(), "{pointer} is not there");
    }
}

#[test]
fn a_status_is_what_the_document_says_neither_more_nor_less() {
    for status in [bare(), full()] {
        let value = serde_json::to_value(&status).unwrap();
        assert_eq!(faults("Status", &value), [""; 0], "{value}");
    }
    let mut more = serde_json::to_value(full()).unwrap();
    more["host"]["disks"][0]["nobody_described"] = 1.into();
    assert!(!faults("Status", &more).is_empty(), "the comparison itself");
    let mut less = serde_json::to_value(full()).unwrap();
    less["peers"][0]["status"].as_object_mut().unwrap().remove("ready");
    assert!(!faults("Status", &less).is_empty(), "the comparison itself");
}

#[tokio::test]
async fn every_address_answers_what_is_described() {
    let (_dir, store) = filled(40);
    let (facts, _status, pulse) = facts(full(), Some(Arc::clone(&store)));
    beat(&pulse);
    let server = Server::start(facts, Guard::default()).await;
    let document = document();
    for path in ROUTES {
        let answer = server.get(&format!("{path}{}", question(path))).await;
        // In the status of which every part is there, the node's failure is as well.
        let status = if path == "/readyz" { "503" } else { "200" };
        assert_eq!(answer.status.to_string(), status, "{path}: {answer:?}");
        let content = &document["paths"][path]["get"]["responses"][status]["content"];
        let kind = answer.header("content-type").unwrap().split(';').next().unwrap().to_owned();
        assert!(content.get(&kind).is_some(), "{path}: {kind}");
        let reference = content[&kind]["schema"]["$ref"].as_str();
        if let Some(name) = reference.and_then(|text| text.strip_prefix("#/components/schemas/")) {
            let value = answer.json();
            assert_eq!(faults(name, &value), [""; 0], "{path}");
            let items = value.get("items").and_then(Value::as_array);
            assert!(items.is_none_or(|items| !items.is_empty()), "{path}: nothing to compare");
        }
    }
    for wrong in ["/api/history?limit=0", "/api/nothing", "/api/ledger?sinse=1"] {
        let answer = server.get(wrong).await;
        assert!((400..500).contains(&answer.status), "{answer:?}");
        assert_eq!(faults("Error", &answer.json()), [""; 0], "{wrong}");
    }
    let hours = server.get("/api/samples?step=hour&since=0").await.json();
    assert_eq!(faults("SamplesPage", &hours), [""; 0]);
}

/// All of the past.
fn question(path: &str) -> &'static str {
    let pages = ["/api/history", "/api/incidents", "/api/ledger", "/api/samples"];
    if pages.contains(&path) { "?since=0" } else { "" }
}
