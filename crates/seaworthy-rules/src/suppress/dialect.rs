//! The comments of every tool: how each is written, and which of our findings its names mean.

use seaworthy_finding::Finding;

/// Whose comment it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dialect {
    /// `# seaworthy: ignore[rule] reason`.
    Own,
    /// `# hadolint ignore=DL3008 # reason`, also `global` and `stage`.
    Hadolint,
    /// `# check=skip=Rule // reason`.
    Buildkit,
    /// `#checkov:skip=CKV_DOCKER_3:reason`.
    Checkov,
    /// `# trivy:ignore:DS-0002`.
    Trivy,
    /// `# tally ignore=hadolint/DL3008;reason=…`, also `global`.
    Tally,
    /// `# nosemgrep` or `# nosemgrep: rule`.
    Semgrep,
    /// `# zizmor: ignore[audit] reason`.
    Zizmor,
    /// `# shellcheck disable=SC2086 # reason`.
    Shellcheck,
    /// `# dclint disable`, `disable-line`.
    Dclint,
    /// `# compose-lint: disable=CL-0003`.
    ComposeLint,
}

impl Dialect {
    /// The tool's name.
    pub const fn tool(self) -> &'static str {
        match self {
            Self::Own => "seaworthy",
            Self::Hadolint => "hadolint",
            Self::Buildkit => "BuildKit",
            Self::Checkov => "checkov",
            Self::Trivy => "trivy",
            Self::Tally => "tally",
            Self::Semgrep => "semgrep",
            Self::Zizmor => "zizmor",
            Self::Shellcheck => "ShellCheck",
            Self::Dclint => "dclint",
            Self::ComposeLint => "compose-lint",
        }
    }
}

/// What a comment is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// The next statement, or the line it ends.
    Next,
    /// The line it stands on, whatever follows.
    Line,
    /// The build stage it stands in or before.
    Stage,
    /// The whole file.
    File,
}

/// One comment that was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parsed {
    pub(super) dialect: Dialect,
    pub(super) reach: Reach,
    /// Names as the tool's own rules are called; `all` for every rule of the tool.
    pub(super) rules: Vec<String>,
    pub(super) reason: String,
}

/// Reads the words of a comment, without its `#`. `alone` says that nothing stands before it on its line.
pub(super) fn read(body: &str, alone: bool) -> Option<Parsed> {
    own(body)
        .or_else(|| if alone { hadolint(body) } else { None })
        .or_else(|| if alone { buildkit(body) } else { None })
        .or_else(|| checkov(body))
        .or_else(|| trivy(body))
        .or_else(|| if alone { tally(body) } else { None })
        .or_else(|| semgrep(body))
        .or_else(|| zizmor(body))
        .or_else(|| if alone { shellcheck(body) } else { None })
        .or_else(|| dclint(body))
        .or_else(|| compose_lint(body))
}

fn parsed(dialect: Dialect, reach: Reach, rules: Vec<String>, reason: &str) -> Parsed {
    Parsed { dialect, reach, rules, reason: reason.trim().to_owned() }
}

fn names(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn all() -> Vec<String> {
    vec!["all".to_owned()]
}

fn own(body: &str) -> Option<Parsed> {
    let rest = body.strip_prefix("seaworthy:")?.trim_start();
    let (reach, rest) = match rest.strip_prefix("ignore-file[") {
        Some(rest) => (Reach::File, rest),
        None => (Reach::Next, rest.strip_prefix("ignore[")?),
    };
    let (list, reason) = rest.split_once(']')?;
    Some(parsed(Dialect::Own, reach, names(list), reason))
}

/// hadolint reads names of capitals and digits only, and a reason only behind another `#`.
fn hadolint(body: &str) -> Option<Parsed> {
    let rest = word(body, "hadolint")?;
    let (reach, rest) = if let Some(rest) = word(rest, "global") {
        (Reach::File, rest)
    } else if let Some(rest) = word(rest, "stage") {
        (Reach::Stage, rest)
    } else {
        (Reach::Next, rest)
    };
    let rest = rest.strip_prefix("ignore")?.trim_start().strip_prefix('=')?;
    let (list, reason) = rest.split_once('#').unwrap_or((rest, ""));
    let rules = names(list);
    let code = |name: &String| name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    (!rules.is_empty() && rules.iter().all(code)).then(|| parsed(Dialect::Hadolint, reach, rules, reason))
}

/// ShellCheck's own form; `all` and ranges such as `SC2000-SC2100` are not taken.
fn shellcheck(body: &str) -> Option<Parsed> {
    let rest = word(body, "shellcheck")?.strip_prefix("disable=")?;
    let (list, reason) = rest.split_once('#').unwrap_or((rest, ""));
    let rules = names(list);
    let code = |name: &String| {
        name.strip_prefix("SC").is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
    };
    (!rules.is_empty() && rules.iter().all(code))
        .then(|| parsed(Dialect::Shellcheck, Reach::Next, rules, reason))
}

/// What follows a word and at least one blank.
fn word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let rest = text.strip_prefix(word)?;
    let trimmed = rest.trim_start();
    (trimmed.len() < rest.len()).then_some(trimmed)
}

