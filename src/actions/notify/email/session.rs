//! One connection to the server: there, secured, logged in, and what it takes.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Quit, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::super::channel::DeliveryError;
use super::super::setup::SetupError;
use super::super::words;
use super::Security;
use super::wire::{self, Wire};
use crate::nodeos::rpc::install_tls;

/// How long the connection may take.
const CONNECT_DEADLINE: Duration = Duration::from_secs(10);
/// How long the server may take to answer a word of ours. Less than RFC 5321 asks for (minutes):
/// a try has half a minute in all, and the next one comes soon.
const COMMAND_DEADLINE: Duration = Duration::from_secs(10);
/// How long it may take to take the mail.
const DATA_DEADLINE: Duration = Duration::from_secs(20);
/// How long a good-bye may take.
const QUIT_DEADLINE: Duration = Duration::from_secs(1);
/// What the server said is bounded in a failure.
const SAID_CHARS_MAX: usize = 200;
/// A greeting for the connection after `STARTTLS`: the server said its own before.
const GREETING: &[u8] = b"220 continued\r\n";

/// The server, and how it is spoken to.
pub(super) struct Server {
    host: String,
    port: u16,
    security: Security,
    credentials: Option<Credentials>,
    tls: Option<Arc<ClientConfig>>,
    hello: ClientId,
}

impl Server {
    pub(super) fn new(
        host: String,
        port: u16,
        security: Security,
        login: Option<(String, String)>,
        ca_file: Option<&Path>,
    ) -> Result<Self, SetupError> {
        let tls = match security {
            Security::Tls | Security::Starttls => Some(Arc::new(tls(ca_file)?)),
            Security::None => None,
        };
        let credentials = login.map(|(user, password)| Credentials::new(user, password));
        Ok(Self { host, port, security, credentials, tls, hello: ClientId::default() })
    }

    fn fault(&self, what: &str) -> DeliveryError {
        let what = words::clip(&words::clean(what), SAID_CHARS_MAX);
        DeliveryError::passing(format!("{}:{}: {what}", self.host, self.port))
    }

    /// Waits for one step, and names it where it fails.
    async fn step<T, E: std::fmt::Display>(
        &self,
        what: &str,
        deadline: Duration,
        step: impl Future<Output = Result<T, E>>,
    ) -> Result<T, DeliveryError> {
        match timeout(deadline, step).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => Err(self.fault(&format!("{what}: {error}"))),
            Err(_) => Err(self.fault(&format!("{what}: nothing within {} s", deadline.as_secs()))),
        }
    }

    /// The same for a word of SMTP, of which the server may say that it will never take it: then it
    /// refuses us or what we said, as `refusal` has it.
    async fn said<T>(
        &self,
        what: &str,
        deadline: Duration,
        refusal: fn(String) -> DeliveryError,
        step: impl Future<Output = Result<T, SmtpError>>,
    ) -> Result<T, DeliveryError> {
        match timeout(deadline, step).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) if error.is_permanent() => {
                let why = words::clip(&words::clean(&error.to_string()), SAID_CHARS_MAX);
                Err(refusal(format!("{}:{}: {what}: {why}", self.host, self.port)))
            }
            Ok(Err(error)) => Err(self.fault(&format!("{what}: {error}"))),
            Err(_) => Err(self.fault(&format!("{what}: nothing within {} s", deadline.as_secs()))),
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, DeliveryError> {
        let address = (self.host.as_str(), self.port);
        let mut stream =
            self.step("connecting", CONNECT_DEADLINE, TcpStream::connect(address)).await?;
        let peer = stream.peer_addr().map_err(|error| self.fault(&error.to_string()))?;
        let greeting = match self.security {
            Security::None => {
                let wire = Box::new(Wire::new(stream, peer, b""));
                let hello = AsyncSmtpConnection::connect_with_transport(wire, &self.hello);
                return self.said("EHLO", COMMAND_DEADLINE, DeliveryError::Refused, hello).await;
            }
            Security::Starttls => {
                self.step("STARTTLS", COMMAND_DEADLINE, self.starttls(&mut stream)).await?;
                GREETING
            }
            Security::Tls => b"",
        };
        let stream = self.secured(stream).await?;
        let wire = Box::new(Wire::new(stream, peer, greeting));
        let hello = AsyncSmtpConnection::connect_with_transport(wire, &self.hello);
        self.said("EHLO", COMMAND_DEADLINE, DeliveryError::Refused, hello).await
    }

    /// Asks for TLS. A server that does not offer it gets nothing: somebody on the way may have
    /// taken the offer away.
    async fn starttls(&self, stream: &mut TcpStream) -> std::io::Result<()> {
        let refused = |what: &str, answer: &wire::Answer| {
            let said = answer.lines.join(" ");
            std::io::Error::other(format!("{what} with {} {said}", answer.code))
        };
        let greeting = wire::ask(stream, "").await?;
        if greeting.code != 220 {
            return Err(refused("it greets", &greeting));
        }
        let hello = wire::ask(stream, &format!("EHLO {}", self.hello)).await?;
        if hello.code != 250 {
            return Err(refused("it answers EHLO", &hello));
        }
        if !hello.lines.iter().skip(1).any(|line| line.trim().eq_ignore_ascii_case("STARTTLS")) {
            return Err(std::io::Error::other("the server does not offer it; nothing was sent"));
        }
        let ready = wire::ask(stream, "STARTTLS").await?;
        if ready.code == 220 { Ok(()) } else { Err(refused("it answers", &ready)) }
    }

    async fn secured(
        &self,
        stream: TcpStream,
    ) -> Result<tokio_rustls::client::TlsStream<TcpStream>, DeliveryError> {
        let name = ServerName::try_from(self.host.clone())
            .map_err(|_| self.fault("its name cannot stand in a certificate"))?;
        let Some(config) = &self.tls else {
            return Err(self.fault("TLS is not set up"));
        };
        let handshake = TlsConnector::from(Arc::clone(config)).connect(name, stream);
        self.step("TLS", CONNECT_DEADLINE, handshake).await
    }
}

