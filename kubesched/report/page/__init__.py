"""A replay as one self-contained HTML page, and as pictures."""
