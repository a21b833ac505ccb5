//! The scopes of the token.

/// Scopes with the highest access each has.
pub const SCOPES: [(&str, &str); 17] = [
    ("actions", "write"),
    ("artifact-metadata", "write"),
    ("attestations", "write"),
    ("checks", "write"),
    ("contents", "write"),
    ("deployments", "write"),
    ("discussions", "write"),
    ("id-token", "write"),
    ("issues", "write"),
    ("models", "read"),
    ("packages", "write"),
    ("pages", "write"),
    ("pull-requests", "write"),
    ("repository-projects", "write"),
    ("security-events", "write"),
    ("statuses", "write"),
    ("vulnerability-alerts", "read"),
];

/// What a scope may be given.
pub fn accesses(scope: &str) -> Option<&'static [&'static str]> {
    let (_, most) = SCOPES.iter().find(|(name, _)| *name == scope)?;
    Some(match (scope, *most) {
        ("id-token", _) => &["write", "none"],
        (_, "write") => &["read", "write", "none"],
        _ => &["read", "none"],
    })
}
