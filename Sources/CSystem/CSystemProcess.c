#define _GNU_SOURCE 1
#include "CSystem.h"
#include "CSystemProcess.h"
#include <errno.h>
#include <link.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

enum { kept_descriptor = 200 };

int esteira_spawn(
  const char *program, char *const arguments[], char *const environment[], int in, int out, int err, int life,
  int extra, pid_t *pid) {
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_t actions;
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(
    &attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in, 0);
  posix_spawn_file_actions_adddup2(&actions, out, 1);
  posix_spawn_file_actions_adddup2(&actions, err, 2);
  // By way of high numbers: that of `life` may be 4, and that of `extra` 3.
  int high_life = fcntl(life, F_DUPFD_CLOEXEC, 10);
  int high_extra = extra >= 0 ? fcntl(extra, F_DUPFD_CLOEXEC, 10) : -1;
  posix_spawn_file_actions_adddup2(&actions, high_life, 3);
  if (extra >= 0) posix_spawn_file_actions_adddup2(&actions, high_extra, 4);
  posix_spawn_file_actions_addclosefrom_np(&actions, extra >= 0 ? 5 : 4);
  int result = posix_spawn(pid, program, &actions, &attributes, arguments, environment);
  if (high_life >= 0) close(high_life);
  if (high_extra >= 0) close(high_extra);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return result;
}

static void execute(
  const char *program, char *const arguments[], char *const environment[], const char *folder,
  const struct esteira_limit *limits, int limit_count, int extra, int extra_count, int kept, pid_t parent) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  for (int index = 0; index < limit_count; index++) {
    struct rlimit limit = {limits[index].value, limits[index].value};
    if (setrlimit(limits[index].resource, &limit) != 0) return;
  }
  if (chdir(folder) != 0) return;
  // Each goes to a lower number than it has, in order: none is overwritten before it was copied.
  for (int index = 0; index < extra_count; index++)
    if (dup2(extra + index, 3 + index) < 0) return;
  if (kept >= 0) dup2(kept, kept_descriptor);
  struct sigaction standard = {.sa_handler = SIG_DFL};
  for (int number = 1; number < NSIG; number++) sigaction(number, &standard, NULL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  execve(program, arguments, environment);
}

pid_t esteira_fork_exec(
  const char *program, char *const arguments[], char *const environment[], const char *folder,
  const struct esteira_limit *limits, int limit_count, int extra, int extra_count, int kept, int *error) {
  int report[2];
  *error = 0;
  if (pipe2(report, O_CLOEXEC) != 0) {
    *error = errno;
    return -1;
  }
  pid_t parent = getpid();
  pid_t pid = fork();
  if (pid == 0) {
    execute(program, arguments, environment, folder, limits, limit_count, extra, extra_count, kept, parent);
    int failed = errno;
    ssize_t written = write(report[1], &failed, sizeof failed);
    _exit(written == sizeof failed ? 127 : 126);
  }
  int failed = errno;
  close(report[1]);
  if (pid < 0) *error = failed;
  else if (read(report[0], &failed, sizeof failed) == sizeof failed) *error = failed;
  close(report[0]);
  return pid;
}

int esteira_pidfd_kill(int pidfd, int number) {
  return (int)syscall(SYS_pidfd_send_signal, pidfd, number, NULL, 0);
}

pid_t esteira_fork(void) { return fork(); }

int esteira_send_descriptors(int socket, int value, const int *descriptors, int count) {
  char space[CMSG_SPACE(sizeof(int) * esteira_descriptor_limit)];
  struct iovec bytes = {&value, sizeof value};
  struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1};
  if (count < 0 || count > esteira_descriptor_limit) return EINVAL;
  if (count > 0) {
    memset(space, 0, sizeof space);
    message.msg_control = space;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)count);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)count);
    memcpy(CMSG_DATA(header), descriptors, sizeof(int) * (size_t)count);
  }
  ssize_t sent;
  do sent = sendmsg(socket, &message, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent == sizeof value ? 0 : sent < 0 ? errno : EIO;
}

