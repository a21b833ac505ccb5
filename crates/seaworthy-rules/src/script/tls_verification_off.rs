//! Reports switched-off verification of TLS certificates.

use super::Simple;
use super::call::{Call, Managed, base, is_assignment, program_at};
use super::managers::Kind;
use super::runs::{Run, place_of, runs};
use super::verbose_download::WGET;
use crate::{Cx, Sink};
use seaworthy_dockerfile::{Command, Kind as Item};
use seaworthy_facts::TextFile;
use seaworthy_finding::Span;

declare_rule! {
    name: "tls-verification-off",
    summary: "certificates of servers are not verified",
    passes: "certificates of servers are verified",
    family: Dockerfile, category: Security, severity: High, confidence: High, persona: Regular,
    aliases: [
        "CKV2_DOCKER_2", "CKV2_DOCKER_3", "CKV2_DOCKER_4", "CKV2_DOCKER_5", "CKV2_DOCKER_6", "CKV2_DOCKER_12",
        "CKV2_DOCKER_13", "CKV2_DOCKER_14", "CKV2_DOCKER_15", "CKV2_DOCKER_16",
    ],
    refs: ["curl(1), --insecure", "manuals of wget, git, npm, pip, Node.js and dnf"],
}

/// One switch: what is written, and its names in other tools.
type Off = (String, usize, &'static [&'static str]);

const CURL: &[&str] = &[
    "o",
    "output",
    "H",
    "header",
    "d",
    "data",
    "u",
    "user",
    "X",
    "request",
    "A",
    "user-agent",
    "b",
    "cookie",
    "c",
    "cookie-jar",
    "e",
    "referer",
    "F",
    "form",
    "m",
    "max-time",
    "r",
    "range",
    "T",
    "upload-file",
    "w",
    "write-out",
    "x",
    "proxy",
    "y",
    "Y",
    "z",
    "C",
    "continue-at",
    "D",
    "dump-header",
    "E",
    "cert",
    "K",
    "config",
    "P",
    "Q",
    "t",
    "retry",
    "retry-delay",
    "retry-max-time",
    "connect-timeout",
    "cacert",
    "capath",
    "url",
    "U",
    "proxy-user",
    "output-dir",
    "data-binary",
    "data-raw",
    "data-urlencode",
    "resolve",
    "interface",
    "limit-rate",
    "max-filesize",
    "max-redirs",
];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for docker in cx.dockerfiles() {
        for item in &docker.tree.instructions {
            let inner = match &item.kind {
                Item::Onbuild(inner) => inner.as_ref(),
                _ => item,
            };
            match &inner.kind {
                Item::Env { pairs, .. } => {
                    for pair in pairs {
                        if let Some(aliases) = variable(&pair.key.unquoted(), &pair.value.unquoted()) {
                            report(out, &docker.file, pair.span, &pair.key.unquoted(), aliases);
                        }
                    }
                }
                Item::Arg { args } => {
                    // `ARG NAME value` declares two names; the value is meant all the same.
                    for (at, arg) in args.iter().enumerate() {
                        let next = args.get(at + 1).filter(|next| next.default.is_none());
                        let value = arg.default.as_ref().or(next.map(|next| &next.name));
                        let Some(value) = value.map(seaworthy_dockerfile::Word::unquoted) else { continue };
                        let name = arg.name.unquoted();
                        if let Some(aliases) = variable(&name, &value) {
                            report(out, &docker.file, arg.name.span, &name, aliases);
                        }
                    }
                }
                _ => {}
            }
        }
        for run in runs(cx, docker) {
            if let Some((name, span, aliases)) = in_broken_script(&run) {
                report(out, &docker.file, span, name, aliases);
                continue;
            }
            for simple in run.commands {
                for (what, at, aliases) in switches(simple) {
                    report(out, &docker.file, place_of(simple, at), &what, aliases);
                }
            }
        }
    }
}

fn report(out: &mut Sink, file: &TextFile, span: Span, what: &str, aliases: &[&str]) {
    out.finding(format!("`{what}` switches the verification of certificates off"))
        .aliases(aliases)
        .why("whoever stands between builder and server can put their own files into the image")
        .help("take it out, and add the server's own authority to the trusted certificates where it has one")
        .at_file(file, span)
        .command(format!("grep -n -e '{}' {}", what.split(' ').next_back().unwrap_or(what), file.path));
}

/// The names of a variable that switches verification off with this value.
fn variable(name: &str, value: &str) -> Option<&'static [&'static str]> {
    match name {
        "NODE_TLS_REJECT_UNAUTHORIZED" if value == "0" => Some(&["CKV2_DOCKER_6"]),
        "PYTHONHTTPSVERIFY" if value == "0" => Some(&["CKV2_DOCKER_5"]),
        "NPM_CONFIG_STRICT_SSL" | "npm_config_strict_ssl" if value == "false" => Some(&["CKV2_DOCKER_12"]),
        // Git asks whether the variable is set, whatever it says.
        "GIT_SSL_NO_VERIFY" if !value.is_empty() => Some(&["CKV2_DOCKER_14"]),
        "PIP_TRUSTED_HOST" if !value.is_empty() => Some(&["CKV2_DOCKER_16"]),
        "GOINSECURE" if !value.is_empty() => Some(&[]),
        "CURL_INSECURE" | "YARN_ENABLE_STRICT_SSL" if value == "0" || value == "false" => Some(&[]),
        _ => None,
    }
}

