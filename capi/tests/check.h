/* What the tests share: a check that lets the test go on after a failure, and memory that ends
 * before an inaccessible page. */
#ifndef CHECK_H
#define CHECK_H

#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE
#endif
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "embedded_cors.h"

static unsigned long checks, failures;
/* Names the case that is being tested, for the message of a failure. */
static char context[256];

#define CHECK(condition)                                                                        \
  do {                                                                                          \
    checks++;                                                                                   \
    if (!(condition)) {                                                                         \
      failures++;                                                                               \
      if (failures <= 20) fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, context, #condition); \
    }                                                                                           \
  } while (0)

#define CHECK_TEXT(text, expected) CHECK(strcmp((text), (expected)) == 0)

/* Prints the result and returns the exit status of the program. A test that made fewer checks than
 * at_least has not run as a whole, so it fails. */
static inline int end_of_checks(const char *name, unsigned long at_least) {
  if (failures > 0 || checks < at_least) {
    printf("%s: %lu of %lu checks failed (at least %lu expected)\n", name, failures, checks, at_least);
    return 1;
  }
  printf("%s: %lu checks\n", name, checks);
  return 0;
}

/* Memory that ends before an inaccessible page. */
typedef struct guarded {
  char *end;
  size_t size;
} guarded;

static inline guarded guarded_memory(size_t size) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  size_t len = (size + page - 1) / page * page;
  char *memory = (char *)mmap(NULL, len + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  guarded result;
  if (memory == MAP_FAILED || mprotect(memory + len, page, PROT_NONE) != 0) {
    perror("mmap");
    exit(2);
  }
  result.end = memory + len;
  result.size = len;
  return result;
}

/* Returns the last bytes of the memory. */
static inline char *last(guarded memory, size_t size) {
  if (size > memory.size) {
    fprintf(stderr, "%lu bytes are more than the memory has\n", (unsigned long)size);
    exit(2);
  }
  return memory.end - size;
}

/* Copies bytes to the end of the memory and returns where they are. */
static inline char *last_copy(guarded memory, const char *bytes, size_t len) {
  return len == 0 ? memory.end : (char *)memcpy(last(memory, len), bytes, len);
}

#endif
