#!/usr/bin/env bash
# Installs what `make demo` or `make test` needs and is not there yet, from Debian's and npm's own registries.
#   tools/install.sh demo|test|console ...
# Asks nothing and changes nothing when nothing is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

# gstreamer1.0-x carries the text and clock overlays; plugins-ugly the H.264 encoder, plugins-bad its parser.
cameras=(python3 python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-rtsp gstreamer1.0-plugins-base
  gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly gstreamer1.0-x fonts-dejavu-core)
building=(build-essential pkg-config ca-certificates)
testing=(sip-tester tcpdump chromium ffmpeg postgresql openssl python3-venv)
# Telephones that others wrote.
phones=(baresip-core linphone-cli)
speaking=(espeak-ng sox)

# The oldest that build this: rust-version in Cargo.toml, engines in web/ui/package.json.
rust=1.95 node=20.19

say() { printf '%s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else die "Packages must be installed as root. Become root, or install sudo, and run this again. Missing: ${missing[*]}"
  fi
}

packages() {
  missing=()
  local name
  for name in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing+=("$name")
  done
  [ ${#missing[@]} = 0 ] && return
  command -v apt-get >/dev/null || die "This system has no apt-get. Install the equivalents of: ${missing[*]}"
  say "Installing ${missing[*]}"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}

# Whether version $1 is at least $2.
at_least() { [ "$(printf '%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

programs() {
  local have
  command -v cargo >/dev/null || die "cargo is missing. Install Rust $rust or newer with rustup (https://rustup.rs), and run this again."
  have=$(cargo --version | cut -d ' ' -f 2)
  at_least "$have" "$rust" || die "cargo $have is too old. Bring Rust $rust or newer with: rustup update stable"
  command -v node >/dev/null && command -v npm >/dev/null ||
    die "node or npm is missing. Install Node.js $node or newer (https://nodejs.org), and run this again."
  have=$(node --version); have=${have#v}
  at_least "$have" "$node" || die "Node.js $have is too old. Install Node.js $node or newer (https://nodejs.org), and run this again."
}

# What `make lint` runs, and what rustup's minimal profile leaves out.
linters() {
  local name
  for name in clippy fmt; do
    cargo "$name" --version >/dev/null 2>&1 && continue
    [ $name = fmt ] && name=rustfmt
    command -v rustup >/dev/null || die "$name is missing. Install it as this system packages it, and run this again."
    say "Installing $name"
    rustup component add "$name" >&2
  done
}

# npm writes node_modules/.package-lock.json last, so its age tells whether the folder matches the lock file.
node_modules() {
  [ -f "$1/package-lock.json" ] || return 0
  [ "$1/node_modules/.package-lock.json" -nt "$1/package-lock.json" ] && return
  say "Installing the npm packages of $1"
  npm ci --prefix "$1" --no-audit --no-fund --loglevel=error >&2
  touch "$1/node_modules/.package-lock.json"
}

# A scanner that looks for open SIP servers as its users do, from PyPI, in a place of its own.
attackers() {
  local wanted=sipvicious==0.3.4 place=target/attackers
  [ "$($place/bin/pip freeze 2>/dev/null)" = "$wanted" ] && return
  say "Installing $wanted"
  /usr/bin/python3 -m venv --clear $place >&2
  $place/bin/pip install --quiet --disable-pip-version-check $wanted >&2
}

[ $# -gt 0 ] || die "usage: tools/install.sh demo|test|console|speech ..."
for group in "$@"; do
  case $group in
    demo) programs; packages "${building[@]}" "${cameras[@]}"; node_modules web/ui ;;
    test) programs; linters; packages "${building[@]}" "${cameras[@]}" "${testing[@]}" "${phones[@]}"; node_modules web/ui; node_modules tests; attackers ;;
    console) programs; node_modules web/ui ;;
    speech) packages "${speaking[@]}" ;;
    *) die "tools/install.sh: no group '$group'; there are demo, test, console and speech" ;;
  esac
done
