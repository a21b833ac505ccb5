//! The short form of a mount: `[source:]target[:options]`.

/// As Go's `path.Clean` gives it.
pub(crate) use seaworthy_dockerfile::clean_path as clean;

/// A mount in pieces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mount {
    pub(crate) source: String,
    pub(crate) target: String,
    /// The options in order, those compose does not know among them.
    pub(crate) options: Vec<String>,
    /// Whether the text is so short that compose reads it as a target without looking further.
    pub(crate) bare: bool,
}

impl Mount {
    /// Whether the source is a path of the host rather than a volume's name.
    pub(crate) fn is_bind(&self) -> bool {
        is_path(&self.source)
    }
}

/// Whether compose takes a source for a path: it starts like one, or with a drive letter.
pub(crate) fn is_path(source: &str) -> bool {
    source.starts_with(['.', '/', '~']) || source.starts_with("\\\\") || {
        let mut chars = source.chars();
        chars.next().is_some_and(char::is_alphabetic) && chars.next() == Some(':')
    }
}

/// Reads a short form; interpolations are kept whole.
pub(crate) fn parse(text: &str) -> Result<Mount, String> {
    if text.is_empty() {
        return Err("a mount without a text".to_owned());
    }
    if text.len() <= 2 {
        return Ok(Mount { target: text.to_owned(), bare: true, ..Mount::default() });
    }
    let sections = sections(text);
    if sections.iter().any(String::is_empty) {
        return Err(format!("`{text}` has an empty section between colons"));
    }
    let mut mount = Mount::default();
    match sections.as_slice() {
        [target] => mount.target.clone_from(target),
        [source, target] => (mount.source, mount.target) = (source.clone(), target.clone()),
        [source, target, options] => {
            (mount.source, mount.target) = (source.clone(), target.clone());
            mount.options = options.split(',').map(str::to_owned).collect();
        }
        _ => return Err(format!("`{text}` has too many colons")),
    }
    Ok(mount)
}

/// The parts between colons; a colon after a single letter is part of a drive.
fn sections(text: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let (mut depth, mut before) = (0_usize, ' ');
    for ch in text.chars() {
        let open = out.last().map_or("", String::as_str);
        let drive = open.chars().count() == 1 && open.chars().all(char::is_alphabetic);
        match ch {
            '{' if before == '$' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ':' if depth == 0 && !drive => {
                out.push(String::new());
                before = ch;
                continue;
            }
            _ => {}
        }
        if let Some(open) = out.last_mut() {
            open.push(ch);
        }
        before = ch;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_forms_split_as_compose_splits_them() {
        let read =
            |text: &str| parse(text).map(|mount| (mount.source, mount.target, mount.options.join(",")));
        let some = |source: &str, target: &str, options: &str| {
            Ok((source.to_owned(), target.to_owned(), options.to_owned()))
        };
        assert_eq!(read("data:/d"), some("data", "/d", ""));
        assert_eq!(read("a:/b"), some("", "a:/b", ""));
        assert_eq!(read("c:\\x:/d:ro"), some("c:\\x", "/d", "ro"));
        assert_eq!(read("${A:-/x}:/y:ro,z"), some("${A:-/x}", "/y", "ro,z"));
        assert_eq!(read("/x"), some("", "/x", ""));
        assert!(read("aa::b").is_err() && read("aa:bb:cc:dd").is_err() && read("").is_err());
        assert_eq!(clean("/a//b/../c/"), "/a/c");
        assert_eq!(clean("../a/./b/../.."), "..");
    }
}
