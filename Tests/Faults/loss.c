/* Knows what of each file and each name is on the disk for certain, and takes the rest away.
 *
 * The model is stricter than most file systems are. Bytes are certain once their file was synced; a name is
 * certain once its folder was, or one of the two folders of a rename. Of what is not certain each page, each
 * sector and each change of a name may or may not have reached the disk, but changes of names in the order in
 * which they were made.
 */
#define _GNU_SOURCE 1
#include "faults.h"
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PAGE = 4096, SECTOR = 512 };

/* How a page was when its file was last synced. */
struct page {
  struct page *next;
  off_t index;
  size_t length;
  char bytes[PAGE];
};

struct file {
  struct file *next;
  dev_t device;
  ino_t inode;
  /* Never closed: that would give up the locks that SQLite holds on the file. */
  int descriptor;
  int is_changed;
  off_t size;
  struct page *pages;
};

struct change {
  struct change *next;
  enum { CREATED, FOLDER, REMOVED, RENAMED } kind;
  char *path, *target;
  /* A second name of what was taken away or replaced; null where there was nothing. */
  char *kept;
  struct { dev_t device; ino_t inode; } folders[2];
};

static int is_on, forgets;
static uint64_t state;
static char root[PATH_MAX], attic[PATH_MAX];
static struct file *files;
/* The newest first. */
static struct change *changes;
static char *pending;
static int kept_count;

uint64_t loss_random(void) {
  state += 0x9E3779B97F4A7C15u;
  uint64_t mixed = state;
  mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9u;
  mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EBu;
  return mixed ^ mixed >> 31;
}

static void *make(size_t size) {
  void *memory = calloc(1, size);
  if (!memory) abort();
  return memory;
}

void loss_start(const char *folder, uint64_t seed) {
  state = seed;
  forgets = seed % 2 == 1;
  is_on = folder[0] != 0;
  if (!is_on) return;
  snprintf(root, sizeof root, "%s", folder);
  snprintf(attic, sizeof attic, "%s.attic", folder);
  mkdirat(AT_FDCWD, attic, 0700);
}

static int ends_with(const char *text, const char *ending) {
  size_t length = strlen(text), tail = strlen(ending);
  return length >= tail && strcmp(text + length - tail, ending) == 0;
}

/* SQLite shares it between processes as memory and makes it anew after a start. */
static int is_memory(const char *path) { return ends_with(path, "-shm"); }

static struct file *known(const struct stat *status) {
  struct file *found = files;
  while (found && (found->device != status->st_dev || found->inode != status->st_ino)) found = found->next;
  return found;
}

static struct file *file_of(int file) {
  struct stat status;
  if (!is_on || fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) return NULL;
  struct file *found = known(&status);
  if (!found) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return NULL;
    path[length] = 0;
    if (is_memory(path)) return NULL;
    found = make(sizeof *found);
    found->device = status.st_dev;
    found->inode = status.st_ino;
    found->descriptor = system_open(link, O_RDWR | O_CLOEXEC, 0);
    if (found->descriptor < 0) abort();
    found->next = files;
    files = found;
  }
  if (!found->is_changed) found->size = status.st_size;
  return found;
}

static void keep(struct file *file, off_t index) {
  if (index * PAGE >= file->size) return;
  for (struct page *page = file->pages; page; page = page->next) {
    if (page->index == index) return;
  }
  struct page *page = make(sizeof *page);
  page->index = index;
  ssize_t count = system_pread(file->descriptor, page->bytes, PAGE, index * PAGE);
  page->length = count > 0 ? (size_t)count : 0;
  page->next = file->pages;
  file->pages = page;
}

void loss_before_write(int descriptor, off_t offset, size_t length) {
  struct file *file = file_of(descriptor);
  if (!file || length == 0) return;
  file->is_changed = 1;
  for (off_t index = offset / PAGE; index <= (offset + (off_t)length - 1) / PAGE; index++) keep(file, index);
}

void loss_before_truncate(int descriptor, off_t size) {
  struct file *file = file_of(descriptor);
  if (!file) return;
  file->is_changed = 1;
  for (off_t index = size / PAGE; index * PAGE < file->size; index++) keep(file, index);
}

static void settle(struct file *file) {
  file->is_changed = 0;
  while (file->pages) {
    struct page *page = file->pages;
    file->pages = page->next;
    free(page);
  }
}

static void let_go(struct change *change) {
  if (change->kept) system_unlink(change->kept);
  free(change->kept);
  free(change->path);
  free(change->target);
  free(change);
}

/* The changes of names in a folder that was synced are certain. */
static void settle_names(const struct stat *folder) {
  for (struct change **place = &changes; *place;) {
    struct change *change = *place;
    int is_certain = 0;
    for (int side = 0; side < 2; side++) {
      is_certain |= change->folders[side].inode == folder->st_ino && change->folders[side].device == folder->st_dev;
    }
    if (is_certain) {
      *place = change->next;
      let_go(change);
    } else {
      place = &change->next;
    }
  }
}

void loss_after_sync(int descriptor) {
  struct stat status;
  if (!is_on || fstat(descriptor, &status) != 0) return;
  if (S_ISDIR(status.st_mode)) return settle_names(&status);
  struct file *file = known(&status);
  if (file) settle(file);
}

void loss_after_sync_of_all(void) {
  for (struct file *file = files; file; file = file->next) settle(file);
  while (changes) {
    struct change *change = changes;
    changes = change->next;
    let_go(change);
  }
}

