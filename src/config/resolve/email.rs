//! `[email]`: all that a mail needs, and no password in the clear.

use super::super::channels::email::{Email, Keys, Login, Security, Server};
use super::Resolver;

const SECTION: &str = "email";
/// The environment's word for the password, where no file is named.
const PASSWORD: &str = "EOSKEEPER_SMTP_PASSWORD";

impl Resolver<'_> {
    /// How mail is sent, where it is.
    pub(super) fn email(&mut self, keys: &Keys) -> Option<Email> {
        if !self.is_used(SECTION, None) {
            return None;
        }
        for (key, allowed) in [
            ("smtp", "give the server that takes the mail, for example mail.example.org"),
            ("from", "give whom the mail is from, for example eoskeeper@example.org"),
            ("to", "give whom it is for, for example ops@example.org"),
        ] {
            if !self.given.is_given(SECTION, key) {
                self.problem(SECTION, key, "the key is missing", allowed);
            }
        }
        let server = keys.smtp.as_deref().and_then(Server::new);
        if let Some(server) = &server {
            self.check_security(keys, server);
        }
        let login = self.login(keys);
        if keys.ca_file.is_some() && keys.security == Security::None {
            let what = "ca_file is for tls and starttls, and security is none";
            self.problem(SECTION, "ca_file", what, "give another security, or remove ca_file");
        }
        let (server, from) = (server?, keys.from.clone()?);
        if keys.to.is_empty() {
            return None;
        }
        Some(Email {
            route: keys.route.route(),
            server,
            security: keys.security,
            login,
            from,
            to: keys.to.clone(),
            ca_file: keys.ca_file.as_deref().map(|path| self.path(path)),
        })
    }

    fn check_security(&mut self, keys: &Keys, server: &Server) {
        if keys.security != Security::None || server.is_loopback() {
            return;
        }
        if keys.user.is_some() {
            let what = "the password would be sent without TLS to another host";
            self.problem(SECTION, "security", what, "give tls or starttls");
        } else if !keys.allow_insecure {
            let what = format!("none is for this host, and {} is another", server.host);
            let allowed = "give tls or starttls, or allow_insecure = true";
            self.problem(SECTION, "security", &what, allowed);
        }
    }

    fn login(&mut self, keys: &Keys) -> Option<Login> {
        let Some(user) = &keys.user else {
            if keys.password_file.is_some() && !self.given.is_wrong(SECTION, "user") {
                let what = "user is not given";
                self.problem(SECTION, "password_file", what, "give both, or neither");
            }
            return None;
        };
        let get = "put the password of the mail account into the file";
        let place = (SECTION, "password_file");
        let file = keys.password_file.as_deref();
        let password = self.service_secret(place, file, PASSWORD, get)?;
        if password.text().is_none_or(|text| text.contains(char::is_control)) {
            let what = "the password is no text, or holds a control character";
            self.problem(SECTION, "password_file", what, "write it as UTF-8, on one line");
            return None;
        }
        Some(Login { user: user.clone(), password })
    }
}
