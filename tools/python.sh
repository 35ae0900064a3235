#!/bin/sh
# Prints the first Python that is new enough and can make virtual environments; says what to do when there is none.
set -eu
seen=""
for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
    path=$(command -v "$candidate" 2>/dev/null) || continue
    if "$path" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        if "$path" -c 'import ensurepip, venv' 2>/dev/null; then
            echo "$path"
            exit 0
        fi
        seen="$seen
  $path is new enough, but cannot make virtual environments (on Debian and Ubuntu: apt-get install python3-venv)"
    else
        seen="$seen
  $path is older than 3.11, or does not start"
    fi
done
echo "Stocktower needs Python 3.11 or newer with the venv module. Found:${seen:-
  nothing called ${PYTHON:-python3}}
Install one, or name it: make PYTHON=/path/to/python3.12 ..." >&2
exit 1
