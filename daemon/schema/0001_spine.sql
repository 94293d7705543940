-- Durable at once (synchronous=FULL): alert, outbox, action_token, lease, drink, memory.
-- Batched: history, sensor, forecast.
-- Moments are stored three ways (boot_id, boot_s, utc): the boot clock counts within one boot, UTC after it.

CREATE TABLE alert (
    policy TEXT NOT NULL,
    subject TEXT NOT NULL,
    episode INTEGER NOT NULL,
    phase TEXT NOT NULL,
    saved_boot_id TEXT NOT NULL,
    saved_boot_s REAL NOT NULL,
    saved_utc TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (policy, subject, episode)
) WITHOUT ROWID;

CREATE TABLE outbox (
    id TEXT PRIMARY KEY,
    deduplication_key TEXT NOT NULL UNIQUE,
    person_id TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    tag TEXT NOT NULL,
    severity INTEGER NOT NULL,
    is_clear INTEGER NOT NULL,
    created_boot_id TEXT NOT NULL,
    created_boot_s REAL NOT NULL,
    created_utc TEXT NOT NULL,
    state TEXT NOT NULL,            -- due, sent, superseded, expired
    attempts INTEGER NOT NULL DEFAULT 0,
    last_error TEXT,
    finished_utc TEXT,
    body TEXT NOT NULL
);
CREATE INDEX outbox_due ON outbox (state) WHERE state = 'due';

CREATE TABLE action_token (
    token TEXT PRIMARY KEY,
    policy TEXT NOT NULL,
    subject TEXT NOT NULL,
    episode INTEGER NOT NULL,
    person_id TEXT NOT NULL,
    verb TEXT NOT NULL,
    amount_ml INTEGER,
    created_utc TEXT NOT NULL,
    used_utc TEXT
) WITHOUT ROWID;

CREATE TABLE lease (
    device_id TEXT PRIMARY KEY,
    body TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE drink (
    id TEXT PRIMARY KEY,
    person_id TEXT NOT NULL,
    at_utc TEXT NOT NULL,
    amount_ml INTEGER NOT NULL,
    source TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE memory (
    key TEXT PRIMARY KEY,
    body TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE sensor (
    sensor_id TEXT PRIMARY KEY,
    number INTEGER NOT NULL UNIQUE,  -- the short name used in history
    body TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE history (              -- append-only, no index (see docs/decisions.md)
    at INTEGER NOT NULL,            -- Unix seconds
    sensor INTEGER NOT NULL,
    temperature INTEGER,            -- hundredths of a degree Celsius
    humidity INTEGER                -- tenths of a percent
);

CREATE TABLE forecast (
    source TEXT PRIMARY KEY,
    body TEXT NOT NULL
) WITHOUT ROWID;
