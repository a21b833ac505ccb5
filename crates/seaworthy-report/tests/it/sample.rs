//! A realistic report, its sources and its image, shared by the tests and the example.

#![expect(clippy::unwrap_used, reason = "a sample is made for tests, which fail by panicking")]
#![expect(clippy::assigning_clones, reason = "a sample reads better plain")]

use seaworthy_facts::{
    Boot, BuildFacts, BuildStep, Drain, Exit, ImageFacts, LayerFact, Observed, PackageFact, ReadyFacts,
    ReleaseFacts, RunFacts, SignatureFact, StopFacts, TagFact, Waste, WasteCause,
};
use seaworthy_finding::{
    Applicability, Category, Check, CheckStatus, Confidence, Edit, Evidence, EvidenceKind, Finding,
    FindingStatus, Fix, Level, LineIndex, Location, Report, Severity, Span, StageReport, StageStatus,
};
use std::collections::BTreeMap;

pub(crate) const DOCKERFILE: &str = "FROM debian:bookworm-slim\n\
    RUN apt-get update && apt-get install -y ca-certificates curl\n\
    WORKDIR app\n\
    COPY target/release/password-api /app/password-api\n\
    ENV SECRET_KEY=abc123-not-a-real-one\n\
    EXPOSE 8080\n\
    CMD /app/password-api --listen 0.0.0.0:8080\n";

pub(crate) fn source(path: &str) -> Option<String> {
    (path == "Dockerfile").then(|| DOCKERFILE.to_owned())
}

/// The place of the first `needle` in the Dockerfile.
pub(crate) fn at(needle: &str) -> (Location, Span) {
    let start = DOCKERFILE.find(needle).unwrap();
    let span = Span::new(start, start + needle.len());
    let index = LineIndex::new(DOCKERFILE);
    let (line, column) = index.line_col(DOCKERFILE, span.start);
    let (end_line, end_column) = index.line_col(DOCKERFILE, span.end);
    (Location::File { path: "Dockerfile".to_owned(), span, line, column, end_line, end_column }, span)
}

pub(crate) fn finding(rule: &str, severity: Severity, message: &str, location: Location) -> Finding {
    Finding {
        rule: rule.to_owned(),
        title: message.to_owned(),
        severity,
        confidence: Confidence::High,
        status: FindingStatus::Open,
        message: message.to_owned(),
        why: String::new(),
        help: String::new(),
        location,
        evidence: Vec::new(),
        fix: None,
        aliases: Vec::new(),
        reason: None,
    }
}

pub(crate) fn check(rule: &str, title: &str, status: CheckStatus, category: Category, weight: u32) -> Check {
    Check {
        rule: rule.to_owned(),
        title: title.to_owned(),
        status,
        reason: String::new(),
        ms: 0,
        category,
        weight,
        gate: weight >= 10,
        level: if weight >= 7 { Level::Fail } else { Level::Warn },
        findings: usize::from(matches!(status, CheckStatus::Fail | CheckStatus::Warn)),
    }
}

fn fix(title: &str, applicability: Applicability, span: Span, text: &str) -> Fix {
    Fix {
        title: title.to_owned(),
        applicability,
        path: "Dockerfile".to_owned(),
        edits: vec![Edit { span, text: text.to_owned() }],
    }
}

fn proof(kind: EvidenceKind, text: &str) -> Evidence {
    Evidence { kind, text: text.to_owned() }
}

