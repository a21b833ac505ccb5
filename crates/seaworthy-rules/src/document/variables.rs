//! What rules about variables of the environment share.

use super::last_of;
use crate::Cx;
use seaworthy_dockerfile::Kind;
use seaworthy_facts::{DockerfileFact, DocumentFact, SourceFacts, VariableRead};
use seaworthy_finding::distance;

/// Names that libraries, run-times and base images read by themselves.
const FOREIGN: [&str; 62] = [
    "TZ",
    "LANG",
    "LC_ALL",
    "HOME",
    "PATH",
    "USER",
    "UID",
    "GID",
    "PUID",
    "PGID",
    "UMASK",
    "HOSTNAME",
    "TERM",
    "SHELL",
    "PWD",
    "TMPDIR",
    "DEBUG",
    "CI",
    "NODE_ENV",
    "NODE_OPTIONS",
    "NODE_EXTRA_CA_CERTS",
    "NODE_TLS_REJECT_UNAUTHORIZED",
    "NEXT_TELEMETRY_DISABLED",
    "NODE_CONFIG",
    "NODE_CONFIG_DIR",
    "RUST_LOG",
    "RUST_BACKTRACE",
    "RUST_LIB_BACKTRACE",
    "GOMAXPROCS",
    "GOGC",
    "GOMEMLIMIT",
    "GODEBUG",
    "GIN_MODE",
    "JAVA_OPTS",
    "JAVA_TOOL_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "CATALINA_OPTS",
    "JAVA_HOME",
    "WEB_CONCURRENCY",
    "DJANGO_SETTINGS_MODULE",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
    "LD_PRELOAD",
    "MALLOC_ARENA_MAX",
    "MALLOC_CONF",
    "DATABASE_URL",
    "RAILS_ENV",
    "RACK_ENV",
    "RAILS_LOG_TO_STDOUT",
    "RAILS_SERVE_STATIC_FILES",
    "SECRET_KEY_BASE",
    "RUBYOPT",
    "BUNDLE_WITHOUT",
    "APP_ENV",
    "MIX_ENV",
    "PHX_HOST",
    "ERL_AFLAGS",
    "RELEASE_COOKIE",
];

/// Beginnings of such names.
const FOREIGN_START: [&str; 40] = [
    "PYTHON",
    "PIP_",
    "UV_",
    "UVICORN_",
    "GUNICORN_",
    "FLASK_",
    "CELERY_",
    "OTEL_",
    "AWS_",
    "GOOGLE_",
    "GCLOUD_",
    "AZURE_",
    "ARM_",
    "SENTRY_",
    "DD_",
    "NEW_RELIC_",
    "ELASTIC_APM_",
    "PG",
    "POSTGRES_",
    "MYSQL_",
    "MARIADB_",
    "MONGO_",
    "MONGO_INITDB_",
    "REDIS_",
    "NGINX_",
    "S6_",
    "SPRING_",
    "SERVER_",
    "MANAGEMENT_",
    "LOGGING_",
    "QUARKUS_",
    "MICRONAUT_",
    "ASPNETCORE_",
    "DOTNET_",
    "KESTREL__",
    "NVIDIA_",
    "CUDA_",
    "HF_",
    "TORCH_",
    "VITE_",
];

/// Whether others than the project's own code read a variable.
pub(crate) fn foreign(name: &str) -> bool {
    FOREIGN.contains(&name) || FOREIGN_START.iter().any(|start| name.starts_with(start))
}

/// The variable of the source code that a name is most likely a mistyped form of.
pub(crate) fn meant<'a>(name: &str, source: &'a SourceFacts) -> Option<&'a str> {
    if name.len() < 5 {
        return None;
    }
    let most = if name.len() < 8 { 1 } else { 2 };
    let near = source
        .reads
        .keys()
        .filter(|known| known.len().abs_diff(name.len()) <= most)
        .map(|known| (distance(name, known), known.as_str()))
        .filter(|(far, known)| *far <= most && !numbered(name, known));
    near.min().map(|(_, known)| known)
}

/// Whether two names differ in their digits only, as names of a series do.
fn numbered(left: &str, right: &str) -> bool {
    let bare = |text: &str| text.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    bare(left) == bare(right)
}

/// Whether a document's table is about what the source code reads: it knows one of the rows.
pub(crate) fn about_source(document: &DocumentFact, source: &SourceFacts) -> bool {
    document.env_rows.iter().any(|row| source.reads.contains_key(&row.name))
}

/// `path:line` of the first of several places.
pub(crate) fn place(reads: &[VariableRead]) -> String {
    let first = reads.iter().map(|read| &read.place).min();
    first.map_or_else(String::new, |place| format!("{}:{}", place.path, place.line))
}

/// The last value that the final image's stages set, where it is written out.
pub(crate) fn set(docker: &DockerfileFact, name: &str) -> Option<String> {
    last_of(docker, |item| {
        let Kind::Env { pairs, .. } = &item.kind else { return None };
        let pair = pairs.iter().rev().find(|pair| pair.key.unquoted() == name)?;
        Some((!pair.value.has_variable()).then(|| pair.value.unquoted()))
    })
    .flatten()
}

/// The Dockerfile that a document speaks of.
pub(crate) fn docker<'a>(cx: &Cx<'a>) -> Option<&'a DockerfileFact> {
    cx.main_dockerfile()
}
