//! The server that plays a service for the tests of the channels.

use crate::http_support;

use std::error::Error;
use std::time::Duration;

use http_support::{Authority, Reply, Request, Server};
use reqwest::multipart::{Form, Part};

fn client() -> reqwest::Client {
    builder().tls_certs_only(Vec::new()).build().unwrap()
}

fn builder() -> reqwest::ClientBuilder {
    drop(rustls::crypto::ring::default_provider().install_default());
    let deadline = Duration::from_millis(500);
    reqwest::Client::builder().timeout(deadline).redirect(reqwest::redirect::Policy::none())
}

fn echo(request: &Request) -> Reply {
    Reply::Answer(200, Vec::new(), request.body.clone())
}

/// What each error inside this one says.
fn causes(error: &dyn Error) -> Vec<String> {
    let (mut said, mut next) = (Vec::new(), error.source());
    while let Some(cause) = next {
        said.push(cause.to_string());
        next = cause.source();
    }
    said
}

#[tokio::test]
async fn it_records_what_it_is_asked_and_answers() {
    let server = Server::start(echo);
    let url = format!("{}/a?b=c", server.url());
    let answer = client().post(&url).header("X-Y", "z").body("{\"n\":1}").send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "{\"n\":1}");
    let requests = server.take_requests();
    let [request] = &requests[..] else { panic!("{requests:?}") };
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/a?b=c"));
    assert_eq!((request.header("x-y"), request.json()["n"].as_u64()), (Some("z"), Some(1)));
    assert!(server.requests().is_empty() && request.parts().is_empty());
}

#[tokio::test]
async fn it_reads_forms() {
    let server = Server::start(echo);
    let picture = Part::bytes(b"\r\n--\0png".to_vec()).file_name("a.png").mime_str("image/png");
    let form = Form::new().text("chat_id", "-1").part("photo", picture.unwrap());
    client().post(server.url()).multipart(form).send().await.unwrap();
    let parts = server.requests()[0].parts();
    let [chat, photo] = &parts[..] else { panic!("{parts:?}") };
    assert_eq!((chat.name.as_str(), chat.text().as_str(), &chat.file), ("chat_id", "-1", &None));
    assert_eq!((photo.name.as_str(), photo.file.as_deref()), ("photo", Some("a.png")));
    assert_eq!(photo.kind.as_deref(), Some("image/png"));
    assert_eq!(photo.bytes, b"\r\n--\0png");
}

#[tokio::test]
async fn it_misbehaves_once_for_each_order() {
    let server = Server::start(echo);
    for (name, order, status) in [
        ("busy", Reply::too_many(3, "{}"), Some(429)),
        ("broken", Reply::json(500, "oops"), Some(500)),
        ("elsewhere", Reply::redirect("http://127.0.0.1:9/"), Some(302)),
        ("half a body", Reply::Half(200, b"{\"ok\":true}".to_vec()), None),
        ("hangs", Reply::Hang, None),
        ("hangs later", Reply::HangInBody, None),
        ("closes", Reply::Close, None),
        ("no HTTP", Reply::Garbage, None),
    ] {
        server.order(order);
        let got = match client().get(server.url()).send().await {
            Ok(answer) => (Some(answer.status().as_u16()), answer.bytes().await.ok()),
            Err(_) => (None, None),
        };
        let whole = got.1.map(|_| got.0.unwrap());
        assert_eq!(whole, status, "{name}");
        let answer = client().post(server.url()).body("fine").send().await.unwrap();
        assert_eq!(answer.text().await.unwrap(), "fine", "after {name}");
    }
    assert_eq!(server.requests().len(), 16);
}

#[tokio::test]
async fn over_tls_it_has_the_name_that_was_ordered() {
    let authority = Authority::new();
    let pem = reqwest::Certificate::from_pem(authority.pem().as_bytes()).unwrap();
    for (name, expected) in [("localhost", None), ("elsewhere.example", Some("not valid for name"))]
    {
        let server = Server::start_tls(&authority, name, echo);
        let trusting = builder().tls_certs_only(vec![pem.clone()]).build().unwrap();
        let called = trusting.post(server.url()).body("hello").send().await;
        match (called, expected) {
            (Ok(answer), None) => assert_eq!(answer.text().await.unwrap(), "hello"),
            (Err(error), Some(expected)) => {
                let said = causes(&error);
                assert!(said.iter().any(|text| text.contains(expected)), "{said:?}");
                assert!(server.requests().is_empty());
            }
            (other, _) => panic!("{name}: {other:?}"),
        }
    }
}
