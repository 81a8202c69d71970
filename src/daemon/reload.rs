//! The configuration read anew while the keeper goes on: on SIGHUP, or by `eoskeeper reload`.
//!
//! All or nothing: what runs is always what one file said at one moment. A file with a fault, or
//! with a change that needs a restart, changes nothing. What was seen, the latch, the lease, the
//! peers, the socket for orders and the status page are not touched; sources and channels are begun
//! anew only where the file changed them. While an act is under way a good file waits for its end.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::common::Watched;
use super::{Daemon, senses, voice};
use crate::config::{self, Config, Site};
use crate::core::action::Severity;
use crate::core::alarm::signal::Signal;
use crate::core::command::CommandAnswer;
use crate::core::event::Event;
use crate::core::rules::State;
use crate::core::status::{ConfigurationRefused, ConfigurationStatus};
use crate::core::time::{Mono, Timestamp};

/// Answers that wait for the same file.
const REPLIES_MAX: usize = 8;
/// How long a good configuration waits for the end of an act: the longest has 10 minutes, and as
/// many tries as end in an alarm.
const WAIT_MAX_MS: u64 = 15 * 60_000;

/// Reads the configuration anew; may take its time.
pub(super) type Load = Arc<dyn Fn() -> Result<Box<Config>, String> + Send + Sync>;

/// The configuration in force, and the one that is being read.
pub(super) struct Reload {
    config: Config,
    load: Load,
    loaded: Timestamp,
    refused: Option<ConfigurationRefused>,
    /// At most one.
    loading: JoinSet<Result<Box<Config>, String>>,
    /// Whether it was asked for again while it was being read.
    again: bool,
    replies: Vec<oneshot::Sender<CommandAnswer>>,
    /// Good, and waits for the end of an act, since when.
    waiting: Option<(Box<Config>, Mono)>,
}

impl Reload {
    /// Nothing is asked for yet.
    pub(super) fn new(config: Config, now: Timestamp, load: Load) -> Self {
        Self {
            config,
            load,
            loaded: now,
            refused: None,
            loading: JoinSet::new(),
            again: false,
            replies: Vec::new(),
            waiting: None,
        }
    }

    /// The configuration in force.
    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// Waits for a file that is being read, and for ever where none is.
    pub(super) async fn read(&mut self) -> Result<Box<Config>, String> {
        match self.loading.join_next().await {
            Some(Ok(read)) => read,
            Some(Err(error)) => Err(format!("eoskeeper could not read it: {error}; report this")),
            None => std::future::pending().await,
        }
    }

    /// As the status shows it.
    pub(super) fn status(&self) -> ConfigurationStatus {
        ConfigurationStatus {
            file: self.config.source.display().to_string(),
            loaded: Some(self.loaded),
            waits: self.waiting.is_some(),
            refused: self.refused.clone(),
        }
    }

    /// A refused file, as something that is watched: people think that it is in force.
    pub(super) fn signal(&self) -> Signal {
        let refused = self.refused.as_ref();
        Signal {
            cause: "config_refused".to_owned(),
            subject: String::new(),
            state: if refused.is_some() { State::Firing } else { State::Fine },
            severity: Severity::Warn,
            meaning: "A new configuration was refused; the one before is in force.".to_owned(),
            saw: refused.map_or_else(|| "it was taken".to_owned(), |refused| refused.why.clone()),
            next_step: "Run `eoskeeper check`, mend what it names, then `eoskeeper reload`."
                .to_owned(),
        }
    }

    fn begin(&mut self) {
        if !self.loading.is_empty() {
            self.again = true;
            return;
        }
        let load = Arc::clone(&self.load);
        self.loading.spawn_blocking(move || load());
    }

    fn answer(&mut self, accepted: bool, sentences: &[String]) {
        for reply in self.replies.drain(..) {
            // Whoever does not wait any more finds it in the log and in the status.
            let _ = reply.send(CommandAnswer { accepted, sentences: sentences.to_vec() });
        }
    }
}

