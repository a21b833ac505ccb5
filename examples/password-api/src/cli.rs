//! The command line: `serve` (the default), `health`, `--help` and `--version`.

use std::ffi::OsString;
use std::process::ExitCode;

use crate::config::{Config, HealthTarget};
use crate::server::ServeError;
use crate::{VERSION, health, logging, server};

/// Exit code of a run-time failure, for example an address that is already in use.
const FAILURE: u8 = 1;
/// Exit code of a wrong configuration or command line.
const USAGE: u8 = 2;

const HELP: &str = "\
A private HTTP service that generates passwords, keys and usernames.

Usage: password-api [serve [--token TOKEN] | health]

Commands:
  serve    serve the API (the default); configured by USNPW_API_* variables, see the README
  health   ask the running service for `GET /healthz`; exits 0 when it answers, 1 otherwise

Options:
  --token TOKEN   the bearer token; needs USNPW_API_ALLOW_CLI_TOKEN=1, other users can see it in `ps`
  -h, --help      print this help
  -V, --version   print the version

Exit codes: 0 success, 1 failure at run time, 2 wrong configuration or usage
";

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
enum Command {
    Serve { token: Option<String> },
    Health,
    Help,
    Version,
}

/// Runs the command line of this process and returns its exit code.
pub fn main() -> ExitCode {
    match parse(std::env::args_os().skip(1)) {
        Ok(Command::Serve { token }) => serve(token),
        Ok(Command::Health) => check_health(),
        Ok(Command::Help) => {
            logging::out(HELP.trim_end());
            ExitCode::SUCCESS
        }
        Ok(Command::Version) => {
            logging::out(&format!("password-api {VERSION}"));
            ExitCode::SUCCESS
        }
        Err(message) => {
            logging::err(&format!("{message}; see `password-api --help`"));
            ExitCode::from(USAGE)
        }
    }
}

/// Parses the arguments. Messages never repeat an argument, since one of them may be a token.
fn parse(mut args: impl Iterator<Item = OsString>) -> Result<Command, String> {
    let mut command = None;
    let mut token = None;
    while let Some(arg) = args.next() {
        match arg.to_str() {
            Some("-h" | "--help") => return Ok(Command::Help),
            Some("-V" | "--version") => return Ok(Command::Version),
            Some("serve") if command.is_none() => command = Some(Command::Serve { token: None }),
            Some("health") if command.is_none() => command = Some(Command::Health),
            Some("--token") => {
                let value = args.next().ok_or("`--token` needs a value")?;
                token = Some(value.into_string().map_err(|_| "`--token` is not valid UTF-8")?);
            }
            _ => return Err("unexpected argument".to_owned()),
        }
    }
    match (command, token) {
        (Some(Command::Health), Some(_)) => Err("`--token` belongs to `serve`".to_owned()),
        (Some(Command::Health), None) => Ok(Command::Health),
        (_, token) => Ok(Command::Serve { token }),
    }
}

fn serve(token: Option<String>) -> ExitCode {
    let config = match Config::from_env(&|name| std::env::var_os(name), token) {
        Ok(config) => config,
        Err(error) => {
            logging::err(&format!("configuration error: {error}"));
            return ExitCode::from(USAGE);
        }
    };
    match server::run(config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(ServeError::Config(error)) => {
            logging::err(&format!("configuration error: {error}"));
            ExitCode::from(USAGE)
        }
        Err(error) => {
            logging::err(&format!("failed to serve: {error}"));
            ExitCode::from(FAILURE)
        }
    }
}

fn check_health() -> ExitCode {
    let checked = HealthTarget::from_env(&|name| std::env::var_os(name))
        .map_err(|error| error.to_string())
        .and_then(|target| health::check(&target).map_err(|error| error.to_string()));
    match checked {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            logging::err(&format!("unhealthy: {message}"));
            ExitCode::from(FAILURE)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Command, parse};

    fn args(list: &[&str]) -> Result<Command, String> {
        parse(list.iter().map(|&arg| arg.into()))
    }

    #[test]
    fn serve_is_the_default() {
        assert_eq!(args(&[]), Ok(Command::Serve { token: None }));
        assert_eq!(args(&["serve", "--token", "t"]), Ok(Command::Serve { token: Some("t".to_owned()) }));
    }

    #[test]
    fn wrong_arguments_are_refused_without_being_repeated() {
        for list in
            [&["serve", "secret"][..], &["--tokn", "secret"], &["health", "--token", "secret"], &["--token"]]
        {
            let message = args(list).unwrap_err();
            assert!(!message.contains("secret"), "{message}");
        }
    }
}
