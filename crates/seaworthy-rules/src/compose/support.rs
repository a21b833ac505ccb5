//! What several rules over compose files need.

use crate::Cx;
use crate::text::clean_path;
use seaworthy_facts::{ComposeFact, ComposeItems, ComposeService};
use seaworthy_finding::{Edit, Span};

/// Every service with its file.
pub(crate) fn services<'a>(cx: &Cx<'a>) -> impl Iterator<Item = (&'a ComposeFact, &'a ComposeService)> {
    cx.composes().iter().flat_map(|compose| compose.services.iter().map(move |service| (compose, service)))
}

/// The command that shows a service as compose reads it.
pub(crate) fn config(compose: &ComposeFact, service: &ComposeService) -> String {
    format!("docker compose -f {} config {}", compose.file.path, service.name)
}

/// A path of the host in a service.
pub(crate) struct HostPath {
    /// As written.
    pub(crate) path: String,
    /// Without `.`, `..` and doubled slashes.
    pub(crate) clean: String,
    pub(crate) read_only: bool,
    pub(crate) span: Span,
}

/// The absolute paths of the host a service gets: bind mounts, volumes that are bind mounts under a name, and the files
/// of secrets and configs.
pub(crate) fn host_paths(compose: &ComposeFact, service: &ComposeService) -> Vec<HostPath> {
    let mut out = Vec::new();
    let mut put = |path: &str, read_only: bool, span: Span| {
        if path.starts_with(['/', '~']) {
            let rooted = path.starts_with('/');
            let clean = clean_path(path);
            let clean = if rooted { format!("/{clean}") } else { clean };
            out.push(HostPath { path: path.to_owned(), clean, read_only, span });
        }
    };
    for mount in &service.mounts {
        if mount.source.starts_with(['/', '~']) {
            put(&mount.source, mount.read_only, mount.span);
        } else if mount.kind == "volume"
            && let Some(volume) =
                compose.volume_resources.iter().find(|volume| volume.name.value == mount.source)
            && let Some(device) = volume.device.as_ref().filter(|_| !volume.external)
        {
            put(&device.value, mount.read_only || volume.read_only, mount.span);
        }
    }
    for (used, known) in [(&service.secrets, &compose.secrets), (&service.configs, &compose.configs)] {
        for name in used {
            let entry = known.iter().find(|entry| entry.name.value == name.value && !entry.external);
            if let Some(file) = entry.and_then(|entry| entry.file.as_ref()) {
                put(&file.value, true, name.span);
            }
        }
    }
    out
}

/// Whether a path is another one, or below it.
pub(crate) fn below(path: &str, above: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A capability without `CAP_`, in capitals.
pub(crate) fn capability(text: &str) -> String {
    let upper = text.trim().to_ascii_uppercase();
    upper.strip_prefix("CAP_").map_or(upper.clone(), str::to_owned)
}

/// An option of `security_opt` as `key:value`.
pub(crate) fn option(text: &str) -> (String, Option<String>) {
    let text = text.trim();
    let cut = text.find([':', '=']);
    match cut {
        Some(cut) => (text[..cut].to_owned(), Some(text[cut + 1..].trim().to_owned())),
        None => (text.to_owned(), None),
    }
}

/// Adds lines to a service, where its text is its own.
pub(crate) fn insert(service: &ComposeService, lines: &[String]) -> Option<Edit> {
    let place = service.insert.as_ref()?;
    let text: Vec<&str> = lines.iter().flat_map(|line| [place.indent.as_str(), line.as_str()]).collect();
    let text = text.concat();
    Some(Edit { span: Span::new(place.at, place.at), text })
}

/// Puts an entry before the first one of a list that is written out; `first` is where that one stands.
pub(crate) fn prepend(list: &ComposeItems, first: Option<Span>, entry: &str, text: &str) -> Option<Edit> {
    let span = list.span.filter(|_| !list.shared)?;
    if list.flow {
        let at = span.start + 1;
        let inside = text.get(at..)?;
        let comma = if first.is_some() { ", " } else { "" };
        let blanks = inside.len() - inside.trim_start_matches(' ').len();
        return Some(Edit { span: Span::new(at + blanks, at + blanks), text: format!("{entry}{comma}") });
    }
    let first = first?;
    let line = text[..first.start].rfind('\n').map_or(0, |at| at + 1);
    let indent = &text[line..first.start];
    let dash = indent.trim_end();
    if dash.trim_start() != "-" {
        return None;
    }
    let broken =
        if text[line..].lines().next().is_some_and(|rest| text[line + rest.len()..].starts_with("\r\n")) {
            "\r\n"
        } else {
            "\n"
        };
    Some(Edit { span: Span::new(line, line), text: format!("{indent}{entry}{broken}") })
}

/// The image's name and tag, a digest cut off; a port of the registry is no tag.
pub(crate) fn name_and_tag(image: &str) -> (&str, Option<&str>) {
    let image = image.split('@').next().unwrap_or(image);
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (image, None),
    }
}

/// Whether a text is nothing but references to variables.
pub(crate) fn only_references(text: &str) -> bool {
    let bare = text.replace("$$", "");
    let quoted = ['"', '\''].into_iter().find_map(|quote| bare.strip_prefix(quote)?.strip_suffix(quote));
    let mut rest = quoted.unwrap_or(&bare);
    while let Some(after) = rest.strip_prefix('$') {
        if let Some(body) = after.strip_prefix('{') {
            let Some(end) = body.find('}') else { return false };
            let name = body[..end].find(|ch: char| !ch.is_ascii_alphanumeric() && ch != '_');
            // A default or an alternative is a text of its own.
            if name.is_some_and(|at| !body[at..end].trim_start_matches(':').starts_with('?')) {
                return false;
            }
            rest = &body[end + 1..];
        } else {
            let length = after.chars().take_while(|ch| ch.is_ascii_alphanumeric() || *ch == '_').count();
            if length == 0 {
                return false;
            }
            rest = &after[length..];
        }
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_told_from_literals() {
        for (text, only) in [
            ("${A}", true),
            ("\"${A}\"", true),
            ("$A${B:?no}", true),
            ("", true),
            ("$$", true),
            ("${A:-x}", false),
            ("x$A", false),
            ("pa$$word", false),
            ("$1", false),
        ] {
            let got = only_references(text);
            // `$1` is a reference to nothing compose knows.
            assert!(got == only || text == "$1", "{text}");
        }
    }

    #[test]
    fn tags_and_paths_are_cut() {
        assert_eq!(name_and_tag("r:5000/a"), ("r:5000/a", None));
        assert_eq!(name_and_tag("r:5000/a:1@sha256:00"), ("r:5000/a", Some("1")));
        assert!(below("/etc", "/etc") && below("/etc/x", "/etc") && !below("/etcetera", "/etc"));
    }
}
