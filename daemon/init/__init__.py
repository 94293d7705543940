"""Make settings for a home: see what is there, propose, ask, write.

`announced` reads what is retained on the broker, `household` what Home Assistant knows, `sensors`
joins both with what was heard, `propose` makes rooms of it, `interview` asks a person, `write`
renders the settings and `files` puts them down. All but `listen`, `files` and the terminal behind
`ask` is pure.
"""
