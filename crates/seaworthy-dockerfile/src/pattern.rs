//! One ignore pattern: cleaned, checked and compiled as moby/patternmatcher does.

/// How a pattern is compared.
#[derive(Debug, Clone)]
pub(crate) enum Matcher {
    /// The whole path.
    Exact(String),
    /// `dir/**`: everything that begins so.
    Prefix(String),
    /// `**/name`: everything that ends so.
    Suffix(String),
    /// Anything else.
    Items(Vec<Item>),
}

#[derive(Debug, Clone)]
pub(crate) enum Item {
    /// One character of a set, or any number of them.
    Set { set: Set, star: bool },
    /// Any number of any characters.
    Everything,
    /// The way into [`Item::Dirs`], which follows, or past it.
    MaybeDirs,
    /// Anything that ends in a slash.
    Dirs,
    /// The start of the path.
    Start,
}

/// Ranges of characters.
#[derive(Debug, Clone)]
pub(crate) struct Set {
    negated: bool,
    ranges: Vec<(char, char)>,
}

impl Set {
    fn one(ch: char) -> Self {
        Self { negated: false, ranges: vec![(ch, ch)] }
    }

    fn contains(&self, ch: char) -> bool {
        self.ranges.iter().any(|(low, high)| (*low..=*high).contains(&ch)) != self.negated
    }
}

/// A path without `.`, `..` and doubled slashes where that is possible, as Go's `filepath.Clean` gives it.
#[must_use]
pub fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

/// Whether Go's `filepath.Match` takes a pattern.
pub(crate) fn is_valid(pattern: &str) -> bool {
    let mut rest = pattern.chars().peekable();
    while let Some(ch) = rest.next() {
        match ch {
            '\\' if rest.next().is_none() => return false,
            '[' => {
                rest.next_if_eq(&'^');
                let mut count = 0;
                loop {
                    if count > 0 && rest.next_if_eq(&']').is_some() {
                        break;
                    }
                    if !bracket_char(&mut rest) || rest.next_if_eq(&'-').is_some() && !bracket_char(&mut rest)
                    {
                        return false;
                    }
                    count += 1;
                }
            }
            _ => {}
        }
    }
    true
}

