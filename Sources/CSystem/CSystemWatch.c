#define _GNU_SOURCE 1
#include "CSystem.h"
#include <errno.h>
#include <stdio.h>
#include <sys/vfs.h>

int esteira_watch_rename(int from, const char *name, int to, const char *other) {
  return renameat2(from, name, to, other, RENAME_NOREPLACE) == 0 ? 0 : errno;
}

int esteira_watch_lease(int file) {
  // The kernel tells of a waiting writer by SIGIO, which ends a process that does not expect it. SIGURG does
  // nothing by default.
  if (fcntl(file, F_SETSIG, SIGURG) != 0) return errno;
  return fcntl(file, F_SETLEASE, F_RDLCK) == 0 ? 0 : errno;
}

int esteira_watch_lease_stands(int file) { return fcntl(file, F_GETLEASE) == F_RDLCK; }

void esteira_watch_end_lease(int file) { fcntl(file, F_SETLEASE, F_UNLCK); }

int esteira_watch_is_remote(int folder) {
  static const unsigned long kinds[] = {
    0x6969 /* NFS */, 0x517B /* SMB */, 0xFF534D42 /* CIFS */, 0xFE534D42 /* SMB2 */, 0x65735546 /* FUSE */,
    0x01021997 /* 9P */, 0x00C36400 /* Ceph */, 0x5346414F /* AFS */, 0x0BD00BD0 /* Lustre */,
    0x7461636F /* OCFS2 */, 0x01161970 /* GFS2 */,
  };
  struct statfs found;
  if (fstatfs(folder, &found) != 0) return 0;
  for (unsigned index = 0; index < sizeof kinds / sizeof kinds[0]; index++)
    if ((unsigned long)found.f_type == kinds[index]) return 1;
  return 0;
}
