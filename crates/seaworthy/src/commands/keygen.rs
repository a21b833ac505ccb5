//! `seaworthy keygen`.

use crate::cli::KeygenArgs;
use crate::failure::Failure;
use crate::release;
use crate::shell::Shell;
use seaworthy_finding::ExitCode;

/// Writes a key pair in cosign's format.
pub(crate) fn exec(shell: &Shell, args: &KeygenArgs) -> Result<ExitCode, Failure> {
    let password = release::password();
    seaworthy_release::write_pair(&args.prefix, &password)
        .map_err(|error| release::explain("make the key pair", &error))?;
    if password.is_empty() {
        shell.note(
            "`COSIGN_PASSWORD` is empty, so the private key is protected by its file's permissions alone",
        );
    }
    shell.progress("Wrote", &format!("{0}.key and {0}.pub", args.prefix.display()));
    Ok(ExitCode::Clean)
}