fn buildkit(body: &str) -> Option<Parsed> {
    let rest = body.strip_prefix("check=")?;
    let (options, reason) = rest.split_once("//").unwrap_or((rest, ""));
    Some(parsed(Dialect::Buildkit, Reach::Next, skipped(options)?, reason))
}

/// The rules that the options of `check=` skip.
pub(super) fn skipped(options: &str) -> Option<Vec<String>> {
    let skip = options.split(';').find_map(|part| {
        let (key, value) = part.split_once('=')?;
        (key.trim() == "skip").then_some(value)
    })?;
    Some(names(skip)).filter(|rules| !rules.is_empty())
}

/// checkov asks for the colon form and takes the comment for the whole file, wherever it stands.
fn checkov(body: &str) -> Option<Parsed> {
    let rest = body.split("checkov:skip=").nth(1).or_else(|| body.split("bridgecrew:skip=").nth(1))?;
    let (list, reason) = rest.split_once(':').unwrap_or((rest, ""));
    let list = list.split_whitespace().next().unwrap_or_default();
    Some(parsed(Dialect::Checkov, Reach::File, names(list), reason)).filter(|parsed| !parsed.rules.is_empty())
}

fn trivy(body: &str) -> Option<Parsed> {
    let mut rules = Vec::new();
    for rest in body.split("trivy:ignore:").skip(1) {
        let name = rest.split([' ', '\t', ':', '[']).next().unwrap_or_default();
        rules.extend((!name.is_empty()).then(|| trivy_name(name)));
    }
    (!rules.is_empty() && body.starts_with("trivy:ignore:"))
        .then(|| parsed(Dialect::Trivy, Reach::Next, rules, ""))
}

/// `AVD-DS-0001`, `DS001` and `DS-0001` are one name.
fn trivy_name(name: &str) -> String {
    let upper = name.to_ascii_uppercase();
    let short = upper.strip_prefix("AVD-").unwrap_or(&upper);
    let digits = short.strip_prefix("DS").map(|rest| rest.trim_start_matches('-'));
    match digits.and_then(|digits| digits.parse::<u32>().ok()) {
        Some(number) => format!("DS-{number:04}"),
        None if name == "*" => "all".to_owned(),
        None => short.to_owned(),
    }
}

fn tally(body: &str) -> Option<Parsed> {
    let rest = word(body, "tally")?;
    let (reach, rest) = match word(rest, "global") {
        Some(rest) => (Reach::File, rest),
        None => (Reach::Next, rest),
    };
    let rest = rest.strip_prefix("ignore")?.trim_start().strip_prefix('=')?;
    let (list, tail) = rest.split_once(';').unwrap_or((rest, ""));
    let reason = tail.trim().strip_prefix("reason=").unwrap_or_default();
    let strip = |name: String| match name.rsplit_once('/') {
        Some((_, last)) => last.to_owned(),
        None => name,
    };
    let rules: Vec<String> = names(list).into_iter().map(strip).collect();
    (!rules.is_empty()).then(|| parsed(Dialect::Tally, reach, rules, reason))
}

fn semgrep(body: &str) -> Option<Parsed> {
    let rest = body.strip_prefix("nosemgrep").or_else(|| body.strip_prefix("nosem"))?;
    let rest = rest.trim_start();
    let rules = match rest.strip_prefix(':') {
        Some(list) => {
            let last = |name: &str| name.rsplit('.').next().unwrap_or(name).to_owned();
            list.split([',', ' ']).filter(|name| !name.is_empty()).map(last).collect()
        }
        None if rest.is_empty() || rest.starts_with(['-', '#', '(']) => all(),
        None => return None,
    };
    Some(parsed(Dialect::Semgrep, Reach::Next, rules, ""))
}

fn zizmor(body: &str) -> Option<Parsed> {
    let rest = body.strip_prefix("zizmor:")?.trim_start().strip_prefix("ignore[")?;
    let (list, reason) = rest.split_once(']')?;
    Some(parsed(Dialect::Zizmor, Reach::Next, names(list), reason))
}

