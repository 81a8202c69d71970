//! The life of an incident in the chat: what is sent, edited and deleted.

use std::sync::PoisonError;
use std::time::Duration;

use frankenstein::types::ChatId;
use tokio::time::Instant;

use super::super::channel::{Delivered, Delivery, DeliveryError, Picture};
use super::api::{Api, CALL, Place, Sent, UPLOAD};
use super::failure::Failure;
use super::html::{self, CAPTION_UNITS, TEXT_UNITS};
use super::shown::{OTHERS_MAX, Shown};
use super::{DELETE_AFTER_MAX, Telegram, page};
use crate::core::action::Severity;
use crate::core::alarm::ending::OnEnd;
use crate::core::alarm::message::{Message, MessageKind};

/// Largest photo (Bot API, `sendPhoto`): 10 MB.
const PHOTO_BYTES_MAX: usize = 10_000_000;
/// Most pictures of an album (Bot API, `sendMediaGroup`).
const ALBUM_MAX: usize = 10;
/// Messages whose picture failed that are remembered.
const FAILED_MAX: usize = 32;

impl Telegram {
    /// Does what a delivery asks for.
    pub(super) async fn carry_out(
        &self,
        delivery: &Delivery,
        end: Instant,
    ) -> Result<Delivered, Failure> {
        let shown = delivery.shown.as_deref().and_then(Shown::read);
        match (delivery.message.kind, shown) {
            (MessageKind::Changed | MessageKind::Reminder, Some(shown)) => {
                self.refresh(delivery, shown, end).await
            }
            (MessageKind::Resolved, Some(shown)) => self.finish(delivery, &shown, end).await,
            (MessageKind::Told, Some(shown)) => self.add(delivery, shown, end).await,
            _ => self.begin(delivery, end).await,
        }
    }

    /// Sends it as a message of its own.
    async fn begin(&self, delivery: &Delivery, end: Instant) -> Result<Delivered, Failure> {
        let posted = self.post(delivery, None, end).await;
        let may_be_the_picture =
            matches!(posted, Err(Failure::Unreached(_) | Failure::Broken(_) | Failure::Other(_)));
        if may_be_the_picture && !delivery.pictures.is_empty() {
            self.remember_failed(&delivery.message.id);
        }
        let shown = posted?;
        Ok(self.delivered(&shown, shown.sent))
    }

    /// Sends text and pictures to the chat: one picture with a short text as one message, else the
    /// text first.
    async fn post(
        &self,
        delivery: &Delivery,
        reply_to: Option<i32>,
        end: Instant,
    ) -> Result<Shown, Failure> {
        let message = &delivery.message;
        let place = self.place(reply_to, !rings(message));
        let mut pictures = self.pictures(delivery);
        let text = page::message(message, TEXT_UNITS);
        if let [picture] = &pictures[..]
            && text == page::message(message, CAPTION_UNITS)
        {
            match self.api.send_photo(&place, picture, &text, within(end, UPLOAD)).await {
                Ok(sent) => return Ok(Shown { is_picture: true, ..shown_of(&sent, message) }),
                Err(
                    failure @ (Failure::BadPicture(_) | Failure::BadText(_) | Failure::NoTopic),
                ) => {
                    tracing::warn!(%failure, "A picture for Telegram was left out.");
                    pictures.clear();
                }
                Err(failure) => return Err(failure),
            }
        }
        let sent = self.api.send_text(&place, &text, within(end, CALL)).await?;
        let mut shown = shown_of(&sent, message);
        let below = self.place(Some(sent.message_id), true);
        shown.others = send_pictures(&self.api, &below, &pictures, end).await;
        Ok(shown)
    }

    /// Sends the pictures of a message that stands without them, as an answer to it.
    pub(super) async fn add_pictures(
        &self,
        delivery: &Delivery,
    ) -> Result<Delivered, DeliveryError> {
        // Where it is not known what is shown there is nothing to answer to.
        let Some(mut shown) = delivery.shown.as_deref().and_then(Shown::read) else {
            return Ok(Delivered::default());
        };
        let place =
            Place { chat: ChatId::Integer(shown.chat), ..self.place(Some(shown.main), true) };
        let end = Instant::now() + UPLOAD;
        shown.others.extend(send_pictures(&self.api, &place, &delivery.pictures, end).await);
        shown.others.truncate(OTHERS_MAX);
        // As old as the message: nothing counts anew from here.
        Ok(Delivered { shown: Some(shown.text()), remove_after: None })
    }