/// Reads the file of one node anew.
pub(super) fn load_one(config: &Config) -> Load {
    let path = config.source.clone();
    Arc::new(move || {
        let site = config::load_site_file(&path).map_err(|error| error.to_string())?;
        if site.has_sections() {
            let names = site.names().join("], [node:");
            return Err(format!("a restart is needed for the new sections [node:{names}]"));
        }
        site.single().map(Box::new).map_err(|error| error.to_string())
    })
}

/// Reads the file of several nodes anew, for the one of this place. What one of them cannot take none
/// takes: `started` is what all began with.
pub(super) fn load_of(started: Arc<Site>, index: usize) -> Load {
    Arc::new(move || {
        let path = &started.common().source;
        let site = config::load_site_file(path).map_err(|error| error.to_string())?;
        let own = started.nodes.get(index).and_then(|node| node.section.as_deref());
        examine_all(&started, &site)?;
        site.node(own).map(Box::new).map_err(|error| error.to_string())
    })
}

/// Whether all nodes can take what is new while they run.
fn examine_all(started: &Site, site: &Site) -> Result<(), String> {
    let (old, new) = (started.names(), site.names());
    let without = |these: &[String], those: &[String]| -> Vec<String> {
        let missing = these.iter().filter(|name| !those.contains(name));
        missing.map(|name| format!("[node:{name}]")).collect()
    };
    for (names, what) in [(without(&new, &old), "added"), (without(&old, &new), "removed")] {
        if !names.is_empty() {
            return Err(format!("a restart is needed for what was {what}: {}", names.join(", ")));
        }
    }
    for before in &started.nodes {
        let after = site.nodes.iter().find(|after| after.section == before.section);
        let fixed = after.map(|after| needs_restart(before, after)).unwrap_or_default();
        if !fixed.is_empty() {
            let (keys, name) = (fixed.join(", "), before.section.as_deref().unwrap_or_default());
            return Err(format!("a restart is needed for what changed in {keys} of [node:{name}]"));
        }
    }
    Ok(())
}

/// What another configuration changes that a keeper that runs cannot take.
fn needs_restart(before: &Config, after: &Config) -> Vec<&'static str> {
    let (old, new) = (&before.settings, &after.settings);
    let fixed = [
        ("[global] role", old.role != new.role),
        ("[global] producer_name", old.producer != new.producer),
        ("[global] node_name", old.node != new.node),
        ("[global] http_port or http_url", before.http_url != after.http_url),
        ("[lease]", (&old.lease, &before.lease) != (&new.lease, &after.lease)),
        ("[peers]", (&old.peers, &before.peers) != (&new.peers, &after.peers)),
        (
            "[status]",
            (before.status_listen, &before.status_access)
                != (after.status_listen, &after.status_access),
        ),
        ("[state] dir", before.state_dir != after.state_dir),
        ("[log]", before.own_log != after.own_log),
    ];
    fixed.into_iter().filter_map(|(key, is_changed)| is_changed.then_some(key)).collect()
}

impl Daemon {
    /// Has the file read; the answer comes when it is known what is in it.
    pub(super) fn reload(&mut self, reply: Option<oneshot::Sender<CommandAnswer>>) {
        if self.reload.loading.is_empty() {
            self.supervisor.reloading();
        }
        if let Some(reply) = reply {
            if self.reload.replies.len() >= REPLIES_MAX {
                let sentences = vec!["The configuration is being read; try again.".to_owned()];
                let _ = reply.send(CommandAnswer { accepted: false, sentences });
                return;
            }
            self.reload.replies.push(reply);
        }
        self.reload.begin();
    }

    /// Takes what was read, or refuses it.
    pub(super) async fn take_read(
        &mut self,
        read: Result<Box<Config>, String>,
        inbox: &mut mpsc::Receiver<Event>,
    ) {
        if std::mem::take(&mut self.reload.again) {
            // It may have been written to since.
            self.reload.begin();
            return;
        }
        match read.and_then(|config| self.examine(&config).map(|()| config)) {
            Err(why) => self.refuse(why),
            Ok(config) if self.may_change() => self.change(config, inbox).await,
            Ok(config) => {
                let sentence =
                    "The configuration is good; it is taken when the act under way ends.";
                tracing::info!("{sentence}");
                self.reload.answer(true, &[sentence.to_owned()]);
                let since = self.reload.waiting.take().map(|(_, since)| since);
                let since = since.unwrap_or_else(|| self.clock.now().mono);
                self.reload.waiting = Some((config, since));
            }
        }
        self.supervisor.ready();
    }