pub(crate) fn report() -> Report {
    use Category::{Runtime, Security, Size, SupplyChain, Truth};
    use CheckStatus::{Fail, NotApplicable, NotRun, Pass, Warn};
    let mut report = Report::new("ship", "examples/password-api", "2026-11-20T10:00:00Z".to_owned());
    for (name, status, summary, ms) in [
        ("check", StageStatus::Done, "Dockerfile, compose.yaml, README.md, 2 workflows: 3 findings", 41),
        (
            "build",
            StageStatus::Done,
            "linux/amd64, 6 layers, 46.1 MB compressed, 4 of 6 steps cached",
            12_340,
        ),
        ("inspect", StageStatus::Done, "1204 files, 91 packages, 1 secret", 380),
        ("test", StageStatus::Failed, "9 boots, 1 behaviour failed", 31_900),
        ("publish", StageStatus::NotRun, "the image is not fit", 0),
    ] {
        let (name, summary) = (name.to_owned(), summary.to_owned());
        report.stages.push(StageReport { name, status, summary, ms });
    }

    let (location, span) = at("SECRET_KEY=abc123-not-a-real-one");
    let mut secret =
        finding("secret-in-env", Severity::Critical, "`SECRET_KEY` is baked into the image", location);
    secret.title = "readable with `docker history` by anyone who can pull".to_owned();
    secret.why = "Environment values are stored in the configuration of the image and stay readable in every copy of it".to_owned();
    secret.help =
        "Pass it when the container starts, as a mounted file or a variable of the orchestrator".to_owned();
    secret.aliases = vec!["DL3064".to_owned(), "SecretsUsedInArgOrEnv".to_owned(), "CIS-DI-0010".to_owned()];
    secret.evidence =
        vec![proof(EvidenceKind::Command, "docker image inspect --format '{{.Config.Env}}' app:dev")];
    let line = Span::new(span.start - "ENV ".len(), span.end + 1);
    secret.fix = Some(fix("remove the variable from the image", Applicability::Unsafe, line, ""));
    report.findings.push(secret);

    let (location, span) = at("/app/password-api --listen 0.0.0.0:8080");
    let mut stop = finding(
        "unhandled-stop-signal",
        Severity::High,
        "SIGTERM was ignored: the container was killed after its grace of 10.0 s",
        location,
    );
    stop.title = "a shell is PID 1 and forwards no signal".to_owned();
    stop.why = "Every deployment waits for the whole grace period and cuts requests under way".to_owned();
    stop.help = "Write the command as a list, so that the service itself is PID 1".to_owned();
    stop.evidence = vec![
        proof(
            EvidenceKind::Observation,
            "PID 1 is `/bin/sh -c /app/password-api --listen 0.0.0.0:8080`; its caught-signal mask lacks SIGTERM",
        ),
        proof(
            EvidenceKind::Excerpt,
            "10:00:31 listening on 0.0.0.0:8080\n10:00:33 GET /healthz 200\n10:00:33 killed",
        ),
        proof(EvidenceKind::Command, "docker stop --time 10 $(docker run -d app:dev)"),
    ];
    stop.aliases = vec!["DL3025".to_owned(), "JSONArgsRecommended".to_owned()];
    stop.fix = Some(fix(
        "use the exec form",
        Applicability::Safe,
        span,
        r#"["/app/password-api", "--listen", "0.0.0.0:8080"]"#,
    ));
    report.findings.push(stop);

    let (location, span) = at("app\nCOPY");
    let span = Span::new(span.start, span.start + 3);
    let location = match location {
        Location::File { path, line, column, .. } => {
            Location::File { path, span, line, column, end_line: line, end_column: column + 3 }
        }
        other => other,
    };
    let mut workdir = finding(
        "relative-workdir",
        Severity::Low,
        "`WORKDIR app` is relative to the base image's directory",
        location,
    );
    workdir.help = "Name the directory from the root".to_owned();
    workdir.aliases = vec!["DL3000".to_owned(), "WorkdirRelativePath".to_owned()];
    workdir.fix = Some(fix("make it absolute", Applicability::Safe, span, "/app"));
    report.findings.push(workdir);

    let mut cache = finding(
        "package-cache-in-layer",
        Severity::Medium,
        "19.2 MB of package lists are shipped in layer 2",
        Location::Layer {
            layer: "sha256:2222222222222222222222222222222222222222222222222222222222222222".to_owned(),
            path: "/var/lib/apt/lists".to_owned(),
        },
    );
    cache.why = "Nothing reads them at run time; every pull pays for them".to_owned();
    cache.help = "Remove them in the same `RUN`, or mount a cache there".to_owned();
    report.findings.push(cache);

    let mut user = finding(
        "root-user",
        Severity::High,
        "the image runs as root: no `USER`, and `config.User` is empty",
        Location::Config { field: "config.User".to_owned() },
    );
    user.status = FindingStatus::Waived;
    user.reason = Some("needs to bind port 80 until the load balancer moves".to_owned());
    report.findings.push(user);
    let mut hidden =
        finding("unsorted-packages", Severity::Info, "packages are not sorted", at("ca-certificates curl").0);
    hidden.status = FindingStatus::Hidden;
    report.findings.push(hidden);

    let mut add = |rule: &str, title: &str, status, category, weight, reason: &str, ms| {
        let mut one = check(rule, title, status, category, weight);
        one.reason = reason.to_owned();
        one.ms = ms;
        report.checks.push(one);
    };
    add("secret-in-env", "A secret is baked into the image by `ENV`", Fail, Security, 10, "", 0);
    add("unhandled-stop-signal", "The stop signal is ignored", Fail, Runtime, 10, "", 10_012);
    add("relative-workdir", "`WORKDIR` is relative", Warn, Truth, 1, "", 0);
    add("package-cache-in-layer", "A package manager's cache is shipped", Warn, Size, 3, "", 0);
    add("root-user", "The image does not run as root", Pass, Security, 7, "", 0);
    add("boots", "The service becomes ready", Pass, Runtime, 10, "GET :8080/healthz 200 after 3 tries", 1400);
    add(
        "refuses-without-database-url",
        "It refuses to start without `DATABASE_URL`",
        Pass,
        Runtime,
        7,
        "exit 1, the log names the variable",
        212,
    );
    add(
        "read-only-root",
        "It runs on a read-only root",
        NotRun,
        Runtime,
        7,
        "no user namespaces here (`seaworthy doctor`)",
        0,
    );
    add("unsigned-image", "The image is signed", NotRun, SupplyChain, 10, "nothing was published", 0);
    add("unpinned-base", "Base images are pinned by digest", Pass, SupplyChain, 7, "", 0);
    add(
        "readme-port",
        "The README's port is the one that listens",
        Pass,
        Truth,
        3,
        "8080, README.md line 12",
        0,
    );
    add("readme-size", "The README's size is true", Pass, Truth, 3, "says < 50 MB, is 46.1 MB compressed", 0);
    add("cached-rebuild", "A rebuild uses the cache", Pass, Size, 3, "4 of 6 steps", 0);
    add("setuid-files", "No file is setuid root", Pass, Security, 3, "", 0);
    add(
        "compose-privileged",
        "No compose service is privileged",
        NotApplicable,
        Security,
        10,
        "no compose file",
        0,
    );
    add("gpu-variant", "Variants differ only where they say so", NotApplicable, Truth, 1, "one variant", 0);
    report.decide();
    report.facts.insert("image".to_owned(), serde_json::to_value(image()).unwrap());
    report.facts.insert("release".to_owned(), serde_json::to_value(release()).unwrap());
    report.facts.insert("build".to_owned(), serde_json::to_value(build()).unwrap());
    report.facts.insert("run".to_owned(), serde_json::to_value(run()).unwrap());
    report
}

