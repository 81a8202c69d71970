//! How people are told: the pipeline of alarms, the outbox, and each channel against a server of its own.

mod alarm;
mod basics;
mod cloudwatch;
mod cloudwatch_channel;
#[path = "../cloudwatch_support/mod.rs"]
mod cloudwatch_support;
mod command;
mod discord;
mod email;
#[allow(dead_code, reason = "other suites answer with a status, too")]
#[path = "../support/http.rs"]
mod http;
mod http_support;
mod lane;
mod notify_support;
mod outbox;
#[path = "../support/log.rs"]
mod own_log;
mod pagerduty;
mod pool_picture;
mod script;
mod server_works;
mod slack;
mod telegram;
mod webhook;
mod wecom;
