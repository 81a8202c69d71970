//! CloudWatch that misbehaves: each failure has a name and a next step, none holds a secret, and
//! what was not sent is sent later.

use crate::cloudwatch_support as support;
#[allow(dead_code, reason = "CloudWatch's answers are no JSON")]
use crate::http;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use eoskeeper::actions::cloudwatch::aggregator::{DATA_MAX, Statistic};
use eoskeeper::actions::cloudwatch::channel::CloudWatch;
use eoskeeper::actions::cloudwatch::client::metric_datum;
use eoskeeper::actions::cloudwatch::failure::Kind;
use eoskeeper::actions::cloudwatch::metric::Metric;
use eoskeeper::actions::cloudwatch::publisher::Publisher;
use eoskeeper::actions::cloudwatch::standing::Standing;
use eoskeeper::actions::cloudwatch::{Plan, Resolution, Selection};
use eoskeeper::actions::notify::channel::{Channel, DeliveryError};
use eoskeeper::core::action::Severity;
use eoskeeper::core::alarm::message::MessageKind;
use eoskeeper::core::time::Timestamp;
use http::Server;
use support::{ENVIRONMENT, SECRET, client, delivery, is_again, plan, status, wall};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// An error as CloudWatch says it.
fn said(status: u16, code: &str, message: &str) -> String {
    let body = format!(
        "<ErrorResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\"><Error>\
         <Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
         <RequestId>1</RequestId></ErrorResponse>"
    );
    with_body(status, "", &body)
}

fn with_body(status: u16, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} X\r\nContent-Type: text/xml\r\nContent-Length: {length}\r\n{headers}\
         Connection: close\r\n\r\n{body}"
    )
}

/// The body of a request whose beginning was read with its head.
fn body(head: &str, stream: &mut TcpStream) -> String {
    let (head, begun) = head.split_once("\r\n\r\n").unwrap();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    let mut rest = vec![0; length.unwrap_or(0_usize).saturating_sub(begun.len())];
    stream.read_exact(&mut rest).unwrap();
    begun.to_owned() + &String::from_utf8(rest).unwrap()
}

/// What an empty list of alarms looks like, and every other answer of success.
fn good() -> String {
    with_body(
        200,
        "",
        "<DescribeAlarmsResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\">\
         <DescribeAlarmsResult><MetricAlarms/></DescribeAlarmsResult>\
         <ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></DescribeAlarmsResponse>",
    )
}

#[tokio::test]
async fn every_failure_has_a_name_and_a_next_step() {
    if is_again() {
        return;
    }
    let huge =
        format!("HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n{}", "x".repeat(64 * 1024));
    let endless = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        format!("10000\r\n{}\r\n", "x".repeat(0x10000)).repeat(40)
    );
    let elsewhere = with_body(302, "Location: http://169.254.169.254/\r\n", "");
    let busy = with_body(429, "Retry-After: 77\r\n", "");
    let expired = said(400, "RequestExpired", "Request has expired");
    let denied = said(403, "AccessDenied", "User: u is not authorized to perform: x");
    let unknown = said(404, "ResourceNotFound", "no such alarm");
    let invalid = said(400, "InvalidParameterValue", "The value\nis wrong");
    let throttled = said(400, "Throttling", "Rate exceeded");
    let token = said(403, "InvalidClientTokenId", "The security token included is invalid");
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n<Descr".to_owned();
    for (name, answer, kind, tries, what) in [
        ("broken", with_body(500, "", "oops"), Kind::Broken, 2, "HTTP 500"),
        ("broken, in words", said(503, "InternalFailure", "x"), Kind::Broken, 2, "InternalFailure"),
        ("throttled", throttled, Kind::Throttled, 2, "Throttling: Rate exceeded"),
        ("busy", busy, Kind::Throttled, 1, "HTTP 429"),
        ("wrong token", token, Kind::WrongCredentials, 1, "InvalidClientTokenId"),
        ("wrong clock", expired, Kind::WrongCredentials, 1, "RequestExpired"),
        ("denied", denied, Kind::Denied, 1, "AccessDenied: User: u is not authorized"),
        ("no alarm", unknown, Kind::NotFound, 1, "ResourceNotFound"),
        ("refused", invalid, Kind::Refused, 1, "InvalidParameterValue: The value is wrong"),
        ("half a body", half, Kind::NotReached, 2, "in the middle of the answer"),
        ("a huge body", huge, Kind::NotReached, 2, "larger than 1048576 bytes"),
        ("a body that does not end", endless, Kind::NotReached, 2, "larger than 1048576 bytes"),
        ("redirected", elsewhere, Kind::Refused, 1, "HTTP 302"),
        ("no answer at all", String::new(), Kind::NotReached, 2, "in the middle of the answer"),
        ("no HTTP", "SSH-2.0-OpenSSH_9.2\r\n".to_owned(), Kind::NotReached, 2, ""),
    ] {
        let server = Server::saying(answer);
        let failure = client(&server.url()).alarms("x").await.unwrap_err();
        assert_eq!(failure.kind, kind, "{name}: {failure}");
        assert!(failure.what.contains(what), "{name}: {failure}");
        assert!(!failure.what.contains(char::is_control), "{name}: {failure:?}");
        assert!(failure.to_string().contains(kind.next_step()), "{name}: {failure}");
        assert!(!failure.to_string().contains(SECRET), "{name}: {failure}");
        assert_eq!(server.requests().len(), tries, "{name}: {failure}");
    }
    let nobody = client("http://127.0.0.1:9").alarms("x").await.unwrap_err();
    assert_eq!(nobody.kind, Kind::NotReached, "{nobody}");
    assert!(nobody.what.contains("nothing listens there"), "{nobody}");
}

