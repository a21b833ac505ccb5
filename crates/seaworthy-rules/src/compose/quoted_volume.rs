//! Reports mounts in quotes that need none.

use super::support::{config, services};
use crate::{Cx, Sink};
use seaworthy_finding::{Applicability, Edit};

declare_rule! {
    name: "quoted-volume",
    summary: "a mount is in quotes",
    passes: "no mount is in quotes",
    family: Compose, category: Truth, severity: Info, confidence: High, persona: Auditor,
    fix: Safe,
    aliases: ["dclint/no-quotes-in-volumes"], refs: ["YAML 1.2, plain scalars"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    for (compose, service) in services(cx) {
        for mount in service.mounts.iter().filter(|mount| mount.short) {
            let source = mount.span.of(&compose.file.text);
            let inside = source.strip_prefix(['"', '\'']).and_then(|rest| rest.strip_suffix(['"', '\'']));
            let Some(inside) = inside else { continue };
            let finding = out
                .finding(format!("the mount `{inside}` of service `{}` is in quotes", service.name))
                .why("it reads the same without them, and one style is easier to search")
                .help(format!("write `{inside}`"))
                .at_file(&compose.file, mount.span)
                .command(config(compose, service));
            // Signs YAML could take for something else keep their quotes.
            let plain = inside.starts_with(|ch: char| ch.is_ascii_alphabetic() || matches!(ch, '.' | '/'))
                && inside.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-/:".contains(&byte))
                && !inside.ends_with(':')
                && inside.contains('/');
            if plain && !service.volumes_list.shared {
                finding.fix(
                    Applicability::Safe,
                    "Remove the quotes",
                    &compose.file,
                    vec![Edit { span: mount.span, text: inside.to_owned() }],
                );
            }
        }
    }
}
