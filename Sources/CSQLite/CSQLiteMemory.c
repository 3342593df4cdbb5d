#include "CSQLite.h"
#include <pthread.h>

/* The memory of a thread that works on a user's database. SQLite's own limits bound one value each, and a
 * statement can hold thousands of them: in the columns of a row, in aggregates, in a page cache whose size
 * the file says. A connection stays on its thread, so what the thread holds is what the connection holds. */
static _Thread_local struct {
  int64_t used, limit;
  int depth, was_refused;
} budget;

static sqlite3_mem_methods system_memory;

static int fits(int64_t bytes) {
  if (budget.used + bytes <= budget.limit) return 1;
  budget.was_refused = 1;
  return 0;
}

static void *limited_malloc(int bytes) {
  if (budget.limit == 0) return system_memory.xMalloc(bytes);
  if (!fits(bytes)) return 0;
  void *memory = system_memory.xMalloc(bytes);
  if (memory) budget.used += system_memory.xSize(memory);
  return memory;
}

static void limited_free(void *memory) {
  if (budget.limit != 0 && memory) budget.used -= system_memory.xSize(memory);
  system_memory.xFree(memory);
}

static void *limited_realloc(void *memory, int bytes) {
  if (budget.limit == 0) return system_memory.xRealloc(memory, bytes);
  int64_t before = system_memory.xSize(memory);
  if (bytes > before && !fits(bytes - before)) return 0;
  void *moved = system_memory.xRealloc(memory, bytes);
  if (moved) budget.used += system_memory.xSize(moved) - before;
  return moved;
}

void csqlite_limit_memory(int64_t bytes) {
  if (budget.depth++ > 0) return;
  budget.used = 0;
  budget.limit = bytes;
  budget.was_refused = 0;
}

void csqlite_unlimit_memory(void) {
  if (budget.depth > 0 && --budget.depth == 0) budget.limit = 0;
}

int csqlite_memory_was_refused(void) {
  int was_refused = budget.was_refused;
  budget.was_refused = 0;
  return was_refused;
}

static int configured;

static void configure(void) {
  configured = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  if (configured != SQLITE_OK) return;
  configured = sqlite3_config(SQLITE_CONFIG_GETMALLOC, &system_memory);
  if (configured != SQLITE_OK) return;
  /* SQLite copies them; the methods that are not named here stay the system's. */
  sqlite3_mem_methods limited = system_memory;
  limited.xMalloc = limited_malloc;
  limited.xFree = limited_free;
  limited.xRealloc = limited_realloc;
  configured = sqlite3_config(SQLITE_CONFIG_MALLOC, &limited);
}

int csqlite_configure(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, configure);
  return configured;
}
