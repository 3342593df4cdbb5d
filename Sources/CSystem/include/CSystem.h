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
#include "NetShims.h"
#include "CSystemProcess.h"
