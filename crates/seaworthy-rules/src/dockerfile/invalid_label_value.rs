//! Reports label values that are not what the schema, or the OCI specification, says.

use super::spdx;
use crate::{Cx, Sink};
use seaworthy_dockerfile::Kind;
use seaworthy_facts::LabelKind;

declare_rule! {
    name: "invalid-label-value",
    summary: "a label's value has the wrong form",
    passes: "every label's value has the right form",
    family: Dockerfile, category: Truth, severity: Low, confidence: High, persona: Regular,
    aliases: ["DL3051", "DL3052", "DL3053", "DL3054", "DL3055", "DL3056", "DL3058"], refs: ["hadolint, label-schema", "OCI image specification, annotations"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let config = cx.project().and_then(|project| project.hadolint.as_ref());
    for docker in cx.dockerfiles() {
        for item in &docker.tree.instructions {
            let Kind::Label { pairs, .. } = &item.kind else { continue };
            for pair in pairs {
                let name = pair.key.unquoted();
                let schema =
                    config.and_then(|config| config.label_schema.iter().find(|(known, _)| *known == name));
                let known = schema.map(|(_, kind)| *kind).or_else(|| standard(&name));
                let Some(kind) = known.filter(|_| !pair.value.has_variable() && !item.broken) else {
                    continue;
                };
                let value = pair.value.unquoted();
                let Some((alias, what)) = wrong(kind, &value) else { continue };
                // The specification asks for nothing but forms; an empty value is the schema's business.
                if schema.is_none() && value.is_empty() {
                    continue;
                }
                let message = if value.is_empty() {
                    format!("the label `{name}` is empty")
                } else {
                    format!("`{value}` is not {what}")
                };
                out.finding(message)
                    .aliases(if schema.is_some() { alias } else { &[] })
                    .why("what reads the label cannot use it, and nobody notices")
                    .help(format!("give `{name}` {what}"))
                    .at_file(&docker.file, pair.value.span)
                    .command("docker image inspect --format '{{json .Config.Labels}}' IMAGE");
            }
        }
    }
}

/// What the OCI specification says of a label's value.
fn standard(name: &str) -> Option<LabelKind> {
    match name.strip_prefix("org.opencontainers.image.")? {
        "created" => Some(LabelKind::Rfc3339),
        "url" | "source" | "documentation" => Some(LabelKind::Url),
        _ => None,
    }
}

type Wrong = (&'static [&'static str], &'static str);

fn wrong(kind: LabelKind, value: &str) -> Option<Wrong> {
    let (alias, what, fits): (&[&str], _, fn(&str) -> bool) = match kind {
        LabelKind::Text => (&["DL3051"], "a value", |value| !value.is_empty()),
        LabelKind::Url => (&["DL3052", "DL3051"], "an absolute URL such as `https://git.test/app`", is_url),
        LabelKind::Rfc3339 => (&["DL3053", "DL3051"], "a time such as `2026-01-31T12:00:00Z`", is_time),
        LabelKind::Spdx => {
            (&["DL3054", "DL3051"], "an SPDX licence such as `Apache-2.0`", spdx::is_expression)
        }
        LabelKind::Hash => (&["DL3055", "DL3051"], "a commit of 7 or 40 hexadecimal digits", is_commit),
        LabelKind::Semver => (&["DL3056", "DL3051"], "a version such as `1.2.3`", is_version),
        LabelKind::Email => (&["DL3058", "DL3051"], "an address such as `team@example.test`", is_address),
    };
    // Only an empty value is told by both names.
    let alias = if value.is_empty() { alias } else { alias.get(..1).unwrap_or(alias) };
    (!fits(value)).then_some((alias, what))
}

fn is_url(value: &str) -> bool {
    let Some((scheme, rest)) = value.split_once(':') else { return false };
    let scheme_fits = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    let mut bytes = rest.bytes();
    while let Some(byte) = bytes.next() {
        let fits = match byte {
            b'%' => {
                let pair = [bytes.next(), bytes.next()];
                pair.iter().all(|digit| digit.is_some_and(|digit| digit.is_ascii_hexdigit()))
            }
            _ => {
                byte.is_ascii_graphic()
                    && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}')
            }
        };
        if !fits {
            return false;
        }
    }
    scheme_fits
}

