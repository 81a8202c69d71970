//! A program of the operator's that tells people.
//!
//! The contract is `doc/alarms/script.md`: the message as JSON on standard input, with the paths of
//! its pictures; the most useful words as variables; exit code 0 is delivered, 75 (`EX_TEMPFAIL`)
//! and what is not named here is tried again, and those of [`REFUSED`] are not.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use tempfile::TempDir;
use tokio::process::Command;

use super::channel::{Channel, Delivered, Delivering, Delivery, DeliveryError, Picture};
use super::words;
use crate::actions::script::{inherited, one_line, process};
use crate::core::alarm::message::Message;

/// How long it may take: with what ending it takes, less than a delivery has.
pub const DEADLINE: Duration = Duration::from_secs(20);
/// Exit codes that say that trying again is useless: our own for "refused", and of `sysexits.h`
/// usage, data, no such user, no right and configuration.
pub const REFUSED: [i32; 6] = [10, 64, 65, 67, 77, 78];

/// A program that is given each message.
pub struct Script {
    path: PathBuf,
}

/// What stands on its standard input.
#[derive(Serialize)]
struct Input<'a> {
    #[serde(flatten)]
    message: &'a Message,
    /// Beside `pictures`, which says what was asked for: the files there are.
    picture_files: Vec<PictureFile<'a>>,
}

#[derive(Serialize)]
struct PictureFile<'a> {
    kind: &'static str,
    caption: &'a str,
    path: PathBuf,
}

impl Script {
    /// Runs the program at `path`, which is absolute.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    async fn tell(&self, delivery: &Delivery) -> Result<Delivered, DeliveryError> {
        let message = &delivery.message;
        let pictures = delivery.pictures.clone();
        // Kept until the program has ended: its end takes the files away.
        let files = tokio::task::spawn_blocking(move || write(&pictures))
            .await
            .map_err(|error| DeliveryError::passing(format!("no thread: {error}")))?
            .map_err(|error| DeliveryError::passing(format!("the pictures: {error}")))?;
        let input = self.input(delivery, files.as_ref().map(TempDir::path))?;
        let mut command = Command::new(&self.path);
        command.env_clear().envs(inherited());
        for (name, value) in variables(message) {
            command.env(name, one_line(&value));
        }
        let ended =
            process::run(&self.path, &mut command, Some(&input), &message.incident, DEADLINE).await;
        let path = self.path.display();
        let ended = ended.map_err(|why| DeliveryError::passing(format!("{path} {why}")))?;
        judge(&ended).map_err(|(is_lasting, why)| {
            let why = format!("{path} {why}: {}", ended.complaint);
            if is_lasting { DeliveryError::Lasting(why) } else { DeliveryError::passing(why) }
        })
    }

    fn input(&self, delivery: &Delivery, files: Option<&Path>) -> Result<Vec<u8>, DeliveryError> {
        let picture_files = match files {
            None => Vec::new(),
            Some(directory) => delivery
                .pictures
                .iter()
                .enumerate()
                .map(|(index, picture)| PictureFile {
                    kind: picture.kind.as_str(),
                    caption: &picture.caption,
                    path: directory.join(name(index, picture)),
                })
                .collect(),
        };
        let input = Input { message: &delivery.message, picture_files };
        let mut text = serde_json::to_vec(&input)
            .map_err(|error| DeliveryError::Lasting(format!("the message is no JSON: {error}")))?;
        text.push(b'\n');
        Ok(text)
    }
}

impl Channel for Script {
    fn name(&self) -> &'static str {
        "script"
    }

    fn takes_pictures(&self) -> bool {
        true
    }

    fn deliver<'a>(&'a self, delivery: &'a Delivery) -> Delivering<'a> {
        Box::pin(self.tell(delivery))
    }
}

/// Whether it was delivered; else whether that lasts, and why.
fn judge(ended: &process::Ended) -> Result<Delivered, (bool, String)> {
    if !ended.in_time {
        let seconds = DEADLINE.as_secs();
        return Err((false, format!("did not end within {seconds} s and was killed")));
    }
    match &ended.status {
        Err(error) => Err((false, format!("is lost: {error}"))),
        Ok(status) => match status.code() {
            Some(0) => Ok(Delivered::default()),
            Some(code) => Err((REFUSED.contains(&code), format!("ended with exit code {code}"))),
            None => Err((false, "was killed by a signal, not by us".to_owned())),
        },
    }
}

/// What a short script needs of a message, without reading JSON.
fn variables(message: &Message) -> [(&'static str, String); 10] {
    [
        ("EOSKEEPER_ACTION", "notify".to_owned()),
        ("EOSKEEPER_MESSAGE", message.id.clone()),
        ("EOSKEEPER_KIND", message.kind.as_str().to_owned()),
        ("EOSKEEPER_SEVERITY", words::level(message.severity).to_owned()),
        ("EOSKEEPER_INCIDENT", message.incident.clone()),
        ("EOSKEEPER_CAUSE", message.cause.clone()),
        ("EOSKEEPER_TITLE", message.title.clone()),
        ("EOSKEEPER_NODE", message.node.clone()),
        ("EOSKEEPER_ROLE", message.role.letter().to_string()),
        ("EOSKEEPER_PRODUCER", message.producer.as_str().to_owned()),
    ]
}

fn name(index: usize, picture: &Picture) -> String {
    format!("{index}-{}.png", picture.kind.as_str())
}

/// Writes the pictures into a directory that only this user may enter; none where there are none.
fn write(pictures: &[Picture]) -> std::io::Result<Option<TempDir>> {
    if pictures.is_empty() {
        return Ok(None);
    }
    let directory = tempfile::Builder::new()
        .prefix("eoskeeper-")
        .permissions(std::fs::Permissions::from_mode(0o700))
        .tempdir()?;
    for (index, picture) in pictures.iter().enumerate() {
        let mut file = std::fs::File::create_new(directory.path().join(name(index, picture)))?;
        file.write_all(&picture.png)?;
    }
    Ok(Some(directory))
}
