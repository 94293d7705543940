"""Settings of the household: their schema, their loading and a commented example."""
