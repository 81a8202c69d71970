//! The chats: whether Telegram knows the bot and the chat. Nothing is sent.

use crate::actions::notify::telegram::Telegram;
use crate::actions::notify::wecom::WeCom;
use crate::cli::check::row::Row;
use crate::config::Config;
use crate::daemon::chats;

/// Tries what can be tried without a message.
pub(super) async fn rows(config: &Config) -> Vec<Row> {
    let mut rows = Vec::new();
    rows.extend(telegram(config).await);
    rows.extend(bot(config));
    rows.extend(wecom(config));
    rows
}

async fn telegram(config: &Config) -> Option<Row> {
    const WHAT: &str = "telegram";
    let settings = chats::telegram(config.channels.telegram.as_ref()?);
    let described = match Telegram::new(&settings) {
        Ok(telegram) => telegram.describe().await,
        Err(why) => Err(why),
    };
    Some(match described {
        Ok(said) => Row::ok(WHAT, said),
        Err(why) => Row::failed(WHAT, &why),
    })
}

/// Whether anybody is answered.
fn bot(config: &Config) -> Option<Row> {
    const WHAT: &str = "bot";
    let telegram = config.channels.telegram.as_ref()?;
    let people = telegram.allowed_users.len();
    Some(if !telegram.bot {
        Row::ok(WHAT, "this keeper answers no commands in Telegram")
    } else if people == 0 {
        let detail = "nobody may ask the Telegram bot";
        Row::ok(WHAT, detail)
    } else {
        Row::ok(WHAT, format!("{people} may ask the Telegram bot"))
    })
}

/// A robot of WeCom can only send: every call of it is a message.
fn wecom(config: &Config) -> Option<Row> {
    const WHAT: &str = "wecom";
    let settings = chats::wecom(config.channels.wecom.as_ref()?);
    Some(match WeCom::new(&settings) {
        Ok(_) => Row::unknown(
            WHAT,
            "a robot's key cannot be tried without a message to its group",
            "send one: eoskeeper notify --test wecom",
        ),
        Err(why) => Row::failed(WHAT, &why),
    })
}
