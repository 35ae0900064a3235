"""Supply under the lock of its SKUs: reserved, posted, cut, withdrawn and shipped."""
