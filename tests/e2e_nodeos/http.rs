//! One HTTP request with a deadline; HTTP/1.0, so that the body ends with the connection.

use std::io::{Error, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// Deadline of each read and write.
const DEADLINE: Duration = Duration::from_secs(3);
/// No answer a test asks for comes near this.
const MAX_BYTES: u64 = 4 << 20;

/// GETs `path` from a local port and parses the body.
///
/// # Errors
/// Connection refused, no answer within the deadline (`WouldBlock` or `TimedOut`), a status that
/// is not 2xx, or a body that is not JSON.
pub(crate) fn get_json(port: u16, path: &str) -> Result<Value, Error> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, DEADLINE)?;
    stream.set_read_timeout(Some(DEADLINE))?;
    stream.set_write_timeout(Some(DEADLINE))?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(MAX_BYTES).read_to_string(&mut answer)?;
    let bad = |why: &str| Error::new(ErrorKind::InvalidData, format!("{path}: {why}"));
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(|| bad("no header"))?;
    let status = head.split(' ').nth(1).unwrap_or_default();
    if !status.starts_with('2') {
        return Err(bad(&format!("status {status}: {body}")));
    }
    serde_json::from_str(body).map_err(|error| bad(&error.to_string()))
}
