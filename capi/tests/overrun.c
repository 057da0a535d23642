/* Passes a length that the buffer does not have. The tests want their instruments to notice that:
 * overrun stack, overrun heap, overrun page. */
#include "check.h"

int main(int argc, char **argv) {
  static const ecors_str origins[] = { ECORS_STR("*") };
  static unsigned char memory[ECORS_POLICY_SIZE(1, 0, 0, 0)];
  char on_stack[16];
  char *buffer = argc < 2 || *argv[1] == 's' ? on_stack : *argv[1] == 'h' ? (char *)malloc(16) : last(guarded_memory(16), 16);
  ecors_config config;
  const ecors_policy *policy;
  ecors_request request;
  ecors_decision decision;
  size_t len = 0;
  snprintf(context, sizeof context, "overrun");
  memset(&config, 0, sizeof config);
  config.struct_size = sizeof config;
  config.max_age_seconds = -1;
  config.origins.items = origins;
  config.origins.len = 1;
  if (ecors_policy_init(memory, sizeof memory, &config, &policy, NULL) != ECORS_OK) return 2;
  ecors_request_init(&request, "GET", 3);
  ecors_decide(policy, &request, &decision);
  if (ecors_decision_field_lines(&decision, buffer, 512, &len) != ECORS_OK) return 2;
  printf("%lu bytes were written into a buffer of 16\n", (unsigned long)len);
  return end_of_checks("overrun", 0);
}
