//! What is known of package managers: their verbs, options with values, caches, and how a version is pinned.

/// Which package manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Apt,
    Apk,
    Yum,
    Dnf,
    Zypper,
    Pip,
    Pipx,
    Npm,
    Yarn,
    Gem,
    Go,
    Cargo,
}

/// One package manager.
#[derive(Debug)]
pub(crate) struct Manager {
    pub(crate) kind: Kind,
    /// Its programs; a final `*` stands for digits and dots, as in `pip3.12`.
    pub(crate) programs: &'static [&'static str],
    /// Options whose value is the next word.
    pub(crate) valued: &'static [&'static str],
    /// Whether `-name` is one option and no cluster of letters.
    pub(crate) dash_words: bool,
    /// Words before the verb.
    pub(crate) nouns: &'static [&'static str],
    /// Verbs that install what is named behind them.
    pub(crate) install: &'static [&'static str],
    /// Verbs that ask before they change anything.
    pub(crate) asks: &'static [&'static str],
    /// Options that answer the question.
    pub(crate) yes: &'static [&'static str],
    /// Directories of its cache.
    pub(crate) caches: &'static [&'static str],
    /// Names of the rule about unpinned packages in other tools.
    pub(crate) unpinned: &'static [&'static str],
}

impl Manager {
    /// Whether a program is this manager's.
    pub(crate) fn is(&self, program: &str) -> bool {
        // Every rule asks for every command, and most programs are none of these.
        let first = program.as_bytes().first();
        let mut near = self.programs.iter().filter(|known| known.as_bytes().first() == first);
        near.any(|known| match known.strip_suffix('*') {
            Some(start) => program
                .strip_prefix(start)
                .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')),
            None => program == *known,
        })
    }

    /// Whether a package is given with a version, or is a file of the build.
    pub(crate) fn pinned(&self, package: &str, noun: Option<&str>) -> bool {
        match self.kind {
            Kind::Apt => {
                package.contains(['=', '/']) || is_file(package, ".deb") || package.ends_with(['-', '+'])
            }
            Kind::Apk => {
                package.contains(['=', '~', '<', '>', '/'])
                    || is_file(package, ".apk")
                    || package.starts_with('!')
            }
            Kind::Yum | Kind::Dnf => match noun {
                Some("module") => package.contains(':'),
                Some(_) => true,
                None => {
                    package.contains(['/', '=', '<', '>'])
                        || package.starts_with('@')
                        || is_file(package, ".rpm")
                        || has_rpm_version(package)
                }
            },
            Kind::Zypper => package.contains(['=', '<', '>', '/', ':']) || is_file(package, ".rpm"),
            Kind::Pip | Kind::Pipx => pip_pinned(package),
            Kind::Npm | Kind::Yarn => npm_pinned(package),
            Kind::Gem => package.contains([':', '/']) || is_file(package, ".gem"),
            Kind::Go => go_pinned(package),
            Kind::Cargo => package.contains('@'),
        }
    }

    /// What a pinned package looks like, for the help.
    pub(crate) fn example(&self, package: &str) -> String {
        match self.kind {
            Kind::Apt | Kind::Apk | Kind::Zypper => format!("{package}=VERSION"),
            Kind::Yum | Kind::Dnf => format!("{package}-VERSION"),
            Kind::Pip | Kind::Pipx => format!("{package}==VERSION"),
            Kind::Npm | Kind::Yarn | Kind::Cargo => format!("{package}@VERSION"),
            Kind::Gem => format!("{package}:VERSION"),
            Kind::Go => format!("{}@VERSION", package.split('@').next().unwrap_or(package)),
        }
    }
}

/// Whether a package is a file with that ending.
fn is_file(package: &str, end: &str) -> bool {
    package.ends_with(end)
}

/// `name-1.2`, `name-1:1.1.1k` and `name-${version}`, but not `name-devel`.
fn has_rpm_version(package: &str) -> bool {
    package.match_indices('-').any(|(at, _)| {
        let rest = &package[at + 1..];
        rest.starts_with(|ch: char| ch.is_ascii_digit() || ch == '$')
    })
}