fn is_time(value: &str) -> bool {
    let bytes = value.as_bytes();
    let number = |from: usize, to: usize| -> Option<u32> {
        let part = value.get(from..to)?;
        part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok()).flatten()
    };
    let sign = |at: usize, allowed: &[u8]| bytes.get(at).is_some_and(|byte| allowed.contains(byte));
    let (Some(year), Some(month), Some(day)) = (number(0, 4), number(5, 7), number(8, 10)) else {
        return false;
    };
    let (Some(hour), Some(minute), Some(second)) = (number(11, 13), number(14, 16), number(17, 19)) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => return false,
    };
    let signs = sign(4, b"-") && sign(7, b"-") && sign(10, b"Tt") && sign(13, b":") && sign(16, b":");
    if !signs || !(1..=days).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return false;
    }
    let mut rest = value.get(19..).unwrap_or_default();
    if let Some(fraction) = rest.strip_prefix('.') {
        rest = fraction.trim_start_matches(|ch: char| ch.is_ascii_digit());
    }
    let zone = |rest: &str| {
        let digits: Vec<u8> = rest.bytes().skip(1).filter(|byte| *byte != b':').collect();
        rest.starts_with(['+', '-']) && digits.len() == 4 && digits.iter().all(u8::is_ascii_digit)
    };
    matches!(rest, "Z" | "z") || zone(rest)
}

fn is_commit(value: &str) -> bool {
    matches!(value.len(), 7 | 40) && value.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_version(value: &str) -> bool {
    let (rest, build) = value.split_once('+').map_or((value, None), |(rest, build)| (rest, Some(build)));
    let (core, pre) = rest.split_once('-').map_or((rest, None), |(core, pre)| (core, Some(pre)));
    let numbers: Vec<&str> = core.split('.').collect();
    let digits = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let words = |text: Option<&str>| {
        text.is_none_or(|text| {
            text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
        })
    };
    numbers.len() == 3 && numbers.iter().all(digits) && words(pre) && words(build)
}

fn is_address(value: &str) -> bool {
    let Some((user, domain)) = value.rsplit_once('@') else { return false };
    let atom = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte))
    };
    let quoted = user.len() > 1 && user.starts_with('"') && user.ends_with('"');
    let label = |part: &str| {
        !part.is_empty()
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    (quoted || user.split('.').all(atom)) && domain.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_told_apart() {
        let cases: [(LabelKind, &[&str], &[&str]); 6] = [
            (
                LabelKind::Url,
                &["https://x/y?z#a", "mailto:a@b", "urn:a:b", "http://[::1]/"],
                &["x.test", "http:// x", "//x", "http://x/%zz", "1a:b", "git@h:a"],
            ),
            (
                LabelKind::Rfc3339,
                &["2021-03-10T10:26:33Z", "2021-03-10t10:26:33.5+01:00", "2024-02-29T00:00:60Z"],
                &["2021-03-10", "2021-02-29T10:26:33Z", "2021-03-10T24:00:00Z", "2021-03-10T10:26:33", "x"],
            ),
            (
                LabelKind::Spdx,
                &["MIT", "GPL-3.0-only", "MIT OR Apache-2.0"],
                &["mit", "GPL", "MIT/ISC", "Apache 2.0"],
            ),
            (LabelKind::Hash, &["2dbfae9"], &["2dbfae", "2DBFAE9", "2dbfae90"]),
            (
                LabelKind::Semver,
                &["1.2.3", "1.2.3-rc.1+b"],
                &["1.2", "v1.2.3", "1.2.x", "1.2.3+b+c", "1.2.3-a_b"],
            ),
            (LabelKind::Email, &["a@b", "a.b+c@d.e"], &["a", "A <a@b.c>", "a@b@c", ".a@b", "a@-b", "a b@c"]),
        ];
        for (kind, good, bad) in cases {
            for value in good {
                assert_eq!(wrong(kind, value), None, "{kind:?} {value}");
            }
            for value in bad {
                assert!(wrong(kind, value).is_some(), "{kind:?} {value}");
            }
        }
    }
}
