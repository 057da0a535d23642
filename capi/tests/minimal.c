/* The least that a server needs: it makes a policy, decides, and writes the fields. `.ci/c` links
 * it for a Cortex-M3, and prints what the library adds to such a program. */
#include "embedded_cors.h"

static const ecors_str origins[] = { ECORS_STR("https://app.example.com") };
static const ecors_str methods[] = { ECORS_STR("PUT") };
static const ecors_config config = { sizeof(ecors_config), 0, 600, ECORS_LIST(origins), ECORS_LIST(methods),
                                     ECORS_NO_LIST, ECORS_NO_LIST, NULL, NULL, { 0 } };
static unsigned char memory[ECORS_POLICY_SIZE(1, 1, 0, 0)];

/* Fields of a request, as the server's own parser has them. */
typedef struct field {
  ecors_str name, value;
} field;

/* Writes the CORS fields of the response, and returns the status of a preflight, 0 for another
 * request, or an error. */
int answer(ecors_str method, const field *fields, size_t count, char *buffer, size_t size) {
  const ecors_policy *policy;
  ecors_request request;
  ecors_decision decision;
  size_t i;
  int result = ecors_policy_init(memory, sizeof memory, &config, &policy, NULL);
  if (result != ECORS_OK) return result;
  ecors_request_init(&request, method.ptr, method.len);
  for (i = 0; i < count; i++)
    ecors_request_add_field(&request, fields[i].name.ptr, fields[i].name.len, fields[i].value.ptr, fields[i].value.len);
  ecors_decide(policy, &request, &decision);
  ecors_decision_field_lines(&decision, buffer, size, NULL);
  return ecors_decision_status(&decision);
}
