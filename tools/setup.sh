# shellcheck shell=bash disable=SC2034  # what is set here is used by those who source it
# Shared by ./brokersim, ./test and tools/: packages, Bazel, the fingerprint of the sources.
# Sourced, never run. Everything said here goes to stderr: stdout belongs to the program.

# The root of the project: the folder above this file's.
BROKERSIM_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"

say() { printf '%s\n' "$*" >&2; }

# An error of the surroundings, not of the program: what is wrong, then the remedy.
give_up() {
  printf 'brokersim: %s\n' "$@" >&2
  exit 70
}

# packages_of SECTION...: the packages of packages.txt below "## SECTION:".
packages_of() {
  local line section="" package wanted=" $* "
  while read -r line; do
    if [[ $line == '## '* ]]; then
      section=${line#\#\# }
      section=${section%%:*}
    fi
    package=${line%%#*}
    package=${package%% *}
    if [[ -n $package && $wanted == *" $section "* ]]; then printf '%s\n' "$package"; fi
  done < "$BROKERSIM_ROOT/packages.txt"
}

# missing_packages SECTION...: those of them that aren't installed. One call of dpkg-query.
missing_packages() {
  local wanted installed
  wanted=$(packages_of "$@")
  # dpkg-query fails if it has never heard of one of them; what it knows is printed all the same.
  # shellcheck disable=SC2086
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $wanted 2>/dev/null) || true
  local package
  for package in $wanted; do
    if [[ $'\n'$installed$'\n' != *$'\n'"installed $package"$'\n'* ]]; then printf '%s\n' "$package"; fi
  done
}

# ensure_packages SECTION...: installs what is missing, or says how to and gives up.
ensure_packages() {
  if ! command -v dpkg-query > /dev/null; then
    # Not Debian: whoever has Bazel and the libraries can build; the build says what it lacks.
    if find_bazel_or_fail 2> /dev/null; then return 0; fi
    give_up "this isn't Debian, and there is no bazel-4, bazelisk or bazel to build with." \
      "Remedy: use Debian 12 (a container will do), or install Bazel 4.2.3 (bazelisk fetches it)" \
      "and the libraries that packages.txt names."
  fi
  local missing
  missing=$(missing_packages "$@" | tr '\n' ' ')
  missing=${missing% }
  if [[ -z $missing ]]; then return 0; fi

  local as_root=()
  if [[ $(id -u) != 0 ]]; then
    as_root=(sudo)
    # With nobody to type a password, sudo must not ask for one.
    if [[ ! -t 0 ]]; then as_root=(sudo -n); fi
  fi
  local remedy="sudo apt-get update && sudo apt-get install --no-install-recommends $missing"
  if [[ $(id -u) == 0 ]]; then remedy=${remedy//sudo /}; fi
  if ! command -v apt-get > /dev/null; then
    give_up "packages are missing ($missing), and there is no apt-get to install them with." \
      "Remedy: install them in your system's way."
  fi
  if [[ $(id -u) != 0 ]] && ! command -v sudo > /dev/null; then
    give_up "packages are missing, and only root (or sudo, which isn't here) can install them." \
      "Remedy, as root: ${remedy//sudo /}"
  fi

  say "brokersim: installing $missing"
  local log
  log=$(mktemp)
  local install=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install)
  # The lists of packages may be old, or never have been fetched: then once more with new ones.
  # shellcheck disable=SC2086
  if ! "${as_root[@]}" "${install[@]}" $missing > "$log" 2>&1 < /dev/null; then
    if ! { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q update &&
           "${as_root[@]}" "${install[@]}" $missing; } > "$log" 2>&1 < /dev/null; then
      tail -n 15 "$log" >&2
      rm -f "$log"
      give_up "apt-get couldn't install what is missing: its last words are above." \
        "Remedy: $remedy" \
        "(It needs root's rights, the network, and Debian 12's package lists.)"
    fi
  fi
  rm -f "$log"
}

# Sets BAZEL to the command that builds; fails if there is none.
find_bazel_or_fail() {
  local candidate
  for candidate in bazel-4 bazelisk bazel; do
    if command -v "$candidate" > /dev/null; then
      BAZEL=$candidate
      return 0
    fi
  done
  return 1
}

find_bazel() {
  find_bazel_or_fail || give_up "there is no bazel-4, bazelisk or bazel to build with." \
    "Remedy: sudo apt-get install bazel-bootstrap"
}

# A line for each file that a build of the program may depend on: path, size, time of its last
# change (of content, name or mode: it can't be set back). Equal text means: nothing to build.
# Left out: tests, benchmarks, what scripts and users write, and scenarios, which the program reads
# when it runs. The state of the installed packages is one of the lines.
fingerprint() (
  cd "$BROKERSIM_ROOT" || exit
  local folder folders=()
  for folder in */; do
    case ${folder%/} in
      bazel-* | out | brokersim-out | tests | bench | docs) ;;
      *) [[ -L ${folder%/} ]] || folders+=("${folder%/}") ;;
    esac
  done
  # A file that doesn't exist (yet) gives no line; find then complains, which is no news.
  { find WORKSPACE .bazelrc .bazelversion .bazelignore user.bazelrc packages.txt \
      /var/lib/dpkg/status "${folders[@]}" \
      -type f ! -name '*.textproto' ! -name '*.md' -printf '%p %s %C@\n' 2> /dev/null || true; } | LC_ALL=C sort
)
