#!/bin/sh
# The whole suite, as `npm test` runs it; `npm test -- PATTERN` runs the test files whose path contains PATTERN.
# Every part runs even when an earlier one failed; the exit code is 1 when any did.
set -u
cd -- "$(dirname -- "$(dirname -- "$(readlink -f -- "$0")")")" || exit 69

pattern=${1:-}
# A test that hangs is a failure, not a job that never ends.
timeout_ms=600000
failed=''

part() { # NAME COMMAND...
  name=$1
  shift
  echo "== $name"
  "$@" || failed="$failed $name"
}

all_files=$(find src test -name '*.test.ts' | sort | grep -F -- "$pattern")
slow='^test/(sim|conform|real)/'
# With a container engine of its own each.
engines='^test/real/(.*[/-])?(containers?|docker|bundle)[/.-]'
# These kill by the hundred, flood, fill disks and take times.
alone='^test/real/(api-clients|boundaries|builtin-logger|fixtures|kill|limits|logs-disk-full|storage|upgrade|upgrade-jobs)\.'

# Where each group's output is kept, so that what failed can be told again at the end of a long run.
reports=$(mktemp -d) || exit 69
trap 'rm -rf -- "$reports"' EXIT

run_tests() { # NAME CONCURRENCY FILE...
  report=$reports/$1
  concurrency=$2
  shift 2
  scripts/node --disable-warning=ExperimentalWarning --test --test-concurrency="$concurrency" \
    --test-timeout="$timeout_ms" --test-reporter=spec --test-reporter-destination=stdout \
    --test-reporter=spec --test-reporter-destination="$report" "$@"
}

group() { # NAME CONCURRENCY FILE...
  [ "$#" -eq 2 ] || part "$1" run_tests "$@"
}

failures() {
  for report in "$reports"/*; do
    [ -f "$report" ] && sed -n '/failing tests:$/,$p' "$report"
  done
}

if [ -z "$all_files" ]; then
  echo "npm test: no test file's path contains '$pattern'" >&2
  exit 64
fi

part build node scripts/build.mjs
# `holdfast` is started from what was just built: without it the rest tells nothing.
[ -z "$failed" ] || exit 1
[ -n "$pattern" ] || part check npm run -s check
part test-deps scripts/test-deps

# shellcheck disable=SC2046 # our own file names, without spaces
{
  # So that not each of hundreds of processes compiles the same anew. The other groups start daemons, which must not have it.
  export NODE_COMPILE_CACHE=$PWD/node_modules/.cache/tests
  # Whatever is not named as slow belongs to the first group, so that no test is ever left out.
  group unit 2 $(echo "$all_files" | grep -Ev "$slow")
  group simulation 2 $(echo "$all_files" | grep '^test/sim/')
  unset NODE_COMPILE_CACHE
  group conformance 2 $(echo "$all_files" | grep '^test/conform/' | grep -Ev '^test/conform/(supervisord|compose)/')
  # Apart from the others, whose transcripts tell of times: pairs of daemons by the dozen, and what takes both cores.
  group supervisord 2 $(echo "$all_files" | grep '^test/conform/supervisord/')
  group compose 2 $(echo "$all_files" | grep '^test/conform/compose/')
  group real 2 $(echo "$all_files" | grep '^test/real/' | grep -Ev "$engines|$alone")
  group alone 1 $(echo "$all_files" | grep -E "$alone")
  # These mostly wait for their engines.
  group containers 3 $(echo "$all_files" | grep -E "$engines")
}

if [ -n "$failed" ]; then
  failures
  echo "npm test: failed:$failed" >&2
  exit 1
fi
echo 'npm test: all parts passed'