fn dclint(body: &str) -> Option<Parsed> {
    let rest = word(body, "dclint").or_else(|| (body == "dclint").then_some(""))?;
    let (reach, rest) = if let Some(rest) = rest.strip_prefix("disable-line") {
        (Reach::Line, rest)
    } else if let Some(rest) = rest.strip_prefix("disable-next-line") {
        (Reach::Next, rest)
    } else if let Some(rest) = rest.strip_prefix("disable-file") {
        (Reach::File, rest)
    } else {
        (Reach::File, rest.strip_prefix("disable")?)
    };
    let (list, reason) = rest.split_once(" -- ").unwrap_or((rest, ""));
    let rules: Vec<String> =
        list.split([' ', ',']).filter(|name| !name.is_empty()).map(str::to_owned).collect();
    Some(parsed(Dialect::Dclint, reach, if rules.is_empty() { all() } else { rules }, reason))
}

fn compose_lint(body: &str) -> Option<Parsed> {
    let rest = body.strip_prefix("compose-lint:")?.trim_start();
    let (reach, rest) = if let Some(rest) = rest.strip_prefix("disable-file=") {
        (Reach::File, rest)
    } else {
        let rest = rest.strip_prefix("disable=").or_else(|| rest.strip_prefix("disable-next-line="))?;
        (Reach::Next, rest)
    };
    let mut words = rest.splitn(2, char::is_whitespace);
    let list = words.next().unwrap_or_default();
    Some(parsed(Dialect::ComposeLint, reach, names(list), words.next().unwrap_or_default()))
}

/// What semgrep calls a concept, and the code of another tool for the same one.
const SEMGREP: [(&str, &str); 30] = [
    ("use-absolute-workdir", "DL3000"),
    ("nonsensical-command", "DL3001"),
    ("last-user-is-root", "DL3002"),
    ("missing-user", "CKV_DOCKER_3"),
    ("missing-user-entrypoint", "CKV_DOCKER_3"),
    ("use-workdir", "DL3003"),
    ("no-sudo-in-dockerfile", "DL3004"),
    ("missing-image-version", "DL3006"),
    ("avoid-latest-version", "DL3007"),
    ("dockerfile-source-not-pinned", "unpinned-base-digest"),
    ("avoid-platform-with-from", "DL3029"),
    ("alias-must-be-unique", "DL3024"),
    ("copy-from-own-alias", "DL3023"),
    ("prefer-json-notation", "DL3025"),
    ("multiple-cmd-instructions", "DL4003"),
    ("multiple-entrypoint-instructions", "DL4004"),
    ("invalid-port", "DL3011"),
    ("maintainer-is-deprecated", "DL4000"),
    ("use-shell-instruction", "DL4005"),
    ("set-pipefail", "DL4006"),
    ("use-either-wget-or-curl", "DL4001"),
    ("prefer-copy-over-add", "DL3020"),
    ("prefer-apt-get", "DL3027"),
    ("missing-assume-yes-switch", "DL3014"),
    ("missing-no-install-recommends", "DL3015"),
    ("remove-package-lists", "DL3009"),
    ("missing-apk-no-cache", "DL3019"),
    ("missing-pip-no-cache-dir", "DL3042"),
    ("missing-yum-assume-yes-switch", "DL3030"),
    ("secret-in-build-arg", "SecretsUsedInArgOrEnv"),
];

/// BuildKit's checks.
const BUILDKIT: [&str; 22] = [
    "ConsistentInstructionCasing",
    "CopyIgnoredFile",
    "DuplicateStageName",
    "ExposeInvalidFormat",
    "ExposeProtoCasing",
    "FromAsCasing",
    "FromPlatformFlagConstDisallowed",
    "InvalidBaseImagePlatform",
    "InvalidDefaultArgInFrom",
    "InvalidDefinitionDescription",
    "JSONArgsRecommended",
    "LegacyKeyValueFormat",
    "MaintainerDeprecated",
    "MultipleInstructionsDisallowed",
    "NoEmptyContinuation",
    "RedundantTargetPlatform",
    "ReservedStageName",
    "SecretsUsedInArgOrEnv",
    "StageNameCasing",
    "UndefinedArgInFrom",
    "UndefinedVar",
    "WorkdirRelativePath",
];

