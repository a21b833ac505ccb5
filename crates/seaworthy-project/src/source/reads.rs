//! Where source code reads variables of the environment by name, in the idioms of many languages.

use seaworthy_facts::Absence;

/// What one file reads.
#[derive(Default)]
pub(crate) struct Found {
    /// Place, name, and what happens without the variable.
    pub(crate) reads: Vec<(usize, String, Absence)>,
    /// Whether names are put together, or all variables are taken at once.
    pub(crate) computed: bool,
}

/// How a word that reads a variable is followed by its name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `word("NAME")` or `word["NAME"]`; without it the program gets nothing.
    Call,
    /// The same; without it the program stops.
    Strict,
    /// `word.NAME`.
    Member,
    /// `word = "NAME"` or `word:"NAME"`.
    Attribute,
}

/// Words that read a variable. Each ends the path it stands in: `std::env::var`, `os.environ.get`.
const WORDS: [(&str, Form); 33] = [
    ("getenv", Form::Call),
    ("Getenv", Form::Call),
    ("getEnv", Form::Call),
    ("GetEnv", Form::Call),
    ("get_env", Form::Call),
    ("LookupEnv", Form::Call),
    ("lookupEnv", Form::Call),
    ("secure_getenv", Form::Call),
    ("GetEnvironmentVariable", Form::Call),
    ("env::var", Form::Call),
    ("env::var_os", Form::Call),
    ("dotenvy::var", Form::Call),
    ("environ.get", Form::Call),
    ("environ.pop", Form::Call),
    ("environ.setdefault", Form::Call),
    ("environ", Form::Strict),
    ("ENV", Form::Call),
    ("ENV.fetch", Form::Strict),
    ("fetch_env!", Form::Strict),
    ("_ENV", Form::Call),
    ("env.get", Form::Call),
    ("env.str", Form::Strict),
    ("env.bool", Form::Strict),
    ("env.int", Form::Strict),
    ("env.list", Form::Strict),
    ("env", Form::Call),
    ("process.env", Form::Member),
    ("Bun.env", Form::Member),
    ("import.meta.env", Form::Member),
    ("env", Form::Attribute),
    ("envvar", Form::Attribute),
    ("envconfig", Form::Attribute),
    ("BindEnv", Form::Call),
];

/// What takes variables whose names do not stand in the code.
const COMPUTED: [&str; 14] = [
    "AutomaticEnv",
    "envconfig.Process",
    "env.Parse",
    "Environment::with_prefix",
    "Environment::default",
    "Env::prefixed",
    "Env::raw",
    "envy::",
    "environ.items",
    "env::vars",
    "os.Environ()",
    "AddEnvironmentVariables",
    "@ConfigurationProperties",
    "koanf",
];

/// The reads of a file.
pub(crate) fn reads(path: &str, text: &str) -> Found {
    let mut out = Found::default();
    let shell = path.rsplit('.').next().is_some_and(|ending| matches!(ending, "sh" | "bash" | "ash" | "zsh"));
    if shell {
        expansions(text, &mut out);
        return out;
    }
    if !text.contains("env") && !text.contains("ENV") && !text.contains("Env") {
        return out;
    }
    out.computed = COMPUTED.iter().any(|word| text.contains(word));
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !path_byte(bytes[at]) {
            at += 1;
            continue;
        }
        let start = at;
        while at < bytes.len() && path_byte(bytes[at]) {
            at += 1;
        }
        // Three dots spread what follows.
        let whole = &text[start..at];
        let word = whole.trim_start_matches(['.', ':']);
        let start = at - word.len();
        if word.len() <= 256 && mentions(word) {
            one(text, start, word, &mut out);
        }
    }
    out
}

/// Whether a byte may stand in a path of names: `std::env::var`, `process.env.PORT`, `fetch_env!`.
fn path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':' | b'!' | b'?')
}

fn mentions(word: &str) -> bool {
    word.as_bytes().windows(3).any(|part| part.eq_ignore_ascii_case(b"env"))
}