    /// Sends what happened during an incident, as an answer to what is shown of it.
    async fn add(
        &self,
        delivery: &Delivery,
        mut shown: Shown,
        end: Instant,
    ) -> Result<Delivered, Failure> {
        let added = self.post(delivery, Some(shown.main), end).await?;
        if added.chat == shown.chat {
            shown.others.extend(added.all());
            shown.others.truncate(OTHERS_MAX);
        }
        Ok(self.delivered(&shown, added.sent))
    }

    /// The pictures that are worth a try.
    fn pictures(&self, delivery: &Delivery) -> Vec<Picture> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if failed.contains(&delivery.message.id) {
            return Vec::new();
        }
        delivery.pictures.clone()
    }

    fn remember_failed(&self, id: &str) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if failed.len() == FAILED_MAX {
            failed.pop_front();
        }
        failed.push_back(id.to_owned());
    }

    fn place(&self, reply_to: Option<i32>, is_silent: bool) -> Place {
        Place { chat: self.chat(), topic: self.settings.topic, reply_to, is_silent }
    }

    /// Edits what is shown, and rings where somebody must look again.
    async fn refresh(
        &self,
        delivery: &Delivery,
        mut shown: Shown,
        end: Instant,
    ) -> Result<Delivered, Failure> {
        let message = &delivery.message;
        let limit = if shown.is_picture { CAPTION_UNITS } else { TEXT_UNITS };
        let now = match self.edit(&shown, &page::message(message, limit), end).await {
            Ok(now) => now,
            // Somebody deleted it, or `delete_after` did: the incident stands all the same.
            Err(Failure::Gone) => return self.begin(delivery, end).await,
            Err(failure) => return Err(failure),
        };
        let is_worse = message.severity == Severity::Page && shown.severity < Severity::Page;
        let is_reminder = message.kind == MessageKind::Reminder;
        if is_worse || (is_reminder && message.severity == Severity::Page) {
            let text = page::reminder(message);
            let place =
                Place { chat: ChatId::Integer(shown.chat), ..self.place(Some(shown.main), false) };
            let sent = self.api.send_text(&place, &text, within(end, CALL)).await?;
            if let Some(before) = shown.reminder.replace(sent.message_id) {
                self.drop_quietly(shown.chat, vec![before], end).await;
            }
        }
        shown.severity = message.severity;
        Ok(self.delivered(&shown, now))
    }

    /// Edits the main message; Telegram's time of it, seconds.
    async fn edit(&self, shown: &Shown, html: &str, end: Instant) -> Result<u64, Failure> {
        let (id, end) = ((shown.chat, shown.main), within(end, CALL));
        let edited = if shown.is_picture {
            self.api.edit_caption(id, html, end).await
        } else {
            self.api.edit_text(id, html, end).await
        };
        match edited {
            Ok(Sent { date, edit_date, .. }) => Ok(edit_date.unwrap_or(date)),
            Err(Failure::NotModified) => Ok(shown.sent),
            // What the old group showed stays there, out of reach.
            Err(Failure::Migrated(_)) => Err(Failure::Gone),
            Err(failure) => Err(failure),
        }
    }

    /// What the end of an incident makes of what is shown.
    async fn finish(
        &self,
        delivery: &Delivery,
        shown: &Shown,
        end: Instant,
    ) -> Result<Delivered, Failure> {
        let message = &delivery.message;
        let limit = if shown.is_picture { CAPTION_UNITS } else { TEXT_UNITS };
        let line = page::summary(message, limit);
        match self.settings.on_end {
            OnEnd::Edit => {
                self.end_with(shown, &page::message(message, limit), shown.reminder, &line, end)
                    .await
            }
            OnEnd::Summary if !shown.is_picture => {
                let others = shown.all().into_iter().skip(1);
                self.end_with(shown, &line, others, &line, end).await
            }
            // A picture cannot become a line of text.
            OnEnd::Summary => {
                let place = self.place(None, true);
                let sent = self.api.send_text(&place, &line, within(end, CALL)).await?;
                self.drop_quietly(shown.chat, shown.all(), end).await;
                let left = shown_of(&sent, message);
                Ok(self.delivered(&left, left.sent))
            }
            OnEnd::Delete => {
                match self.api.delete(shown.chat, shown.all(), within(end, CALL)).await {
                    Ok(()) => Ok(Delivered::default()),
                    Err(Failure::TooOld | Failure::Migrated(_)) => {
                        self.end_with(shown, &line, None, &line, end).await
                    }
                    Err(failure) => Err(failure),
                }
            }
        }
    }

    /// Edits the main message for the last time and deletes `others`; where it is gone, `line` is
    /// sent in its place, silently.
    async fn end_with(
        &self,
        shown: &Shown,
        html: &str,
        others: impl IntoIterator<Item = i32>,
        line: &str,
        end: Instant,
    ) -> Result<Delivered, Failure> {
        let mut left = Shown { reminder: None, ..shown.clone() };
        let now = match self.edit(shown, html, end).await {
            Ok(now) => now,
            Err(Failure::Gone) => {
                let place = self.place(None, true);
                let sent = self.api.send_text(&place, line, within(end, CALL)).await?;
                left.main = sent.message_id;
                left.chat = sent.chat.id;
                left.is_picture = false;
                left.sent = sent.date;
                sent.date
            }
            Err(failure) => return Err(failure),
        };
        let others: Vec<i32> = others.into_iter().collect();
        left.others.retain(|other| !others.contains(other));
        self.drop_quietly(shown.chat, others, end).await;
        Ok(self.delivered(&left, now))
    }

    /// Deletes what is only in the way; if that fails it stays.
    async fn drop_quietly(&self, chat: i64, messages: Vec<i32>, end: Instant) {
        if messages.is_empty() {
            return;
        }
        if let Err(failure) = self.api.delete(chat, messages, within(end, CALL)).await {
            tracing::warn!(%failure, "An old message in Telegram could not be deleted; it stays.");
        }
    }

    /// What the outbox is to remember; `now` is Telegram's time, seconds.
    fn delivered(&self, shown: &Shown, now: u64) -> Delivered {
        let age = Duration::from_secs(now.saturating_sub(shown.sent));
        let left = DELETE_AFTER_MAX.checked_sub(age);
        let remove_after =
            self.settings.delete_after.zip(left).map(|(after, left)| after.min(left));
        Delivered { shown: Some(shown.text()), remove_after }
    }

    /// Deletes what an earlier delivery showed.
    pub(super) async fn take_back(&self, shown: &str) -> Result<Delivered, DeliveryError> {
        let Some(shown) = Shown::read(shown) else {
            return Err(DeliveryError::Lasting("it is not known what was shown".to_owned()));
        };
        let end = Instant::now() + CALL;
        match self.api.delete(shown.chat, shown.all(), end).await {
            Ok(()) => Ok(Delivered::default()),
            // Out of reach for good.
            Err(failure @ (Failure::TooOld | Failure::Migrated(_))) => {
                Err(DeliveryError::Lasting(failure.to_string()))
            }
            Err(failure) => Err(failure.into()),
        }
    }
}

