//! A keeper that is played: it takes any order and shows one status after another.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::sync::mpsc;
use std::thread;

use serde_json::{Value, json};

use super::keeper::Host;

/// Plays the keeper of a host; gives the orders that came. The last status stays, or with
/// `falls_silent` nobody answers after it.
pub fn play(host: &Host, scenes: Vec<Value>, falls_silent: bool) -> mpsc::Receiver<Value> {
    fs::create_dir(&host.state_dir).unwrap();
    let socket = UnixListener::bind(host.socket()).unwrap();
    let status = TcpListener::bind(("127.0.0.1", host.port())).unwrap();
    let (orders, came) = mpsc::channel();
    thread::spawn(move || {
        for stream in socket.incoming() {
            let mut stream = stream.unwrap();
            let mut order = String::new();
            BufReader::new(&stream).read_line(&mut order).unwrap();
            let answer = json!({ "accepted": true, "sentences": ["This node stops first."] });
            writeln!(stream, "{answer}").unwrap();
            let _ = orders.send(serde_json::from_str(&order).unwrap());
        }
    });
    thread::spawn(move || {
        let mut scenes = scenes.into_iter();
        let mut scene = scenes.next().unwrap();
        loop {
            let (mut stream, _) = status.accept().unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let body = scene.to_string();
            let head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json";
            let _ = write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            match scenes.next() {
                Some(next) => scene = next,
                None if falls_silent => return,
                None => {}
            }
        }
    });
    came
}

/// A status in which a switchover has come to a step.
pub fn switchover(step: &str, step_sentence: &str) -> Value {
    json!({
        "at": "2026-11-21T02:48:37.000",
        "role": "A",
        "decision": { "kind": "watch", "hold": null, "sentence": "The producer moves to b." },
        "switchover": { "to": "b", "step": step, "step_sentence": step_sentence, "until": null },
    })
}
