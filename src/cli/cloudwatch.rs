//! `eoskeeper cloudwatch`: makes, shows and removes this node's alarms at Amazon CloudWatch.
//!
//! Exit codes: 0 done, or nothing to do; 1 AWS could not be asked, or an alarm was left alone
//! because another than eoskeeper made it; 2 there is no `[cloudwatch]`.

mod page;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::actions::cloudwatch::alarms::{self, name_prefix};
use crate::actions::cloudwatch::client::Client;
use crate::actions::cloudwatch::cost::Cost;
use crate::actions::cloudwatch::failure::Failure;
use crate::actions::cloudwatch::setup::{Outcome, set_up, tear_down};
use crate::actions::cloudwatch::{Access, Plan};
use crate::cli::{EXIT_USAGE, failed, print, runtime};
use crate::config;
use crate::daemon::cloudwatch::{access, plan};

/// Which command.
#[derive(Args, Debug)]
pub struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the alarms that are not there, and change those that differ.
    #[command(after_help = "Examples:\n  eoskeeper cloudwatch setup --dry-run\n  \
        eoskeeper cloudwatch setup -c /etc/eoskeeper/config.ini --json")]
    Setup(Change),
    /// Remove the alarms of this node that eoskeeper made. Metrics end by themselves.
    #[command(after_help = "Examples:\n  eoskeeper cloudwatch teardown --dry-run\n  \
        eoskeeper cloudwatch teardown -c /etc/eoskeeper/config.ini --json")]
    Teardown(Change),
    /// Show the alarms of this node, and the state they are in.
    #[command(after_help = "Examples:\n  eoskeeper cloudwatch show\n  \
        eoskeeper cloudwatch show --json")]
    Show(Common),
}

#[derive(Args, Debug)]
struct Change {
    #[command(flatten)]
    common: Common,
    /// Only say what would be done.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Args, Debug)]
struct Common {
    /// The configuration file.
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What is asked, and of whom.
struct Asked {
    plan: Plan,
    access: Access,
}

/// Runs the command.
#[must_use]
pub fn run(options: &Options) -> ExitCode {
    let common = match &options.command {
        Command::Setup(change) | Command::Teardown(change) => &change.common,
        Command::Show(common) => common,
    };
    let asked = match load(common.config.as_deref()) {
        Ok(asked) => asked,
        Err(why) => {
            eprintln!("eoskeeper: {why}");
            return ExitCode::from(EXIT_USAGE);
        }
    };
    let said = runtime().and_then(|runtime| {
        runtime.block_on(async { Ok(answer(&options.command, &asked).await?) })
    });
    match said.and_then(|(text, is_done)| print(&text).map(|()| is_done)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => failed(error),
    }
}

fn load(path: Option<&Path>) -> Result<Asked, String> {
    let site = config::load_site(path).map_err(|error| error.to_string())?;
    if site.has_sections() {
        let file = site.common().source.display();
        return Err(format!(
            "{file} has sections [node:NAME], and CloudWatch is told of one node; give that node an \
             eoskeeper and a file of its own, see doc/several-nodes.md"
        ));
    }
    let config = site.single().map_err(|error| error.to_string())?;
    let Some(keys) = &config.channels.cloudwatch else {
        let file = config.source.display();
        return Err(format!("{file}: there is no [cloudwatch] chain; give it, for example eos"));
    };
    Ok(Asked { plan: plan(&config, keys), access: access(keys) })
}

/// What is printed, and whether all was done.
async fn answer(command: &Command, asked: &Asked) -> Result<(String, bool), Failure> {
    let Asked { plan, access } = asked;
    let client = Client::new(access.clone())?;
    let (steps, change) = match command {
        Command::Show(common) => {
            let found = client.alarms(&name_prefix(plan)).await?;
            return Ok((page::shown(&found, plan, common.json), true));
        }
        Command::Setup(change) => (set_up(&client, plan, change.dry_run).await?, change),
        Command::Teardown(change) => (tear_down(&client, plan, change.dry_run).await?, change),
    };
    let cost =
        matches!(command, Command::Setup(_)).then(|| Cost::of(plan, alarms::wanted(plan).len()));
    let region = client.region().await?;
    let place = page::Place { region: &region, plan };
    let text = if change.common.json {
        page::json(&steps, &place, change.dry_run, cost)
    } else {
        page::text(&steps, &place, change.dry_run, cost)
    };
    Ok((text, steps.iter().all(|step| step.outcome != Outcome::NotOurs)))
}
