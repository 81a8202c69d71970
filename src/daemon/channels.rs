//! Every channel that is configured, ready to deliver.
//!
//! A channel is three lines in [`channels`] and, where it needs more than its section, a function of its
//! own: the actions do not know the configuration.

use std::sync::Arc;

use anyhow::Context;

use super::chats;
use crate::actions::notify::channel::Channel;
use crate::actions::notify::discord::Discord;
use crate::actions::notify::email::{self, Email};
use crate::actions::notify::pagerduty::PagerDuty;
use crate::actions::notify::script::Script;
use crate::actions::notify::setup::{SetupError, WallClock};
use crate::actions::notify::slack::Slack;
use crate::actions::notify::telegram::Telegram;
use crate::actions::notify::webhook::Webhook;
use crate::actions::notify::wecom::WeCom;
use crate::clock::Clock;
use crate::config::Config;
use crate::config::channels::{self, Route};

/// A channel and which messages it gets.
pub(crate) type Routed = (Box<dyn Channel>, Route);

/// Builds every channel that is configured; nothing is connected yet.
///
/// # Errors
/// The first that cannot be set up, by its section.
pub(crate) fn channels(config: &Config, clock: Clock) -> anyhow::Result<Vec<Routed>> {
    let now: WallClock = wall(clock);
    let own = &config.channels;
    let mut all: Vec<Routed> = Vec::new();
    if let Some(own) = &own.telegram {
        let channel = Telegram::new(&chats::telegram(own)).map_err(SetupError);
        all.push(routed("telegram", channel, &own.route)?);
    }
    if let Some(own) = &own.wecom {
        let channel = WeCom::new(&chats::wecom(own)).map_err(SetupError);
        all.push(routed("wecom", channel, &own.route)?);
    }
    if let Some(own) = &own.email {
        all.push(routed("email", email(own), &own.route)?);
    }
    if let Some(own) = &own.webhook {
        all.push(routed("webhook", webhook(own, &now), &own.route)?);
    }
    if let Some(own) = &own.slack {
        all.push(routed("slack", Slack::new(own.url.expose(), now.clone()), &own.route)?);
    }
    if let Some(own) = &own.discord {
        all.push(routed("discord", Discord::new(own.url.expose(), now.clone()), &own.route)?);
    }
    if let Some(own) = &own.pagerduty {
        all.push(routed("pagerduty", pagerduty(own, &now), &own.route)?);
    }
    if let Some(own) = &own.script {
        all.push(routed("script", Ok(Script::new(&own.path)), &own.route)?);
    }
    Ok(all)
}

/// What time it is, as channels ask for it.
pub(crate) fn wall(clock: Clock) -> WallClock {
    Arc::new(move || clock.now().wall)
}

fn routed<C: Channel + 'static>(
    section: &'static str,
    channel: Result<C, SetupError>,
    route: &Route,
) -> anyhow::Result<Routed> {
    let channel = channel.with_context(|| format!("[{section}]"))?;
    Ok((Box::new(channel), route.clone()))
}

/// Mail, as configured.
pub(crate) fn email(own: &channels::email::Email) -> Result<Email, SetupError> {
    use channels::email::Security;
    // That a password is text was seen when it was read.
    let login = own
        .login
        .as_ref()
        .map(|login| (login.user.clone(), login.password.text().unwrap_or_default().to_owned()));
    Email::new(email::Setup {
        host: own.server.host.clone(),
        port: own.server.port.unwrap_or(own.security.port()),
        security: match own.security {
            Security::Tls => email::Security::Tls,
            Security::Starttls => email::Security::Starttls,
            Security::None => email::Security::None,
        },
        login,
        from: own.from.clone(),
        to: own.to.clone(),
        ca_file: own.ca_file.clone(),
    })
}

fn webhook(own: &channels::webhook::Webhook, now: &WallClock) -> Result<Webhook, SetupError> {
    let secret = own.secret.as_ref().map(crate::config::Secret::bytes);
    Webhook::new(own.url.expose(), secret, Arc::clone(now))
}

fn pagerduty(
    own: &channels::pagerduty::PagerDuty,
    now: &WallClock,
) -> Result<PagerDuty, SetupError> {
    // That a key is text was seen when it was read.
    let key = own.routing_key.text().unwrap_or_default();
    PagerDuty::new(own.url.expose(), key, Arc::clone(now))
}
