//! Expansion of words and matching of ignore patterns, one fact each.

use seaworthy_dockerfile::duration::parse_go;
use seaworthy_dockerfile::expand::{ExpandError, Mode, expand, expand_full, expand_list};
use seaworthy_dockerfile::ignore::{self, IgnoreFile, PatternError};
use seaworthy_dockerfile::{Edit, Span, apply_edits, parse};

fn value(name: &str) -> Option<String> {
    match name {
        "V" => Some("/usr/lib/a.tar.gz".to_owned()),
        "E" => Some(String::new()),
        "S" => Some("a b".to_owned()),
        "D" => Some("x$1y".to_owned()),
        _ => None,
    }
}

#[test]
fn words_expand() {
    for (word, result) in [
        ("$V/${V}x", "/usr/lib/a.tar.gz//usr/lib/a.tar.gzx"),
        ("${N:-d}${E:-d}${E-d}${N-d}", "ddd"),
        ("${N:+s}${E:+s}${E+s}${V+s}", "ss"),
        ("${V#*/}", "usr/lib/a.tar.gz"),
        ("${V##*/}", "a.tar.gz"),
        ("${V%.*}", "/usr/lib/a.tar"),
        ("${V%%.*}", "/usr/lib/a"),
        ("${V/a/b}", "/usr/lib/b.tar.gz"),
        ("${V//a/b}", "/usr/lib/b.tbr.gz"),
        ("${V//\\//-}", "-usr-lib-a.tar.gz"),
        ("${N:-${E:-${V##*.}}}", "gz"),
        ("'$V' \"$S\" \\$V \"\\$V\" \"\\n\"", "$V a b $V $V \\n"),
        ("$ $- $1a $001a", "$  a a"),
        ("a\\", "a"),
        // Replacing all, `$1y` in the replacement is a group that does not exist.
        ("${D/x/$D}", "x$1y$1y"),
        ("${D//x/$D}", "x$1y"),
    ] {
        assert_eq!(expand(word, &value, '\\', Mode::WORD).as_deref(), Ok(result), "{word}");
    }
    assert_eq!(expand("`$V \\$E", &value, '`', Mode::WORD).as_deref(), Ok("$V \\"));
    assert_eq!(expand("'$E' \"q\"", &value, '\\', Mode::HEREDOC).as_deref(), Ok("'' \"q\""));
}

#[test]
fn broken_words_say_why() {
    for (word, error) in [
        ("'a", ExpandError::UnmatchedQuote("single")),
        ("\"a", ExpandError::UnmatchedQuote("double")),
        ("${V", ExpandError::MissingBrace),
        ("${V:-a", ExpandError::MissingBrace),
        ("${V/a", ExpandError::MissingSlash),
        ("${}", ExpandError::BadSubstitution),
        ("${V:=a}", ExpandError::UnsupportedModifier(":=".to_owned())),
        ("${V^}", ExpandError::UnsupportedModifier("^".to_owned())),
        ("${V#\\x}", ExpandError::InvalidPattern("\\x".to_owned())),
        ("${N?gone}", ExpandError::Required { name: "N".to_owned(), message: "gone".to_owned() }),
    ] {
        assert_eq!(expand(word, &value, '\\', Mode::WORD), Err(error), "{word}");
    }
    assert_eq!(expand(&"${N:-".repeat(500), &value, '\\', Mode::WORD), Err(ExpandError::TooDeep));
}

#[test]
fn lists_split_what_is_not_quoted() {
    assert_eq!(
        expand_list("$S \"$S\" c\\ d", &value, '\\', Mode::WORD),
        Ok(["a", "b", "a b", "c d"].map(str::to_owned).to_vec())
    );
    let full = expand_full("$V$N", &value, '\\', Mode::WORD).unwrap();
    assert!(full.matched.contains("V") && full.unmatched.contains("N"));
}

