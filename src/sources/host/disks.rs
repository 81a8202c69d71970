//! How full file systems are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use futures_util::future::join_all;
use rustix::fs::{stat, statvfs};
use rustix::io::Errno;

use super::system::permille;
use crate::core::sample::{DISKS_MAX, DiskSample};
use crate::sources::process::aside::Aside;

/// The file systems that are watched.
#[derive(Debug)]
pub(super) struct Disks {
    /// Whether nodeos's data is added.
    is_usual: bool,
    named: Vec<(String, PathBuf)>,
    /// One thread for each path: one that hangs holds up no other.
    asides: BTreeMap<PathBuf, Aside>,
}

/// A file system, and which it is.
struct Found {
    device: u64,
    used_permille: u32,
    free_bytes: u64,
}

impl Disks {
    pub(super) fn new(given: Vec<PathBuf>, usual: Vec<(String, PathBuf)>) -> Self {
        let named: Vec<_> =
            given.into_iter().map(|path| (path.display().to_string(), path)).collect();
        let is_usual = named.is_empty();
        let named = if is_usual { usual } else { named };
        Self { is_usual, named, asides: BTreeMap::new() }
    }

    /// Looks at all of them at once: what was found, and what was not and why. `data` is where
    /// nodeos keeps its blocks.
    pub(super) async fn look(&mut self, data: Option<PathBuf>) -> (Vec<DiskSample>, Vec<String>) {
        let data = data.filter(|_| self.is_usual).map(|path| ("data".to_owned(), path));
        let mut all: Vec<(String, PathBuf)> = Vec::new();
        for (name, path) in data.into_iter().chain(self.named.clone()).take(DISKS_MAX) {
            if !all.iter().any(|(_, other)| *other == path) {
                all.push((name, path));
            }
        }
        // A container's data has another path each time.
        self.asides.retain(|path, _| all.iter().any(|(_, watched)| watched == path));
        let is_usual = self.is_usual;
        let looks = all.into_iter().map(|(name, path)| {
            let aside = self
                .asides
                .entry(path.clone())
                .or_insert_with(|| Aside::of(path.display().to_string()));
            let aside = aside.clone();
            async move {
                let shown = path.display().to_string();
                let found = aside.run(move || look(&path, is_usual)).await.and_then(|found| found);
                (name, shown, found)
            }
        });
        let looks: Vec<_> = looks.collect();
        let (mut disks, mut unknown, mut devices) = (Vec::new(), Vec::new(), Vec::new());
        for (name, path, found) in join_all(looks).await {
            match found {
                Ok(found) if devices.contains(&found.device) => {}
                Ok(Found { device, used_permille, free_bytes }) => {
                    devices.push(device);
                    disks.push(DiskSample { name, used_permille, free_bytes });
                }
                Err(why) => unknown.push(format!("how full {path} is: {why}")),
            }
        }
        (disks, unknown)
    }
}

/// As `df` counts it: of what a user may have, not root's reserve. What is `usual` and not made yet
/// will be on the file system of the directory it will be made in.
fn look(path: &Path, usual: bool) -> Result<Found, String> {
    let there =
        path.ancestors().take_while(|at| usual || *at == path).find_map(|at| match stat(at) {
            Err(Errno::NOENT) => None,
            found => Some((at, found)),
        });
    let (path, found) = there.ok_or("there is no such directory")?;
    let device = found.map_err(|error| error.to_string())?.st_dev;
    let found = statvfs(path).map_err(|error| error.to_string())?;
    let used = found.f_blocks.saturating_sub(found.f_bfree);
    let used_permille = permille(used, used.saturating_add(found.f_bavail))
        .ok_or("it has no blocks: it is no file system that fills up")?;
    let free_bytes = found.f_bavail.saturating_mul(found.f_frsize);
    Ok(Found { device, used_permille, free_bytes })
}
