//! Reports files of a developer's desk in the image.

use crate::{Cx, Sink, text};

declare_rule! {
    name: "leftover-file",
    summary: "the image contains files that only a developer or a build needs",
    passes: "the image contains no leftovers of a build",
    family: Image, category: Size, severity: Info, confidence: Medium, persona: Pedantic,
    aliases: ["DKL-LI-0003"], refs: ["Dockerfile best practices, .dockerignore"],
}

use seaworthy_facts::FileKind;

const FOLDERS: [&str; 7] =
    [".cache", ".idea", ".npm", ".pytest_cache", ".vscode", ".terraform", ".mypy_cache"];
const FILES: [&str; 11] = [
    ".DS_Store",
    ".dockerignore",
    ".vimrc",
    "Containerfile",
    "Dockerfile",
    "Jenkinsfile",
    "compose.yaml",
    "compose.yml",
    "docker-compose.yaml",
    "docker-compose.yml",
    "npm-debug.log",
];

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let Some(image) = cx.image_facts() else { return };
    let found: Vec<&str> = image
        .files
        .iter()
        .filter(|file| {
            !["/node_modules/", "/vendor/", "/usr/share/", "/usr/lib/"]
                .iter()
                .any(|part| file.path.contains(part))
        })
        .filter(|file| {
            let name = file.path.rsplit('/').next().unwrap_or_default();
            match file.kind {
                FileKind::Directory => FOLDERS.contains(&name),
                FileKind::File => {
                    FILES.contains(&name) || (name.starts_with("Dockerfile.") && !name.contains(' '))
                }
                _ => false,
            }
        })
        .map(|file| file.path.as_str())
        .collect();
    let Some(first) = found.first() else { return };
    out.finding(format!("the image contains {}", text::names(&found, 5)))
        .why("nothing in the container reads them; they tell how the image is built and take room")
        .help("list them in `.dockerignore`, or copy only what runs")
        .at_layer("", *first)
        .observation(found.iter().take(50).copied().collect::<Vec<_>>().join("\n"))
        .command("seaworthy inspect --files IMAGE");
}
