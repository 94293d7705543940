-- When keepcool's hold on a device began and ended, for reports. Append-only, written with the lease.

CREATE TABLE switching (
    at_utc TEXT NOT NULL,
    device_id TEXT NOT NULL,
    is_on INTEGER NOT NULL          -- 1: it does what keepcool wants, and was read back
);