#[tokio::test]
async fn an_answer_that_is_no_xml_is_told_apart_from_an_empty_list() {
    if is_again() {
        return;
    }
    let server = Server::saying(with_body(200, "", "<html>please log in</html>"));
    let failure = client(&server.url()).alarms("x").await.unwrap_err();
    assert!(failure.what.contains("is not what CloudWatch says"), "{failure}");
    let server = Server::saying(good());
    assert_eq!(client(&server.url()).alarms("x").await.unwrap(), []);
}

#[tokio::test]
async fn a_server_that_hangs_costs_a_bounded_time() {
    if is_again() {
        return;
    }
    let server = Server::start(|_, stream: &mut TcpStream| http::wait_for_end(stream));
    let client = client(&server.url());
    let asked = tokio::time::timeout(Duration::from_secs(28), client.alarms("x"));
    // Less than what the outbox gives a delivery; the bound is generous for a busy machine.
    let failure = asked.await.expect("it ends by itself").unwrap_err();
    assert_eq!(failure.kind, Kind::TooLate, "{failure}");
}

#[tokio::test]
async fn the_outbox_is_told_whether_trying_again_helps() {
    if is_again() {
        return;
    }
    for (name, answer, expected) in [
        ("denied", said(403, "AccessDenied", "no"), Err("refused")),
        ("no alarm", said(404, "ResourceNotFound", "no"), Err("refused")),
        ("bad", said(400, "InvalidParameterValue", "no"), Err("lasting")),
        ("broken", with_body(500, "", ""), Ok(None)),
        ("busy", with_body(429, "Retry-After: 77\r\n", ""), Ok(Some(77))),
        ("far too busy", with_body(429, "Retry-After: 86400\r\n", ""), Ok(Some(300))),
        ("busy in a way of its own", with_body(429, "Retry-After: soon\r\n", ""), Ok(None)),
    ] {
        let server = Server::saying(answer);
        let (client, plan) = (Arc::new(client(&server.url())), Arc::new(plan("p")));
        let channel = CloudWatch::new(client, plan, Standing::default(), wall());
        let raised = delivery(MessageKind::Raised, Severity::Page, "20261121T024837-x");
        let error = channel.deliver(&raised).await.unwrap_err();
        let wish = match error {
            DeliveryError::Refused(_) => Err("refused"),
            DeliveryError::Lasting(_) => Err("lasting"),
            DeliveryError::Passing { retry_after, .. } => {
                Ok(retry_after.map(|wish| wish.as_secs()))
            }
        };
        assert_eq!(wish, expected, "{name}");
    }
}

/// What a message becomes at CloudWatch: each request's action.
async fn actions_of(kind: MessageKind, severity: Severity) -> Vec<String> {
    let server = Server::saying(good());
    let (client, plan) = (Arc::new(client(&server.url())), Arc::new(plan("p")));
    let channel = CloudWatch::new(client, plan, Standing::default(), wall());
    channel.deliver(&delivery(kind, severity, "i")).await.unwrap();
    server.requests()
}

#[tokio::test]
async fn what_has_no_alarm_asks_nothing() {
    if is_again() {
        return;
    }
    for (kind, severity, requests) in [
        (MessageKind::Report, Severity::Page, 0),
        (MessageKind::Summary, Severity::Page, 0),
        (MessageKind::Raised, Severity::Info, 0),
        (MessageKind::Told, Severity::Warn, 1),
        (MessageKind::Test, Severity::Page, 1),
        (MessageKind::Test, Severity::Info, 1),
        (MessageKind::Raised, Severity::Page, 2),
    ] {
        let asked = actions_of(kind, severity).await;
        assert_eq!(asked.len(), requests, "{kind:?} {severity:?}: {asked:?}");
    }
}

