// SPDX-License-Identifier: MIT
#include "src/store/sqlite_schema.h"

/* What was there before dialects were told apart is of dialect 4. */
const char *const sqlite_migrations[] = {
    "CREATE TABLE rooms (room_id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;"
    "CREATE TABLE messages (message_id INTEGER PRIMARY KEY,"
    "  room_id INTEGER NOT NULL, offset INTEGER NOT NULL, id ANY NOT NULL,"
    "  user_id TEXT NOT NULL, username TEXT NOT NULL, type TEXT NOT NULL,"
    "  timestamp_ms INTEGER NOT NULL, content TEXT NOT NULL) STRICT;"
    "CREATE UNIQUE INDEX messages_offset ON messages (room_id, offset);"
    "CREATE UNIQUE INDEX messages_id ON messages (id);",

    "ALTER TABLE messages ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE messages ADD COLUMN edited_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE messages ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE messages ADD COLUMN dialect INTEGER NOT NULL DEFAULT 4;"
    "ALTER TABLE messages ADD COLUMN state INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE messages ADD COLUMN sent_at TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE messages ADD COLUMN raw TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE messages ADD COLUMN client_id TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE messages ADD COLUMN recipient TEXT NOT NULL DEFAULT '';"
    "CREATE INDEX messages_changed ON messages (room_id, changed) WHERE changed > 0;"
    "CREATE INDEX messages_undelivered ON messages (recipient, message_id)"
    "  WHERE recipient <> '' AND state = 0 AND deleted = 0;"
    "CREATE TABLE changes (change_id INTEGER PRIMARY KEY, message_id INTEGER NOT NULL) STRICT;",

    "ALTER TABLE rooms ADD COLUMN title TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE rooms ADD COLUMN created_by TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE rooms ADD COLUMN created_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE rooms ADD COLUMN made INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE rooms ADD COLUMN direct INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX rooms_listed ON rooms (name) WHERE direct = 0;"
    "CREATE INDEX rooms_made ON rooms (name) WHERE direct = 0 AND made = 1;"
    "CREATE TABLE members (room_id INTEGER NOT NULL, user_id TEXT NOT NULL,"
    "  joined INTEGER NOT NULL, read INTEGER NOT NULL,"
    "  PRIMARY KEY (room_id, user_id)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX members_joined ON members (user_id, room_id) WHERE joined = 1;",

    "CREATE TABLE users (user_number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
    "  username TEXT NOT NULL, login_name TEXT UNIQUE COLLATE NOCASE, email TEXT UNIQUE,"
    "  password_hash TEXT NOT NULL, display_name TEXT NOT NULL,"
    "  created_ms INTEGER NOT NULL) STRICT;",

    ("CREATE TABLE logs (name TEXT NOT NULL, partition INTEGER NOT NULL, base INTEGER NOT NULL,"
     "  position INTEGER NOT NULL, PRIMARY KEY (name, partition)) STRICT, WITHOUT ROWID;"),
};
const int sqlite_schema_version = sizeof sqlite_migrations / sizeof sqlite_migrations[0];
