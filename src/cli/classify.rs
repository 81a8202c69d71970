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

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSED: &str = "info  2026-11-21T02:56:37.397 nodeos    producer_plugin.cpp:995       resume               ] Producer paused.";

    fn events(log: &[u8]) -> Vec<(String, usize)> {
        let mut output = Vec::new();
        // A buffer of 7 bytes: no line comes in one piece.
        classify(BufReader::with_capacity(7, log), &mut output).unwrap();
        let lines = std::str::from_utf8(&output).unwrap().lines();
        lines
            .map(|line| {
                let json: serde_json::Value = serde_json::from_str(line).unwrap();
                let text = json["line"].as_str().unwrap().len();
                (json["event"].as_str().unwrap().to_owned(), text)
            })
            .collect()
    }

    #[test]
    fn each_line_becomes_one_object_whatever_it_ends_with() {
        let paused = || "producer_paused".to_owned();
        let length = PAUSED.len();
        for (log, expected) in [
            (String::new(), vec![]),
            (PAUSED.to_owned(), vec![(paused(), length)]),
            (format!("{PAUSED}\n"), vec![(paused(), length)]),
            (format!("{PAUSED}\r\n\n"), vec![(paused(), length + 1), ("other".to_owned(), 0)]),
            (format!("{PAUSED}\n{PAUSED}"), vec![(paused(), length), (paused(), length)]),
        ] {
            assert_eq!(events(log.as_bytes()), expected, "{log:?}");
        }
    }

    #[test]
    fn a_line_over_the_bound_is_cut_and_the_next_is_whole() {
        let long = vec![b'x'; LINE_MAX + 10];
        let log = [&long, b"\n".as_slice(), PAUSED.as_bytes()].concat();
        let expected =
            [("other".to_owned(), LINE_MAX), ("producer_paused".to_owned(), PAUSED.len())];
        assert_eq!(events(&log), expected);
    }

    /// Takes some bytes, then fails as a closed pipe or a full disk does.
    struct Closing(usize, ErrorKind);

    impl Write for Closing {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(self.1)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_closed_pipe_ends_quietly_and_another_failure_is_told() {
        let log = format!("{PAUSED}\n").repeat(100);
        let piped = classify(log.as_bytes(), Closing(1000, ErrorKind::BrokenPipe));
        assert!(piped.is_ok());
        let full = classify(log.as_bytes(), Closing(1000, ErrorKind::StorageFull));
        assert_eq!(full.map_err(|error| error.kind()), Err(ErrorKind::StorageFull));
    }

    #[test]
    fn a_log_that_cannot_be_read_is_named() {
        let missing = run(Some(PathBuf::from("no/such/nodeos.log"))).unwrap_err();
        assert_eq!(
            missing.to_string(),
            "cannot open the log no/such/nodeos.log; name a file, or - for standard input"
        );
        let directory = tempfile::tempdir().unwrap();
        let error = run(Some(directory.path().to_owned())).unwrap_err();
        assert!(error.to_string().ends_with("is a directory; name a log file in it"), "{error}");
    }
}
