"""The pages: each module is one place of the rail, its handlers, and the pure shaping of what they show."""
