//! The program as a person or a service runs it, with its state, its peers and its scripts.

mod check;
mod demo;
mod demo_log;
mod demo_network;
mod doctor;
mod documented;
mod evidence;
mod fake_nodeos;
mod help;
mod history_samples;
#[path = "../support/http.rs"]
mod http;
mod init;
mod nodes;
mod orders;
mod packaging;
mod peers;
mod reload;
mod replay;
mod run;
mod service;
mod shell_scripts;
mod state_run;
mod store;
