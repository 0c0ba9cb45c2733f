#!/usr/bin/env bash
# tsc --strict and ESLint, where the packages can be had.
set -euo pipefail
cd "$(dirname "$0")"
if ! command -v npm >/dev/null; then
	echo "the extension for VS Code is not checked: npm is not installed" >&2
	exit 0
fi
if ! [ -d node_modules/eslint ] && ! npm install --no-audit --no-fund --loglevel=error >/dev/null; then
	echo "the extension for VS Code is not checked: its packages cannot be installed" >&2
	exit 0
fi
npm run --silent check
