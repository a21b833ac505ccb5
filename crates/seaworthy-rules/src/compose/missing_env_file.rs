//! Reports files of variables that are not there.

use super::support::{config, services};
use crate::text::clean_path;
use crate::{Cx, Sink};

declare_rule! {
    name: "missing-env-file",
    summary: "a file of variables does not exist",
    passes: "every file of variables exists",
    family: Compose, category: Runtime, severity: Medium, confidence: Medium, persona: Pedantic,
    aliases: [], refs: ["Compose specification, env_file"],
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(project) = cx.project() else { return };
    // A single file was read, or the listing stops short: what exists is not known.
    if project.context.is_empty() || project.context_truncated {
        return;
    }
    let paths = project.paths();
    for (compose, service) in services(cx) {
        let base = compose.file.path.rsplit_once('/').map_or("", |(directory, _)| directory);
        for file in service.env_files.iter().filter(|file| file.required) {
            let path = &file.path.value;
            let outside = path.starts_with(['/', '~'])
                || path.contains('$')
                || path.starts_with("../") && base.is_empty();
            let full = clean_path(&format!("{base}/{path}"));
            if outside || paths.contains(full.as_str()) {
                continue;
            }
            out.finding(format!("service `{}` reads `{path}`, which does not exist", service.name))
                .why("compose refuses to start without it; a fresh checkout has none")
                .help("say `required: false` in the long form, or describe in the README where it comes from")
                .at_file(&compose.file, file.path.span)
                .command(config(compose, service));
        }
    }
}
