//! CloudWatch's task and channel, from the configuration.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::actions::cloudwatch::channel::CloudWatch as CloudWatchChannel;
use crate::actions::cloudwatch::client::Client;
use crate::actions::cloudwatch::publisher::Publisher;
use crate::actions::cloudwatch::standing::Standing;
use crate::actions::cloudwatch::{Access, Plan, Resolution, Selection};
use crate::actions::notify::channel::Channel;
use crate::clock::Clock;
use crate::config::Config;
use crate::config::channels::cloudwatch::{CloudWatch as Keys, Metrics, Resolution as Finely};
use crate::core::action::Severity;
use crate::core::status::Status;
use crate::daemon::channels::{Routed, wall};
use crate::daemon::outbox::Outlet;

/// How long the task may take to end: its own bound for the last data, and time to spare.
const END_DEADLINE: Duration = Duration::from_secs(5);

/// CloudWatch, as configured: used, or not.
pub(super) struct CloudWatch {
    task: Option<JoinHandle<()>>,
    /// Sets the alarms.
    channel: Option<CloudWatchChannel>,
    standing: Standing,
}

/// Whether a client can be made for a configuration; nothing is sent.
///
/// # Errors
/// Why it cannot.
pub(super) fn can_start(config: &Config) -> anyhow::Result<()> {
    let Some(keys) = &config.channels.cloudwatch else { return Ok(()) };
    Client::new(access(keys)).context("no client for AWS ([cloudwatch])")?;
    Ok(())
}

impl CloudWatch {
    /// Not used.
    pub(super) fn none() -> Self {
        Self { task: None, channel: None, standing: Standing::default() }
    }

    /// Begins to report; nothing where it is not configured. Nothing is connected yet: AWS that
    /// cannot be reached is no reason not to start.
    pub(super) fn start(
        config: &Config,
        clock: Clock,
        shown: watch::Receiver<Arc<Status>>,
        stop: &CancellationToken,
    ) -> anyhow::Result<Self> {
        let standing = Standing::default();
        let Some(keys) = &config.channels.cloudwatch else {
            return Ok(Self { task: None, channel: None, standing });
        };
        let client = Client::new(access(keys)).context("no client for AWS ([cloudwatch])")?;
        let (client, plan) = (Arc::new(client), Arc::new(plan(config, keys)));
        let wall = wall(clock);
        let publisher = Publisher {
            client: Arc::clone(&client),
            plan: Arc::clone(&plan),
            standing: standing.clone(),
            shown,
            wall: Arc::clone(&wall),
        };
        let task = Some(tokio::spawn(publisher.run(stop.clone())));
        let channel = Some(CloudWatchChannel::new(client, plan, standing.clone(), wall));
        Ok(Self { task, channel, standing })
    }

    /// The channel with its route, once.
    pub(super) fn outlet(&mut self, config: &Config) -> Option<Outlet> {
        let channel: Box<dyn Channel> = Box::new(self.channel.take()?);
        let route = config.channels.cloudwatch.as_ref()?.route.clone();
        Some(Outlet { channel, route })
    }

    /// Says, once, which incidents people were told of before; those the channel is not told of are
    /// none of its own, for it would never hear of their end.
    pub(super) fn restore(
        &self,
        config: &Config,
        told: impl IntoIterator<Item = (String, Severity)>,
    ) {
        let Some(keys) = &config.channels.cloudwatch else { return };
        let is_ours = |(_, severity): &(String, Severity)| keys.route.levels.contains(severity);
        self.standing.restore(told.into_iter().filter(is_ours));
    }

    /// Waits until the last data are sent, for a while. Ended by the token given at the start.
    pub(super) async fn finish(self) {
        if let Some(task) = self.task
            && timeout(END_DEADLINE, task).await.is_err()
        {
            tracing::warn!("What reports to CloudWatch did not end in time.");
        }
    }
}

/// The channel alone, to try it: what a running keeper was told is not known to it.
pub(crate) fn alone(config: &Config, clock: Clock) -> anyhow::Result<Option<Routed>> {
    let Some(keys) = &config.channels.cloudwatch else { return Ok(None) };
    let client = Client::new(access(keys)).context("no client for AWS ([cloudwatch])")?;
    let (client, plan) = (Arc::new(client), Arc::new(plan(config, keys)));
    let channel = CloudWatchChannel::new(client, plan, Standing::default(), wall(clock));
    Ok(Some((Box::new(channel), keys.route.clone())))
}

/// The way to AWS, as the action takes it.
pub(crate) fn access(keys: &Keys) -> Access {
    Access {
        region: keys.region.clone(),
        profile: keys.profile.clone(),
        endpoint: keys.endpoint.clone(),
    }
}

/// What is reported, and by whom.
pub(crate) fn plan(config: &Config, keys: &Keys) -> Plan {
    let settings = &config.settings;
    Plan {
        chain: keys.chain.clone(),
        producer: settings.producer,
        node: settings.node.clone(),
        role: settings.role,
        namespace: keys.namespace.clone(),
        alarm_prefix: keys.alarm_prefix.clone(),
        interval: keys.interval,
        resolution: match keys.resolution {
            Finely::Minute => Resolution::Minute,
            Finely::Second => Resolution::Second,
        },
        selection: match keys.metrics {
            Metrics::All => Selection::All,
            Metrics::Alarms => Selection::Alarms,
        },
        dead_man_minutes: keys.dead_man_minutes,
        page_actions: keys.page_actions.clone(),
        warn_actions: keys.warn_actions.clone(),
    }
}
