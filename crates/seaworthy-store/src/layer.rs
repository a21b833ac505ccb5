//! The bytes of one layer on their one way through: blob digest, decompression, diff id.
//!
//! The order matters: the digest of the blob is fed by what the decompressor pulls, the diff id by what it gives, and
//! both are complete when the stream has been read to its end, so nothing is read twice.

use crate::gunzip::Gunzip;
use crate::verify::Verified;
use crate::{Image, StoreError};
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use seaworthy_oci::{Descriptor, Digest, Hasher};
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Bytes read from the blob at once.
const RAW: usize = 128 << 10;
/// Bytes decompressed at once: small enough to stay in a core's second-level cache.
const PLAIN: usize = 128 << 10;

/// How a layer is compressed, by its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// A plain tar.
    None,
    /// gzip, of one or more members.
    Gzip,
    /// zstd, of one or more frames.
    Zstd,
}

impl Compression {
    /// The compression that the first bytes show.
    pub fn sniff(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            // A skippable frame may come first.
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            _ => Self::None,
        }
    }

    /// The compression that a media type states; nothing for types that are no layers.
    pub fn of_media_type(media_type: &str) -> Option<Self> {
        if media_type.ends_with("+gzip") || media_type.ends_with(".tar.gzip") {
            Some(Self::Gzip)
        } else if media_type.ends_with("+zstd") || media_type.ends_with(".tar.zstd") {
            Some(Self::Zstd)
        } else if media_type.rsplit('.').next() == Some("tar") {
            Some(Self::None)
        } else {
            None
        }
    }

    /// Its name, `none` for none.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }
}

/// Bounds on what a layer may unpack to.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Most bytes one layer may unpack to.
    pub unpacked: u64,
    /// Most unpacked bytes per stored byte, once a layer is over [`Limits::ratio_from`].
    pub ratio: u64,
    /// Unpacked bytes below which no ratio is looked at.
    pub ratio_from: u64,
    /// Most entries of one layer.
    pub entries: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { unpacked: 64 << 30, ratio: 250, ratio_from: 1 << 30, entries: 8_000_000 }
    }
}

type Raw = BufReader<Verified<Box<dyn Read + Send>>>;

enum Decoder {
    Plain(Box<Raw>),
    Gzip(Box<Gunzip<Raw>>),
    Zstd(Box<Zstd<Raw>>),
}

impl Decoder {
    fn raw(&mut self) -> &mut Raw {
        match self {
            Self::Plain(raw) => raw,
            Self::Gzip(decoder) => decoder.get_mut(),
            Self::Zstd(decoder) => &mut decoder.raw,
        }
    }
}

impl Read for Decoder {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(raw) => raw.read(buffer),
            Self::Gzip(decoder) => decoder.read(buffer),
            Self::Zstd(decoder) => decoder.read(buffer),
        }
    }
}

/// Where the unpacked bytes come from.
enum Feed {
    /// This thread decompresses.
    Here(Decoder),
    /// Another thread does, ahead of the reader.
    Ahead(Ahead),
}

/// The reader's side of a thread that decompresses.
struct Ahead {
    full: Receiver<io::Result<Filled>>,
    empty: SyncSender<Vec<u8>>,
    /// Whether the last buffer was read.
    done: bool,
}

/// A buffer of unpacked bytes.
struct Filled {
    buffer: Vec<u8>,
    /// How many there are; none at the end.
    count: usize,
    /// Bytes of the blob that were read for everything so far.
    stored: u64,
}

/// Buffers on the way from a thread that decompresses.
const AHEAD: usize = 4;

/// A layer's unpacked tar as a stream.
pub struct LayerStream {
    what: String,
    feed: Feed,
    /// Bytes of the blob read so far.
    stored: u64,
    compression: Compression,
    buffer: Vec<u8>,
    at: usize,
    end: usize,
    diff: Hasher,
    unpacked: u64,
    limits: Limits,
}

/// What is known once a layer was read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerEnd {
    /// Digest of the unpacked tar.
    pub diff_id: Digest,
    /// Its size in bytes.
    pub unpacked: u64,
    /// Bytes of the blob.
    pub compressed: u64,
    /// How it was compressed.
    pub compression: Compression,
}

