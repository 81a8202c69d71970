//! The channels: whether each can be reached. Nothing is sent to anybody.

use crate::actions::notify::channel::DeliveryError;
use crate::actions::notify::reach::Reach;
use crate::cli::check::blocking;
use crate::cli::check::row::Row;
use crate::cli::check::scripts::script;
use crate::clock::Clock;
use crate::config::Config;
use crate::config::channels::SecretUrl;
use crate::config::channels::email::{Email, Security};
use crate::daemon::channels::{email, wall};

/// Tries them all at once.
pub(super) async fn rows(config: &Config) -> Vec<Row> {
    let own = &config.channels;
    let url = |used: Option<&SecretUrl>| used.cloned();
    let (mail, webhook, slack, discord, pagerduty, script) = tokio::join!(
        mail(own.email.as_ref()),
        service("webhook", url(own.webhook.as_ref().map(|own| &own.url)), Ask::Nothing),
        service("slack", url(own.slack.as_ref().map(|own| &own.url)), Ask::Nothing),
        service("discord", url(own.discord.as_ref().map(|own| &own.url)), Ask::Itself),
        service("pagerduty", url(own.pagerduty.as_ref().map(|own| &own.url)), Ask::Nothing),
        program(config),
    );
    [mail, webhook, slack, discord, pagerduty, script].into_iter().flatten().collect()
}

/// That nobody would be told: an incident at night is then a line in a log.
pub(super) fn nobody(config: &Config) -> Option<Row> {
    let own = &config.channels;
    let is_any = own.telegram.is_some()
        || own.wecom.is_some()
        || own.email.is_some()
        || own.webhook.is_some()
        || own.slack.is_some()
        || own.discord.is_some()
        || own.pagerduty.is_some()
        || own.script.is_some()
        || own.cloudwatch.is_some();
    (!is_any).then(|| {
        Row::warn(
            "channels",
            "none is configured: alarms go to eoskeeper's own log, and nobody is woken",
            "give one its keys, as doc/alarms.md says; a section without any is not used",
        )
    })
}

/// What a service is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    /// Only whether it is there: what it would say of the address itself is a message.
    Nothing,
    /// What stands at the address: it says whether the secret in it is right.
    Itself,
}

async fn service(what: &'static str, url: Option<SecretUrl>, ask: Ask) -> Option<Row> {
    let url = url?;
    let origin = url.origin();
    let reach = match Reach::new(url.expose(), wall(Clock::start())) {
        Ok(reach) => reach,
        Err(error) => return Some(Row::failed(what, &error.to_string())),
    };
    let answer = match ask {
        Ask::Nothing => reach.host().await.map(|status| format!("{origin} is there ({status})")),
        Ask::Itself => reach.itself().await.map(|()| format!("{origin} knows the webhook")),
    };
    Some(match answer {
        Ok(detail) if !url.is_safe() => {
            let detail = format!("{detail}, by http://: everybody on the way can read messages");
            Row::warn(what, detail, "give the address with https://")
        }
        Ok(detail) => Row::ok(what, detail),
        Err(error) => fault(what, &error),
    })
}

async fn mail(own: Option<&Email>) -> Option<Row> {
    const WHAT: &str = "email";
    let own = own?;
    let channel = match email(own) {
        Ok(channel) => channel,
        Err(error) => return Some(Row::failed(WHAT, &error.to_string())),
    };
    let (host, port) = (&own.server.host, own.server.port.unwrap_or(own.security.port()));
    let way = match own.security {
        Security::Tls => "TLS",
        Security::Starttls => "STARTTLS",
        Security::None => "no TLS",
    };
    let login = if own.login.is_some() { "logged in" } else { "no login" };
    Some(match channel.probe().await {
        Ok(()) => Row::ok(WHAT, format!("{host}:{port}: {way}, {login} (no mail was sent)")),
        Err(error) => fault(WHAT, &error),
    })
}

fn fault(what: &'static str, error: &DeliveryError) -> Row {
    let next = match error {
        DeliveryError::Passing { .. } => {
            "see that it can be reached from this host, then try again"
        }
        DeliveryError::Refused(_) => {
            "correct the token, key or address; its page below doc/alarms has the steps"
        }
        DeliveryError::Lasting(_) => "correct the section; its page below doc/alarms has the steps",
    };
    Row::fail(what, error.to_string(), next)
}

async fn program(config: &Config) -> Option<Row> {
    let path = config.channels.script.as_ref()?.path.clone();
    Some(blocking::call("script", move || script("script", &path)).await.unwrap_or_else(|row| row))
}
