"""A process that uses an embedded server, and does what it is told line by line; run by test_server.py."""

import os
import sys
import time
from pathlib import Path

import psycopg

from stocktower.platform import EmbeddedServer


def main(folder: str) -> None:
    """Say the URL, then obey: `sql <statement>`, `fork`, `leave`."""
    with EmbeddedServer(Path(folder), settings={"fsync": "off", "shared_buffers": "16MB"}) as url:
        print(f"up {url}", flush=True)
        for line in sys.stdin:
            word, _, rest = line.strip().partition(" ")
            if word == "sql":
                with psycopg.connect(url, autocommit=True) as connection:
                    cursor = connection.execute(rest.encode())
                    print("rows", cursor.fetchall() if cursor.description else [], flush=True)
            elif word == "fork":
                child = os.fork()
                if child == 0:
                    sys.stdin.close()
                    time.sleep(300)  # until it is killed
                    os._exit(0)
                print("child", child, flush=True)
            else:
                break
    print("left", flush=True)


main(sys.argv[1])
