//! Scripts so plain that the linter has nothing to say of them: known programs with words that mean themselves.
//!
//! Half of all scripts of builds are of this kind, and the linter takes as long for them as for others.

/// Programs no rule is about, whatever their words.
const PROGRAMS: [&str; 44] = [
    "addgroup",
    "adduser",
    "apk",
    "apt",
    "apt-get",
    "bundle",
    "cargo",
    "chown",
    "composer",
    "corepack",
    "dnf",
    "dotnet",
    "dpkg",
    "gem",
    "go",
    "gradle",
    "groupadd",
    "install",
    "ldconfig",
    "make",
    "microdnf",
    "mix",
    "mvn",
    "node",
    "npm",
    "npx",
    "pip",
    "pip3",
    "pnpm",
    "poetry",
    "python",
    "python3",
    "rustup",
    "tdnf",
    "touch",
    "true",
    "update-alternatives",
    "update-ca-certificates",
    "useradd",
    "usermod",
    "uv",
    "yarn",
    "yum",
    "zypper",
];

/// Words the grammar gives a meaning of its own in some places, in order.
const RESERVED: [&str; 19] = [
    "case", "coproc", "do", "done", "elif", "else", "esac", "eval", "exec", "fi", "for", "function", "if",
    "in", "select", "then", "time", "until", "while",
];

/// Patterns that are removed in most builds.
const REMOVED: [&str; 6] = [
    "/tmp/*",
    "/var/cache/apk/*",
    "/var/cache/apt/*",
    "/var/lib/apt/lists",
    "/var/lib/apt/lists/*",
    "/var/tmp/*",
];

/// Whether a script is one of known programs only, joined by `&&` and `;`, with plain words.
pub(crate) fn is_plain(script: &str) -> bool {
    let script = script.trim_matches([' ', '\t', '\n']);
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_./:=@,+%- \t&;*".contains(&byte);
    script.bytes().all(fits) && script.split("&&").flat_map(|part| part.split(';')).all(command)
}

fn command(text: &str) -> bool {
    let mut words = text.split([' ', '\t']).filter(|word| !word.is_empty()).peekable();
    while words.next_if(|word| matches!(*word, "DEBIAN_FRONTEND=noninteractive" | "CGO_ENABLED=0")).is_some()
    {
    }
    let Some(program) = words.next() else { return false };
    let plain = |word: &str| !word.contains(['*', '&']) && RESERVED.binary_search(&word).is_err();
    let paths = |words: &[&str]| words.iter().all(|word| plain(word) && !word.starts_with('-'));
    let words: Vec<&str> = words.collect();
    match (program, words.as_slice()) {
        ("rm", ["-rf" | "-fr" | "-r", removed @ ..]) => {
            !removed.is_empty() && removed.iter().all(|word| REMOVED.contains(word))
        }
        ("set", [flags]) => matches!(*flags, "-e" | "-x" | "-ex" | "-xe" | "-eux" | "-eu"),
        ("chmod", ["+x" | "755" | "0755" | "644" | "0644", made @ ..]) => !made.is_empty() && paths(made),
        ("mkdir", ["-p", made @ ..]) => !made.is_empty() && paths(made),
        ("ln", ["-s" | "-sf", from, to]) | ("cp" | "mv", [from, to]) => paths(&[from, to]),
        _ => PROGRAMS.binary_search(&program).is_ok() && words.iter().all(|word| plain(word)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::{Dialect, Setting, unskipped};
    use std::collections::BTreeSet;

    #[test]
    fn lists_are_in_order() {
        assert!(PROGRAMS.is_sorted() && RESERVED.is_sorted());
    }

    #[test]
    fn what_the_linter_may_speak_of_is_not_plain() {
        for script in [
            "apt-get update && apt-get install -y curl=7.* git",
            "cd /srv && make",
            "pip install $A",
            "npm i || true",
            "make & make",
            "echo done",
            "apt-get install -y a done",
            "A=1 make",
            "rm -rf /usr",
            "rm -rf",
            "mkdir -p -m 700 /a",
            "cp a",
            "chmod 777 /etc",
            "apt-get update &&",
            "make a\nmake b",
            "",
        ] {
            assert!(!is_plain(script), "{script}");
        }
        for script in [
            "apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y curl=7.88 && rm -rf /var/lib/apt/lists/*",
            "set -eux; apk add --no-cache git ; mkdir -p /a /b",
            " go build -o /bin/a ./cmd/... ",
        ] {
            assert!(is_plain(script), "{script}");
        }
    }

    #[test]
    fn the_linter_says_nothing_of_plain_scripts() {
        let words = [
            "",
            " install",
            " add --no-cache --virtual .build-deps gcc=1.2-r3 g++ libc6-dev:amd64",
            " -y -q update",
            " - -- -x --a=b,c a/b /c/ ./d ../e f=g =h i== @scope/j k@1.2 :l %m n+ 0 007 1.5 .",
            " -m pip install --no-cache-dir -r requirements.txt -c x.txt",
            " run build --if-present test",
            " -R 1000:1000 /srv/app",
            " -S -D -H -u 1000 -G app -h /home/app -s /bin/false app",
            " A=1 B= C",
        ];
        let mut scripts: Vec<String> = Vec::new();
        for words in words {
            let all = PROGRAMS.map(|program| format!("{program}{words}"));
            scripts.push(format!("{} && DEBIAN_FRONTEND=noninteractive make", all.join(" && ")));
            scripts.push(format!("set -eux; CGO_ENABLED=0 {}", all.join("; ")));
        }
        for removed in REMOVED {
            scripts.push(format!("rm -rf {removed} && rm -r {removed} /tmp/*"));
        }
        for flags in ["-e", "-x", "-ex", "-xe", "-eux", "-eu"] {
            scripts.push(format!("set {flags} && make"));
        }
        for rest in ["/a", "/etc/passwd /usr/bin/a", "a b/ ./c ../d"] {
            for start in ["chmod +x", "chmod 755", "chmod 0644", "mkdir -p"] {
                scripts.push(format!("{start} {rest}"));
            }
        }
        for start in ["ln -s", "ln -sf", "cp", "mv"] {
            scripts.push(format!("{start} /a /b && {start} a.b ./c/ && {start} /etc/a /usr/lib"));
        }
        for script in scripts {
            assert!(is_plain(&script), "{script}");
            for dialect in [Dialect::Sh, Dialect::Dash, Dialect::Busybox, Dialect::Bash, Dialect::Ksh] {
                let setting = Setting { dialect, exports: BTreeSet::from(["A", "PATH", "HTTP_PROXY"]) };
                assert_eq!(unskipped(&script, &setting), Ok(0), "{script} {dialect:?}");
            }
        }
    }
}
