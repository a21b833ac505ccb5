//! Reports secrets written into a compose file: in environment, command lines and URLs.

use super::support::{config, only_references, services};
use crate::{Cx, Sink};
use seaworthy_facts::{ComposeService, Spanned};
use seaworthy_finding::Persona;

declare_rule! {
    name: "literal-secret",
    summary: "a secret is written into the compose file",
    passes: "no secret is written into the compose file",
    family: Compose, category: Security, severity: High, confidence: Medium, persona: Regular,
    aliases: ["CL-0020", "CL-0021"], refs: ["Compose specification, secrets"],
}

/// Parts of names that stand for a secret.
const WORDS: [&str; 11] = [
    "PASSWORD",
    "PASSPHRASE",
    "TOKEN",
    "SECRET",
    "API_KEY",
    "APIKEY",
    "PRIVATE_KEY",
    "ACCESS_KEY",
    "SECRET_KEY",
    "ENCRYPTION_KEY",
    "CREDENTIAL",
];
const ENDS: [&str; 5] = ["_PASS", "_PWD", "PASSWD", "_SALT", "_DSN"];
/// Parts of names that say how much or how long: a number there is no secret.
const MEASURES: [&str; 40] = [
    "TTL",
    "TIMEOUT",
    "EXPIRE",
    "EXPIRY",
    "EXPIRATION",
    "VALIDITY",
    "LIFETIME",
    "MAX_AGE",
    "MAXAGE",
    "ROTATION",
    "INTERVAL",
    "RETENTION",
    "DURATION",
    "_SECONDS",
    "_SECS",
    "_MINUTES",
    "_MINS",
    "_HOURS",
    "_DAYS",
    "_MS",
    "MIN_LENGTH",
    "MINLENGTH",
    "MAX_LENGTH",
    "MAXLENGTH",
    "MIN_CHAR",
    "MINCHAR",
    "_LIMIT",
    "_SIZE",
    "REQUIREMENTS",
    "POLICY",
    "_BONUS",
    "TOKENS",
    "ROUNDS",
    "ITERATIONS",
    "_HISTORY",
    "_ATTEMPTS",
    "_RETRIES",
    "_LENGTH",
    "_STRENGTH",
    "_COUNT",
];

/// Whether a variable of that name with that value holds a secret by its name.
fn named(name: &str, value: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let secret = WORDS.iter().any(|word| upper.contains(word)) || ENDS.iter().any(|end| upper.ends_with(end));
    let exempt = upper.ends_with("_FILE") || upper.contains("ALLOW_EMPTY_") || upper.contains("RANDOM_");
    let measured = MEASURES.iter().any(|part| upper.contains(part))
        || upper.ends_with("_PORT")
        || upper.ends_with("_COST");
    secret && !exempt && !(measured && quantity(value.trim()))
}

/// A number, with a unit of time perhaps.
fn quantity(text: &str) -> bool {
    let bare = text.trim_end_matches(|ch: char| matches!(ch.to_ascii_lowercase(), 'm' | 's' | 'h' | 'd'));
    text.len() - bare.len() <= 2
        && bare.parse::<f64>().is_ok()
        && bare.starts_with(|ch: char| ch.is_ascii_digit())
}

/// Whether a value is written out, rather than a reference or a switch.
fn literal(value: &str) -> bool {
    let switch = matches!(
        value.trim().to_ascii_lowercase().as_str(),
        "" | "yes" | "no" | "true" | "false" | "0" | "1" | "on" | "off"
    );
    !switch && !only_references(value)
}

/// Whether a value stands where the secret is to be written, or is the hash of a password.
fn harmless(name: &str, value: &str) -> bool {
    let value = value.trim();
    let angles = value.starts_with('<') && value.ends_with('>');
    let blank = !value.is_empty() && value.chars().all(|ch| matches!(ch, 'x' | 'X' | '*' | '.'));
    angles || blank || name.to_ascii_uppercase().ends_with("_HASH")
}

