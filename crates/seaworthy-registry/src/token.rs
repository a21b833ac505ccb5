//! Challenges and bearer tokens (distribution: `docs/spec/auth/token.md`, `oauth.md`; RFC 9110 §11.6.1).

use serde::Deserialize;

/// A parsed `WWW-Authenticate` header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// User name and password are to be sent with every request.
    Basic,
    /// A token is to be fetched.
    Bearer { realm: String, service: Option<String>, scope: Option<String> },
}

/// What a token service answers; both names of the token are in use.
#[derive(Default, Deserialize)]
pub(crate) struct TokenAnswer {
    #[serde(default)]
    token: String,
    #[serde(default)]
    access_token: String,
}

impl TokenAnswer {
    pub(crate) fn into_token(self) -> Option<String> {
        Some(if self.token.is_empty() { self.access_token } else { self.token }).filter(|token| {
            // A token with control characters could not be sent as a header.
            !token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic())
        })
    }
}

/// Picks the best challenge of a header: a token before a password.
pub(crate) fn parse(header: &str) -> Option<Challenge> {
    let lower = header.to_ascii_lowercase();
    if let Some(at) = find_scheme(&lower, "bearer") {
        let mut realm = None;
        let mut service = None;
        let mut scope = None;
        for (key, value) in parameters(&header[at + "bearer".len()..]) {
            match key.as_str() {
                "realm" => realm = Some(value),
                "service" => service = Some(value),
                "scope" => scope = Some(value),
                _ => {}
            }
        }
        if let Some(realm) = realm {
            return Some(Challenge::Bearer { realm, service, scope });
        }
    }
    find_scheme(&lower, "basic").map(|_| Challenge::Basic)
}

/// A scheme's name at the beginning or behind a comma.
fn find_scheme(lower: &str, scheme: &str) -> Option<usize> {
    lower.match_indices(scheme).map(|(at, _)| at).find(|at| {
        let before = lower[..*at].trim_end();
        let after = lower[*at + scheme.len()..].chars().next();
        (before.is_empty() || before.ends_with(',')) && after.is_none_or(|c| c == ' ' || c == ',')
    })
}

/// `key=value` and `key="value"`, separated by commas.
fn parameters(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(equals) = rest.find('=') {
        let key = rest[..equals].trim_matches([' ', ',', '\t']).to_ascii_lowercase();
        rest = &rest[equals + 1..];
        let value;
        if let Some(quoted) = rest.strip_prefix('"') {
            let mut text = String::new();
            let mut escaped = false;
            let mut end = quoted.len();
            for (at, c) in quoted.char_indices() {
                match c {
                    _ if escaped => {
                        text.push(c);
                        escaped = false;
                    }
                    '\\' => escaped = true,
                    '"' => {
                        end = at + 1;
                        break;
                    }
                    _ => text.push(c),
                }
            }
            value = text;
            rest = &quoted[end..];
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            value = rest[..end].trim().to_owned();
            rest = &rest[end..];
        }
        // A second scheme behind a comma would look like `Basic realm`: its parameters are not ours.
        if key.contains(' ') {
            break;
        }
        found.push((key, value));
    }
    found
}

/// The scopes of a challenge together with those we need, each once.
pub(crate) fn scopes(wanted: &str, challenged: Option<&str>) -> Vec<String> {
    let mut all: Vec<String> =
        wanted.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect();
    for scope in challenged.unwrap_or_default().split(' ').filter(|scope| !scope.is_empty()) {
        let covered = all.iter().any(|have| covers(have, scope));
        if !covered {
            all.push(scope.to_owned());
        }
    }
    all
}

/// Whether `repository:a:pull,push` includes `repository:a:pull`.
fn covers(have: &str, asked: &str) -> bool {
    match (have.rsplit_once(':'), asked.rsplit_once(':')) {
        (Some((name, actions)), Some((asked_name, asked_actions))) => {
            name == asked_name
                && asked_actions.split(',').all(|action| actions.split(',').any(|have| have == action))
        }
        _ => have == asked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_read() {
        let header = r#"Bearer realm="https://auth.example/token",service="r.example",scope="repository:a/b:pull,push""#;
        let Some(Challenge::Bearer { realm, service, scope }) = parse(header) else { panic!("no bearer") };
        assert_eq!(realm, "https://auth.example/token");
        assert_eq!(service.as_deref(), Some("r.example"));
        assert_eq!(scope.as_deref(), Some("repository:a/b:pull,push"));
        assert_eq!(parse("Basic realm=\"x\""), Some(Challenge::Basic));
        assert_eq!(parse("basic"), Some(Challenge::Basic));
        assert!(matches!(
            parse(r#"Basic realm="bearer x", Bearer realm="https://a/t""#),
            Some(Challenge::Bearer { realm, .. }) if realm == "https://a/t"
        ));
        assert_eq!(parse("Negotiate"), None);
        assert_eq!(parse("Bearer"), None);
    }

    #[test]
    fn no_header_makes_the_parser_fail() {
        for header in
            ["", "=", "Bearer =\"", "Bearer realm=\"a\\", "Bearer realm=é,x=\"ü", "bearer realm=,,,=\"\""]
        {
            let _ = parse(header);
        }
    }

    #[test]
    fn scopes_are_not_asked_for_twice() {
        assert_eq!(scopes("repository:a:pull,push", Some("repository:a:pull")).len(), 1);
        assert_eq!(scopes("repository:a:pull", Some("repository:a:pull,push repository:b:pull")).len(), 3);
        assert_eq!(scopes("repository:a:pull", None), ["repository:a:pull"]);
    }
}
