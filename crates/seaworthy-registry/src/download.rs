//! Downloading a file by its URL: resumed by range, also by a later run.
//!
//! What has arrived lies beside the destination in `NAME.part`, with the server's validator in `NAME.part.tag`; a server
//! whose file has changed since then sends all of it again.

use crate::client::{Call, Client, Payload, drain, refuse};
use crate::error::{Error, Kind};
use crate::retry;
use seaworthy_oci::{Digest, Hasher};
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use ureq::http::{HeaderMap, Method};

/// Broken connections in a row, without a byte between them, before a download is given up.
const BREAKS: u32 = 6;
const ACTION: &str = "download";

/// A file that arrived whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Download {
    /// Where it lies.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its digest.
    pub digest: Digest,
    /// Bytes that an earlier run had fetched already.
    pub resumed: u64,
}

impl Client {
    /// Downloads a file of at most `limit` bytes. What an earlier run fetched of it is not fetched again.
    ///
    /// # Errors
    /// It does not exist, cannot be fetched or written, is too large, or is not what the digest says.
    pub fn download(
        &self,
        url: &str,
        path: &Path,
        limit: u64,
        wanted: Option<&Digest>,
    ) -> Result<Download, Error> {
        let (part, tag) = (beside(path, ".part"), beside(path, ".part.tag"));
        let result = self.fetch_file(url, path, limit, wanted, [&part, &tag]);
        if result.is_err() && part.metadata().is_ok_and(|meta| meta.len() == 0) {
            // Nothing arrived that a later run could go on with.
            let _ = std::fs::remove_file(&part).and_then(|()| std::fs::remove_file(&tag));
        }
        result
    }

    fn fetch_file(
        &self,
        url: &str,
        path: &Path,
        limit: u64,
        wanted: Option<&Digest>,
        [part, tag]: [&Path; 2],
    ) -> Result<Download, Error> {
        let io = |error| Error::new(ACTION, url, Kind::Io(error));
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(part);
        let mut file = open.map_err(io)?;
        let mut state = State { validator: std::fs::read_to_string(tag).unwrap_or_default(), kept: 0 };
        if state.validator.is_empty() {
            // Nothing would tell whether the rest is of the same file.
            file.set_len(0).map_err(io)?;
        }
        state.kept = file.metadata().map_err(io)?.len();
        let mut breaks = 0;
        loop {
            let have = file.seek(SeekFrom::End(0)).map_err(io)?;
            match self.rest(url, &mut file, have, &mut state, tag, limit) {
                Ok(()) => break,
                Err(Broken::Final(error)) => return Err(error),
                Err(Broken::Passing(error)) => {
                    let now = file.metadata().map_err(io)?.len();
                    breaks = if now > have { 0 } else { breaks + 1 };
                    if breaks >= BREAKS {
                        return Err(error);
                    }
                    std::thread::sleep(retry::backoff(breaks.max(1)));
                }
                Err(Broken::Anew) => {
                    state = State::default();
                    file.set_len(0).map_err(io)?;
                }
            }
        }
        file.sync_all().map_err(io)?;
        let digest = digest_of(&mut file).map_err(io)?;
        // What is left of a download must not spoil the next one.
        let _ = std::fs::remove_file(tag);
        if let Some(wanted) = wanted
            && *wanted != digest
        {
            let _ = std::fs::remove_file(part);
            let (expected, got) = (wanted.to_string(), digest.to_string());
            return Err(Error::new(ACTION, url, Kind::Digest { expected, got }));
        }
        let bytes = file.metadata().map_err(io)?.len();
        std::fs::rename(part, path).map_err(io)?;
        Ok(Download { path: path.to_owned(), bytes, digest, resumed: state.kept })
    }

    /// Fetches what is not there yet.
    fn rest(
        &self,
        url: &str,
        file: &mut File,
        have: u64,
        state: &mut State,
        tag: &Path,
        limit: u64,
    ) -> Result<(), Broken> {
        let fail = |kind| Error::new(ACTION, url, kind);
        let mut headers = Vec::new();
        if have > 0 {
            headers.push(("range", format!("bytes={have}-")));
            headers.push(("if-range", state.validator.clone()));
        }
        let call = Call {
            method: Method::GET,
            url: url.to_owned(),
            headers,
            payload: Payload::None,
            scope: "",
            action: ACTION,
            again: true,
        };
        let mut answer = self.send(&call).map_err(Broken::Final)?;
        let total = match answer.status().as_u16() {
            200 => {
                file.set_len(0)
                    .and_then(|()| file.rewind())
                    .map_err(|error| Broken::Final(fail(Kind::Io(error))))?;
                *state = State { validator: validator_of(answer.headers()), kept: 0 };
                // Without the validator the next run begins anew, and that is all.
                let _ = std::fs::write(tag, state.validator.as_bytes());
                number(answer.headers(), "content-length")
            }
            206 => match range(answer.headers()) {
                Some((from, total)) if from == have => total,
                _ => {
                    drain(&mut answer);
                    return Err(Broken::Anew);
                }
            },
            416 if have > 0 => {
                drain(&mut answer);
                return Err(Broken::Anew);
            }
            _ => return Err(Broken::Final(refuse(ACTION, url, answer))),
        };
        let too_large =
            || Broken::Final(fail(Kind::Protocol(format!("it is larger than {} GiB", limit >> 30))));
        if total.is_some_and(|total| total > limit) {
            return Err(too_large());
        }
        let mut body = answer.into_body().into_reader();
        let mut buffer = vec![0; 128 << 10];
        loop {
            let count = match body.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    return Err(Broken::Passing(fail(Kind::Transport(Box::new(ureq::Error::Io(error))))));
                }
            };
            file.write_all(&buffer[..count]).map_err(|error| Broken::Final(fail(Kind::Io(error))))?;
            if file.stream_position().is_ok_and(|at| at > limit) {
                return Err(too_large());
            }
        }
        let now = file.stream_position().map_err(|error| Broken::Final(fail(Kind::Io(error))))?;
        match total {
            Some(total) if now < total => {
                let error = ureq::Error::Io(io::ErrorKind::UnexpectedEof.into());
                Err(Broken::Passing(fail(Kind::Transport(Box::new(error)))))
            }
            _ => Ok(()),
        }
    }
}

/// What is known of the beginning that is there already.
#[derive(Default)]
struct State {
    /// What the server said of the file it is of.
    validator: String,
    /// Bytes of it that an earlier run fetched.
    kept: u64,
}

/// Why the rest did not come.
enum Broken {
    /// Trying again does not help.
    Final(Error),
    /// The connection broke.
    Passing(Error),
    /// What is there is of another file.
    Anew,
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// A strong entity tag, else the time of the last change (RFC 9110, section 13.1.5).
fn validator_of(headers: &HeaderMap) -> String {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match text("etag") {
        tag if tag.starts_with('"') => tag.to_owned(),
        _ => text("last-modified").to_owned(),
    }
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// `bytes 100-199/200`: the first byte and the size of the whole.
fn range(headers: &HeaderMap) -> Option<(u64, Option<u64>)> {
    let text = headers.get("content-range")?.to_str().ok()?.trim().strip_prefix("bytes ")?;
    let (span, total) = text.split_once('/')?;
    Some((span.split('-').next()?.trim().parse().ok()?, total.trim().parse().ok()))
}

fn digest_of(file: &mut File) -> io::Result<Digest> {
    file.rewind()?;
    let mut hasher = Hasher::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finish()),
            count => hasher.update(&buffer[..count]),
        }
    }
}
