#pragma once
#include <pthread.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/types.h>

/* Swift cannot reach the union inside epoll_event, which is packed. */
struct epoll_event esteira_epoll_event(uint32_t events, uint64_t token);
uint64_t esteira_epoll_token(const struct epoll_event *event);

/* accept4 with SOCK_NONBLOCK and SOCK_CLOEXEC. */
int esteira_accept(int listener);

/* A stream socket with SOCK_NONBLOCK and SOCK_CLOEXEC. */
int esteira_stream_socket(int family);

/* Linux keeps 15 bytes of the name; the rest is cut. */
void esteira_name_thread(pthread_t thread, const char *name);

/* SO_PEERCRED of a Unix socket: 0, or -1 with errno. */
int esteira_peer(int socket, uid_t *uid, pid_t *pid);

/* Bytes that the socket took and the other side has not: TIOCOUTQ. 0 where the kernel cannot tell. */
int esteira_unsent(int socket);
