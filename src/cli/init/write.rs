//! Writes the files: whole or not at all, and nothing over what is there unless that is wished for.

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use ring::rand::{SecureRandom, SystemRandom};
use tempfile::NamedTempFile;

use super::draft::Draft;

/// The configuration names hosts and files, no secret: the user the service runs as may read it.
const CONFIG_MODE: u32 = 0o644;
/// A secret's file.
const SECRET_MODE: u32 = 0o600;
/// What a secret has: 256 random bits.
const SECRET_BYTES: usize = 32;

/// Writes the configuration; where the one before it was kept, if there was one.
pub(super) fn config(path: &Path, text: &str, force: bool) -> anyhow::Result<Option<PathBuf>> {
    let old = match path.symlink_metadata() {
        Ok(_) if !force => bail!("{} is there already; write over it with --force", path.display()),
        Ok(metadata) if metadata.is_dir() => bail!("{} is a directory", path.display()),
        Ok(_) => {
            let mut old = path.as_os_str().to_owned();
            old.push(".old");
            let old = PathBuf::from(old);
            fs::copy(path, &old).with_context(|| {
                format!("{} cannot be kept as {}", path.display(), old.display())
            })?;
            Some(old)
        }
        Err(_) => None,
    };
    // What a link leads to is replaced, and the link stays.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    put(&target, text.as_bytes(), CONFIG_MODE, force)?;
    Ok(old)
}

/// Makes the secret of the peers, where they are named and it is not there; its path if it was made.
pub(super) fn secret(draft: &Draft) -> anyhow::Result<Option<PathBuf>> {
    let path = &draft.secret;
    if draft.peers.is_empty() || path.symlink_metadata().is_ok() {
        return Ok(None);
    }
    let mut bytes = [0; SECRET_BYTES];
    SystemRandom::new().fill(&mut bytes).map_err(|_| anyhow!("this system has no random bytes"))?;
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    put(path, format!("{digits}\n").as_bytes(), SECRET_MODE, false)?;
    Ok(Some(path.clone()))
}

fn put(path: &Path, bytes: &[u8], mode: u32, over: bool) -> anyhow::Result<()> {
    let name = path.display();
    let next = "see that this user may write the directory, or name another with -o";
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file =
        NamedTempFile::new_in(dir).with_context(|| format!("{name} cannot be written; {next}"))?;
    let write = |file: &mut NamedTempFile| {
        file.as_file().set_permissions(Permissions::from_mode(mode))?;
        file.write_all(bytes)?;
        file.as_file().sync_all()
    };
    write(&mut file).with_context(|| format!("{name} cannot be written"))?;
    let put = if over { file.persist(path) } else { file.persist_noclobber(path) };
    put.map_err(|error| error.error).with_context(|| format!("{name} cannot be written"))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_written_over_unless_that_is_wished_for() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.ini");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(config(&path, "one", false).unwrap(), None);
        assert_eq!(mode(&path), CONFIG_MODE);
        let why = config(&path, "two", false).unwrap_err().to_string();
        assert!(why.contains("--force"), "{why}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");
        let old = config(&path, "two", true).unwrap().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(fs::read_to_string(old).unwrap(), "one");
        let link = dir.path().join("link.ini");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(config(&link, "three", false).is_err());
        config(&link, "three", true).unwrap();
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&path).unwrap(), "three");
        let why = config(&dir.path().join("none/config.ini"), "x", false).unwrap_err();
        assert!(format!("{why:#}").contains("name another with -o"), "{why:#}");
        // No file half written is left.
        let names = fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(names, 4, "config.ini, link.ini, and the old of both");
    }
}
