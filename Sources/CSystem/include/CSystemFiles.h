#pragma once
#include <sys/stat.h>
#include <sys/types.h>

/// `openat` with a mode, which Swift cannot call because it is variadic.
int esteira_openat(int folder, const char *name, int flags, mode_t mode);

/// Renames, and fails with EEXIST where something has the new name already: never replaces. 0 or -1.
int esteira_rename_new(int from, const char *name, int to, const char *other);

/// Brings all of a folder's file system to the disk. 0 or -1.
int esteira_sync_all(int folder);

/// Nanoseconds since 1970, as `stat` says when a file was changed last (its content, or anything of it).
long long esteira_modified(const struct stat *status);
long long esteira_changed(const struct stat *status);
