//! Reads source code for what documents and container files claim about it: variables of the environment and paths of
//! health checks. One pass over each file; no language is parsed.

mod asked;
mod reads;
mod words;

use seaworthy_facts::{ProjectFacts, SourceFacts, SourcePlace};
use std::collections::BTreeSet;

/// Larger files are data or generated.
const MAX_FILE: u64 = 512 * 1024;
/// Bytes of all files together; a larger project is read in part.
const MAX_TOTAL: u64 = 24 * 1024 * 1024;

/// What a file is to this reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// Source code of the program.
    Code,
    /// Its tests and examples: what they name exists, but nobody runs them.
    Test,
    /// Configuration, templates and scripts.
    Other,
}

/// Looks through the files of a project for what its claims name; `read` gives a file's text.
///
/// Nothing is read where nothing is claimed.
pub(crate) fn look(facts: &ProjectFacts, read: &dyn Fn(&str) -> Option<String>) -> Option<SourceFacts> {
    let asked = asked::asked(facts);
    if asked.names.is_empty() && asked.paths.is_empty() && !asked.health {
        return None;
    }
    let mut out = SourceFacts { complete: !facts.context_truncated, ..SourceFacts::default() };
    let documents: BTreeSet<&str> = facts.documents.iter().map(|known| known.file.path.as_str()).collect();
    let dockerfiles: BTreeSet<&str> =
        facts.dockerfiles.iter().map(|known| known.file.path.as_str()).collect();
    let mut left = MAX_TOTAL;
    for entry in facts.context.iter().filter(|entry| !entry.is_dir && entry.tracked != Some(false)) {
        let path = entry.path.as_str();
        let known = dockerfiles.contains(path).then_some(Role::Other);
        let Some(role) = known.or_else(|| role(path)).filter(|_| !documents.contains(path)) else { continue };
        if entry.size > MAX_FILE || entry.size > left {
            // Generated files are no loss, but code that does not fit is.
            out.complete &= role == Role::Other || entry.size > MAX_FILE;
            continue;
        }
        let Some(text) = read(path) else {
            out.complete = false;
            continue;
        };
        left -= entry.size;
        out.files += usize::from(role == Role::Code);
        scan(path, &text, role, &asked, &mut out);
    }
    asked.settle(&mut out);
    Some(out)
}

fn scan(path: &str, text: &str, role: Role, asked: &asked::Asked, out: &mut SourceFacts) {
    let seen = if role == Role::Other { &mut out.elsewhere } else { &mut out.in_code };
    words::names(text, |word| asked.name(word, seen));
    if role == Role::Other {
        words::paths(text, |path| asked.path(path, seen));
    } else {
        let mut lines = Lines { text, at: 0, line: 1 };
        words::constants(text, |at, constant| {
            asked.path(constant, seen);
            if role == Role::Code {
                asked.prefix(constant);
            }
            if let Some(found) = words::health_path(constant) {
                let place = SourcePlace { path: path.to_owned(), line: lines.line(at) };
                out.health_paths.entry(found.to_owned()).or_insert(place);
            }
        });
    }
    if role == Role::Code {
        let found = reads::reads(path, text);
        out.computed_names |= found.computed;
        let mut lines = Lines { text, at: 0, line: 1 };
        for (at, name, absence) in found.reads {
            let place = SourcePlace { path: path.to_owned(), line: lines.line(at) };
            out.reads.entry(name).or_default().push(seaworthy_facts::VariableRead { place, absence });
        }
    }
}

/// Counts lines while places only go forward.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

impl Lines<'_> {
    fn line(&mut self, at: usize) -> usize {
        self.line += self.text.get(self.at..at).unwrap_or_default().matches('\n').count();
        self.at = self.at.max(at);
        self.line
    }
}

