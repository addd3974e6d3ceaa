"""How things look on a terminal: events and tallies in, lines of text out. The one layer besides the commands that uses rich."""