impl LayerStream {
    /// Opens a layer by its index, lowest first.
    ///
    /// # Errors
    /// When the blob is missing or its first bytes cannot be read.
    pub fn open(image: &Image, index: usize, limits: Limits) -> Result<Self, StoreError> {
        let descriptor = image.manifest.layers.get(index).ok_or_else(|| StoreError::Invalid {
            what: format!("manifest {}", image.descriptor.digest),
            why: format!("there is no layer {index}"),
        })?;
        let what = format!("layer {index}");
        let reader = image.blobs().open(descriptor).map_err(|error| foreign(error, descriptor, index))?;
        let mut raw = BufReader::with_capacity(RAW, Verified::new(reader, descriptor, what.as_str()));
        let head = raw.fill_buf().map_err(|error| StoreError::io("read", Path::new(&what), error))?;
        let compression = Compression::sniff(head);
        let decoder = match compression {
            Compression::None => Decoder::Plain(Box::new(raw)),
            Compression::Gzip => Decoder::Gzip(Box::new(Gunzip::new(raw))),
            Compression::Zstd => Decoder::Zstd(Box::new(Zstd::new(raw))),
        };
        Ok(Self {
            what,
            feed: Feed::Here(decoder),
            stored: 0,
            compression,
            buffer: vec![0; PLAIN],
            at: 0,
            end: 0,
            diff: Hasher::new(),
            unpacked: 0,
            limits,
        })
    }

    /// How the layer is compressed.
    pub fn compression(&self) -> Compression {
        self.compression
    }

    /// Lets a thread of its own read and decompress, ahead of whoever reads this stream: for a layer that no other one
    /// keeps company on the processor's cores. A stream something was read from, or of a layer that is not compressed,
    /// stays as it is.
    #[must_use]
    pub fn ahead(mut self) -> Self {
        if self.compression == Compression::None || self.unpacked > 0 {
            return self;
        }
        let Feed::Here(decoder) = self.feed else { return self };
        let (full, from) = sync_channel(AHEAD);
        let (empty, back) = sync_channel(AHEAD + 2);
        let (what, compression) = (self.what.clone(), self.compression);
        std::thread::spawn(move || decompress(decoder, &what, compression, &full, &back));
        self.feed = Feed::Ahead(Ahead { full: from, empty, done: false });
        self
    }

    /// Reads what is left and gives the digests. The blob's own digest and size have been checked by then.
    ///
    /// # Errors
    /// When the blob is not what its descriptor says, or its compression is broken.
    pub fn finish(mut self) -> Result<LayerEnd, StoreError> {
        let name = self.what.clone();
        let failed = |error| StoreError::io("read", Path::new(&name), error);
        loop {
            let count = self.fill_buf().map_err(failed)?.len();
            if count == 0 {
                break;
            }
            self.consume(count);
        }
        if let Feed::Here(decoder) = &mut self.feed {
            let raw = decoder.raw();
            drain(raw).map_err(failed)?;
            self.stored = raw.get_ref().seen();
        }
        let compressed = self.stored;
        Ok(LayerEnd {
            diff_id: self.diff.finish(),
            unpacked: self.unpacked,
            compressed,
            compression: self.compression,
        })
    }

    /// Puts the next unpacked bytes into the buffer; gives how many there are, 0 at the end.
    fn next(&mut self) -> io::Result<usize> {
        match &mut self.feed {
            Feed::Here(decoder) => {
                let count = step(decoder, &mut self.buffer, &self.what, self.compression)?;
                self.stored = decoder.raw().get_ref().seen();
                Ok(count)
            }
            Feed::Ahead(ahead) => {
                if ahead.done {
                    return Ok(0);
                }
                // The thread says when it is through; one that is gone before did not come to the end.
                let gone = |_| io::Error::other("the thread that decompresses ended early");
                let filled = ahead.full.recv().map_err(gone)??;
                let used = std::mem::replace(&mut self.buffer, filled.buffer);
                // The thread may be through already and want no buffer back.
                let _ = ahead.empty.try_send(used);
                self.stored = filled.stored;
                ahead.done = filled.count == 0;
                Ok(filled.count)
            }
        }
    }

    fn limit(&self, what: &str, limit: String) -> io::Error {
        StoreError::Limit { what: format!("{what} of {}", self.what), limit }.into()
    }
}

impl BufRead for LayerStream {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at == self.end {
            let count = self.next()?;
            self.diff.update(&self.buffer[..count]);
            self.unpacked += count as u64;
            (self.at, self.end) = (0, count);
            if self.unpacked > self.limits.unpacked {
                return Err(self.limit("unpacked size", format!("{} bytes", self.limits.unpacked)));
            }
            let stored = self.stored.max(1);
            if self.unpacked > self.limits.ratio_from && self.unpacked / stored > self.limits.ratio {
                return Err(self.limit("compression ratio", format!("{} to 1", self.limits.ratio)));
            }
        }
        Ok(&self.buffer[self.at..self.end])
    }

    fn consume(&mut self, amount: usize) {
        self.at = (self.at + amount).min(self.end);
    }
}