/// Reads what follows one word.
fn one(text: &str, start: usize, word: &str, out: &mut Found) {
    // In a tag of Go the colon belongs to the word: `env:"PORT"`.
    let bare = word.trim_end_matches([':', '?', '.']);
    let after = text.get(start + word.len()..).unwrap_or_default();
    for (name, form) in WORDS {
        match form {
            Form::Member => {
                let Some(rest) = word.find(name).map(|at| (at, &word[at + name.len()..])) else { continue };
                let whole = rest.0 == 0 || word[..rest.0].ends_with(['.', ':', '!', '?']);
                if !whole {
                    continue;
                }
                let member = rest.1.trim_start_matches(['?', '!']);
                if let Some(member) = member.strip_prefix('.') {
                    let member = member.split(['.', '?', '!', ':']).next().unwrap_or_default();
                    if variable(member) && (name != "import.meta.env" || member.starts_with("VITE")) {
                        let end = start
                            + rest.0
                            + name.len()
                            + 1
                            + (rest.1.len() - rest.1.trim_start_matches(['?', '!']).len())
                            + member.len();
                        out.reads.push((
                            start,
                            member.to_owned(),
                            script_default(text.get(end..).unwrap_or_default()),
                        ));
                    }
                    return;
                }
                if member.is_empty() {
                    if let Some((constant, rest)) = argument(after, b"[") {
                        push(out, start, constant, script_default(rest.strip_prefix(']').unwrap_or(rest)));
                    } else if after.starts_with('[') || spreads(text, start, after) {
                        destructured(text, start, out);
                    }
                    return;
                }
            }
            Form::Call | Form::Strict => {
                let ends = bare == name
                    || bare.strip_suffix(name).is_some_and(|head| head.ends_with(['.', ':', '$', '_']));
                if !ends {
                    continue;
                }
                let Some((constant, rest)) = argument(after, b"([") else {
                    // `env(name)`: the name is computed, unless this is no read at all.
                    let called = after.starts_with(['(', '[']) && form == Form::Call && bare != "env";
                    out.computed |=
                        called && after[1..].trim_start().starts_with(|c: char| c.is_ascii_lowercase());
                    continue;
                };
                // `os.environ["A"] = "b"` sets it.
                let set = rest.trim_start_matches([']', ')', ' ']).starts_with('=')
                    && !rest.trim_start_matches([']', ')', ' ']).starts_with("==");
                if set || rest.trim_start().starts_with("=>") {
                    return;
                }
                // `BindEnv("key", "NAME")` has the name second.
                if name == "BindEnv" {
                    let second = rest
                        .trim_start()
                        .strip_prefix(',')
                        .and_then(|rest| argument(&format!("({rest}"), b"(").map(|(one, _)| one.to_owned()));
                    if let Some(second) = second {
                        push(out, start, &second, Absence::Unknown);
                    }
                    return;
                }
                push(out, start, constant, call_default(rest, form));
                return;
            }
            Form::Attribute => {
                if bare != name {
                    continue;
                }
                let rest =
                    if word.ends_with(':') { Some(after) } else { after.trim_start().strip_prefix('=') };
                let Some(rest) = rest.map(str::trim_start) else { continue };
                let Some(body) = rest.strip_prefix('"') else { continue };
                let Some(constant) = body.split('"').next() else { continue };
                let constant = constant.split(',').next().unwrap_or_default();
                let line = body.split('\n').next().unwrap_or_default();
                push(out, start, constant, attribute_default(line));
                return;
            }
        }
    }
}

fn push(out: &mut Found, at: usize, name: &str, absence: Absence) {
    if variable(name) {
        out.reads.push((at, name.to_owned(), absence));
    }
}

/// Whether a text is the name of a variable as programs have them: capitals, and no common word.
fn variable(name: &str) -> bool {
    name.len() > 1
        && name.len() <= 100
        && name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
        && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

/// The first argument behind an opening bracket, where it is a text constant, and what follows its quote.
fn argument<'a>(after: &'a str, open: &[u8]) -> Option<(&'a str, &'a str)> {
    let first = *after.as_bytes().first()?;
    if !open.contains(&first) {
        return None;
    }
    let inner = after[1..].trim_start();
    let quote = inner.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'))?;
    let body = &inner[1..];
    let end = body.find(quote).filter(|end| *end <= 100)?;
    Some((&body[..end], &body[end + 1..]))
}

/// A literal at the start of a text: a quoted one, a number or a boolean.
fn literal(text: &str) -> Option<String> {
    let text = text.trim_start();
    let quote = text.chars().next()?;
    if matches!(quote, '"' | '\'' | '`') {
        let body = &text[1..];
        let end = body.find(quote).filter(|end| *end <= 200)?;
        let value = &body[..end];
        let plain = !value.contains(['\n', '\\', '{', '$', '#']);
        return plain.then(|| value.to_owned());
    }
    let word: String =
        text.chars().take(40).take_while(|c| c.is_ascii_alphanumeric() || *c == '.' || *c == '_').collect();
    let number = word.starts_with(|c: char| c.is_ascii_digit())
        && !text[word.len()..].trim_start().starts_with(['*', '+', '-', '/']);
    let boolean = matches!(word.as_str(), "true" | "false" | "True" | "False");
    (number || boolean).then(|| word.replace('_', ""))
}

