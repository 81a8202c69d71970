//! Several nodes in one process: what they share, what each has for itself, and that one which fails
//! stops no other. The nodes' nodeos are not there; `e2e_nodeos` has real ones.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Output;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::orders::keeper::{Host, free_port, text, until};

/// Two nodes on two chains; `more` stands in the second's section.
fn two(more: &str) -> Host {
    let (eos, wax) = (free_port(), free_port());
    let nodes = format!(
        "[node:eos]\nhttp_port = {eos}\nlog_file = ./eos.log\n\
         [node:wax_2]\nhttp_port = {wax}\nlog_file = ./wax.log\nproducer_name = waxstorebest\n{more}"
    );
    let host = Host::with_sections(&nodes);
    for log in ["eos.log", "wax.log"] {
        fs::write(host.dir.path().join(log), "").unwrap();
    }
    host
}

fn running(more: &str) -> Host {
    let mut host = two(more);
    start(&mut host);
    host
}

/// Starts the keepers and waits until each takes orders.
fn start(host: &mut Host) {
    host.start();
    until("all nodes", || host.log().contains("All nodes are watched.").then_some(()));
}

#[track_caller]
fn says(output: &Output, code: i32, words: &[&str]) {
    assert_eq!(output.status.code(), Some(code), "{}", text(output));
    for words in words {
        assert!(text(output).contains(words), "{words}: {}", text(output));
    }
}

/// Status and body of an answer; the head with it.
fn get(host: &Host, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", host.port())).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut answer = String::new();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n").unwrap();
    stream.read_to_string(&mut answer).unwrap();
    (answer[9..12].parse().unwrap(), answer)
}

fn json_of(host: &Host, path: &str) -> Value {
    let (status, answer) = get(host, path);
    assert_eq!(status, 200, "{path}: {answer}");
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    // In one piece or in several.
    let (from, to) = (body.find('{').unwrap(), body.rfind('}').unwrap());
    serde_json::from_str(&body[from..=to]).unwrap()
}

fn status_of(host: &Host, node: &str) -> Value {
    serde_json::from_slice(&host.order(&["status", "--json", "--node", node]).stdout)
        .unwrap_or_default()
}

#[test]
fn each_node_has_its_own_status_and_all_have_one_page() {
    let host = running("rules.head_stalled_seconds = 33\n");
    let down = |node: &str| format!("{node}: nodeos does not answer");
    until("the polls", || {
        let (_, ready) = get(&host, "/readyz");
        (ready.contains(&down("eos")) && ready.contains(&down("wax_2"))).then_some(())
    });
    let nodes = json_of(&host, "/api/nodes")["nodes"].clone();
    assert_eq!(nodes[0]["name"], "eos");
    assert_eq!(nodes[1]["producer"], "waxstorebest");
    assert_eq!((&nodes[1]["node_name"], &nodes[1]["healthy"]), (&json!("wax-2"), &json!(true)));
    for (path, producer, stalled) in [
        ("/api/status?node=eos", "eosstorebest", 10_000),
        ("/node/eos/api/status", "eosstorebest", 10_000),
        (nodes[1]["status"].as_str().unwrap(), "waxstorebest", 33_000),
    ] {
        let status = json_of(&host, path);
        assert_eq!(status["producer"]["name"], producer, "{path}");
        assert_eq!(status["rules"]["head_stalled_ms"], stalled, "{path}");
    }
    for (path, status, words) in [
        ("/", 200, "href=\"node/wax_2/\""),
        ("/node/eos/", 200, "eosstorebest"),
        ("/node/wax_2/?charts=day", 200, "waxstorebest"),
        ("/node/eos?charts=day", 308, "location: /node/eos/?charts=day"),
        ("/node/EOS/", 404, "the nodes are eos, wax_2"),
        ("/node/eos/nothing", 404, "there is no /nothing"),
        ("/nothing", 404, "not_found"),
        ("/api/status", 400, "name one of the nodes, once: eos, wax_2"),
        ("/api/history?node=eos&node=wax_2", 400, "name one of the nodes, once"),
        ("/api/history?node=../x", 400, "name one of the nodes, once"),
        ("/api/history?node=eos&since=0", 200, "\"items\""),
        ("/api/openapi.json", 200, "\"wax_2\""),
        ("/healthz", 200, "wax_2: "),
        ("/readyz", 503, "eos: nodeos does not answer"),
        ("/metrics", 200, "eoskeeper_node_api_up{section=\"wax_2\"} 0"),
    ] {
        let (found, answer) = get(&host, path);
        assert_eq!(found, status, "{path}: {answer}");
        assert!(answer.contains(words), "{path}: {answer}");
    }
    let (_, page) = get(&host, "/node/eos/");
    let style = page.split("href=\"").find(|part| part.starts_with("style-")).unwrap();
    let style = style.split('"').next().unwrap();
    for path in [format!("/node/eos/{style}"), format!("/{style}")] {
        assert_eq!(get(&host, &path).0, 200, "{path}");
    }
}

