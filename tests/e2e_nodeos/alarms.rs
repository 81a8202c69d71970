//! A dies on a real network: every channel is told once, with pictures, is reminded, and hears of the
//! end; the ledger says what it cost.
//!
//! Amazon's CloudWatch has a test of its own, `tests/cloudwatch_moto`.

mod services;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use eoskeeper::core::ledger::SettledTurn;
use eoskeeper::core::time::Timestamp;
use serde_json::{Value, json};

use crate::keeper::Keeper;
use crate::mail::{PASSWORD, Server as Mail, USER};
use crate::network::Network;
use crate::telegram::{CHAT, TOKEN};
use crate::wait::{until, until_or};
use crate::wecom;
use services::{SECRET, Services};

/// What a mail and a script are told on a host that is too slow to draw within two seconds; in the chats
/// the pictures follow.
const LATE: &str = "without its picture: drawing takes too long";
/// Who may ask the bot.
const ANN: i64 = 42;

/// Writes a secret that only its owner may read.
fn secret(net: &Network, name: &str, text: &str) -> String {
    let path = net.path(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path.display().to_string()
}

/// Every channel, for pages alone: a host that runs many networks at once warns of its processors.
fn channels(net: &Network, services: &Services, mail: &Mail) -> String {
    let (boot, f, url) = (net.rpc_port("boot"), net.rpc_port("f"), services.url());
    let token = secret(net, "telegram.token", TOKEN);
    let key = secret(net, "wecom.key", wecom::KEY);
    let hook = secret(net, "webhook.secret", SECRET);
    let password = secret(net, "smtp.password", PASSWORD);
    let told = net.path("told");
    fs::create_dir_all(&told).unwrap();
    let kept = told.display();
    // Whoever sees a file sees all of it.
    let script = net.script(
        "notify.sh",
        &format!("part=$(mktemp '{kept}/XXXXXX')\ncat >\"$part\"\nmv \"$part\" \"$part.json\""),
    );
    format!(
        "[references]\nurls = http://127.0.0.1:{boot}, http://127.0.0.1:{f}\n\
         [host]\ncpu_percent = 100\nmemory_percent = 100\nswap_percent = 100\ndisk_percent = 98\ndisk_full_percent = 100\n\
         [alarm]\nescalate_minutes = 1, 10\nresolve_after_seconds = 10\n\
         [telegram]\ntoken_file = {token}\nchat_id = {CHAT}\napi_url = {url}\non_end = delete\n\
         allowed_users = {ANN}\nlevels = page\n\
         [wecom]\nkey_file = {key}\napi_url = {url}\nlevels = page\n\
         [webhook]\nurl = {url}/hook\nsecret_file = {hook}\nlevels = page\n\
         [script]\npath = {}\nlevels = page\n\
         [email]\nsmtp = localhost:{}\nsecurity = starttls\nuser = {USER}\n\
         password_file = {password}\nfrom = eoskeeper <eoskeeper@example.org>\n\
         to = ops@example.org\nca_file = {}\nlevels = page\n",
        script.display(),
        mail.port,
        mail.ca().display(),
    )
}

/// What the script was given, in order.
fn scripted(net: &Network) -> Vec<Value> {
    let files = fs::read_dir(net.path("told")).unwrap().map(|file| file.unwrap().path());
    let mut told: Vec<Value> = files
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .map(|path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap())
        .collect();
    told.sort_by_key(|message| message["at"].as_str().unwrap().to_owned());
    told
}

/// The kinds of messages of a channel that is given them as JSON.
fn kinds(messages: &[Value]) -> Vec<&str> {
    messages.iter().map(|message| message["kind"].as_str().unwrap()).collect()
}

/// What every channel has, for the message of a failed test.
fn told_so_far(net: &Network, services: &Services, mail: &Mail) -> String {
    let came = services.came();
    let hooks: Vec<_> =
        came.hooks.iter().map(|m| format!("{} {} {}", m["at"], m["kind"], m["incident"])).collect();
    let texts: Vec<_> = came.texts.iter().map(|text| text.lines().next()).collect();
    format!(
        "webhook {hooks:?}\nscript {:?}\nmails {}\nWeCom {texts:?} and {} pictures\nrefused {:?}",
        kinds(&scripted(net)),
        mail.count(),
        came.pictures.len(),
        came.refused
    )
}

/// Waits until every channel but Telegram has had messages of these kinds first. On a slow host the
/// next reminder may be there as well.
fn until_told(net: &Network, services: &Services, mail: &Mail, keeper: &Keeper, wanted: &[&str]) {
    let count = wanted.len();
    let story = || format!("{}\n{}", told_so_far(net, services, mail), keeper.story());
    until_or(&format!("{wanted:?} on every channel"), 120, story, || {
        let (hooks, texts) = {
            let came = services.came();
            (came.hooks.len(), came.texts.len())
        };
        let all = [hooks, texts, mail.count(), scripted(net).len()];
        all.iter().all(|told| *told >= count).then_some(())
    });
    assert_eq!(kinds(&services.came().hooks)[..count], *wanted, "webhook: {}", story());
    assert_eq!(kinds(&scripted(net))[..count], *wanted, "script: {}", story());
}

/// Nothing came twice, and nothing beside what was wanted.
fn nothing_else_came(
    net: &Network,
    services: &Services,
    mail: &Mail,
    keeper: &Keeper,
    count: usize,
) {
    let (hooks, texts) = {
        let came = services.came();
        (came.hooks.len(), came.texts.len())
    };
    let all = [hooks, texts, mail.count(), scripted(net).len()];
    let story = format!("{}\n{}", told_so_far(net, services, mail), keeper.story());
    assert_eq!(all, [count; 4], "webhook, WeCom, email, script: {story}");
}

/// A person asks the bot.
fn ask(services: &Services, number: u32, text: &str) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    services.telegram().updates.push(json!({"update_id": number, "message": {
        "message_id": number, "date": now, "text": text,
        "from": {"id": ANN, "is_bot": false, "first_name": "Ann"},
        "chat": {"id": ANN, "type": "private", "first_name": "Ann"},
    }}));
}

