//! Starts what speaks with the peers: the listener, and an exchange with each.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::clock::Clock;
use crate::config::{Config, PeersAccess};
use crate::core::event::Event;
use crate::core::handover::PeerStatus;
use crate::peers::client::Client;
use crate::peers::desk::Desk;
use crate::peers::envelope::Key;
use crate::peers::exchange::exchange;
use crate::peers::heard::Heard;
use crate::peers::{Party, Remote, server};

/// How long the exchanges may take to end.
const END_DEADLINE: Duration = Duration::from_secs(3);

/// The peers, as configured: none, or some.
pub(super) struct Peers {
    /// To speak to them.
    pub(super) client: Option<Arc<Client>>,
    /// To tell them how we stand.
    own: watch::Sender<Arc<PeerStatus>>,
    tasks: JoinSet<()>,
}

/// The party of a configuration.
pub(crate) fn party(config: &Config, access: &PeersAccess) -> Party {
    let remote = |(name, url): &(String, _)| {
        let url: &reqwest::Url = url;
        Remote { name: name.clone(), url: url.as_str().trim_end_matches('/').to_owned() }
    };
    Party {
        node: config.settings.node.clone(),
        producer: config.settings.producer,
        key: Key::new(access.secret.bytes()),
        remotes: access.nodes.iter().map(remote).collect(),
    }
}

impl Peers {
    /// Listens and begins to speak; nothing where no peers are configured.
    pub(super) async fn start(
        config: &Config,
        clock: Clock,
        own: PeerStatus,
        events: &mpsc::Sender<Event>,
        stop: &CancellationToken,
    ) -> anyhow::Result<Self> {
        let (tell, own) = watch::channel(Arc::new(own));
        let mut tasks = JoinSet::new();
        let Some(access) = &config.peers else {
            return Ok(Self { client: None, own: tell, tasks });
        };
        let listener = TcpListener::bind(access.listen).await.with_context(|| {
            format!(
                "cannot listen on {} ([peers] listen); is another eoskeeper running there?",
                access.listen
            )
        })?;
        let party = Arc::new(party(config, access));
        let heard = Arc::new(Heard::new(party.remotes.len()));
        let client = Client::new(Arc::clone(&party), clock, access.timeout)
            .context("no client for [peers]; for https, install the package ca-certificates")?;
        let client = Arc::new(client);
        let count = party.remotes.len();
        let (hears, tells) = (Arc::clone(&heard), events.clone());
        let desk = Arc::new(Desk::new(party, clock, own.clone(), hears, tells));
        tasks.spawn(server::serve(listener, desk, stop.clone()).in_current_span());
        for index in 0..count {
            let (client, own, heard) = (Arc::clone(&client), own.clone(), Arc::clone(&heard));
            let (events, stop) = (events.clone(), stop.clone());
            tasks.spawn(exchange(client, index, clock, own, heard, events, stop).in_current_span());
        }
        Ok(Self { client: Some(client), own: tell, tasks })
    }

    /// Tells the peers how we stand: at once where it matters, else within a second.
    pub(super) fn tell(&self, own: PeerStatus) {
        self.own.send_replace(Arc::new(own));
    }

    /// Waits until all have ended, for a moment.
    pub(super) async fn finish(mut self) {
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(END_DEADLINE, all).await.is_err() {
            tracing::warn!("What speaks with the peers did not end in time and was cut off.");
        }
    }
}
