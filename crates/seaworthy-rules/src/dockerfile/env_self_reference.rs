//! Reports `ENV` values that use a name set in the same instruction.

use crate::{Cx, Sink};
use seaworthy_dockerfile::{Base, Dockerfile, Instruction, Kind, scope};
use seaworthy_finding::Span;
use std::collections::BTreeSet;

declare_rule! {
    name: "env-self-reference",
    summary: "`ENV` uses a name that the same line sets",
    passes: "no `ENV` uses a name that the same line sets",
    family: Dockerfile, category: Truth, severity: Medium, confidence: High, persona: Regular,
    aliases: ["DL3044", "UndefinedVar"], refs: ["Dockerfile reference, environment replacement"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for (span, name, base) in found(&docker.tree) {
            let aliases: &[&str] = if base { &["DL3044"] } else { &["DL3044", "UndefinedVar"] };
            let message = if base {
                format!("`{name}` has the base image's value here, not the one this line sets")
            } else {
                format!("`{name}` is empty here: this line sets it only for the lines below")
            };
            out.finding(message)
                .aliases(aliases)
                .why("all values of one `ENV` are computed before any of them is set")
                .help(format!("set `{name}` in an `ENV` of its own above"))
                .at_file(&docker.file, span)
                .command(format!("docker build --check -f {} .", docker.file.path));
        }
    }
}

/// References to names that the same instruction sets and nothing before it: the place, the name, and whether every
/// base image has it.
pub(crate) fn found(tree: &Dockerfile) -> Vec<(Span, String, bool)> {
    let several =
        |item: &Instruction| matches!(&item.kind, Kind::Env { pairs, legacy: false } if pairs.len() > 1);
    let mut out = Vec::new();
    if !tree.instructions.iter().any(several) {
        return out;
    }
    let (globals, scopes) = (tree.globals(), tree.scopes());
    for stage in tree.stages() {
        let mut seen = match stage.base {
            Base::Stage(earlier) => scopes.get(earlier).cloned().unwrap_or_default(),
            _ => scope::Scope::default(),
        };
        for item in stage.instructions {
            if let Kind::Env { pairs, legacy: false } = &item.kind
                && pairs.len() > 1
            {
                let names: BTreeSet<String> = pairs.iter().map(|pair| pair.key.unquoted()).collect();
                for pair in pairs {
                    let own = pair.key.unquoted();
                    for variable in pair.value.variables() {
                        let name = variable.name;
                        let plain = variable.operator.is_none();
                        if name != own
                            && plain
                            && names.contains(&name)
                            && !seen.knows(&name)
                            && !globals.is_declared(&name)
                        {
                            let base = name == "PATH";
                            out.push((variable.span, name, base));
                        }
                    }
                }
            }
            seen.apply(item, globals, &|_| None);
        }
    }
    out
}
