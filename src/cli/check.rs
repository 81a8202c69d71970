//! `eoskeeper check`: validates the configuration and tries everything it names.
//!
//! Nothing is changed: no script is run, no file is made, no API is asked to act. Everything is
//! tried at once and each with a deadline. It says what the user who runs it can do, so it should
//! be run as the user the keeper runs as.

mod blocking;
mod channels;
mod chat;
mod cloudwatch;
mod lease;
mod listen;
mod log_file;
mod node;
mod peers;
mod process;
mod references;
mod row;
mod scripts;
mod starts;
mod state_dir;
mod table;
mod watched;

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::cli::{failed, print};
use crate::config::{self, Config, ConfigError, Site};
use crate::daemon::acts;

pub(super) use blocking::call as deadline;
pub use row::{Row, State};
pub(super) use scripts::script;
pub use table::Colour;

/// What is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The file alone.
    Offline,
    /// Every endpoint, file, container and script it names.
    Everything,
}

/// How it is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A table for people.
    Table(Colour),
    /// A JSON array.
    Json,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing failed: exit code 0.
    Works,
    /// Something failed: exit code 1.
    Fails,
    /// The configuration is wrong, and nothing was tried: exit code 2.
    BadConfig,
}

/// Checks and prints to standard output; a colourful table where that is a terminal and `NO_COLOR`
/// is not set. Without a reader on the other end the exit code still tells.
pub async fn run(config: Option<PathBuf>, offline: bool, json: bool) -> ExitCode {
    let scope = if offline { Scope::Offline } else { Scope::Everything };
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let has_colour = io::stdout().is_terminal() && !no_colour;
    let colour = if has_colour { Colour::On } else { Colour::Off };
    let format = if json { Format::Json } else { Format::Table(colour) };
    let mut text = Vec::new();
    let outcome = match check(config.as_deref(), scope, format, &mut text).await {
        Ok(outcome) => outcome,
        // Writing to memory does not fail, but for a row that is no JSON.
        Err(_) => Outcome::Fails,
    };
    match print(&String::from_utf8_lossy(&text)) {
        Ok(()) => ExitCode::from(outcome.exit_code()),
        Err(error) => failed(error),
    }
}

/// Checks and writes to `output`.
///
/// # Errors
/// When `output` cannot be written.
pub async fn check(
    config: Option<&Path>,
    scope: Scope,
    format: Format,
    output: &mut (dyn Write + Send),
) -> io::Result<Outcome> {
    let (rows, outcome) = match config::load_site(config) {
        Ok(site) => {
            let rows = examine_all(&site, scope).await;
            let fails = rows.iter().any(|row| row.state == State::Fail);
            (rows, if fails { Outcome::Fails } else { Outcome::Works })
        }
        Err(error) => (problems(&error), Outcome::BadConfig),
    };
    match format {
        Format::Table(colour) => table::write(&rows, colour, output)?,
        Format::Json => {
            serde_json::to_writer_pretty(&mut *output, &rows)?;
            writeln!(output)?;
        }
    }
    Ok(outcome)
}

/// Tries what a file names: for several nodes one after the other, each row with the names of the nodes
/// it holds for.
async fn examine_all(site: &Site, scope: Scope) -> Vec<Row> {
    if !site.has_sections() {
        return examine(site.common(), scope).await;
    }
    let mut rows: Vec<(Row, Vec<&str>)> = Vec::new();
    for node in &site.nodes {
        let name = node.section.as_deref().unwrap_or_default();
        for row in examine(node, scope).await {
            match rows.iter_mut().find(|(told, _)| *told == row) {
                Some((_, names)) if names.contains(&name) => {}
                Some((_, names)) => names.push(name),
                None => rows.push((row, vec![name])),
            }
        }
    }
    let named = |(row, names): (Row, Vec<&str>)| Row {
        detail: format!("[{}] {}", names.join(", "), row.detail),
        ..row
    };
    rows.into_iter().map(named).collect()
}

/// Tries what a configuration names, all at once.
pub async fn examine(config: &Config, scope: Scope) -> Vec<Row> {
    let mut rows = vec![accepted(config), acting(config)];
    rows.extend(config.notes.iter().map(|note| Row::warn("note", note, "see config.ini.example")));
    rows.extend(listen::exposed(config));
    rows.extend(channels::nobody(config));
    if scope == Scope::Offline {
        return rows;
    }
    let (
        node,
        process,
        starts,
        others,
        lease,
        peers,
        log,
        scripts,
        channels,
        cloud,
        chat,
        state,
        beside,
        status,
    ) = tokio::join!(
        node::rows(config),
        process::rows(config),
        starts::rows(config),
        references::rows(config),
        lease::rows(config),
        peers::rows(config),
        log_file::rows(config),
        scripts::rows(config),
        channels::rows(config),
        cloudwatch::rows(config),
        chat::rows(config),
        state_dir::rows(config),
        watched::rows(config),
        listen::rows(config),
    );
    let parts = [
        node, process, starts, others, lease, peers, log, scripts, channels, cloud, chat, state,
        beside, status,
    ];
    rows.extend(parts.into_iter().flatten());
    rows
}

fn accepted(config: &Config) -> Row {
    let role = config.settings.role;
    let detail = format!(
        "{}: role {} ({}) of {}",
        config.source.display(),
        role.letter(),
        role.meaning(),
        config.settings.producer
    );
    Row::ok("config", detail)
}

/// What the keeper would do by itself: the first thing to know before it is left alone.
fn acting(config: &Config) -> Row {
    match acts(&config.settings) {
        Ok(acts) => Row::ok("acting", acts.join("; ")),
        Err(why) => Row::ok("acting", format!("tells people only: {why}")),
    }
}

/// Everything that is wrong in the configuration, a row each.
fn problems(error: &ConfigError) -> Vec<Row> {
    match error {
        ConfigError::Invalid(errors) => {
            let mut rows: Vec<Row> =
                errors.problems.iter().map(|p| Row::failed("config", &p.to_string())).collect();
            if errors.omitted > 0 {
                let detail = format!("and {} more problems, not shown", errors.omitted);
                rows.push(Row::fail("config", detail, "correct those above first"));
            }
            rows
        }
        other => vec![Row::failed("config", &other.to_string())],
    }
}

impl Outcome {
    /// 0, 1 or 2.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Works => 0,
            Self::Fails => 1,
            Self::BadConfig => 2,
        }
    }
}
