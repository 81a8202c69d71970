//! Calls of the Bot API: the types of what is asked are `frankenstein`'s, the way is ours.
//!
//! Of an answer only what is needed is read: a field that a later Bot API changes must not make a
//! message that was sent look as if it was not.

use std::time::Duration;

use frankenstein::ParseMode;
use frankenstein::input_media::{InputMediaPhoto, MediaGroupInputMedia};
use frankenstein::methods::{
    DeleteMessagesParams, EditMessageCaptionParams, EditMessageTextParams, GetChatParams,
    SendMediaGroupParams, SendMessageParams, SendPhotoParams,
};
use frankenstein::types::{ChatId, LinkPreviewOptions, ReplyParameters};
use reqwest::multipart::{Form, Part};
use reqwest::{RequestBuilder, Url};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::Instant;

use super::super::call::{self, Token};
use super::super::channel::Picture;
use super::failure::Failure;
use super::html::{self, CAPTION_UNITS};

/// Bound on an answer: a hundred updates of 4,096 characters each, with everything around them.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Time for a call without a file.
pub(super) const CALL: Duration = Duration::from_secs(10);
/// Time for pictures: a megabyte over a slow line.
pub(super) const UPLOAD: Duration = Duration::from_secs(20);

/// A bot as its API shows it.
#[derive(Clone)]
pub(super) struct Api {
    http: reqwest::Client,
    /// Address with the token; never printed.
    base: Token,
}

/// Where a message goes.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The chat.
    pub(super) chat: ChatId,
    /// The topic of a forum.
    pub(super) topic: Option<i32>,
    /// The message it answers, where it answers one.
    pub(super) reply_to: Option<i32>,
    /// Whether phones stay silent.
    pub(super) is_silent: bool,
}

/// What is needed of a message that was sent.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Sent {
    pub(super) message_id: i32,
    /// Seconds since 1970, by Telegram's clock.
    pub(super) date: u64,
    pub(super) edit_date: Option<u64>,
    pub(super) chat: SentTo,
}

/// The chat a message was sent to.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct SentTo {
    pub(super) id: i64,
}

/// Who the bot is.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Me {
    pub(super) id: i64,
    pub(super) username: Option<String>,
}

/// What is needed of a chat.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct ChatInfo {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) title: Option<String>,
    pub(super) username: Option<String>,
    pub(super) first_name: Option<String>,
}

impl Api {
    /// The bot of a token at a Bot API server.
    ///
    /// # Errors
    /// Why there can be no HTTP client.
    pub(super) fn new(url: &Url, token: &Token) -> Result<Self, String> {
        let base = format!("{}/bot{}", url.as_str().trim_end_matches('/'), token.secret());
        Ok(Self { http: call::client(url)?, base: Token::new(&base) })
    }

    /// Calls a method with these parameters.
    ///
    /// # Errors
    /// [`Failure`].
    pub(super) async fn call<R: DeserializeOwned>(
        &self,
        method: &str,
        params: &impl Serialize,
        end: Instant,
    ) -> Result<R, Failure> {
        let body = serde_json::to_vec(params).map_err(|error| Failure::Other(error.to_string()))?;
        let request = self.request(method).header("Content-Type", "application/json").body(body);
        self.ask(request, end).await
    }

    fn request(&self, method: &str) -> RequestBuilder {
        self.http.post(format!("{}/{method}", self.base.secret()))
    }

    async fn ask<R: DeserializeOwned>(
        &self,
        request: RequestBuilder,
        end: Instant,
    ) -> Result<R, Failure> {
        let answer = call::call(request, ANSWER_BYTES_MAX, end).await;
        let answer = answer.map_err(|failure| Failure::Unreached(failure.to_string()))?;
        let said: Option<Value> = serde_json::from_slice(&answer.body).ok();
        match said {
            Some(mut said) if said["ok"] == true => serde_json::from_value(said["result"].take())
                .map_err(|error| Failure::Other(format!("an answer that is not known: {error}"))),
            said => Err(Failure::of(answer.status, answer.retry_after, said.as_ref())),
        }
    }

    /// The same with files, which the parameters name `attach://NAME`.
    async fn upload<R: DeserializeOwned>(
        &self,
        method: &str,
        params: &impl Serialize,
        files: impl Iterator<Item = (String, &Picture)>,
        end: Instant,
    ) -> Result<R, Failure> {
        let other = |error: String| Failure::Other(error);
        let fields = serde_json::to_value(params).map_err(|error| other(error.to_string()))?;
        let mut form = Form::new();
        for (name, value) in fields.as_object().into_iter().flatten() {
            form = match value {
                Value::String(text) => form.text(name.clone(), text.clone()),
                value => form.text(name.clone(), value.to_string()),
            };
        }
        for (name, picture) in files {
            let part = Part::bytes(picture.png.clone()).file_name(format!("{name}.png"));
            let part = part.mime_str("image/png").map_err(|error| other(error.to_string()))?;
            form = form.part(name, part);
        }
        self.ask(self.request(method).multipart(form), end).await
    }