/// The scheme of the first URL with a password in a text.
fn url_with_password(text: &str) -> Option<&str> {
    let mut from = 0;
    while let Some(at) = text[from..].find("://").map(|at| from + at) {
        let start =
            text[..at].rfind(|ch: char| !ch.is_ascii_alphanumeric() && !matches!(ch, '+' | '.' | '-'));
        let scheme = &text[start.map_or(0, |start| start + 1)..at];
        from = at + 3;
        if scheme.starts_with(|ch: char| ch.is_ascii_alphabetic())
            && password(&text[from..])
                .is_some_and(|password| !password.is_empty() && !only_references(password))
        {
            return Some(scheme);
        }
    }
    None
}

/// The password in front of a host; references are skipped as a whole.
fn password(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let (mut depth, mut colon, mut at) = (0_usize, None, 0);
    while at < bytes.len().min(1026) {
        match bytes[at] {
            b'$' if bytes.get(at + 1) == Some(&b'$') => at += 1,
            b'$' if bytes.get(at + 1) == Some(&b'{') => {
                depth += 1;
                at += 1;
            }
            b'}' if depth > 0 => depth -= 1,
            _ if depth > 0 => {}
            b'@' => return colon.and_then(|colon: usize| text.get(colon + 1..at)),
            b'/' | b' ' | b'\n' | b'\t' => return None,
            b':' if colon.is_none() => colon = Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

/// The words of a command line, those of `sh -c` and of a health check's shell split again.
fn tokens(words: &[String], health: bool) -> Vec<String> {
    let mut out = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| words.get(at)).map(String::as_str);
        if before == Some("-c") || (health && at == 1 && before == Some("CMD-SHELL")) {
            out.extend(crate::text::shell_words(word));
        } else {
            out.push(word.clone());
        }
    }
    out
}

/// Names of arguments with a secret beside them.
fn arguments(tokens: &[String]) -> Vec<String> {
    const CLIENTS: [&str; 10] = [
        "mysql",
        "mysqladmin",
        "mysqlcheck",
        "mysqldump",
        "mysqlsh",
        "mysqlshow",
        "mariadb",
        "mariadb-admin",
        "mariadb-check",
        "mariadb-dump",
    ];
    let client = tokens.iter().any(|token| CLIENTS.contains(&token.rsplit('/').next().unwrap_or(token)));
    // `$$VAR` is a variable of the container's shell, and a path names where the secret is.
    let given = |value: &str| {
        let path = ["/", "./", "../", "~/"].iter().any(|start| value.starts_with(start));
        !value.contains("$$") && !path && literal(value)
    };
    let mut out: Vec<String> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let found = if let Some(flag) = token.strip_prefix('-') {
            let flag = flag.strip_prefix('-').unwrap_or(flag);
            let glued =
                token.strip_prefix("-p").filter(|_| client && !token.starts_with("-p-") && token.len() > 2);
            if let Some(value) = glued {
                given(value).then(|| "-p".to_owned())
            } else {
                let (name, value) = match flag.split_once('=') {
                    Some((name, value)) => (name, Some(value)),
                    None => {
                        (flag, tokens.get(at + 1).map(String::as_str).filter(|next| !next.starts_with('-')))
                    }
                };
                let upper = name.to_ascii_uppercase().replace(['-', '.'], "_");
                let fits = name.starts_with(|ch: char| ch.is_ascii_alphabetic())
                    && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
                let secret = |value: &str| {
                    matches!(upper.as_str(), "REQUIREPASS" | "MASTERAUTH") || named(&upper, value)
                };
                value
                    .filter(|value| fits && !value.is_empty() && secret(value) && given(value))
                    .map(|_| token.split('=').next().unwrap_or(token).to_owned())
            }
        } else {
            token
                .split_once('=')
                .filter(|(name, _)| {
                    name.starts_with(|ch: char| ch.is_ascii_alphabetic() || ch == '_')
                        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
                })
                .filter(|(name, value)| named(name, value) && given(value))
                .map(|(name, _)| name.to_owned())
        };
        if let Some(name) = found.filter(|name| !out.contains(name)) {
            out.push(name);
        }
    }
    out
}

