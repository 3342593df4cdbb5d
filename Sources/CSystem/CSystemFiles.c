#define _GNU_SOURCE 1
#include "CSystem.h"
#include <errno.h>
#include <stdio.h>

int esteira_openat(int folder, const char *name, int flags, mode_t mode) {
  return openat(folder, name, flags, mode);
}

int esteira_rename_new(int from, const char *name, int to, const char *other) {
  if (renameat2(from, name, to, other, RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return -1;
  /* A file system without that flag: a second name is as exclusive. Only folders have no such way. */
  if (linkat(from, name, to, other, 0) != 0) return -1;
  return unlinkat(from, name, 0);
}

int esteira_sync_all(int folder) { return syncfs(folder); }

static long long nanoseconds(struct timespec time) { return time.tv_sec * 1000000000LL + time.tv_nsec; }

long long esteira_modified(const struct stat *status) { return nanoseconds(status->st_mtim); }

long long esteira_changed(const struct stat *status) { return nanoseconds(status->st_ctim); }
