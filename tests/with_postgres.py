"""Runs a command against a new server of given PostgreSQL binaries, which is gone afterwards.

    python tests/with_postgres.py /usr/lib/postgresql/15/bin python -m pytest tests

The command finds the server in STOCKTOWER_TEST_DATABASE_URL.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg

from stocktower.platform.service_user import user_for


def main(binaries: Path, command: list[str]) -> int:
    """Make a cluster, start it, run the command, and say its exit code."""
    top = Path(tempfile.mkdtemp(prefix="stw-", dir="/tmp"))
    user = user_for(top / "data")
    user.own(top)
    options = ["-U", "tower", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
    made = user.popen([str(binaries / "initdb"), "-D", str(top / "data"), *options], output=subprocess.PIPE)
    output, _ = made.communicate()
    if made.returncode:
        sys.exit(output.decode(errors="replace"))
    # Nothing needs to reach the disk, and the log may be short: what is made here is gone afterwards.
    careless = {"fsync": "off", "full_page_writes": "off", "wal_level": "minimal", "max_wal_senders": "0"}
    wanted = careless | {
        "deadlock_timeout": "100ms", "listen_addresses": "", "jit": "off", "max_connections": "100"
    }  # fmt: skip
    settings = [word for name, value in wanted.items() for word in ("-c", f"{name}={value}")]
    with (top / "log").open("ab") as log:
        server = user.popen(
            [str(binaries / "postgres"), "-D", str(top / "data"), "-k", str(top), *settings], output=log
        )
    try:
        url = f"postgresql://tower@/postgres?host={top}"
        while True:
            try:
                psycopg.connect(url).close()
                break
            except psycopg.OperationalError:
                if server.poll() is not None:
                    sys.exit((top / "log").read_text())
                time.sleep(0.1)
        return subprocess.call(command, env=os.environ | {"STOCKTOWER_TEST_DATABASE_URL": url})
    finally:
        server.send_signal(signal.SIGINT)
        server.wait()
        shutil.rmtree(top)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
