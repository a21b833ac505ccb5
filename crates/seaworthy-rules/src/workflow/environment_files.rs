//! Finds where scripts write to the runner's environment files, in the shells of runners.

use std::ops::Range;

/// The files whose content the runner takes over.
const FILES: [&str; 2] = ["GITHUB_ENV", "GITHUB_PATH"];

/// A write to one of the files that is not a fixed text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Write {
    /// The file.
    pub(crate) file: &'static str,
    /// The command's place in the script.
    pub(crate) range: Range<usize>,
    /// Whether zizmor sees it, too.
    pub(crate) seen: bool,
}

/// Writes to the files that are not a fixed text.
pub(crate) fn writes(script: &str, shell: &str) -> Vec<Write> {
    if !FILES.iter().any(|file| contains(script, file)) {
        return Vec::new();
    }
    match shell {
        "bash" | "sh" | "zsh" => posix(script),
        "pwsh" | "powershell" => powershell(script),
        "cmd" => cmd(script),
        _ => Vec::new(),
    }
}

fn contains(text: &str, file: &str) -> bool {
    text.as_bytes().windows(file.len()).any(|part| part.eq_ignore_ascii_case(file.as_bytes()))
}

/// A word of a shell command.
#[derive(Debug, Default)]
struct Word {
    start: usize,
    end: usize,
    /// The file a variable in it names, if it is nothing but that variable, quoted or not.
    file: Option<&'static str>,
    /// Whether it is one piece of text without any variable in it.
    fixed: bool,
}

/// A simple command.
#[derive(Debug, Default)]
struct Command {
    words: Vec<Word>,
    /// Files its output goes to.
    targets: Vec<&'static str>,
    start: usize,
    end: usize,
    /// Whether its input is another command's output.
    piped: bool,
    /// Whether it is a later part of a list or a pipe, or ends a group: zizmor's grammar sees no command there.
    inner: bool,
}

/// `cmd >> "$GITHUB_ENV"` where `cmd` is no `echo` or `printf` of a fixed text, and `… | tee "$GITHUB_ENV"`.
fn posix(script: &str) -> Vec<Write> {
    let mut out = Vec::new();
    for command in commands(script) {
        let Some(first) = command.words.first() else { continue };
        let name = &script[first.start..first.end];
        let prints = matches!(name, "echo" | "printf") && command.words[1..].iter().all(|word| word.fixed);
        if !prints {
            let range = command.start..command.end;
            let seen = !command.inner;
            out.extend(command.targets.iter().map(|file| Write { file, range: range.clone(), seen }));
        }
        if command.piped && name.contains("tee") {
            let files = command.words[1..].iter().filter_map(|word| word.file);
            let range = command.start..command.end;
            // One command is one place, whatever the number of files.
            out.extend(files.map(|file| Write { file, range: range.clone(), seen: true }));
        }
    }
    out
}

/// Cuts a script into simple commands: quotes, redirections and here-documents are known, everything else is a word.
fn commands(script: &str) -> Vec<Command> {
    let bytes = script.as_bytes();
    let mut out = Vec::new();
    let mut command = Command::default();
    let mut heredocs: Vec<(&str, bool)> = Vec::new();
    let mut redirected = false;
    let mut piped = false;
    let mut list = false;
    let mut at = 0;
    let mut finish = |command: &mut Command, piped: bool, list: bool| {
        let mut done = std::mem::take(command);
        let assigned = done.words.iter().take_while(|word| assignment(&script[word.start..word.end])).count();
        let keywords = done.words[assigned..]
            .iter()
            .take_while(|word| {
                matches!(
                    &script[word.start..word.end],
                    "if" | "then" | "else" | "elif" | "do" | "while" | "until" | "!" | "{"
                )
            })
            .count();
        done.words.drain(..assigned + keywords);
        done.piped = piped;
        let first = done.words.first().map(|word| &script[word.start..word.end]);
        done.inner |= piped || list || matches!(first, Some("}" | "done" | "fi" | "esac"));
        if !done.words.is_empty() {
            out.push(done);
        }
    };
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if bytes.get(at + 1) == Some(&b'\n') => at += 2,
            b'\n' => {
                finish(&mut command, piped, list);
                (piped, redirected, list) = (false, false, false);
                at += 1;
                for (end, tabs) in heredocs.drain(..) {
                    at = behind_heredoc(script, at, end, tabs);
                }
            }
            b' ' | b'\t' | b'\r' => at += 1,
            b'#' => at = script[at..].find('\n').map_or(bytes.len(), |end| at + end),
            b';' | b'(' | b')' => {
                finish(&mut command, piped, list);
                (piped, redirected, list) = (false, false, false);
                at += 1;
            }
            b'|' | b'&' => {
                let double = bytes.get(at + 1) == Some(&bytes[at]);
                if bytes[at] == b'&' && bytes.get(at + 1) == Some(&b'>') {
                    at += 1;
                    continue;
                }
                finish(&mut command, piped, list);
                piped = bytes[at] == b'|' && !double;
                list |= double;
                redirected = false;
                at += 1 + usize::from(double || bytes.get(at + 1) == Some(&b'&'));
            }
            b'<' if bytes.get(at + 1) == Some(&b'<') && bytes.get(at + 2) != Some(&b'<') => {
                let tabs = bytes.get(at + 2) == Some(&b'-');
                at += 2 + usize::from(tabs);
                while matches!(bytes.get(at), Some(b' ' | b'\t')) {
                    at += 1;
                }
                let end = word_end(bytes, at);
                heredocs.push((script[at..end].trim_matches(['"', '\'', '\\']), tabs));
                // What stands behind the delimiter belongs to the document, as zizmor reads it.
                redirected = true;
                at = end.max(at + 1).min(bytes.len());
            }
            b'>' | b'<' => {
                while matches!(bytes.get(at), Some(b'>' | b'<' | b'&' | b'|')) {
                    at += 1;
                }
                while matches!(bytes.get(at), Some(b' ' | b'\t')) {
                    at += 1;
                }
                let word = word(script, at);
                at = word.end.max(at);
                command.end = at;
                if !redirected {
                    command.inner |= command.words.is_empty();
                    command.targets.extend(word.file);
                }
            }
            byte => {
                let word = word(script, at);
                let end = word.end.max(at + 1);
                // The number before a redirection is no word.
                let number = byte.is_ascii_digit() && matches!(bytes.get(end), Some(b'>' | b'<'));
                if !(number && script[at..end].bytes().all(|byte| byte.is_ascii_digit())) {
                    if command.words.is_empty() {
                        command.start = at;
                    }
                    command.end = end;
                    command.words.push(word);
                }
                at = end;
                while !script.is_char_boundary(at) {
                    at += 1;
                }
            }
        }
    }
    finish(&mut command, piped, list);
    out
}