/// What stands in for a variable that a call reads.
fn call_default(rest: &str, form: Form) -> Absence {
    let inside = rest.trim_start();
    if let Some(second) = inside.strip_prefix(',') {
        let second = second.trim_start();
        let named = ["default=", "default: "].iter().find_map(|key| second.strip_prefix(key));
        return literal(named.unwrap_or(second)).map_or(Absence::Unknown, Absence::Default);
    }
    let Some(after) = inside.strip_prefix([')', ']']) else { return Absence::Unknown };
    // What is made of the value first, such as `.ok()`, changes nothing.
    let mut tail = after.trim_start();
    while let Some(next) =
        [".ok()", ".as_deref()", ".to_owned()", ")"].iter().find_map(|step| tail.strip_prefix(step))
    {
        tail = next.trim_start();
    }
    for (start, strict) in [
        (".unwrap_or_else(|_| ", false),
        (".unwrap_or_else(|| ", false),
        (".unwrap_or(", false),
        ("or ", false),
        ("|| ", false),
        ("?? ", false),
        ("?: ", false),
        (".expect(", true),
        (".unwrap()", true),
        (".context(", true),
        (".with_context(", true),
    ] {
        if let Some(rest) = tail.strip_prefix(start) {
            if strict {
                return Absence::Stops;
            }
            let rest = ["String::from(", "\"\".into()"]
                .iter()
                .find_map(|wrap| rest.strip_prefix(wrap))
                .unwrap_or(rest);
            return literal(rest).map_or(Absence::Unknown, Absence::Default);
        }
    }
    if tail.starts_with('?') && !tail.starts_with("?.") && !tail.starts_with("? ") {
        return Absence::Stops;
    }
    let strict =
        form == Form::Strict && !after.starts_with('?') && tail.is_empty() | !tail.starts_with("or ");
    if strict { Absence::Stops } else { Absence::Unknown }
}

/// What stands in for a member of `process.env`.
fn script_default(rest: &str) -> Absence {
    let mut tail = rest.trim_start();
    while let Some(next) = tail.strip_prefix(')') {
        tail = next.trim_start();
    }
    let second = ["|| ", "??", "||", ", "].iter().find_map(|step| tail.strip_prefix(step));
    second.and_then(literal).map_or(Absence::Unknown, Absence::Default)
}

/// What stands in for a variable that an attribute names: `default_value = "x"`, `envDefault:"x"`.
fn attribute_default(line: &str) -> Absence {
    for key in [
        "default_value_t = ",
        "default_value_t=",
        "default_value = ",
        "default_value=",
        "envDefault:",
        "default:",
    ] {
        if let Some(at) = line.find(key) {
            return literal(&line[at + key.len()..]).map_or(Absence::Unknown, Absence::Default);
        }
    }
    if line.contains("required:\"true\"") || line.contains(",required") || line.contains(",notEmpty") {
        return Absence::Stops;
    }
    Absence::Unknown
}

/// Whether all variables are taken at once: `{...process.env}`, `= process.env`.
fn spreads(text: &str, start: usize, after: &str) -> bool {
    let before = text.get(..start).unwrap_or_default().trim_end();
    before.ends_with('=') || before.ends_with("...") || after.trim_start().starts_with([')', ','])
}

/// `const { A, B = "x" } = process.env`; anything else is computed.
fn destructured(text: &str, start: usize, out: &mut Found) {
    let before = text.get(..start).unwrap_or_default().trim_end();
    let body = before.strip_suffix('=').map(str::trim_end).and_then(|before| before.strip_suffix('}'));
    let Some((open, body)) = body.and_then(|body| {
        let from = body.len().saturating_sub(2000);
        let from = (from..=body.len()).find(|at| body.is_char_boundary(*at))?;
        let open = body[from..].rfind('{')? + from + 1;
        Some((open, &body[open..]))
    }) else {
        out.computed = true;
        return;
    };
    let mut at = open;
    for part in body.split(',') {
        let lead = part.len() - part.trim_start().len();
        let (name, default) = part
            .trim()
            .split_once('=')
            .map_or((part.trim(), None), |(name, value)| (name.trim(), Some(value)));
        let name = name.split(':').next().unwrap_or_default().trim();
        out.computed |= name.starts_with("...");
        push(out, at + lead, name, default.and_then(literal).map_or(Absence::Unknown, Absence::Default));
        at += part.len() + 1;
    }
}

