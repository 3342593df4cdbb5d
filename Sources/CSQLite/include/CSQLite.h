#pragma once
#include <sqlite3.h>
#include <stdint.h>

/// Sets up what all connections of the process share. Every module that opens databases calls this first;
/// only the first call does something. Without memory statistics each allocation is cheaper by one lock.
int csqlite_configure(void);

/// Registers, once, the file system that connections to files of users are opened with, and gives its name;
/// NULL where SQLite cannot. See `CSQLiteFiles.c`.
const char *csqlite_guarded_files(void);

/// From now on what SQLite allocates on this thread may come to so many bytes. Each call is ended by
/// `csqlite_unlimit_memory` on the same thread; of nested ones the first counts.
void csqlite_limit_memory(int64_t bytes);
void csqlite_unlimit_memory(void);
/// Whether an allocation of this thread was refused since this was last asked.
int csqlite_memory_was_refused(void);

/// `sqlite3_db_config` is variadic, which Swift cannot call: sets one of its switches.
static inline int csqlite_db_switch(sqlite3 *database, int name, int on) {
  return sqlite3_db_config(database, name, on, (int *)0);
}

/// `SQLITE_TRANSIENT` is a cast that Swift cannot import: SQLite copies the bytes before it returns.
static inline int csqlite_bind_text(sqlite3_stmt *statement, int column, const char *bytes, int count) {
  return sqlite3_bind_text(statement, column, bytes, count, SQLITE_TRANSIENT);
}

static inline int csqlite_bind_blob(sqlite3_stmt *statement, int column, const void *bytes, int count) {
  return count == 0 ? sqlite3_bind_zeroblob(statement, column, 0)
                    : sqlite3_bind_blob(statement, column, bytes, count, SQLITE_TRANSIENT);
}