int esteira_receive_descriptors(int socket, int *value, int *descriptors) {
  char space[CMSG_SPACE(sizeof(int) * esteira_descriptor_limit)];
  struct iovec bytes = {value, sizeof *value};
  struct msghdr message = {
    .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
  ssize_t received;
  do received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_WAITALL);
  while (received < 0 && errno == EINTR);
  int count = 0;
  for (struct cmsghdr *header = received > 0 ? CMSG_FIRSTHDR(&message) : NULL; header;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    count = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    memcpy(descriptors, CMSG_DATA(header), sizeof(int) * (size_t)count);
  }
  if (received == sizeof *value && !(message.msg_flags & MSG_CTRUNC)) return count;
  for (int index = 0; index < count; index++) close(descriptors[index]);
  return -1;
}

int esteira_take_descriptors(const int *descriptors, int count) {
  int high[esteira_descriptor_limit];
  if (count < 3 || count > esteira_descriptor_limit) return EINVAL;
  // By way of high numbers: any of them may stand where another has to go.
  for (int index = 0; index < count; index++) {
    high[index] = fcntl(descriptors[index], F_DUPFD_CLOEXEC, 16);
    if (high[index] < 0) return errno;
  }
  for (int index = 0; index < count; index++)
    if (dup3(high[index], index, index < 3 ? 0 : O_CLOEXEC) < 0) return errno;
  return close_range((unsigned)count, ~0U, 0) == 0 ? 0 : errno;
}

int esteira_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int esteira_supervisor_signals(void) {
  sigset_t watched;
  sigemptyset(&watched);
  sigaddset(&watched, SIGCHLD);
  sigaddset(&watched, SIGTERM);
  sigaddset(&watched, SIGINT);
  sigaddset(&watched, SIGHUP);
  if (sigprocmask(SIG_BLOCK, &watched, NULL) != 0) return -1;
  return signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
}

int esteira_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1) == 0 ? 0 : errno; }

int esteira_close_memory(void) {
  // A runtime may catch these to print where a program was. It would read this memory from outside, which is
  // closed now, and the process would hang instead of ending.
  static const int crashes[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGQUIT};
  for (size_t i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++) signal(crashes[i], SIG_DFL);
  return prctl(PR_SET_DUMPABLE, 0) == 0 ? 0 : errno;
}

static int release_code(struct dl_phdr_info *program, size_t size, void *unused) {
  (void)size;
  (void)unused;
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  for (int i = 0; i < program->dlpi_phnum; i++) {
    const ElfW(Phdr) *segment = &program->dlpi_phdr[i];
    // A page that was written to, by relocations or by the program, would lose what was written.
    if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X) || (segment->p_flags & PF_W)) continue;
    uintptr_t begin = (program->dlpi_addr + segment->p_vaddr + page - 1) & ~(page - 1);
    uintptr_t end = (program->dlpi_addr + segment->p_vaddr + segment->p_filesz) & ~(page - 1);
    if (begin < end) madvise((void *)begin, end - begin, MADV_DONTNEED);
  }
  // The first is the program itself.
  return 1;
}

void esteira_release_code(void) { dl_iterate_phdr(release_code, NULL); }

int esteira_limit_named(const char *name) {
  if (strcmp(name, "as") == 0) return RLIMIT_AS;
  if (strcmp(name, "cpu") == 0) return RLIMIT_CPU;
  if (strcmp(name, "nofile") == 0) return RLIMIT_NOFILE;
  if (strcmp(name, "fsize") == 0) return RLIMIT_FSIZE;
  if (strcmp(name, "core") == 0) return RLIMIT_CORE;
  return -1;
}

int esteira_open(const char *path, int flags, mode_t mode) { return open(path, flags, mode); }

int esteira_next_signal(int signals) {
  struct signalfd_siginfo information;
  return read(signals, &information, sizeof information) == sizeof information ? (int)information.ssi_signo : -1;
}

char **esteira_environment(void) { return environ; }

int esteira_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

long long esteira_monotonic_milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

int esteira_receive_limit(int socket, int seconds) {
  struct timeval limit = {.tv_sec = seconds};
  return setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}
