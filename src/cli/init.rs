//! `eoskeeper init`: finds the nodeos of this host and writes a configuration for its keeper.
//!
//! On a terminal it asks, with what it found as the answer to Enter; else, and with `--yes`, it takes
//! what it found and says what it assumed. What it writes starts in a dry run. Nothing but the new
//! file, and the secret of the peers where they are named, is written.

mod ask;
mod draft;
mod look;
mod options;
mod page;
mod roles;
mod text;
mod write;

use std::io::{IsTerminal, stderr, stdin};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow};

use crate::cli::check::{Scope, State, examine};
use crate::cli::{EXIT_USAGE, failed, runtime};
use crate::config;
use crate::sources::nodes::{Place, Survey, answering, survey};
use draft::Draft;
use look::Found;
pub use options::Options;
use page::{Page, Written};

/// Finds, asks, writes and checks. Exit code 0: written, and `check` finds no fault; 1: something
/// went wrong, or was written and has a fault; 2: it must be told more, and nothing was written.
#[must_use]
pub fn run(options: &Options) -> ExitCode {
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => return failed(error),
    };
    match runtime.block_on(init(options)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(Stop::Asks(why)) => {
            eprintln!("eoskeeper: {why}");
            ExitCode::from(EXIT_USAGE)
        }
        Err(Stop::Failed(error)) => failed(error),
    }
}

/// Why nothing was written.
#[derive(Debug)]
enum Stop {
    /// Something must be said by a person; the words tell what, and how.
    Asks(String),
    /// It could not be done.
    Failed(anyhow::Error),
}

impl From<anyhow::Error> for Stop {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

async fn init(options: &Options) -> Result<bool, Stop> {
    let is_asking =
        !options.yes && !options.json && stdin().is_terminal() && stderr().is_terminal();
    let output = options.output.clone().unwrap_or_else(place);
    if !options.dry_run && !options.force && output.symlink_metadata().is_ok() {
        return Err(Stop::Asks(format!(
            "{} is there already; see it with `eoskeeper check -c {0}`, name another with -o, or write \
             over it with --force, which keeps the old one beside it",
            output.display()
        )));
    }
    let page = Page::new(options);
    page.begin();
    let (survey, found) = search(options).await;
    page.looked(&survey.looked);
    let chosen = choose(options, &survey, found, is_asking)?;
    page.chosen(&chosen);
    let mut draft = Draft::of(&chosen, options, &directory(&output)?);
    if is_asking {
        ask::all(&mut draft, &chosen, options, &output)?;
    }
    draft.complete().map_err(Stop::Asks)?;
    let text = text::render(&draft);
    let config = config::parse(&output, &text);
    if options.dry_run {
        page.dry_run(&draft, &text)?;
        return Ok(config.is_ok());
    }
    let secret = write::secret(&draft).map_err(Stop::Failed)?;
    // The secret's file must be there for the configuration to be right.
    let config = config::parse(&output, &text).map_err(|errors| {
        Stop::Failed(anyhow!(
            "what was found makes no configuration, and nothing was written: {errors}"
        ))
    })?;
    let old = write::config(&output, &text, options.force).map_err(Stop::Failed)?;
    let rows =
        if options.no_check { Vec::new() } else { examine(&config, Scope::Everything).await };
    let works = rows.iter().all(|row| row.state != State::Fail);
    page.written(&Written { draft: &draft, chosen: &chosen, output: &output, old, secret, rows })?;
    Ok(works)
}

/// Where the file goes unless it is said: where the service looks, if that is there for us to write.
fn place() -> PathBuf {
    let etc = Path::new("/etc/eoskeeper");
    let is_writable = rustix::fs::access(etc, rustix::fs::Access::WRITE_OK).is_ok();
    if etc.is_dir() && is_writable { etc.join("config.ini") } else { "./config.ini".into() }
}

/// The directory of the new file, absolute.
fn directory(output: &Path) -> anyhow::Result<PathBuf> {
    let whole = std::path::absolute(output).context("the path cannot be made absolute")?;
    let dir = whole.parent().unwrap_or(Path::new("/")).to_owned();
    if !dir.is_dir() {
        return Err(anyhow!("{0} is no directory; make it with: mkdir -p {0}", dir.display()));
    }
    Ok(dir)
}

/// Every nodeos, with what it answers.
async fn search(options: &Options) -> (Survey, Vec<Found>) {
    if let Some(url) = &options.url
        && options.pid.is_none()
        && options.container.is_none()
    {
        // Whoever names the address may mean a nodeos that is found, whose log is known then.
        let survey = survey(options.docker_host.as_deref()).await;
        let all = look::all(survey.nodes.clone()).await;
        let same = |found: &Found| found.url.as_deref() == Some(url.trim_end_matches('/'));
        let found: Vec<Found> = all.into_iter().filter(same).collect();
        if !found.is_empty() {
            return (survey, found);
        }
        return (survey, vec![look::at(url).await]);
    }
    let mut survey = survey(options.docker_host.as_deref()).await;
    let mut found = look::all(survey.nodes.clone()).await;
    if found.is_empty() {
        let (more, looked) = answering(&survey.nodes).await;
        survey.looked.push(looked);
        found = look::answered(more).await;
    }
    (survey, found)
}

/// The one a keeper is wanted for.
fn choose(
    options: &Options,
    survey: &Survey,
    mut found: Vec<Found>,
    is_asking: bool,
) -> Result<Found, Stop> {
    if let Some(pid) = options.pid {
        found.retain(|found| found.pid() == Some(pid));
    }
    if let Some(name) = &options.container {
        found.retain(|found| {
            found.node.as_ref().is_some_and(|node| match &node.place {
                Place::Container { name: own, id, .. } => {
                    own == name || id.starts_with(name.as_str())
                }
                Place::Process { .. } => false,
            })
        });
    }
    match found.len() {
        0 => Err(Stop::Asks(page::nothing(options, &survey.looked))),
        1 => Ok(found.remove(0)),
        _ if is_asking => {
            let at = ask::which(&found)?;
            Ok(found.remove(at))
        }
        _ => Err(Stop::Asks(page::several(&found))),
    }
}