/// Whether a name of a comment means the finding.
pub(super) fn means(dialect: Dialect, name: &str, finding: &Finding) -> bool {
    let alias = |wanted: &str| finding.aliases.iter().any(|alias| alias == wanted);
    let any = |fits: &dyn Fn(&str) -> bool| finding.aliases.iter().any(|alias| fits(alias));
    let every = name.eq_ignore_ascii_case("all");
    if dialect == Dialect::Own {
        let named = |alias: &String| alias.eq_ignore_ascii_case(name);
        return every || finding.rule == name || finding.aliases.iter().any(named);
    }
    // No tool's comment makes BuildKit build a file it refuses.
    if alias("x/build-error") {
        return false;
    }
    match dialect {
        Dialect::Own => true,
        Dialect::Hadolint | Dialect::Checkov | Dialect::Shellcheck => alias(name),
        Dialect::Buildkit if every => {
            // An experimental check is not skipped by `all`.
            any(&|alias| BUILDKIT.contains(&alias) && alias != "InvalidDefinitionDescription")
        }
        Dialect::Buildkit => alias(name),
        Dialect::Trivy if every => any(&|alias| alias.starts_with("DS-")),
        Dialect::Tally if every || name == "*" => true,
        Dialect::Trivy | Dialect::ComposeLint => alias(name),
        Dialect::Tally => alias(name) || finding.rule == name,
        Dialect::Semgrep => SEMGREP
            .iter()
            .any(|(concept, code)| (every || *concept == name) && (alias(code) || finding.rule == *code)),
        Dialect::Zizmor if every => any(&|alias| alias.starts_with("zizmor/")),
        Dialect::Zizmor => any(&|alias| alias.strip_prefix("zizmor/") == Some(name)),
        Dialect::Dclint if every => any(&|alias| alias.starts_with("dclint/")),
        Dialect::Dclint => any(&|alias| alias.strip_prefix("dclint/") == Some(name)),
    }
}

/// The name under which our rules know what a comment names, if they do.
pub(super) fn known_as(dialect: Dialect, name: &str) -> Option<String> {
    let known = match dialect {
        Dialect::Zizmor => format!("zizmor/{name}"),
        Dialect::Dclint => format!("dclint/{name}"),
        Dialect::Semgrep => SEMGREP.iter().find(|(concept, _)| *concept == name)?.1.to_owned(),
        _ => name.to_owned(),
    };
    crate::find(&known).map(|rule| rule.meta.name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(body: &str) -> Option<(Dialect, Reach, String, String)> {
        let parsed = read(body, true)?;
        Some((parsed.dialect, parsed.reach, parsed.rules.join("+"), parsed.reason))
    }

    #[test]
    fn every_form_is_read() {
        use Dialect::{Buildkit, Checkov, ComposeLint, Dclint, Hadolint, Own, Semgrep, Tally, Trivy, Zizmor};
        use Reach::{File, Line, Next, Stage};
        for (body, dialect, reach, rules, reason) in [
            ("seaworthy: ignore[a, b] so it is", Own, Next, "a+b", "so it is"),
            ("seaworthy: ignore-file[a]", Own, File, "a", ""),
            ("hadolint ignore=DL3008, SC2086 # old", Hadolint, Next, "DL3008+SC2086", "old"),
            ("hadolint  ignore = DL3008", Hadolint, Next, "DL3008", ""),
            ("hadolint global ignore=DL3008", Hadolint, File, "DL3008", ""),
            ("hadolint stage ignore=DL3057", Hadolint, Stage, "DL3057", ""),
            ("check=skip=A,B // reason", Buildkit, Next, "A+B", "reason"),
            ("check=error=true;skip=all", Buildkit, Next, "all", ""),
            ("checkov:skip=CKV_DOCKER_3:a tool", Checkov, File, "CKV_DOCKER_3", "a tool"),
            ("trivy:ignore:AVD-DS-0002", Trivy, Next, "DS-0002", ""),
            ("trivy:ignore:DS002 trivy:ignore:DS-0026:exp:2030-01-01", Trivy, Next, "DS-0002+DS-0026", ""),
            (
                "tally ignore=hadolint/DL3008,buildkit/StageNameCasing;reason=x",
                Tally,
                Next,
                "DL3008+StageNameCasing",
                "x",
            ),
            ("tally global ignore=DL3008", Tally, File, "DL3008", ""),
            ("nosemgrep", Semgrep, Next, "all", ""),
            ("nosemgrep: a.b.missing-user, c", Semgrep, Next, "missing-user+c", ""),
            ("zizmor: ignore[artipacked,unpinned-uses] why", Zizmor, Next, "artipacked+unpinned-uses", "why"),
            ("dclint disable", Dclint, File, "all", ""),
            ("dclint disable no-version-field", Dclint, File, "no-version-field", ""),
            ("dclint disable-line a b", Dclint, Line, "a+b", ""),
            ("compose-lint: disable=CL-0003,CL-0006 why", ComposeLint, Next, "CL-0003+CL-0006", "why"),
        ] {
            let wanted = (dialect, reach, rules.to_owned(), reason.to_owned());
            assert_eq!(shape(body), Some(wanted), "{body}");
        }
    }

    #[test]
    fn what_the_tools_do_not_read_is_not_read_here() {
        for body in [
            "hadolint ignore=DL3008 because",
            "hadolint ignore=dl3008",
            "hadolint ignore=",
            "hadolint:ignore=DL3008",
            "check=error=true",
            "nosemgreppy",
            "see zizmor: ignore[a]",
            "dclint is fine",
        ] {
            assert_eq!(shape(body), None, "{body}");
        }
        assert_eq!(read("hadolint ignore=DL3008", false), None, "behind an instruction it is the shell's");
    }
}
