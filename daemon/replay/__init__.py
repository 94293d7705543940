"""Let the same engine live through what was recorded, and judge what it would have done."""
