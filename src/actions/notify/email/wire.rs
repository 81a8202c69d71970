//! The connection under SMTP: bounded, and with TLS of our own making.
//!
//! What stands before TLS is read here and thrown away with the connection's buffer, so that words
//! that somebody put behind the answer to `STARTTLS` are never taken for the server's.

use std::io::{Error, Result};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;

/// Most bytes a server may say in one connection: some hundred answers, each of a few lines.
const SAID_BYTES_MAX: usize = 256 * 1024;
/// Most bytes of one answer before TLS.
const ANSWER_BYTES_MAX: usize = 8 * 1024;

/// A connection that takes so much and no more.
#[derive(Debug)]
pub(super) struct Wire<S> {
    inner: S,
    peer: SocketAddr,
    /// What is read before anything of the connection: a greeting that was read already.
    before: &'static [u8],
    left: usize,
}

impl<S> Wire<S> {
    pub(super) fn new(inner: S, peer: SocketAddr, before: &'static [u8]) -> Self {
        Self { inner, peer, before, left: SAID_BYTES_MAX }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        if !self.before.is_empty() {
            let count = self.before.len().min(buffer.remaining());
            buffer.put_slice(&self.before[..count]);
            self.before = &self.before[count..];
            return Poll::Ready(Ok(()));
        }
        let had = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        let count = buffer.filled().len() - had;
        if count > self.left {
            return Poll::Ready(Err(Error::other("it says more than a mail server has to say")));
        }
        self.left -= count;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

impl<S> AsyncTokioStream for Wire<S>
where
    S: AsyncRead + AsyncWrite + Send + Sync + Unpin + std::fmt::Debug,
{
    fn peer_addr(&self) -> Result<SocketAddr> {
        Ok(self.peer)
    }
}

/// An answer of the server before TLS.
pub(super) struct Answer {
    /// Its three digits.
    pub(super) code: u16,
    /// Its lines, without the digits.
    pub(super) lines: Vec<String>,
}

/// Says `command`, where there is one, and reads the answer.
pub(super) async fn ask(stream: &mut TcpStream, command: &str) -> Result<Answer> {
    if !command.is_empty() {
        stream.write_all(command.as_bytes()).await?;
        stream.write_all(b"\r\n").await?;
    }
    let mut text = Vec::new();
    let mut piece = [0; 1024];
    loop {
        let count = stream.read(&mut piece).await?;
        if count == 0 {
            return Err(Error::other("it closed the connection"));
        }
        text.extend_from_slice(&piece[..count]);
        if let Some(answer) = whole(&text)? {
            return Ok(answer);
        }
        if text.len() > ANSWER_BYTES_MAX {
            return Err(Error::other("its answer has no end"));
        }
    }
}

/// The answer, once its last line is there: `250 words`, where `250-words` is not the last one.
/// Nothing may stand behind it: the other side says only what it was asked for.
fn whole(text: &[u8]) -> Result<Option<Answer>> {
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let line = String::from_utf8_lossy(&rest[..end]).trim_end().to_owned();
        rest = &rest[end + 1..];
        let code = line.get(..3).and_then(|digits| digits.parse::<u16>().ok());
        let Some(code) = code.filter(|code| (200..600).contains(code)) else {
            return Err(Error::other("it is no mail server"));
        };
        lines.push(line.get(4..).unwrap_or_default().to_owned());
        if line.as_bytes().get(3) == Some(&b'-') {
            continue;
        }
        if !rest.is_empty() {
            return Err(Error::other("it says more than it was asked, before TLS"));
        }
        return Ok(Some(Answer { code, lines }));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_with_its_last_line_and_nothing_follows() {
        for (text, expected) in [
            ("250-a\r\n250 STARTTLS\r\n", Ok(Some((250, 2)))),
            ("220 hello\r\n", Ok(Some((220, 1)))),
            ("250\r\n", Ok(Some((250, 1)))),
            ("250-a\r\n", Ok(None)),
            ("22", Ok(None)),
            ("220 go\r\n250 injected\r\n", Err("it says more than it was asked, before TLS")),
            ("220 go\r\n2", Err("it says more than it was asked, before TLS")),
            ("HTTP/1.1 400\r\n", Err("it is no mail server")),
            ("\u{e9}\u{e9} x\r\n", Err("it is no mail server")),
        ] {
            let read = whole(text.as_bytes());
            let read = read.map(|found| found.map(|answer| (answer.code, answer.lines.len())));
            assert_eq!(
                read.map_err(|error| error.to_string()),
                expected.map_err(str::to_owned),
                "{text}"
            );
        }
    }
}
