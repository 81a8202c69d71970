//! Listens for the peers. A connection carries one request, has a deadline for all of it, and there
//! are only so many, in all and of one address.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::desk::Desk;
use super::refusal::Refusal;

/// Most connections at once.
pub const CONNECTIONS_MAX: usize = 64;
/// Most connections of one address at once, so that one host cannot take them all: 16 peers behind
/// one address have one each, and there is only one of each at a time.
pub const CONNECTIONS_OF_ONE_MAX: usize = 32;
/// How long the headers may take.
const HEADER_DEADLINE: Duration = Duration::from_secs(2);
/// How long a connection may last, from the first byte to the last.
const CONNECTION_DEADLINE: Duration = Duration::from_secs(8);
/// Most bytes of headers.
const HEADER_BYTES_MAX: usize = 16 * 1024;
/// After an error of the listener, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long requests under way may take when the keeper ends.
const END_DEADLINE: Duration = Duration::from_secs(2);

/// Serves until `stop` is cancelled.
pub async fn serve(listener: TcpListener, desk: Arc<Desk>, stop: CancellationToken) {
    let open = Arc::new(Open::default());
    let tasks = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, from)) => match Open::enter(&open, from.ip()) {
                Some(place) => {
                    let desk = Arc::clone(&desk);
                    tasks.spawn(async move {
                        converse(stream, from, desk).await;
                        drop(place);
                    });
                }
                // It is closed without a word: a flood is not to cost us one.
                None => desk.complain(&Refusal::Busy, from),
            },
            Err(error) => {
                tracing::warn!(target: "peers", %error, "A connection could not be accepted.");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    tasks.close();
    let _ = timeout(END_DEADLINE, tasks.wait()).await;
}

async fn converse(stream: TcpStream, from: SocketAddr, desk: Arc<Desk>) {
    // A small answer waits for nothing.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let desk = Arc::clone(&desk);
        async move { Ok::<_, Infallible>(desk.answer(from, request.map(Body::new)).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_DEADLINE)
        .max_buf_size(HEADER_BYTES_MAX)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    // Whoever ends early or sends what is no HTTP is gone; there is nothing to do about it.
    let _ = timeout(CONNECTION_DEADLINE, connection).await;
}

/// The connections there are, by address.
#[derive(Debug, Default)]
struct Open {
    of: Mutex<HashMap<IpAddr, usize>>,
}

/// A place among them; free again when it is dropped.
struct Place {
    open: Arc<Open>,
    ip: IpAddr,
}

impl Open {
    fn enter(open: &Arc<Self>, ip: IpAddr) -> Option<Place> {
        let mut of = open.of.lock().unwrap_or_else(PoisonError::into_inner);
        let own = of.get(&ip).copied().unwrap_or_default();
        if own >= CONNECTIONS_OF_ONE_MAX || of.values().sum::<usize>() >= CONNECTIONS_MAX {
            return None;
        }
        of.insert(ip, own + 1);
        Some(Place { open: Arc::clone(open), ip })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut of = self.open.of.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = of.get_mut(&self.ip) {
            *own -= 1;
            if *own == 0 {
                of.remove(&self.ip);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_and_come_back() {
        let open = Arc::new(Open::default());
        let ip = |last: u8| IpAddr::from([127, 0, 0, last]);
        let first: Vec<_> =
            (0..CONNECTIONS_OF_ONE_MAX).map(|_| Open::enter(&open, ip(1)).unwrap()).collect();
        assert!(Open::enter(&open, ip(1)).is_none(), "one address has its share");
        let others: Vec<_> = (0..CONNECTIONS_MAX - CONNECTIONS_OF_ONE_MAX)
            .map(|_| Open::enter(&open, ip(2)).unwrap())
            .collect();
        assert!(Open::enter(&open, ip(3)).is_none(), "all are taken");
        drop(first);
        assert!(Open::enter(&open, ip(1)).is_some());
        drop(others);
        assert!(open.of.lock().unwrap().is_empty());
    }
}
