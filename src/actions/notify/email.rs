//! Mail, by a server that takes it for us.
//!
//! One mail goes to everybody; who was refused for a while (greylisting) gets it with the next try,
//! which passes over those who have it. The `Message-ID` is made of the message's id, so that it is
//! the same with each try, and every mail of an incident answers the first one.

mod compose;
#[cfg(feature = "fuzz")]
pub(crate) mod fuzz;
mod html;
mod session;
mod wire;

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use lettre::Address;
use lettre::message::Mailbox;

use super::channel::{Channel, Delivered, Delivering, Delivery, DeliveryError};
use super::setup::SetupError;
use session::{Server, Session, Taken};

/// How mail is sent.
pub struct Setup {
    /// The server's name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way to it is protected.
    pub security: Security,
    /// User and password, where it asks.
    pub login: Option<(String, String)>,
    /// Whom the mail is from.
    pub from: Mailbox,
    /// Whom it is for.
    pub to: Vec<Mailbox>,
    /// The certificates the server's own is signed by; else the system's are used.
    pub ca_file: Option<PathBuf>,
}

/// How the way to the server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte.
    Tls,
    /// TLS once both have said hello, or nothing.
    Starttls,
    /// Not at all.
    None,
}

/// Mail to some people.
pub struct Email {
    server: Server,
    from: Mailbox,
    to: Vec<Mailbox>,
    /// Who has the message that is being delivered already: its id, and they.
    have_it: Mutex<(String, Vec<Address>)>,
}

impl Email {
    /// Nothing is connected yet.
    ///
    /// # Errors
    /// When TLS cannot be set up, or `ca_file` cannot be used.
    pub fn new(setup: Setup) -> Result<Self, SetupError> {
        let Setup { host, port, security, login, from, to, ca_file } = setup;
        let server = Server::new(host, port, security, login, ca_file.as_deref())?;
        Ok(Self { server, from, to, have_it: Mutex::default() })
    }

    /// Connects, secures the connection and logs in; sends nothing.
    ///
    /// # Errors
    /// What does not work.
    pub async fn probe(&self) -> Result<(), DeliveryError> {
        let session = Session::open(&self.server).await?;
        session.end().await;
        Ok(())
    }

    async fn tell(&self, delivery: &Delivery) -> Result<Delivered, DeliveryError> {
        let message = &delivery.message;
        let had = self.have_it(&message.id);
        let left: Vec<Address> = self
            .to
            .iter()
            .map(|mailbox| mailbox.email.clone())
            .filter(|address| !had.contains(address))
            .collect();
        let root = delivery.shown.as_deref().filter(|root| compose::is_id(root));
        let mail = compose::mail(delivery, &self.from, &self.to, root)?;
        let mut session = Session::open(&self.server).await?;
        let sent = session.send(&self.from.email, &left, &mail.bytes).await;
        session.end().await;
        let taken = sent?;
        self.remember(&message.id, &taken.by);
        self.judge(&taken, had.len())?;
        let shown = if root.is_none() { Some(mail.id) } else { None };
        let is_of_an_incident = !message.incident.is_empty();
        Ok(Delivered { shown: shown.filter(|_| is_of_an_incident), remove_after: None })
    }

    /// Delivered is what somebody has and nobody is to get later.
    fn judge(&self, taken: &Taken, had: usize) -> Result<(), DeliveryError> {
        for refusal in &taken.refused {
            tracing::error!(channel = "email", "The mail server does not take mail for {refusal}");
        }
        let later = taken.later.join("; ");
        if !later.is_empty() {
            let have = taken.by.len() + had;
            let of = self.to.len();
            return Err(DeliveryError::passing(format!("{have} of {of} have it; {later}")));
        }
        if taken.by.is_empty() && had == 0 {
            // Addresses or rights that are wrong: another message fares no better.
            return Err(DeliveryError::Refused(taken.refused.join("; ")));
        }
        Ok(())
    }

    fn have_it(&self, id: &str) -> Vec<Address> {
        let known = self.have_it.lock().unwrap_or_else(PoisonError::into_inner);
        if known.0 == id { known.1.clone() } else { Vec::new() }
    }

    fn remember(&self, id: &str, by: &[Address]) {
        let mut known = self.have_it.lock().unwrap_or_else(PoisonError::into_inner);
        if known.0 != id {
            *known = (id.to_owned(), Vec::new());
        }
        known.1.extend_from_slice(by);
    }
}

impl Channel for Email {
    fn name(&self) -> &'static str {
        "email"
    }

    fn takes_pictures(&self) -> bool {
        true
    }

    fn deliver<'a>(&'a self, delivery: &'a Delivery) -> Delivering<'a> {
        Box::pin(self.tell(delivery))
    }
}
