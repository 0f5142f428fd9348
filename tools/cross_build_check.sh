#!/usr/bin/env bash
# One seed, one execution, whatever the compiler: builds //tests/determinism:print_hashes in several
# configurations, runs each and compares what they print ("name variant seed hash" a line).
#
#   tools/cross_build_check.sh               GCC at -O2 and -O0, Clang 19, UBSan: what CI runs
#   tools/cross_build_check.sh O3native ...  these, beside GCC at -O2, which all are compared with
#   tools/cross_build_check.sh --all         all twelve, one after the other: about 3 minutes each on two cores
#
# A configuration is one --config of .bazelrc or several, joined by "+". Each has an output base of its own in
# the user's cache folder, so that a second check builds only what has changed. The twelve are GCC 12, Clang 14
# and Clang 19 at -O0, -O2 and -O3 -march=native; GCC with UBSan, with AddressSanitizer, and "strict": with the
# containers' own checks and char without sign, as on ARM.
#
# libc++ isn't among them, and can't be: the system's Abseil, protobuf and fmt are built with libstdc++, and
# what is built with the one doesn't link with the other. So one library stands behind all twelve builds: what
# would differ between libraries (std::hash, std::uniform_int_distribution, the order of std::sort's equal
# elements) is found by //tests/tidy alone (docs/determinism.md).
#
# print_hashes is run from the root of the project, with BROKERSIM_HOME set to it.
#
# Exit codes: 0 the same, 4 a difference, 2 a wrong argument, 70 a build or run failed, 77 skipped.
set -euo pipefail

# shellcheck source=tools/setup.sh
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/setup.sh"

readonly target=//tests/determinism:print_hashes
readonly cache=${XDG_CACHE_HOME:-$HOME/.cache}/brokersim

# What people call a configuration.
title_of() {
  case $1 in
    default) echo "gcc -O2" ;;
    O0) echo "gcc -O0" ;;
    O3native) echo "gcc -O3 -march=native" ;;
    clang) echo "clang-19 -O2" ;;
    clang+O0) echo "clang-19 -O0" ;;
    clang+O3native) echo "clang-19 -O3 -march=native" ;;
    clang14) echo "clang-14 -O2" ;;
    clang14+O0) echo "clang-14 -O0" ;;
    clang14+O3native) echo "clang-14 -O3 -march=native" ;;
    strict) echo "gcc -O1, checked containers, unsigned char" ;;
    asan) echo "gcc with AddressSanitizer" ;;
    ubsan) echo "gcc with UBSan" ;;
    *) return 1 ;;
  esac
}

# The compiler that a configuration needs.
compiler_of() {
  case $1 in
    clang | clang+*) echo clang++-19 ;;
    clang14 | clang14+*) echo clang++-14 ;;
    *) echo g++ ;;
  esac
}

# build_and_run CONFIG: prints into $cache/cross-CONFIG/hashes.txt.
build_and_run() {
  local config=$1 folder=$cache/cross-$1 status=0
  local flags=("--symlink_prefix=$folder/")
  local part
  for part in ${config//+/ }; do
    if [[ $part != default ]]; then flags+=("--config=$part"); fi
  done
  mkdir -p "$folder"
  # A server a configuration would fill the memory: each ends with its build.
  local bazel=("$BAZEL" "--output_base=$folder/output_base" --max_idle_secs=5)
  "${bazel[@]}" build "${flags[@]}" "$target" > "$folder/build.log" 2>&1 || status=$?
  "${bazel[@]}" shutdown >> "$folder/build.log" 2>&1 || true
  if [[ $status != 0 ]]; then
    cat "$folder/build.log" >&2
    give_up "$(title_of "$config"): $target doesn't build (the messages are above)."
  fi
  BROKERSIM_HOME=$BROKERSIM_ROOT "$folder/bin/tests/determinism/print_hashes" > "$folder/hashes.txt" || status=$?
  if [[ $status != 0 ]]; then
    give_up "$(title_of "$config"): print_hashes ended with exit code $status."
  fi
}

# first_difference FILE FILE: the number of the first line that isn't the same in both.
first_difference() {
  awk 'NR == FNR { first[FNR] = $0; lines = FNR; next }
       { seen = FNR }
       FNR > lines || $0 != first[FNR] { print FNR; found = 1; exit }
       END { if (!found) print seen + 1 }' "$1" "$2"
}

# line_of FILE NUMBER
line_of() { awk -v number="$2" 'NR == number { print; found = 1 } END { if (!found) print "(ends before)" }' "$1"; }

every=(O0 O3native clang clang+O0 clang+O3native clang14 clang14+O0 clang14+O3native ubsan asan strict)
configs=("$@")
if [[ $# == 0 ]]; then configs=(O0 clang ubsan); fi
if [[ $* == --all ]]; then
  ensure_packages build test cross
  configs=("${every[@]}")
fi
for config in "${configs[@]}"; do
  if ! title_of "$config" > /dev/null; then
    say "cross builds: there is no configuration '$config'." \
      "Use: default ${every[*]}, or --all."
    exit 2
  fi
done

find_bazel
cd "$BROKERSIM_ROOT"
if ! query=$("$BAZEL" query "$target" 2>&1); then
  # A BUILD file that names it but can't be read is an error, not an absence.
  if grep -qs print_hashes tests/determinism/BUILD; then
    say "$query"
    give_up "Bazel can't read tests/determinism/BUILD (its message is above)."
  fi
  echo "cross builds: skipped, as there is no $target yet"
  exit 77
fi

build_and_run default
reference=$cache/cross-default/hashes.txt
count=$(wc -l < "$reference")
if [[ $count == 0 ]]; then give_up "print_hashes printed nothing: there is nothing to compare."; fi
echo "$(title_of default): $count hashes"

result=0
builds=1
for config in "${configs[@]}"; do
  if [[ $config == default ]]; then continue; fi
  if ! command -v "$(compiler_of "$config")" > /dev/null; then
    echo "$(title_of "$config"): skipped, as there is no $(compiler_of "$config")"
    continue
  fi
  build_and_run "$config"
  builds=$((builds + 1))
  hashes=$cache/cross-$config/hashes.txt
  if cmp -s "$reference" "$hashes"; then
    echo "$(title_of "$config"): same $count hashes"
    continue
  fi
  result=4
  line=$(first_difference "$reference" "$hashes")
  echo "$(title_of "$config"): DIFFERENT, first in line $line:"
  echo "  $(title_of default): $(line_of "$reference" "$line")"
  echo "  $(title_of "$config"): $(line_of "$hashes" "$line")"
done
if [[ $result == 0 ]]; then echo "$builds builds, $count hashes each: no difference"; fi
exit $result
