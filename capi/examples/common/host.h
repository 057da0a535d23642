/* What the examples need on a PC besides CORS: an orderly end, so that the tests can look for
 * leaks. */
#ifndef HOST_H
#define HOST_H

/* Blocks SIGINT and SIGTERM in this thread and in all that it starts. Call it before the server
 * starts its threads. */
void host_begin(void);

/* Tells the test that the server listens, and waits for SIGINT or SIGTERM. */
void host_wait(const char *port);

#endif
