//! The lines of a span from a log file and the files rotation made of it, plain or gzip.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use flate2::read::MultiGzDecoder;

use crate::core::time::Timestamp;
use crate::nodeos::log::Classifier;
use crate::sources::lines::LINE_BYTES_MAX;
use crate::sources::window::{LineWindow, time_of};

/// How near to the beginning of the span a plain file is read from, bytes.
const NEAR_BYTES: u64 = 1024 * 1024;
/// How much is looked through for a line with a time.
const PROBE_BYTES: u64 = 256 * 1024;
/// Most files that are read.
const FILES_MAX: usize = 64;
/// Files written last before the span began are passed over; clocks of file systems are coarse.
const SLACK: Duration = Duration::from_secs(60);

/// Reads what the files beside `log`, and `log` itself, have of a window; at most until `deadline`.
/// Returns a sentence for each thing that could not be read.
pub fn window(log: &Path, window: &mut LineWindow, deadline: Instant) -> Vec<String> {
    let mut problems = Vec::new();
    let mut files = super::siblings::all(log);
    files.retain(|(_, changed)| changed.is_none_or(|at| !is_before(at, window.from())));
    files.sort_by_key(|(_, changed)| *changed);
    if files.len() > FILES_MAX {
        problems.push(format!("{} files, and {FILES_MAX} were read", files.len()));
        files.drain(..files.len() - FILES_MAX);
    }
    if !files.iter().any(|(path, _)| path == log) {
        match fs::metadata(log) {
            Ok(_) => {}
            Err(error) => problems.push(format!("{}: {error}", log.display())),
        }
    }
    for (path, _) in files {
        if Instant::now() >= deadline {
            problems.push("there was no time to read all of it".to_owned());
            break;
        }
        window.begin_part();
        if let Err(error) = read(&path, window, deadline) {
            problems.push(format!("{}: {error}", path.display()));
        }
    }
    problems
}

fn is_before(changed: SystemTime, from: Timestamp) -> bool {
    let ms = u64::try_from(from.ms()).unwrap_or(0);
    changed + SLACK < UNIX_EPOCH + Duration::from_millis(ms)
}

fn read(path: &PathBuf, window: &mut LineWindow, deadline: Instant) -> io::Result<()> {
    let mut file = File::open(path)?;
    if path.extension().is_some_and(|ending| ending == "gz") {
        return lines(BufReader::new(MultiGzDecoder::new(file)), window, deadline);
    }
    let begin = beginning(&mut file, window.from())?;
    file.seek(SeekFrom::Start(begin))?;
    let mut text = BufReader::new(file);
    if begin > 0 {
        text.skip_until(b'\n')?;
    }
    lines(text, window, deadline)
}

fn lines(mut text: impl BufRead, window: &mut LineWindow, deadline: Instant) -> io::Result<()> {
    let mut line = Vec::new();
    for number in 0_u64.. {
        line.clear();
        let most = LINE_BYTES_MAX as u64;
        if text.by_ref().take(most).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let end = line.strip_suffix(b"\n").unwrap_or(&line);
        let end = end.strip_suffix(b"\r").unwrap_or(end);
        if !window.line(end, None) {
            break;
        }
        if number % 4096 == 0 && Instant::now() >= deadline {
            return Err(io::Error::new(ErrorKind::TimedOut, "there was no time to read all of it"));
        }
    }
    Ok(())
}

/// A place in a plain file before the span: lines are in the order of their times.
fn beginning(file: &mut File, from: Timestamp) -> io::Result<u64> {
    let (mut low, mut high) = (0, file.metadata()?.len());
    while high - low > NEAR_BYTES {
        let middle = low + (high - low) / 2;
        match first_time(file, middle)? {
            Some(time) if time < from => low = middle,
            _ => high = middle,
        }
    }
    Ok(low)
}

fn first_time(file: &mut File, at: u64) -> io::Result<Option<Timestamp>> {
    file.seek(SeekFrom::Start(at))?;
    let mut text = BufReader::new(file.take(PROBE_BYTES));
    text.skip_until(b'\n')?;
    let mut classifier = Classifier::new();
    let mut line = Vec::new();
    while text.read_until(b'\n', &mut line)? > 0 {
        if let Some(time) = time_of(&classifier.classify(line.trim_ascii_end())) {
            return Ok(Some(time));
        }
        line.clear();
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn at(n: i64) -> Timestamp {
        Timestamp::from_ms(1_795_229_317_000 + n * 100)
    }

    #[test]
    fn a_large_file_is_read_from_where_the_span_begins_and_rotated_parts_are_found() {
        let temp = tempfile::tempdir().unwrap();
        let log = temp.path().join("nodeos.log");
        let text = |range: std::ops::Range<i64>| -> String {
            let pad = "x".repeat(100);
            range.map(|n| format!("info  {} nodeos  p.cpp:1 f ] {n} {pad}\n", at(n))).collect()
        };
        let mut old = flate2::write::GzEncoder::new(
            File::create(temp.path().join("nodeos.log.2.gz")).unwrap(),
            flate2::Compression::fast(),
        );
        old.write_all(text(0..1_000).as_bytes()).unwrap();
        old.finish().unwrap();
        fs::write(temp.path().join("nodeos.log.1"), text(1_000..30_000)).unwrap();
        fs::write(&log, text(30_000..60_000)).unwrap();
        let soon = || Instant::now() + Duration::from_secs(30);
        for (from, until) in [(900, 1_100), (29_990, 30_010), (59_000, 70_000), (500, 501)] {
            let mut found = LineWindow::new((at(from), at(until)), at(from), 1 << 24);
            assert_eq!(window(&log, &mut found, soon()), [""; 0]);
            let (lines, gathered) = found.finish();
            let last = until.min(59_999);
            assert_eq!(gathered.lines, (last - from + 1) as u64, "{from} to {until}");
            assert!(lines.starts_with(format!("info  {}", at(from)).as_bytes()));
        }
        let mut file = File::open(&log).unwrap();
        let begin = beginning(&mut file, at(55_000)).unwrap();
        assert!(begin > 2_000_000, "{begin}: not from the beginning");
        let mut none = LineWindow::new((at(0), at(10)), at(0), 100);
        let problems = window(&temp.path().join("absent/nodeos.log"), &mut none, soon());
        assert!(problems[0].contains("No such file"), "{problems:?}");
    }
}