    /// Takes a good configuration that waited, when it can be.
    pub(super) async fn take_waiting(&mut self, inbox: &mut mpsc::Receiver<Event>) {
        let Some((_, since)) = &self.reload.waiting else { return };
        let waited_ms = self.clock.now().mono.since_ms(*since);
        if !self.may_change() {
            if waited_ms > WAIT_MAX_MS {
                self.refuse("the act under way did not end within 15 minutes".to_owned());
            }
            return;
        }
        let Some((config, _)) = self.reload.waiting.take() else { return };
        match self.examine(&config) {
            Ok(()) => self.change(config, inbox).await,
            Err(why) => self.refuse(why),
        }
    }

    fn may_change(&mut self) -> bool {
        self.keeper.may_change_settings() && self.voice.alarms().is_some()
    }

    /// Whether a file without a fault can be taken while the keeper runs.
    fn examine(&self, config: &Config) -> Result<(), String> {
        let fixed = needs_restart(&self.reload.config, config);
        if !fixed.is_empty() {
            let keys = fixed.join(", ");
            return Err(format!("a restart is needed for what changed in {keys}"));
        }
        voice::can_start(config, self.clock).map_err(|error| format!("{error:#}"))
    }

    fn refuse(&mut self, why: String) {
        tracing::error!("The new configuration is refused, the one before stays in force: {why}");
        self.hands.reload(&format!("The new configuration was refused: {why}"), false);
        let sentences = ["The one before stays in force.".to_owned(), why.clone()];
        self.reload.answer(false, &sentences);
        self.reload.waiting = None;
        self.reload.refused = Some(ConfigurationRefused { at: self.clock.now().wall, why });
        // Before the next node of the file judges: one of them tells.
        self.watch_common();
    }

    /// The other nodes of the file learn what this one tells for them.
    pub(super) fn watch_common(&mut self) {
        let why = self.reload.refused.as_ref().map(|refused| refused.why.as_str());
        let watched = Watched::of(self.keeper.settings(), why);
        if let Some(alarms) = self.voice.alarms() {
            alarms.watch(watched);
        }
    }

    /// Goes on with another configuration.
    async fn change(&mut self, mut config: Box<Config>, inbox: &mut mpsc::Receiver<Event>) {
        if self.twin.is_some() {
            super::twins::disarm(&mut config);
        }
        let prepared = match senses::Prepared::new(&config) {
            Ok(prepared) => prepared,
            Err(error) => return self.refuse(format!("{error:#}")),
        };
        let before = &self.reload.config;
        let parts = senses::changed(before, &config);
        let is_voice_changed = voice::is_changed(before, &config);
        let torn = (before.log != config.log)
            .then(|| "the configuration names another log since a moment ago".to_owned());
        self.senses.end(&parts).await;
        // What they said of the second reference was about the second of those there were.
        while let Ok(event) = inbox.try_recv() {
            self.record(&event);
        }
        self.keeper.change_settings(self.clock.now(), config.settings.clone(), torn);
        self.senses.begin(&parts, &config, prepared);
        self.hands.change(&config, self.senses.client.clone());
        if is_voice_changed {
            self.voice.end();
        }
        for note in &config.notes {
            tracing::warn!("{note}");
        }
        self.reload.config = *config;
        self.reload.loaded = self.clock.now().wall;
        self.reload.refused = None;
        self.reload.waiting = None;
        let sentence = self.taken(&parts, is_voice_changed);
        tracing::info!(acts = super::may_do(self.keeper.settings()), "{sentence}");
        self.hands.reload(&sentence, true);
        self.reload.answer(true, &[sentence]);
    }

