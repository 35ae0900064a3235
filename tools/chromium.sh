#!/bin/sh
# The tests of the pages need a real Chromium: as root on Debian it is installed, otherwise this says how.
set -eu
browser=${STOCKTOWER_CHROMIUM:-/usr/bin/chromium}
[ -x "$browser" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 && [ "$browser" = /usr/bin/chromium ]; then
    echo "Installing Chromium for the tests of the pages ..." >&2
    log=$(mktemp)
    export DEBIAN_FRONTEND=noninteractive
    if apt-get update >"$log" 2>&1 && apt-get install -y --no-install-recommends chromium >>"$log" 2>&1; then
        rm -f "$log"
        exit 0
    fi
    tail -n 20 "$log" >&2
    rm -f "$log"
fi
echo "The tests of the pages need Chromium at $browser. Install it:
  sudo apt-get update && sudo apt-get install -y chromium
or name another one: STOCKTOWER_CHROMIUM=/path/to/chromium make test" >&2
exit 1
