//! What sees the content of files while it streams by.

/// A file whose content is about to pass.
#[derive(Clone, Copy, Debug)]
pub(crate) struct File<'a> {
    /// Its record in the layer's table.
    pub(crate) record: u32,
    /// Its path without a leading slash.
    pub(crate) path: &'a [u8],
    /// Its size in bytes.
    pub(crate) size: u64,
    /// Its permission bits.
    pub(crate) mode: u32,
}

/// A piece of content. A file up to [`WINDOW`] bytes comes in one piece.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece<'a> {
    /// The bytes, the end of the previous piece first.
    pub(crate) bytes: &'a [u8],
    /// How many of them were at the end of the previous piece.
    pub(crate) seen: usize,
    /// Where in the file the first byte lies.
    pub(crate) offset: u64,
    /// Whether it is the file's last piece.
    pub(crate) last: bool,
}

impl<'a> Piece<'a> {
    /// The bytes that no earlier piece had.
    pub(crate) fn fresh(&self) -> &'a [u8] {
        &self.bytes[self.seen..]
    }

    /// Whether it is the file's first piece.
    pub(crate) fn first(&self) -> bool {
        self.offset == 0
    }

    /// Whether it is the whole file.
    pub(crate) fn whole(&self) -> bool {
        self.offset == 0 && self.last
    }
}

/// Bytes of a piece at most.
pub(crate) const WINDOW: usize = 1 << 20;
/// Bytes of the previous piece that come again, so that nothing is cut in two.
pub(crate) const OVERLAP: usize = 16 << 10;

/// Sees files as they stream by.
pub(crate) trait Visitor {
    /// Whether it wants the content of a file.
    fn wants(&mut self, file: &File<'_>) -> bool;

    /// A piece of a file it wants.
    fn piece(&mut self, file: &File<'_>, piece: &Piece<'_>);
}
