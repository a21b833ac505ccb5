//! The defects of the five source documents that can be seen without running anything, each in the words that have it.
//!
//! The numbers are those of the list of defects in the papers. What needs a build, a boot, a registry or the tags of an
//! event is not here; `originals/README.md` says of every number what finds it, or why nothing does.

#![allow(clippy::unwrap_used, clippy::format_push_string, reason = "a test that cannot go on has failed")]

use seaworthy_facts::Facts;
use seaworthy_finding::{Family, Finding, FindingStatus, Location, Persona, Policy};
use seaworthy_rules::{Options, evaluate};
use std::collections::{BTreeMap, BTreeSet};

/// One defect: its number, the repository, and each finding as rule (or another tool's name for it), file and line.
struct Case {
    number: &'static str,
    files: &'static [(&'static str, &'static str)],
    found: &'static [(&'static str, &'static str, usize)],
}

const COLLECTOR: &str = "# Galway\n\n```dockerfile\nFROM rust:1.75-slim as builder\nRUN cargo build --release\n\nFROM debian:bookworm-slim\nUSER agent-collector\n\n# Expose ports\nEXPOSE 8080  # HTTP API\nEXPOSE 9090  # Metrics\nENTRYPOINT [\"/usr/local/bin/agent-updates-collector\"]\n```\n";

const SCANNER: &str = "name: Build Security Scanner Image\non:\n  push:\n    branches: [main]\njobs:\n  build:\n    runs-on: ubuntu-latest\n    permissions:\n      contents: read\n      packages: write\n    steps:\n      - uses: docker/metadata-action@v5\n        id: meta\n        with:\n          images: ghcr.io/jpoley/jp-spec-kit-security\n          tags: |\n            type=semver,pattern={{version}}\n            type=sha,prefix={{branch}}-\n            type=raw,value=latest,enable={{is_default_branch}}\n      - uses: docker/build-push-action@v5\n        with:\n          push: true\n          tags: ${{ steps.meta.outputs.tags }}\n          platforms: linux/amd64,linux/arm64\n";