fn lines(service: &ComposeService) -> Vec<(&'static str, Spanned<Vec<String>>)> {
    let mut out = Vec::new();
    for (key, words) in [("command", &service.command), ("entrypoint", &service.entrypoint)] {
        if let Some(words) = words {
            out.push((key, Spanned { value: tokens(&words.value, false), span: words.span }));
        }
    }
    if let Some(health) = service.healthcheck.as_ref().filter(|health| !health.disabled) {
        out.push(("healthcheck", Spanned { value: tokens(&health.test, true), span: health.span }));
    }
    out
}

pub(crate) fn check(cx: &Cx<'_>, out: &mut Sink) {
    let why = "everyone who can read the repository, or inspect the container, has it";
    for (compose, service) in services(cx) {
        for (name, value) in &service.environment {
            let Some(value) = value.as_deref() else { continue };
            let by_name = named(&name.value, value) && literal(value);
            let scheme = url_with_password(value);
            if !by_name && scheme.is_none() {
                continue;
            }
            let what = match scheme {
                Some(scheme) => format!("a {scheme} URL with a password"),
                None => "a secret".to_owned(),
            };
            let mut aliases = Vec::new();
            aliases.extend(by_name.then_some("CL-0020"));
            aliases.extend(scheme.map(|_| "CL-0021"));
            out.finding(format!(
                "service `{}` has {what} in `{}` ({} characters)",
                service.name,
                name.value,
                value.chars().count()
            ))
            .aliases(&aliases)
            .persona(if scheme.is_none() && harmless(&name.value, value) {
                Persona::Pedantic
            } else {
                Persona::Regular
            })
            .why(why)
            .help(format!(
                "use `secrets:` with a file and `{}_FILE`, or `${{{}}}` from the host",
                name.value, name.value
            ))
            .at_file(&compose.file, name.span)
            .command(format!("grep -n '{}' {}", name.value, compose.file.path));
        }
        for (key, words) in lines(service) {
            for name in arguments(&words.value) {
                out.finding(format!("service `{}` has a secret behind `{name}` in `{key}`", service.name))
                    .aliases(&["CL-0020"])
                    .why(why)
                    .help("let the program read a file of `secrets:`, or a variable the host sets")
                    .at_file(&compose.file, words.span)
                    .command(config(compose, service));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_to_write_a_secret_hold_none() {
        for (name, value) in [("TOKEN", "xxx"), ("TOKEN", "<your token>"), ("PASSWORD_HASH", "$2a$14$abc")] {
            assert!(harmless(name, value), "{value}");
        }
        for value in ["changeme", "xyzzy", "", "admin"] {
            assert!(!harmless("TOKEN", value), "{value}");
        }
    }

    #[test]
    fn passwords_in_urls_are_found_past_references() {
        assert_eq!(url_with_password("postgres://u:p@h/d"), Some("postgres"));
        assert_eq!(url_with_password("a=postgres+x://u:${P:-p}@h"), Some("postgres+x"));
        for text in
            ["postgres://u:${P}@h", "http://h:80/a@b", "http://u@h", "x://u:@h", "://a:b@c", "http://h/x:y@z"]
        {
            assert_eq!(url_with_password(text), None, "{text}");
        }
    }

    #[test]
    fn arguments_with_secrets_are_named() {
        let found = |line: &str| arguments(&crate::text::shell_words(line));
        assert_eq!(found("redis-server --requirepass hunter2"), ["--requirepass"]);
        assert_eq!(found("mysqladmin ping -phunter2"), ["-p"]);
        assert_eq!(found("PGPASSWORD=x psql --token=abc"), ["PGPASSWORD", "--token"]);
        assert!(
            found("x --password-file /run/p --password ${P} --password $$P -p 80 --token-ttl=30").is_empty()
        );
    }

    #[test]
    fn names_that_measure_are_no_secrets() {
        assert!(
            !named("JWT_TOKEN_TTL", "15m")
                && !named("MAX_TOKENS", "4096")
                && named("DB_PASSWORD", "12345678")
        );
        assert!(
            !named("PASSWORD_FILE", "x") && !named("ALLOW_EMPTY_PASSWORD", "x") && !named("LICENSE_KEY", "x")
        );
    }
}