const ARCHIVES: [&str; 10] =
    [".whl", ".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz", ".tar.xz", ".txz", ".tar.lzma"];

fn is_archive(package: &str) -> bool {
    let path = package.split(['#', '?']).next().unwrap_or(package);
    ARCHIVES.iter().any(|end| path.ends_with(end))
}

fn pip_pinned(package: &str) -> bool {
    if let Some((_, rest)) = package.split_once('+').filter(|(scheme, _)| {
        matches!(scheme.rsplit('@').next().map(str::trim), Some("git" | "hg" | "svn" | "bzr"))
    }) {
        // The revision stands behind the path; `git@` before the host is a user.
        let path = rest.split('#').next().unwrap_or(rest);
        let path = path.split_once("://").map_or(path, |(_, path)| path);
        return path.split_once('/').is_some_and(|(_, path)| path.contains('@'));
    }
    package.starts_with(['.', '/', '~', '-'])
        || package.contains(['=', '<', '>'])
        || package.contains('/')
        || package.contains('@')
        || is_archive(package)
}

fn npm_pinned(package: &str) -> bool {
    const LOCAL: [&str; 5] = [".", "/", "~/", "file:", "link:"];
    if LOCAL.iter().any(|start| package.starts_with(start)) || is_archive(package) {
        return true;
    }
    if package.starts_with("git:") || package.starts_with("git+") || package.starts_with("github:") {
        return package.contains('#');
    }
    let name = package.strip_prefix('@').unwrap_or(package);
    match name.rsplit_once('@') {
        Some((_, version)) => !matches!(version, "" | "latest" | "next" | "*"),
        None => package.contains('#'),
    }
}

fn go_pinned(package: &str) -> bool {
    // `tool` and the like are words of Go itself.
    if package.starts_with(['.', '/'])
        || is_file(package, ".go")
        || matches!(package, "tool" | "std" | "cmd" | "all")
    {
        return true;
    }
    match package.rsplit_once('@') {
        Some((_, version)) => !matches!(version, "" | "latest" | "upgrade" | "patch" | "none"),
        None => false,
    }
}

