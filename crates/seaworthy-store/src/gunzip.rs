//! gzip members one after the other (RFC 1952), each with its checksum.
//!
//! The framing is read here and only the compressed blocks are left to the library: the checksum is a tenth of a
//! layer's time where it is not made by the processor's own instructions, and a whole buffer is filled at a time.

use flate2::{Decompress, FlushDecompress, Status};
use std::io::{self, BufRead, Read};

/// Most bytes of a name, a comment or an extra field of a member's header.
const FIELD: usize = 64 << 10;

/// What comes next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// A member, or the end.
    Header,
    /// More of a member's content.
    Content,
    /// A member's checksum.
    Trailer,
}

/// Reads the content of all members.
pub struct Gunzip<R> {
    raw: R,
    inflate: Decompress,
    crc: crc32fast::Hasher,
    /// Bytes of the member's content so far, modulo 2³².
    length: u32,
    members: u64,
    next: Next,
}

impl<R: BufRead> Gunzip<R> {
    /// Reads the members of a blob.
    pub fn new(raw: R) -> Self {
        Self {
            raw,
            inflate: Decompress::new(false),
            crc: crc32fast::Hasher::new(),
            length: 0,
            members: 0,
            next: Next::Header,
        }
    }

    /// The reader of the compressed bytes.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.raw
    }

    /// Reads bytes of a header or a trailer.
    fn take<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        match self.raw.read_exact(&mut bytes) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof && error.get_ref().is_none() => {
                Err(cut())
            }
            outcome => outcome.map(|()| bytes),
        }
    }

    /// Reads a member's header; false at the end of the blob.
    fn header(&mut self) -> io::Result<bool> {
        if self.raw.fill_buf()?.is_empty() && self.members > 0 {
            return Ok(false);
        }
        let mut crc = crc32fast::Hasher::new();
        let fixed = self.take::<10>()?;
        crc.update(&fixed);
        let flags = fixed[3];
        // Deflate, and none of the flags that are not defined.
        if fixed[..3] != [0x1f, 0x8b, 8] || flags & 0xe0 != 0 {
            return Err(invalid("invalid gzip header"));
        }
        if flags & 4 != 0 {
            let length = self.take::<2>()?;
            crc.update(&length);
            for _ in 0..u16::from_le_bytes(length) {
                crc.update(&self.take::<1>()?);
            }
        }
        for flag in [8, 16] {
            if flags & flag != 0 {
                self.text(&mut crc)?;
            }
        }
        if flags & 2 != 0 {
            let stated = u16::from_le_bytes(self.take::<2>()?);
            if u32::from(stated) != crc.finalize() & 0xffff {
                return Err(invalid("corrupt gzip header: its checksum does not fit"));
            }
        }
        self.inflate.reset(false);
        self.crc.reset();
        self.length = 0;
        self.members += 1;
        Ok(true)
    }

    /// Passes over a text that ends with a zero.
    fn text(&mut self, crc: &mut crc32fast::Hasher) -> io::Result<()> {
        for _ in 0..FIELD {
            let byte = self.take::<1>()?;
            crc.update(&byte);
            if byte == [0] {
                return Ok(());
            }
        }
        Err(invalid("gzip header field too long"))
    }

    /// Checks what comes after a member's content.
    fn trailer(&mut self) -> io::Result<()> {
        let stated = self.take::<4>()?;
        let length = self.take::<4>()?;
        if u32::from_le_bytes(stated) != self.crc.clone().finalize()
            || u32::from_le_bytes(length) != self.length
        {
            return Err(invalid("corrupt gzip stream does not have a matching checksum"));
        }
        Ok(())
    }

    /// Decompresses into a buffer; gives the number of bytes.
    fn content(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            let input = self.raw.fill_buf()?;
            let (end, had) = (input.is_empty(), self.inflate.total_in());
            let before = self.inflate.total_out();
            let flush = if end { FlushDecompress::Finish } else { FlushDecompress::None };
            let status = self
                .inflate
                .decompress(input, &mut buffer[filled..], flush)
                .map_err(|_| invalid("corrupt deflate stream"))?;
            let count = |now: u64, then: u64| usize::try_from(now - then).unwrap_or_default();
            let (used, made) = (count(self.inflate.total_in(), had), count(self.inflate.total_out(), before));
            self.raw.consume(used);
            filled += made;
            if status == Status::StreamEnd {
                self.next = Next::Trailer;
                break;
            }
            if end && made == 0 {
                return Err(cut());
            }
            if used == 0 && made == 0 {
                return Err(invalid("corrupt deflate stream"));
            }
        }
        self.crc.update(&buffer[..filled]);
        // The length is stated modulo 2³².
        self.length = self.length.wrapping_add(u32::try_from(filled).unwrap_or_default());
        Ok(filled)
    }
}

