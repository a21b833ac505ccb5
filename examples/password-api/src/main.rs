//! The executable: everything it does is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    password_api::cli::main()
}
