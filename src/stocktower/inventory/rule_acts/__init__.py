"""Acts on the rules of channels, with their effect shown before."""
