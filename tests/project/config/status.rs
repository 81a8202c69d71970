//! `[status]` and `[fleet]`: who may read the status, and over what.

use std::path::PathBuf;

use super::{LEAST, loaded, parsed, secret_file};

/// A certificate that signed itself, and its key.
pub(super) fn certificate() -> (PathBuf, PathBuf) {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["keeper.example".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    // Files of their own: tests run side by side.
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap().keep();
    let (one, other) = (dir.join("status.pem"), dir.join("status.key"));
    std::fs::write(&one, certificate.pem()).unwrap();
    std::fs::write(&other, key.serialize_pem()).unwrap();
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&other, private).unwrap();
    (one, other)
}

/// A configuration with TLS.
pub(super) fn with_certificate() -> String {
    let (certificate, key) = certificate();
    format!("{LEAST}[status]\ntls_cert = {}\ntls_key = {}\n", certificate.display(), key.display())
}

/// The one message that a configuration gives.
fn refused(lines: &str) -> String {
    parsed(&format!("{LEAST}{lines}\n")).unwrap_err().to_string()
}

#[test]
fn an_address_that_others_reach_is_refused_where_everybody_could_read_it() {
    for listen in ["0.0.0.0:9880", "[::]:9880", "10.0.0.5:9880"] {
        let message = refused(&format!("[status]\nlisten = {listen}"));
        let what = format!("{listen} is no loopback address, and neither a token nor TLS keeps");
        assert!(message.contains(&what) && message.contains("token_file"), "{message}");
    }
    let token = secret_file(0o600, "0123456789abcdef");
    let with_token = format!("[status]\nlisten = 0.0.0.0:9880\ntoken_file = {}\n", token.display());
    let config = loaded(&format!("{LEAST}{with_token}"));
    assert_eq!(config.status_access.token.unwrap().bytes(), b"0123456789abcdef");
    let with_tls = with_certificate().replace("[status]\n", "[status]\nlisten = 0.0.0.0:9880\n");
    assert!(loaded(&with_tls).status_access.tls.is_some());
}

#[test]
fn a_token_must_be_secret_long_and_fit_a_header() {
    for (mode, token, what) in [
        (0o604, "0123456789abcdef", "is open to everybody"),
        (0o600, "0123456789abcde", "the secret has 15 bytes"),
        (0o600, "0123456789 abcdef", "blanks or characters"),
        (0o600, "0123456789äbcdefg", "blanks or characters"),
    ] {
        let file = secret_file(mode, token);
        let message = refused(&format!("[status]\ntoken_file = {}", file.display()));
        assert!(message.contains(what) && !message.contains(token), "{message}");
    }
    let message = refused("[status]\ntoken_file = ./absent");
    assert!(message.contains("cannot be read") && message.contains("head -c 24"), "{message}");
    let message = refused("[fleet]\nurls = a=http://a\ntoken_file = ./absent");
    assert!(message.contains("what the members' [status] token_file holds"), "{message}");
}

#[test]
fn a_certificate_and_its_key_belong_together() {
    let (certificate, key) = certificate();
    let (other, _) = self::certificate();
    let (certificate, key) = (certificate.display(), key.display());
    for (lines, what) in [
        (format!("tls_cert = {certificate}"), "tls_key: the key is missing, and tls_cert is given"),
        (format!("tls_key = {key}"), "tls_cert: the key is missing, and tls_key is given"),
        (format!("tls_cert = {key}\ntls_key = {key}"), "it holds no certificate in PEM"),
        (
            format!("tls_cert = {certificate}\ntls_key = {certificate}"),
            // A certificate is no secret, and its file is open.
            "is open to everybody",
        ),
        (
            format!("tls_cert = {}\ntls_key = {key}", other.display()),
            "the certificate and its key are of no use together",
        ),
        (format!("tls_cert = ./absent\ntls_key = {key}"), "cannot be read"),
    ] {
        let message = refused(&format!("[status]\n{lines}"));
        assert!(message.contains(what), "{what}\n{message}");
    }
}
