//! A Telegram: it keeps chats, and refuses what the Bot API refuses, in its words.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::html;
use super::http_support::{Reply, Request, Server};

/// The only token that is known.
pub(crate) const TOKEN: &str = "123456:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";
/// The only chat.
pub(crate) const CHAT: i64 = -1_001_234;
/// The only topic in it.
pub(crate) const TOPIC: i64 = 42;
/// Its time at the beginning, seconds since 1970.
pub(crate) const START: u64 = 1_795_229_317;

/// A message in the chat.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) chat: i64,
    pub(crate) topic: Option<i64>,
    /// The HTML of a text or caption, as it was sent.
    pub(crate) html: String,
    /// What a person reads of it.
    pub(crate) plain: String,
    pub(crate) is_photo: bool,
    pub(crate) is_silent: bool,
    pub(crate) reply_to: Option<i64>,
    sent: u64,
}

/// What the service knows.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) messages: BTreeMap<i64, Shown>,
    last: i64,
    pub(crate) now: u64,
    /// The chat's new number, once it is a supergroup.
    pub(crate) moved: Option<i64>,
    /// Updates that were not confirmed.
    pub(crate) updates: Vec<Value>,
    /// Every call, in order.
    pub(crate) calls: Vec<String>,
    pub(crate) commands: Vec<Value>,
    /// What it says whatever is asked by a method.
    pub(crate) refuses: BTreeMap<String, (u16, String)>,
}

pub(crate) struct Telegram {
    pub(crate) server: Server,
    state: Arc<Mutex<State>>,
}

/// A refusal: code and description.
type Refusal = (u16, String);

