//! What the steps of a workflow do with images.

use super::cli::{self, Act};
use super::occasion::{Occasion, Scope};
use crate::script::{Simple, shell};
use seaworthy_dockerfile::OffsetMap;
use seaworthy_facts::TextFile;
use seaworthy_finding::Span;
use seaworthy_workflow::eval::Value;
use seaworthy_workflow::{Step, Text, expr};

/// The commands of a step's script. What stands between `${{` and `}}` is one word: letters, digits, dots and `_`.
pub(crate) fn commands(file: &TextFile, step: &Step) -> Vec<Simple> {
    let mut out = Vec::new();
    let shell = step.shell.as_ref().map_or("", Text::as_str);
    if let Some(run) =
        step.run.as_ref().filter(|_| !shell.starts_with("python") && !shell.starts_with("node"))
    {
        let script = masked(&run.value);
        shell::split(&script, &map(file, run), &mut out);
    }
    out
}

/// A script in which each `${{ … }}` is one word of the same length.
pub(crate) fn masked(script: &str) -> String {
    let mut out = String::with_capacity(script.len());
    let mut rest = script;
    while let Some(at) = rest.find("${{") {
        let inner = &rest[at + 3..];
        let Some(end) = expr::extent(inner) else { break };
        out.push_str(&rest[..at + 3]);
        for ch in inner[..end].chars() {
            if ch.is_ascii_alphanumeric() || matches!(ch, '.' | '-') {
                out.push(ch);
            } else {
                // A byte for a byte, so that places stay.
                out.extend(std::iter::repeat_n('_', ch.len_utf8()));
            }
        }
        out.push_str("}}");
        rest = &inner[end + 2..];
    }
    out.push_str(rest);
    out
}

fn map(file: &TextFile, run: &Text) -> OffsetMap {
    let offsets = run.offsets(&file.text);
    let mut map = OffsetMap::contiguous(offsets.first().copied().unwrap_or_default());
    for at in 1..offsets.len() {
        if offsets[at] != offsets[at - 1] + 1 {
            map.push(at, offsets[at]);
        }
    }
    map
}

/// Where a word of a command stands: the word where it is found as written, else the command.
pub(crate) fn word(file: &TextFile, command: Span, word: &str) -> Span {
    let text = masked(command.of(&file.text));
    match text.rfind(word).filter(|_| !word.is_empty()) {
        Some(at) => Span::new(command.start + at, command.start + at + word.len()),
        None => command,
    }
}

/// Whether a step is docker's action for building.
pub(crate) fn is_build(step: &Step) -> bool {
    step.uses("docker/build-push-action") || step.uses("docker/bake-action")
}

/// Whether a step sends an image to a registry on an occasion, as far as that is known; without one, on any.
pub(crate) fn pushes(
    file: &TextFile,
    scope: Scope<'_>,
    step: &Step,
    occasion: Option<&Occasion>,
) -> Option<bool> {
    let scope = Scope { step: Some(step), ..scope };
    if is_build(step) {
        let outputs = step.input_str("outputs");
        if outputs.contains("push=true") || outputs.contains("type=registry") {
            return Some(true);
        }
        let Some(push) = step.input("push").and_then(|entry| entry.text()) else { return Some(false) };
        if let Some(value) = push.as_bool() {
            return Some(value);
        }
        if let (true, Some(expr)) = (push.is_expression(), push.expressions().next()) {
            return match scope.evaluate(occasion, expr) {
                Value::Text(text) => Some(text == "true"),
                value => value.truth(),
            };
        }
        return match push.value.trim() {
            "true" => Some(true),
            text if text.contains("${{") => None,
            _ => Some(false),
        };
    }
    let mut acts = Vec::new();
    let commands = commands(file, step);
    for command in &commands {
        acts.extend(cli::acts(command));
    }
    Some(acts.iter().any(|act| matches!(act, Act::Push(_))))
}
