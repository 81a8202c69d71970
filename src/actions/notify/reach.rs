//! Whether a service is there, without telling it anything.

use reqwest::{Method, Url};

use super::channel::DeliveryError;
use super::post::Post;
use super::setup::{SetupError, WallClock};

/// The way to a service, to look along it.
pub struct Reach {
    post: Post,
}

impl Reach {
    /// Looks at the service of `url`, which may be a secret.
    ///
    /// # Errors
    /// When no client can be made.
    pub fn new(url: &Url, now: WallClock) -> Result<Self, SetupError> {
        Ok(Self { post: Post::new(url, &[], now)? })
    }

    /// Connects, with TLS where there is any, and asks the host for the head of `/`; whatever it
    /// answers, it is there. Returns the status.
    ///
    /// # Errors
    /// Why it cannot be reached.
    pub async fn host(&self) -> Result<u16, DeliveryError> {
        let mut url = self.post.url().clone();
        url.set_path("/");
        url.set_query(None);
        let answer = self.post.send(self.post.request(Method::HEAD, url)).await?;
        Ok(answer.status.as_u16())
    }

    /// Asks what stands at the address itself.
    ///
    /// # Errors
    /// Why it cannot be reached, or what it says instead of success.
    pub async fn itself(&self) -> Result<(), DeliveryError> {
        let request = self.post.request(Method::GET, self.post.url().clone());
        let answer = self.post.send(request).await?;
        if answer.status.is_success() { Ok(()) } else { Err(self.post.refusal(&answer)) }
    }
}