/// How wide and high a PNG is, from its first chunk.
fn size(png: &[u8]) -> (u32, u32) {
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n") && &png[12..16] == b"IHDR");
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

/// The beginning: one incident, the same on every channel, with its pictures where a channel shows
/// any. Its id.
fn told_of_the_beginning(net: &Network, services: &Services, mail: &Mail) -> String {
    let hook = services.came().hooks[0].clone();
    assert_eq!(hook["cause"], "api_down", "{hook}");
    assert_eq!(hook["severity"], "page", "{hook}");
    let incident = hook["incident"].as_str().unwrap().to_owned();
    let mut given = scripted(net).remove(0);
    let files = given.as_object_mut().unwrap().remove("picture_files").unwrap();
    let marks = given.as_object_mut().unwrap().insert("marks".to_owned(), json!([])).unwrap();
    assert_eq!(given, hook, "the script is given what the webhook is, and files");
    let files: Vec<_> = files.as_array().unwrap().iter().map(|file| &file["kind"]).collect();
    let drawn = if marks == json!([LATE]) { &[][..] } else { &["host", "lag"] };
    assert_eq!(files, drawn, "marked {marks}");

    let first = mail.mail(1);
    assert_eq!(first["is_tls"], true);
    assert!(first["plain"].as_str().unwrap().contains(&incident), "{first}");
    let inline = first["pictures"].as_array().unwrap();
    let is_late = first["plain"].as_str().unwrap().contains(LATE);
    assert_eq!(inline.len(), if is_late { 0 } else { 2 }, "host and lag: {first}");
    assert!(inline.iter().all(|p| p["type"] == "image/png" && p["disposition"] == "inline"));

    let (text, pictures) = {
        let came = services.came();
        (came.texts[0].clone(), came.pictures.clone())
    };
    assert!(text.contains(&incident), "{text}");
    assert_eq!(pictures.len(), 2, "host and lag: {text}");
    for (name, picture) in ["host.png", "lag.png"].iter().zip(&pictures) {
        assert_eq!(size(picture), (1_080, 720));
        // For who wants to look at it.
        fs::write(net.path(name), picture).unwrap();
    }

    let chat = services.chat(CHAT);
    assert!(chat.len() >= 3, "a text and two pictures: {chat:?}");
    assert!(chat[0].plain.contains(&incident) && !chat[0].is_silent, "{:?}", chat[0]);
    assert!(chat[1].is_photo && chat[2].is_photo, "{chat:?}");
    incident
}

/// The reminder: in Telegram the message is edited, and a new one rings.
fn told_again(services: &Services, mail: &Mail, incident: &str) {
    let chat = services.chat(CHAT);
    assert_eq!(chat.len(), 4, "a line that rings came: {chat:?}");
    assert!(chat[3].reply_to.is_some() && !chat[3].is_silent, "{:?}", chat[3]);
    let edits = services.telegram().calls.iter().filter(|call| *call == "editMessageText").count();
    assert_eq!(edits, 1, "{:?}", services.telegram().calls);
    let subject = |number| mail.mail(number)["headers"].as_array().unwrap().clone();
    let of_first = subject(1).into_iter().find(|header| header[0] == "Message-ID").unwrap();
    let answers = |header: &Value| header[0] == "In-Reply-To" && header[1] == of_first[1];
    assert!(subject(2).iter().any(answers), "one thread: {:?}", subject(2));
    let hooks = services.came().hooks.clone();
    assert!(hooks.iter().all(|message| message["incident"] == incident), "{hooks:?}");
}

/// The turns the ledger has settled, by when they began.
fn ledger(keeper: &Keeper) -> BTreeMap<Timestamp, SettledTurn> {
    let told = keeper.command(&["ledger", "--since", "1h", "--turns", "--json"]);
    let read = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    told.lines().map(read).map(|turn: SettledTurn| (turn.start, turn)).collect()
}

/// The ledger knows of each turn what the nodes' logs say, and why the blocks of a dead node are
/// missing.
fn settled_as_counted(net: &Network, keeper: &Keeper, since: Timestamp) {
    let counted = net.print_cost("A was killed and told of", since);
    assert!(counted.blocks_lost >= 12, "{counted:?}");
    let settled = until("the ledger to settle them", 120, || {
        let known = ledger(keeper);
        counted.turns.iter().all(|turn| known.contains_key(&turn.start)).then_some(known)
    });
    // Counted again: the end of the last turn may have been left for another branch.
    let counted = net.cost(since);
    for turn in &counted.turns {
        let Some(known) = settled.get(&turn.start) else { continue };
        assert_eq!(known.met.count_ones(), turn.produced, "{turn:?} {known:?}");
        assert_eq!((known.met | known.forked | known.missed).count_ones(), 12, "{known:?}");
    }
    let dead = counted.turns.iter().filter(|turn| turn.produced == 0);
    let losses = dead.filter_map(|turn| settled.get(&turn.start)).flat_map(|turn| &turn.losses);
    let causes: Vec<_> = losses.map(|loss| loss.cause.as_str()).collect();
    assert!(causes.contains(&"api_down"), "{causes:?} of {settled:?}");
    assert!(!causes.contains(&"unexplained"), "{causes:?} of {settled:?}");
}

/// Whether a picture can be drawn of what the keeper has written so far.
fn can_be_drawn(keeper: &Keeper, kind: &str, file: &Path) -> bool {
    let file = file.display().to_string();
    keeper.run_command(&["chart", kind, "--last", "hour", "-o", &file]).status.success()
}

#[test]
fn a_dead_node_is_told_on_every_channel_once_again_and_at_its_end() {
    let net = Network::up("alarms", 4);
    let (services, mail) = (Services::start(), Mail::start("starttls", "localhost"));
    // That of a network that has just begun stands still for a while, which is an incident, too.
    until("the last irreversible block to move", 120, || {
        let lib = net.info("f")?["last_irreversible_block_num"].as_u64()?;
        (net.head("f") <= lib + 96 && lib > 48).then_some(())
    });
    let a = Keeper::start('A', &net, &channels(&net, &services, &mail));
    let picture = net.path("before.png");
    until_or(
        "samples of the host and of the lag",
        120,
        || a.story(),
        || (can_be_drawn(&a, "host", &picture) && can_be_drawn(&a, "lag", &picture)).then_some(()),
    );
    let early = services.came().hooks.clone();
    assert!(early.is_empty(), "all is well: {early:?}\n{}", a.story());
    let since = net.turn_just_over("a", 90);

    net.order("kill", &["a"]);
    until_told(&net, &services, &mail, &a, &["raised"]);
    let story = || {
        let chat = services.chat(CHAT);
        format!("{chat:?}\n{}\n{}", told_so_far(&net, &services, &mail), a.story())
    };
    until_or("two pictures in Telegram and in WeCom", 60, story, || {
        let in_wecom = services.came().pictures.len();
        (services.chat(CHAT).len() >= 3 && in_wecom >= 2).then_some(())
    });
    let incident = told_of_the_beginning(&net, &services, &mail);
    ask(&services, 1, "/incidents");
    let said = until_or("the bot's answer", 60, story, || services.chat(ANN).pop());
    assert!(said.plain.contains("PAGE · The node's RPC gave no usable answer"), "{}", said.plain);

    until_told(&net, &services, &mail, &a, &["raised", "reminder"]);
    until_or("the reminder in Telegram", 30, story, || {
        (services.chat(CHAT).len() >= 4).then_some(())
    });
    told_again(&services, &mail, &incident);

    net.order("start", &["a"]);
    until("a to take the order", 30, || {
        net.order("resume", &["a"]);
        (net.paused("a") == Some(false)).then_some(())
    });
    until_told(&net, &services, &mail, &a, &["raised", "reminder", "resolved"]);
    until_or("Telegram to be empty", 30, story, || services.chat(CHAT).is_empty().then_some(()));
    nothing_else_came(&net, &services, &mail, &a, 3);
    assert!(services.came().hooks[2]["ended"].is_string());
    assert_eq!(services.came().refused, [""; 0], "a service refused something");
    let rows = a.command(&["incidents", "--since", "1h", "--json"]);
    let incidents: Vec<Value> =
        rows.lines().map(|row| serde_json::from_str(row).unwrap()).collect();
    let pages: Vec<_> = incidents.iter().filter(|row| row["severity"] == "page").collect();
    assert_eq!(pages.len(), 1, "one incident: {incidents:?}");

    // The turn after the return is met; then the ledger has settled all of them.
    net.turn_just_over("a", 90);
    settled_as_counted(&net, &a, since);
}
