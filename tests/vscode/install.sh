#!/usr/bin/env bash
# What the scenes need: Chromium, code-server, playwright and the packed extension.
# usage: install.sh BIN, where BIN is the bin folder of the virtual environment
set -euo pipefail
bin=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."
npm=(npm install --no-audit --no-fund --loglevel=error)

missing() {
	echo "the scenes in VS Code will be skipped: $*" >&2
	exit 0
}

command -v npm >/dev/null || missing "npm is not installed"
if ! command -v chromium >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	apt-get install -y -qq chromium fonts-dejavu-core libkrb5-dev libx11-dev libxkbfile-dev \
		libsecret-1-dev >/dev/null 2>&1 || true
fi
command -v chromium >/dev/null || missing "chromium is not installed"
[ -d editors/vscode/node_modules/esbuild ] || (cd editors/vscode && "${npm[@]}" >/dev/null) \
	|| missing "the packages of the extension cannot be installed"
(cd editors/vscode && npm run --silent package >/dev/null)
"$bin/python" -c 'import playwright' 2>/dev/null || "$bin/pip" install --quiet playwright \
	|| missing "playwright cannot be installed"
mkdir -p build
server=${ATLAS_VSCODE:-build/vscode}
[ -e "$server/node_modules/code-server/installed" ] && exit 0
echo "installing code-server, which takes about two minutes the first time"
tests/vscode/code-server.sh "$server" >build/code-server.log 2>&1 \
	|| missing "code-server cannot be installed, see build/code-server.log"
touch "$server/node_modules/code-server/installed"
