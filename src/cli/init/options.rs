//! The arguments of `eoskeeper init`.

use std::path::PathBuf;

use clap::Args;

use crate::core::settings::Role;

/// What is already known, and where the file goes.
#[derive(Args, Clone, Debug, Default)]
pub struct Options {
    /// The nodeos with this process number.
    #[arg(long, value_name = "PID", conflicts_with_all = ["container", "url"])]
    pub pid: Option<u32>,
    /// The nodeos in this container.
    #[arg(long, value_name = "NAME", conflicts_with = "url")]
    pub container: Option<String>,
    /// The nodeos whose RPC is here.
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// The Docker engine to ask.
    #[arg(long, value_name = "ADDRESS")]
    pub docker_host: Option<String>,
    /// What this host is for: A, B, C or F.
    #[arg(long, value_parser = crate::cli::replay::parse_role)]
    pub role: Option<Role>,
    /// The producer whose turns are watched.
    #[arg(long, value_name = "NAME")]
    pub producer: Option<String>,
    /// Name of this node among those of the producer.
    #[arg(long, value_name = "NAME")]
    pub node_name: Option<String>,
    /// The file nodeos's log is written to.
    #[arg(long, value_name = "FILE")]
    pub log_file: Option<PathBuf>,
    /// The RPC of another node of the chain; may be given several times.
    #[arg(long = "reference", value_name = "URL")]
    pub references: Vec<String>,
    /// The keeper of another node of the producer, NAME=http://HOST:9881; may be given several
    /// times.
    #[arg(long = "peer", value_name = "NAME=URL")]
    pub peers: Vec<String>,
    /// Directory of what must survive a restart.
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// The address the keeper answers on.
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// The file to write; /etc/eoskeeper/config.ini where that directory is there, else
    /// ./config.ini.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write over a file that is there; the old one is kept beside it, named .old.
    #[arg(long)]
    pub force: bool,
    /// Ask nothing: take what is found.
    #[arg(short, long)]
    pub yes: bool,
    /// Print the file and write nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Do not try what the new file names.
    #[arg(long)]
    pub no_check: bool,
    /// Ask nothing, and print what was found and done as JSON.
    #[arg(long)]
    pub json: bool,
}