#[tokio::test]
async fn what_was_not_sent_is_sent_later_with_its_times() {
    if is_again() {
        return;
    }
    let down = Arc::new(AtomicUsize::new(2));
    let bodies = Arc::new(Mutex::new(Vec::new()));
    let (count, kept) = (Arc::clone(&down), Arc::clone(&bodies));
    let server = Server::start(move |head, stream: &mut TcpStream| {
        let is_down = count.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        let body = body(head, stream);
        if is_down.is_ok() {
            let _ = stream.write_all(with_body(503, "", "").as_bytes());
        } else {
            kept.lock().unwrap().push(body);
            let _ = stream.write_all(good().as_bytes());
        }
    });
    let begun = Timestamp::from_ms(1_795_000_020_000);
    let (show, shown) = watch::channel(Arc::new(status(begun)));
    let plan = Plan { interval: Duration::from_secs(1), selection: Selection::Alarms, ..plan("p") };
    let publisher = Publisher {
        client: Arc::new(client(&server.url())),
        plan: Arc::new(plan),
        standing: Standing::default(),
        shown,
        wall: wall(),
    };
    let stop = CancellationToken::new();
    let running = tokio::spawn(publisher.run(stop.clone()));
    // Three minutes of judgements, told while the server is down.
    for second in 1..=180 {
        show.send_replace(Arc::new(status(begun.plus_ms(second * 1_000))));
        tokio::task::yield_now().await;
    }
    let end = std::time::Instant::now() + Duration::from_secs(60);
    while bodies.lock().unwrap().is_empty() {
        assert!(std::time::Instant::now() < end, "nothing was sent again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    stop.cancel();
    running.await.unwrap();
    assert_eq!(down.load(Ordering::SeqCst), 0, "it failed first");
    let sent = bodies.lock().unwrap().join("&");
    for minute in ["2026-11-18T11%3A07%3A00Z", "2026-11-18T11%3A08%3A00Z"] {
        assert!(sent.contains(minute), "{minute}: {sent}");
    }
    assert!(sent.contains("MetricName=Heartbeat") && sent.contains("SampleCount=60"), "{sent}");
}

/// Takes one request and returns its head and its body, byte for byte.
fn take_one(listener: &TcpListener) -> (String, Vec<u8>) {
    let (mut stream, _) = listener.accept().unwrap();
    let (mut bytes, mut piece) = (Vec::new(), [0; 16 * 1024]);
    loop {
        let count = stream.read(&mut piece).unwrap();
        assert!(count > 0, "the request ended in the middle");
        bytes.extend_from_slice(&piece[..count]);
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap().to_ascii_lowercase();
        let length: usize = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .and_then(|length| length.parse().ok())
            .unwrap();
        if bytes.len() == end + 4 + length {
            stream.write_all(good().as_bytes()).unwrap();
            return (head, bytes[end + 4..].to_vec());
        }
    }
}

#[tokio::test]
async fn the_largest_request_is_within_what_cloudwatch_takes() {
    if is_again() {
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let taking = std::thread::spawn(move || take_one(&listener));
    let long = "x".repeat(64);
    let (chain, node) = (long.clone(), "n".repeat(32));
    let plan = Plan { chain, node, namespace: long, ..plan("p") };
    let statistic = Statistic { count: 60, sum: 0.1 + 0.2, min: -1.0 / 3.0, max: 2.0 / 3.0 };
    let at = Some(1_795_000_020_123);
    let datum = || metric_datum(&plan, Metric::IncidentsPage, Resolution::Second, at, statistic);
    let data: Vec<_> = (0..DATA_MAX).map(|_| datum()).collect();
    client(&url).put(&plan, data).await.unwrap();
    let (head, body) = taking.join().unwrap();
    assert!(head.contains("content-encoding: gzip"), "{head}");
    let mut text = String::new();
    flate2::read::GzDecoder::new(body.as_slice()).read_to_string(&mut text).unwrap();
    assert_eq!(text.matches("MetricName=").count(), DATA_MAX);
    assert!((400_000..1_000_000).contains(&text.len()), "{}", text.len());
}

/// The command, with an environment of its own.
fn show(config: &str, environment: &[(&str, &str)]) -> (Option<i32>, String) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.ini");
    let least = "[global]\nrole = B\nproducer_name = eosstorebest\nhttp_port = 8888\n\
                 log_file = nodeos.log\n";
    std::fs::write(&path, format!("{least}{config}")).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_eoskeeper"))
        .args(["cloudwatch", "show", "-c"])
        .arg(&path)
        .env_clear()
        .env("HOME", dir.path())
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn what_is_missing_is_named() {
    let section = "[cloudwatch]\nchain = eos\nendpoint_url = http://127.0.0.1:9\n";
    let placed = &format!("{section}region = eu-central-1\n");
    let nowhere = ("AWS_EC2_METADATA_DISABLED", "true");
    for (name, config, environment, code, why, next) in [
        ("no section", "", vec![], 2, "there is no [cloudwatch] chain", "give it"),
        (
            "no region",
            section,
            vec![nowhere],
            1,
            "nothing says which AWS region is meant",
            "give [cloudwatch] region",
        ),
        (
            "no credentials",
            placed,
            vec![nowhere],
            1,
            "credentials",
            "give the instance or task a role",
        ),
        (
            "no such profile",
            &format!("{placed}profile = nobody\n"),
            vec![nowhere],
            1,
            "(profile nobody)",
            "[cloudwatch] profile",
        ),
        ("nothing there", placed, ENVIRONMENT.to_vec(), 1, "nothing listens there", "endpoint_url"),
    ] {
        let (exit, said) = show(config, &environment);
        assert_eq!(exit, Some(code), "{name}: {said}");
        assert!(said.contains(why) && said.contains(next), "{name}: {said}");
        assert!(!said.contains("panicked") && !said.contains(SECRET), "{name}: {said}");
    }
}
