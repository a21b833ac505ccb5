//! `RUN --mount`.

use seaworthy_finding::Span;

use crate::text::{short, suggest};
use crate::tree::{Phase, Word};

/// The kinds of mounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MountType {
    /// Files of the context, a stage or an image; the default.
    Bind,
    /// A directory that outlives the build.
    Cache,
    /// A directory in memory.
    Tmpfs,
    /// A secret as file or variable.
    Secret,
    /// A socket of an SSH agent.
    Ssh,
}

/// One `key[=value]` of a mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The key in lowercase.
    pub key: String,
    /// The value, unexpanded.
    pub value: Option<String>,
    /// The field in the file.
    pub span: Span,
    /// The value in the file.
    pub value_span: Option<Span>,
}

/// What is wrong with a mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The field, or the whole mount.
    pub span: Span,
    /// What to write instead.
    pub message: String,
    /// Where BuildKit would notice.
    pub phase: Phase,
}

/// A mount as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// `None` when the type holds a variable or is unknown.
    pub typ: Option<MountType>,
    /// All fields in order.
    pub fields: Vec<Field>,
    /// What BuildKit would refuse.
    pub problems: Vec<Problem>,
}

impl Mount {
    /// The last value among the given keys, which are synonyms.
    #[must_use]
    pub fn value(&self, keys: &[&str]) -> Option<&str> {
        self.field(keys)?.value.as_deref()
    }

    /// The last field among the given keys.
    #[must_use]
    pub fn field(&self, keys: &[&str]) -> Option<&Field> {
        self.fields.iter().rev().find(|field| keys.contains(&field.key.as_str()))
    }

    /// `id`.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.value(&["id"])
    }

    /// `from`.
    #[must_use]
    pub fn from(&self) -> Option<&str> {
        self.value(&["from"])
    }

    /// `source` or `src`.
    #[must_use]
    pub fn source(&self) -> Option<&str> {
        self.value(&["source", "src"])
    }

    /// `target`, `dst` or `destination`.
    #[must_use]
    pub fn target(&self) -> Option<&str> {
        self.value(&["target", "dst", "destination"])
    }

    /// `env` of a secret.
    #[must_use]
    pub fn env(&self) -> Option<&str> {
        self.value(&["env"])
    }

    /// `sharing` in lowercase; `shared` when a cache says none.
    #[must_use]
    pub fn sharing(&self) -> Option<String> {
        let written = self.value(&["sharing"]).map(str::to_ascii_lowercase);
        written.or_else(|| (self.typ == Some(MountType::Cache)).then(|| "shared".to_owned()))
    }

    /// `mode`, octal.
    #[must_use]
    pub fn mode(&self) -> Option<u32> {
        u32::from_str_radix(self.value(&["mode"])?, 8).ok()
    }

    /// `uid`.
    #[must_use]
    pub fn uid(&self) -> Option<u32> {
        self.value(&["uid"])?.parse().ok()
    }

    /// `gid`.
    #[must_use]
    pub fn gid(&self) -> Option<u32> {
        self.value(&["gid"])?.parse().ok()
    }

    /// Whether the build fails when a secret or agent is missing.
    #[must_use]
    pub fn required(&self) -> bool {
        self.field(&["required"]).is_some_and(|field| field.value.as_deref().is_none_or(is_true))
    }

    /// Whether the mount cannot be written: the last word on it, else bind, secret and ssh.
    #[must_use]
    pub fn read_only(&self) -> bool {
        match self.field(&["readonly", "ro", "readwrite", "rw"]) {
            Some(field) => {
                let on = field.value.as_deref().is_none_or(is_true);
                field.key.starts_with("readonly") || field.key == "ro" && on || field.key != "ro" && !on
            }
            None => !matches!(self.typ, Some(MountType::Cache | MountType::Tmpfs)),
        }
    }
}

fn is_true(text: &str) -> bool {
    matches!(text, "1" | "t" | "T" | "true" | "TRUE" | "True")
}

fn is_bool(text: &str) -> bool {
    is_true(text) || matches!(text, "0" | "f" | "F" | "false" | "FALSE" | "False")
}

const KEYS: [&str; 19] = [
    "type",
    "from",
    "source",
    "src",
    "target",
    "dst",
    "destination",
    "readonly",
    "ro",
    "readwrite",
    "rw",
    "id",
    "sharing",
    "required",
    "size",
    "mode",
    "uid",
    "gid",
    "env",
];

/// Reads the value of `--mount=`.
#[must_use]
pub fn parse(value: &Word) -> Mount {
    let mut mount = Mount { typ: Some(MountType::Bind), fields: Vec::new(), problems: Vec::new() };
    let Some(parts) = csv(&value.raw) else {
        mount.problems.push(Problem {
            span: value.span,
            message:
                "the mount's fields cannot be read; write key=value,key=value and quote a whole field or none"
                    .to_owned(),
            phase: Phase::Instructions,
        });
        return mount;
    };
    for (text, start, end) in parts {
        let span = value.source_span(start, end);
        let (key, field_value) = match text.split_once('=') {
            Some((key, field_value)) => (key.to_ascii_lowercase(), Some(field_value.to_owned())),
            None => (text.to_ascii_lowercase(), None),
        };
        let value_span = field_value.as_ref().map(|field_value| {
            let length = field_value.len().min(end - start);
            value.source_span(end - length, end)
        });
        let field = Field { key, value: field_value, span, value_span };
        check_field(&mut mount, &field);
        mount.fields.push(field);
    }
    check_mount(&mut mount, value.span);
    mount
}

