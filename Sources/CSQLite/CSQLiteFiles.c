#include "CSQLite.h"
#include <ctype.h>
#include <pthread.h>
#include <string.h>

/* The file system for databases of users: the system's, but for one thing. A journal can name another file,
 * the "super-journal" of a transaction over several databases, and whoever takes the journal's transaction
 * back reads that file and then deletes it. A journal beside a foreign database can name any file of this
 * user. Our connections attach no second database and so never make such a journal: here no file is opened or
 * deleted for its sake. */
static sqlite3_vfs guarded;

static sqlite3_vfs *system_of(sqlite3_vfs *vfs) { return (sqlite3_vfs *)vfs->pAppData; }

static int ends_with(const char *name, const char *ending) {
  size_t length = strlen(name), tail = strlen(ending);
  return length >= tail && strcmp(name + length - tail, ending) == 0;
}

static int belongs_to_database(const char *name) {
  return ends_with(name, "-journal") || ends_with(name, "-wal");
}

/* SQLite itself calls super-journals `…-mj` and nine characters: hexadecimal digits, of which the seventh
   is a 9. */
static int is_super_journal(const char *name) {
  size_t length = strlen(name), tail = strlen("-mj") + 9;
  if (length < tail) return 0;
  const char *end = name + length - tail;
  if (strncmp(end, "-mj", 3) != 0 || end[9] != '9') return 0;
  for (size_t place = 3; place < tail; place++) {
    if (!isxdigit((unsigned char)end[place])) return 0;
  }
  return 1;
}

static int guarded_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *given) {
  file->pMethods = 0;
  /* It is opened to be deleted, when the transaction has been taken back and its journal is gone: the busy
   * handler tries once more, finds nothing left to do, and the super-journal stays where it is. */
  if (flags & SQLITE_OPEN_SUPER_JOURNAL) return SQLITE_BUSY;
  return system_of(vfs)->xOpen(system_of(vfs), name, file, flags, given);
}

static int guarded_delete(sqlite3_vfs *vfs, const char *name, int syncs) {
  if (!belongs_to_database(name)) return SQLITE_PERM;
  return system_of(vfs)->xDelete(system_of(vfs), name, syncs);
}

/* Whether a super-journal is there decides if its transaction was committed. Of another name a journal only
 * asks to learn what files there are. */
static int guarded_access(sqlite3_vfs *vfs, const char *name, int flags, int *found) {
  if (!belongs_to_database(name) && !is_super_journal(name)) return SQLITE_CORRUPT;
  return system_of(vfs)->xAccess(system_of(vfs), name, flags, found);
}

static int guarded_full_path(sqlite3_vfs *vfs, const char *name, int size, char *path) {
  return system_of(vfs)->xFullPathname(system_of(vfs), name, size, path);
}

static int guarded_randomness(sqlite3_vfs *vfs, int size, char *bytes) {
  return system_of(vfs)->xRandomness(system_of(vfs), size, bytes);
}

static int guarded_sleep(sqlite3_vfs *vfs, int microseconds) {
  return system_of(vfs)->xSleep(system_of(vfs), microseconds);
}

static int guarded_time(sqlite3_vfs *vfs, double *now) {
  return system_of(vfs)->xCurrentTime(system_of(vfs), now);
}

static int guarded_time_in_milliseconds(sqlite3_vfs *vfs, sqlite3_int64 *now) {
  return system_of(vfs)->xCurrentTimeInt64(system_of(vfs), now);
}

static int guarded_last_error(sqlite3_vfs *vfs, int size, char *text) {
  return system_of(vfs)->xGetLastError(system_of(vfs), size, text);
}

static const char *registered;

/* Without the functions for loading libraries: no connection of users may. */
static void register_guarded(void) {
  sqlite3_vfs *base = sqlite3_vfs_find(0);
  if (base == 0 || base->iVersion < 2) return;
  guarded = (sqlite3_vfs){
      .iVersion = 2,
      .szOsFile = base->szOsFile,
      .mxPathname = base->mxPathname,
      .zName = "esteira-guarded",
      .pAppData = base,
      .xOpen = guarded_open,
      .xDelete = guarded_delete,
      .xAccess = guarded_access,
      .xFullPathname = guarded_full_path,
      .xRandomness = guarded_randomness,
      .xSleep = guarded_sleep,
      .xCurrentTime = guarded_time,
      .xGetLastError = guarded_last_error,
      .xCurrentTimeInt64 = guarded_time_in_milliseconds,
  };
  if (sqlite3_vfs_register(&guarded, 0) == SQLITE_OK) registered = guarded.zName;
}

const char *csqlite_guarded_files(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, register_guarded);
  return registered;
}
