#pragma once
#include <stdint.h>
#include <sys/types.h>

/// A limit for `esteira_fork_exec`, soft and hard alike.
struct esteira_limit {
  int resource;
  uint64_t value;
};

/// Starts `program` in a session of its own with the descriptors 0, 1 and 2, `life` as 3 and `extra` as 4
/// (or none, where it is -1); all others are closed, all signals are as at boot. Returns 0 or an errno.
int esteira_spawn(
  const char *program, char *const arguments[], char *const environment[], int in, int out, int err, int life,
  int extra, pid_t *pid);

/// `fork`, which Swift does not offer. For a process with one thread only.
pid_t esteira_fork(void);

/// At most so many descriptors go with one message.
enum { esteira_descriptor_limit = 8 };

/// Sends a number with `count` descriptors over a Unix socket. Returns 0 or an errno.
int esteira_send_descriptors(int socket, int value, const int *descriptors, int count);

/// Receives what the above sends; `descriptors` has room for `esteira_descriptor_limit`, which `exec` closes.
/// Returns their count, or -1 at the end of the stream, on an error and after the socket's time limit.
int esteira_receive_descriptors(int socket, int *value, int *descriptors);

/// Makes the descriptors 0, 1, 2, … of these, in their order, and closes all others. `exec` keeps the first
/// three. Returns 0 or an errno.
int esteira_take_descriptors(const int *descriptors, int count);

/// Sends a signal to the process of a pidfd. 0 or -1.
int esteira_pidfd_kill(int pidfd, int number);

/// For a process with one thread only: forks, and in the child opens a process group, sets the limits, changes
/// the folder and executes. The child gets 0, 1, 2 as they are, the `extra_count` descriptors from `extra` (above
/// 3) on as 3, 4, ..., and `kept` at a high number (unless -1); it is killed when the caller dies. `*error` is the
/// errno of what failed, or 0.
pid_t esteira_fork_exec(
  const char *program, char *const arguments[], char *const environment[], const char *folder,
  const struct esteira_limit *limits, int limit_count, int extra, int extra_count, int kept, int *error);

/// A descriptor that becomes readable when the process ends, or -1.
int esteira_pidfd_open(pid_t pid);

/// A signalfd for SIGCHLD, SIGTERM, SIGINT and SIGHUP, which are blocked from then on; or -1.
int esteira_supervisor_signals(void);

/// Makes the caller the parent of every orphan among its descendants. Returns 0 or an errno.
int esteira_become_subreaper(void);
/* No image of this process is written when it crashes, and no other process of this user may read its memory.
 * What it starts is not held to that. */
int esteira_close_memory(void);

/// Gives back the memory that the program's code takes. What runs again is mapped anew out of the page cache,
/// 64 KiB at a time; what only a start needs is not. Of the program's file alone, and of what nothing writes to.
void esteira_release_code(void);

/// RLIMIT_AS and the like by name (`as`, `cpu`, `nofile`, `fsize`, `core`), or -1.
int esteira_limit_named(const char *name);

/// `open` with a mode, which Swift cannot call because it is variadic.
int esteira_open(const char *path, int flags, mode_t mode);

/// The next signal of `esteira_supervisor_signals`, or -1 when none waits.
int esteira_next_signal(int signals);

/// `environ`, which Swift may not touch because it can change; null-terminated.
char **esteira_environment(void);

/// A pipe whose ends are closed by `exec`. 0 or -1.
int esteira_pipe(int ends[2]);

/// Milliseconds of the clock that is never set.
long long esteira_monotonic_milliseconds(void);

/// How long reading from a socket waits, at most. 0 or -1.
int esteira_receive_limit(int socket, int seconds);