/// A connection on which mail can be sent.
pub(super) struct Session<'a> {
    server: &'a Server,
    connection: AsyncSmtpConnection,
}

/// Who took the mail, and who did not.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) by: Vec<Address>,
    /// Addresses the server refuses for now, with its words.
    pub(super) later: Vec<String>,
    /// Addresses it refuses for good, with its words.
    pub(super) refused: Vec<String>,
}

impl<'a> Session<'a> {
    /// Connects, secures and logs in.
    pub(super) async fn open(server: &'a Server) -> Result<Self, DeliveryError> {
        let mut connection = server.connect().await?;
        if let Some(credentials) = &server.credentials {
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            if connection.server_info().get_auth_mechanism(&mechanisms).is_none() {
                return Err(server.fault("it asks for no password (no AUTH PLAIN or LOGIN)"));
            }
            let login = connection.auth(&mechanisms, credentials);
            server.said("logging in", COMMAND_DEADLINE, DeliveryError::Refused, login).await?;
        }
        Ok(Self { server, connection })
    }

    /// Sends a mail to those the server takes it for.
    pub(super) async fn send(
        &mut self,
        from: &Address,
        to: &[Address],
        mail: &[u8],
    ) -> Result<Taken, DeliveryError> {
        let (server, connection) = (self.server, &mut self.connection);
        let sender = connection.command(Mail::new(Some(from.clone()), Vec::new()));
        server.said("MAIL FROM", COMMAND_DEADLINE, DeliveryError::Refused, sender).await?;
        let mut taken = Taken::default();
        for address in to {
            let recipient = connection.command(Rcpt::new(address.clone(), Vec::new()));
            match timeout(COMMAND_DEADLINE, recipient).await {
                Ok(Ok(_)) => taken.by.push(address.clone()),
                Ok(Err(error)) if error.status().is_some() => {
                    let why = words::clip(&words::clean(&error.to_string()), SAID_CHARS_MAX);
                    let list =
                        if error.is_permanent() { &mut taken.refused } else { &mut taken.later };
                    list.push(format!("{address}: {why}"));
                }
                Ok(Err(error)) => return Err(server.fault(&format!("RCPT TO: {error}"))),
                Err(_) => {
                    let seconds = COMMAND_DEADLINE.as_secs();
                    return Err(server.fault(&format!("RCPT TO: nothing within {seconds} s")));
                }
            }
        }
        if taken.by.is_empty() {
            return Ok(taken);
        }
        let data = connection.command(Data);
        server.said("DATA", COMMAND_DEADLINE, DeliveryError::Lasting, data).await?;
        let sent = connection.message(mail);
        server.said("the mail", DATA_DEADLINE, DeliveryError::Lasting, sent).await?;
        Ok(taken)
    }

    /// Says good-bye; whether it is heard does not matter.
    pub(super) async fn end(mut self) {
        let _ = timeout(QUIT_DEADLINE, self.connection.command(Quit)).await;
    }
}

/// TLS with the system's certificates, or with those of a file.
fn tls(ca_file: Option<&Path>) -> Result<ClientConfig, SetupError> {
    install_tls();
    let builder = ClientConfig::builder();
    let Some(path) = ca_file else {
        let builder = builder.with_platform_verifier().map_err(|error| {
            SetupError(format!("TLS: {error}; install the package ca-certificates"))
        })?;
        return Ok(builder.with_no_client_auth());
    };
    let wrong = |why: String| {
        let path = path.display();
        SetupError(format!("{path}: {why}; give ca_file a PEM file with the certificates"))
    };
    let text = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(wrong("it holds no certificate".to_owned()));
    }
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
