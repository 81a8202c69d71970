//! The channels: which are used, and their secrets.

use std::path::Path;

use super::super::channels::discord::Discord;
use super::super::channels::pagerduty::{self, PagerDuty};
use super::super::channels::script::{self, Script};
use super::super::channels::slack::Slack;
use super::super::channels::webhook::{self, Webhook};
use super::super::channels::{Channels, Route, SecretUrl};
use super::super::peers::{SECRET_BYTES_MIN, Secret};
use super::super::tree::Tree;
use super::Resolver;

/// How a webhook's secret is made.
const MAKE: &str =
    "make one by: umask 077; head -c 32 /dev/urandom | base64 > FILE; and give it to the receiver";
/// The environment's word for it, where no file is named.
const WEBHOOK_SECRET: &str = "EOSKEEPER_WEBHOOK_SECRET";

impl Resolver<'_> {
    /// Every channel that is used.
    pub(super) fn channels(&mut self, tree: &Tree) -> Channels {
        let slack = ("slack", "EOSKEEPER_SLACK_URL");
        let discord = ("discord", "EOSKEEPER_DISCORD_URL");
        Channels {
            telegram: self.telegram(&tree.telegram),
            wecom: self.wecom(&tree.wecom),
            email: self.email(&tree.email),
            webhook: self.webhook(&tree.webhook),
            slack: self
                .preset(slack, tree.slack.url_file.as_deref(), SLACK_GET)
                .map(|url| Slack { route: tree.slack.route.route(), url }),
            discord: self
                .preset(discord, tree.discord.url_file.as_deref(), DISCORD_GET)
                .map(|url| Discord { route: tree.discord.route.route(), url }),
            pagerduty: self.pagerduty(&tree.pagerduty),
            script: self.script(&tree.script),
        }
    }

    /// Whether a channel is used: something of it is set, or its section stands there and the
    /// environment has its secret.
    pub(super) fn is_used(&self, section: &str, variable: Option<&str>) -> bool {
        let in_environment = || variable.is_some_and(|name| std::env::var_os(name).is_some());
        self.given.is_meant(section) || (self.given.has_section(section) && in_environment())
    }

    /// A webhook whose address is its secret.
    fn preset(
        &mut self,
        (section, variable): (&str, &str),
        file: Option<&Path>,
        get: &'static str,
    ) -> Option<SecretUrl> {
        if !self.is_used(section, Some(variable)) {
            return None;
        }
        let secret = self.service_secret((section, "url_file"), file, variable, get)?;
        let url = self.secret_url((section, "url_file"), &secret, get)?;
        self.safe_url((section, "url_file"), url)
    }

    fn secret_url(
        &mut self,
        (section, key): (&str, &str),
        secret: &Secret,
        get: &str,
    ) -> Option<SecretUrl> {
        let read = secret.text().ok_or("is no text").and_then(SecretUrl::new);
        match read {
            Ok(url) => Some(url),
            Err(why) => {
                self.problem(section, key, &format!("the address in it {why}"), get);
                None
            }
        }
    }

    /// Refuses an address whose secret everybody on the way could read.
    fn safe_url(&mut self, (section, key): (&str, &str), url: SecretUrl) -> Option<SecretUrl> {
        if url.is_safe() {
            return Some(url);
        }
        let what = "the address is http://, and its secret could be read on the way";
        self.problem(section, key, what, "give it with https://");
        None
    }

    fn webhook(&mut self, keys: &webhook::Keys) -> Option<Webhook> {
        const SECTION: &str = "webhook";
        const VARIABLE: &str = "EOSKEEPER_WEBHOOK_URL";
        if !self.is_used(SECTION, Some(VARIABLE)) || self.given.is_wrong(SECTION, "url") {
            return None;
        }
        let get = "give url, or the address in a file as url_file";
        let url = match &keys.url {
            Some(_) if keys.url_file.is_some() => {
                let what = "url and url_file are both given";
                self.problem(SECTION, "url_file", what, "give one of the two");
                None
            }
            // That it can be read was seen by its kind.
            Some(text) => SecretUrl::new(text).ok(),
            None => {
                let file = keys.url_file.as_deref();
                let secret = self.service_secret((SECTION, "url_file"), file, VARIABLE, get);
                secret.and_then(|secret| self.secret_url((SECTION, "url_file"), &secret, get))
            }
        };
        let secret = self.webhook_secret(SECTION, keys.secret_file.as_deref());
        let url = url?;
        if !url.is_safe() {
            self.notes.push(
                "[webhook] url is http://: everybody on the way can read the messages".to_owned(),
            );
        }
        Some(Webhook { route: keys.route.route(), url, secret })
    }

    fn webhook_secret(&mut self, section: &str, file: Option<&Path>) -> Option<Secret> {
        if file.is_none() && std::env::var_os(WEBHOOK_SECRET).is_none() {
            return None;
        }
        let secret = self.service_secret((section, "secret_file"), file, WEBHOOK_SECRET, MAKE)?;
        let count = secret.bytes().len();
        if count < SECRET_BYTES_MIN {
            let what = format!("the secret has {count} bytes, and at least 32 are needed");
            self.problem(section, "secret_file", &what, MAKE);
            return None;
        }
        Some(secret)
    }

    fn pagerduty(&mut self, keys: &pagerduty::Keys) -> Option<PagerDuty> {
        const SECTION: &str = "pagerduty";
        const VARIABLE: &str = "EOSKEEPER_PAGERDUTY_KEY";
        if !self.is_used(SECTION, Some(VARIABLE)) || self.given.is_wrong(SECTION, "url") {
            return None;
        }
        let get = "in PagerDuty, add an integration \"Events API V2\" to the service, and put its \
                   integration key into the file";
        let place = (SECTION, "routing_key_file");
        let file = keys.routing_key_file.as_deref();
        let routing_key = self.service_secret(place, file, VARIABLE, get)?;
        let is_key = |byte: &u8| byte.is_ascii_alphanumeric();
        if !routing_key.bytes().iter().all(is_key) {
            let what = "the integration key has characters that are neither letters nor digits";
            self.problem(SECTION, "routing_key_file", what, get);
            return None;
        }
        let url = self.safe_url((SECTION, "url"), SecretUrl::new(&keys.url).ok()?)?;
        let route = Route { levels: keys.levels.clone(), reports: false };
        Some(PagerDuty { route, routing_key, url })
    }

    fn script(&mut self, keys: &script::Keys) -> Option<Script> {
        const SECTION: &str = "script";
        if !self.is_used(SECTION, None) || self.given.is_wrong(SECTION, "path") {
            return None;
        }
        let Some(path) = &keys.path else {
            self.problem(SECTION, "path", "the key is missing", "give the program's path");
            return None;
        };
        Some(Script { route: keys.route.route(), path: self.path(Path::new(path)) })
    }
}

/// Where a webhook of Slack comes from.
const SLACK_GET: &str = "at api.slack.com/apps, turn on Incoming Webhooks for an app, add one to the \
                         channel, and put its address into the file";
/// Where a webhook of Discord comes from.
const DISCORD_GET: &str = "in the channel's settings, Integrations, Webhooks, make one, and put its \
                           address into the file";
