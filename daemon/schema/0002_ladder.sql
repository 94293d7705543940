-- How far urgent messages came, for the ladder; and what a carer's one button answers.

CREATE TABLE delivery (
    tag TEXT NOT NULL,
    recipient_id TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (tag, recipient_id)
) WITHOUT ROWID;

ALTER TABLE action_token ADD COLUMN covers TEXT NOT NULL DEFAULT '[]';
