#include "host.h"

#include <signal.h>
#include <stdio.h>

static sigset_t ends;

void host_begin(void) {
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ends, NULL);
}

void host_wait(const char *port) {
  int signal;
  printf("listening on port %s\n", port);
  fflush(stdout);
  sigwait(&ends, &signal);
}
