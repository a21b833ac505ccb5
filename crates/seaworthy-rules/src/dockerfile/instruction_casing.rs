//! Reports instruction words that are written otherwise than most of the file.

use crate::{Cx, Sink};
use seaworthy_dockerfile::Keyword;
use seaworthy_finding::{Applicability, Edit};

declare_rule! {
    name: "instruction-casing",
    summary: "instruction words differ in case",
    passes: "instruction words are written alike",
    family: Dockerfile, category: Truth, severity: Info, confidence: High, persona: Pedantic,
    fix: Safe,
    aliases: ["ConsistentInstructionCasing"], refs: ["Dockerfile reference, format"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        let words: Vec<_> = docker
            .tree
            .instructions
            .iter()
            // BuildKit looks at stages only.
            .skip_while(|item| item.keyword != Keyword::From)
            .filter(|item| item.keyword != Keyword::Unknown)
            .map(|item| (item.keyword_span, item.keyword_span.of(&docker.file.text), item.keyword))
            .collect();
        let lower = words.iter().filter(|(_, word, _)| *word == word.to_lowercase()).count();
        let upper = words.iter().filter(|(_, word, _)| *word == word.to_uppercase()).count();
        for (span, word, keyword) in words {
            let wanted =
                if lower > upper { keyword.as_str().to_lowercase() } else { keyword.as_str().to_owned() };
            if word == wanted {
                continue;
            }
            out.finding(format!("`{word}` is not written like most of this file: `{wanted}`"))
                .why("one spelling makes a file easier to search")
                .help(format!("write `{wanted}`"))
                .at_file(&docker.file, span)
                .fix(
                    Applicability::Safe,
                    format!("Write `{wanted}`"),
                    &docker.file,
                    vec![Edit { span, text: wanted.clone() }],
                )
                .command(format!("docker build --check -f {} .", docker.file.path));
        }
    }
}
