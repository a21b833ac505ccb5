//! A stream whose writes must make progress: a client that asks but does not read is cut.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// Fails a write or flush that is stuck for longer than the timeout. Reads have their own limits.
#[derive(Debug)]
pub struct TimeoutIo<T> {
    inner: T,
    timeout: Duration,
    sleep: Pin<Box<Sleep>>,
    stuck: bool,
}

impl<T> TimeoutIo<T> {
    /// Wraps a stream. Must be called within a runtime.
    pub fn new(inner: T, timeout: Duration) -> Self {
        Self { inner, timeout, sleep: Box::pin(tokio::time::sleep(timeout)), stuck: false }
    }

    /// Starts the clock at the first poll without progress and stops it at the next progress.
    fn watch<R>(&mut self, cx: &mut Context<'_>, polled: Poll<io::Result<R>>) -> Poll<io::Result<R>> {
        if polled.is_ready() {
            self.stuck = false;
            return polled;
        }
        if !self.stuck {
            self.stuck = true;
            self.sleep.as_mut().reset(Instant::now() + self.timeout);
        }
        match Future::poll(self.sleep.as_mut(), cx) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for TimeoutIo<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for TimeoutIo<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write(cx, buf);
        self.watch(cx, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write_vectored(cx, bufs);
        self.watch(cx, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.inner).poll_flush(cx);
        self.watch(cx, polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.inner).poll_shutdown(cx);
        self.watch(cx, polled)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::TimeoutIo;

    fn block_on<F: Future>(future: F) -> F::Output {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
    }

    #[test]
    fn a_reader_that_stops_reading_is_cut() {
        block_on(async {
            let (near, _far) = tokio::io::duplex(8);
            let mut near = TimeoutIo::new(near, Duration::from_millis(50));
            let error = near.write_all(&[0; 64]).await.unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
        });
    }

    #[test]
    fn a_slow_reader_that_makes_progress_is_served() {
        block_on(async {
            let (near, mut far) = tokio::io::duplex(8);
            let mut near = TimeoutIo::new(near, Duration::from_millis(200));
            let writer = async { near.write_all(&[7; 64]).await };
            let reader = async {
                let mut part = [0; 8];
                for _ in 0..8 {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    far.read_exact(&mut part).await.unwrap();
                }
            };
            // In all 400 ms, which is longer than the timeout, but never 200 ms without progress.
            let (written, ()) = tokio::join!(writer, reader);
            written.unwrap();
        });
    }
}
