#pragma once
#include <sqlite3.h>
#include <stdint.h>

/// `sqlite3_config` is variadic, which Swift cannot call. Without memory statistics each allocation is
/// cheaper by one lock.
static inline int csqlite_configure(void) { return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }
