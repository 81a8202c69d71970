//! The state directory: writable, and the latch in it readable. Nothing is made or written.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use rustix::fs::{Access, access};

use crate::cli::check::blocking;
use crate::cli::check::row::Row;
use crate::config::Config;
use crate::core::action::LatchStage;
use crate::core::name::Name;
use crate::daemon::control::socket_path;
use crate::history::store::{self, StoreError};

/// Looks at the state directory.
pub(super) async fn rows(config: &Config) -> Vec<Row> {
    let (dir, producer) = (config.state_dir.clone(), config.settings.producer);
    blocking::rows("state", move || look(&dir, producer)).await
}

fn look(dir: &Path, producer: Name) -> Vec<Row> {
    let name = dir.display();
    let next = "see that the user eoskeeper runs as may write it; run check as that user";
    match fs::metadata(dir) {
        Ok(metadata) if !metadata.is_dir() => {
            let detail = format!("{name} is not a directory");
            return vec![Row::fail("state dir", detail, "correct [state] dir")];
        }
        Ok(_) if !is_writable(dir) => {
            return vec![Row::fail("state dir", format!("{name} cannot be written"), next)];
        }
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let can_be_made = dir.ancestors().find(|above| above.exists()).is_some_and(is_writable);
            return vec![if can_be_made {
                Row::ok("state dir", format!("{name} is not there yet and can be made"))
            } else {
                Row::fail("state dir", format!("{name} is not there and cannot be made"), next)
            }];
        }
        Err(error) => return vec![Row::fail("state dir", format!("{name}: {error}"), next)],
    }
    let mut rows = vec![lock(dir), latch(dir, producer)];
    // Else the socket is made where the latch is written.
    if let Err(error) = socket_path(dir) {
        let detail = format!("no orders can be given to the keeper: {error}");
        rows.push(Row::warn("orders", detail, "shorten [state] dir"));
    }
    rows
}

fn is_writable(dir: &Path) -> bool {
    dir.is_dir() && access(dir, Access::WRITE_OK | Access::EXEC_OK).is_ok()
}

fn lock(dir: &Path) -> Row {
    let name = dir.display();
    match store::is_in_use(dir) {
        Ok(false) => Row::ok("state dir", format!("{name} can be written, no keeper uses it")),
        Ok(true) => {
            Row::ok("state dir", format!("{name} can be written, a running keeper uses it"))
        }
        Err(error) => Row::failed("state dir", &error.to_string()),
    }
}

fn latch(dir: &Path, producer: Name) -> Row {
    let what = "latch";
    let found = match store::peek(dir, producer) {
        Ok(found) => found,
        Err(error @ (StoreError::CutOff { .. } | StoreError::WriteAheadLog { .. })) => {
            return Row::warn(what, error.to_string(), "start the keeper, then check again");
        }
        Err(error) => return Row::failed(what, &error.to_string()),
    };
    let Some(latch) = found else { return Row::ok(what, "none yet: nothing was ever promoted") };
    let next = "see `eoskeeper status --why`";
    match latch.stage {
        LatchStage::Standby => Row::ok(what, format!("at rest since {}", latch.since)),
        LatchStage::Promoted => {
            Row::warn(what, format!("this node was promoted at {}", latch.since), next)
        }
        LatchStage::HandedOver => Row::warn(
            what,
            format!("the producer was handed to another node at {}", latch.since),
            next,
        ),
        LatchStage::Promoting | LatchStage::Demoting => Row::warn(
            what,
            format!("a promotion is under way since {}: {}", latch.since, latch.reason),
            next,
        ),
    }
}