pub(crate) fn run() -> RunFacts {
    RunFacts {
        engine: "sandbox 0.1".to_owned(),
        reduced_fidelity: vec!["no memory limit: cgroups are read-only here".to_owned()],
        hardening: vec![
            "read-only root".to_owned(),
            "no capabilities".to_owned(),
            "no new privileges".to_owned(),
        ],
        ready: Observed::Seen(ReadyFacts {
            boot: Boot { ready: true, ms: 1400, ..Boot::default() },
            probe: "GET :8080/healthz".to_owned(),
            probe_source: "EXPOSE".to_owned(),
            attempts: 3,
            last_answer: "200".to_owned(),
        }),
        stop: Observed::Seen(StopFacts {
            signal: "SIGTERM".to_owned(),
            exit: Exit { signal: Some(9), ..Exit::default() },
            ms: 10_012,
            grace_ms: 10_000,
            early: false,
            forced: true,
            handler: Some(false),
            pid1: "/bin/sh -c /app/password-api --listen 0.0.0.0:8080".to_owned(),
            diagnosis: vec!["a shell is PID 1 and forwards no signal".to_owned()],
        }),
        drain: Observed::Seen(Drain {
            request: "POST /v1/passwords".to_owned(),
            status: None,
            error: Some("connection reset".to_owned()),
            ms: 10_010,
        }),
        read_only: Observed::NotRun("no user namespaces here".to_owned()),
        missing: Observed::NotApplicable("the README's table requires none".to_owned()),
        memory_peak: Some(18_400_000),
        ms: 31_900,
        ..RunFacts::default()
    }
}

fn build() -> BuildFacts {
    let step = |name: &str, cached, ms| BuildStep { name: name.to_owned(), cached, ms };
    BuildFacts {
        builder: "buildkit".to_owned(),
        image: "oci:target/seaworthy/password-api:dev".to_owned(),
        digest: image().digest,
        steps: vec![
            step("FROM debian:bookworm-slim", true, 0),
            step("RUN apt-get update && apt-get install -y ca-certificates curl", false, 11_800),
        ],
        source_date_epoch: Some(1_763_632_800),
        epoch_source: "git commit".to_owned(),
        notes: vec!["the work tree has changes that are not committed".to_owned()],
        ms: 12_340,
        ..BuildFacts::default()
    }
}

fn release() -> ReleaseFacts {
    ReleaseFacts {
        destination: "ghcr.io/acme/password-api".to_owned(),
        tested: image().digest,
        read_back: Some(image().digest),
        tags: vec![TagFact { tag: "1.4.0".to_owned(), digest: Some(image().digest) }],
        signatures: vec![SignatureFact {
            subject: image().digest,
            key: "3f9a".to_owned(),
            verified: true,
            error: None,
        }],
        sbom_matches: Some(true),
        bytes_sent: 46_100_093,
        ..ReleaseFacts::default()
    }
}