const CASES: &[Case] = &[
    Case {
        number: "0.2",
        files: &[(
            "docker-compose.private.yml",
            "services:\n  api:\n    image: ghcr.io/csysp/usnpw:latest\n    ports:\n      - \"127.0.0.1:8080:8080\"\n    networks: [private]\nnetworks:\n  private:\n    internal: true\n",
        )],
        found: &[("internal-network-with-ports", "docker-compose.private.yml", 5)],
    },
    Case {
        number: "0.3, 2.14",
        files: &[("Dockerfile", "FROM scratch\n"), (".dockerignore", ".git\n__pycache__/\n*.pyc\n.env\n")],
        found: &[
            ("root-only-pattern", ".dockerignore", 2),
            ("root-only-pattern", ".dockerignore", 3),
            ("root-only-pattern", ".dockerignore", 4),
        ],
    },
    Case {
        number: "0.3, with a file that slips through",
        files: &[
            ("Dockerfile", "FROM scratch\n"),
            (".dockerignore", "__pycache__/\n"),
            ("usnpw/__pycache__/a.pyc", ""),
        ],
        found: &[("depth-trap", ".dockerignore", 1)],
    },
    Case {
        number: "0.5",
        files: &[(
            "Dockerfile",
            "FROM python:3.13.1-slim-bookworm\nWORKDIR /app\nUSER usnpw:usnpw\nEXPOSE 8080\nENTRYPOINT [\"python\", \"scripts/usnpw_api.py\"]\n",
        )],
        found: &[("missing-healthcheck", "Dockerfile", 1)],
    },
    Case {
        number: "1.10",
        files: &[
            (
                "src/agent-updates-collector/Dockerfile",
                "FROM debian:bookworm-slim\nRUN useradd -m -u 1000 agent-collector\nWORKDIR /app\nCOPY --from=builder /build/target/release/agent-updates-collector /usr/local/bin/\nCOPY config/ /app/config/\nRUN chown -R agent-collector:agent-collector /app\nUSER agent-collector\n",
            ),
            (
                "docker-compose.yml",
                "services:\n  agent-collector:\n    build:\n      context: src/agent-updates-collector\n      dockerfile: Dockerfile\n    volumes:\n      - agent-data:/app/data\n\nvolumes:\n  agent-data:\n",
            ),
        ],
        found: &[("unwritable-volume", "docker-compose.yml", 7)],
    },
    Case {
        number: "4.6, 4.22",
        files: &[(
            ".github/workflows/release-docker.yml",
            "on: push\njobs:\n  scan:\n    runs-on: ubuntu-latest\n    steps:\n      - run: |\n          trivy image --format sarif --output trivy-results.sarif \"$IMAGE\" || echo \"scan failed\"\n          trivy fs . || echo \"scan failed\"\n          syft \"$IMAGE\" -o spdx-json > sbom.spdx.json || echo \"no SBOM\"\n          docker run --rm \"$IMAGE\" --help || echo \"no help\"\n",
        )],
        found: &[
            ("masked-check", ".github/workflows/release-docker.yml", 7),
            ("masked-check", ".github/workflows/release-docker.yml", 8),
            ("masked-check", ".github/workflows/release-docker.yml", 9),
            ("masked-check", ".github/workflows/release-docker.yml", 10),
        ],
    },
    Case {
        number: "1.7",
        files: &[
            (
                "docker/Dockerfile.security-scanner",
                "FROM python:3.11-slim\nCOPY scripts/security/scan-all.sh /usr/local/bin/\nUSER scanner\nENTRYPOINT [\"/usr/local/bin/scan-all.sh\"]\n",
            ),
            (
                "scripts/security/scan-all.sh",
                "#!/bin/bash\nset -euo pipefail\nsemgrep --config=auto --sarif --output results/semgrep.sarif \"$SCAN_PATH\" || true\nbandit -r \"$SCAN_PATH\" -f json -o results/bandit.json || true\n",
            ),
        ],
        found: &[
            ("masked-check", "scripts/security/scan-all.sh", 3),
            ("masked-check", "scripts/security/scan-all.sh", 4),
        ],
    },
    Case {
        number: "1.20, 1.21, 1.24, in the document",
        files: &[(
            "docs/platform/galway-docker-specs.md",
            "# Galway\n\n```yaml\n# .github/workflows/build-security-scanner.yml\nname: Build Security Scanner Image\n\non:\n  push:\n    branches: [main]\n\njobs:\n  build:\n    runs-on: ubuntu-latest\n    permissions:\n      contents: read\n      packages: write\n\n    steps:\n      - name: Extract metadata\n        id: meta\n        uses: docker/metadata-action@v5\n        with:\n          images: ghcr.io/jpoley/jp-spec-kit-security\n          tags: |\n            type=semver,pattern={{version}}\n            type=sha,prefix={{branch}}-\n            type=raw,value=latest,enable={{is_default_branch}}\n\n      - name: Build and push\n        uses: docker/build-push-action@v5\n        with:\n          push: true\n          tags: ${{ steps.meta.outputs.tags }}\n```\n\n```yaml\n# .github/workflows/container-security.yml\n- name: Scan image with Trivy\n  uses: aquasecurity/trivy-action@master\n  with:\n    image-ref: ghcr.io/jpoley/jp-spec-kit-security:${{ github.sha }}\n    format: 'sarif'\n    output: 'trivy-results.sarif'\n\n- name: Upload Trivy results\n  uses: github/codeql-action/upload-sarif@v3\n  with:\n    sarif_file: 'trivy-results.sarif'\n```\n\n```yaml\n- name: Scan and fail on vulnerabilities\n  run: |\n    trivy image \\\n      --severity HIGH,CRITICAL \\\n      --exit-code 1 \\\n      ghcr.io/jpoley/jp-spec-kit-security:${{ github.sha }}\n```\n\n```yaml\n- name: Sign image with Cosign\n  env:\n    COSIGN_PASSWORD: ${{ secrets.COSIGN_PASSWORD }}\n  run: |\n    cosign sign --key cosign.key \\\n      ghcr.io/jpoley/jp-spec-kit-security@${{ steps.push.outputs.digest }}\n```\n",
        )],
        found: &[
            ("unpublished-scan-target", "docs/platform/galway-docker-specs.md", 41),
            ("unpublished-scan-target", "docs/platform/galway-docker-specs.md", 57),
            ("incomplete-example", "docs/platform/galway-docker-specs.md", 66),
            ("incomplete-example", "docs/platform/galway-docker-specs.md", 46),
        ],
    },
    Case {
        number: "4.5, 4.19, in the document",
        files: &[(
            "docs/cross-registry-todos/task-02-docker-packages.md",
            "# Task 02\n\n```yaml\n- name: Run vulnerability scanning\n  run: |\n    trivy image --format sarif \\\n      --output trivy-results.sarif \\\n      ${{ inputs.registry }}/${{ inputs.image-name }}:latest\n```\n\n```yaml\n- name: Extract metadata\n  id: meta\n  uses: docker/metadata-action@v5\n  with:\n    images: ${{ inputs.registry }}/${{ inputs.image-name }}\n    tags: |\n      type=ref,event=branch\n      type=ref,event=pr\n      type=semver,pattern={{version}}\n      type=sha\n```\n\n```yaml\n- name: Install security tools\n  run: |\n    wget -qO - https://aquasecurity.github.io/trivy-repo/deb/public.key | sudo apt-key add -\n    sudo apt-get install trivy\n```\n",
        )],
        found: &[
            ("unpublished-scan-target", "docs/cross-registry-todos/task-02-docker-packages.md", 8),
            ("unchecked-download", "docs/cross-registry-todos/task-02-docker-packages.md", 27),
        ],
    },
    Case {
        number: "4.10, 4.19",
        files: &[(
            ".github/workflows/reusable-release.yml",
            "on: workflow_dispatch\njobs:\n  detect-languages:\n    runs-on: ubuntu-latest\n    outputs:\n      has-docker: ${{ steps.d.outputs.docker }}\n      has-go: ${{ steps.d.outputs.go }}\n    steps:\n      - id: d\n        run: ./detect.sh\n  build-go:\n    needs: [detect-languages]\n    if: needs.detect-languages.outputs.has-go == 'true'\n    runs-on: ubuntu-latest\n    steps:\n      - run: curl -sSfL https://raw.githubusercontent.com/anchore/syft/main/install.sh | sh -s -- -b /usr/local/bin\n  build-docker:\n    needs: [detect-languages, build-go]\n    if: |\n      needs.detect-languages.outputs.has-docker == 'true'\n    uses: ./.github/workflows/release-docker.yml\n",
        )],
        found: &[
            ("skipped-with-needs", ".github/workflows/reusable-release.yml", 19),
            ("unchecked-download", ".github/workflows/reusable-release.yml", 16),
        ],
    },
    Case {
        number: "3.5",
        files: &[(
            "Dockerfile.prod",
            "FROM python:3.12-slim\nUSER appuser\nCMD [\"uvicorn\", \"app.main:app\", \"--host\", \"0.0.0.0\", \"--port\", \"8000\", \"--timeout-graceful-shutdown\", \"30\"]\n",
        )],
        found: &[("short-stop-grace", "Dockerfile.prod", 3)],
    },
    Case {
        number: "0.6, 1.19",
        files: &[(
            "docker-compose.private.yml",
            "services:\n  api:\n    image: ghcr.io/csysp/usnpw:latest\n",
        )],
        found: &[("mutable-image-tag", "docker-compose.private.yml", 3)],
    },
    Case {
        number: "0.10",
        files: &[(
            "docs/SETUP.md",
            "# Set-up\n\n```bash\ndocker run --rm --read-only -p 8080:8080 usnpw-api:local\n```\n",
        )],
        found: &[("unbound-publish", "docs/SETUP.md", 4)],
    },
    Case {
        number: "0.14, 4.20",
        files: &[(
            ".github/workflows/ci.yml",
            "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: docker/build-push-action@v6\n",
        )],
        found: &[("zizmor/unpinned-uses", ".github/workflows/ci.yml", 6)],
    },
    Case {
        number: "1.1",
        files: &[("docs/galway-docker-specs.md", COLLECTOR)],
        found: &[
            ("x/inline-comment", "docs/galway-docker-specs.md", 11),
            ("x/inline-comment", "docs/galway-docker-specs.md", 12),
            ("FromAsCasing", "docs/galway-docker-specs.md", 4),
        ],
    },
    Case {
        number: "1.1, as a file",
        files: &[(
            "Dockerfile",
            "FROM debian:bookworm-slim\nEXPOSE 8080  # HTTP API\nEXPOSE 9090  # Metrics\n",
        )],
        found: &[("x/inline-comment", "Dockerfile", 2), ("x/inline-comment", "Dockerfile", 3)],
    },
    Case {
        number: "1.2",
        files: &[(
            "docs/galway-docker-specs.md",
            "**Bad**:\n```dockerfile\nFROM python:3.11-slim\nCOPY . /app/  # Everything in one layer - no caching!\nRUN apt-get update\n```\n",
        )],
        found: &[("x/inline-comment", "docs/galway-docker-specs.md", 4)],
    },
    Case {
        number: "1.13, 1.14, 1.25, 1.26",
        files: &[(
            "Dockerfile",
            "FROM ubuntu:22.04\nRUN apt-get update && apt-get install -y curl jq\nRUN curl -LsSf https://astral.sh/uv/install.sh | sh\nRUN pip install --no-cache-dir ruff pytest\nWORKDIR /workspace\n",
        )],
        found: &[
            ("x/pipe-to-shell", "Dockerfile", 3),
            ("root-user", "Dockerfile", 1),
            ("unpinned-base-digest", "Dockerfile", 1),
            ("DL3008", "Dockerfile", 2),
            ("DL3013", "Dockerfile", 4),
        ],
    },
    Case {
        number: "1.13, in the document",
        files: &[(
            "docs/galway-docker-specs.md",
            "```dockerfile\nFROM ubuntu:22.04\nRUN curl -LsSf https://astral.sh/uv/install.sh | sh\n```\n",
        )],
        found: &[("x/pipe-to-shell", "docs/galway-docker-specs.md", 3)],
    },
    Case {
        number: "1.15, 1.16",
        files: &[
            (".github/workflows/build-security-scanner.yml", SCANNER),
            (
                "docs/galway-docker-specs.md",
                "# Tags\n\n```bash\ndocker run --rm ghcr.io/jpoley/jp-spec-kit-security:0.0.250\n```\n\n- `jp-spec-kit-security:0.0` - Latest patch\n- `jp-spec-kit-security:0` - Latest minor\n- `jp-spec-kit-security:latest` - Bleeding edge\n\n```\njp-spec-kit-security:feature-new-scanner  # Branch name\n```\n\n```\njp-spec-kit-security:main-abc1234  # Branch + short SHA\n```\n",
            ),
        ],
        found: &[
            ("unpublished-tag", "docs/galway-docker-specs.md", 4),
            ("unpublished-tag", "docs/galway-docker-specs.md", 7),
            ("unpublished-tag", "docs/galway-docker-specs.md", 8),
            ("unpublished-tag", "docs/galway-docker-specs.md", 12),
        ],
    },
    Case {
        number: "1.18, 4.1",
        files: &[(
            ".github/workflows/release-docker.yml",
            "on:\n  push:\n    branches: [main]\n    tags: ['v*']\n  pull_request:\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: docker/metadata-action@v5\n        id: meta\n        with:\n          images: ghcr.io/acme/app\n          tags: |\n            type=ref,event=branch\n            type=sha,prefix={{branch}}-\n      - uses: docker/build-push-action@v6\n        with:\n          push: true\n          tags: ${{ steps.meta.outputs.tags }}\n",
        )],
        found: &[("x/invalid-tag", ".github/workflows/release-docker.yml", 16)],
    },
    Case {
        number: "4.1, in the document",
        files: &[(
            "docs/task-02-docker-packages.md",
            "**Expected**: Comprehensive tagging strategy:\n\n```yaml\n- name: Extract metadata\n  id: meta\n  uses: docker/metadata-action@v5\n  with:\n    images: ${{ inputs.registry }}/${{ inputs.image-name }}\n    tags: |\n      type=ref,event=branch\n      type=sha\n      type=sha,prefix={{branch}}-\n```\n",
        )],
        found: &[("x/invalid-tag", "docs/task-02-docker-packages.md", 12)],
    },
    Case {
        number: "1.23",
        files: &[(
            "docs/galway-docker-specs.md",
            "```yaml\n# .github/workflows/container-security.yml\n- name: Scan image with Trivy\n  uses: aquasecurity/trivy-action@master\n  with:\n    format: 'sarif'\n```\n",
        )],
        found: &[("zizmor/unpinned-uses", "docs/galway-docker-specs.md", 4)],
    },
    Case {
        number: "1.27",
        files: &[(
            "docs/galway-docker-specs.md",
            "**Example** (`docker-compose.yml`):\n```yaml\nversion: '3.8'\n\nservices:\n  agent-collector:\n    build: src\n    ports:\n      - \"8080:8080\"\n      - \"9090:9090\"\n```\n",
        )],
        found: &[
            ("obsolete-version-key", "docs/galway-docker-specs.md", 3),
            ("published-on-all-interfaces", "docs/galway-docker-specs.md", 9),
            ("published-on-all-interfaces", "docs/galway-docker-specs.md", 10),
        ],
    },
    Case {
        number: "2.2, 2.3",
        files: &[
            (
                "Dockerfile",
                "FROM python:3.11-slim\nUSER appuser\nHEALTHCHECK --start-period=180s CMD curl -f http://localhost:8000/ready || exit 1\n",
            ),
            (
                "docker-compose.yml",
                "services:\n  cpu:\n    build: .\n    healthcheck:\n      test: [\"CMD\", \"curl\", \"-f\", \"http://localhost:8000/health\"]\n",
            ),
        ],
        found: &[
            ("healthcheck-shadowed", "docker-compose.yml", 5),
            ("healthcheck-tool-missing", "Dockerfile", 3),
        ],
    },
    Case {
        number: "3.10",
        files: &[(
            "Dockerfile.prod",
            "FROM python:3.12-slim\nRUN apt-get update && apt-get install -y curl\nUSER 1001\nHEALTHCHECK CMD curl -f http://localhost:8000/health\n",
        )],
        found: &[("DL3008", "Dockerfile.prod", 2), ("DL3025", "Dockerfile.prod", 4)],
    },
    Case {
        number: "4.7",
        files: &[(
            ".github/workflows/release-docker.yml",
            "on: push\npermissions:\n  contents: read\n  packages: write\n  attestations: write\njobs:\n  attest:\n    runs-on: ubuntu-latest\n    steps:\n      - name: Attest SBOM\n        uses: actions/attest-sbom@v3\n        with:\n          subject-name: ghcr.io/acme/app\n          subject-digest: sha256:abc\n          sbom-path: sbom.spdx.json\n",
        )],
        found: &[("x/missing-permission", ".github/workflows/release-docker.yml", 2)],
    },
    Case {
        number: "4.9",
        files: &[(
            ".github/workflows/release-docker.yml",
            "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    permissions:\n      packages: write\n    strategy:\n      matrix:\n        platform: [linux/amd64, linux/arm64]\n    steps:\n      - uses: docker/metadata-action@v5\n        id: meta\n        with:\n          images: ghcr.io/acme/app\n          tags: type=ref,event=branch\n      - uses: docker/build-push-action@v6\n        with:\n          platforms: ${{ matrix.platform }}\n          push: true\n          tags: ${{ steps.meta.outputs.tags }}\n",
        )],
        found: &[("x/matrix-overwrites-tag", ".github/workflows/release-docker.yml", 20)],
    },
    Case {
        number: "1.21",
        files: &[(
            ".github/workflows/sign.yml",
            "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n      - name: Build and push\n        uses: docker/build-push-action@v5\n        with:\n          push: true\n          tags: ghcr.io/jpoley/jp-spec-kit-security:main\n      - name: Sign image with Cosign\n        env:\n          COSIGN_PASSWORD: ${{ secrets.COSIGN_PASSWORD }}\n        run: |\n          cosign sign --key cosign.key \\\n            ghcr.io/jpoley/jp-spec-kit-security@${{ steps.push.outputs.digest }}\n",
        )],
        found: &[("invalid-expression", ".github/workflows/sign.yml", 16)],
    },
    Case {
        number: "1.24",
        files: &[(
            ".github/workflows/container-security.yml",
            "on:\n  push:\n    branches: [main]\njobs:\n  build:\n    runs-on: ubuntu-latest\n    permissions:\n      contents: read\n      packages: write\n    steps:\n      - name: Upload Trivy results\n        uses: github/codeql-action/upload-sarif@v3\n        with:\n          sarif_file: 'trivy-results.sarif'\n",
        )],
        found: &[("missing-token-permission", ".github/workflows/container-security.yml", 7)],
    },
    Case {
        number: "2.13",
        files: &[
            (
                "Dockerfile",
                "FROM python:3.11-slim\nLABEL org.opencontainers.image.version=\"1.0.0\"\nUSER appuser\n",
            ),
            ("pyproject.toml", "[project]\nname = \"facecraft\"\nversion = \"1.1.0\"\n"),
        ],
        found: &[("version-label-mismatch", "Dockerfile", 2)],
    },
    Case {
        number: "3.9",
        files: &[
            (
                "api/Dockerfile",
                "FROM python:3.12-slim\nCOPY alembic.ini ./\nCOPY alembic/ ./alembic/\nCOPY tests/ ./tests/\nUSER 1001\n",
            ),
            ("api/.dockerignore", "tests/\nalembic/\nalembic.ini\n"),
            ("api/alembic.ini", ""),
            ("api/alembic/env.py", ""),
            ("api/tests/test_a.py", ""),
        ],
        found: &[
            ("copy-ignored-path", "api/Dockerfile", 2),
            ("copy-ignored-path", "api/Dockerfile", 3),
            ("copy-ignored-path", "api/Dockerfile", 4),
        ],
    },
    Case {
        number: "4.8",
        files: &[(
            ".github/workflows/release-docker.yml",
            "on: push\npermissions:\n  contents: read\n  packages: write\n  security-events: write\n  attestations: write\njobs:\n  build-docker:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: docker/build-push-action@v6\n        with:\n          push: true\n          tags: ghcr.io/acme/app:main\n  security-scan:\n    needs: build-docker\n    runs-on: ubuntu-latest\n    steps:\n      - run: trivy fs .\n",
        )],
        found: &[("excessive-permissions", ".github/workflows/release-docker.yml", 4)],
    },
    Case {
        number: "4.11",
        files: &[(
            ".github/workflows/reusable-release.yml",
            "on: push\njobs:\n  detect-languages:\n    runs-on: ubuntu-latest\n    outputs:\n      has-docker: ${{ steps.detect.outputs.has-docker }}\n    steps:\n      - id: detect\n        run: echo has-docker=true >> \"$GITHUB_OUTPUT\"\n  build-docker:\n    name: Build Docker Images\n    needs: [detect-languages]\n    if: |\n      needs.detect-languages.outputs.docker-needed == 'true'\n    runs-on: ubuntu-latest\n    steps:\n      - run: docker build .\n",
        )],
        found: &[("invalid-expression", ".github/workflows/reusable-release.yml", 14)],
    },
    Case {
        number: "4.13",
        files: &[(
            "docs/task-02-docker-packages.md",
            "**Expected output:**\n\n```yaml\n- name: Generate SBOM\n  run: |\n    syft ${{ inputs.registry }}/${{ inputs.image-name }}:latest \\\n      -o spdx-json > sbom.spdx.json\n\n- name: Attest SBOM\n  uses: actions/attest-sbom@v3\n  with:\n    subject-digest: ${{ needs.build-docker.outputs.image-digest }}\n    sbom-path: sbom.spdx.json\n```\n",
        )],
        found: &[("attestation-without-name", "docs/task-02-docker-packages.md", 12)],
    },
    Case {
        number: "4.20, in the document",
        files: &[(
            "docs/task-02-docker-packages.md",
            "```yaml\n- name: Log in to Container Registry\n  uses: docker/login-action@v3\n  with:\n    registry: ${{ inputs.registry }}\n```\n",
        )],
        found: &[("zizmor/unpinned-uses", "docs/task-02-docker-packages.md", 3)],
    },
    Case {
        number: "4.16",
        files: &[(
            "docs/task-02-docker-packages.md",
            "### Image not updating\n\n**Cause**: Docker is using cached layers\n\n**Solution**: Pull with `--no-cache` flag or use specific tag instead of `latest`\n\n```sh\ndocker pull --no-cache ghcr.io/jdfalk/app:latest\n```\n",
        )],
        found: &[
            ("invalid-command", "docs/task-02-docker-packages.md", 5),
            ("invalid-command", "docs/task-02-docker-packages.md", 8),
        ],
    },
];

