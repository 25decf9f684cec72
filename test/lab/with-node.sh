#!/bin/sh
# Runs a command with a Node that is new enough, and this project's packages installed:  sh test/lab/with-node.sh npm test
# Brings what is missing, and says so first; on a terminal it asks, unless CI or BERTH_YES is set. Nothing is installed for the whole machine
# but Debian's nodejs and npm, and those only where there is no npm at all.
set -eu
repository=$(cd "$(dirname "$0")/../.." && pwd)
cd "$repository"
wanted=24.21.0

# The same rule as in cache.ts.
if [ -n "${XDG_CACHE_HOME:-}" ]; then cache=$XDG_CACHE_HOME/berth-lab
elif [ "$(id -u)" = 0 ]; then cache=/var/cache/berth-lab
else cache=$HOME/.cache/berth-lab; fi

agreed() {
  echo "$1"
  if [ -n "${CI:-}${BERTH_YES:-}" ] || [ ! -t 0 ] || [ ! -t 1 ]; then return 0; fi
  printf 'Go on? [y/N] '
  read -r answer
  case $answer in [yY]*) return 0 ;; *) return 1 ;; esac
}

# Type stripping without a flag came with Node 22.18.
new_enough() {
  "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a === 22 && b >= 18) ? 0 : 1)' 2>/dev/null
}

if ! command -v npm >/dev/null; then
  if ! command -v apt-get >/dev/null; then
    echo "Berth is built with Node 22.18 or newer and npm: install them (https://nodejs.org), then try again." >&2
    exit 1
  fi
  agreed "There is no npm on this machine: nodejs and npm are installed with apt-get." || exit 1
  as_root=
  [ "$(id -u)" = 0 ] || as_root=sudo
  $as_root apt-get -qq update
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends nodejs npm
fi

if ! { command -v node >/dev/null && new_enough node; }; then
  folder=$cache/node-$wanted
  case $(uname -m) in x86_64) arch=x64 ;; aarch64 | arm64) arch=arm64 ;; *) arch=$(uname -m) ;; esac
  package=node-$(uname -s | tr '[:upper:]' '[:lower:]')-$arch
  node=$folder/node_modules/$package/bin/node
  if [ ! -x "$node" ]; then
    agreed "Your Node is older than 22.18 ($(node --version 2>/dev/null || echo none)): Node $wanted goes into $folder, yours stays as it is." || exit 1
    mkdir -p "$folder"
    npm install --prefix "$folder" --no-save --ignore-scripts --no-audit --no-fund --loglevel=error "$package@$wanted"
  fi
  PATH=$folder/node_modules/$package/bin:$PATH
  export PATH
fi

# npm writes this file last.
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  echo "This project's packages go into node_modules (npm ci)."
  npm ci --no-audit --no-fund --loglevel=error
fi

exec "$@"
