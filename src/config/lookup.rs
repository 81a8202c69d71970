//! Which file is the configuration, and its text.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::problem::ConfigError;

/// Largest file that is read: 1 MiB. A full configuration has about 10 KiB.
pub const FILE_BYTES_MAX: u64 = 1 << 20;

/// Where a configuration is looked for when none is named, in this order.
pub const PLACES: [&str; 2] = ["./config.ini", "/etc/eoskeeper/config.ini"];

/// The file to load: the named one, else the first of [`PLACES`] that exists.
///
/// # Errors
/// [`ConfigError::NotFound`] when none is named and none exists.
pub fn find(named: Option<&Path>) -> Result<PathBuf, ConfigError> {
    find_among(named, &PLACES.map(PathBuf::from))
}

/// [`find`], with the places to look at.
///
/// A place that exists but cannot be read is taken all the same: reading it then says why, where
/// passing over it would load another file than the operator believes.
///
/// # Errors
/// [`ConfigError::NotFound`] when none is named and none exists.
pub fn find_among(named: Option<&Path>, places: &[PathBuf]) -> Result<PathBuf, ConfigError> {
    if let Some(path) = named {
        return Ok(path.to_path_buf());
    }
    places
        .iter()
        .find(|place| !matches!(place.symlink_metadata(), Err(error) if is_absent(&error)))
        .cloned()
        .ok_or_else(|| ConfigError::NotFound { tried: places.to_vec() })
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Reads a file's text, without a byte order mark.
pub(super) fn read(path: &Path) -> Result<String, ConfigError> {
    // Before opening: to open a pipe that nobody writes to would wait for ever.
    let metadata = fs::metadata(path).map_err(|error| unreadable(path, error))?;
    if !metadata.is_file() {
        let what = if metadata.is_dir() { "a directory" } else { "a device, a pipe or a socket" };
        return Err(ConfigError::NotAFile { path: path.to_path_buf(), what });
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes))
        .map_err(|error| unreadable(path, error))?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(ConfigError::TooLarge { path: path.to_path_buf(), max: FILE_BYTES_MAX });
    }
    let text = decode(path, bytes)?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

fn unreadable(path: &Path, source: io::Error) -> ConfigError {
    let path = path.to_path_buf();
    if is_absent(&source) {
        ConfigError::Missing { path }
    } else {
        ConfigError::Unreadable { path, source }
    }
}

fn decode(path: &Path, bytes: Vec<u8>) -> Result<String, ConfigError> {
    String::from_utf8(bytes).map_err(|error| {
        let byte = error.utf8_error().valid_up_to();
        let before = &error.as_bytes()[..byte];
        ConfigError::NotUtf8 {
            path: path.to_path_buf(),
            line: 1 + before.iter().filter(|&&b| b == b'\n').count(),
            byte,
            value: error.as_bytes()[byte],
        }
    })
}
