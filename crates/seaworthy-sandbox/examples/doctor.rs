//! Prints what this machine allows and what killed owners left behind; `--clean` removes the latter.

#![expect(clippy::print_stdout, reason = "an example reports to its user")]

use seaworthy_sandbox::{Error, Runtime};

fn main() -> Result<(), Error> {
    let runtime = Runtime::new(None)?;
    let report = runtime.capabilities_of_host();
    println!("mode {:?}, kernel {}, control groups {:?}", report.mode, report.kernel, report.cgroup_mode);
    println!("capabilities: {}", report.capabilities.names().join(" "));
    for ability in report.abilities {
        println!("{} {}: {}", if ability.works { "ok  " } else { "none" }, ability.name, ability.detail);
    }
    for leftover in runtime.leftovers() {
        println!("{}", leftover.describe());
    }
    if std::env::args().any(|argument| argument == "--clean") {
        for result in runtime.clean() {
            println!("{}: done {:?}, failed {:?}", result.directory.display(), result.done, result.failed);
        }
    }
    Ok(())
}
