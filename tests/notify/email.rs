//! The e-mail channel against a server that misbehaves on order. The well-behaved one is real:
//! `tests/email_smtp`.

#[allow(dead_code, reason = "each test of a channel uses another part of it")]
use crate::notify_support;

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use eoskeeper::actions::notify::channel::{Channel, Delivered, DeliveryError};
use eoskeeper::actions::notify::email::{Email, Security, Setup};
use eoskeeper::core::alarm::message::MessageKind;
use notify_support::{delivery, fault, hostile, message};

/// An SMTP server that says what the test orders where a line begins with a word, once for each
/// order, and is well behaved beside.
struct Server {
    port: u16,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(orders: &[(&str, &str)]) -> Self {
        let orders = orders.iter().map(|(word, answer)| ((*word).to_owned(), (*answer).to_owned()));
        let orders = Arc::new(Mutex::new(orders.collect::<Vec<_>>()));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&lines);
        // Ends with the process; a test has few of them.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (orders, seen) = (Arc::clone(&orders), Arc::clone(&seen));
                thread::spawn(move || drop(talk(stream.unwrap(), &orders, &seen)));
            }
        });
        Self { port, lines }
    }

    fn channel(&self, security: Security, to: &[&str]) -> Email {
        Email::new(Setup {
            host: "127.0.0.1".to_owned(),
            port: self.port,
            security,
            login: None,
            from: "eoskeeper <eoskeeper@example.org>".parse().unwrap(),
            to: to.iter().map(|address| address.parse().unwrap()).collect(),
            ca_file: None,
        })
        .unwrap()
    }

    fn lines(&self) -> Vec<String> {
        std::mem::take(&mut *self.lines.lock().unwrap())
    }
}

type Orders = Mutex<Vec<(String, String)>>;

fn talk(mut stream: TcpStream, orders: &Orders, seen: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let order = |line: &str| {
        let mut orders = orders.lock().unwrap();
        let at = orders.iter().position(|(word, _)| line.starts_with(word.as_str()))?;
        Some(orders.remove(at).1)
    };
    let reader = BufReader::new(stream.try_clone()?);
    let greeting = order("greeting").unwrap_or_else(|| "220 mail.example ESMTP".to_owned());
    stream.write_all(format!("{greeting}\r\n").as_bytes())?;
    let mut in_data = false;
    for line in reader.lines() {
        let line = line?;
        seen.lock().unwrap().push(line.clone());
        if in_data && line != "." {
            continue;
        }
        let usual = match line.split(' ').next().unwrap_or_default() {
            "EHLO" => "250-mail.example\r\n250 8BITMIME",
            "DATA" => "354 go on",
            _ => "250 ok",
        };
        in_data = line == "DATA";
        match order(&line).as_deref() {
            Some("hang") => loop {
                thread::park();
            },
            Some("close") => return Ok(()),
            Some("flood") => while stream.write_all(&[b'2'; 4096]).is_ok() {},
            Some(answer) => {
                in_data = in_data && answer.starts_with('3');
                stream.write_all(format!("{answer}\r\n").as_bytes())?;
            }
            None => stream.write_all(format!("{usual}\r\n").as_bytes())?,
        }
    }
    Ok(())
}

async fn told(server: &Server, security: Security) -> Result<Delivered, DeliveryError> {
    let channel = server.channel(security, &["ops@example.org"]);
    channel.deliver(&delivery(message(MessageKind::Raised))).await
}

#[tokio::test]
async fn a_failure_passes_unless_the_server_refuses_us_or_the_mail() {
    for (word, answer, expected, words) in [
        ("greeting", "421 too many", "passing", "EHLO: transient error (421): too many"),
        ("greeting", "554 not you", "refused", "EHLO: permanent error (554): not you"),
        ("greeting", "SSH-2.0-x", "passing", "EHLO: "),
        ("EHLO", "close", "passing", "EHLO: "),
        ("EHLO", "flood", "passing", "EHLO: network error: it says more than a mail server has"),
        ("MAIL", "451 later", "passing", "MAIL FROM: transient error (451): later"),
        ("MAIL", "550 never", "refused", "MAIL FROM: permanent error (550): never"),
        ("RCPT", "450 greylisted", "passing", "0 of 1 have it; ops@example.org: "),
        ("RCPT", "550 no such user", "refused", "ops@example.org: permanent error (550)"),
        ("RCPT", "close", "passing", "RCPT TO: "),
        ("DATA", "452 full", "passing", "DATA: transient error (452): full"),
        (".", "554 spam \u{1b}[31m", "lasting", "the mail: permanent error (554): spam"),
        (".", "close", "passing", "the mail: "),
    ] {
        let server = Server::start(&[(word, answer)]);
        let (kind, why) = fault(told(&server, Security::None).await);
        assert_eq!(kind, expected, "{word} {answer}: {why}");
        assert!(why.contains(words) && !why.contains('\u{1b}'), "{word} {answer}: {why}");
    }
}

