//! `[status]`: who may ask the keeper, and whether the answer is encrypted.

use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::super::peers::Secret;
use super::super::status::{STATUS_TOKEN_ENV, StatusAccess, StatusTls};
use super::super::tree::Status;
use super::watched::read_bytes;
use super::{Resolver, secret};

const SECTION: &str = "status";
/// Least bytes of a token: nobody guesses 96 random bits, which these are in base64.
const TOKEN_BYTES_MIN: usize = 16;
/// Largest file of certificates that is read.
const CERTIFICATES_BYTES_MAX: u64 = 256 * 1024;
/// How a token is made, as every message about one says.
const MAKE: &str = "make one by: umask 077; head -c 24 /dev/urandom | base64 > FILE";
/// How a key and its certificate are made, as every message about them says.
const MAKE_KEY: &str = "name the key and the certificate that belong together, both in PEM";

impl Resolver<'_> {
    /// Who may ask, and how. An address that others reach is refused where anybody could read it.
    pub(super) fn status(&mut self, keys: &Status) -> StatusAccess {
        let token = self.status_token(keys.token_file.as_deref());
        let tls = self.status_tls(keys);
        let is_guarded = token.is_some()
            || self.given.is_given(SECTION, "token_file")
            || self.given.is_given(SECTION, "tls_cert")
            || self.given.is_given(SECTION, "tls_key");
        if !keys.listen.ip().to_canonical().is_loopback() && !is_guarded {
            let what = format!(
                "{} is no loopback address, and neither a token nor TLS keeps strangers out",
                keys.listen
            );
            let allowed = "give [status] token_file (umask 077; head -c 24 /dev/urandom | base64 > \
                           FILE), or tls_cert and tls_key, or listen on 127.0.0.1";
            self.problem(SECTION, "listen", &what, allowed);
        }
        StatusAccess { token, tls }
    }

    fn status_token(&mut self, file: Option<&Path>) -> Option<Secret> {
        let text = match file {
            Some(file) => {
                let path = self.path(file);
                secret::read(&path, MAKE)
                    .map_err(|(what, allowed)| (format!("{}: {what}", path.display()), allowed))
            }
            None => Ok(std::env::var_os(STATUS_TOKEN_ENV)?.into_encoded_bytes()),
        };
        let token = text.and_then(|text| {
            Secret::at_least(TOKEN_BYTES_MIN, &text).map_err(|what| (what, MAKE)).and_then(
                |token| {
                    let what = "the token has blanks or characters that are not ASCII in it";
                    if token.is_header() { Ok(token) } else { Err((what.to_owned(), MAKE)) }
                },
            )
        });
        token.map_err(|(what, allowed)| self.problem(SECTION, "token_file", &what, allowed)).ok()
    }

    fn status_tls(&mut self, keys: &Status) -> Option<StatusTls> {
        let (certificate, key) = match (&keys.tls_cert, &keys.tls_key) {
            (Some(certificate), Some(key)) => (self.path(certificate), self.path(key)),
            (Some(_), None) => {
                let what = "the key is missing, and tls_cert is given";
                self.problem(SECTION, "tls_key", what, MAKE_KEY);
                return None;
            }
            (None, Some(_)) => {
                let what = "the key is missing, and tls_key is given";
                self.problem(SECTION, "tls_cert", what, MAKE_KEY);
                return None;
            }
            (None, None) => return None,
        };
        let chain = chain(&certificate)
            .map_err(|what| {
                let what = format!("{}: {what}", certificate.display());
                self.problem(SECTION, "tls_cert", &what, "name a file of certificates in PEM");
            })
            .ok();
        let private = private_key(&key)
            .map_err(|(what, allowed)| {
                let what = format!("{}: {what}", key.display());
                self.problem(SECTION, "tls_key", &what, allowed);
            })
            .ok();
        let (chain, private) = chain.zip(private)?;
        let certificate = chain.first()?.clone();
        match server(chain, private) {
            Ok(server) => Some(StatusTls { certificate, server: Arc::new(server) }),
            Err(error) => {
                let what = format!("the certificate and its key are of no use together: {error}");
                self.problem(SECTION, "tls_key", &what, MAKE_KEY);
                None
            }
        }
    }
}

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let pem = read_bytes(path, CERTIFICATES_BYTES_MAX)?;
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match all {
        Ok(all) if !all.is_empty() => Ok(all),
        Ok(_) => Err("it holds no certificate in PEM".to_owned()),
        Err(error) => Err(format!("it is no PEM: {error}")),
    }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, (String, &'static str)> {
    let pem = secret::read(path, MAKE_KEY)?;
    // The words of the error may hold a piece of the key.
    PrivateKeyDer::from_pem_slice(&pem)
        .map_err(|_| ("it holds no private key in PEM".to_owned(), MAKE_KEY))
}

fn server(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<ServerConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    server.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(server)
}
