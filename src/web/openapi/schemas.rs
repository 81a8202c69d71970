//! The shapes of the answers.

mod judged;
mod kept;

use serde_json::{Map, Value, json};

/// A field: its name, its shape, and what it is.
type Field = (&'static str, Value, &'static str);

/// Every shape by its name.
pub(super) fn all() -> Value {
    let mut all = Map::new();
    for (name, shape) in judged::shapes().into_iter().chain(kept::shapes()) {
        all.insert(name.to_owned(), shape);
    }
    Value::Object(all)
}

/// An object whose fields are always there.
fn object(what: &str, fields: Vec<Field>) -> Value {
    let required: Vec<&str> = fields.iter().map(|(name, _, _)| *name).collect();
    object_with(what, fields, &required)
}

/// An object of which only some fields are always there.
fn object_with(what: &str, fields: Vec<Field>, required: &[&str]) -> Value {
    let mut properties = Map::new();
    for (name, mut shape, what) in fields {
        // Beside a reference nothing else is told of by every reader of the document.
        if let Some(shape) = shape.as_object_mut().filter(|shape| !shape.contains_key("$ref")) {
            shape.insert("description".to_owned(), what.into());
        }
        properties.insert(name.to_owned(), shape);
    }
    json!({
        "type": "object",
        "description": what,
        "properties": properties,
        "required": required,
    })
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn flag() -> Value {
    json!({ "type": "boolean" })
}

/// A whole number that is not negative.
fn count() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

fn integer() -> Value {
    json!({ "type": "integer" })
}

/// A time as nodeos prints it, UTC.
fn time() -> Value {
    json!({
        "type": "string",
        "pattern": r"^-?[0-9]{4,}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}$",
        "examples": ["2026-11-21T02:48:37.098"],
    })
}

fn list(of: Value) -> Value {
    let mut list = json!({ "type": "array" });
    list["items"] = of;
    list
}

/// `null` where it is not known or not there.
fn maybe(shape: Value) -> Value {
    let mut either = json!({ "anyOf": [null, { "type": "null" }] });
    either["anyOf"][0] = shape;
    either
}

fn of(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// A word out of a list that later versions may lengthen.
fn word(words: &[&str]) -> Value {
    json!({ "type": "string", "examples": words })
}

fn mask() -> Value {
    json!({ "type": "integer", "minimum": 0, "maximum": 4095 })
}