/// What a file is by its path; nothing for binaries, documents, lock files and what others wrote.
fn role(path: &str) -> Option<Role> {
    let lower = path.to_ascii_lowercase();
    let (directories, name) = lower.rsplit_once('/').unwrap_or(("", &lower));
    let mut parts = directories.split('/');
    let foreign = [
        "vendor",
        "node_modules",
        "third_party",
        "thirdparty",
        "dist",
        "target",
        ".git",
        ".venv",
        "venv",
        "site-packages",
        "bower_components",
    ];
    if parts.any(|part| foreign.contains(&part)) {
        return None;
    }
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let code = matches!(
        ending,
        "py" | "js"
            | "mjs"
            | "cjs"
            | "ts"
            | "mts"
            | "cts"
            | "tsx"
            | "jsx"
            | "vue"
            | "svelte"
            | "go"
            | "rs"
            | "rb"
            | "php"
            | "java"
            | "kt"
            | "kts"
            | "scala"
            | "groovy"
            | "clj"
            | "cs"
            | "fs"
            | "vb"
            | "ex"
            | "exs"
            | "erl"
            | "c"
            | "cc"
            | "cpp"
            | "cxx"
            | "h"
            | "hpp"
            | "swift"
            | "dart"
            | "lua"
            | "pl"
            | "pm"
            | "hs"
            | "ml"
            | "nim"
            | "zig"
            | "cr"
            | "r"
            | "jl"
            | "sh"
            | "bash"
            | "zsh"
            | "ash"
            | "ps1"
    );
    let other = matches!(
        ending,
        "toml" | "yaml" | "yml" | "ini" | "conf" | "cfg" | "properties" | "env" | "tmpl" | "tpl" | "template" | "j2"
            | "jinja" | "xml" | "hcl" | "tf" | "prisma" | "graphql" | "sql" | "mk" | "just" | "example" | "sample" | "dist"
            | "erb" | "html" | "gradle" | "nix" | "cmake" | "service" | "bat" | "cmd" | "dockerignore" | "json" | "hbs"
    ) || ["makefile", "justfile", "procfile", "rakefile", "gemfile", "jenkinsfile", "caddyfile", "entrypoint", "run", "start"]
        .contains(&name)
        || name.starts_with(".env")
        // Scripts of images often have no ending.
        || (ending.is_empty() && ["bin", "scripts", "docker", "rootfs"].iter().any(|part| directories.split('/').any(|known| known == *part)))
        || name.starts_with("dockerfile");
    let lock = name.contains("lock") || name.ends_with(".min.js") || name == "go.sum";
    if lock || !(code || other) {
        return None;
    }
    let test = lower.split('/').any(|part| {
        matches!(
            part,
            "test"
                | "tests"
                | "__tests__"
                | "spec"
                | "specs"
                | "testdata"
                | "fixtures"
                | "examples"
                | "example"
                | "benches"
                | "e2e"
                | "mocks"
        )
    }) || name.starts_with("test_")
        || [".test.", ".spec.", "_test.", "_spec.", "conftest."].iter().any(|mark| name.contains(mark));
    Some(match (code, test) {
        (true, false) => Role::Code,
        (true, true) => Role::Test,
        (false, _) => Role::Other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use seaworthy_facts::Absence;

    fn facts(files: &[(&str, &str)]) -> SourceFacts {
        crate::from_files(files).source.unwrap()
    }

    #[test]
    fn files_are_told_by_their_paths() {
        for (path, want) in [
            ("src/main.rs", Some(Role::Code)),
            ("vendor/x/a.go", None),
            ("pkg/a_test.go", Some(Role::Test)),
            ("tests/conftest.py", Some(Role::Test)),
            ("Makefile", Some(Role::Other)),
            ("docker/entrypoint", Some(Role::Other)),
            ("package-lock.json", None),
            ("logo.png", None),
            ("README.md", None),
        ] {
            assert_eq!(role(path), want, "{path}");
        }
    }

    #[test]
    fn what_claims_name_is_found_in_code_and_elsewhere() {
        let readme = "# a\n\n| Variable | Default |\n|---|---|\n| `APP_PORT` | 8080 |\n| `APP_TOKEN` | - |\n| `GONE_AWAY` | - |\n| `ONLY_THERE` | - |\n\n```sh\ndocker run -v d:/data a\n```\n";
        let found = facts(&[
            ("Dockerfile", "FROM scratch\n"),
            ("README.md", readme),
            (
                "app/main.py",
                "import os\nport = os.environ.get('APP_PORT', '8080')\nclass Settings:\n    token: str\n    prefix = 'APP_'\nroutes = ['/healthz', '/data']\n",
            ),
            ("deploy/a.yml", "x: ONLY_THERE\n"),
        ]);
        assert!(found.complete && found.files == 1);
        assert_eq!(found.reads["APP_PORT"][0].absence, Absence::Default("8080".to_owned()));
        assert_eq!(found.reads["APP_PORT"][0].place, SourcePlace { path: "app/main.py".to_owned(), line: 2 });
        assert!(found.in_code.contains("APP_TOKEN"), "a field behind a prefix");
        assert!(found.in_code.contains("/data"));
        assert!(found.elsewhere.contains("ONLY_THERE"));
        assert!(found.nowhere("GONE_AWAY") && !found.nowhere("APP_PORT"));
        assert_eq!(found.health_paths["healthz"].line, 6);
    }

    #[test]
    fn nothing_is_read_where_nothing_is_claimed() {
        let facts = crate::from_files(&[("a.py", "import os\nos.environ['A']\n"), ("README.md", "# a\n")]);
        assert_eq!(facts.source, None);
    }
}
