//! Which of the variables that are set before a script can matter to what is said of it.

use std::collections::BTreeSet;

/// The names of `exports` that the script names, or all of them where it reads one that may be another one mistyped.
///
/// The linter's time grows with every variable it is told of, and most scripts read none.
pub(crate) fn needed<'a>(script: &str, exports: &BTreeSet<&'a str>) -> Vec<&'a str> {
    let mut named = BTreeSet::new();
    let bytes = script.as_bytes();
    // In arithmetic and comparisons of numbers names are read without a sign before them.
    let signless = ["((", "[[", "$[", "let "].iter().any(|open| script.contains(open));
    let mut at = 0;
    while let Some(first) = bytes.get(at) {
        if !(first.is_ascii_alphabetic() || *first == b'_') {
            at += 1;
            continue;
        }
        let length =
            bytes[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
        let name = &script[at..at + length];
        let sign = at.checked_sub(1).and_then(|before| bytes.get(before));
        if let Some(known) = exports.get(name) {
            named.insert(*known);
        } else if (signless || matches!(sign, Some(b'$' | b'{' | b'!' | b'#' | b'[')))
            && may_be_mistyped(name)
        {
            return exports.iter().copied().collect();
        }
        at += length;
    }
    named.into_iter().collect()
}

/// Whether a name is spelled as those of the environment are, which the linter compares with every name it knows.
fn may_be_mistyped(name: &str) -> bool {
    name.len() >= 3
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        && name.bytes().any(|byte| byte.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_whole_words_and_a_strange_one_asks_for_all() {
        let exports = BTreeSet::from(["APP_HOME", "PATH", "x"]);
        let found = |script: &str| needed(script, &exports).join(" ");
        assert_eq!(found("apt-get install curl"), "");
        assert_eq!(found("cd $APP_HOME && PATH=$PATH:/x make APP_HOME_X"), "APP_HOME PATH x");
        assert_eq!(found("echo APP_HOMES xx $i ${arch}"), "");
        assert_eq!(found("cd $APP_HOM"), "APP_HOME PATH x");
        assert_eq!(found("cd ${#APPHOME}"), "APP_HOME PATH x");
        assert_eq!(found("echo $((APPHOME + 1))"), "APP_HOME PATH x");
        assert_eq!(found("f() { NEW=1; echo $i; }"), "");
    }
}
