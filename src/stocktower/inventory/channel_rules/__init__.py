"""The rules of what a channel is offered: stored, loaded, counted and listed."""
