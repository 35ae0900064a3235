"""The app is the edge: the command line, the worker processes, the demo, and the tables of who works what.

It decides nothing: it opens a home, starts transactions, hands work to the rooms, and commits.
"""