impl Telegram {
    pub(crate) fn start() -> Self {
        let state = Arc::new(Mutex::new(State { now: START, ..State::default() }));
        let own = Arc::clone(&state);
        let server = Server::start(move |request| answer(&own, request));
        Self { server, state }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// What a person sees, oldest first.
    pub(crate) fn chat(&self) -> Vec<Shown> {
        self.state().messages.values().cloned().collect()
    }

    /// From now on a method is refused like this.
    pub(crate) fn refuse(&self, method: &str, code: u16, description: &str) {
        self.state().refuses.insert(method.to_owned(), (code, description.to_owned()));
    }
}

/// What the service does with a request; for a server of a test's own, too.
pub(crate) fn answer(state: &Mutex<State>, request: &Request) -> Reply {
    let Some(method) = request.path.strip_prefix(&format!("/bot{TOKEN}/")) else {
        return refusal(&(401, "Unauthorized".to_owned()), None);
    };
    let params = params(request);
    state.lock().unwrap().calls.push(method.to_owned());
    if method == "getUpdates" {
        return get_updates(state, &params);
    }
    let mut state = state.lock().unwrap();
    if let Some(refused) = state.refuses.get(method) {
        return refusal(refused, None);
    }
    let result = match method {
        "getMe" => Ok(json!({"id": 123_456, "is_bot": true, "first_name": "K",
            "username": "Keeper_Bot"})),
        "getChat" => chat_of(&state, &params)
            .map(|chat| json!({"id": chat, "type": "supergroup", "title": "BP alarms"})),
        "setMyCommands" => set_commands(&mut state, &params),
        "sendMessage" => send(&mut state, &params, "text", 4_096),
        "sendPhoto" => photo(request, &params["photo"])
            .and_then(|()| send(&mut state, &params, "caption", 1_024)),
        "sendMediaGroup" => album(&mut state, &params, request),
        "editMessageText" => edit(&mut state, &params, "text", 4_096),
        "editMessageCaption" => edit(&mut state, &params, "caption", 1_024),
        "deleteMessages" => delete(&mut state, &params),
        _ => Err((404, "Not Found: method not found".to_owned())),
    };
    match result {
        Ok(result) => Reply::json(200, json!({"ok": true, "result": result}).to_string()),
        Err(refused) => refusal(&refused, state.moved),
    }
}

fn refusal((code, description): &Refusal, moved: Option<i64>) -> Reply {
    let mut said = json!({"ok": false, "error_code": code, "description": description});
    if description.contains("upgraded to a supergroup") {
        said["parameters"] = json!({"migrate_to_chat_id": moved});
    }
    Reply::json(*code, said.to_string())
}

fn bad(what: &str) -> Refusal {
    (400, format!("Bad Request: {what}"))
}

/// The parameters, from JSON or a form.
fn params(request: &Request) -> Value {
    let parts = request.parts();
    if parts.is_empty() {
        return request.json();
    }
    let fields = parts.iter().filter(|part| part.file.is_none()).map(|part| {
        let text = part.text();
        let value = serde_json::from_str(&text).unwrap_or(Value::String(text));
        (part.name.clone(), value)
    });
    Value::Object(fields.collect::<Map<_, _>>())
}

fn chat_of(state: &State, params: &Value) -> Result<i64, Refusal> {
    let chat = params["chat_id"].as_i64();
    match (chat, state.moved) {
        (Some(CHAT), Some(_)) => Err(bad("group chat was upgraded to a supergroup chat")),
        (Some(CHAT), None) => Ok(CHAT),
        (Some(chat), Some(moved)) if chat == moved => Ok(chat),
        // Private chats with those who wrote.
        (Some(chat @ 1..=99), _) => Ok(chat),
        _ if params["chat_id"] == "@eos_alarms" => Ok(CHAT),
        _ => Err(bad("chat not found")),
    }
}

/// What a person reads of a text, where it can be sent.
fn read(params: &Value, field: &str, most: usize) -> Result<(String, String), Refusal> {
    let sent = params[field].as_str().unwrap_or_default().to_owned();
    let plain = match params["parse_mode"].as_str() {
        Some("HTML") => html::read(&sent).map_err(|what| (400, what))?,
        None => sent.clone(),
        Some(_) => return Err(bad("unsupported parse_mode")),
    };
    if plain.trim().is_empty() && field == "text" {
        return Err(bad("message text is empty"));
    }
    if plain.encode_utf16().count() > most {
        return Err(bad(if field == "text" {
            "message is too long"
        } else {
            "message caption is too long"
        }));
    }
    Ok((sent, plain))
}

fn send(state: &mut State, params: &Value, field: &str, most: usize) -> Result<Value, Refusal> {
    let chat = chat_of(state, params)?;
    let (html, plain) = read(params, field, most)?;
    let topic = params["message_thread_id"].as_i64();
    if topic.is_some_and(|topic| topic != TOPIC) {
        return Err(bad("message thread not found"));
    }
    let reply = &params["reply_parameters"];
    let reply_to = reply["message_id"].as_i64();
    let is_there = reply_to.is_none_or(|id| state.messages.contains_key(&id));
    if !is_there && reply["allow_sending_without_reply"] != true {
        return Err(bad("message to be replied not found"));
    }
    state.last += 1;
    let shown = Shown {
        chat,
        topic,
        html,
        plain,
        is_photo: field == "caption",
        is_silent: params["disable_notification"] == true,
        reply_to: reply_to.filter(|_| is_there),
        sent: state.now,
    };
    let id = state.last;
    state.messages.insert(id, shown);
    Ok(message(state, id, None))
}

fn message(state: &State, id: i64, edited: Option<u64>) -> Value {
    let shown = &state.messages[&id];
    let mut message = json!({"message_id": id, "date": shown.sent,
        "chat": {"id": shown.chat, "type": "supergroup", "title": "BP alarms"},
        "something_new": {"of": "a later Bot API"}});
    if let Some(edited) = edited {
        message["edit_date"] = edited.into();
    }
    message
}

fn photo(request: &Request, named: &Value) -> Result<(), Refusal> {
    let name = named.as_str().and_then(|text| text.strip_prefix("attach://"));
    let parts = request.parts();
    let part = parts.iter().find(|part| Some(part.name.as_str()) == name);
    let part = part.ok_or_else(|| bad("wrong file identifier/HTTP URL specified"))?;
    if part.file.is_none() || !part.bytes.starts_with(b"\x89PNG") {
        return Err(bad("IMAGE_PROCESS_FAILED"));
    }
    Ok(())
}

fn album(state: &mut State, params: &Value, request: &Request) -> Result<Value, Refusal> {
    let media = params["media"].as_array().cloned().unwrap_or_default();
    if !(2..=10).contains(&media.len()) {
        return Err(bad("wrong number of media in the album"));
    }
    let mut sent = Vec::new();
    for item in &media {
        if item["type"] != "photo" {
            return Err(bad("wrong type of the media"));
        }
        photo(request, &item["media"])?;
        let mut params = params.clone();
        params["caption"] = item["caption"].clone();
        params["parse_mode"] = item["parse_mode"].clone();
        sent.push(send(state, &params, "caption", 1_024)?);
    }
    Ok(sent.into())
}

fn edit(state: &mut State, params: &Value, field: &str, most: usize) -> Result<Value, Refusal> {
    let chat = chat_of(state, params)?;
    let (html, plain) = read(params, field, most)?;
    let id = params["message_id"].as_i64().unwrap_or_default();
    let now = state.now;
    let shown = state.messages.get_mut(&id).filter(|shown| shown.chat == chat);
    let shown = shown.ok_or_else(|| bad("message to edit not found"))?;
    if shown.is_photo != (field == "caption") {
        return Err(bad("there is no text in the message to edit"));
    }
    if shown.html == html {
        return Err(bad("message is not modified: specified new message content is the same"));
    }
    (shown.html, shown.plain) = (html, plain);
    Ok(message(state, id, Some(now)))
}

fn delete(state: &mut State, params: &Value) -> Result<Value, Refusal> {
    let chat = chat_of(state, params)?;
    let ids: Vec<i64> =
        params["message_ids"].as_array().into_iter().flatten().filter_map(Value::as_i64).collect();
    if !(1..=100).contains(&ids.len()) {
        return Err(bad("there are no messages to delete"));
    }
    let now = state.now;
    let is_old = |shown: &Shown| now.saturating_sub(shown.sent) >= 48 * 3_600;
    if ids.iter().filter_map(|id| state.messages.get(id)).any(is_old) {
        return Err(bad("message can't be deleted for everyone"));
    }
    state.messages.retain(|id, shown| shown.chat != chat || !ids.contains(id));
    Ok(json!(true))
}

fn set_commands(state: &mut State, params: &Value) -> Result<Value, Refusal> {
    let commands = params["commands"].as_array().cloned().unwrap_or_default();
    for command in &commands {
        let name = command["command"].as_str().unwrap_or_default();
        let is_name = (1..=32).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        let text = command["description"].as_str().unwrap_or_default();
        if !is_name || !(1..=256).contains(&text.chars().count()) {
            return Err(bad("BOT_COMMAND_INVALID"));
        }
    }
    state.commands = commands;
    Ok(json!(true))
}

/// What is below the offset is confirmed, and never comes again. Without updates the answer waits.
fn get_updates(state: &Mutex<State>, params: &Value) -> Reply {
    let patience = params["timeout"].as_u64().unwrap_or(0);
    for round in 0.. {
        let mut state = state.lock().unwrap();
        if let Some((code, text)) = state.refuses.get("getUpdates") {
            return refusal(&(*code, text.clone()), None);
        }
        assert_eq!(params["allowed_updates"], json!(["message"]));
        if let Some(offset) = params["offset"].as_i64() {
            state.updates.retain(|update| update["update_id"].as_i64().unwrap() >= offset);
        }
        let limit = usize::try_from(params["limit"].as_u64().unwrap_or(100)).unwrap();
        let updates: Vec<Value> = state.updates.iter().take(limit).cloned().collect();
        // A test does not wait for 25 seconds of silence.
        if !updates.is_empty() || patience == 0 || round >= 20 {
            return Reply::json(200, json!({"ok": true, "result": updates}).to_string());
        }
        drop(state);
        thread::sleep(Duration::from_millis(20));
    }
    unreachable!("the rounds end");
}
