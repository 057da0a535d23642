/* Replaces a policy while threads decide, by the pattern of README.md. Each policy allows origins
 * and has a max-age that no other one has, and its memory is overwritten as soon as replace
 * returns.
 *
 * With TOO_EARLY, replace has a defect that ThreadSanitizer has to find: it writes to the memory of
 * the old policy before it waits for the threads that read it. */
#include "check.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

/* ----------------------------------------------------------- The pattern, as README.md has it */

#ifdef TOO_EARLY
/* Writes each byte of the policy's struct again. The values stay the same, so the threads that read
 * them cannot crash before ThreadSanitizer reports the race. */
static void write_same_bytes(const ecors_policy *policy) {
  volatile unsigned char *bytes = (volatile unsigned char *)(uintptr_t)policy;
  size_t i;
  for (i = 0; policy != NULL && i < ECORS_POLICY_SIZE(0, 0, 0, 0) / 4; i++) bytes[i] = bytes[i];
}
#endif

enum { WORKERS = 4 };
static _Atomic(const ecors_policy *) current;
static _Atomic(const ecors_policy *) in_use[WORKERS];

/* Begins a request. The policy stays until end is called. */
static const ecors_policy *begin(int worker) {
  const ecors_policy *policy;
  do {
    policy = atomic_load(&current);
    atomic_store(&in_use[worker], policy);
  } while (policy != atomic_load(&current));
  return policy;
}

/* Ends a request, after its answer was written. */
static void end(int worker) { atomic_store(&in_use[worker], NULL); }

/* Publishes a policy and returns the old one, whose memory may be reused. Only one thread may call
 * this function at a time. */
static const ecors_policy *replace(const ecors_policy *policy) {
  const ecors_policy *old = atomic_exchange(&current, policy);
  int worker;
#ifdef TOO_EARLY
  write_same_bytes(old);
#endif
  for (worker = 0; worker < WORKERS; worker++)
    while (old != NULL && atomic_load(&in_use[worker]) == old) sched_yield();
  return old;
}

/* ----------------------------------------------------------------------------------- The test */

enum { POLICIES = 3 };
static struct {
  unsigned char memory[ECORS_POLICY_SIZE(ECORS_INDEX_MIN_ORIGINS, 1, 0, 0) + ECORS_RENDERED_SIZE(4)];
  char origin[ECORS_INDEX_MIN_ORIGINS][48];
} places[POLICIES];

static atomic_int stop;
static atomic_ulong decided, allowed, wrong;
static long swaps;

static const ecors_policy *policy_in(int place, long number) {
  static const ecors_str methods[] = { ECORS_STR("PUT") };
  ecors_str origins[ECORS_INDEX_MIN_ORIGINS];
  ecors_config config;
  const ecors_policy *policy;
  int i;
  memset(&places[place], 0xa5, sizeof places[place]);
  for (i = 0; i < ECORS_INDEX_MIN_ORIGINS; i++) {
    origins[i].ptr = places[place].origin[i];
    origins[i].len = (size_t)snprintf(places[place].origin[i], 48, "https://%ld-%d.example", number, i);
  }
  memset(&config, 0, sizeof config);
  config.struct_size = sizeof config;
  config.flags = ECORS_RENDER;
  config.max_age_seconds = (int32_t)(number % 86400);
  config.origins.items = origins;
  config.origins.len = ECORS_INDEX_MIN_ORIGINS;
  config.methods.items = methods;
  config.methods.len = 1;
  if (ecors_policy_init(places[place].memory, sizeof places[place].memory, &config, &policy, NULL) != ECORS_OK) exit(2);
  return policy;
}

static void *work(void *argument) {
  int worker = (int)(intptr_t)argument;
  long number = 0;
  while (!atomic_load(&stop)) {
    char head[256], answer[512], expected[128];
    size_t len = (size_t)snprintf(head, sizeof head,
                                  "OPTIONS / HTTP/1.1\r\nOrigin: https://%ld-%d.example\r\nAccess-Control-Request-Method: PUT\r\n\r\n",
                                  number, worker);
    const ecors_policy *policy = begin(worker);
    ecors_reader reader;
    ecors_decision decision;
    int is_allowed;
    if (ecors_reader_init(&reader, policy) != ECORS_OK || ecors_reader_push(&reader, head, len / 2, NULL) != ECORS_NEEDS_MORE ||
        ecors_reader_push(&reader, head + len / 2, len - len / 2, NULL) != ECORS_DONE ||
        ecors_reader_decide(&reader, &decision) != ECORS_PREFLIGHT ||
        ecors_decision_response(&decision, answer, sizeof answer, NULL) != ECORS_OK)
      atomic_fetch_add(&wrong, 1);
    is_allowed = ecors_decision_is_allowed(&decision);
    end(worker);
    snprintf(expected, sizeof expected, "access-control-max-age: %ld\r\n", number);
    if ((strstr(answer, expected) != NULL) != is_allowed) atomic_fetch_add(&wrong, 1);
    atomic_fetch_add(&decided, 1);
    if (is_allowed) atomic_fetch_add(&allowed, 1);
    /* Go on with the origins of the next policy if this one is not in use any more. */
    if (!is_allowed) number = number < swaps ? number + 1 : 0;
  }
  return NULL;
}

int main(int argc, char **argv) {
  pthread_t threads[WORKERS];
  long number;
  int worker;
  swaps = argc > 1 ? strtol(argv[1], NULL, 10) : 2000;
  replace(policy_in(0, 0));
  for (worker = 0; worker < WORKERS; worker++)
    CHECK(pthread_create(&threads[worker], NULL, work, (void *)(intptr_t)worker) == 0);
  for (number = 1; number <= swaps; number++) {
    int place = (int)(number % POLICIES);
    const ecors_policy *old = replace(policy_in(place, number));
    CHECK(old != NULL);
    /* Overwrite the old policy and its strings at once. */
    memset(&places[(number - 1) % POLICIES], 0xa5, sizeof places[0]);
    while (atomic_load(&allowed) < (unsigned long)number) sched_yield();
  }
  atomic_store(&stop, 1);
  for (worker = 0; worker < WORKERS; worker++) pthread_join(threads[worker], NULL);
  CHECK(wrong == 0);
  printf("swap: %ld policies, %lu decisions, %lu allowed\n", swaps, (unsigned long)decided, (unsigned long)allowed);
  return end_of_checks("swap", (unsigned long)swaps);
}
