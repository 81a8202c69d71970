//! Forms of several parts (RFC 7578).

/// One part of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// The field's name.
    pub(crate) name: String,
    /// The file's name, where it is one.
    pub(crate) file: Option<String>,
    /// Its type, where one is said.
    pub(crate) kind: Option<String>,
    /// What is in it.
    pub(crate) bytes: Vec<u8>,
}

impl Part {
    /// It as text; what is no UTF-8 is replaced.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

/// The parts of a body; a torn one is left out.
pub(super) fn parts(body: &[u8], boundary: &str) -> Vec<Part> {
    let line = format!("--{boundary}\r\n").into_bytes();
    let end = format!("\r\n--{boundary}").into_bytes();
    let mut found = Vec::new();
    let mut rest = body;
    while let Some(at) = find(rest, &line) {
        rest = &rest[at + line.len()..];
        let (Some(head), Some(until)) = (find(rest, b"\r\n\r\n"), find(rest, &end)) else { break };
        found.extend(part(&String::from_utf8_lossy(&rest[..head]), &rest[head + 4..until]));
        rest = &rest[until + 2..];
    }
    found
}

fn part(head: &str, bytes: &[u8]) -> Option<Part> {
    let header = |wanted: &str| {
        head.split("\r\n")
            .filter_map(|line| line.split_once(": "))
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
            .map(|(_, value)| value.to_owned())
    };
    let disposition = header("Content-Disposition")?;
    let of = |key: &str| {
        let (_, rest) = disposition.split_once(&format!("; {key}=\""))?;
        rest.split('"').next().map(str::to_owned)
    };
    let (name, file) = (of("name")?, of("filename"));
    Some(Part { name, file, kind: header("Content-Type"), bytes: bytes.to_vec() })
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
