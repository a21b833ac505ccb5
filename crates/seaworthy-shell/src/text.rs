//! The text a shell is given by an instruction.

use crate::command::{Simple, Word};
use crate::wrappers;
use seaworthy_dockerfile::{Command, Instruction, Kind, OffsetMap};

/// One thing an instruction runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Text {
    /// A script.
    Script {
        /// What the interpreter reads: continuations joined, comment lines dropped, heredocs behind their line.
        text: String,
        /// From offsets in `text` to offsets in the file.
        map: OffsetMap,
        /// The program of the first line's `#!`, where a heredoc has one.
        interpreter: Option<String>,
    },
    /// A JSON array; with it the script, where the program is a shell that is given one.
    Words(Box<(Simple, Option<(String, OffsetMap)>)>),
}

/// What a `RUN` runs, or the `RUN` an `ONBUILD` holds.
pub fn texts(instruction: &Instruction) -> Vec<Text> {
    let inner = match &instruction.kind {
        Kind::Onbuild(inner) => inner.as_ref(),
        _ => instruction,
    };
    match &inner.kind {
        Kind::Run(Command::Exec(words)) => vec![exec(words)],
        Kind::Run(Command::Shell { script, map, .. }) => vec![shell(script, map, inner)],
        _ => Vec::new(),
    }
}

fn shell(script: &str, map: &OffsetMap, instruction: &Instruction) -> Text {
    let start = script.len() - script.trim_start().len();
    let place = map.span(start, script.trim_end().len().max(start));
    if let [only] = instruction.heredocs.as_slice()
        && only.span == place
    {
        // A heredoc alone is the script itself.
        let body = &only.content;
        let map = OffsetMap::contiguous(only.content_span.start);
        return Text::Script { text: body.clone(), map, interpreter: shebang(body) };
    }
    let (mut text, mut map) = (script.to_owned(), map.clone());
    for heredoc in &instruction.heredocs {
        text.push('\n');
        map.push(text.len(), heredoc.content_span.start);
        text.push_str(&heredoc.content);
        if !text.ends_with('\n') {
            text.push('\n');
        }
        map.push(text.len(), heredoc.terminator_span.start);
        text.push_str(&heredoc.name);
    }
    Text::Script { text, map, interpreter: None }
}

/// The program the first line names behind `#!`, `env` left out.
fn shebang(text: &str) -> Option<String> {
    let line = text.lines().next()?.strip_prefix("#!")?;
    let mut words =
        line.split_whitespace().skip_while(|word| wrappers::name(word) == "env" || word.starts_with('-'));
    words.next().map(|word| wrappers::name(word).to_owned())
}

fn exec(words: &[seaworthy_dockerfile::Word]) -> Text {
    let texts: Vec<String> = words.iter().map(|word| word.raw.clone()).collect();
    let args = words.iter().map(|word| Word { span: word.span, literal: true, quoted: true }).collect();
    let simple = Simple::new(texts, args, "");
    let script = script_argument(&simple).and_then(|at| words.get(at));
    let script = script.map(|word| (word.raw.clone(), word.map().clone()));
    Text::Words(Box::new((simple, script)))
}

/// Which of the words is a script, where the program is a shell or `su` that is given one.
pub(crate) fn script_argument(simple: &Simple) -> Option<usize> {
    let rest = simple.rest();
    let first = simple.words.len() - rest.len();
    let name = simple.program();
    let switch = |word: &String| match name {
        "su" | "runuser" => word == "-c" || word == "--command",
        _ => word.starts_with('-') && !word.starts_with("--") && word.ends_with('c'),
    };
    if !crate::is_shell(name) && !matches!(name, "su" | "runuser") {
        return None;
    }
    let at = rest.iter().skip(1).position(switch)? + 2;
    (at < rest.len()).then_some(first + at)
}
