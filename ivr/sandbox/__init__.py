"""A whole line on this machine: a server, a scratch database, members who do not exist, players of calls."""