#[test]
fn orders_name_their_node_and_the_past_is_told_of_all() {
    let mut host = running("");
    let names = "several nodes: eos, wax_2; name one with --node NAME";
    for order in [&["promote"][..], &["rearm"], &["maintenance", "--end"], &["silence", "30m"]] {
        says(&host.order(order), 2, &[names]);
    }
    says(&host.order(&["rearm", "--node", "wax"]), 2, &["no [node:wax]; its nodes are eos, wax_2"]);
    let bare = host.send(b"{\"command\":\"rearm\"}\n");
    assert!(bare.to_string().contains("Name one with --node NAME; nothing was done"), "{bare}");
    let quiet = ["maintenance", "--node", "wax_2", "--for", "2h", "--reason", "new disk"];
    says(&host.order(&quiet), 0, &[]);
    assert_eq!(status_of(&host, "wax_2")["maintenance"]["reason"], "new disk");
    assert!(status_of(&host, "eos")["maintenance"].is_null());
    says(&host.order(&["silence", "30m", "--cause", "api_down", "--node", "eos"]), 0, &[]);
    assert_eq!(status_of(&host, "eos")["alarms"]["silences"][0]["cause"], "api_down");
    assert_eq!(status_of(&host, "wax_2")["alarms"]["silences"], json!([]));
    says(&host.order(&["status"]), 0, &["eos    ", "wax_2  ", "waxstorebest"]);

    let incident = until("the incidents", || {
        let both = text(&host.order(&["incidents", "--json"]));
        let down = |node: &str| format!("-{node}-api_down");
        (both.contains(&down("eos")) && both.contains(&down("wax-2"))).then_some(both)
    });
    assert!(incident.contains("\"node\":\"wax_2\""), "{incident}");
    for node in ["eos", "wax_2"] {
        let is_told = |line: &Value| line["target"] == "alarm" && line["node"] == node;
        until("the alarm in the keeper's own log, with its node", || {
            let log = host.log();
            let mut lines = log.lines().filter_map(|line| serde_json::from_str(line).ok());
            lines.any(|line| is_told(&line)).then_some(())
        });
    }
    says(&host.order(&["history"]), 0, &["eos    ", "wax_2  ", "watches waxstorebest"]);
    let own = text(&host.order(&["history", "--node", "eos", "--json"]));
    assert!(own.contains("eosstorebest") && !own.contains("waxstorebest"), "{own}");
    says(&host.order(&["ledger"]), 0, &["[node:eos]", "[node:wax_2]"]);

    // What each knew is there after a restart, and only there.
    host.terminate();
    start(&mut host);
    assert_eq!(status_of(&host, "wax_2")["maintenance"]["reason"], "new disk");
    assert_eq!(status_of(&host, "eos")["alarms"]["silences"][0]["cause"], "api_down");
}

/// Keys of a node whose keeper cannot start while this address is taken.
fn peers_at(taken: &TcpListener) -> String {
    let address = taken.local_addr().unwrap();
    format!(
        "role = F\npeers.listen = {address}\npeers.nodes = x=http://127.0.0.1:1\n\
         peers.secret_file = ./secret\n"
    )
}

