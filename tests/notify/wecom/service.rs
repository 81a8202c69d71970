//! A WeCom: what the webhook of a group's robot takes and refuses, in its words.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use serde_json::{Value, json};

use crate::http_support::{Reply, Request};

/// The only robot's key.
pub(crate) const KEY: &str = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa";

/// An answer by its number and words.
pub(crate) fn code(code: i64, text: &str) -> Reply {
    Reply::json(200, json!({"errcode": code, "errmsg": text}).to_string())
}

/// What WeCom does with a request.
pub(crate) fn answer(request: &Request) -> Reply {
    if request.path != format!("/cgi-bin/webhook/send?key={KEY}") {
        return code(93_000, "invalid webhook url, hint: [1732], from ip: 10.0.0.1");
    }
    let body = request.json();
    match body["msgtype"].as_str() {
        Some("markdown") => {
            let content = body["markdown"]["content"].as_str().unwrap_or_default();
            match content.len() {
                0 => code(44_004, "empty content"),
                1..=4_096 => code(0, "ok"),
                _ => code(40_058, "markdown.content exceed max length 4096"),
            }
        }
        Some("image") => image(&body["image"]),
        _ => code(40_008, "invalid message type"),
    }
}

fn image(image: &Value) -> Reply {
    let Ok(bytes) = STANDARD.decode(image["base64"].as_str().unwrap_or_default()) else {
        return code(40_009, "invalid image base64");
    };
    let md5: String = Md5::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
    if bytes.len() > 2 * 1024 * 1024 || !bytes.starts_with(b"\x89PNG") {
        return code(40_009, "invalid image size or type");
    }
    if image["md5"] != md5.as_str() {
        return code(40_054, "invalid md5");
    }
    code(0, "ok")
}

/// The picture in an image that was taken.
pub(crate) fn bytes(image: &Value) -> Vec<u8> {
    STANDARD.decode(image["base64"].as_str().unwrap_or_default()).unwrap()
}
