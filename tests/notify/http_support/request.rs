//! A request as the service got it.

use std::io::Read;

use super::multipart::{self, Part};

/// Most bytes of a request that are read: pictures fit, a flood does not.
const BYTES_MAX: usize = 32 * 1024 * 1024;

/// A request, read whole.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// `GET`, `POST`.
    pub(crate) method: String,
    /// Path and query.
    pub(crate) path: String,
    /// Names in small letters.
    pub(crate) headers: Vec<(String, String)>,
    /// The body, unchunked.
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// Reads one; `None` when the client leaves before its end, or says what is no HTTP.
    pub(super) fn read(stream: &mut impl Read) -> Option<Self> {
        let mut bytes = Vec::new();
        let head = loop {
            if let Some(at) = find(&bytes, b"\r\n\r\n") {
                break at;
            }
            more(stream, &mut bytes)?;
        };
        let text = String::from_utf8(bytes[..head].to_vec()).ok()?;
        let mut lines = text.split("\r\n");
        let mut first = lines.next()?.split(' ').map(str::to_owned);
        let (method, path) = (first.next()?, first.next()?);
        let headers = lines
            .map(|line| line.split_once(':').unwrap_or((line, "")))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let mut request = Self { method, path, headers, body: Vec::new() };
        let rest = bytes.split_off(head + 4);
        request.body = if request.header("transfer-encoding") == Some("chunked") {
            unchunked(stream, rest)?
        } else {
            let length = request.header("content-length").map_or(Some(0), |n| n.parse().ok())?;
            sized(stream, rest, length)?
        };
        Some(request)
    }

    /// A header by its name in small letters.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        let body = String::from_utf8_lossy(&self.body);
        serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}"))
    }

    /// The parts of a `multipart/form-data`; none where it is another body.
    pub(crate) fn parts(&self) -> Vec<Part> {
        let kind = self.header("content-type").unwrap_or_default();
        match kind.strip_prefix("multipart/form-data; boundary=") {
            Some(boundary) => multipart::parts(&self.body, boundary.trim_matches('"')),
            None => Vec::new(),
        }
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// Reads what there is; `None` at the end, at an error, and beyond the bound.
fn more(stream: &mut impl Read, bytes: &mut Vec<u8>) -> Option<()> {
    let mut piece = [0; 16 * 1024];
    let count = stream.read(&mut piece).ok()?;
    bytes.extend_from_slice(&piece[..count]);
    (count > 0 && bytes.len() <= BYTES_MAX).then_some(())
}

fn sized(stream: &mut impl Read, mut bytes: Vec<u8>, length: usize) -> Option<Vec<u8>> {
    while bytes.len() < length {
        more(stream, &mut bytes)?;
    }
    bytes.truncate(length);
    Some(bytes)
}

fn unchunked(stream: &mut impl Read, mut bytes: Vec<u8>) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = loop {
            if let Some(at) = find(&bytes, b"\r\n") {
                break at;
            }
            more(stream, &mut bytes)?;
        };
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[..line]).ok()?, 16).ok()?;
        let end = line + 2 + size;
        while bytes.len() < end + 2 {
            more(stream, &mut bytes)?;
        }
        body.extend_from_slice(&bytes[line + 2..end]);
        bytes.drain(..end + 2);
        if size == 0 {
            return Some(body);
        }
    }
}
