-- Hours of rooms and weather, and what was foretold: batched. Append-only, no index, as history; of
-- two rows for one hour the later counts. An hour is the count of hours since 1970, UTC.

CREATE TABLE room (
    number INTEGER PRIMARY KEY,     -- the short name used below
    room_id TEXT NOT NULL UNIQUE
);

CREATE TABLE room_hour (
    room INTEGER NOT NULL,
    hour INTEGER NOT NULL,
    temperature INTEGER,            -- mean effective temperature, hundredths of a degree Celsius
    cooling INTEGER                 -- percent of full power with which it was cooled, over the hour
);

CREATE TABLE outdoor_hour (
    hour INTEGER NOT NULL,
    temperature INTEGER NOT NULL,   -- hundredths of a degree Celsius
    humidity INTEGER,               -- percent
    radiation INTEGER,              -- W/m2 on a level surface
    cloud INTEGER                   -- percent
);

CREATE TABLE room_forecast (
    room INTEGER NOT NULL,
    hour INTEGER NOT NULL,          -- the last one that was over when it was made
    body BLOB NOT NULL              -- daemon/hours.py
);
