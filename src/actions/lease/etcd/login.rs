//! A user's token: asked for when it is needed, and again when a member refuses it.

use std::io;
use std::path::PathBuf;

use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::time::{Instant, timeout_at};

use super::{Etcd, No};
use crate::core::event::ApiFailure;

/// Longest password, bytes; a larger file is not one.
const PASSWORD_BYTES_MAX: u64 = 4 * 1024;

/// Who etcd is told we are.
pub(super) struct Login {
    pub(super) user: String,
    pub(super) password_file: Option<PathBuf>,
}

impl Login {
    /// The first line of the file; it is read each time, so that a new password needs no restart.
    async fn password(&self) -> Result<String, ApiFailure> {
        let Some(path) = &self.password_file else {
            let text = "no password is given; give [lease] password_file";
            return Err(ApiFailure::Other(text.to_owned()));
        };
        let wrong = |why: String| {
            let name = path.display();
            ApiFailure::Other(format!("{name} ([lease] password_file): {why}"))
        };
        let read = async {
            let file = tokio::fs::File::open(path).await?;
            let mut bytes = Vec::new();
            file.take(PASSWORD_BYTES_MAX + 1).read_to_end(&mut bytes).await?;
            Ok::<_, io::Error>(bytes)
        };
        let bytes = read.await.map_err(|error| wrong(format!("cannot be read: {error}")))?;
        if bytes.len() as u64 > PASSWORD_BYTES_MAX {
            return Err(wrong(format!("is larger than {PASSWORD_BYTES_MAX} bytes")));
        }
        let text = String::from_utf8(bytes).map_err(|_| wrong("is not UTF-8".to_owned()))?;
        match text.lines().next() {
            Some(line) if !line.is_empty() => Ok(line.to_owned()),
            _ => Err(wrong("its first line is empty".to_owned())),
        }
    }
}

impl Etcd {
    /// The token, where etcd asks for one; from `member` when none is known.
    pub(super) async fn token(&self, member: usize, until: Instant) -> Result<Option<String>, No> {
        let Some(login) = &self.login else { return Ok(None) };
        if let Some(token) = self.known_token() {
            return Ok(Some(token));
        }
        let password = match timeout_at(until, login.password()).await {
            Ok(password) => password.map_err(No::Refused)?,
            Err(_) => {
                let text = "[lease] password_file could not be read in time";
                return Err(No::Refused(ApiFailure::Other(text.to_owned())));
            }
        };
        let question = json!({ "name": login.user, "password": password });
        let answer = self.post(member, "/v3/auth/authenticate", &question, None, until).await?;
        let Some(token) = answer.get("token").and_then(Value::as_str) else {
            let text = "etcd took the password and gave no token";
            return Err(No::NotHere(ApiFailure::Other(text.to_owned())));
        };
        self.keep_token(Some(token.to_owned()));
        Ok(Some(token.to_owned()))
    }
}