fn assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

fn behind_heredoc(script: &str, mut at: usize, end: &str, tabs: bool) -> usize {
    while at < script.len() {
        let stop = script[at..].find('\n').map_or(script.len(), |stop| at + stop);
        let line = script[at..stop].trim_end_matches('\r');
        at = (stop + 1).min(script.len());
        if (if tabs { line.trim_start_matches('\t') } else { line }) == end {
            break;
        }
    }
    at
}

/// The word that begins at `at`.
fn word(script: &str, at: usize) -> Word {
    let end = word_end(script.as_bytes(), at);
    let text = script.get(at..end).unwrap_or_default();
    let quoted = text.len() > 1 && text.starts_with('"') && text.ends_with('"');
    let inner = if quoted { &text[1..text.len() - 1] } else { text };
    let variable =
        inner.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).or(inner.strip_prefix('$'));
    let file = FILES.iter().copied().find(|file| variable == Some(file)).or_else(|| {
        // A quoted text may have more in it than the variable.
        let named =
            |file: &&str| inner.contains(&format!("${{{file}}}")) || inner.contains(&format!("${file}"));
        FILES.iter().copied().find(|file| quoted && named(file))
    });
    let fixed = if text.starts_with('\'') {
        text.len() > 1 && text.ends_with('\'') && !text[1..text.len() - 1].contains('\'')
    } else if quoted {
        !inner.is_empty() && !inner.contains(['$', '`', '"'])
    } else {
        !text.contains(['$', '`', '"', '\''])
    };
    Word { start: at, end, file, fixed }
}

fn word_end(bytes: &[u8], mut at: usize) -> usize {
    let mut quote = None;
    let mut depth = 0_usize;
    while let Some(&byte) = bytes.get(at) {
        match (quote, byte) {
            (Some(b'"') | None, b'\\') => at += 1,
            (Some(open), byte) if open == byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'' | b'`') => quote = Some(byte),
            (None, b'$') if matches!(bytes.get(at + 1), Some(b'(' | b'{')) => {
                depth += 1;
                at += 1;
            }
            (None, b'(' | b'{') if depth > 0 => depth += 1,
            (None, b')' | b'}') if depth > 0 => depth -= 1,
            (None, b' ' | b'\t' | b'\r' | b'\n' | b';' | b'|' | b'&' | b'<' | b'>' | b'(' | b')')
                if depth == 0 =>
            {
                break;
            }
            _ => {}
        }
        at += 1;
    }
    at.min(bytes.len())
}

/// Where one of the files is named as PowerShell's variable.
fn powershell_name(text: &str) -> Option<(&'static str, usize)> {
    let lower = text.to_ascii_lowercase();
    FILES.iter().find_map(|file| {
        let name = format!("env:{}", file.to_ascii_lowercase());
        lower.find(&name).filter(|at| lower[..*at].ends_with(['$', '{'])).map(|at| (*file, at))
    })
}

/// `… >> $env:GITHUB_ENV`, and the file among the arguments of `Out-File` and its kin.
fn powershell(script: &str) -> Vec<Write> {
    let mut out = Vec::new();
    let mut start = 0;
    for line in script.split_inclusive('\n') {
        let text = line.trim_end();
        if let Some((file, at)) = powershell_name(text).filter(|_| !text.trim_start().starts_with('#')) {
            let before = text[..at].trim_end_matches(['$', '{', '"']).trim_end();
            let lower = text[..at].to_ascii_lowercase();
            let writers = ["out-file", "add-content", "set-content", "tee-object"];
            if before.ends_with('>') || writers.iter().any(|writer| lower.contains(writer)) {
                let indent = text.len() - text.trim_start().len();
                out.push(Write { file, range: start + indent..start + text.len(), seen: true });
            }
        }
        start += line.len();
    }
    out
}

/// `… >> %GITHUB_ENV%`.
fn cmd(script: &str) -> Vec<Write> {
    let mut out = Vec::new();
    let mut start = 0;
    for line in script.split_inclusive('\n') {
        let text = line.trim_end();
        let upper = text.to_ascii_uppercase();
        for file in FILES {
            let Some(at) = upper.find(&format!("%{file}%")) else { continue };
            let before = text[..at].trim_end_matches('"').trim_end();
            if before.ends_with('>') && !before.trim_end_matches('>').trim().is_empty() {
                let indent = text.len() - text.trim_start().len();
                out.push(Write { file, range: start + indent..start + text.len(), seen: true });
            }
        }
        start += line.len();
    }
    out
}