impl Read for LayerStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let have = self.fill_buf()?;
        let count = have.len().min(buffer.len());
        buffer[..count].copy_from_slice(&have[..count]);
        self.consume(count);
        Ok(count)
    }
}

/// A missing blob of a foreign layer is missing on purpose: its licence keeps it out of registries (`image-spec`,
/// layer.md, "Non-Distributable Layers").
fn foreign(error: StoreError, descriptor: &Descriptor, index: usize) -> StoreError {
    let kind = &descriptor.media_type;
    let named = kind.contains(".nondistributable.") || kind.contains(".foreign.");
    match error {
        StoreError::MissingBlob { digest, .. } if named || !descriptor.urls.is_empty() => {
            let from = match descriptor.urls.as_slice() {
                [] => "the manifest does not say where it can be had".to_owned(),
                urls => {
                    let urls: Vec<String> =
                        urls.iter().take(3).map(|url| crate::tape::shown(url.as_bytes())).collect();
                    format!("it is to be had from {}", urls.join(", "))
                }
            };
            StoreError::Invalid {
                what: format!("layer {index}, {digest}"),
                why: format!(
                    "it is a foreign layer of type `{}`, which images do not carry; {from}",
                    crate::tape::shown(kind.as_bytes())
                ),
            }
        }
        other => other,
    }
}

/// Decompresses the next bytes. A failure of the decoder becomes the one that explains it: a damaged blob is reported by
/// its digest.
fn step(decoder: &mut Decoder, buffer: &mut [u8], what: &str, compression: Compression) -> io::Result<usize> {
    let error = loop {
        match decoder.read(buffer) {
            Ok(count) => return Ok(count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => break error,
        }
    };
    if error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<StoreError>) {
        return Err(error);
    }
    drain(decoder.raw())?;
    let why = format!("cannot decompress {}: {error}", compression.name());
    Err(StoreError::Invalid { what: what.to_owned(), why }.into())
}

/// The work of a thread that decompresses: until the end, the first error, or a reader that is gone.
fn decompress(
    mut decoder: Decoder,
    what: &str,
    compression: Compression,
    full: &SyncSender<io::Result<Filled>>,
    empty: &Receiver<Vec<u8>>,
) {
    loop {
        let mut buffer = empty.try_recv().unwrap_or_else(|_| vec![0; PLAIN]);
        let outcome = step(&mut decoder, &mut buffer, what, compression).and_then(|count| {
            if count == 0 {
                drain(decoder.raw())?;
            }
            Ok(Filled { buffer, count, stored: decoder.raw().get_ref().seen() })
        });
        let last = outcome.as_ref().map_or(true, |filled| filled.count == 0);
        if full.send(outcome).is_err() || last {
            return;
        }
    }
}

/// Reads a blob to its end, where its size and digest are checked.
fn drain(raw: &mut Raw) -> io::Result<()> {
    loop {
        let count = raw.fill_buf()?.len();
        if count == 0 {
            return Ok(());
        }
        raw.consume(count);
    }
}

/// zstd frames one after the other, skippable ones skipped.
pub struct Zstd<R> {
    raw: R,
    frame: FrameDecoder,
    open: bool,
}

impl<R: BufRead> Zstd<R> {
    /// The reader of the compressed bytes.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.raw
    }

    /// Reads the frames of a blob.
    pub fn new(raw: R) -> Self {
        Self { raw, frame: FrameDecoder::new(), open: false }
    }

    /// Starts the next frame; false at the end of the blob.
    fn start(&mut self) -> io::Result<bool> {
        while !self.raw.fill_buf()?.is_empty() {
            match self.frame.reset(&mut self.raw) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let skipped = io::copy(&mut (&mut self.raw).take(u64::from(length)), &mut io::sink())?;
                    if skipped < u64::from(length) {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        Ok(false)
    }
}

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.open {
                if !self.start()? {
                    return Ok(0);
                }
                self.open = true;
            }
            while self.frame.can_collect() == 0 && !self.frame.is_finished() {
                self.frame
                    .decode_blocks(&mut self.raw, BlockDecodingStrategy::UptoBlocks(1))
                    .map_err(io::Error::other)?;
            }
            let count = self.frame.read(buffer)?;
            if count > 0 {
                return Ok(count);
            }
            self.open = false;
        }
    }
}
