//! Where a picture goes: a file as a whole, or standard output.

use std::ffi::OsString;
use std::fs;
use std::io::{ErrorKind, IsTerminal, Write, stdout};
use std::path::Path;

use anyhow::{Context, bail};
use clap::ValueEnum;

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Pixels.
    Png,
    /// Lines and text, for any size.
    Svg,
}

impl Format {
    /// What the file's name says; for standard output PNG, unless SVG is asked for.
    pub(super) fn of(output: &Path, asked: Option<Self>) -> anyhow::Result<Self> {
        let extension = output.extension().and_then(|extension| extension.to_str());
        let named = match extension.map(str::to_ascii_lowercase).as_deref() {
            Some("png") => Some(Self::Png),
            Some("svg") => Some(Self::Svg),
            _ => None,
        };
        match (asked, named) {
            (Some(asked), _) => Ok(asked),
            (None, Some(named)) => Ok(named),
            (None, None) if is_stdout(output) => Ok(Self::Png),
            (None, None) => bail!(
                "{} ends neither in .png nor in .svg; name it so, or say --format png or svg",
                output.display()
            ),
        }
    }
}

fn is_stdout(output: &Path) -> bool {
    output.as_os_str() == "-"
}

/// Writes a picture. A file is there as a whole or as it was before: something may be showing it.
pub(super) fn write(output: &Path, format: Format, bytes: &[u8]) -> anyhow::Result<()> {
    if !is_stdout(output) {
        return replace(output, bytes)
            .with_context(|| format!("{} cannot be written", output.display()));
    }
    let mut out = stdout().lock();
    if format == Format::Png && out.is_terminal() {
        bail!("a PNG is no text for a terminal; name a file with -o, or say --format svg");
    }
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result.context("standard output cannot be written"),
    }
}

fn replace(output: &Path, bytes: &[u8]) -> std::io::Result<()> {
    // What is no plain file (a device, a pipe) is written to as it is.
    if fs::metadata(output).is_ok_and(|found| !found.is_file()) {
        return fs::write(output, bytes);
    }
    let mut name = OsString::from(".");
    name.push(output.file_name().unwrap_or_default());
    name.push(format!(".{}.tmp", std::process::id()));
    let beside = output.with_file_name(name);
    let written = fs::write(&beside, bytes).and_then(|()| fs::rename(&beside, output));
    if written.is_err() {
        // The error of the writing is the one to tell; what is left over may not even exist.
        drop(fs::remove_file(&beside));
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_says_what_is_written() {
        for (name, asked, expected) in [
            ("lag.png", None, Some(Format::Png)),
            ("lag.SVG", None, Some(Format::Svg)),
            ("-", None, Some(Format::Png)),
            ("-", Some(Format::Svg), Some(Format::Svg)),
            ("picture", Some(Format::Svg), Some(Format::Svg)),
            ("lag.jpg", None, None),
            ("lag", None, None),
        ] {
            assert_eq!(Format::of(Path::new(name), asked).ok(), expected, "{name}");
        }
    }

    #[test]
    fn a_file_is_replaced_as_a_whole_and_nothing_is_left_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("lag.png");
        for bytes in [&b"first"[..], b"second"] {
            write(&file, Format::Png, bytes).unwrap();
            assert_eq!(fs::read(&file).unwrap(), bytes);
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        let error = write(&dir.path().join("no/lag.png"), Format::Png, b"").unwrap_err();
        assert!(error.to_string().contains("lag.png cannot be written"), "{error}");
    }
}
