#pragma once
/* No _GNU_SOURCE here: Swift reads these headers beside its own Glibc module, and the two must agree.
   A .c file that needs it defines it before its includes. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <malloc.h>
#include "NetShims.h"
#include "CSystemProcess.h"
#include "CSystemFiles.h"
#include "CSystemWatch.h"

/// At most two heaps for all threads. By default glibc makes up to eight a core, and what one short thread
/// freed stays lost to the others: a job of 1,000 attempts then takes twice its memory.
static inline void csystem_use_few_heaps(void) { mallopt(M_ARENA_MAX, 2); }

/// Gives whole free pages of all heaps back to the system. It walks the heaps under their locks (about a
/// millisecond for each 10 MB), so it belongs behind work that is rare and leaves much behind.
static inline void csystem_give_back_free_pages(void) { (void)malloc_trim(0); }

/// Bytes of all heaps that are allocated and in use.
static inline size_t csystem_heap_in_use(void) {
  struct mallinfo2 heaps = mallinfo2();
  return heaps.uordblks + heaps.hblkhd;
}

/* What the kernel says of its clock: the estimated error in microseconds; -1: nothing keeps it set; -2: it
 * does not say. */
long csystem_clock_error(void);
