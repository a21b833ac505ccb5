//! `seaworthy sign`.

use crate::cli::{Global, SignArgs};
use crate::failure::Failure;
use crate::release;
use crate::shell::Shell;
use seaworthy_finding::ExitCode;

/// Signs an image that is published already.
pub(crate) fn exec(shell: &Shell, global: &Global, args: &SignArgs) -> Result<ExitCode, Failure> {
    let key = release::private_key(&args.key)?;
    let (place, target) = release::place(&args.image)?;
    let options = release::registry(global, release::plain_host(&place, args.plain_http));
    let target = release::target(&place, &target)?;
    let attached = seaworthy_release::sign(&place, &target, &key, &options)
        .map_err(|error| release::explain("sign the image", &error))?;
    shell.progress("Signed", &format!("{} with the key {}", args.image, key.public().fingerprint()));
    shell.out(attached.as_str())?;
    Ok(ExitCode::Clean)
}
