//! The services people are told by: Telegram, WeCom and a webhook, played by one server on loopback
//! that checks what they would check; what came is kept.

use std::sync::{Arc, Mutex, MutexGuard};

use ring::hmac;
use serde_json::Value;

use crate::http_support::{Reply, Request, Server};
use crate::{telegram, wecom};

/// What the webhook's messages are signed with.
pub(crate) const SECRET: &str = "a secret of this test alone, of no use elsewhere";

/// What came to the services beside Telegram.
#[derive(Default)]
pub(crate) struct Came {
    /// The webhook's messages.
    pub(crate) hooks: Vec<Value>,
    /// Texts in WeCom's group.
    pub(crate) texts: Vec<String>,
    /// Pictures there, which fit their MD5.
    pub(crate) pictures: Vec<Vec<u8>>,
    /// What was refused, and why: nothing, where all is well.
    pub(crate) refused: Vec<String>,
}

/// The server.
pub(crate) struct Services {
    server: Server,
    telegram: Arc<Mutex<telegram::State>>,
    came: Arc<Mutex<Came>>,
}

impl Services {
    pub(crate) fn start() -> Self {
        let mut state = telegram::State::default();
        state.now = telegram::START;
        let (telegram, came) = (Arc::new(Mutex::new(state)), Arc::new(Mutex::new(Came::default())));
        let (chats, kept) = (Arc::clone(&telegram), Arc::clone(&came));
        let server = Server::start(move |request| {
            let reply = match request.path.split('/').nth(1) {
                Some("cgi-bin") => group(&kept, request),
                Some("hook") => hook(&kept, request),
                _ => telegram::answer(&chats, request),
            };
            if let Some(why) = refusal(&reply) {
                kept.lock().unwrap().refused.push(format!("{}: {why}", request.path));
            }
            reply
        });
        Self { server, telegram, came }
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    /// What came so far, but to Telegram.
    pub(crate) fn came(&self) -> MutexGuard<'_, Came> {
        self.came.lock().unwrap()
    }

    /// Telegram.
    pub(crate) fn telegram(&self) -> MutexGuard<'_, telegram::State> {
        self.telegram.lock().unwrap()
    }

    /// What stands in a chat of Telegram, oldest first.
    pub(crate) fn chat(&self, chat: i64) -> Vec<telegram::Shown> {
        let state = self.telegram();
        state.messages.values().filter(|shown| shown.chat == chat).cloned().collect()
    }
}

/// Why an answer is no success.
fn refusal(reply: &Reply) -> Option<String> {
    let Reply::Answer(status, _, body) = reply else { return Some(format!("{reply:?}")) };
    let text = String::from_utf8_lossy(body).into_owned();
    let code = serde_json::from_str::<Value>(&text).ok().and_then(|body| body["errcode"].as_i64());
    (*status != 200 || code.is_some_and(|code| code != 0)).then_some(text)
}

fn group(kept: &Mutex<Came>, request: &Request) -> Reply {
    let reply = wecom::answer(request);
    if refusal(&reply).is_none() {
        let (body, mut kept) = (request.json(), kept.lock().unwrap());
        match body["msgtype"].as_str() {
            Some("image") => kept.pictures.push(wecom::bytes(&body["image"])),
            _ => kept.texts.push(body["markdown"]["content"].as_str().unwrap().to_owned()),
        }
    }
    reply
}

/// Takes what is signed as doc/alarms/webhook.md says.
fn hook(kept: &Mutex<Came>, request: &Request) -> Reply {
    if !is_signed(request) {
        return Reply::json(401, r#"{"error":"the signature is wrong"}"#);
    }
    kept.lock().unwrap().hooks.push(request.json());
    Reply::json(200, "{}")
}

fn is_signed(request: &Request) -> bool {
    let header = request.header("x-eoskeeper-signature").unwrap_or_default();
    let Some((time, said)) = header.strip_prefix("t=").and_then(|h| h.split_once(",v1=")) else {
        return false;
    };
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let signed = [time.as_bytes(), b".", &request.body].concat();
    let said: Option<Vec<u8>> = (0..said.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(said.get(at..at + 2)?, 16).ok())
        .collect();
    said.is_some_and(|said| hmac::verify(&key, &signed, &said).is_ok())
}
