/* Preloaded into a server, this counts the calls that change files below one folder and makes one of them
 * go wrong. Only the process that it was preloaded into is concerned: its children are left alone.
 *
 *   FAULTS_ROOT    the folder, as an absolute path without links
 *   FAULTS_REPORT  a file that holds what was counted, also when the process is killed (`struct report`)
 *   FAULTS_NAME    count only what concerns files of this name
 *   FAULTS_MODE    count        nothing goes wrong
 *                  kill-before  SIGKILL instead of call FAULTS_AT
 *                  kill-after   SIGKILL when call FAULTS_AT has been done
 *                  power        as kill-before, and what was not synced is lost as FAULTS_SEED says
 *                  error        sync FAULTS_AT and all after it fail with EIO; for odd seeds the pages are lost
 *                  full         from call FAULTS_AT on, FAULTS_FOR writes fail with ENOSPC
 *                  short        reads and writes do less than they were asked for
 */
#define _GNU_SOURCE 1
#include "faults.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum mode { OFF, COUNT, KILL_BEFORE, KILL_AFTER, POWER, ERROR, FULL, SHORT };
enum kind { WRITE, SYNC, NAME };

/* Read by Tests/KillTests/Faults.swift. */
struct report {
  uint64_t calls, syncs, writes;
  /* How many calls went wrong. */
  uint64_t struck;
  /* The first of them, for people. */
  char what[480];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static enum mode mode;
static struct report *report;
static char root[PATH_MAX], name[256];
static uint64_t at, left;

ssize_t system_pread(int file, void *bytes, size_t count, off_t offset) {
  return syscall(SYS_pread64, file, bytes, count, offset);
}
ssize_t system_pwrite(int file, const void *bytes, size_t count, off_t offset) {
  return syscall(SYS_pwrite64, file, bytes, count, offset);
}
int system_ftruncate(int file, off_t size) { return (int)syscall(SYS_ftruncate, file, size); }
int system_open(const char *path, int flags, mode_t mode) {
  return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}
int system_unlink(const char *path) { return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0); }
int system_rename(const char *path, const char *target) {
  return (int)syscall(SYS_renameat2, AT_FDCWD, path, AT_FDCWD, target, 0);
}

static uint64_t number(const char *variable, uint64_t otherwise) {
  const char *text = getenv(variable);
  return text ? strtoull(text, NULL, 10) : otherwise;
}

static enum mode named(const char *text) {
  static const char *const names[] = {"off", "count", "kill-before", "kill-after", "power", "error", "full", "short"};
  for (int index = 0; text && index < 8; index++) {
    if (strcmp(text, names[index]) == 0) return (enum mode)index;
  }
  fprintf(stderr, "faults: FAULTS_MODE cannot be %s\n", text ? text : "missing");
  abort();
}

__attribute__((constructor)) static void start(void) {
  const char *folder = getenv("FAULTS_ROOT"), *file = getenv("FAULTS_REPORT"), *only = getenv("FAULTS_NAME");
  if (!folder || !file) return;
  snprintf(root, sizeof root, "%s", folder);
  snprintf(name, sizeof name, "%s", only ? only : "");
  at = number("FAULTS_AT", 0);
  left = number("FAULTS_FOR", 1);
  enum mode wanted = named(getenv("FAULTS_MODE"));
  int opened = system_open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (opened < 0 || system_ftruncate(opened, sizeof *report) != 0) abort();
  report = mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED, opened, 0);
  if (report == MAP_FAILED) abort();
  close(opened);
  memset(report, 0, sizeof *report);
  loss_start(wanted == POWER || wanted == ERROR ? root : "", number("FAULTS_SEED", 0));
  static const char *const variables[] = {
      "LD_PRELOAD", "FAULTS_ROOT", "FAULTS_REPORT", "FAULTS_NAME", "FAULTS_MODE", "FAULTS_AT", "FAULTS_FOR",
      "FAULTS_SEED"};
  for (size_t index = 0; index < sizeof variables / sizeof *variables; index++) unsetenv(variables[index]);
  mode = wanted;
}

static int is_below(const char *path) {
  size_t length = strlen(root);
  return strncmp(path, root, length) == 0 && (path[length] == '/' || path[length] == 0);
}

/* The path of an open file or folder that is below the root. */
static int concerns(int file, char path[PATH_MAX]) {
  struct stat status;
  if (mode == OFF || fstat(file, &status) != 0) return 0;
  if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) return 0;
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, PATH_MAX - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  return is_below(path) && status.st_nlink > 0;
}

