//! An HTTP server on loopback that plays a service: it records what it is asked, checks it as the
//! test says, and misbehaves on order.
//!
//! ```ignore
//! let server = Server::start(|request| Reply::json(200, r#"{"ok":true}"#));
//! server.order(Reply::Hang); // the next request only; the one after it is answered as above
//! ```

mod multipart;
mod request;
mod tls;

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

pub(crate) use request::Request;
pub(crate) use tls::Authority;

/// For a connection that says nothing: longer than any deadline of a test, and it ends.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is done with a request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// A whole answer: status, headers beside its length, body.
    Answer(u16, Vec<(String, String)>, Vec<u8>),
    /// Headers that promise the whole body, and half of it; then the connection closes.
    Half(u16, Vec<u8>),
    /// Nothing, until the client gives up.
    Hang,
    /// Headers that promise a body, and nothing more until the client gives up.
    HangInBody,
    /// The connection closes without a word.
    Close,
    /// Something that is no HTTP.
    Garbage,
}

impl Reply {
    /// JSON with a status.
    pub(crate) fn json(status: u16, body: impl Into<String>) -> Self {
        let kind = ("Content-Type".to_owned(), "application/json".to_owned());
        Self::Answer(status, vec![kind], body.into().into_bytes())
    }

    /// 429 with `Retry-After` in seconds, and a body of JSON.
    pub(crate) fn too_many(seconds: u32, body: impl Into<String>) -> Self {
        Self::json(429, body).with("Retry-After", &seconds.to_string())
    }

    /// 302 to an address.
    pub(crate) fn redirect(to: &str) -> Self {
        Self::Answer(302, Vec::new(), Vec::new()).with("Location", to)
    }

    /// The same answer with one header more.
    pub(crate) fn with(self, name: &str, value: &str) -> Self {
        match self {
            Self::Answer(status, mut headers, body) => {
                headers.push((name.to_owned(), value.to_owned()));
                Self::Answer(status, headers, body)
            }
            other => other,
        }
    }
}

/// What the service does when it does not misbehave.
type Service = dyn Fn(&Request) -> Reply + Send + Sync;

struct Shared {
    service: Box<Service>,
    orders: Mutex<VecDeque<Reply>>,
    requests: Mutex<Vec<Request>>,
    stopped: AtomicBool,
}

/// Serves on a port of loopback until it is dropped.
pub(crate) struct Server {
    port: u16,
    scheme: &'static str,
    shared: Arc<Shared>,
}

impl Server {
    /// Speaks HTTP; each request is answered by `service`, but for what is ordered. One connection
    /// carries one request.
    pub(crate) fn start(service: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::serve(Box::new(service), None)
    }

    /// The same over TLS, with a certificate of `authority` for `name`, whatever address is called.
    pub(crate) fn start_tls(
        authority: &Authority,
        name: &str,
        service: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::serve(Box::new(service), Some(authority.server(name)))
    }

    fn serve(service: Box<Service>, tls: Option<Arc<rustls::ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let shared = Arc::new(Shared {
            service,
            orders: Mutex::default(),
            requests: Mutex::default(),
            stopped: AtomicBool::new(false),
        });
        let own = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if own.stopped.load(Ordering::Relaxed) {
                    return;
                }
                let (Ok(stream), own, tls) = (stream, Arc::clone(&own), tls.clone()) else {
                    continue;
                };
                thread::spawn(move || own.connection(stream, tls));
            }
        });
        Self { port, scheme, shared }
    }

    /// Its address, `http://127.0.0.1:PORT`; with TLS `https://localhost:PORT`.
    pub(crate) fn url(&self) -> String {
        let host = if self.scheme == "https" { "localhost" } else { "127.0.0.1" };
        format!("{}://{host}:{}", self.scheme, self.port)
    }

    /// The next request that nothing was ordered for yet is treated like this.
    pub(crate) fn order(&self, reply: Reply) {
        self.shared.orders.lock().unwrap().push_back(reply);
    }

    /// Every request so far that was read whole.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// The requests since the last call of this.
    pub(crate) fn take_requests(&self) -> Vec<Request> {
        std::mem::take(&mut *self.shared.requests.lock().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::Relaxed);
        // Wakes the listener, so that its thread sees it.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
    }
}

impl Shared {
    fn connection(&self, stream: TcpStream, tls: Option<Arc<rustls::ServerConfig>>) {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        match tls {
            None => self.answer(stream),
            Some(config) => {
                let session = rustls::ServerConnection::new(config).unwrap();
                self.answer(rustls::StreamOwned::new(session, stream));
            }
        }
    }

    fn answer(&self, mut stream: impl Read + Write) {
        // A handshake that fails, or a client that leaves, is no request.
        let Some(request) = Request::read(&mut stream) else { return };
        let order = self.orders.lock().unwrap().pop_front();
        let reply = order.unwrap_or_else(|| (self.service)(&request));
        // Before the answer: who has that finds the request here.
        self.requests.lock().unwrap().push(request);
        // The client may be gone, which is its right.
        drop(write(&mut stream, &reply));
    }
}

fn write(stream: &mut (impl Read + Write), reply: &Reply) -> std::io::Result<()> {
    match reply {
        Reply::Answer(status, headers, body) => {
            stream.write_all(&head(*status, headers, body.len()))?;
            stream.write_all(body)?;
        }
        Reply::Half(status, body) => {
            stream.write_all(&head(*status, &[], body.len()))?;
            stream.write_all(&body[..body.len() / 2])?;
        }
        Reply::Hang => wait_for_end(stream),
        Reply::HangInBody => {
            stream.write_all(&head(200, &[], 100))?;
            stream.flush()?;
            wait_for_end(stream);
        }
        Reply::Close => {}
        Reply::Garbage => stream.write_all(b"220 smtp.example ESMTP\r\n\r\n")?,
    }
    stream.flush()
}

fn head(status: u16, headers: &[(String, String)], length: usize) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("Connection: close\r\n\r\n");
    head.into_bytes()
}

/// Returns when the other side has closed.
fn wait_for_end(stream: &mut impl Read) {
    let mut rest = [0; 1024];
    while stream.read(&mut rest).is_ok_and(|count| count > 0) {}
}
