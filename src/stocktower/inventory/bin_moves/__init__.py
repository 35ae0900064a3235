"""What people and sites say of bins: units put away, moved from bin to bin, and taken out of them."""