/// A variable of a script whose quotes do not close: it has no words, but what is meant can be read.
fn in_broken_script<'a>(run: &Run<'a>) -> Option<(&'a str, Span, &'static [&'static str])> {
    let Item::Run(Command::Shell { script, map, .. }) = &run.inner.kind else { return None };
    let mut quote = None;
    let mut escaped = false;
    for ch in script.chars() {
        match quote {
            _ if escaped => escaped = false,
            Some('\'') | None if ch == '\'' => quote = quote.xor(Some(ch)),
            Some('"') | None if ch == '"' => quote = quote.xor(Some(ch)),
            Some('\'') => {}
            _ => escaped = ch == '\\',
        }
    }
    quote?;
    let mut at = 0;
    for word in script.split([' ', '\t', '\n', ';', '&', '|']) {
        let start = at;
        at += word.len() + 1;
        let Some((name, value)) = word.split_once('=') else { continue };
        let bare = value.trim_matches(|ch| ch == '\'' || ch == '"');
        if value.len() - bare.len() != 1
            && let Some(aliases) = variable(name, bare)
        {
            return Some((name, map.span(start, start + word.len()), aliases));
        }
    }
    None
}

/// What in a command switches verification off.
fn switches(simple: &Simple) -> Vec<Off> {
    let mut out = Vec::new();
    let words = &simple.words;
    let at = program_at(simple);
    // Assignments before the program, and those of `export` and `env`.
    let exports = at.is_some_and(|at| matches!(base(&words[at]), "export" | "declare" | "readonly"));
    let most = if exports { words.len() } else { at.unwrap_or(words.len()) };
    for (index, word) in words.iter().enumerate().take(most).filter(|(_, word)| is_assignment(word)) {
        if let Some((name, value)) = word.split_once('=')
            && let Some(aliases) = variable(name, value)
        {
            out.push((name.to_owned(), index, aliases));
        }
    }
    let Some(at) = at else { return out };
    match base(&words[at]) {
        "curl" => {
            let call = Call::read(words, at + 1, CURL, false);
            if let Some(option) = call.option(&["k", "insecure", "proxy-insecure"]) {
                out.push((format!("curl {}", words[option.at]), option.at, &["CKV2_DOCKER_2"]));
            }
        }
        "wget" => {
            let call = Call::read(words, at + 1, WGET, false);
            if let Some(option) = call.option(&["no-check-certificate"]) {
                out.push(("wget --no-check-certificate".to_owned(), option.at, &["CKV2_DOCKER_3"]));
            }
        }
        "git" => {
            for (index, word) in words.iter().enumerate().skip(at + 1) {
                let lower = word.to_ascii_lowercase();
                let next = words.get(index + 1).map_or("", String::as_str);
                let off = matches!(lower.as_str(), "http.sslverify=false" | "http.sslverify=0")
                    || (lower == "http.sslverify" && matches!(next, "false" | "0" | "no" | "off"));
                if off {
                    out.push(("http.sslVerify".to_owned(), index, &[]));
                }
            }
        }
        "npm" | "yarn" | "pnpm" => {
            let rest: Vec<&str> = words[at + 1..].iter().map(String::as_str).collect();
            let set = rest.iter().position(|word| *word == "set");
            let off = set.and_then(|set| match rest.get(set + 1..)? {
                ["strict-ssl", "false", ..] | ["strict-ssl=false", ..] => Some(set + 1),
                _ => None,
            });
            if let Some(off) = off {
                out.push(("strict-ssl false".to_owned(), at + 1 + off, &["CKV2_DOCKER_13"]));
            } else if let Some(index) = words
                .iter()
                .position(|word| matches!(word.as_str(), "--strict-ssl=false" | "--no-strict-ssl"))
            {
                out.push((words[index].clone(), index, &[]));
            }
        }
        "yum-config-manager" | "dnf-config-manager" => config_manager(words, &mut out),
        "yum" | "dnf" | "dnf5" if words[at + 1..].iter().any(|word| word == "config-manager") => {
            config_manager(words, &mut out);
        }
        "poetry" => {
            let pairs = words[at + 1..].windows(2);
            let mut places = pairs.enumerate().filter(|(_, pair)| {
                let setting = pair[0].strip_prefix("certificates.");
                setting.is_some_and(|name| name.rsplit('.').next() == Some("cert")) && pair[1] == "false"
            });
            if let Some((index, _)) = places.next() {
                out.push(("certificates".to_owned(), at + 1 + index, &[]));
            }
        }
        _ => {}
    }
    if let Some(managed) = Managed::read(simple)
        && managed.manager.kind == Kind::Pip
        && let Some(option) = managed.call.option(&["trusted-host"])
    {
        out.push(("pip --trusted-host".to_owned(), option.at, &["CKV2_DOCKER_4"]));
    }
    out
}

fn config_manager(words: &[String], out: &mut Vec<Off>) {
    for (index, word) in words.iter().enumerate() {
        let Some(setting) = word.strip_prefix("--setopt=") else { continue };
        let Some((key, value)) = setting.split_once('=') else { continue };
        let key = key.to_ascii_lowercase();
        let value = value.to_ascii_lowercase();
        if (key == "sslverify" || key.ends_with(".sslverify"))
            && matches!(value.as_str(), "0" | "false" | "no")
        {
            out.push((word.clone(), index, &["CKV2_DOCKER_15"]));
        }
    }
}