fn write_secret(host: &Host) {
    let secret = host.dir.path().join("secret");
    fs::write(&secret, "0123456789abcdef0123456789abcdef0123456789abcdef\n").unwrap();
    fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

#[test]
fn a_node_that_cannot_start_stops_no_other_and_begins_when_it_can() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut host = two(&peers_at(&taken));
    write_secret(&host);
    host.start();
    let nodes = until("the fault", || {
        let nodes = json_of(&host, "/api/nodes")["nodes"].clone();
        nodes[1]["fault"].is_string().then_some(nodes)
    });
    assert!(nodes[1]["fault"].as_str().unwrap().contains("[peers] listen"), "{nodes}");
    assert!(nodes[0]["fault"].is_null() && nodes[0]["healthy"] == true, "{nodes}");
    assert_eq!(get(&host, "/healthz").0, 503);
    says(&host.order(&["rearm", "--node", "wax_2"]), 1, &["does not run just now"]);
    says(&host.order(&["status"]), 0, &["down", "The keeper does not run"]);
    let at = |host: &Host| status_of(host, "eos")["at"].as_str().unwrap().to_owned();
    let before = at(&host);
    until("the other's judgement", || (at(&host) > before).then_some(()));
    let told = |host: &Host| {
        let standing = status_of(host, "eos")["alarms"]["incidents"].to_string();
        standing.contains("keeper_down:wax_2") || standing.contains("\"subject\":\"wax_2\"")
    };
    until("the other to tell people", || told(&host).then_some(()));
    drop(taken);
    until("the node", || {
        let nodes = json_of(&host, "/api/nodes")["nodes"].clone();
        (nodes[1]["fault"].is_null() && nodes[1]["healthy"] == true).then_some(())
    });
    host.terminate();
}

#[test]
fn the_state_of_one_node_goes_to_the_node_it_is_about_and_is_not_lost_on_the_way_back() {
    let mut host = Host::running("./state");
    let quiet = ["maintenance", "--for", "2h", "--reason", "new disk"];
    says(&host.order(&quiet), 0, &[]);
    host.terminate();
    let single = fs::read_to_string(host.config()).unwrap();
    let several = single.replace(
        "[status]",
        "[node:x]\n[node:wax]\nhttp_port = 1\n\
         log_file = ./wax.log\nproducer_name = waxstorebest\n[status]",
    );
    fs::write(host.config(), several).unwrap();
    start(&mut host);
    assert_eq!(status_of(&host, "x")["maintenance"]["reason"], "new disk");
    assert!(status_of(&host, "wax")["maintenance"].is_null());
    assert!(host.state_dir.join("nodes/x/state.sqlite").exists());
    assert!(!host.state_dir.join("state.sqlite").exists());
    assert!(host.log().contains("is now that of [node:x]"), "{}", host.log());
    host.terminate();
    // What the nodes' states say must not be taken for nothing.
    fs::write(host.config(), &single).unwrap();
    host.start();
    let status = until("the status", || Some(host.status()).filter(|s| s["gates"].is_array()));
    let state = status["gates"].as_array().unwrap().iter().find(|gate| gate["name"] == "state");
    let state = state.unwrap().to_string();
    assert!(
        state.contains("latch_unusable") && state.contains("states of several nodes"),
        "{state}"
    );
}

#[test]
fn a_section_of_another_name_keeps_what_its_node_knew() {
    let mut host = running("");
    let quiet = ["maintenance", "--node", "wax_2", "--for", "2h", "--reason", "new disk"];
    says(&host.order(&quiet), 0, &[]);
    says(&host.order(&["silence", "30m", "--cause", "api_down", "--node", "wax_2"]), 0, &[]);
    host.terminate();
    let before = fs::read_to_string(host.config()).unwrap();
    fs::write(host.config(), before.replace("[node:wax_2]", "[node:wax]")).unwrap();
    start(&mut host);
    let wax = status_of(&host, "wax");
    assert_eq!(wax["maintenance"]["reason"], "new disk");
    assert_eq!(wax["alarms"]["silences"][0]["cause"], "api_down");
    assert!(status_of(&host, "eos")["maintenance"].is_null());
    let said = "There is no [node:wax_2] any more; its state is now that of [node:wax].";
    assert!(host.log().contains(said), "{}", host.log());
    assert!(!host.state_dir.join("nodes/wax_2/state.sqlite").exists());
}