/// Sends pictures below a text; what fails is left out, for the text has been read by then.
pub(super) async fn send_pictures(
    api: &Api,
    place: &Place,
    pictures: &[Picture],
    end: Instant,
) -> Vec<i32> {
    let fits = |picture: &&Picture| picture.png.len() <= PHOTO_BYTES_MAX;
    let pictures: Vec<Picture> = pictures.iter().filter(fits).take(ALBUM_MAX).cloned().collect();
    let end = within(end, UPLOAD);
    let sent = match &pictures[..] {
        [] => return Vec::new(),
        [picture] => {
            let caption = html::line(&picture.caption, CAPTION_UNITS);
            api.send_photo(place, picture, &caption, end).await.map(|sent| vec![sent])
        }
        all => api.send_album(place, all, end).await,
    };
    match sent {
        Ok(sent) => sent.iter().map(|sent| sent.message_id).collect(),
        Err(failure) => {
            tracing::warn!(%failure, "Pictures for Telegram were left out.");
            Vec::new()
        }
    }
}

/// Whether phones ring for the beginning of it.
fn rings(message: &Message) -> bool {
    match message.kind {
        MessageKind::Raised | MessageKind::Told | MessageKind::Changed | MessageKind::Reminder => {
            message.severity > Severity::Info
        }
        MessageKind::Test => true,
        MessageKind::Resolved | MessageKind::Report | MessageKind::Summary => false,
    }
}

fn shown_of(sent: &Sent, message: &Message) -> Shown {
    Shown {
        chat: sent.chat.id,
        main: sent.message_id,
        is_picture: false,
        others: Vec::new(),
        reminder: None,
        severity: message.severity,
        sent: sent.date,
    }
}

/// So much time from now, but not beyond `end`.
fn within(end: Instant, most: Duration) -> Instant {
    end.min(Instant::now() + most)
}
