#define _GNU_SOURCE 1
#include "NetShims.h"
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

struct epoll_event esteira_epoll_event(uint32_t events, uint64_t token) {
  struct epoll_event event = {.events = events};
  event.data.u64 = token;
  return event;
}

uint64_t esteira_epoll_token(const struct epoll_event *event) { return event->data.u64; }

int esteira_accept(int listener) { return accept4(listener, 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC); }

int esteira_stream_socket(int family) {
  return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

void esteira_name_thread(pthread_t thread, const char *name) {
  char cut[16];
  strncpy(cut, name, sizeof cut - 1);
  cut[sizeof cut - 1] = 0;
  pthread_setname_np(thread, cut);
}

int esteira_peer(int socket, uid_t *uid, pid_t *pid) {
  struct ucred peer;
  socklen_t length = sizeof peer;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return -1;
  *uid = peer.uid;
  *pid = peer.pid;
  return 0;
}

int esteira_unsent(int socket) {
  int count = 0;
  return ioctl(socket, TIOCOUTQ, &count) == 0 ? count : 0;
}
