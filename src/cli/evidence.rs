//! `eoskeeper evidence`: all that is known of an incident, in one archive, nothing secret.
//!
//! What cannot be read is left out and named in the manifest; what looks like a secret is taken out
//! of every file, and the manifest says how often.

mod archive;
mod config_text;
mod gather;
mod scrub;
mod subject;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use serde_json::json;

use crate::cli::{EXIT_USAGE, ended, print, runtime, span};
use crate::config::{self, Config};
use archive::Archive;
use scrub::Scrub;

/// Which incident, and where the archive goes.
#[derive(Args, Debug)]
pub struct Options {
    /// The incident's id, or how it begins; `eoskeeper incidents` lists them.
    #[arg(value_name = "INCIDENT")]
    incident: String,
    /// The configuration file that names the state directory and the log.
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// NAME of a [node:NAME], where the configuration has several nodes.
    #[arg(long, value_name = "NAME")]
    node: Option<String>,
    /// The archive; otherwise eoskeeper-evidence-INCIDENT.tar.gz here.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Most of the log that is taken along, MiB.
    #[arg(long, value_name = "MIB", default_value_t = 32,
          value_parser = clap::value_parser!(u32).range(1..=1024))]
    log_mib: u32,
    /// Print where it is and its manifest as JSON.
    #[arg(long)]
    json: bool,
}

/// Writes the archive; exit code 1 when there is no such incident or nothing can be written.
#[must_use]
pub fn run(options: &Options) -> ExitCode {
    let chosen = config::load_site(options.config.as_deref())
        .and_then(|site| Ok(site.chosen(options.node.as_deref())?));
    match chosen {
        Ok(nodes) => ended(make_of(&nodes, options)),
        Err(error) => {
            eprintln!("eoskeeper: {error}");
            ExitCode::from(EXIT_USAGE)
        }
    }
}

/// The archive of the node that had the incident.
fn make_of(nodes: &[Config], options: &Options) -> anyhow::Result<()> {
    let has = |config: &&Config| {
        let Ok(history) = span::open(config) else { return false };
        subject::find(&history.past(), &options.incident, span::now()).is_ok()
    };
    let having: Vec<&Config> = match nodes {
        [one] => vec![one],
        several => several.iter().filter(has).collect(),
    };
    match having[..] {
        [one] => make(one, options),
        [] => {
            let names = names(nodes.iter());
            bail!(
                "no node has one incident '{}'; name one of {names} with --node",
                options.incident
            )
        }
        _ => {
            let names = names(having.into_iter());
            bail!(
                "several nodes have an incident '{}': {names}; name one with --node",
                options.incident
            )
        }
    }
}

fn names<'a>(nodes: impl Iterator<Item = &'a Config>) -> String {
    nodes.filter_map(|node| node.section.as_deref()).collect::<Vec<_>>().join(", ")
}

fn make(config: &Config, options: &Options) -> anyhow::Result<()> {
    let now = span::now();
    let history = span::open(config)?;
    let subject = subject::find(&history.past(), &options.incident, now)?;
    let path = options.output.clone().unwrap_or_else(|| default_path(&subject.id));
    let text = std::fs::read_to_string(&config.source)
        .with_context(|| format!("cannot read {}", config.source.display()))?;
    let (shown, removed) = config_text::without_secrets(&text);
    let scrub = Scrub::new(config_text::secrets(&config.source, &text));
    let mut archive = Archive::create(&path, scrub, now)?;
    let written = gather::all(&mut archive, config, &history.past(), &subject, options.log_mib)
        .and_then(|()| {
            archive.add("config.ini", shown.as_bytes())?;
            archive.finish(&subject, &removed)
        });
    let written = match written {
        Ok(written) => written,
        Err(error) => {
            // Half an archive is worse than none.
            let _ = std::fs::remove_file(&path);
            return Err(error).with_context(|| format!("cannot write {}", path.display()));
        }
    };
    if options.json {
        let answer = json!({ "archive": path.display().to_string(), "manifest": written.manifest });
        return print(&format!("{}\n", serde_json::to_string_pretty(&answer)?));
    }
    print(&format!("{}\n{}", path.display(), written.summary))
}

/// The id is ours and plain; what is not a letter, digit, dot or hyphen is none of a file's name.
fn default_path(id: &str) -> PathBuf {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
    let id: String = id.chars().map(plain).take(100).collect();
    PathBuf::from(format!("eoskeeper-evidence-{id}.tar.gz"))
}

fn block_on<T>(work: impl Future<Output = T>) -> anyhow::Result<T> {
    Ok(runtime()?.block_on(work))
}
