"""Speed on this machine, each beside the bare limit of the same machine: run by `make bench`."""
