//! Reports exceptions of an ignore file that change nothing.

use crate::{Cx, Sink};
use seaworthy_dockerfile::ignore::{IgnoreFile, Pattern};
use seaworthy_finding::{Applicability, Edit};

declare_rule! {
    name: "ineffective-exception",
    summary: "an exception of the ignore file changes nothing",
    passes: "every exception brings something back",
    family: Ignore, category: Truth, severity: Medium, confidence: High, persona: Regular,
    fix: Unsafe,
    aliases: ["x/ignore-no-effect"], refs: ["Docker build context, .dockerignore: negation"],
}

/// Patterns are compared in pairs, so that a longer file is left alone.
const MOST: usize = 1000;

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(project) = cx.project() else { return };
    for ignore in &project.ignores {
        let all = &ignore.patterns.patterns;
        if all.len() > MOST {
            continue;
        }
        for (at, pattern) in all.iter().enumerate() {
            let Some(body) = body(pattern) else { continue };
            let later =
                all[at + 1..].iter().find(|later| !later.negated && undoes(&ignore.patterns, later, body));
            let needed = all[..at].iter().any(|earlier| !earlier.negated && touches(&earlier.text, body));
            let shown = pattern.span.of(&ignore.file.text);
            let file = &ignore.file;
            let line = |pattern: &Pattern| file.lines.line_col(&file.text, pattern.span.start).0;
            let (message, help) = if let Some(later) = later {
                let text = &later.text;
                (
                    format!("`{text}` in line {} leaves `{body}` out again", line(later)),
                    format!("move `{shown}` below `{text}`: the last pattern that matches decides"),
                )
            } else if !needed {
                (
                    format!("no pattern above leaves `{body}` out, so `{shown}` brings nothing back"),
                    "remove it, or put the pattern it is an exception of above it".to_owned(),
                )
            } else {
                continue;
            };
            let mut finding = out
                .finding(message)
                .why("patterns are read from top to bottom, and the last one that matches a path decides")
                .help(help)
                .at_file(file, pattern.span)
                .command(format!("grep -n '' {}", file.path));
            if let Some(later) = later {
                let edits = moved(&file.text, pattern, later);
                finding = finding.fix(
                    Applicability::Unsafe,
                    format!("Move `{shown}` below `{}`", later.text),
                    file,
                    edits,
                );
            }
            let _ = finding;
        }
    }
}

/// The pattern an exception brings back, where it can be used.
fn body(pattern: &Pattern) -> Option<&str> {
    let body = pattern.text.strip_prefix('!').filter(|_| pattern.negated)?;
    (pattern.error().is_none() && !body.is_empty()).then_some(body)
}

/// Takes a line away and writes it again behind the line of a later pattern.
fn moved(text: &str, pattern: &Pattern, later: &Pattern) -> Vec<Edit> {
    let line = crate::dockerfile::whole_lines(text, pattern.span);
    let target = crate::dockerfile::whole_lines(text, later.span);
    let own = line.of(text).trim_end_matches(['\r', '\n']);
    let ends = target.of(text).ends_with('\n');
    let insert = if ends { format!("{own}\n") } else { format!("\n{own}") };
    vec![
        Edit { span: line, text: String::new() },
        Edit { span: seaworthy_finding::Span::new(target.end, target.end), text: insert },
    ]
}

/// Whether a later pattern leaves out everything an exception brings back, and nothing after it brings it back.
fn undoes(all: &IgnoreFile, later: &Pattern, body: &str) -> bool {
    if later.error().is_some() {
        return false;
    }
    if is_glob(body) {
        return later.text == body || matches!(later.text.as_str(), "*" | "**" | "**/*");
    }
    let one = IgnoreFile::from_patterns([later.text.as_str()]);
    one.matches(body) == Ok(true) && all.matches(body) == Ok(true)
}

/// Whether a pattern may leave out a path that an exception brings back: the path itself, one above or one below.
fn touches(earlier: &str, body: &str) -> bool {
    let mut left = earlier.split('/');
    let mut right = body.split('/');
    loop {
        let (Some(a), Some(b)) = (left.next(), right.next()) else {
            // The shorter one is a directory above the other, or both are the same.
            return true;
        };
        if a.contains("**") || b.contains("**") {
            return deep(earlier, body);
        }
        let same = match (is_glob(a), is_glob(b)) {
            (false, false) => a == b,
            (true, false) => segment(a, b),
            (false, true) => segment(b, a),
            (true, true) => true,
        };
        if !same {
            return false;
        }
    }
}

/// The same where one of the two goes to any depth: only a plain end can tell them apart.
fn deep(earlier: &str, body: &str) -> bool {
    let last = |text: &str| text.rsplit('/').next().unwrap_or_default().to_owned();
    let (a, b) = (last(earlier), last(body));
    // A directory that is brought back may hold what the pattern leaves out.
    let file = !is_glob(&b) && b.rsplit_once('.').is_some_and(|(stem, _)| !stem.is_empty());
    if is_glob(body) || !file || a.contains("**") {
        return true;
    }
    IgnoreFile::from_patterns([earlier]).matches(body) == Ok(true)
}

/// Whether a pattern, or a part of one, is more than a plain name.
fn is_glob(text: &str) -> bool {
    text.contains(['*', '?', '[', '\\'])
}

/// Whether one part of a path matches one part of a pattern.
fn segment(pattern: &str, name: &str) -> bool {
    IgnoreFile::from_patterns([pattern]).matches(name) != Ok(false)
}

#[cfg(test)]
mod tests {
    use super::touches;

    #[test]
    fn a_pattern_touches_what_it_may_leave_out() {
        for (earlier, body, wanted) in [
            ("*", "dist", true),
            ("docs", "docs/README.md", true),
            ("docs/*.md", "docs", true),
            ("**/*.md", "README.md", true),
            ("**/*.md", "docs", true),
            ("**/*.md", "notes.txt", false),
            ("node_modules", "README.md", false),
            ("*.md", "README.txt", false),
            ("src/*.rs", "src/main.rs", true),
            ("src/*.rs", "lib/main.rs", false),
            ("**", "a/b", true),
            ("a/**/b", "c/d.txt", false),
            ("?.md", "*.txt", true),
        ] {
            assert_eq!(touches(earlier, body), wanted, "{earlier} {body}");
        }
    }
}