fn check_field(mount: &mut Mount, field: &Field) {
    let mut problem = |message: String, phase: Phase| {
        mount.problems.push(Problem { span: field.span, message, phase });
    };
    let key = field.key.as_str();
    if !KEYS.contains(&key) {
        let hint = suggest(key, KEYS)
            .map_or_else(|| "use one of its keys".to_owned(), |known| format!("write {known}"));
        problem(format!("a mount has no field {:?}; {hint}", short(key)), Phase::Build);
        return;
    }
    let Some(value) = field.value.as_deref() else {
        if !matches!(key, "readonly" | "ro" | "readwrite" | "rw" | "required") {
            problem(format!("the mount's {key} needs a value; write {key}=value"), Phase::Build);
        }
        return;
    };
    // BuildKit looks for any character behind a dollar sign here.
    if key == "from" && value.find('$').is_some_and(|at| at + 1 < value.len()) {
        problem(
            "from takes no variables; write FROM image AS name for the image and use that name".to_owned(),
            Phase::Instructions,
        );
        return;
    }
    if value.contains('$') {
        if key == "type" {
            mount.typ = None;
        }
        return;
    }
    let number = |radix| u32::from_str_radix(value, radix).is_ok();
    match key {
        "type" => {
            mount.typ = match value.to_ascii_lowercase().as_str() {
                "bind" => Some(MountType::Bind),
                "cache" => Some(MountType::Cache),
                "tmpfs" => Some(MountType::Tmpfs),
                "secret" => Some(MountType::Secret),
                "ssh" => Some(MountType::Ssh),
                _ => {
                    problem(
                        "the mount's type is bind, cache, tmpfs, secret or ssh; write one of them".to_owned(),
                        Phase::Build,
                    );
                    None
                }
            }
        }
        "readonly" | "ro" | "readwrite" | "rw" | "required" if !is_bool(value) => {
            problem(format!("{key} is true or false; write {key} alone or {key}=false"), Phase::Build);
        }
        "sharing" if !matches!(value.to_ascii_lowercase().as_str(), "shared" | "private" | "locked") => {
            problem("sharing is shared, private or locked; write one of them".to_owned(), Phase::Build);
        }
        "mode" if !number(8) => problem("mode is an octal number; write mode=0755".to_owned(), Phase::Build),
        "uid" | "gid" if !number(10) => problem(format!("{key} is a number; write {key}=1000"), Phase::Build),
        _ => {}
    }
}

/// What fits which type of mount.
fn check_mount(mount: &mut Mount, span: Span) {
    let Some(typ) = mount.typ else { return };
    let has = |keys: &[&str]| mount.fields.iter().any(|field| keys.contains(&field.key.as_str()));
    let mut messages: Vec<&str> = Vec::new();
    let files = matches!(typ, MountType::Secret | MountType::Ssh | MountType::Cache);
    if !files && has(&["mode", "uid", "gid"]) {
        messages.push("mode, uid and gid fit cache, secret and ssh mounts only; remove them");
    }
    if typ != MountType::Cache && has(&["sharing"]) {
        messages.push("sharing fits cache mounts only; remove it or write type=cache");
    }
    if typ != MountType::Tmpfs && has(&["size"]) {
        messages.push("size fits tmpfs mounts only; remove it or write type=tmpfs");
    }
    if !matches!(typ, MountType::Secret | MountType::Ssh) && has(&["required"]) {
        messages.push("required fits secret and ssh mounts only; remove it");
    }
    if typ != MountType::Secret && has(&["env"]) {
        messages.push("env fits secret mounts only; remove it or write type=secret");
    }
    if typ == MountType::Secret {
        if has(&["from"]) {
            messages.push("a secret has no from; remove it");
        }
        if !has(&["source", "src", "target", "dst", "destination", "id"]) {
            messages.push("a secret needs an id; write id=name");
        }
        if has(&["source", "src"]) && has(&["id"]) {
            messages.push("a secret takes id or source, not both; remove source");
        }
    }
    let problems = messages.into_iter().map(|message| Problem {
        span,
        message: message.to_owned(),
        phase: Phase::Build,
    });
    mount.problems.extend(problems);
}

/// Whether the value of `--device=` holds at most one name, and `required` at most as true or false.
pub(crate) fn is_device(value: &Word) -> bool {
    let Some(fields) = csv(&value.raw) else { return false };
    let mut named = false;
    fields.iter().all(|(text, _, _)| {
        let (key, setting) =
            text.split_once('=').map_or((text.as_str(), None), |(key, value)| (key, Some(value)));
        match (key.to_ascii_lowercase().as_str(), setting) {
            ("required", setting) => setting.is_none_or(is_bool),
            _ => !std::mem::replace(&mut named, true),
        }
    })
}

/// Splits one CSV record into texts with their ranges; `None` when it is empty or its quotes are broken.
fn csv(text: &str) -> Option<Vec<(String, usize, usize)>> {
    let mut fields = Vec::new();
    let mut at = 0;
    if text.is_empty() {
        return None;
    }
    loop {
        let rest = &text[at..];
        if let Some(quoted) = rest.strip_prefix('"') {
            let mut out = String::new();
            let mut chars = quoted.char_indices().peekable();
            let end = loop {
                match chars.next()? {
                    (_, '"') if chars.peek().is_some_and(|(_, next)| *next == '"') => {
                        chars.next();
                        out.push('"');
                    }
                    (end, '"') => break at + 1 + end,
                    (_, ch) => out.push(ch),
                }
            };
            fields.push((out, at + 1, end));
            at = end + 1;
        } else {
            let length = rest.find(',').unwrap_or(rest.len());
            if rest[..length].contains('"') {
                return None;
            }
            fields.push((rest[..length].to_owned(), at, at + length));
            at += length;
        }
        match text[at..].chars().next() {
            None => return Some(fields),
            Some(',') => at += 1,
            Some(_) => return None,
        }
    }
}