#[test]
fn ignore_files_are_cleaned() {
    let text = "\u{feff}# c\n #x\n\n/a/./b/ \n! c//d\r\n!\n../e\n";
    let file = ignore::read(text);
    let found: Vec<_> = file.patterns.iter().map(|one| (one.text.as_str(), one.span.of(text))).collect();
    assert_eq!(found, [("#x", "#x"), ("a/b", "/a/./b/"), ("!c/d", "! c//d"), ("!", "!"), ("../e", "../e")]);
    assert_eq!(file.check(), Err(PatternError::LoneExclamation));
}

#[test]
fn the_last_matching_pattern_wins() {
    let patterns = ["*", "!src", "src/target", "!**/keep.me"];
    let file = IgnoreFile::from_patterns(patterns);
    for (path, ignored) in [
        ("a", true),
        ("a/b", true),
        ("src", false),
        ("src/main.rs", false),
        ("src/target/x", true),
        ("src/target/keep.me", false),
        ("x/y/keep.me", false),
    ] {
        assert_eq!(file.matches(path), Ok(ignored), "{path}");
    }
    assert!(file.has_exceptions());
}

#[test]
fn patterns_have_their_odd_corners() {
    for (pattern, path, ignored) in [
        ("**", "a/b", true),
        ("**/b", "a/c/b", true),
        ("**/b", "b", true),
        ("**b", "a/xb", true),
        ("a/**", "a/b/c", true),
        ("a/**", "a", false),
        ("a/**/b", "a/b", true),
        ("a/**/b", "a/x/y/b/z", true),
        ("a*b", "a/b", false),
        ("a?b", "a/b", false),
        ("[a-c]x", "bx", true),
        ("[^a]x", "ax", false),
        ("a.b", "axb", false),
        ("\\*", "*", true),
        ("\\*", "a", false),
        ("a", "b/a", false),
        ("a(b|c)+$", "a(b|c)+$", true),
    ] {
        assert_eq!(IgnoreFile::from_patterns([pattern]).matches(path), Ok(ignored), "{pattern} {path}");
    }
    for pattern in ["[", "a[", "[]a]", "[-x]", "[x-]", "a\\"] {
        assert!(
            matches!(IgnoreFile::from_patterns([pattern]).matches("a"), Err(PatternError::Syntax(_))),
            "{pattern}"
        );
    }
    // A set that cannot be compiled is noticed only when a path is compared with it.
    assert_eq!(IgnoreFile::from_patterns(["![z-a]"]).matches("a"), Ok(false));
    assert!(matches!(IgnoreFile::from_patterns(["[z-a]"]).matches("a"), Err(PatternError::Set(_))));
}

#[test]
fn a_hostile_pattern_ends_in_time() {
    let file = IgnoreFile::from_patterns([format!("{}x", "**/*".repeat(60)).as_str()]);
    assert_eq!(file.matches(&"a/".repeat(300)), Ok(false));
}

#[test]
fn durations_are_go_durations() {
    for (text, time) in [
        ("0", Some(0)),
        ("1.5s", Some(1_500_000_000)),
        ("1h2m", Some(3_720_000_000_000)),
        ("5", None),
        ("", None),
        (".s", None),
        ("-1ms", Some(-1_000_000)),
        ("1us", Some(1_000)),
    ] {
        assert_eq!(parse_go(text), time, "{text}");
    }
    assert_eq!(parse_go("9999999999h"), None);
}

#[test]
fn edits_leave_every_other_byte() {
    let source = "FROM a\nEXPOSE 80 # web\n";
    let (_, errors) = parse(source);
    let at = errors[0].span;
    let edits = [
        Edit { span: Span { start: 7, end: 7 }, text: format!("{}\n", at.of(source)) },
        Edit { span: Span { start: at.start - 1, end: at.end }, text: String::new() },
    ];
    let fixed = apply_edits(source, &edits).unwrap();
    assert_eq!(fixed, "FROM a\n# web\nEXPOSE 80\n");
    assert_eq!(parse(&fixed).1, []);
}
