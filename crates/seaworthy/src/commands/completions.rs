//! `seaworthy completions`.

use crate::cli::{Cli, CompletionsArgs};
use crate::failure::Failure;
use crate::shell::Shell;
use clap::CommandFactory as _;
use seaworthy_finding::ExitCode;

/// Prints the completions of a shell.
pub(crate) fn exec(shell: &Shell, args: &CompletionsArgs) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "seaworthy", &mut script);
    shell.out(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::Clean)
}
