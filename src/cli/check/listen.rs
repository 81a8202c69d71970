//! The address the keeper answers on: free, or a keeper answers there.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::cli::check::row::Row;
use crate::config::Config;

/// A keeper on this host answers in milliseconds.
const DEADLINE: Duration = Duration::from_secs(5);
/// More than any status has.
const ANSWER_BYTES: u64 = 1024 * 1024;

/// What can be said without trying it.
pub(super) fn exposed(config: &Config) -> Option<Row> {
    let listen = config.status_listen;
    (!config.is_loopback()).then(|| {
        Row::warn(
            "listen",
            format!("{listen} is not a loopback address: whoever reaches it reads the status"),
            "keep it on 127.0.0.1 unless others shall read it",
        )
    })
}

/// Tries the address.
pub(super) async fn rows(config: &Config) -> Vec<Row> {
    let what = "status";
    let listen = config.status_listen;
    let row = match TcpListener::bind(listen).await {
        Ok(_) => Row::ok(what, format!("{listen} is free; no keeper runs with this file")),
        Err(error) if error.kind() == ErrorKind::AddrInUse => match keeper_at(listen).await {
            Some(version) => Row::ok(what, format!("a keeper answers at {listen} ({version})")),
            None => Row::fail(
                what,
                format!("{listen} is in use, and not by a keeper"),
                "give [status] listen another port",
            ),
        },
        Err(error) => {
            let next = "give [status] listen an address of this host";
            Row::fail(what, format!("{listen}: {error}"), next)
        }
    };
    vec![row]
}

/// The version of the keeper that answers there, if one does.
async fn keeper_at(mut listen: SocketAddr) -> Option<String> {
    if listen.ip().is_unspecified() {
        // 0.0.0.0 and [::] are heard on loopback as well.
        listen.set_ip(match listen {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    let answer = timeout(DEADLINE, ask(listen)).await.ok()?.ok()?;
    let (_, body) = answer.split_once("\r\n\r\n")?;
    let status: Value = serde_json::from_str(body).ok()?;
    let role = status["role"].as_str()?;
    Some(format!("version {}, role {role}", status["eoskeeper"].as_str()?))
}

/// HTTP/1.0, so that the answer comes in one piece and ends with the connection.
async fn ask(listen: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(listen).await?;
    let request = format!("GET /api/status HTTP/1.0\r\nHost: {listen}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.take(ANSWER_BYTES).read_to_string(&mut answer).await?;
    Ok(answer)
}