/// `${NAME:-default}` and `${NAME:?…}` of shell scripts; a plain `$NAME` may be the script's own.
fn expansions(text: &str, out: &mut Found) {
    for (at, _) in text.match_indices("${") {
        let rest = &text[at + 2..];
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let (name, rest) = rest.split_at(end);
        let absence = if let Some(value) = rest.strip_prefix(":-").or_else(|| rest.strip_prefix('-')) {
            let value = value.split('}').next().unwrap_or_default();
            if value.contains(['$', '`', '\n']) || value.len() > 200 {
                Absence::Unknown
            } else {
                Absence::Default(value.trim_matches(['"', '\'']).to_owned())
            }
        } else if rest.starts_with(":?") || rest.starts_with('?') {
            Absence::Stops
        } else {
            continue;
        };
        push(out, at, name, absence);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_idioms_of_many_languages() {
        let default = |text: &str| Absence::Default(text.to_owned());
        for (path, text, name, absence) in [
            ("a.py", "os.environ.get(\"PORT\", 8080)", "PORT", default("8080")),
            ("a.py", "os.environ['TOKEN']", "TOKEN", Absence::Stops),
            ("a.py", "os.getenv('HOST') or 'localhost'", "HOST", default("localhost")),
            ("a.py", "env.bool('DEBUG', default=False)", "DEBUG", default("False")),
            ("a.js", "const p = process.env.PORT || 3000;", "PORT", default("3000")),
            ("a.ts", "listen(process.env.PORT ?? '8080')", "PORT", default("8080")),
            ("a.ts", "process.env['API_KEY']", "API_KEY", Absence::Unknown),
            ("a.js", "const { DB_URL, LEVEL = 'info' } = process.env;", "LEVEL", default("info")),
            (
                "a.rs",
                "std::env::var(\"PORT\").unwrap_or_else(|_| \"8080\".to_string())",
                "PORT",
                default("8080"),
            ),
            ("a.rs", "env::var(\"KEY\").expect(\"KEY\")", "KEY", Absence::Stops),
            ("a.rs", "env::var(\"KEY\")?", "KEY", Absence::Stops),
            ("a.rs", "#[arg(long, env = \"BIND\", default_value = \"0.0.0.0\")]", "BIND", default("0.0.0.0")),
            ("a.go", "os.Getenv(\"PORT\")", "PORT", Absence::Unknown),
            ("a.go", "getEnv(\"PORT\", \"8080\")", "PORT", default("8080")),
            ("a.go", "Port int `env:\"PORT\" envDefault:\"8080\"`", "PORT", default("8080")),
            ("a.go", "viper.BindEnv(\"port\", \"APP_PORT\")", "APP_PORT", Absence::Unknown),
            ("a.rb", "ENV.fetch('PORT', 3000)", "PORT", default("3000")),
            ("a.rb", "ENV['SECRET_KEY_BASE']", "SECRET_KEY_BASE", Absence::Unknown),
            ("a.php", "getenv('DB_HOST')", "DB_HOST", Absence::Unknown),
            ("a.php", "env('APP_NAME', 'x')", "APP_NAME", default("x")),
            ("A.java", "System.getenv(\"PORT\")", "PORT", Absence::Unknown),
            ("a.cs", "Environment.GetEnvironmentVariable(\"PORT\") ?? \"80\"", "PORT", default("80")),
            ("a.exs", "System.fetch_env!(\"SECRET\")", "SECRET", Absence::Stops),
            ("run.sh", "exec app --port \"${PORT:-8080}\"", "PORT", default("8080")),
            ("run.sh", ": \"${TOKEN:?is needed}\"", "TOKEN", Absence::Stops),
        ] {
            let found = reads(path, text).reads;
            let got = found.iter().find(|(_, known, _)| known == name);
            assert_eq!(got.map(|(_, _, absence)| absence), Some(&absence), "{text}: {found:?}");
        }
    }

    #[test]
    fn what_is_set_or_computed_is_no_read() {
        assert!(reads("a.py", "os.environ['A_B'] = 'x'").reads.is_empty());
        assert!(reads("a.js", "const all = { ...process.env }").computed);
        assert!(reads("a.go", "viper.AutomaticEnv()").computed);
        assert!(reads("a.py", "os.environ.get(name)").computed);
        for text in ["process.env", "env(\"", "environ[", "é env::var(\"é\")", "} = process.env", "ENV['"] {
            let _ = reads("a.js", text);
        }
    }
}