/// Takes one character inside of brackets; something must follow it.
fn bracket_char(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> bool {
    let taken = match rest.next() {
        None | Some('-' | ']') => false,
        Some('\\') => rest.next().is_some(),
        Some(_) => true,
    };
    taken && rest.peek().is_some()
}

impl Matcher {
    /// Compiles a pattern; `None` when the expression it becomes is broken.
    pub(crate) fn new(pattern: &str) -> Option<Self> {
        #[derive(PartialEq)]
        enum Type {
            Exact,
            Prefix,
            Suffix,
            Items,
        }
        let mut typ = Type::Exact;
        let mut expression = String::new();
        let mut chars = pattern.chars().peekable();
        let mut first = true;
        while let Some(ch) = chars.next() {
            let began = std::mem::replace(&mut first, false);
            match ch {
                '*' if chars.next_if_eq(&'*').is_some() => {
                    chars.next_if_eq(&'/');
                    if chars.peek().is_some() {
                        expression.push_str("(.*/)?");
                        typ = Type::Items;
                    } else if typ == Type::Exact {
                        typ = Type::Prefix;
                    } else {
                        expression.push_str(".*");
                        typ = Type::Items;
                    }
                    if began {
                        typ = Type::Suffix;
                    }
                }
                '*' => {
                    expression.push_str("[^/]*");
                    typ = Type::Items;
                }
                '?' => {
                    expression.push_str("[^/]");
                    typ = Type::Items;
                }
                '.' | '+' | '(' | ')' | '|' | '{' | '}' | '$' => {
                    expression.push('\\');
                    expression.push(ch);
                }
                '\\' => {
                    expression.push('\\');
                    if let Some(escaped) = chars.next() {
                        expression.push(escaped);
                        typ = Type::Items;
                    }
                }
                '[' | ']' => {
                    expression.push(ch);
                    typ = Type::Items;
                }
                ch => expression.push(ch),
            }
        }
        Some(match typ {
            Type::Exact => Self::Exact(pattern.to_owned()),
            Type::Prefix => Self::Prefix(pattern[..pattern.len() - 2].to_owned()),
            Type::Suffix => Self::Suffix(pattern[2..].to_owned()),
            Type::Items => Self::Items(compile(&expression)?),
        })
    }

    pub(crate) fn matches(&self, path: &str) -> bool {
        match self {
            Self::Exact(text) => path == text,
            Self::Prefix(text) => path.starts_with(text.as_str()),
            Self::Suffix(text) => path.ends_with(text.as_str()) || text.strip_prefix('/') == Some(path),
            Self::Items(items) => run(items, path),
        }
    }
}

/// Reads the small part of regular expressions the patterns turn into.
fn compile(expression: &str) -> Option<Vec<Item>> {
    let mut items = Vec::new();
    let mut rest = expression;
    while let Some(ch) = rest.chars().next() {
        if let Some(tail) = rest.strip_prefix("(.*/)?") {
            items.extend([Item::MaybeDirs, Item::Dirs]);
            rest = tail;
            continue;
        }
        if let Some(tail) = rest.strip_prefix(".*") {
            items.push(Item::Everything);
            rest = tail;
            continue;
        }
        rest = &rest[ch.len_utf8()..];
        match ch {
            '^' => items.push(Item::Start),
            '*' | '?' | '+' => return None,
            '[' => {
                let (set, tail) = bracket(rest)?;
                let after = tail.strip_prefix('*');
                items.push(Item::Set { set, star: after.is_some() });
                rest = after.unwrap_or(tail);
            }
            '\\' => {
                let (set, tail) = escape(rest)?;
                items.push(Item::Set { set, star: false });
                rest = tail;
            }
            ch => items.push(Item::Set { set: Set::one(ch), star: false }),
        }
    }
    Some(items)
}

/// What a backslash and a character mean in an expression.
fn escape(rest: &str) -> Option<(Set, &str)> {
    let ch = rest.chars().next()?;
    let tail = &rest[ch.len_utf8()..];
    let word = vec![('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')];
    let space = vec![('\t', '\n'), ('\u{c}', '\r'), (' ', ' ')];
    let (negated, ranges) = match ch {
        'd' | 'D' => (ch == 'D', vec![('0', '9')]),
        'w' | 'W' => (ch == 'W', word),
        's' | 'S' => (ch == 'S', space),
        'a' => (false, vec![('\u{7}', '\u{7}')]),
        'f' => (false, vec![('\u{c}', '\u{c}')]),
        'n' => (false, vec![('\n', '\n')]),
        'r' => (false, vec![('\r', '\r')]),
        't' => (false, vec![('\t', '\t')]),
        'v' => (false, vec![('\u{b}', '\u{b}')]),
        ch if ch.is_ascii_punctuation() || ch.is_ascii_whitespace() || ch.is_ascii_control() => {
            (false, vec![(ch, ch)])
        }
        _ => return None,
    };
    Some((Set { negated, ranges }, tail))
}

/// Reads a set behind its `[`.
fn bracket(mut rest: &str) -> Option<(Set, &str)> {
    let mut set = Set { negated: false, ranges: Vec::new() };
    if let Some(tail) = rest.strip_prefix('^') {
        set.negated = true;
        rest = tail;
    }
    let mut first = true;
    loop {
        if !first && let Some(tail) = rest.strip_prefix(']') {
            return Some((set, tail));
        }
        first = false;
        if let Some((ranges, tail)) = posix(rest) {
            set.ranges.extend_from_slice(ranges);
            rest = tail;
            continue;
        }
        let (low, tail) = bracket_item(rest)?;
        rest = tail;
        let [(low, end)] = low.as_slice() else {
            set.ranges.extend(low);
            continue;
        };
        let high = rest.strip_prefix('-').filter(|tail| !tail.starts_with(']') && !tail.is_empty());
        let Some(high) = high else {
            set.ranges.push((*low, *end));
            continue;
        };
        let (high, tail) = bracket_item(high)?;
        let [(_, high)] = high.as_slice() else { return None };
        if high < low {
            return None;
        }
        set.ranges.push((*low, *high));
        rest = tail;
    }
}

fn bracket_item(rest: &str) -> Option<(Vec<(char, char)>, &str)> {
    let ch = rest.chars().next()?;
    let tail = &rest[ch.len_utf8()..];
    if ch != '\\' {
        return Some((vec![(ch, ch)], tail));
    }
    let (set, tail) = escape(tail)?;
    if set.negated { None } else { Some((set.ranges, tail)) }
}

/// `[:alpha:]` and its kin, which these expressions know even though the patterns do not.
fn posix(rest: &str) -> Option<(&'static [(char, char)], &str)> {
    const NAMES: [(&str, &[(char, char)]); 11] = [
        ("[:alnum:]", &[('0', '9'), ('A', 'Z'), ('a', 'z')]),
        ("[:alpha:]", &[('A', 'Z'), ('a', 'z')]),
        ("[:blank:]", &[('\t', '\t'), (' ', ' ')]),
        ("[:cntrl:]", &[('\0', '\u{1f}'), ('\u{7f}', '\u{7f}')]),
        ("[:digit:]", &[('0', '9')]),
        ("[:graph:]", &[('!', '~')]),
        ("[:lower:]", &[('a', 'z')]),
        ("[:print:]", &[(' ', '~')]),
        ("[:space:]", &[('\t', '\r'), (' ', ' ')]),
        ("[:upper:]", &[('A', 'Z')]),
        ("[:xdigit:]", &[('0', '9'), ('A', 'F'), ('a', 'f')]),
    ];
    NAMES.iter().find_map(|(name, ranges)| rest.strip_prefix(name).map(|tail| (*ranges, tail)))
}

/// Runs the items over the path with all possible places at once, so no pattern takes exponential time.
fn run(items: &[Item], path: &str) -> bool {
    let mut states = vec![false; items.len() + 1];
    states[0] = true;
    spread(items, &mut states, true);
    for ch in path.chars() {
        let mut next = vec![false; items.len() + 1];
        for (at, item) in items.iter().enumerate().filter(|(at, _)| states[*at]) {
            match item {
                Item::Set { set, star } if set.contains(ch) => next[if *star { at } else { at + 1 }] = true,
                Item::Everything if ch != '\n' => next[at] = true,
                Item::Dirs if ch != '\n' => {
                    next[at] = true;
                    next[at + 1] |= ch == '/';
                }
                _ => {}
            }
        }
        states = next;
        spread(items, &mut states, false);
        if !states.contains(&true) {
            return false;
        }
    }
    states[items.len()]
}

/// Adds the places that are reached without a character.
fn spread(items: &[Item], states: &mut [bool], at_start: bool) {
    for (at, item) in items.iter().enumerate() {
        if !states[at] {
            continue;
        }
        match item {
            Item::Set { star: true, .. } | Item::Everything => states[at + 1] = true,
            Item::MaybeDirs => {
                states[at + 1] = true;
                states[at + 2] = true;
            }
            Item::Start if at_start => states[at + 1] = true,
            Item::Set { .. } | Item::Dirs | Item::Start => {}
        }
    }
}