pub(crate) fn image() -> ImageFacts {
    let layer = |n: u64, compressed: u64, unpacked: u64, created_by: &str, wasted| LayerFact {
        digest: format!("sha256:{}", n.to_string().repeat(64)),
        diff_id: format!("sha256:{}", (n + 3).to_string().repeat(64)),
        media_type: "application/vnd.oci.image.layer.v1.tar+gzip".to_owned(),
        compressed,
        unpacked,
        content: unpacked,
        entries: 10 * n,
        created_by: created_by.to_owned(),
        wasted,
    };
    let package =
        |kind: &str, name: &str, version: &str, license: Option<&str>, depends: &[&str], root| PackageFact {
            kind: kind.to_owned(),
            name: name.to_owned(),
            version: version.to_owned(),
            purl: format!(
                "pkg:{kind}/{}{name}@{}",
                if kind == "deb" { "debian/" } else { "" },
                version.replace('+', "%2B")
            ),
            license: license.map(str::to_owned),
            evidence: if kind == "deb" { "/var/lib/dpkg/status" } else { "/app/password-api" }.to_owned(),
            layer: 0,
            depends: depends.iter().map(|text| (*text).to_owned()).collect(),
            root,
            ..PackageFact::default()
        };
    let mut labels = BTreeMap::new();
    labels.insert("org.opencontainers.image.licenses".to_owned(), "Apache-2.0 OR MIT".to_owned());
    let config = seaworthy_oci::ImageConfig {
        architecture: "amd64".to_owned(),
        os: "linux".to_owned(),
        config: seaworthy_oci::ContainerConfig {
            cmd: vec![
                "/bin/sh".to_owned(),
                "-c".to_owned(),
                "/app/password-api --listen 0.0.0.0:8080".to_owned(),
            ],
            working_dir: "/app".to_owned(),
            labels,
            ..Default::default()
        },
        ..Default::default()
    };
    ImageFacts {
        distribution: None,
        source: "oci:target/seaworthy/password-api:dev".to_owned(),
        digest: "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
        media_type: "application/vnd.oci.image.manifest.v1+json".to_owned(),
        config_digest: format!("sha256:{}", "c".repeat(64)),
        platform: seaworthy_oci::Platform::parse("linux/amd64").unwrap(),
        config,
        annotations: BTreeMap::new(),
        layers: vec![
            layer(1, 28_200_000, 74_800_000, "/bin/sh -c #(nop) ADD file:5d673d25da3a14ce in /", 0),
            layer(
                2,
                14_100_000,
                41_300_000,
                "RUN apt-get update && apt-get install -y ca-certificates curl",
                19_200_000,
            ),
            layer(3, 93, 1024, "WORKDIR /app", 0),
            layer(4, 3_800_000, 9_100_000, "COPY target/release/password-api /app/password-api", 0),
        ],
        compressed: 46_100_093,
        unpacked: 125_201_024,
        files: Vec::new(),
        waste: vec![Waste {
            path: "/var/lib/apt/lists/deb.debian.org_debian_dists_bookworm_main_binary-amd64_Packages"
                .to_owned(),
            bytes: 19_200_000,
            cause: WasteCause::PackageCache,
            layer: 1,
            hidden_by: None,
        }],
        scripts: Vec::new(),
        efficiency: 0.846,
        dive: seaworthy_facts::DiveFact::default(),
        base: None,
        map: Vec::new(),
        secrets: Vec::new(),
        upstream_secrets: Vec::new(),
        packages: vec![
            package(
                "cargo",
                "password-api",
                "0.3.0",
                Some("MIT/Apache-2.0"),
                &["tokio@1.47.1", "rand@0.9.2"],
                true,
            ),
            package("cargo", "tokio", "1.47.1", Some("MIT"), &["bytes@1.10.1"], false),
            package("cargo", "bytes", "1.10.1", Some("MIT"), &[], false),
            package("cargo", "rand", "0.9.2", Some("MIT OR Apache-2.0"), &[], false),
            package(
                "deb",
                "ca-certificates",
                "20230311+deb12u1",
                Some("GPL-2+ and MPL-2.0"),
                &["openssl@3.0.17-1~deb12u2"],
                false,
            ),
            package("deb", "openssl", "3.0.17-1~deb12u2", None, &[], false),
        ],
        binaries: Vec::new(),
        users: Vec::new(),
        groups: Vec::new(),
        problems: Vec::new(),
        ms: 380,
    }
}
