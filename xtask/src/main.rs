//! Tasks of the repository: `cargo xtask conformance KIND DIR` compares the product with a set of known answers,
//! `cargo xtask bench` measures it beside the tools it replaces, `cargo xtask real` tells what it says about real files.

mod bench;
mod conformance;
mod real;

use std::io::Write as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let stdout = std::io::stdout();
    match words.as_slice() {
        ["conformance", rest @ ..] => conformance::main(rest, &mut stdout.lock()),
        ["real", rest @ ..] => real::main(rest, &mut stdout.lock()),
        ["bench", rest @ ..] => bench::main(rest, &mut stdout.lock()),
        [name @ ("boot-once" | "floor" | "measure" | "push-once"), rest @ ..] => {
            bench::helper(name, rest, &mut stdout.lock())
        }
        _ => {
            // Nothing is left to do when standard error is closed.
            let _ = writeln!(
                std::io::stderr(),
                "usage: cargo xtask conformance KIND DIR\n       {}\n       {}",
                bench::USAGE,
                real::USAGE
            );
            ExitCode::from(2)
        }
    }
}