void loss_before_open(const char *path, int flags) {
  if (!is_on || !(flags & O_TRUNC)) return;
  /* Left open, as all that looks at files here. */
  int file = system_open(path, O_RDONLY | O_CLOEXEC, 0);
  if (file >= 0) loss_before_truncate(file, 0);
}

static void folder_of(const char *path, struct change *change, int side) {
  char folder[PATH_MAX];
  struct stat status;
  snprintf(folder, sizeof folder, "%s", path);
  char *slash = strrchr(folder, '/');
  if (slash) *slash = 0;
  if (stat(folder, &status) != 0) return;
  change->folders[side].device = status.st_dev;
  change->folders[side].inode = status.st_ino;
}

static struct change *add(int kind, const char *path) {
  struct change *change = make(sizeof *change);
  change->kind = kind;
  change->path = strdup(path);
  folder_of(path, change, 0);
  change->next = changes;
  changes = change;
  return change;
}

void loss_after_create(const char *path) {
  if (is_on && !is_memory(path)) add(CREATED, path);
}

void loss_after_mkdir(const char *path) {
  if (is_on) add(FOLDER, path);
}

/* Gives what lies at the path a second name, for the change that follows. */
void loss_before_replace(const char *path) {
  free(pending);
  pending = NULL;
  if (!is_on || is_memory(path)) return;
  char kept[PATH_MAX];
  if (snprintf(kept, sizeof kept, "%s/%d", attic, kept_count++) >= (int)sizeof kept) return;
  if (syscall(SYS_linkat, AT_FDCWD, path, AT_FDCWD, kept, 0) == 0) pending = strdup(kept);
}

void loss_after_unlink(const char *path) {
  if (!pending) return;
  add(REMOVED, path)->kept = pending;
  pending = NULL;
}

void loss_after_rename(const char *path, const char *target) {
  if (!is_on) return;
  struct change *change = add(RENAMED, path);
  change->target = strdup(target);
  folder_of(target, change, 1);
  change->kept = pending;
  pending = NULL;
}

enum share { NOTHING, ALL, PAGES, SECTORS };

static int is_lost(enum share share) { return share == ALL || (share != NOTHING && loss_random() % 2 == 0); }

static const char zeros[PAGE];

/* Of one page the sectors that are lost become what they were; the answer is whether any of it stayed. */
static int take_page(struct file *file, const struct page *old, off_t index, enum share share) {
  int stayed = 0;
  size_t step = share == SECTORS ? SECTOR : PAGE;
  const char *bytes = old ? old->bytes : zeros;
  for (size_t start = 0; start < PAGE; start += step) {
    if (!is_lost(share)) {
      stayed = 1;
    } else {
      system_pwrite(file->descriptor, bytes + start, step, index * PAGE + (off_t)start);
    }
  }
  return stayed;
}

/* The size of a file of which this page stayed. */
static off_t later(off_t size, off_t index, off_t most) {
  off_t end = (index + 1) * PAGE < most ? (index + 1) * PAGE : most;
  return end > size ? end : size;
}

static void take(struct file *file, enum share share) {
  struct stat now;
  if (!file->is_changed || fstat(file->descriptor, &now) != 0) return;
  /* A file that was cut loses that change as a whole or not at all. */
  if (now.st_size < file->size && share != NOTHING) share = ALL;
  off_t size = file->size;
  if (share == NOTHING) size = now.st_size;
  for (struct page *page = file->pages; page && share != NOTHING; page = page->next) {
    if (take_page(file, page, page->index, share)) size = later(size, page->index, now.st_size);
  }
  off_t first = (file->size + PAGE - 1) / PAGE;
  for (off_t index = first; index * PAGE < now.st_size && share != NOTHING && share != ALL; index++) {
    if (take_page(file, NULL, index, share)) size = later(size, index, now.st_size);
  }
  if (size != now.st_size) system_ftruncate(file->descriptor, size);
  settle(file);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *place) {
  (void)status, (void)kind, (void)place;
  return remove(path), 0;
}

static void take_back(struct change *change) {
  switch (change->kind) {
  case CREATED: system_unlink(change->path); break;
  case FOLDER: nftw(change->path, remove_one, 16, FTW_DEPTH | FTW_PHYS); break;
  case REMOVED: system_rename(change->kept, change->path); break;
  case RENAMED:
    system_rename(change->target, change->path);
    if (change->kept) system_rename(change->kept, change->target);
    break;
  }
}

static int remove_memory(const char *path, const struct stat *status, int kind, struct FTW *place) {
  (void)status, (void)kind, (void)place;
  if (is_memory(path)) system_unlink(path);
  return 0;
}

/* Everything of every fourth seed, nothing of another, and otherwise a part that differs from file to file. */
static enum share share(uint64_t chance) {
  static const enum share shares[] = {ALL, NOTHING, PAGES, SECTORS};
  return shares[chance % 4];
}

void loss_strike(void) {
  if (!is_on) return;
  uint64_t kind = loss_random() % 4;
  for (struct file *file = files; file; file = file->next) {
    take(file, kind < 2 ? share(kind) : share(loss_random()));
  }
  int count = 0;
  for (struct change *change = changes; change; change = change->next) count++;
  int lost = kind == 0 ? count : kind == 1 ? 0 : (int)(loss_random() % ((uint64_t)count + 1));
  for (struct change *change = changes; change && lost > 0; change = change->next, lost--) take_back(change);
  nftw(root, remove_memory, 16, FTW_PHYS);
}

void loss_of_file(int descriptor) {
  struct stat status;
  if (!is_on || fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) return;
  struct file *file = known(&status);
  if (file && forgets) take(file, ALL);
}