impl<R: BufRead> Read for Gunzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            match self.next {
                Next::Header => {
                    if !self.header()? {
                        return Ok(0);
                    }
                    self.next = Next::Content;
                }
                Next::Content => {
                    let count = self.content(buffer)?;
                    if count > 0 {
                        return Ok(count);
                    }
                }
                Next::Trailer => {
                    self.trailer()?;
                    self.next = Next::Header;
                }
            }
        }
    }
}

fn cut() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the stream is cut off")
}

fn invalid(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, GzBuilder};
    use std::io::{BufReader, Write as _};

    fn member(builder: GzBuilder, bytes: &[u8]) -> Vec<u8> {
        let mut encoder = builder.write(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// Reads with buffers of some length.
    fn read(bytes: &[u8], input: usize, output: usize) -> io::Result<Vec<u8>> {
        let mut gunzip = Gunzip::new(BufReader::with_capacity(input, bytes));
        let (mut all, mut buffer) = (Vec::new(), vec![0; output]);
        loop {
            match gunzip.read(&mut buffer)? {
                0 => return Ok(all),
                count => all.extend_from_slice(&buffer[..count]),
            }
        }
    }

    #[test]
    fn members_of_every_kind_of_header_are_read_in_pieces_of_any_length() {
        let text: Vec<u8> = (0..30_000u32).flat_map(|n| (n * n % 1000).to_le_bytes()).collect();
        let mut bytes = member(GzBuilder::new().filename("a name").comment("why"), &text);
        bytes.extend(member(GzBuilder::new().extra(vec![1; 300]), b""));
        bytes.extend(member(GzBuilder::new(), b"the end"));
        let expected = [text.as_slice(), b"the end"].concat();
        for (input, output) in [(1, 1), (7, 5), (4096, 100), (3, 100_000), (200_000, 200_000)] {
            assert!(read(&bytes, input, output).unwrap() == expected, "{input} {output}");
        }
    }

    #[test]
    fn what_is_broken_is_told() {
        let good = member(GzBuilder::new().filename("x"), b"some text some text");
        let fails = |bytes: &[u8]| read(bytes, 64, 64).unwrap_err();
        for cut in 0..good.len() {
            assert_eq!(fails(&good[..cut]).kind(), io::ErrorKind::UnexpectedEof, "cut at {cut}");
        }
        let changed = |at: usize| {
            let mut bytes = good.clone();
            bytes[at] ^= 0x41;
            bytes
        };
        let end = good.len();
        assert!(fails(&changed(end - 6)).to_string().contains("checksum"));
        assert!(fails(&changed(end - 2)).to_string().contains("checksum"));
        assert!(fails(&changed(1)).to_string().contains("invalid gzip header"));
        let trailing = [good.as_slice(), b"\0\0\0\0\0\0\0\0\0\0\0\0"].concat();
        assert!(fails(&trailing).to_string().contains("invalid gzip header"));
        // The flag of a header checksum, and a wrong one.
        let mut summed = member(GzBuilder::new(), b"x");
        summed[3] = 2;
        summed.splice(10..10, [0, 0]);
        assert!(fails(&summed).to_string().contains("header"));
    }
}
