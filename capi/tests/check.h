/* What the tests share: a check that goes on, and memory that ends at a page that nobody may touch. */
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
/* What is being tested, for the message. */
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

/* Says how many checks there were, and returns from main. What did not run did not pass. */
static inline int end_of_checks(const char *name, unsigned long at_least) {
  if (failures > 0 || checks < at_least) {
    printf("%s: %lu of %lu checks failed (at least %lu expected)\n", name, failures, checks, at_least);
    return 1;
  }
  printf("%s: %lu checks\n", name, checks);
  return 0;
}

/* Memory whose end is followed by a page that nobody may touch. */
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

/* The last bytes of it. */
static inline char *last(guarded memory, size_t size) {
  if (size > memory.size) {
    fprintf(stderr, "%lu bytes are too many\n", (unsigned long)size);
    exit(2);
  }
  return memory.end - size;
}

/* A copy there. */
static inline char *last_copy(guarded memory, const char *bytes, size_t len) {
  return len == 0 ? memory.end : (char *)memcpy(last(memory, len), bytes, len);
}

#endif
