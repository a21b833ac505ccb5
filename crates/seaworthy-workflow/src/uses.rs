//! What `uses:` names.

use crate::text::Text;

/// A `uses:` and what it names.
#[derive(Clone, Debug, PartialEq)]
pub struct Uses {
    /// As written.
    pub text: Text,
    /// What it names.
    pub target: Target,
}

/// What a `uses:` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// `owner/repo[/path]@ref`: an action or a reusable workflow of a repository.
    Repository {
        /// Owner.
        owner: String,
        /// Repository.
        repo: String,
        /// Path in the repository, without the slash before it.
        path: Option<String>,
        /// Branch, tag or commit; absent where it was forgotten.
        reference: Option<String>,
    },
    /// `docker://image`.
    Docker {
        /// The image's reference.
        image: String,
    },
    /// `./path` or `$/path`, in the repository itself.
    Local {
        /// The path without `./` or `$/`; a `@ref` that does not belong there included.
        path: String,
    },
    /// Nothing of these, or an expression.
    Other,
}

impl Uses {
    /// Reads a `uses:`.
    pub fn new(text: Text) -> Self {
        let target = target(text.value.trim());
        Self { text, target }
    }

    /// `owner/repo` in lower case, where it names a repository; with the path behind it, where there is one.
    pub fn action(&self) -> Option<String> {
        match &self.target {
            Target::Repository { owner, repo, path, .. } => {
                let path = path.as_ref().map_or_else(String::new, |path| format!("/{path}"));
                Some(format!("{owner}/{repo}{path}").to_ascii_lowercase())
            }
            _ => None,
        }
    }

    /// Whether it names this action, given in lower case.
    pub fn is(&self, name: &str) -> bool {
        self.action().is_some_and(|action| action == name)
    }

    /// The branch, tag or commit.
    pub fn reference(&self) -> Option<&str> {
        match &self.target {
            Target::Repository { reference, .. } => reference.as_deref(),
            _ => None,
        }
    }

    /// The major version of a reference such as `v4` or `v4.1.0`.
    pub fn major(&self) -> Option<u32> {
        let rest = self.reference()?.strip_prefix('v')?;
        rest.split('.').next()?.parse().ok()
    }
}

fn target(value: &str) -> Target {
    if let Some(image) = value.strip_prefix("docker://") {
        return Target::Docker { image: image.to_owned() };
    }
    // `$/` is the repository of the running workflow, whatever was checked out.
    if let Some(path) = value.strip_prefix("./").or_else(|| value.strip_prefix("$/")) {
        return Target::Local { path: path.to_owned() };
    }
    if value == "." {
        return Target::Local { path: String::new() };
    }
    let (name, reference) = match value.split_once('@') {
        Some((name, reference)) => (name, Some(reference.to_owned())),
        None => (value, None),
    };
    let mut parts = name.splitn(3, '/');
    let (owner, repo) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let path = parts.next().map(|path| path.trim_end_matches('/').to_owned()).filter(|path| !path.is_empty());
    if owner.is_empty() || repo.is_empty() || owner.contains("${{") || repo.contains("${{") {
        return Target::Other;
    }
    Target::Repository { owner: owner.to_owned(), repo: repo.to_owned(), path, reference }
}
