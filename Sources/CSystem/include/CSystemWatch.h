#pragma once

/// Renames unless something has the new name. Returns 0 or an errno: EEXIST where the name is taken, EINVAL
/// where the file system cannot promise it.
int esteira_watch_rename(int from, const char *name, int to, const char *other);

/// Takes a read lease on a file that is open for reading only. Returns 0 or an errno: EAGAIN while anybody has
/// it open for writing, EACCES or EINVAL where there are no leases. Whoever opens it for writing then waits
/// until the lease ends.
int esteira_watch_lease(int file);

/// 1 while nobody waits for the end of the lease, else 0.
int esteira_watch_lease_stands(int file);

void esteira_watch_end_lease(int file);

/// 1 where other machines can change the folder without the kernel hearing of it: NFS, SMB, FUSE and the like.
int esteira_watch_is_remote(int folder);