    fn taken(&self, parts: &[senses::Part], is_voice_changed: bool) -> String {
        let mut anew: Vec<_> = parts.iter().map(|part| part.as_str()).collect();
        if is_voice_changed {
            anew.push("the channels");
        }
        let file = self.reload.config.source.display();
        let anew = if anew.is_empty() { "nothing".to_owned() } else { anew.join(", ") };
        format!("The configuration {file} was taken; begun anew for it: {anew}.")
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn config(more: &str) -> Config {
        let text = format!(
            "[global]\nrole = B\nproducer_name = eosstorebest\nhttp_port = 8888\n\
             log_file = ./node.log\n{more}"
        );
        config::parse(Path::new("/etc/eoskeeper/config.ini"), &text).unwrap()
    }

    #[test]
    fn what_one_of_several_nodes_cannot_take_is_refused_for_all() {
        let site = |more: &str| {
            let text = format!(
                "[global]\nrole = F\nproducer_name = eosstorebest\n\
                 [node:a]\nhttp_port = 1\nlog_file = a.log\n\
                 [node:b]\nhttp_port = 2\nlog_file = b.log\n{more}"
            );
            config::parse_site(Path::new("/etc/eoskeeper/config.ini"), &text).unwrap()
        };
        let started = site("");
        for (more, expected) in [
            ("", None),
            ("rules.head_stalled_seconds = 12\n", None),
            ("[alarm]\nlanguage = zh\n", None),
            ("[node:c]\nhttp_port = 3\nlog_file = c.log\n", Some("what was added: [node:c]")),
            ("role = A\n", Some("[global] role of [node:b]")),
            ("[status]\nlisten = 127.0.0.1:9\n", Some("[status] of [node:a]")),
        ] {
            let said = examine_all(&started, &site(more)).err();
            match expected {
                None => assert_eq!(said, None, "{more}"),
                Some(words) => assert!(said.unwrap().contains(words), "{more}"),
            }
        }
        let fewer = Site { nodes: started.nodes[..1].to_vec() };
        let said = examine_all(&started, &fewer).unwrap_err();
        assert!(said.contains("what was removed: [node:b]"), "{said}");
    }

    #[test]
    fn what_needs_a_restart_is_named_and_the_rest_names_its_parts() {
        use senses::Part::{Beside, Log, Node, References};
        type Case = (&'static str, &'static [&'static str], &'static [senses::Part], bool);
        let cases: &[Case] = &[
            ("", &[], &[], false),
            ("[rules]\nhead_stalled_seconds = 12\n", &[], &[], false),
            ("[rules]\npoll_interval_seconds = 2\n", &[], &[Node], false),
            ("[promotion]\ndry_run = true\n", &[], &[], true),
            ("[references]\nurls = http://127.0.0.1:7\n", &[], &[References], false),
            ("[fleet]\nurls = t=http://127.0.0.1:9\n", &[], &[Beside], false),
            ("[alarm]\nlanguage = zh\n", &[], &[], true),
            ("[script]\npath = ./notify.sh\n", &[], &[], true),
            ("watch_process = false\n", &[], &[Node, Beside], false),
            ("node_name = other\n", &["[global] node_name"], &[], false),
            ("[status]\nlisten = 127.0.0.1:9\n", &["[status]"], &[], false),
            ("[state]\ndir = /srv/x\n", &["[state] dir"], &[Beside], false),
            ("[log]\nlevel = debug\n", &["[log]"], &[], false),
            (
                "[promotion]\npromote = api\ndemote = api\n[lease]\nendpoints = http://127.0.0.1:7\n",
                &["[lease]"],
                &[],
                false,
            ),
        ];
        let before = config("");
        for (more, fixed, parts, speaks) in cases {
            let after = config(more);
            assert_eq!(needs_restart(&before, &after), *fixed, "{more}");
            // Where a restart is needed the parts are not looked at.
            if fixed.is_empty() {
                assert_eq!(senses::changed(&before, &after), *parts, "{more}");
            }
            assert_eq!(voice::is_changed(&before, &after), *speaks, "{more}");
        }
        let mut guarded = before.clone();
        let token = crate::config::Secret::new(b"0123456789abcdef0123456789abcdef");
        guarded.status_access.token = Some(token.unwrap());
        assert_eq!(needs_restart(&before, &guarded), ["[status]"], "who may ask");
        assert_eq!(needs_restart(&guarded, &before), ["[status]"]);
        let mut other = before.clone();
        other.log = crate::config::LogSource::File("/srv/other.log".into());
        assert_eq!(senses::changed(&before, &other), [Log, Node, Beside]);
    }
}
