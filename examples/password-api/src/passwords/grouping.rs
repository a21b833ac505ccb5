//! Writing an output in groups: `ABCDE-FGHIJ-K`.

/// How an output is cut into groups.
#[derive(Debug, Clone)]
pub(super) struct Grouping {
    /// Characters per group, at least 1.
    pub(super) size: usize,
    /// What stands between groups.
    pub(super) separator: String,
    /// Fills the last group up to the size of the others.
    pub(super) pad: Option<char>,
}

impl Grouping {
    /// The characters of a text of `chars` characters after grouping.
    pub(super) fn grouped_chars(&self, chars: usize) -> usize {
        let groups = chars.div_ceil(self.size);
        let filled = if self.pad.is_some() { groups * self.size } else { chars };
        filled + groups.saturating_sub(1) * self.separator.chars().count()
    }

    pub(super) fn apply(&self, text: &str) -> String {
        let mut grouped = String::with_capacity(text.len() * 2);
        let mut place = 0;
        for c in text.chars() {
            if place == self.size {
                grouped.push_str(&self.separator);
                place = 0;
            }
            grouped.push(c);
            place += 1;
        }
        if let Some(pad) = self.pad {
            grouped.extend(std::iter::repeat_n(pad, self.size - place.min(self.size)));
        }
        grouped
    }
}

#[cfg(test)]
mod tests {
    use super::Grouping;

    #[test]
    fn groups_are_separated_and_the_last_one_filled() {
        let mut grouping = Grouping { size: 3, separator: "--".to_owned(), pad: None };
        assert_eq!(grouping.apply("abcdefg"), "abc--def--g");
        assert_eq!(grouping.apply("abcdef"), "abc--def");
        assert_eq!(grouping.grouped_chars(7), 11);
        grouping.pad = Some('x');
        assert_eq!(grouping.apply("äbcdefg"), "äbc--def--gxx");
        assert_eq!(grouping.apply("abcdef"), "abc--def");
        assert_eq!(grouping.grouped_chars(7), 13);
    }
}
