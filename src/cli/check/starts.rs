//! Whether nodeos would produce on its own after a start, or waits for the keeper.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::cli::check::blocking;
use crate::cli::check::row::Row;
use crate::config::Config;
use crate::core::settings::{Role, Settings};
use crate::daemon::target;
use crate::nodeos::startup::{Startup, is_paused_by};
use crate::sources::process;

const WHAT: &str = "starts paused";
/// Bound on what is read of a file: a config.ini as nodeos writes it has some 30 KiB.
const FILE_BYTES: u64 = 1024 * 1024;

/// What is known of nodeos's start.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Start {
    /// Paused, and by what.
    Paused(String),
    /// Not paused; the configuration that says nothing of it.
    Unpaused(String),
    /// Not known, and why.
    Unknown(String),
}

/// Looks at the running process's command line and configuration.
pub(super) async fn rows(config: &Config) -> Vec<Row> {
    let role = config.settings.role;
    if role == Role::Observer {
        return Vec::new();
    }
    let start = match target(config) {
        None => Start::Unknown("watch_process is false".to_owned()),
        Some(target) => match process::number(target).await {
            Err(why) => {
                let why = why.split_once("; ").map_or(why.as_str(), |(why, _)| why);
                Start::Unknown(why.to_owned())
            }
            Ok(pid) => match blocking::call(WHAT, move || start_of(pid)).await {
                Ok(start) => start,
                Err(failed) => return vec![failed],
            },
        },
    };
    vec![row(&config.settings, start)]
}

fn row(settings: &Settings, start: Start) -> Row {
    let shares = settings.lease.is_some() || !settings.peers.names.is_empty();
    match start {
        Start::Paused(by) if settings.role == Role::Active && !settings.promotion.can_promote => {
            Row::warn(
                WHAT,
                format!("nodeos starts paused ({by}), and nobody makes it sign again"),
                "set [promotion] promote = api, or resume it by hand after every start",
            )
        }
        Start::Paused(by) => Row::ok(WHAT, by),
        // Another may have been made to sign while it was away.
        Start::Unpaused(file) if shares => Row::fail(
            WHAT,
            format!(
                "nodeos would sign on its own after a start, also when another node was made to \
                 sign meanwhile: no pause-on-startup in {file}"
            ),
            "set pause-on-startup = true in its config.ini and [promotion] promote = api: the \
             keeper makes it sign when it is entitled to",
        ),
        Start::Unpaused(file) => Row::warn(
            WHAT,
            format!("nodeos would sign on its own after a start: no pause-on-startup in {file}"),
            "set pause-on-startup = true in its config.ini; the keeper makes it sign when it is \
             entitled to, with [promotion] promote",
        ),
        Start::Unknown(why) => Row::unknown(
            WHAT,
            format!("not known: {why}"),
            "see that nodeos's config.ini has pause-on-startup = true",
        ),
    }
}

fn start_of(pid: u32) -> Start {
    let process = PathBuf::from(format!("/proc/{pid}"));
    let arguments = match list(&process.join("cmdline")) {
        Ok(arguments) => arguments,
        Err(why) => return Start::Unknown(format!("the command line of process {pid}: {why}")),
    };
    let startup = Startup::of(&arguments);
    if startup.is_paused {
        return Start::Paused(format!("process {pid} was started with --pause-on-startup"));
    }
    let home = list(&process.join("environ")).ok().and_then(|variables| {
        variables.iter().find_map(|variable| variable.strip_prefix("HOME=").map(PathBuf::from))
    });
    let Some(file) = startup.config_file(home.as_deref()) else {
        return Start::Unknown(format!("where process {pid} has its config.ini"));
    };
    // What is relative is so to where nodeos was started.
    let file = match fs::read_link(process.join("cwd")) {
        Ok(directory) => directory.join(file),
        Err(_) if file.is_absolute() => file,
        Err(error) => return Start::Unknown(format!("the directory of process {pid}: {error}")),
    };
    match text(&file) {
        Ok(text) if is_paused_by(&text) => {
            Start::Paused(format!("{} has pause-on-startup", file.display()))
        }
        Ok(_) => Start::Unpaused(file.display().to_string()),
        Err(why) => Start::Unknown(format!("{}: {why}", file.display())),
    }
}

/// A list of `/proc`, each entry ended by a NUL.
fn list(path: &Path) -> Result<Vec<String>, String> {
    let text = text(path)?;
    Ok(text.trim_end_matches('\0').split('\0').map(str::to_owned).collect())
}

fn text(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(FILE_BYTES).read_to_end(&mut bytes));
    read.map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::check::row::State;
    use crate::core::settings::Lease;

    /// Settings of a role: whether it can be made to sign, and whether it has a peer or a lease.
    fn settings(role: Role, can_promote: bool, peer: bool, lease: bool) -> Settings {
        let mut settings = Settings::new(role, "eosstorebest".parse().unwrap());
        settings.promotion.can_promote = can_promote;
        settings.peers.names = peer.then(|| "other".to_owned()).into_iter().collect();
        settings.lease = lease.then_some(Lease::DEFAULT);
        settings
    }

    #[test]
    fn each_case_has_its_row() {
        let armed = settings(Role::Active, true, false, false);
        let unarmed = settings(Role::Active, false, false, false);
        let standby = settings(Role::FirstStandby, true, false, false);
        let with_peer = settings(Role::Active, true, true, false);
        let with_lease = settings(Role::SecondStandby, true, false, true);
        let (paused, unpaused) = (Start::Paused("x".to_owned()), Start::Unpaused("f".to_owned()));
        for (settings, start, state, words) in [
            (&armed, paused.clone(), State::Ok, "x"),
            (&unarmed, paused.clone(), State::Warn, "nobody makes"),
            (&standby, paused.clone(), State::Ok, "x"),
            (&standby, unpaused.clone(), State::Warn, "in f"),
            (&armed, unpaused.clone(), State::Warn, "on its own"),
            (&with_peer, unpaused.clone(), State::Fail, "another node was made to sign"),
            (&with_lease, unpaused, State::Fail, "in f"),
            (&with_peer, paused, State::Ok, "x"),
            (&armed, Start::Unknown("y".to_owned()), State::Unknown, "not known: y"),
        ] {
            let row = row(settings, start);
            assert!(row.state == state && row.detail.contains(words), "{row:?}");
            assert_eq!(row.next.is_some(), state != State::Ok, "{row:?}");
        }
    }
}
