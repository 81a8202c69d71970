//! A directory of the demo's own, removed at the end.

use std::fs::{self, DirBuilder};
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// Names that are tried before giving up; another run's directory may be left from `--keep`.
const TRIES: u32 = 100;

/// The directory. Dropping it removes it, unless it shall stay.
#[derive(Debug)]
pub(super) struct Scratch {
    path: PathBuf,
    keep: bool,
}

impl Scratch {
    /// Makes a directory that only this user can read, in the system's temporary directory.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn create(keep: bool) -> anyhow::Result<Self> {
        let parent = std::env::temp_dir();
        for at in 0..TRIES {
            let path = parent.join(format!("eoskeeper-demo-{}-{at}", std::process::id()));
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(Self { path, keep }),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => {
                    return Err(error).with_context(|| {
                        format!(
                            "cannot make a directory in {}; name another in TMPDIR",
                            parent.display()
                        )
                    });
                }
            }
        }
        bail!("{} holds {TRIES} directories of the demo; remove some", parent.display())
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !self.keep {
            // Nothing can be done about a directory that will not go; the system cleans its own.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_unless_it_is_kept() {
        let (gone, kept) = (Scratch::create(false).unwrap(), Scratch::create(true).unwrap());
        let paths = [gone.path().to_owned(), kept.path().to_owned()];
        assert_ne!(paths[0], paths[1]);
        fs::write(paths[0].join("a.log"), "text").unwrap();
        drop((gone, kept));
        assert_eq!(paths.clone().map(|path| path.exists()), [false, true]);
        fs::remove_dir(&paths[1]).unwrap();
    }
}
