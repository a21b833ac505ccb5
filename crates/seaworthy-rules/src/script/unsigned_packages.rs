//! Reports package managers told to take packages without a valid signature.

use super::Simple;
use super::call::{Call, Managed, base, program_at};
use super::managers::Kind;
use super::runs::{place_of, runs};
use crate::{Cx, Sink};
use seaworthy_finding::Persona;

declare_rule! {
    name: "unsigned-packages",
    summary: "packages are installed without a check of their signature",
    passes: "signatures of packages are checked",
    family: Dockerfile, category: SupplyChain, severity: High, confidence: High, persona: Regular,
    aliases: ["CKV2_DOCKER_7", "CKV2_DOCKER_8", "CKV2_DOCKER_9", "CKV2_DOCKER_10", "CKV2_DOCKER_11"],
    refs: ["apt-get(8)", "apk(8)", "dnf(8)", "rpm(8)"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for run in runs(cx, docker) {
            let downloads = run.commands.iter().any(|simple| {
                program_at(simple)
                    .is_some_and(|at| matches!(base(&simple.words[at]), "curl" | "wget" | "aria2c"))
            });
            for simple in run.commands {
                // Packages that were built here have nobody who could sign them.
                let own = !downloads && takes_files(simple);
                for (at, what, aliases) in switches(simple) {
                    out.finding(format!("`{what}` takes packages nobody signed"))
                        .aliases(aliases)
                        .persona(if own { Persona::Pedantic } else { Persona::Regular })
                        .why("a mirror, or whoever stands before it, decides what is installed")
                        .help("install the repository's key, and take the option out")
                        .at_file(&docker.file, place_of(simple, at))
                        .command(format!(
                            "grep -n -e '{}' {}",
                            what.split(' ').next_back().unwrap_or_default(),
                            docker.file.path
                        ));
                }
            }
        }
    }
}

/// Whether all a command installs are files of the build.
fn takes_files(simple: &Simple) -> bool {
    let Some(managed) = Managed::read(simple) else { return false };
    let mut operands = managed.call.operands.iter().map(|operand| operand.text).peekable();
    operands.peek().is_some() && operands.all(|text| text.starts_with(['/', '.']))
}

type Off = (usize, String, &'static [&'static str]);

fn switches(simple: &Simple) -> Vec<Off> {
    let mut out: Vec<Off> = Vec::new();
    let Some(at) = program_at(simple) else { return out };
    let program = base(&simple.words[at]);
    if program == "rpm" {
        let call = Call::read(&simple.words, at + 1, &[], false);
        let names = ["nodigest", "nosignature", "noverify", "nofiledigest"];
        if let Some(option) = call.option(&names) {
            out.push((option.at, format!("rpm --{}", option.name), &["CKV2_DOCKER_10"]));
        }
        return out;
    }
    let Some(managed) = Managed::read(simple) else { return out };
    let call = &managed.call;
    let mut switch = |names: &[&str], aliases: &'static [&'static str]| {
        if let Some(option) = call.option(names) {
            out.push((option.at, format!("{} --{}", managed.program, option.name), aliases));
        }
    };
    match managed.manager.kind {
        // Making an index of one's own packages takes none.
        Kind::Apk if managed.verb() != "index" => switch(&["allow-untrusted"], &["CKV2_DOCKER_7"]),
        Kind::Apt => {
            switch(&["allow-unauthenticated", "allow-insecure-repositories"], &["CKV2_DOCKER_8"]);
            switch(&["force-yes"], &["CKV2_DOCKER_11"]);
        }
        Kind::Yum | Kind::Dnf => switch(&["nogpgcheck", "no-gpgchecks"], &["CKV2_DOCKER_9"]),
        Kind::Zypper => switch(&["no-gpg-checks", "allow-unsigned-rpm"], &[]),
        _ => {}
    }
    out
}
