//! Globs over tags: `*` any characters, `?` one, `[a-z]` and `[!a-z]` one of a class. Tags hold no slash.

/// Whether the whole tag matches. Linear in the tag for each `*`; a class that is not closed is an ordinary bracket.
pub(super) fn matches(pattern: &str, tag: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let tag: Vec<char> = tag.chars().collect();
    let (mut p, mut t) = (0, 0);
    // Where the last `*` stands, and how much of the tag it has taken so far.
    let mut star: Option<(usize, usize)> = None;
    while t < tag.len() {
        if pattern.get(p) == Some(&'*') {
            star = Some((p, t));
            p += 1;
        } else if let Some(next) = one(&pattern, p, tag[t]) {
            p = next;
            t += 1;
        } else if let Some((at, taken)) = star {
            star = Some((at, taken + 1));
            p = at + 1;
            t = taken + 1;
        } else {
            return false;
        }
    }
    pattern[p.min(pattern.len())..].iter().all(|c| *c == '*')
}

/// Where the pattern goes on when its next element takes this character.
fn one(pattern: &[char], at: usize, c: char) -> Option<usize> {
    match pattern.get(at)? {
        '?' => Some(at + 1),
        '[' => match class(pattern, at, c) {
            Some((inside, next)) => inside.then_some(next),
            None => (c == '[').then_some(at + 1),
        },
        other => (*other == c).then_some(at + 1),
    }
}

/// Whether the class at `at` holds the character, and where it ends; nothing when no bracket closes it.
fn class(pattern: &[char], at: usize, c: char) -> Option<(bool, usize)> {
    let mut next = at + 1;
    let negated = matches!(pattern.get(next), Some('!' | '^'));
    next += usize::from(negated);
    let first = next;
    let mut inside = false;
    loop {
        let low = *pattern.get(next)?;
        if low == ']' && next > first {
            return Some((inside != negated, next + 1));
        }
        let range = pattern.get(next + 1) == Some(&'-') && pattern.get(next + 2).is_some_and(|c| *c != ']');
        let high = if range { pattern[next + 2] } else { low };
        inside |= low <= c && c <= high;
        next += if range { 3 } else { 1 };
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn globs_match_whole_tags() {
        for (pattern, tag, expected) in [
            ("*", "", true),
            ("pr-*", "pr-12", true),
            ("pr-*", "spr-12", false),
            ("*-rc.?", "1.0-rc.1", true),
            ("*-rc.?", "1.0-rc.12", false),
            ("v[0-9]*", "v1.2", true),
            ("v[0-9]*", "vx", false),
            ("v[!0-9]", "vx", true),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            ("[", "[", true),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(matches(pattern, tag), expected, "{pattern} {tag}");
        }
    }
}