/* The absolute path of a name in a folder. */
static int concerns_name(int folder, const char *text, char path[PATH_MAX]) {
  if (mode == OFF || !text) return 0;
  if (text[0] == '/') {
    snprintf(path, PATH_MAX, "%s", text);
  } else {
    char link[64], above[PATH_MAX];
    snprintf(link, sizeof link, folder == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", folder);
    ssize_t length = readlink(link, above, sizeof above - 1);
    if (length <= 0) return 0;
    above[length] = 0;
    if (snprintf(path, PATH_MAX, "%s/%s", above, text) >= PATH_MAX) return 0;
  }
  return is_below(path);
}

static void note(const char *call, const char *path, off_t offset, size_t length) {
  if (report->struck++ > 0) return;
  const char *below = path + strlen(root);
  snprintf(
      report->what, sizeof report->what, "%s %s at %lld, %zu bytes", call, *below ? below + 1 : ".",
      (long long)offset, length);
}

static void __attribute__((noreturn)) die(void) {
  for (;;) {
    kill(getpid(), SIGKILL);
    pause();
  }
}

/* Counts one call under the lock; gives the error that it fails with, or 0 where it is to be done. */
static int count(enum kind kind, const char *call, const char *path, off_t offset, size_t length) {
  const char *slash = strrchr(path, '/');
  if (name[0] && slash && strcmp(slash + 1, name) != 0) return 0;
  uint64_t calls = ++report->calls;
  if (kind == SYNC) report->syncs++;
  if (kind == WRITE) report->writes++;
  switch (mode) {
  case OFF: case COUNT: case SHORT: return 0;
  case KILL_BEFORE: case KILL_AFTER: case POWER:
    if (calls != at) return 0;
    note(call, path, offset, length);
    if (mode == KILL_AFTER) return 0;
    if (mode == POWER) loss_strike();
    die();
  case ERROR:
    if (kind != SYNC || report->syncs < at) return 0;
    note(call, path, offset, length);
    return EIO;
  case FULL:
    if (kind != WRITE || calls < at || left == 0) return 0;
    left--;
    note(call, path, offset, length);
    return ENOSPC;
  }
  return 0;
}

static int failed(int error) {
  pthread_mutex_unlock(&lock);
  errno = error;
  return -1;
}

/* The end of a counted call: the lock is let go, and `errno` stays. */
static long finished(long result) {
  int error = errno;
  if (mode == KILL_AFTER && report->struck > 0) die();
  pthread_mutex_unlock(&lock);
  errno = error;
  return result;
}

/* A part of a transfer, never nothing. */
static size_t shortened(size_t count) {
  if (mode != SHORT || count < 2) return count;
  pthread_mutex_lock(&lock);
  uint64_t chance = loss_random();
  if (chance % 2 == 0) {
    count = 1 + (chance >> 8) % count;
    report->struck++;
  }
  pthread_mutex_unlock(&lock);
  return count;
}

ssize_t pread(int file, void *bytes, size_t count, off_t offset) {
  char path[PATH_MAX];
  if (mode == SHORT && concerns(file, path)) count = shortened(count);
  return system_pread(file, bytes, count, offset);
}
ssize_t pread64(int file, void *bytes, size_t count, off64_t offset) __attribute__((alias("pread")));

ssize_t read(int file, void *bytes, size_t count) {
  char path[PATH_MAX];
  if (mode == SHORT && concerns(file, path)) count = shortened(count);
  return syscall(SYS_read, file, bytes, count);
}

ssize_t pwrite(int file, const void *bytes, size_t length, off_t offset) {
  char path[PATH_MAX];
  if (!concerns(file, path)) return system_pwrite(file, bytes, length, offset);
  length = shortened(length);
  pthread_mutex_lock(&lock);
  int error = count(WRITE, "pwrite", path, offset, length);
  if (error) return failed(error);
  loss_before_write(file, offset, length);
  return finished(system_pwrite(file, bytes, length, offset));
}
ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t offset) __attribute__((alias("pwrite")));

/* Where `write` will write. */
static off_t position(int file) {
  struct stat status;
  int flags = fcntl(file, F_GETFL);
  if (flags >= 0 && (flags & O_APPEND) && fstat(file, &status) == 0) return status.st_size;
  return (off_t)syscall(SYS_lseek, file, 0, SEEK_CUR);
}

ssize_t write(int file, const void *bytes, size_t length) {
  char path[PATH_MAX];
  if (!concerns(file, path)) return syscall(SYS_write, file, bytes, length);
  length = shortened(length);
  pthread_mutex_lock(&lock);
  off_t offset = position(file);
  int error = count(WRITE, "write", path, offset, length);
  if (error) return failed(error);
  loss_before_write(file, offset, length);
  return finished(syscall(SYS_write, file, bytes, length));
}

ssize_t writev(int file, const struct iovec *parts, int number) {
  char path[PATH_MAX];
  if (!concerns(file, path)) return syscall(SYS_writev, file, parts, number);
  size_t length = 0;
  for (int index = 0; index < number; index++) length += parts[index].iov_len;
  pthread_mutex_lock(&lock);
  off_t offset = position(file);
  int error = count(WRITE, "writev", path, offset, length);
  if (error) return failed(error);
  loss_before_write(file, offset, length);
  return finished(syscall(SYS_writev, file, parts, number));
}

