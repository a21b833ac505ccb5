//! Shell scripts of a build: their commands with places in the file, and what a linter says about them.
//!
//! [`commands`] reads the text a shell would be given. The grammar comes from the `shuck` crates, which stay inside of
//! this one; a script they refuse is cut at its operators instead, so commands are never lost. Nothing here panics
//! or fails on any text.

mod codes;
mod command;
mod cook;
mod cutter;
mod grammar;
mod lint;
mod memo;
mod names;
mod plain;
mod text;
mod walk;
mod wrappers;

pub use command::{Place, Redirect, Simple, Word};
pub use lint::{Change, Dialect, Level, NotLinted, Note, Setting, lint};
pub use text::{Text, texts};

use seaworthy_dockerfile::{Instruction, OffsetMap};

/// Most scripts inside of scripts that are read.
const MOST_NESTED: usize = 4;

/// The commands of a script, in order of place; those inside of words come behind the statement that holds them.
pub fn split(script: &str, map: &OffsetMap, out: &mut Vec<Simple>) {
    read(script, map, walk::Origin::default(), out);
}

/// The commands of a `RUN`, or of the `RUN` an `ONBUILD` holds, heredocs included; none of other instructions.
pub fn commands(instruction: &Instruction) -> Vec<Simple> {
    let mut out = Vec::new();
    for text in texts(instruction) {
        match text {
            Text::Script { text, map, interpreter } => {
                if interpreter.as_deref().is_none_or(is_shell) {
                    split(&text, &map, &mut out);
                }
            }
            Text::Words(simple) => {
                out.push(simple.0);
                if let Some((text, map)) = simple.1 {
                    let place = Place { nested: true, ..Place::default() };
                    let origin = walk::Origin { parent: Some(out.len() - 1), place, nested: 1 };
                    read(&text, &map, origin, &mut out);
                }
            }
        }
    }
    out
}

/// Whether a program's name is that of a shell of the Bourne family.
pub fn is_shell(name: &str) -> bool {
    matches!(wrappers::name(name), "sh" | "bash" | "dash" | "ash" | "ksh" | "mksh" | "zsh")
}

fn read(script: &str, map: &OffsetMap, origin: walk::Origin, out: &mut Vec<Simple>) {
    match grammar::parse(script) {
        Some(read) => walk::commands(&read.file, script, map, origin, out),
        None => {
            let first = out.len();
            cutter::cut(script, map, out);
            for simple in &mut out[first..] {
                simple.parent = origin.parent;
                simple.place = origin.place;
            }
        }
    }
}