#[test]
fn a_node_does_not_act_by_a_state_that_may_be_the_older_one() {
    let mut host = running("");
    host.terminate();
    // What a keeper of one node wrote since, in a directory that it did not share.
    let mut single = Host::running("./state");
    single.terminate();
    let later = single.state_dir.join("state.sqlite");
    fs::copy(later, host.state_dir.join("state.sqlite")).unwrap();
    start(&mut host);
    let gates = |node: &str| {
        let gates = status_of(&host, node)["gates"].clone();
        gates.as_array().is_some_and(|gates| !gates.is_empty()).then(|| gates.to_string())
    };
    let why = until("the gates", || gates("eos"));
    assert!(why.contains("latch_unusable") && why.contains("has a state already: eos"), "{why}");
    let other = until("the other's gates", || gates("wax_2"));
    assert!(!other.contains("latch_unusable"), "{other}");
}

#[test]
fn the_file_is_read_anew_for_all_nodes_or_for_none() {
    let host = running("");
    let good = fs::read_to_string(host.config()).unwrap();
    let write = |text: &str| fs::write(host.config(), text).unwrap();
    let stalled = |node: &str| status_of(&host, node)["rules"]["head_stalled_ms"].clone();
    write(&format!("{good}[rules]\nhead_stalled_seconds = 12\n"));
    says(&host.order(&["reload"]), 0, &["eos: The configuration", "wax_2: The configuration"]);
    // It was taken; the status follows with the next judgement.
    let taken = || (stalled("eos") == 12_000 && stalled("wax_2") == 12_000).then_some(());
    until("the status by the new file", taken);
    for (more, words) in [
        ("[node:c]\nhttp_port = 7\nlog_file = c.log\n", "what was added: [node:c]"),
        ("[node:eos2]\n", "[node:eos2] http_port: the key is missing"),
    ] {
        write(&format!("{good}{more}"));
        kill_process(Pid::from_raw(host.pid()).unwrap(), Signal::HUP).unwrap();
        until("the refusal", || {
            // The command would read the file too.
            let both =
                ["eos", "wax_2"].map(|node| json_of(&host, &format!("/node/{node}/api/status")));
            let is_said = |status: &Value| status["configuration"].to_string().contains(words);
            let is_before = |status: &Value| status["rules"]["head_stalled_ms"] == 12_000;
            (both.iter().all(is_said) && both.iter().all(is_before)).then_some(())
        });
    }
}

#[test]
fn while_the_first_node_is_down_the_next_takes_other_channels_and_tells_what_is_common() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut host = two("");
    write_secret(&host);
    let good = fs::read_to_string(host.config()).unwrap();
    let good = good.replace("[node:wax_2]", &format!("{}[node:wax_2]", peers_at(&taken)));
    let good = good + "[alarm]\ngroup_wait_seconds = 1\n";
    let write = |more: &str| fs::write(host.config(), format!("{good}{more}")).unwrap();
    write("[webhook]\nurl = http://127.0.0.1:1/\n");
    host.start();
    let is_down = |host: &Host| json_of(host, "/api/nodes")["nodes"][0]["fault"].is_string();
    until("the fault", || is_down(&host).then_some(()));

    let webhook = TcpListener::bind("127.0.0.1:0").unwrap();
    webhook.set_nonblocking(true).unwrap();
    let address = webhook.local_addr().unwrap();
    let write = |more: &str| fs::write(host.config(), format!("{good}{more}")).unwrap();
    write(&format!("[webhook]\nurl = http://{address}/\n"));
    says(&host.order(&["reload"]), 1, &["eos: ", "does not run just now", "wax_2: The config"]);
    until("a message at the new address", || webhook.accept().ok());

    write("[node:eos]\n");
    kill_process(Pid::from_raw(host.pid()).unwrap(), Signal::HUP).unwrap();
    until("the second to tell people", || {
        // By its address: a command would stumble over the file.
        let status = json_of(&host, "/api/status?node=wax_2");
        status["alarms"]["incidents"].to_string().contains("config_refused").then_some(())
    });
    assert!(is_down(&host), "nobody else could");
}
