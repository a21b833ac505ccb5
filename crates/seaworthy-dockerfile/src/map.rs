//! From offsets in joined text back to offsets in the file.

/// Where each byte of a text that was put together from pieces of the file came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OffsetMap {
    /// Pairs of (offset in the text, offset in the file), sorted; between two pairs both advance alike.
    segments: Vec<(usize, usize)>,
    /// The place of every byte, for a text that does not stand in the file itself.
    whole: Option<seaworthy_finding::Span>,
}

impl OffsetMap {
    /// A text that lies in the file in one piece, from `source` on.
    #[must_use]
    pub fn contiguous(source: usize) -> Self {
        Self { segments: vec![(0, source)], whole: None }
    }

    /// A text that stands elsewhere and is brought in at a place: every byte has that place.
    #[must_use]
    pub fn whole(place: seaworthy_finding::Span) -> Self {
        Self { segments: vec![(0, place.start)], whole: Some(place) }
    }

    /// Notes that the text from `text` on comes from `source` on. Offsets must not go down.
    pub fn push(&mut self, text: usize, source: usize) {
        match self.segments.last_mut() {
            Some(last) if last.0 == text => last.1 = source,
            Some(last) if last.1 + (text - last.0) == source => {}
            _ => self.segments.push((text, source)),
        }
    }

    /// The offset in the file of the byte at `offset` of the text.
    #[must_use]
    pub fn to_source(&self, offset: usize) -> usize {
        if let Some(place) = self.whole {
            return place.start;
        }
        let after = self.segments.partition_point(|(text, _)| *text <= offset);
        match after.checked_sub(1).and_then(|at| self.segments.get(at)) {
            Some((text, source)) => source + (offset - text),
            None => offset,
        }
    }

    /// The span in the file of `start..end` of the text: from its first byte to behind its last.
    #[must_use]
    pub fn span(&self, start: usize, end: usize) -> seaworthy_finding::Span {
        if let Some(place) = self.whole {
            return place;
        }
        let first = self.to_source(start);
        let last = if end > start { self.to_source(end - 1) + 1 } else { first };
        seaworthy_finding::Span { start: first, end: last.max(first) }
    }

    /// The segments that begin behind `start` and before `end`.
    fn between(&self, start: usize, end: usize) -> &[(usize, usize)] {
        let from = self.segments.partition_point(|(text, _)| *text <= start);
        let to = self.segments.partition_point(|(text, _)| *text < end).max(from);
        &self.segments[from..to]
    }

    /// The map of `start..end` of the text, counted from `start`.
    #[must_use]
    pub fn slice(&self, start: usize, end: usize) -> Self {
        let mut segments = vec![(0, self.to_source(start))];
        segments.extend(self.between(start, end).iter().map(|(text, source)| (text - start, *source)));
        Self { segments, whole: self.whole }
    }

    /// Adds the first `length` bytes of this map's text to another map, whose text goes on at `text`.
    pub fn append_to(&self, other: &mut Self, text: usize, length: usize) {
        other.push(text, self.to_source(0));
        for (offset, source) in self.between(0, length) {
            other.push(text + offset, *source);
        }
    }

    /// This map, whose targets are offsets in a text that `outer` maps on.
    #[must_use]
    pub fn through(&self, outer: &Self) -> Self {
        let mut segments = Vec::new();
        for (at, (text, middle)) in self.segments.iter().enumerate() {
            segments.push((*text, outer.to_source(*middle)));
            let end = self.segments.get(at + 1).map_or(usize::MAX, |next| middle + (next.0 - text));
            let inside = outer.between(*middle, end);
            segments.extend(inside.iter().map(|(inner, source)| (text + (inner - middle), *source)));
        }
        Self { segments, whole: outer.whole }
    }
}
