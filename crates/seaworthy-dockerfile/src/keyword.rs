//! Instruction words and the flags each of them has.

use crate::tree::Keyword;

/// What a flag takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FlagType {
    /// `true`, `false` or nothing.
    Bool,
    /// A text, given once.
    Text,
    /// A text, given any number of times.
    List,
}

impl Keyword {
    /// Every instruction of the language in alphabetical order.
    pub const ALL: [Self; 18] = [
        Self::Add,
        Self::Arg,
        Self::Cmd,
        Self::Copy,
        Self::Entrypoint,
        Self::Env,
        Self::Expose,
        Self::From,
        Self::Healthcheck,
        Self::Label,
        Self::Maintainer,
        Self::Onbuild,
        Self::Run,
        Self::Shell,
        Self::Stopsignal,
        Self::User,
        Self::Volume,
        Self::Workdir,
    ];

    /// The word in capitals, empty for [`Keyword::Unknown`].
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Add => "ADD",
            Self::Arg => "ARG",
            Self::Cmd => "CMD",
            Self::Copy => "COPY",
            Self::Entrypoint => "ENTRYPOINT",
            Self::Env => "ENV",
            Self::Expose => "EXPOSE",
            Self::From => "FROM",
            Self::Healthcheck => "HEALTHCHECK",
            Self::Label => "LABEL",
            Self::Maintainer => "MAINTAINER",
            Self::Onbuild => "ONBUILD",
            Self::Run => "RUN",
            Self::Shell => "SHELL",
            Self::Stopsignal => "STOPSIGNAL",
            Self::User => "USER",
            Self::Volume => "VOLUME",
            Self::Workdir => "WORKDIR",
            Self::Unknown => "",
        }
    }

    /// Reads a word in any case.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|keyword| keyword.as_str().eq_ignore_ascii_case(word))
            .unwrap_or(Self::Unknown)
    }

    /// The flags of the instruction with what each takes.
    pub(crate) const fn flags(self) -> &'static [(&'static str, FlagType)] {
        use FlagType::{Bool, List, Text};
        match self {
            Self::Add => &[
                ("keep-git-dir", Bool),
                ("checksum", Text),
                ("unpack", Bool),
                ("chown", Text),
                ("chmod", Text),
                ("link", Bool),
                ("exclude", List),
            ],
            Self::Copy => &[
                ("from", Text),
                ("chown", Text),
                ("chmod", Text),
                ("link", Bool),
                ("parents", Bool),
                ("exclude", List),
            ],
            Self::From => &[("platform", Text)],
            Self::Run => &[("mount", List), ("network", Text), ("security", Text), ("device", List)],
            Self::Healthcheck => &[
                ("interval", Text),
                ("timeout", Text),
                ("start-period", Text),
                ("start-interval", Text),
                ("retries", Text),
            ],
            _ => &[],
        }
    }
}

impl std::fmt::Display for Keyword {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.pad(self.as_str())
    }
}
