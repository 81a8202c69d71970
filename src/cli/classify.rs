//! `eoskeeper classify`: one JSON object for each line of a log.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::nodeos::log::{Classifier, json_line};

/// Longest line that is read whole. nodeos's longest, a schedule of 125 producers, is under 40 KiB.
pub const LINE_MAX: usize = 4 << 20;

/// Reads a log, or standard input for `None` and `-`, and prints a JSON object for each line.
///
/// A line over [`LINE_MAX`] bytes is cut there. A reader that closes the pipe ends the command
/// without an error.
///
/// # Errors
/// When the log cannot be opened or read, or standard output cannot be written.
pub fn run(input: Option<PathBuf>) -> anyhow::Result<()> {
    let output = BufWriter::new(io::stdout().lock());
    match input.filter(|path| path.as_os_str() != "-") {
        Some(path) => {
            let log = open(&path)?;
            classify(BufReader::new(log), output).with_context(|| path.display().to_string())
        }
        None => classify(io::stdin().lock(), output).context("standard input"),
    }
}

fn open(path: &Path) -> anyhow::Result<File> {
    let help =
        || format!("cannot open the log {}; name a file, or - for standard input", path.display());
    let log = File::open(path).with_context(help)?;
    let is_directory = log.metadata().with_context(help)?.is_dir();
    anyhow::ensure!(!is_directory, "{} is a directory; name a log file in it", path.display());
    Ok(log)
}

fn classify(input: impl BufRead, mut output: impl Write) -> io::Result<()> {
    match each_line(input, &mut output).and_then(|()| output.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

fn each_line(mut input: impl BufRead, output: &mut impl Write) -> io::Result<()> {
    let mut classifier = Classifier::new();
    let mut line = Vec::new();
    while read_line(&mut input, &mut line)? {
        let event = classifier.classify(&line);
        writeln!(output, "{}", json_line(&line, &event))?;
    }
    Ok(())
}

/// The next line without its newline, cut at [`LINE_MAX`]; `false` at the end of the log.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let mut any = false;
    loop {
        let bytes = match input.fill_buf() {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if bytes.is_empty() {
            return Ok(any);
        }
        any = true;
        let newline = bytes.iter().position(|byte| *byte == b'\n');
        let text = &bytes[..newline.unwrap_or(bytes.len())];
        line.extend_from_slice(&text[..text.len().min(LINE_MAX - line.len())]);
        let used = newline.map_or(bytes.len(), |at| at + 1);
        input.consume(used);
        if newline.is_some() {
            return Ok(true);
        }
    }
}
