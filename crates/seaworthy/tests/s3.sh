#!/usr/bin/env bash
# The system of an API image in full: its Dockerfile as it is, PostgreSQL beside it, every check of its verification
# script on the sandbox and on Docker, six mutants that must each fail one check, and the time against the script.
#
#   usage   s3.sh SEAWORTHY WORK       SEAWORTHY is the program, WORK a directory that may be kept for the next time
#   needs   docker with buildx and an engine (DOCKER_HOST), ../shared/standins, uv, CPython 3.12, mmdebstrap; root
#
# A part that lacks is one line `skipped: …`. Only the first time are the stand-in images made.
set -euo pipefail

seaworthy=$(realpath "${1:?usage: s3.sh SEAWORTHY WORK}")
work=$(mkdir -p "${2:?usage: s3.sh SEAWORTHY WORK}" && cd "$2" && pwd)
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
shared=${SEAWORTHY_SHARED:-$here/../../../../shared}
standins=$shared/standins

skip() { echo "skipped: $1"; exit 0; }
[ -d "$standins/s3-api-fixture" ] || skip "no stand-in images at $standins"
docker version >/dev/null 2>&1 || skip "no Docker Engine answers"
docker buildx version >/dev/null 2>&1 || skip "no docker buildx"
has() { docker image inspect "$1" >/dev/null 2>&1; }
if ! has standin/postgres:15 || ! has standin/uv:python3.12-bookworm-slim || [ ! -f "$work/api/uv.lock" ]; then
  command -v uv >/dev/null || skip "no uv"
  command -v mmdebstrap >/dev/null || has standin/debian:bookworm-slim || skip "no mmdebstrap"
fi

has standin/debian:bookworm-slim || "$standins/build.sh" debian
has standin/postgres:15 || "$standins/build.sh" postgres
has standin/python:3.12-slim || "$standins/build.sh" python 3.12
has standin/uv:python3.12-bookworm-slim || "$standins/build.sh" uv
if [ ! -f "$work/api/uv.lock" ]; then
  rm -rf "$work/api"
  cp -r "$standins/s3-api-fixture" "$work/api"
  chmod -R u+w "$work/api"
  UV_PYTHON_DOWNLOADS=never UV_PYTHON="$("$standins/make-python.sh" 3.12)/bin/python3.12" uv lock -q --project "$work/api"
fi

bases=(
  --build-context python:3.12-slim=docker-image://standin/python:3.12-slim
  --build-context ghcr.io/astral-sh/uv:python3.12-bookworm-slim=docker-image://standin/uv:python3.12-bookworm-slim
)

cat >"$work/api/seaworthy.toml" <<'POLICY'
profile = "prod-api"

[[image]]
name = "reactbin-api-prod"
dockerfile = "Dockerfile.prod"

[image.bases]
"python:3.12-slim" = "docker-image://standin/python:3.12-slim"
"ghcr.io/astral-sh/uv:python3.12-bookworm-slim" = "docker-image://standin/uv:python3.12-bookworm-slim"
"postgres:16-alpine" = "docker-image://standin/postgres:15"

[image.test]
ready = "GET :8000/api/v1/health"
required = [
  "JWT_SECRET_KEY", "OWNER_USERNAME", "OWNER_PASSWORD", "DATABASE_URL",
  "S3_ENDPOINT_URL", "S3_BUCKET_NAME", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY",
]

[image.test.services.postgres]
image = "postgres:16-alpine"
env = { POSTGRES_DB = "reactbin_verify", POSTGRES_USER = "verify", POSTGRES_PASSWORD = { generate = true } }
ready = "pg_isready -U verify"

[image.test.env]
JWT_SECRET_KEY = { generate = true }
OWNER_USERNAME = "testowner"
OWNER_PASSWORD = { generate = true }
DATABASE_URL = "postgresql+asyncpg://verify:${services.postgres.env.POSTGRES_PASSWORD}@${services.postgres.host}:${services.postgres.port}/reactbin_verify"
S3_ENDPOINT_URL = "http://noop:9000"
S3_BUCKET_NAME = "noop"
S3_ACCESS_KEY_ID = "noop"
S3_SECRET_ACCESS_KEY = "noop"
S3_REGION = "us-east-1"

[image.test.drain]
request = "GET /api/v1/slow?s=1"

[[image.test.http]]
request = "GET /api/v1/health"
json = { status = "ok" }
POLICY

build() { docker build -q "${bases[@]}" -f "$1/Dockerfile.prod" "$1" -t "$2" >/dev/null; }
build "$work/api" s3-verify:good

failures=0
wrong() { echo "WRONG: $1"; failures=$((failures + 1)); }
verdict() { # verdict PROJECT IMAGE ENGINE: the lines of the script
  "$seaworthy" test "docker-daemon:$2" --project "$1" --engine "$3" 2>/dev/null | grep -A1 '^FAIL\|^\[verify\]' || true
}

# Every check holds, and both engines say the same.
for engine in sandbox docker; do
  begun=$(date +%s%N)
  verdict "$work/api" s3-verify:good "$engine" >"$work/$engine.txt"
  echo "$engine: $((($(date +%s%N) - begun) / 1000000)) ms: $(tail -n 1 "$work/$engine.txt")"
  [ "$(tail -n 1 "$work/$engine.txt")" = "[verify] All checks passed (US1 + US2 + US3)." ] || { wrong "$engine"; cat "$work/$engine.txt"; }
