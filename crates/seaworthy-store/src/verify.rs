//! Readers that know what they should read: size and digest are checked at the end, always.

use crate::StoreError;
use seaworthy_oci::{Descriptor, Digest, Hasher};
use sha2::Digest as _;
use std::fmt::Write as _;
use std::io::{self, Read};

/// A hash in the algorithm of the digest it will be compared with.
pub(crate) enum Check {
    /// SHA-256.
    Sha256(Hasher),
    /// SHA-512.
    Sha512(Box<sha2::Sha512>),
}

impl Check {
    pub(crate) fn for_digest(digest: &Digest) -> Self {
        if digest.algorithm() == "sha512" {
            Self::Sha512(Box::default())
        } else {
            Self::Sha256(Hasher::new())
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::Sha512(hasher) => hasher.update(bytes),
        }
    }

    pub(crate) fn finish(self) -> String {
        match self {
            Self::Sha256(hasher) => hasher.finish().to_string(),
            Self::Sha512(hasher) => {
                let mut text = "sha512:".to_owned();
                for byte in hasher.finalize() {
                    // Writing to a string cannot fail.
                    let _ = write!(text, "{byte:02x}");
                }
                text
            }
        }
    }
}

/// A reader of one blob that fails at its end when size or digest are not the descriptor's.
///
/// The failure is an [`io::Error`] around a [`StoreError`]; [`StoreError::io`] takes it out again.
/// Never more than one byte beyond the descriptor's size is read.
pub struct Verified<R> {
    inner: R,
    what: String,
    expected: Digest,
    size: u64,
    seen: u64,
    check: Option<Check>,
}

impl<R: Read> Verified<R> {
    /// Wraps the reader of a blob; `what` names it in errors, such as `layer 2`.
    pub fn new(inner: R, descriptor: &Descriptor, what: impl Into<String>) -> Self {
        Self {
            inner,
            what: what.into(),
            expected: descriptor.digest.clone(),
            size: descriptor.size,
            seen: 0,
            check: Some(Check::for_digest(&descriptor.digest)),
        }
    }

    /// Bytes read so far.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    fn size_error(&self, more: bool) -> StoreError {
        StoreError::Size {
            what: self.what.clone(),
            digest: self.expected.clone(),
            expected: self.size,
            got: self.seen,
            more,
        }
    }
}

impl<R: Read> Read for Verified<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        crate::stop::check()?;
        let Some(check) = self.check.as_mut() else { return Ok(0) };
        let count = self.inner.read(buffer)?;
        if count > 0 {
            check.update(&buffer[..count]);
            self.seen += count as u64;
            if self.seen > self.size {
                return Err(self.size_error(true).into());
            }
            return Ok(count);
        }
        if self.seen != self.size {
            return Err(self.size_error(false).into());
        }
        let got = self.check.take().map(Check::finish).unwrap_or_default();
        if got != self.expected.as_str() {
            let (what, expected) = (self.what.clone(), self.expected.clone());
            return Err(StoreError::Mismatch { what, expected, got }.into());
        }
        Ok(0)
    }
}
