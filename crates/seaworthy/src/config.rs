//! Finds and reads `seaworthy.toml`.

use crate::failure::Failure;
use seaworthy_finding::{ExitCode, ImageConfig, Policy, Profile, did_you_mean, profiles};
use std::path::{Path, PathBuf};

/// The policy in force and where it came from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Config {
    /// The policy.
    pub(crate) policy: Policy,
    /// Its file.
    pub(crate) file: Option<PathBuf>,
}

impl Config {
    /// Reads the named file, or the one found from `input` upward to the git root.
    pub(crate) fn load(global: &crate::cli::Global, input: &Path) -> Result<Self, Failure> {
        let file = match &global.config {
            Some(file) => Some(file.clone()),
            None if global.no_config => None,
            None => find(input),
        };
        let mut config = Self { policy: Policy::default(), file: file.clone() };
        if let Some(file) = file {
            let text = read(&file)?;
            config.policy = Policy::parse(&text).map_err(|error| {
                Failure::new(ExitCode::Error, format!("failed to read `{}`: {error}", file.display()))
                    .hint("correct the line, or leave the file out of it with `--no-config`")
            })?;
            if let Some((name, near)) = seaworthy_rules::unknown_rules(&config.policy).into_iter().next() {
                let mut message = format!("failed to read `{}`: unknown rule `{name}`", file.display());
                if let Some(near) = near {
                    message = format!("{message}: did you mean `{near}`?");
                }
                return Err(Failure::new(ExitCode::Error, message).hint("`seaworthy rules` lists every rule"));
            }
        }
        if !global.no_config {
            dive_ci(&input.join(".dive-ci"), &mut config.policy);
        }
        if let Some(profile) = &global.profile {
            config.policy.profile = Some(profile.clone());
        }
        if let Some(name) = &config.policy.profile
            && Profile::named(name).is_none()
        {
            let names: Vec<&str> = profiles().iter().map(|profile| profile.name).collect();
            let near = did_you_mean(name, names.iter().copied());
            let hint = near.map_or_else(
                || format!("known profiles: {}", names.join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            return Err(Failure::new(ExitCode::Error, format!("unknown profile `{name}`")).hint(hint));
        }
        Ok(config)
    }

    /// Directory that paths of the policy are relative to.
    pub(crate) fn base<'a>(&'a self, project: &'a Path) -> &'a Path {
        self.file
            .as_deref()
            .and_then(Path::parent)
            .filter(|path| !path.as_os_str().is_empty())
            .unwrap_or(project)
    }

    /// The image that a command is about: the only one, or the first.
    pub(crate) fn image(&self) -> Option<&ImageConfig> {
        self.policy.image.first()
    }
}

/// Reads a policy; what is far larger than any is not one.
fn read(file: &Path) -> Result<String, Failure> {
    use std::io::Read as _;
    const LIMIT: u64 = 1 << 20;
    let failed = |error| Failure::file("read", file, &error);
    let mut text = String::new();
    let opened = std::fs::File::open(file).map_err(failed)?;
    opened.take(LIMIT + 1).read_to_string(&mut text).map_err(failed)?;
    if text.len() as u64 > LIMIT {
        let message = format!("failed to read `{}`: it is larger than 1 MiB", file.display());
        return Err(Failure::new(ExitCode::Error, message).hint("name a seaworthy.toml"));
    }
    Ok(text)
}

/// The nearest policy file from a path upward; the search ends at the git root or at the root directory.
fn find(input: &Path) -> Option<PathBuf> {
    let start = std::path::absolute(input).ok()?;
    let mut at = if start.is_dir() { Some(start.as_path()) } else { start.parent() };
    while let Some(dir) = at {
        for name in ["seaworthy.toml", ".config/seaworthy.toml"] {
            let file = dir.join(name);
            if file.is_file() {
                return Some(file);
            }
        }
        if dir.join(".git").exists() {
            return None;
        }
        at = dir.parent();
    }
    None
}

/// Takes the limits of a `.dive-ci`, dive's own file, as parameters of our rule, unless the policy sets them.
fn dive_ci(file: &Path, policy: &mut Policy) {
    // Absent in nearly every project; one that cannot be read sets no limits.
    let Ok(text) = std::fs::read_to_string(file) else { return };
    for line in text.lines() {
        let line = line.split(" #").next().unwrap_or_default().trim();
        let Some((key, value)) = line.split_once(':') else { continue };
        let param = match key.trim().trim_matches(['"', '\'']) {
            "lowestEfficiency" => "efficiency",
            "highestWastedBytes" => "wasted",
            "highestUserWastedPercent" => "user-wasted",
            _ => continue,
        };
        let value = value.trim().trim_matches(['"', '\'']);
        if !value.is_empty() && value != "disabled" {
            let params = &mut policy.rules.entry("inefficient-layers".to_owned()).or_default().params;
            params.entry(param.to_owned()).or_insert_with(|| value.into());
        }
    }
}
