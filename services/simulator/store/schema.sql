-- The acquirer's book. `operations` is only ever added to; `authorizations` holds the running amounts that follow from it.
CREATE TABLE IF NOT EXISTS terminals (
    id TEXT PRIMARY KEY, key_sha256 TEXT NOT NULL UNIQUE, callback_secret TEXT NOT NULL, body TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS operations (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    terminal TEXT NOT NULL,
    reference TEXT NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    authorization_id TEXT NOT NULL,
    direction INTEGER NOT NULL,            -- 1 money taken, -1 given back, 0 neither
    amount_minor INTEGER NOT NULL,
    refunded_minor INTEGER NOT NULL DEFAULT 0,
    currency TEXT NOT NULL,
    business_date TEXT NOT NULL,
    visible_at REAL NOT NULL,              -- lookups deny it until then
    fingerprint TEXT NOT NULL,             -- what was asked: the same reference must ask the same
    body TEXT NOT NULL                     -- the answer, byte for byte
);
-- Not unique: a terminal may be told not to deduplicate.
CREATE INDEX IF NOT EXISTS operations_reference ON operations (reference, terminal);
CREATE INDEX IF NOT EXISTS operations_day ON operations (business_date) WHERE direction <> 0;

CREATE TABLE IF NOT EXISTS authorizations (
    id TEXT PRIMARY KEY,
    terminal TEXT NOT NULL,
    reference TEXT NOT NULL,
    card TEXT NOT NULL,
    mid TEXT NOT NULL,
    initiator TEXT NOT NULL,
    currency TEXT NOT NULL,
    authorized_minor INTEGER NOT NULL,
    captured_minor INTEGER NOT NULL CHECK (captured_minor BETWEEN 0 AND authorized_minor),
    refunded_minor INTEGER NOT NULL CHECK (refunded_minor BETWEEN 0 AND captured_minor),
    state TEXT NOT NULL,
    expires_at REAL NOT NULL,
    network_transaction_id TEXT NOT NULL,
    callback_url TEXT
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS authorizations_reference ON authorizations (reference, terminal);

CREATE TABLE IF NOT EXISTS disputes (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    authorization_id TEXT NOT NULL,
    state TEXT NOT NULL,                   -- scheduled, opened, won, lost, dropped
    opens_at REAL NOT NULL,
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    reason_code TEXT NOT NULL,
    business_date TEXT NOT NULL DEFAULT '',
    resolved_date TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS disputes_scheduled ON disputes (opens_at) WHERE state = 'scheduled';

CREATE TABLE IF NOT EXISTS callbacks (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    terminal TEXT NOT NULL,
    url TEXT NOT NULL,
    body TEXT NOT NULL,
    due_at REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL,                   -- queued, held, delivered, failed
    answer TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS callbacks_due ON callbacks (due_at) WHERE state = 'queued';

CREATE TABLE IF NOT EXISTS fault_rules (id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS strikes (
    terminal TEXT NOT NULL, reference TEXT NOT NULL, PRIMARY KEY (terminal, reference)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS conduct (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS receivers (name TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS received (
    number INTEGER PRIMARY KEY,
    receiver TEXT NOT NULL,
    webhook_id TEXT NOT NULL,
    received_at REAL NOT NULL,
    verified INTEGER NOT NULL,
    reason TEXT NOT NULL,
    status INTEGER NOT NULL,               -- what the receiver answered
    headers TEXT NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS received_by_receiver ON received (receiver, number);
CREATE INDEX IF NOT EXISTS received_by_webhook ON received (webhook_id);
