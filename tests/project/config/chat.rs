//! `[telegram]` and `[wecom]`.

use std::time::Duration;

use eoskeeper::core::action::Severity;
use eoskeeper::core::alarm::ending::OnEnd;

use super::{LEAST, loaded, parsed, secret_file};

const TOKEN: &str = "123456:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";
const KEY: &str = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa";

/// A section that is used, with one line as given; the secret's file is one that is there.
fn with(section: &str, lines: &[(&str, String)], given: &str) -> String {
    let (key, _) = given.split_once(" = ").unwrap();
    let others = lines.iter().filter(|(name, _)| *name != key || key.ends_with("_file"));
    let mut text: Vec<String> = others.map(|(name, value)| format!("{name} = {value}")).collect();
    if !key.ends_with("_file") {
        text.push(given.to_owned());
    }
    format!("{LEAST}[{section}]\n{}\n", text.join("\n"))
}

pub(super) fn telegram(given: &str) -> String {
    let file = secret_file(0o600, TOKEN).display().to_string();
    with("telegram", &[("token_file", file), ("chat_id", "-1001".to_owned())], given)
}

pub(super) fn wecom(given: &str) -> String {
    let file = secret_file(0o640, KEY).display().to_string();
    with("wecom", &[("key_file", file)], given)
}

#[test]
fn telegram_with_a_token_and_a_chat_is_used() {
    let config = loaded(&telegram("chat_id = @eos_alarms"));
    let telegram = config.channels.telegram.clone().unwrap();
    assert_eq!((telegram.chat.as_str(), telegram.token.text()), ("@eos_alarms", Some(TOKEN)));
    assert_eq!(telegram.api_url.as_str(), "https://api.telegram.org/");
    assert_eq!((telegram.topic, telegram.delete_after), (None, None));
    assert_eq!(telegram.on_end, OnEnd::Edit);
    assert!(telegram.bot && telegram.private_only && telegram.allowed_users.is_empty());
    assert_eq!(telegram.route.levels, [Severity::Page, Severity::Warn, Severity::Info]);
    assert!(telegram.route.reports);
    assert!(!format!("{config:?}").contains("AAHdq"));
}

#[test]
fn every_key_of_telegram_is_taken() {
    let config = loaded(&telegram(
        "topic_id = 42\ndelete_after = 1.5\non_end = summary\nbot = no\nprivate_only = no\n\
         allowed_users = 12, 4503599627370495\napi_url = http://127.0.0.1:8081\n\
         levels = info, page\nreports = no",
    ));
    let telegram = config.channels.telegram.unwrap();
    assert_eq!((telegram.topic, telegram.on_end), (Some(42), OnEnd::Summary));
    assert_eq!(telegram.delete_after, Some(Duration::from_secs(5_400)));
    assert_eq!(telegram.allowed_users, [12, 4_503_599_627_370_495]);
    assert!(!telegram.bot && !telegram.private_only && !telegram.route.reports);
    assert_eq!(telegram.route.levels, [Severity::Info, Severity::Page]);
    assert_eq!(telegram.api_url.as_str(), "http://127.0.0.1:8081/");
}

#[test]
fn wecom_with_a_key_is_used() {
    let config = loaded(&wecom("mentioned = zhangsan, li.si"));
    let wecom = config.channels.wecom.clone().unwrap();
    assert_eq!((wecom.key.text(), wecom.mentioned.len()), (Some(KEY), 2));
    assert_eq!(wecom.api_url.as_str(), "https://qyapi.weixin.qq.com/");
    assert!(!format!("{config:?}").contains("693a"));
    let none = loaded(LEAST).channels;
    assert!(none.telegram.is_none() && none.wecom.is_none());
}

#[test]
fn what_is_wrong_is_said_with_its_line_and_no_secret() {
    // Secrets of different lengths are different files.
    let token = secret_file(0o600, TOKEN);
    let open = secret_file(0o604, TOKEN);
    let url = secret_file(0o600, &format!("https://qyapi.weixin.qq.com/cgi-bin/x?key={KEY}"));
    let short = secret_file(0o600, "123456:short");
    let [token, open, url, short] =
        [token, open, url, short].map(|path| path.display().to_string());
    for (name, lines, message) in [
        (
            "no chat",
            format!("[telegram]\ntoken_file = {token}"),
            "[telegram] chat_id: the key is missing; give the number of the chat",
        ),
        (
            "no token",
            "[telegram]\nchat_id = 5".to_owned(),
            "token_file: neither the key nor the environment's EOSKEEPER_TELEGRAM_TOKEN gives it",
        ),
        (
            "a token for everybody",
            format!("[telegram]\nchat_id = 5\ntoken_file = {open}"),
            "is open to everybody on this host (mode 604); chmod 600 it",
        ),
        (
            "another secret",
            format!("[telegram]\nchat_id = 5\ntoken_file = {short}"),
            "8: [telegram] token_file: what was given is no token of a bot",
        ),
        (
            "people, but no chat",
            "[telegram]\nallowed_users = 5".to_owned(),
            "chat_id: the key is missing; give the number",
        ),
        (
            "too late to delete",
            format!("[telegram]\nchat_id = 5\ntoken_file = {token}\ndelete_after = 48"),
            "delete_after: '48' is out of range; allowed: 0 to 47 hours",
        ),
        (
            "a name for a person",
            format!("[telegram]\nchat_id = 5\ntoken_file = {token}\nallowed_users = @ann"),
            "allowed_users: '@ann' is no number of a user",
        ),
        (
            "the whole address",
            format!("[wecom]\nkey_file = {url}"),
            "7: [wecom] key_file: what was given is no key of a robot",
        ),
        (
            "members, but no key",
            "[wecom]\nmentioned = ann".to_owned(),
            "key_file: neither the key nor the environment's EOSKEEPER_WECOM_KEY gives it",
        ),
    ] {
        let errors = parsed(&format!("{LEAST}{lines}\n")).expect_err(name).to_string();
        assert!(errors.contains(message), "{name}: {errors}");
        for secret in ["AAHdq", "693a91f6", "123456:short"] {
            assert!(!errors.contains(secret), "{name}: {errors}");
        }
    }
}
