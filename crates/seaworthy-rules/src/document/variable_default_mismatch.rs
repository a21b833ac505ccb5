//! Reports defaults of environment tables that Dockerfile or source code contradict.

use super::variables::{docker, place, set};
use crate::{Cx, Sink};
use seaworthy_facts::{Absence, VariableRead};

declare_rule! {
    name: "variable-default-mismatch",
    summary: "a table states another default than the image or the source code has",
    passes: "documented defaults are the real ones",
    family: Document, category: Truth, severity: Low, confidence: Medium, persona: Regular,
    aliases: ["x/readme-default"], refs: [],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let reads = cx.source().map(|source| &source.reads);
    for document in cx.documents() {
        for row in &document.env_rows {
            let known = reads.and_then(|reads| reads.get(&row.name)).map_or(&[][..], Vec::as_slice);
            let built = docker(cx).and_then(|docker| Some((docker, set(docker, &row.name)?)));
            let stops = !known.is_empty() && known.iter().all(|read| read.absence == Absence::Stops);
            let (truth, whose, command) = match (&row.default, &built) {
                (Some(_), Some((docker, value))) => {
                    let command = format!("grep -nw {} {}", row.name, docker.file.path);
                    (value.clone(), format!("`{}` sets", docker.file.path), command)
                }
                (Some(_), None) => {
                    let Some(value) = fallback(known) else { continue };
                    let command = format!("grep -rnw {} .", row.name);
                    (value, format!("the source code ({}) takes", place(known)), command)
                }
                (None, None) if row.required == Some(false) && stops => {
                    out.finding(format!(
                        "`{}` is documented as optional, but the source code ({}) stops without it",
                        row.name,
                        place(known)
                    ))
                    .why("who leaves it away gets a container that does not start")
                    .help("say that it is required, or give it a default")
                    .at_file(&document.file, row.span)
                    .command(format!("grep -rnw {} .", row.name));
                    continue;
                }
                _ => continue,
            };
            let Some(said) = &row.default else { continue };
            // A row may say itself that the image sets another value.
            let line = document.file.text.get(row.span.start..).and_then(|rest| rest.lines().next());
            let told = line.is_some_and(|line| {
                let lower = line.to_ascii_lowercase();
                ["image", "container", "docker"].iter().any(|word| lower.contains(word))
            });
            if built.is_some() && told {
                continue;
            }
            let (Some(stated), Some(real)) = (plain(said), plain(&truth)) else { continue };
            if same(&stated, &real) {
                continue;
            }
            out.finding(format!(
                "`{}` is documented with the default `{stated}`, but {whose} `{real}`",
                row.name
            ))
            .why("who relies on the table gets another value")
            .help(format!("write `{real}`, or change the default"))
            .at_file(&document.file, row.span)
            .command(command);
        }
    }
}

/// The one value that all reads fall back to.
fn fallback(reads: &[VariableRead]) -> Option<String> {
    let mut values = reads.iter().map(|read| match &read.absence {
        Absence::Default(value) => Some(value.as_str()),
        Absence::Stops | Absence::Unknown => None,
    });
    let first = values.next()??;
    values.all(|value| value == Some(first)).then(|| first.to_owned())
}

/// A value that is one word, without what documents put around it.
fn plain(text: &str) -> Option<String> {
    let text = text.trim().trim_matches(['`', '"', '\'']).trim();
    let word =
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._:/@+-,".contains(&b));
    (word && text.len() <= 100).then(|| text.to_owned())
}

/// Whether two values mean the same, however they are written.
fn same(left: &str, right: &str) -> bool {
    let form = |text: &str| {
        let lower = text.to_ascii_lowercase();
        match lower.as_str() {
            "true" | "yes" | "on" | "1" | "enabled" => return "1".to_owned(),
            "false" | "no" | "off" | "0" | "disabled" => return "0".to_owned(),
            _ => {}
        }
        let bare = lower.trim_start_matches("./").trim_end_matches('/');
        let digits = bare.replace([',', '_'], "");
        if digits.bytes().all(|b| b.is_ascii_digit()) { digits } else { bare.to_owned() }
    };
    let (a, b) = (form(left), form(right));
    let number = |text: &str| text.trim_end_matches(|c: char| c.is_ascii_alphabetic()).to_owned();
    // `30` and `30s`, `10` and `10mb`: one of them leaves the unit to the reader.
    let unit = number(&a) == number(&b)
        && number(&a).bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && !number(&a).is_empty()
        && (number(&a) == a || number(&b) == b);
    // `8080`, `:8080` and `0.0.0.0:8080` are one port.
    let port = |text: &str| text.rsplit(':').next().unwrap_or(text).to_owned();
    let address = (a.contains(':') != b.contains(':')) && port(&a) == port(&b);
    a == b || unit || address
}

#[cfg(test)]
mod tests {
    use super::same;

    #[test]
    fn values_are_compared_by_what_they_mean() {
        for (left, right, want) in [
            ("8080", "8080", true),
            ("8080", ":8080", true),
            ("true", "1", true),
            ("./data/", "data", true),
            ("30", "30s", true),
            ("10,000", "10_000", true),
            ("info", "INFO", true),
            ("8080", "8000", false),
            ("info", "debug", false),
            ("30m", "30s", false),
        ] {
            assert_eq!(same(left, right), want, "{left} {right}");
        }
    }
}
