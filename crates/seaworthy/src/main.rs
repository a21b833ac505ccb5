//! The binary: arguments, configuration, one file per command, exit codes.

mod advisories;
mod beside;
mod cli;
mod commands;
mod config;
mod event;
mod failure;
mod interrupt;
mod output;
mod release;
mod remote;
mod shell;
mod stages;
mod structure;
mod tagging;
mod verification;
mod workdir;

use clap::Parser as _;
use cli::{Cli, Command};
use seaworthy_finding::ExitCode;
use shell::Shell;

fn main() -> std::process::ExitCode {
    interrupt::install();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let code = if error.use_stderr() { ExitCode::Error } else { ExitCode::Clean };
            // A closed output is no reason to fail while printing help.
            let _ = error.print();
            return std::process::ExitCode::from(code.code());
        }
    };
    let shell = Shell::new(&cli.global);
    let global = &cli.global;
    // Formats are read before any work, so that a mistyped one costs nothing. An SBOM has formats of its own.
    let formats = match &cli.command {
        Command::Sbom(_) | Command::Db(_) => Ok(()),
        _ => output::targets(global).map(drop),
    };
    let result = formats.and_then(|()| match &cli.command {
        Command::Ship(args) => commands::ship::exec(&shell, global, args),
        Command::Check(args) => commands::check::exec(&shell, global, args),
        Command::Build(args) => commands::build::exec(&shell, global, args),
        Command::Inspect(args) => commands::inspect::exec(&shell, global, args),
        Command::Test(args) => commands::test::exec(&shell, global, args),
        Command::Sbom(args) => commands::sbom::exec(&shell, global, args),
        Command::Scan(args) => commands::scan::exec(&shell, global, args),
        Command::Db(args) => commands::db::exec(&shell, global, args),
        Command::Tags(args) => commands::tags::exec(&shell, global, args),
        Command::Publish(args) => commands::publish::exec(&shell, global, args),
        Command::Copy(args) => commands::copy::exec(&shell, global, args),
        Command::Prune(args) => commands::prune::exec(&shell, global, args),
        Command::Sign(args) => commands::sign::exec(&shell, global, args),
        Command::Attest(args) => commands::attest::exec(&shell, global, args),
        Command::Verify(args) => commands::verify::exec(&shell, global, args),
        Command::Keygen(args) => commands::keygen::exec(&shell, args),
        Command::Report(args) => commands::report::exec(&shell, global, args),
        Command::Explain(args) => commands::explain::exec(&shell, args),
        Command::Rules => commands::rules::exec(&shell, global),
        Command::Lsp => commands::lsp::exec(&shell, global),
        Command::Doctor(args) => commands::doctor::exec(&shell, global, args),
        Command::Completions(args) => commands::completions::exec(&shell, args),
        Command::Man(args) => commands::man::exec(&shell, args),
    });
    let code = result.unwrap_or_else(|failure| {
        shell.failure(&failure);
        failure.code
    });
    interrupt::hold();
    std::process::ExitCode::from(code.code())
}
