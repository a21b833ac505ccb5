#!/usr/bin/env bash
# Fuzzes every target, or those named, for so many seconds each: fuzz/run.sh SECONDS [TARGET…]
# Needs cargo-fuzz and a nightly toolchain. Begins with the seeds kept here, the examples of the rules' pages, and the
# labelled cases of SEAWORTHY_CORPUS, where that is set.
set -euo pipefail
cd "$(dirname "$0")"
seconds=${1:?"usage: fuzz/run.sh SECONDS [TARGET…]"}
shift
all=(dockerfile shell compose workflow pipeline readme ignore fixes osv_record osv_index vex scan_sbom packages sbom tape manifest index config archive layers)
targets=("${@:-${all[@]}}")

# The fenced blocks of a language in the rules' pages, one file each.
blocks() {
  awk -v lang="$1" -v to="$2" '
    FNR == 1 { open = 0 }
    !open && index($0, "```" lang) == 1 { open = 1; name = sprintf("%s/page-%04d", to, ++n); next }
    open && /^```/ { open = 0; close(name); next }
    open { print > name }' ../docs/rules/*.md
}

# The files of the labelled cases of a family.
cases() {
  local file=${SEAWORTHY_CORPUS:-}/static/cases.jsonl
  [ -f "$file" ] || return 0
  jq -r --arg family "$1" 'select(.family == $family) | .files[0].text | @base64' "$file" |
    while read -r text; do n=$((${n:-0} + 1)); base64 -d <<<"$text" >"$2/case-$n"; done
}

for target in "${targets[@]}"; do
  to=corpus/$target
  mkdir -p "$to"
  cp -n "seeds/$target/"* "$to/" 2>/dev/null || true
  case $target in
    dockerfile | shell) blocks dockerfile "$to"; cases dockerfile "$to" ;;
    compose) blocks yaml "$to"; cases compose "$to" ;;
    workflow | pipeline) blocks yaml "$to"; cases workflow "$to" ;;
    readme) blocks markdown "$to"; cases readme "$to" ;;
    ignore) blocks ignore "$to" ;;
    fixes)
      # The first byte chooses the kind of file: 0, 1 or 2 modulo 3.
      for kind in dockerfile:0 compose:1 workflow:2; do
        mkdir -p "corpus/${kind%:*}"
        cases "${kind%:*}" "corpus/${kind%:*}"
        for file in "corpus/${kind%:*}"/case-*; do
          [ -f "$file" ] && { printf '%s' "${kind#*:}"; cat "$file"; } >"$to/${kind%:*}-$(basename "$file")"
        done
      done
      ;;
  esac
  cargo +nightly fuzz run --sanitizer none "$target" -- -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=16384 -print_final_stats=1
done
