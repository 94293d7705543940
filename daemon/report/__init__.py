"""Tell what a day or a week was like: read from keepcool's own database, said and drawn.

`model` says what there is to tell, `reading` finds it, `sentences` says it, `charts` draws it,
`page` is the HTML, `plot` the PNG.
"""
