//! Downloading blobs: resumed by range when the connection breaks, verified by size and digest, and fetched again once
//! when they arrive corrupt.

use crate::client::{Payload, Progress, drain, refuse};
use crate::error::{Error, Kind};
use crate::repository::Repository;
use crate::retry;
use seaworthy_oci::{Descriptor, Hasher};
use std::fs::File;
use std::io::{self, Read, Seek as _, Write};
use std::path::Path;
use ureq::http::Method;

/// Broken connections in a row, without a byte between them, before a download is given up.
const BREAKS: u32 = 6;

/// Where a download goes; it can begin anew.
pub trait Sink: Write {
    /// Forgets everything written.
    ///
    /// # Errors
    /// When that is not possible.
    fn restart(&mut self) -> io::Result<()>;
}

impl Sink for Vec<u8> {
    fn restart(&mut self) -> io::Result<()> {
        self.clear();
        Ok(())
    }
}

impl Sink for File {
    fn restart(&mut self) -> io::Result<()> {
        self.set_len(0)?;
        self.rewind()
    }
}

/// A blob being downloaded. Reading it to its end checks size and digest: what is wrong ends in an error that carries
/// an [`Error`], so a copy that ended well is sound.
pub struct BlobReader<'r> {
    repository: &'r Repository<'r>,
    blob: Descriptor,
    body: Option<Box<dyn Read>>,
    hasher: Option<Hasher>,
    read: u64,
    breaks: u32,
}

impl Repository<'_> {
    /// Opens a blob for reading as a stream.
    ///
    /// # Errors
    /// When it does not exist or the registry cannot be reached.
    pub fn open_blob<'r>(&'r self, blob: &Descriptor) -> Result<BlobReader<'r>, Error> {
        let mut reader = BlobReader {
            repository: self,
            blob: blob.clone(),
            body: None,
            hasher: Some(Hasher::new()),
            read: 0,
            breaks: 0,
        };
        reader.connect()?;
        Ok(reader)
    }

    /// Downloads a blob into a sink; corrupt bytes are thrown away and fetched again once.
    ///
    /// # Errors
    /// When it does not exist, cannot be read, or stays corrupt; the sink is empty then.
    pub fn pull_blob(&self, blob: &Descriptor, sink: &mut dyn Sink) -> Result<(), Error> {
        let mut again = true;
        loop {
            let result = self.open_blob(blob).and_then(|mut reader| reader.copy_to(sink));
            let Err(error) = result else { return Ok(()) };
            let io = |source| Error::new("download blob", &error.url, Kind::Io(source));
            sink.restart().map_err(io)?;
            if !again || !matches!(error.kind, Kind::Digest { .. } | Kind::Size { .. }) {
                return Err(error);
            }
            again = false;
        }
    }

    /// Downloads a blob into a file that may hold its beginning already, from an earlier run; that is not fetched again.
    /// Gives how many bytes were there.
    ///
    /// # Errors
    /// When it does not exist, cannot be read or written, or stays corrupt. What arrived of a blob that broke off stays
    /// in the file for the next run.
    pub fn resume_blob(&self, blob: &Descriptor, path: &Path) -> Result<u64, Error> {
        let mut again = true;
        loop {
            let result = self.append(blob, path, !again);
            match result {
                Err(error) if again && matches!(error.kind, Kind::Digest { .. } | Kind::Size { .. }) => {
                    again = false;
                }
                other => return other,
            }
        }
    }

    fn append(&self, blob: &Descriptor, path: &Path, anew: bool) -> Result<u64, Error> {
        let url = self.url(&format!("blobs/{}", blob.digest));
        let io = |source| Error::new("download blob", &url, Kind::Io(source));
        let open = File::options().read(true).write(true).create(true).truncate(anew).open(path);
        let mut file = open.map_err(io)?;
        if file.metadata().map_err(io)?.len() > blob.size {
            file.restart().map_err(io)?;
        }
        let mut hasher = Hasher::new();
        let mut have = 0_u64;
        let mut buffer = vec![0; 128 << 10];
        loop {
            match file.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => {
                    hasher.update(&buffer[..count]);
                    have += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(io(error)),
            }
        }
        let blob = blob.clone();
        let mut reader =
            BlobReader { repository: self, blob, body: None, hasher: Some(hasher), read: have, breaks: 0 };
        if have > 0 && have == reader.blob.size {
            reader.check()?;
            return Ok(have);
        }
        reader.connect()?;
        reader.copy_to(&mut file)?;
        Ok(have)
    }

    /// Downloads a small blob into memory.
    ///
    /// # Errors
    /// As [`Repository::pull_blob`]; also when the blob is larger than `limit` bytes.
    pub fn pull_bytes(&self, blob: &Descriptor, limit: u64) -> Result<Vec<u8>, Error> {
        if blob.size > limit {
            let kind = Kind::Protocol(format!("the blob has {} bytes, more than {limit}", blob.size));
            return Err(Error::new("download blob", &self.url(&format!("blobs/{}", blob.digest)), kind));
        }
        let mut bytes = Vec::new();
        self.pull_blob(blob, &mut bytes)?;
        Ok(bytes)
    }
}