done
same() { sed 's/ ([^)]*[0-9] m\{0,1\}s[^)]*)//; s/[0-9.][0-9.]* m\{0,1\}s//g' "$1"; }
diff <(same "$work/sandbox.txt") <(same "$work/docker.txt") || wrong "the engines differ"

# Each mutant fails the one check that is its own.
mutant() { # mutant NAME CHECK: the edit comes from standard input, as sed's
  rm -rf "$work/$1"
  cp -r "$work/api" "$work/$1"
  (cd "$work/$1" && eval "$3")
  build "$work/$1" "s3-verify:$1"
  local said
  said=$(verdict "$work/$1" "s3-verify:$1" sandbox)
  if [ "$(grep -c '^FAIL: ' <<<"$said")" = 1 ] && grep -q "^FAIL: $2: " <<<"$said"; then
    echo "mutant $1: $(grep '^FAIL: ' <<<"$said" | cut -c 1-150)"
  else
    wrong "mutant $1: expected \`$2\` to fail alone"; echo "$said"
  fi
  docker rmi -f "s3-verify:$1" >/dev/null
}
# shellcheck disable=SC2016  # the edits are the mutants' own words
{
  mutant copy-first 'Dep layer cache hit' 'sed -i "s/^COPY pyproject.toml uv.lock .*/COPY . ./; 0,/^COPY app/{/^COPY app/d}" Dockerfile.prod'
  mutant with-dev 'Dev deps absent' 'sed -i "s/--no-dev //" Dockerfile.prod'
  mutant as-root 'Non-root user' 'sed -i "/^USER appuser/d" Dockerfile.prod'
  mutant shell-form 'Graceful shutdown' 'sed -i "s/^CMD .*/CMD uvicorn app.main:app --host 0.0.0.0 --port 8000; exit \$?/" Dockerfile.prod'
  mutant hidden-secret 'No secrets in image layers' 'printf "AWS_ACCESS_KEY_ID=AKIA%s\nAWS_SECRET_ACCESS_KEY=%s\n" Z7QW3ERTY5UIOP2L wJalrXUtnFEMI7K9MDENGbPxRfiCYzQ4vTn8s2Lu >deploy.env; sed -i "s/^USER appuser/COPY deploy.env \/etc\/deploy.env\nRUN rm \/etc\/deploy.env\nUSER appuser/" Dockerfile.prod'
  mutant with-default 'Missing-env-var exit check' 'sed -i "s/^    owner_username: str$/    owner_username: str = \"admin\"/" app/settings.py'
}

# The script itself, from its start of the database to its last check of the running image; its builds are left out.
begun=$(date +%s%N)
pg=$(docker run -d -e POSTGRES_DB=reactbin_verify -e POSTGRES_USER=verify -e POSTGRES_PASSWORD=verify standin/postgres:15)
for _ in $(seq 1 30); do docker exec "$pg" pg_isready -h 127.0.0.1 -U verify >/dev/null 2>&1 && break; sleep 1; done
ip=$(docker inspect -f '{{range.NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$pg")
app=$(docker run -d -p 127.0.0.1:18000:8000 -e JWT_SECRET_KEY=verify-key -e OWNER_USERNAME=testowner -e OWNER_PASSWORD=testpassword \
  -e DATABASE_URL="postgresql+asyncpg://verify:verify@$ip:5432/reactbin_verify" -e S3_ENDPOINT_URL=http://noop:9000 \
  -e S3_BUCKET_NAME=noop -e S3_ACCESS_KEY_ID=noop -e S3_SECRET_ACCESS_KEY=noop -e S3_REGION=us-east-1 s3-verify:good)
trap 'docker rm -fv "$pg" "$app" >/dev/null 2>&1 || true' EXIT
for _ in $(seq 1 30); do curl -sf http://127.0.0.1:18000/api/v1/health >/dev/null && break; sleep 1; done
docker exec "$app" id -u >/dev/null
docker logs "$app" 2>&1 | grep -c 'Application startup complete' >/dev/null
docker stop "$app" >/dev/null
[ "$(docker wait "$app")" = 0 ] || wrong "the script's own stop"
! docker run --rm s3-verify:good /app/.venv/bin/python -c 'import pytest' 2>/dev/null || wrong "the script's own import"
docker history --no-trunc s3-verify:good 2>&1 | grep -ciE '(password|secret_key|api_key|token)' >/dev/null || true
! docker run --rm -e JWT_SECRET_KEY=verify-key s3-verify:good >/dev/null 2>&1 || wrong "the script's own missing variable"
docker rm -fv "$pg" "$app" >/dev/null
echo "script: $((($(date +%s%N) - begun) / 1000000)) ms without its two builds, one missing variable"

for engine in sandbox docker; do
  begun=$(date +%s%N)
  "$seaworthy" test docker-daemon:s3-verify:good --project "$work/api" --profile default --engine "$engine" >/dev/null 2>&1 || wrong "$engine: the trial"
  echo "$engine: $((($(date +%s%N) - begun) / 1000000)) ms without builds, eight missing variables and a boot on a writable root"
done
docker rmi -f s3-verify:good >/dev/null
[ "$failures" = 0 ] || { echo "$failures wrong"; exit 1; }
echo "the system holds: all checks on both engines, and six mutants found"