fn place(finding: &Finding) -> Option<(&str, usize)> {
    match &finding.location {
        Location::File { path, line, .. } => Some((path, *line)),
        _ => None,
    }
}

#[test]
fn the_defects_of_the_originals_are_found_where_they_stand() {
    let families = [Family::Dockerfile, Family::Ignore, Family::Compose, Family::Workflow, Family::Document];
    let opts = Options { persona: Persona::Auditor, preview: true, ..Options::default() };
    let mut missing = String::new();
    for case in CASES {
        let facts = Facts { project: Some(seaworthy_project::from_files(case.files)), ..Facts::default() };
        let outcome = evaluate(&facts, &Policy::default(), None, &families, &opts);
        let open: Vec<&Finding> =
            outcome.findings.iter().filter(|finding| finding.status == FindingStatus::Open).collect();
        for (name, path, line) in case.found {
            let named = |finding: &&&Finding| {
                finding.rule == *name || finding.aliases.iter().any(|alias| alias == name)
            };
            // Line 0: anywhere in the file.
            let there = open
                .iter()
                .filter(named)
                .filter_map(|finding| place(finding))
                .any(|(file, at)| file == *path && (*line == 0 || at == *line));
            if !there {
                missing.push_str(&format!("{}: {name} at {path}:{line}\n", case.number));
                for finding in open.iter().filter(named) {
                    missing.push_str(&format!("  but {:?}: {}\n", place(finding), finding.message));
                }
            }
        }
        // The right tags and lines raise nothing.
        let tags: Vec<usize> = open
            .iter()
            .filter(|finding| finding.rule == "unpublished-tag")
            .filter_map(|finding| place(finding).map(|(_, line)| line))
            .collect();
        assert!(!tags.contains(&9) && !tags.contains(&16), "{}: {tags:?}", case.number);
    }
    assert!(missing.is_empty(), "{missing}");
}

#[test]
fn the_table_and_the_cases_agree() {
    let table = include_str!("originals/README.md");
    let rows = table.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| ")?.split(" | ");
        let (number, by) = (cells.next()?, cells.next()?);
        number.contains('.').then_some((number, by))
    });
    let rows: BTreeMap<&str, &str> = rows.collect();
    assert_eq!(rows.len(), 94, "every defect has one row");
    let by_rule: BTreeSet<&str> =
        rows.iter().filter(|(_, by)| **by == "static").map(|(number, _)| *number).collect();
    let number = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit());
    let tested: BTreeSet<&str> =
        CASES.iter().flat_map(|case| case.number.split(", ")).filter(number).collect();
    assert_eq!(tested, by_rule);
}