    /// Sends HTML. Where Telegram cannot read it, or the topic is gone, the text goes without
    /// marks, or without the topic: an alarm comes before its looks.
    ///
    /// # Errors
    /// [`Failure`].
    pub(super) async fn send_text(
        &self,
        place: &Place,
        html: &str,
        end: Instant,
    ) -> Result<Sent, Failure> {
        let params = |place: &Place, text: &str, mode: Option<ParseMode>| {
            SendMessageParams::builder()
                .chat_id(place.chat.clone())
                .maybe_message_thread_id(place.topic)
                .text(text)
                .maybe_parse_mode(mode)
                .link_preview_options(LinkPreviewOptions::DISABLED)
                .disable_notification(place.is_silent)
                .maybe_reply_parameters(reply(place))
                .build()
        };
        let send = async |place: &Place, text: &str, mode| {
            self.call("sendMessage", &params(place, text, mode), end).await
        };
        match send(place, html, Some(ParseMode::Html)).await {
            Err(Failure::BadText(why)) => {
                tracing::error!(why, "Telegram cannot read our marks; sent without them.");
                send(place, &html::plain(html), None).await
            }
            Err(Failure::NoTopic) => {
                tracing::error!("[telegram] topic_id: there is no such topic; sent without it.");
                send(&Place { topic: None, ..place.clone() }, html, Some(ParseMode::Html)).await
            }
            sent => sent,
        }
    }

    /// Sends a picture with a caption of HTML.
    ///
    /// # Errors
    /// [`Failure`].
    pub(super) async fn send_photo(
        &self,
        place: &Place,
        picture: &Picture,
        caption: &str,
        end: Instant,
    ) -> Result<Sent, Failure> {
        let params = SendPhotoParams::builder()
            .chat_id(place.chat.clone())
            .maybe_message_thread_id(place.topic)
            .photo("attach://picture0".to_owned())
            .caption(caption)
            .parse_mode(ParseMode::Html)
            .disable_notification(place.is_silent)
            .maybe_reply_parameters(reply(place))
            .build();
        let files = std::iter::once(("picture0".to_owned(), picture));
        self.upload("sendPhoto", &params, files, end).await
    }

    /// Sends two to ten pictures, each with what it shows.
    ///
    /// # Errors
    /// [`Failure`].
    pub(super) async fn send_album(
        &self,
        place: &Place,
        pictures: &[Picture],
        end: Instant,
    ) -> Result<Vec<Sent>, Failure> {
        let item = |(at, picture): (usize, &Picture)| {
            let photo = InputMediaPhoto::builder()
                .media(format!("attach://picture{at}"))
                .caption(html::line(&picture.caption, CAPTION_UNITS))
                .parse_mode(ParseMode::Html)
                .build();
            MediaGroupInputMedia::Photo(photo)
        };
        let params = SendMediaGroupParams::builder()
            .chat_id(place.chat.clone())
            .maybe_message_thread_id(place.topic)
            .media(pictures.iter().enumerate().map(item).collect())
            .disable_notification(place.is_silent)
            .maybe_reply_parameters(reply(place))
            .build();
        let files = pictures.iter().enumerate();
        let files = files.map(|(at, picture)| (format!("picture{at}"), picture));
        self.upload("sendMediaGroup", &params, files, end).await
    }

    /// Writes a message of ours anew.
    ///
    /// # Errors
    /// [`Failure`]; [`Failure::NotModified`] where it says that already.
    pub(super) async fn edit_text(
        &self,
        (chat, message): (i64, i32),
        html: &str,
        end: Instant,
    ) -> Result<Sent, Failure> {
        let params = EditMessageTextParams::builder()
            .chat_id(chat)
            .message_id(message)
            .text(html)
            .parse_mode(ParseMode::Html)
            .link_preview_options(LinkPreviewOptions::DISABLED)
            .build();
        self.call("editMessageText", &params, end).await
    }

    /// Writes the caption of a picture of ours anew.
    ///
    /// # Errors
    /// [`Failure`]; [`Failure::NotModified`] where it says that already.
    pub(super) async fn edit_caption(
        &self,
        (chat, message): (i64, i32),
        html: &str,
        end: Instant,
    ) -> Result<Sent, Failure> {
        let params = EditMessageCaptionParams::builder()
            .chat_id(chat)
            .message_id(message)
            .caption(html)
            .parse_mode(ParseMode::Html)
            .build();
        self.call("editMessageCaption", &params, end).await
    }

    /// Deletes messages; those that are gone already are passed over.
    ///
    /// # Errors
    /// [`Failure`]; [`Failure::TooOld`] after 48 hours.
    pub(super) async fn delete(
        &self,
        chat: i64,
        messages: Vec<i32>,
        end: Instant,
    ) -> Result<(), Failure> {
        let params = DeleteMessagesParams::builder().chat_id(chat).message_ids(messages).build();
        match self.call::<bool>("deleteMessages", &params, end).await {
            Ok(_) | Err(Failure::Gone) => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    /// Who the bot is.
    ///
    /// # Errors
    /// [`Failure`].
    pub(super) async fn me(&self, end: Instant) -> Result<Me, Failure> {
        self.call("getMe", &serde_json::json!({}), end).await
    }

    /// What a chat is.
    ///
    /// # Errors
    /// [`Failure`].
    pub(super) async fn chat(&self, chat: &ChatId, end: Instant) -> Result<ChatInfo, Failure> {
        let params = GetChatParams::builder().chat_id(chat.clone()).build();
        self.call("getChat", &params, end).await
    }
}

/// What makes a message an answer; where the other is gone it is sent all the same.
fn reply(place: &Place) -> Option<ReplyParameters> {
    let message = place.reply_to?;
    Some(ReplyParameters::builder().message_id(message).allow_sending_without_reply(true).build())
}
