//! Names to addresses, with an error that can be told from others.

use std::io;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// The system's resolver.
pub(crate) struct SystemResolver;

/// A name has no address, as far as this machine can find out.
#[derive(Debug, thiserror::Error)]
#[error("{name}: {cause}")]
pub(super) struct NoAddress {
    name: String,
    cause: io::Error,
}

impl Resolve for SystemResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            // Port 0 is replaced by the one in the address that is called.
            match tokio::net::lookup_host((name.as_str(), 0)).await {
                Ok(found) => Ok(Box::new(found.collect::<Vec<_>>().into_iter()) as Addrs),
                Err(cause) => Err(NoAddress { name: name.as_str().to_owned(), cause }.into()),
            }
        })
    }
}