int ftruncate(int file, off_t size) {
  char path[PATH_MAX];
  if (!concerns(file, path)) return system_ftruncate(file, size);
  pthread_mutex_lock(&lock);
  int error = count(NAME, "ftruncate", path, size, 0);
  if (error) return failed(error);
  loss_before_truncate(file, size);
  return (int)finished(system_ftruncate(file, size));
}
int ftruncate64(int file, off64_t size) __attribute__((alias("ftruncate")));

static int sync_file(int file, const char *call, long number) {
  char path[PATH_MAX];
  if (!concerns(file, path)) return (int)syscall(number, file);
  pthread_mutex_lock(&lock);
  int error = count(SYNC, call, path, 0, 0);
  if (error) {
    loss_of_file(file);
    return failed(error);
  }
  long result = syscall(number, file);
  if (result == 0) loss_after_sync(file);
  return (int)finished(result);
}

int fsync(int file) { return sync_file(file, "fsync", SYS_fsync); }
int fdatasync(int file) { return sync_file(file, "fdatasync", SYS_fdatasync); }

int syncfs(int file) {
  char path[PATH_MAX];
  if (!concerns(file, path)) return (int)syscall(SYS_syncfs, file);
  pthread_mutex_lock(&lock);
  int error = count(SYNC, "syncfs", path, 0, 0);
  if (error) return failed(error);
  long result = syscall(SYS_syncfs, file);
  if (result == 0) loss_after_sync_of_all();
  return (int)finished(result);
}

int unlinkat(int folder, const char *text, int flags) {
  char path[PATH_MAX];
  if ((flags & AT_REMOVEDIR) || !concerns_name(folder, text, path)) {
    return (int)syscall(SYS_unlinkat, folder, text, flags);
  }
  pthread_mutex_lock(&lock);
  int error = count(NAME, "unlink", path, 0, 0);
  if (error) return failed(error);
  loss_before_replace(path);
  long result = syscall(SYS_unlinkat, folder, text, flags);
  if (result == 0) loss_after_unlink(path);
  return (int)finished(result);
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }

int renameat2(int folder, const char *text, int other, const char *target, unsigned flags) {
  char path[PATH_MAX], place[PATH_MAX];
  int is_from = concerns_name(folder, text, path), is_to = concerns_name(other, target, place);
  if (!is_from && !is_to) return (int)syscall(SYS_renameat2, folder, text, other, target, flags);
  pthread_mutex_lock(&lock);
  int error = count(NAME, "rename", is_to ? place : path, 0, 0);
  if (error) return failed(error);
  loss_before_replace(place);
  long result = syscall(SYS_renameat2, folder, text, other, target, flags);
  if (result == 0) loss_after_rename(path, place);
  return (int)finished(result);
}
int renameat(int folder, const char *text, int other, const char *target) {
  return renameat2(folder, text, other, target, 0);
}
int rename(const char *path, const char *target) { return renameat2(AT_FDCWD, path, AT_FDCWD, target, 0); }

int linkat(int folder, const char *text, int other, const char *target, int flags) {
  char place[PATH_MAX];
  if (!concerns_name(other, target, place)) return (int)syscall(SYS_linkat, folder, text, other, target, flags);
  pthread_mutex_lock(&lock);
  int error = count(NAME, "link", place, 0, 0);
  if (error) return failed(error);
  long result = syscall(SYS_linkat, folder, text, other, target, flags);
  if (result == 0) loss_after_create(place);
  return (int)finished(result);
}

int mkdirat(int folder, const char *text, mode_t bits) {
  char path[PATH_MAX];
  if (!concerns_name(folder, text, path)) return (int)syscall(SYS_mkdirat, folder, text, bits);
  pthread_mutex_lock(&lock);
  int error = count(NAME, "mkdir", path, 0, 0);
  if (error) return failed(error);
  long result = syscall(SYS_mkdirat, folder, text, bits);
  if (result == 0) loss_after_mkdir(path);
  return (int)finished(result);
}
int mkdir(const char *path, mode_t bits) { return mkdirat(AT_FDCWD, path, bits); }

/* Only what makes or empties a file matters, and it is no step of its own: between it and the next write
 * nothing is promised to anybody. */
int openat(int folder, const char *text, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t bits = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  char path[PATH_MAX];
  int changes = flags & (O_CREAT | O_TRUNC);
  if (!changes || !concerns_name(folder, text, path)) {
    return (int)syscall(SYS_openat, folder, text, flags, bits);
  }
  pthread_mutex_lock(&lock);
  struct stat status;
  int is_new = lstat(path, &status) != 0;
  if (!is_new) loss_before_open(path, flags);
  long result = syscall(SYS_openat, folder, text, flags, bits);
  if (result >= 0 && is_new) loss_after_create(path);
  return (int)finished(result);
}
int open(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t bits = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return openat(AT_FDCWD, path, flags, bits);
}
int open64(const char *path, int flags, ...) __attribute__((alias("open")));
int openat64(int folder, const char *path, int flags, ...) __attribute__((alias("openat")));
