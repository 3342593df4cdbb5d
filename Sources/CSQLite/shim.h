#pragma once
#include <sqlite3.h>
#include <stdint.h>

/// `sqlite3_config` is variadic, which Swift cannot call. Without memory statistics each allocation is
/// cheaper by one lock. Every module that opens databases calls this first; once one of them has opened its
/// first, the setting stands and a further call changes nothing.
static inline int csqlite_configure(void) {
  int code = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  return code == SQLITE_MISUSE ? SQLITE_OK : code;
}

/// `sqlite3_db_config` is variadic too: sets one of its switches.
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
