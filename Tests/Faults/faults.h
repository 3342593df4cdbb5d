#ifndef FAULTS_H
#define FAULTS_H

#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/* What a power cut would take away: `loss.c`. Every function is called under the one lock of `faults.c`, and
 * does nothing unless `loss_start` was called. */
void loss_start(const char *root, uint64_t seed);

/* Before bytes of an open file change, and once they are on the disk. */
void loss_before_write(int file, off_t offset, size_t length);
void loss_before_truncate(int file, off_t size);
void loss_after_sync(int file);
void loss_after_sync_of_all(void);

/* Names: before one is taken away or replaced, and after it was made or changed. */
void loss_before_open(const char *path, int flags);
void loss_after_create(const char *path);
void loss_after_mkdir(const char *path);
void loss_before_replace(const char *path);
void loss_after_unlink(const char *path);
void loss_after_rename(const char *path, const char *target);

/* Takes away what was not synced: all, nothing or a part of it, as the seed says. */
void loss_strike(void);
/* The same for one file, as a disk does that reports an error and forgets the pages. */
void loss_of_file(int file);

uint64_t loss_random(void);

/* The system's calls, without the wrappers. */
ssize_t system_pread(int file, void *bytes, size_t count, off_t offset);
ssize_t system_pwrite(int file, const void *bytes, size_t count, off_t offset);
int system_ftruncate(int file, off_t size);
int system_open(const char *path, int flags, mode_t mode);
int system_unlink(const char *path);
int system_rename(const char *path, const char *target);

#endif
