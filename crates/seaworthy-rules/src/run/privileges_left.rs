//! Reports privileges the main process still had although the run was hardened.

use crate::{Cx, Sink, text};

declare_rule! {
    name: "privileges-left",
    summary: "the hardened process keeps privileges it should not have",
    passes: "the hardened process has no capabilities, no way to gain any, and a system call filter",
    family: Run, category: Security, severity: Medium, confidence: High, persona: Regular,
    aliases: [], refs: ["capabilities(7)", "CIS Docker Benchmark 5.3", "CIS Docker Benchmark 5.25"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(run) = cx.run() else { return };
    let Some(privileges) = out.seen(&run.privileges) else { return };
    let allowed: Vec<String> =
        cx.image.map_or_else(Vec::new, |image| image.test.cap_add.iter().map(|name| plain(name)).collect());
    // What was found to be needed is judged by `needs-capability` alone.
    let found = run.capabilities.seen().into_iter().flat_map(|need| &need.needed);
    let allowed: Vec<String> = allowed.into_iter().chain(found.map(|name| plain(name))).collect();
    let mut left: Vec<String> = Vec::new();
    let extra: Vec<&String> = privileges
        .effective
        .iter()
        .chain(&privileges.bounding)
        .filter(|cap| !allowed.contains(&plain(cap)))
        .collect();
    let mut extra: Vec<&str> = extra.into_iter().map(String::as_str).collect();
    extra.sort_unstable();
    extra.dedup();
    if !extra.is_empty() {
        left.push(format!(
            "{} ({})",
            if extra.len() == 1 {
                "1 capability".to_owned()
            } else {
                format!("{} capabilities", extra.len())
            },
            text::names(&extra, 4)
        ));
    }
    if !privileges.no_new_privileges {
        left.push("no `no-new-privileges`".to_owned());
    }
    if !privileges.seccomp {
        left.push("no seccomp filter".to_owned());
    }
    if left.is_empty() {
        out.observed("no capabilities, no-new-privileges and seccomp in force");
        return;
    }
    out.finding(format!("the main process has {}", left.join(", ")))
        .why("whatever the process may do, an attacker inside it may do")
        .help("drop all capabilities, set `no-new-privileges`, and keep the default seccomp profile")
        .at_observation("privileges")
        .observation(format!("read from /proc/1/status under {}", run.engine))
        .command("docker run --cap-drop ALL --security-opt no-new-privileges IMAGE");
}

/// A capability's name as policies and engines write it, with or without its prefix.
fn plain(name: &str) -> String {
    name.to_ascii_uppercase().trim_start_matches("CAP_").to_owned()
}
