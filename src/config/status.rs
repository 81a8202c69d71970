//! Who may ask the keeper, and how it is spoken to.

use std::fmt;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;

use super::peers::Secret;

/// The environment's word for the token, where no file is named.
pub const STATUS_TOKEN_ENV: &str = "EOSKEEPER_STATUS_TOKEN";

/// Who may ask the keeper over HTTP.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusAccess {
    /// What whoever asks must show; `None` lets everybody ask who reaches the address.
    pub token: Option<Secret>,
    /// How HTTPS is spoken; `None` is plain HTTP.
    pub tls: Option<StatusTls>,
}

/// A certificate and how a server speaks that has its key.
#[derive(Clone)]
pub struct StatusTls {
    /// The keeper's own certificate: who asks on this host believes this one and no other.
    pub certificate: CertificateDer<'static>,
    /// For the server.
    pub server: Arc<ServerConfig>,
}

impl PartialEq for StatusTls {
    fn eq(&self, other: &Self) -> bool {
        self.certificate == other.certificate
    }
}

impl Eq for StatusTls {}

impl fmt::Debug for StatusTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StatusTls(…)")
    }
}