/// All package managers.
pub(crate) const MANAGERS: &[Manager] = &[
    Manager {
        kind: Kind::Apt,
        programs: &["apt-get", "apt", "aptitude", "xx-apt-get", "xx-apt"],
        valued: &[
            "t",
            "target-release",
            "default-release",
            "o",
            "option",
            "c",
            "config-file",
            "a",
            "host-architecture",
            "P",
            "build-profiles",
        ],
        dash_words: false,
        nouns: &[],
        install: &["install"],
        asks: &[
            "install",
            "reinstall",
            "upgrade",
            "dist-upgrade",
            "full-upgrade",
            "remove",
            "purge",
            "autoremove",
            "autopurge",
            "build-dep",
            "safe-upgrade",
        ],
        yes: &["y", "yes", "assume-yes", "force-yes"],
        caches: &["/var/lib/apt/lists"],
        unpinned: &["DL3008"],
    },
    Manager {
        kind: Kind::Apk,
        programs: &["apk", "xx-apk"],
        valued: &[
            "t",
            "virtual",
            "X",
            "repository",
            "p",
            "root",
            "arch",
            "keys-dir",
            "repositories-file",
            "cache-dir",
            "cache-max-age",
            "wait",
        ],
        dash_words: false,
        nouns: &[],
        install: &["add"],
        asks: &[],
        yes: &[],
        caches: &["/var/cache/apk", "/etc/apk/cache"],
        unpinned: &["DL3018"],
    },
    Manager {
        kind: Kind::Yum,
        programs: &["yum"],
        valued: RPM_VALUED,
        dash_words: false,
        nouns: &["module", "group", "groups"],
        install: &["install"],
        asks: RPM_ASKS,
        yes: &["y", "assumeyes", "yes"],
        caches: &["/var/cache/yum", "/var/cache/dnf"],
        unpinned: &["DL3033"],
    },
    Manager {
        kind: Kind::Dnf,
        programs: &["dnf", "microdnf", "dnf5", "tdnf"],
        valued: RPM_VALUED,
        dash_words: false,
        nouns: &["module", "group", "groups"],
        install: &["install", "in", "install-n", "install-na", "install-nevra"],
        asks: RPM_ASKS,
        yes: &["y", "assumeyes", "yes"],
        caches: &["/var/cache/dnf", "/var/cache/libdnf5", "/var/cache/yum", "/var/cache/tdnf"],
        unpinned: &["DL3041"],
    },
    Manager {
        kind: Kind::Zypper,
        programs: &["zypper"],
        valued: &[
            "t",
            "type",
            "r",
            "repo",
            "from",
            "R",
            "root",
            "installroot",
            "p",
            "plus-repo",
            "c",
            "config",
            "C",
            "capability",
            "D",
            "reposd-dir",
            "cache-dir",
            "solv-cache-dir",
            "pkg-cache-dir",
            "download",
        ],
        dash_words: false,
        nouns: &[],
        install: &["install", "in"],
        asks: &[
            "install",
            "in",
            "remove",
            "rm",
            "source-install",
            "si",
            "patch",
            "update",
            "up",
            "dup",
            "dist-upgrade",
        ],
        yes: &["y", "no-confirm", "n", "non-interactive"],
        caches: &["/var/cache/zypp"],
        unpinned: &["DL3037"],
    },
    Manager {
        kind: Kind::Pip,
        programs: &["pip*"],
        valued: PIP_VALUED,
        dash_words: false,
        nouns: &[],
        install: &["install"],
        asks: &[],
        yes: &[],
        caches: &["/.cache"],
        unpinned: &["DL3013"],
    },
    Manager {
        kind: Kind::Pipx,
        programs: &["pipx"],
        valued: &["python", "pip-args", "index-url", "i", "suffix", "preinstall", "spec"],
        dash_words: false,
        nouns: &[],
        install: &["install"],
        asks: &[],
        yes: &[],
        caches: &["/.cache"],
        unpinned: &["DL3013"],
    },
    Manager {
        kind: Kind::Npm,
        programs: &["npm"],
        valued: &[
            "registry",
            "loglevel",
            "prefix",
            "C",
            "cache",
            "omit",
            "include",
            "workspace",
            "w",
            "userconfig",
            "globalconfig",
            "tag",
            "install-strategy",
            "fetch-retries",
            "fetch-timeout",
            "maxsockets",
            "cafile",
            "only",
            "jobs",
            "scope",
        ],
        dash_words: false,
        nouns: &[],
        install: &["install", "i", "add"],
        asks: &[],
        yes: &[],
        caches: &["/root/.npm", "/.npm"],
        unpinned: &["DL3016"],
    },
    Manager {
        kind: Kind::Yarn,
        programs: &["yarn", "yarnpkg"],
        valued: &[
            "registry",
            "cache-folder",
            "cwd",
            "modules-folder",
            "network-timeout",
            "network-concurrency",
        ],
        dash_words: false,
        nouns: &["global"],
        install: &["install"],
        asks: &[],
        yes: &[],
        caches: &["/.cache/yarn", "/share/.cache", "/.yarn"],
        unpinned: &[],
    },
    Manager {
        kind: Kind::Gem,
        programs: &["gem*"],
        valued: &[
            "v",
            "version",
            "i",
            "install-dir",
            "n",
            "bindir",
            "P",
            "trust-policy",
            "s",
            "source",
            "platform",
            "B",
            "build-root",
            "g",
            "file",
            "p",
            "http-proxy",
            "use-system-libraries",
        ],
        dash_words: false,
        nouns: &[],
        install: &["install", "i"],
        asks: &[],
        yes: &[],
        caches: &[],
        unpinned: &["DL3028"],
    },
    Manager {
        kind: Kind::Go,
        programs: &["go"],
        valued: &[
            "o",
            "p",
            "C",
            "ldflags",
            "gcflags",
            "asmflags",
            "gccgoflags",
            "tags",
            "mod",
            "modfile",
            "exec",
            "overlay",
            "buildmode",
            "buildvcs",
            "compiler",
            "installsuffix",
            "pkgdir",
            "toolexec",
            "pgo",
            "covermode",
            "coverpkg",
        ],
        dash_words: true,
        nouns: &[],
        install: &["install", "get", "run"],
        asks: &[],
        yes: &[],
        caches: &[],
        unpinned: &["DL3062"],
    },
    Manager {
        kind: Kind::Cargo,
        programs: &["cargo"],
        valued: &[
            "version",
            "vers",
            "git",
            "branch",
            "tag",
            "rev",
            "path",
            "root",
            "registry",
            "index",
            "features",
            "F",
            "target",
            "target-dir",
            "profile",
            "j",
            "jobs",
            "bin",
            "example",
            "config",
            "color",
            "Z",
        ],
        dash_words: false,
        nouns: &[],
        install: &["install"],
        asks: &[],
        yes: &[],
        caches: &[],
        unpinned: &[],
    },
];

