//! A script's output: read to its end, logged line by line up to a bound, the rest counted.

use tokio::io::{AsyncRead, AsyncReadExt};

/// How much of each of stdout and stderr is logged.
pub const OUTPUT_BYTES: usize = 16 * 1024;
/// In how many lines at most: each costs more in our log than its own bytes.
pub const OUTPUT_LINES: usize = 200;
/// Longest line that is logged in one piece, and longest last line.
const LINE_BYTES: usize = 300;

/// What is kept of one stream.
pub(super) struct Capture {
    stream: &'static str,
    incident: String,
    /// The line that is being read, at most [`LINE_BYTES`] of it.
    line: Vec<u8>,
    /// Bytes that were logged, newlines not counted.
    logged: usize,
    /// In so many lines.
    lines: usize,
    /// Bytes that were not logged.
    skipped: u64,
    last_line: Option<String>,
}

impl Capture {
    pub(super) fn new(stream: &'static str, incident: &str) -> Self {
        let incident = incident.to_owned();
        Self {
            stream,
            incident,
            line: Vec::new(),
            logged: 0,
            lines: 0,
            skipped: 0,
            last_line: None,
        }
    }

    /// Reads to the end of the stream. May be given up at any time.
    pub(super) async fn read(&mut self, source: Option<impl AsyncRead + Unpin>) {
        let Some(mut source) = source else { return };
        let mut piece = [0; 4096];
        loop {
            match source.read(&mut piece).await {
                Ok(0) => break,
                Ok(count) => self.take(&piece[..count]),
                Err(error) => {
                    let (stream, incident) = (self.stream, &self.incident);
                    tracing::warn!(stream, incident, %error, "A script's output cannot be read.");
                    break;
                }
            }
        }
    }

    /// Logs what is left when the reading is over, at the end of the stream or before it.
    pub(super) fn finish(&mut self) {
        self.end_line();
        let (stream, incident, skipped) = (self.stream, &self.incident, self.skipped);
        if skipped > 0 {
            tracing::warn!(
                stream,
                incident,
                skipped,
                "Bytes of a script's output were not logged."
            );
        }
    }

    /// The last line that is not blank, at most [`LINE_BYTES`] of it, also of a stream that has
    /// not ended.
    pub(super) fn last_line(&self) -> Option<&str> {
        self.last_line.as_deref()
    }

    fn take(&mut self, bytes: &[u8]) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, ended) = match part.split_last() {
                Some((b'\n', text)) => (text, true),
                _ => (part, false),
            };
            let kept = text.len().min(LINE_BYTES - self.line.len());
            self.line.extend_from_slice(&text[..kept]);
            self.skipped += (text.len() - kept) as u64;
            if ended {
                self.end_line();
            }
        }
        // A prompt without a newline is a last word too.
        self.note_last_line();
    }

    fn end_line(&mut self) {
        self.note_last_line();
        if self.logged + self.line.len() > OUTPUT_BYTES || self.lines == OUTPUT_LINES {
            self.skipped += self.line.len() as u64;
        } else if let text = printable(&self.line)
            && !text.is_empty()
        {
            self.logged += self.line.len();
            self.lines += 1;
            let (stream, incident) = (self.stream, &self.incident);
            tracing::info!(target: "script", stream, incident, "{text}");
        }
        self.line.clear();
    }

    fn note_last_line(&mut self) {
        let text = printable(&self.line);
        if !text.is_empty() {
            self.last_line = Some(text);
        }
    }
}

/// Text for a log: one line, without control characters or what is not UTF-8.
fn printable(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    text.trim().chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