#[tokio::test]
async fn nothing_is_sent_where_starttls_is_not_offered_or_is_tampered_with() {
    for (orders, words) in [
        (vec![], "STARTTLS: the server does not offer it; nothing was sent"),
        (
            vec![("EHLO", "250-x\r\n250 STARTTLS"), ("STARTTLS", "454 not now")],
            "it answers with 454",
        ),
        (
            vec![("EHLO", "250-x\r\n250 STARTTLS"), ("STARTTLS", "220 go\r\n250 injected")],
            "it says more than it was asked, before TLS",
        ),
        (vec![("EHLO", "250-x\r\n250 STARTTLS"), ("STARTTLS", "220 go")], "TLS: "),
    ] {
        let server = Server::start(&orders);
        let (kind, why) = fault(told(&server, Security::Starttls).await);
        assert!(kind == "passing" && why.contains(words), "{why}");
        let lines = server.lines();
        assert!(!lines.iter().any(|line| line.starts_with("MAIL")), "{lines:?}");
    }
}

#[tokio::test]
async fn a_server_that_hangs_is_given_up() {
    for (security, word, words) in [
        (Security::None, "EHLO", "EHLO: nothing within 10 s"),
        (Security::Starttls, "EHLO", "STARTTLS: nothing within 10 s"),
        (Security::None, "MAIL", "MAIL FROM: nothing within 10 s"),
    ] {
        let server = Server::start(&[(word, "hang")]);
        let (kind, why) = fault(told(&server, security).await);
        assert!(kind == "passing" && why.ends_with(words), "{why}");
    }
}

#[tokio::test]
async fn who_was_refused_for_a_while_gets_it_later_and_the_others_once() {
    let server = Server::start(&[
        ("RCPT TO:<b@example.org>", "450 greylisted"),
        ("RCPT TO:<c@example.org>", "550 no such user"),
    ]);
    let channel =
        server.channel(Security::None, &["a@example.org", "b@example.org", "c@example.org"]);
    let sent = delivery(message(MessageKind::Raised));
    let (kind, why) = fault(channel.deliver(&sent).await);
    assert!(kind == "passing" && why.starts_with("1 of 3 have it; b@example.org: "), "{why}");
    let lines = server.lines();
    assert!(lines.iter().any(|line| line == "."), "a has it: {lines:?}");
    let again = channel.deliver(&sent).await;
    assert!(again.is_ok(), "{again:?}");
    let lines = server.lines();
    let to: Vec<_> = lines.iter().filter(|line| line.starts_with("RCPT")).collect();
    assert_eq!(to, ["RCPT TO:<b@example.org>", "RCPT TO:<c@example.org>"]);
}

#[tokio::test]
async fn hostile_text_breaks_neither_headers_nor_the_mail() {
    let server = Server::start(&[]);
    let channel = server.channel(Security::None, &["ops@example.org"]);
    channel.deliver(&delivery(hostile(MessageKind::Raised))).await.unwrap();
    let lines = server.lines();
    let data = lines.iter().position(|line| line == "DATA").unwrap();
    let end = lines.iter().position(|line| line == ".").unwrap();
    let head: Vec<&String> =
        lines[data + 1..end].iter().take_while(|line| !line.is_empty()).collect();
    assert!(!head.iter().any(|line| line.to_ascii_lowercase().starts_with("bcc")), "{head:?}");
    // One mail, and the good-bye behind it.
    assert_eq!(lines[end + 1..], ["QUIT"]);
    assert!(lines[data + 1..end].iter().all(|line| line.is_ascii() && line.len() <= 998));
}
