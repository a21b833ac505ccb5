//! `$NAME` as Go's `os.Expand` replaces it.

/// Replaces `$NAME` and `${NAME}`; gives the text and the names that have no value, which are replaced by nothing.
pub fn expand(text: &str, value: &dyn Fn(&str) -> Option<String>) -> (String, Vec<String>) {
    let mut out = String::new();
    let mut unknown = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        if after.is_empty() {
            out.push('$');
            return (out, unknown);
        }
        let (name, length) = name(after);
        match name {
            Some(name) => match value(name) {
                Some(value) => out.push_str(&value),
                None => unknown.push(name.to_owned()),
            },
            // A dollar before anything else stays; broken braces are eaten.
            None if length == 0 => out.push('$'),
            None => {}
        }
        rest = &after[length..];
    }
    out.push_str(rest);
    (out, unknown)
}

/// The name at the start of a text, and how many bytes it takes there.
fn name(text: &str) -> (Option<&str>, usize) {
    let special = |byte: u8| b"*#$@!?-0123456789".contains(&byte);
    let bytes = text.as_bytes();
    match bytes.first() {
        Some(b'{') => {
            if bytes.len() > 2 && special(bytes[1]) && bytes[2] == b'}' {
                return (Some(&text[1..2]), 3);
            }
            match text.find('}') {
                Some(1) => (None, 2),
                Some(end) => (Some(&text[1..end]), end + 1),
                None => (None, 1),
            }
        }
        Some(byte) if special(*byte) => (Some(&text[..1]), 1),
        _ => {
            let length =
                bytes.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
            ((length > 0).then(|| &text[..length]), length)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn it_is_gos() {
        let value = |name: &str| (name == "A").then(|| "x".to_owned());
        for (text, want) in [
            ("$A/${A}b$AB", "x/xb"),
            ("$", "$"),
            ("$ a", "$ a"),
            ("${}z", "z"),
            ("${A", "A"),
            ("$$A", "A"),
            ("é$Aé", "éxé"),
            ("$1a", "a"),
        ] {
            assert_eq!(expand(text, &value).0, want, "{text}");
        }
        assert_eq!(expand("$AB${C}", &value).1, ["AB", "C"]);
    }
}
