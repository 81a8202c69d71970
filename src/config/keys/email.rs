//! `[email]`: mail.

use super::super::channels::email::RECIPIENTS_MAX;
use super::super::kind::Kind;
use super::route::{levels, optional, reports};
use super::{DefaultValue, Key, Section};

pub(super) const SECTION: Section = Section {
    name: "email",
    help: "Mail, by a server that takes it for us: doc/alarms/email.md.",
    keys: &[
        optional(
            "smtp",
            Kind::MailServer,
            "mail.example.org",
            "none; no mail is sent",
            "The server that takes the mail. Without a port 465 with tls, 587 with starttls, 25 \
             with none.",
        ),
        Key {
            name: "security",
            field: "security",
            kind: Kind::Choice(&["tls", "starttls", "none"]),
            default: DefaultValue::Text("tls"),
            help: "How the way to the server is protected. A server that does not offer starttls \
                   gets nothing; none is for a server on this host.",
        },
        Key {
            name: "allow_insecure",
            field: "allow_insecure",
            kind: Kind::Bool,
            default: DefaultValue::Text("false"),
            help: "Whether security may be none to another host: everybody on the way can read \
                   the mail. A password is not sent then.",
        },
        optional(
            "user",
            Kind::Word,
            "eoskeeper@example.org",
            "none; the server asks nobody",
            "The name to log in with. Needs a password.",
        ),
        optional(
            "password_file",
            Kind::Path,
            "/etc/eoskeeper/smtp.password",
            "none; the environment's EOSKEEPER_SMTP_PASSWORD",
            "The file that holds the user's password; not readable by everybody on this host.",
        ),
        optional(
            "from",
            Kind::Mailbox,
            "eoskeeper <eoskeeper@example.org>",
            "none; must be given with smtp",
            "Whom the mail is from.",
        ),
        optional(
            "to",
            Kind::Mailboxes { max: RECIPIENTS_MAX },
            "ops@example.org, Night shift <night@example.org>",
            "none; must be given with smtp",
            "Whom it is for.",
        ),
        optional(
            "ca_file",
            Kind::Path,
            "/etc/eoskeeper/mail-ca.pem",
            "none; the system's certificates",
            "The certificates, PEM, that the server's own is signed by.",
        ),
        levels("page, warn, info"),
        reports("true"),
    ],
};