const RPM_VALUED: &[&str] = &[
    "enablerepo",
    "disablerepo",
    "repo",
    "repoid",
    "installroot",
    "releasever",
    "setopt",
    "exclude",
    "x",
    "c",
    "config",
    "R",
    "randomwait",
    "d",
    "debuglevel",
    "e",
    "errorlevel",
    "forcearch",
    "comment",
    "disableplugin",
    "enableplugin",
    "advisory",
    "repofrompath",
    "destdir",
    "downloaddir",
    "rpmverbosity",
];

const RPM_ASKS: &[&str] = &[
    "install",
    "in",
    "reinstall",
    "rei",
    "groupinstall",
    "localinstall",
    "remove",
    "rm",
    "erase",
    "autoremove",
    "update",
    "up",
    "upgrade",
    "upgrade-minimal",
    "up-min",
    "distro-sync",
    "downgrade",
    "swap",
    "builddep",
];

const PIP_VALUED: &[&str] = &[
    "i",
    "index-url",
    "extra-index-url",
    "f",
    "find-links",
    "r",
    "requirement",
    "c",
    "constraint",
    "e",
    "editable",
    "t",
    "target",
    "platform",
    "python-version",
    "implementation",
    "abi",
    "root",
    "prefix",
    "b",
    "build",
    "src",
    "upgrade-strategy",
    "install-option",
    "global-option",
    "C",
    "config-settings",
    "no-binary",
    "only-binary",
    "progress-bar",
    "root-user-action",
    "report",
    "group",
    "proxy",
    "retries",
    "timeout",
    "exists-action",
    "trusted-host",
    "cert",
    "client-cert",
    "cache-dir",
    "log",
    "use-feature",
    "use-deprecated",
    "python",
    "keyring-provider",
    "resume-retries",
    "d",
    "download",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn pinned(kind: Kind, packages: &str) -> Vec<bool> {
        let manager = MANAGERS.iter().find(|manager| manager.kind == kind).unwrap();
        packages.split(' ').map(|package| manager.pinned(package, None)).collect()
    }

    #[test]
    fn versions_are_told_from_names() {
        assert_eq!(
            pinned(Kind::Yum, "rpm-sign rpm-sign-4.1 openssl-1:1.1 gcc-c++ a-${v}"),
            [false, true, true, false, true]
        );
        assert_eq!(
            pinned(Kind::Npm, "a @a/b a@1 @a/b@1 git://h/a#v1 git://h/a ./a a@latest"),
            [false, false, true, true, true, false, true, false]
        );
        assert_eq!(
            pinned(Kind::Pip, "a a==1 git+ssh://git@h/a.git git+https://h/a@v1#egg=a a[b] x.whl"),
            [false, true, false, true, false, true]
        );
        assert_eq!(pinned(Kind::Go, "a/b a/b@latest a/b@v1 ./... main.go"), [false, false, true, true, true]);
    }
}
