//! `seaworthy man`.

use crate::cli::{Cli, ManArgs};
use crate::failure::Failure;
use crate::output::write_file;
use crate::shell::Shell;
use clap::CommandFactory as _;
use seaworthy_finding::ExitCode;

/// Prints the manual page, or writes one for each command.
pub(crate) fn exec(shell: &Shell, args: &ManArgs) -> Result<ExitCode, Failure> {
    let command = Cli::command();
    let render = |command: clap::Command| {
        let mut page = Vec::new();
        clap_mangen::Man::new(command)
            .render(&mut page)
            .map(|()| page)
            .map_err(|error| Failure::of("render the page", &error))
    };
    let Some(dir) = &args.output else {
        shell.out(&String::from_utf8_lossy(&render(command)?))?;
        return Ok(ExitCode::Clean);
    };
    std::fs::create_dir_all(dir).map_err(|error| Failure::file("make", dir, &error))?;
    write_file(&dir.join("seaworthy.1"), &render(command.clone())?)?;
    for sub in command.get_subcommands() {
        let name = format!("seaworthy-{}", sub.get_name());
        write_file(&dir.join(format!("{name}.1")), &render(sub.clone().display_name(name))?)?;
    }
    Ok(ExitCode::Clean)
}