impl BlobReader<'_> {
    fn url(&self) -> String {
        self.repository.url(&format!("blobs/{}", self.blob.digest))
    }

    fn fail(&self, kind: Kind) -> Error {
        Error::new("download blob", &self.url(), kind)
    }

    fn connect(&mut self) -> Result<(), Error> {
        let mut call = self.repository.call("download blob", Method::GET, self.url(), Payload::None);
        if self.read > 0 {
            call.headers.push(("range", format!("bytes={}-", self.read)));
        }
        let mut answer = self.repository.client.send(&call)?;
        let code = answer.status().as_u16();
        let skip = match code {
            200 => self.read,
            206 => {
                let range = answer.headers().get("content-range").and_then(|value| value.to_str().ok());
                let start = range
                    .and_then(|text| text.trim().strip_prefix("bytes "))
                    .and_then(|text| text.split('-').next()?.trim().parse::<u64>().ok());
                if start != Some(self.read) {
                    drain(&mut answer);
                    return Err(
                        self.fail(Kind::Protocol("it begins at another byte than asked for".to_owned()))
                    );
                }
                0
            }
            _ => return Err(refuse("download blob", &call.url, answer)),
        };
        let mut body = answer.into_body().into_reader();
        if skip > 0 {
            // The server knows no ranges: what was read before is passed over.
            io::copy(&mut (&mut body).take(skip), &mut io::sink())
                .map_err(|error| self.fail(Kind::Transport(Box::new(ureq::Error::Io(error)))))?;
        }
        self.body = Some(Box::new(body));
        Ok(())
    }

    fn copy_to(&mut self, sink: &mut dyn Sink) -> Result<(), Error> {
        let mut buffer = vec![0; 128 << 10];
        loop {
            let count = self.next(&mut buffer)?;
            if count == 0 {
                return Ok(());
            }
            sink.write_all(&buffer[..count]).map_err(|error| self.fail(Kind::Io(error)))?;
        }
    }

    /// The next bytes; 0 only behind the last one, after size and digest were checked.
    fn next(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        loop {
            if self.read >= self.blob.size && self.hasher.is_none() {
                return Ok(0);
            }
            let result = match &mut self.body {
                Some(body) => body.read(buffer),
                None => Err(io::ErrorKind::NotConnected.into()),
            };
            match result {
                Ok(0) if self.read >= self.blob.size => {
                    self.check()?;
                    return Ok(0);
                }
                Ok(0) => self.broken(io::ErrorKind::UnexpectedEof.into())?,
                Ok(count) => {
                    self.breaks = 0;
                    self.read += count as u64;
                    if self.read > self.blob.size {
                        return Err(self.fail(Kind::Size { expected: self.blob.size, got: self.read }));
                    }
                    if let Some(hasher) = &mut self.hasher {
                        hasher.update(&buffer[..count]);
                    }
                    let (digest, total) = (self.blob.digest.clone(), self.blob.size);
                    let done = self.read == self.blob.size;
                    self.repository.client.report(&Progress { digest, bytes: count as u64, total, done });
                    return Ok(count);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => self.broken(error)?,
            }
        }
    }

    fn broken(&mut self, error: io::Error) -> Result<(), Error> {
        self.body = None;
        self.breaks += 1;
        if self.breaks >= BREAKS {
            return Err(self.fail(Kind::Transport(Box::new(ureq::Error::Io(error)))));
        }
        std::thread::sleep(retry::backoff(self.breaks));
        self.connect()
    }

    fn check(&mut self) -> Result<(), Error> {
        let Some(hasher) = self.hasher.take() else { return Ok(()) };
        let got = hasher.finish();
        if self.blob.digest.algorithm() == "sha256" && got != self.blob.digest {
            let expected = self.blob.digest.to_string();
            return Err(self.fail(Kind::Digest { expected, got: got.to_string() }));
        }
        Ok(())
    }
}

impl Read for BlobReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        self.next(buffer).map_err(io::Error::other)
    }
}
