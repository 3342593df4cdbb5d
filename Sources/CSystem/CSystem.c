#define _GNU_SOURCE 1
#include "CSystem.h"
#include <sys/timex.h>

long csystem_clock_error(void) {
  struct timex state = {0};
  if (adjtimex(&state) < 0) return -2;
  return state.status & STA_UNSYNC ? -1 : state.esterror;
}
