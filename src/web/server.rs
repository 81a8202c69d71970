//! Listens for whoever asks. There are only so many connections, in all and of one address; the
//! headers must come soon, bodies are not read, and whoever does not take an answer is dropped.

mod patient;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use patient::Patient;

/// Most connections at once.
pub const CONNECTIONS_MAX: usize = 256;
/// Most connections of one address at once, so that one host cannot take them all; a proxy is one
/// address, and so is everybody on this host.
pub const CONNECTIONS_OF_ONE_MAX: usize = 128;
/// How long the handshake of TLS may take, and how long the headers of a request, from the moment
/// the connection waits for one: also how long an idle connection is kept.
const HEADER_DEADLINE: Duration = Duration::from_secs(10);
/// Most bytes of headers.
const HEADER_BYTES_MAX: usize = 16 * 1024;
/// Whoever takes no byte of an answer for so long is gone.
const WRITE_DEADLINE: Duration = Duration::from_secs(20);
/// The longest connection: a page that is open for longer connects anew by itself.
const CONNECTION_DEADLINE: Duration = Duration::from_secs(6 * 3600);
/// After an error of the listener, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long requests under way may take when the keeper ends.
const END_DEADLINE: Duration = Duration::from_secs(2);

/// Serves until `stop` is cancelled.
pub(super) async fn serve(
    listener: TcpListener,
    routes: Router,
    tls: Option<Arc<rustls::ServerConfig>>,
    stop: CancellationToken,
) {
    let (open, tasks) = (Arc::new(Open::default()), TaskTracker::new());
    let tls = tls.map(TlsAcceptor::from);
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, from)) => {
                // One too many is closed without a word: a flood is not to cost us one.
                let Some(place) = Open::enter(&open, from.ip()) else { continue };
                let (routes, tls, stop) = (routes.clone(), tls.clone(), stop.clone());
                tasks.spawn(async move {
                    converse(stream, routes, tls, stop).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "A connection to the page could not be accepted.");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    tasks.close();
    let _ = timeout(END_DEADLINE, tasks.wait()).await;
}

async fn converse(
    stream: TcpStream,
    routes: Router,
    tls: Option<TlsAcceptor>,
    stop: CancellationToken,
) {
    // A small answer waits for nothing.
    let _ = stream.set_nodelay(true);
    match tls {
        None => answer(stream, routes, stop).await,
        Some(tls) => {
            // Whoever speaks no TLS, or does not believe the certificate, is gone.
            if let Ok(Ok(stream)) = timeout(HEADER_DEADLINE, tls.accept(stream)).await {
                answer(stream, routes, stop).await;
            }
        }
    }
}

async fn answer<S>(stream: S, routes: Router, stop: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let stream = TokioIo::new(Patient::new(stream, WRITE_DEADLINE));
    let mut connection = Box::pin(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_DEADLINE)
            .max_buf_size(HEADER_BYTES_MAX)
            .serve_connection(stream, TowerToHyperService::new(routes)),
    );
    // Whoever ends early or sends what is no HTTP is gone; there is nothing to do about it.
    let is_ended = tokio::select! {
        _ = timeout(CONNECTION_DEADLINE, connection.as_mut()) => true,
        () = stop.cancelled() => false,
    };
    if !is_ended {
        connection.as_mut().graceful_shutdown();
        let _ = timeout(END_DEADLINE, connection).await;
    }
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
