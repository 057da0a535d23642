/* Checks what the header says about everything but the answers: mistakes of the caller's, memory,
 * long lists, predicates, copies. */
#include "check.h"

static const ecors_str origins[] = { ECORS_STR("https://app.example.com"), ECORS_STR("https://*.example.org") };
static const ecors_str methods[] = { ECORS_STR("PUT"), ECORS_STR("DELETE") };
static const ecors_str headers[] = { ECORS_STR("content-type") };
static const ecors_config config = { sizeof(ecors_config), ECORS_CREDENTIALS, 600, ECORS_LIST(origins), ECORS_LIST(methods),
                                     ECORS_LIST(headers), ECORS_NO_LIST, NULL, NULL, { 0 } };
static unsigned char memory[ECORS_POLICY_SIZE(2, 2, 1, 0)];

static const char preflight[] = "OPTIONS /led HTTP/1.1\r\nOrigin: https://app.example.com\r\nAccess-Control-Request-Method: PUT\r\n\r\n";
static const char response[] =
    "HTTP/1.1 204 No Content\r\n"
    "access-control-allow-origin: https://app.example.com\r\n"
    "access-control-allow-credentials: true\r\n"
    "access-control-allow-methods: PUT,DELETE\r\n"
    "access-control-allow-headers: content-type\r\n"
    "access-control-max-age: 600\r\n"
    "vary: origin,access-control-request-method,access-control-request-headers\r\n"
    "content-length: 0\r\n"
    "\r\n";

/* A pointer that must not be followed. */
static char *const unmapped = (char *)(uintptr_t)64;

static const ecors_policy *policy_in(void *memory, size_t size, const ecors_config *config) {
  const ecors_policy *policy;
  ecors_error error;
  int result = ecors_policy_init(memory, size, config, &policy, &error);
  CHECK(result == ECORS_OK);
  return result == ECORS_OK ? policy : NULL;
}

static int decide_origin(const ecors_policy *policy, const char *origin, size_t len) {
  ecors_request request;
  ecors_decision decision;
  CHECK(ecors_request_init(&request, "GET", 3) == ECORS_OK);
  CHECK(ecors_request_add_field(&request, "origin", 6, origin, len) == ECORS_OK);
  CHECK(ecors_decide(policy, &request, &decision) == ECORS_ACTUAL);
  return ecors_decision_is_allowed(&decision) ? 0 : ecors_decision_reason(&decision);
}

static const ecors_policy *policy;

static void the_whole_way(void) {
  ecors_request request;
  ecors_decision decision;
  char buffer[1024];
  size_t len;
  snprintf(context, sizeof context, "the whole way");
  policy = policy_in(memory, sizeof memory, &config);
  CHECK(ecors_request_from_head(&request, preflight, sizeof preflight - 1) == ECORS_OK);
  CHECK(ecors_decide(policy, &request, &decision) == ECORS_PREFLIGHT && ecors_decision_status(&decision) == 204);
  CHECK(ecors_decision_response(&decision, buffer, sizeof buffer, &len) == ECORS_OK);
  CHECK(len == sizeof response - 1);
  CHECK_TEXT(buffer, response);
  CHECK(ecors_policy_max_response_size(policy) <= sizeof buffer);
}

/* ------------------------------------------------------------------------------ Configurations */

static int contains(const char *text, ecors_str part) {
  for (; *text != '\0'; text++)
    if (strncmp(text, part.ptr, part.len) == 0) return 1;
  return 0;
}

static void refused_config(const ecors_config *config, int result, const char *setting, size_t index) {
  static char room[4096];
  const ecors_policy *policy = (const ecors_policy *)room;
  ecors_error error;
  char message[400];
  memset(&error, 0xa5, sizeof error);
  CHECK(ecors_policy_init(room, sizeof room, config, &policy, &error) == result && policy == NULL);
  CHECK_TEXT(error.setting, setting);
  CHECK(error.rule == ECORS_NO_POSITION && error.index == index && error.what.len > 0 && error.fix.len > 0 && error.reserved[4] == 0);
  CHECK(ecors_error_message(&error, message, sizeof message, NULL) == ECORS_OK);
  CHECK(strstr(message, setting) == message && contains(message, error.what) && contains(message, error.fix));
}

static void configurations(void) {
  static const ecors_str null_entry[] = { ECORS_STR("PUT"), { NULL, 3 } };
  static const ecors_str empty_entry[] = { ECORS_STR("PUT"), { NULL, 0 } };
  static const ecors_str long_entry[] = { { "PUT", (size_t)PTRDIFF_MAX + 1 } };
  static const ecors_str not_text[] = { ECORS_STR("https://a.example"), ECORS_STR("https://\xff.example") };
  ecors_config wrong;
  ecors_error error;
  const ecors_policy *none = policy;
  size_t needed = ecors_policy_size(&config), size;
  char message[400];
  snprintf(context, sizeof context, "configurations");

  refused_config(NULL, ECORS_E_ARG, "config", ECORS_NO_POSITION);
  CHECK(ecors_policy_size(NULL) == 0);
  for (size = 0; size < 300; size++) {
    wrong = config;
    wrong.struct_size = size;
    if (size == sizeof config) continue;
    refused_config(&wrong, ECORS_E_ABI, "struct_size", ECORS_NO_POSITION);
    CHECK(ecors_policy_size(&wrong) == 0);
  }
  CHECK(needed > 0 && needed <= sizeof memory);
  for (size = 0; size < needed; size++) {
    guarded guarded = { (char *)memory + sizeof memory, sizeof memory };
    CHECK(ecors_policy_init(last(guarded, size), size, &config, &none, &error) == ECORS_E_MEMORY && none == NULL);
  }
  CHECK(ecors_policy_init(NULL, 4096, &config, &none, &error) == ECORS_E_ARG && none == NULL);
  CHECK(ecors_policy_init(memory, sizeof memory, &config, NULL, &error) == ECORS_E_ARG);
  CHECK_TEXT(error.setting, "policy");
  CHECK(ecors_policy_init(NULL, 0, NULL, NULL, NULL) == ECORS_E_ARG);
  policy = policy_in(memory, sizeof memory, &config);

  wrong = config;
  wrong.flags |= 0x8000;
  refused_config(&wrong, ECORS_E_CONFIG, "flags", ECORS_NO_POSITION);
  wrong.flags = 0x80000000u;
  refused_config(&wrong, ECORS_E_CONFIG, "flags", ECORS_NO_POSITION);
  wrong.flags = ECORS_SUCCESS_STATUS_200 | ECORS_SUCCESS_STATUS_204_BARE;
  refused_config(&wrong, ECORS_E_CONFIG, "flags", ECORS_NO_POSITION);
  wrong.flags = ECORS_REFUSED_STATUS_200 | ECORS_REFUSED_STATUS_204;
  refused_config(&wrong, ECORS_E_CONFIG, "flags", ECORS_NO_POSITION);
  wrong = config;
  wrong.max_age_seconds = -2;
  refused_config(&wrong, ECORS_E_CONFIG, "max_age_seconds", ECORS_NO_POSITION);
  wrong.max_age_seconds = 86401;
  refused_config(&wrong, ECORS_E_CONFIG, "max_age_seconds", ECORS_NO_POSITION);
  wrong = config;
  wrong.methods.items = NULL;
  refused_config(&wrong, ECORS_E_ARG, "methods", ECORS_NO_POSITION);
  wrong.methods.items = null_entry;
  wrong.methods.len = 2;
  refused_config(&wrong, ECORS_E_ARG, "methods", 1);
  wrong.methods.items = empty_entry;
  refused_config(&wrong, ECORS_E_CONFIG, "methods", 1);
  wrong.methods.items = long_entry;
  wrong.methods.len = 1;
  refused_config(&wrong, ECORS_E_ARG, "methods", 0);
  wrong.flags |= ECORS_RENDER;
  refused_config(&wrong, ECORS_E_ARG, "methods", 0);
  wrong = config;
  wrong.origins.items = not_text;
  refused_config(&wrong, ECORS_E_CONFIG, "origins", 1);
  CHECK(ecors_policy_init(memory, sizeof memory, &wrong, &none, &error) == ECORS_E_CONFIG);
  /* The policy that was in this memory before is refused from now on. */
  CHECK(ecors_policy_max_fields(policy) == 0 && ecors_policy_max_response_size(policy) == 0);
  ecors_error_message(&error, message, sizeof message, NULL);
  CHECK_TEXT(message,
             "origins[1] \"https://?.example\": is not ASCII at byte 8; write the host as browsers send it, in its xn-- form");
  policy = policy_in(memory, sizeof memory, &config);
  for (size = 1; size <= 40; size++) {
    wrong = config;
    wrong.origins.len = (size_t)-1 / size;
    CHECK(ecors_policy_size(&wrong) == 0);
    refused_config(&wrong, ECORS_E_MEMORY, "memory", ECORS_NO_POSITION);
  }
  policy = policy_in(memory, sizeof memory, &config);
}

static void values(void) {
  ecors_error error;
  char message[400];
  size_t len;
  snprintf(context, sizeof context, "values");
  CHECK(ecors_check_origin("https://*.example.com", 21, NULL) == ECORS_OK);
  CHECK(ecors_check_origin("*", 1, NULL) == ECORS_OK);
  CHECK(ecors_check_method("PUT", 3, NULL) == ECORS_OK);
  CHECK(ecors_check_method("patch", 5, NULL) == ECORS_OK); /* PATCH may be another value */
  CHECK(ecors_check_header("X-A", 3, NULL) == ECORS_OK);
  CHECK(ecors_check_exposed_header("etag", 4, NULL) == ECORS_OK);
  CHECK(ecors_check_max_age(-1, NULL) == ECORS_OK && ecors_check_max_age(0, NULL) == ECORS_OK);
  CHECK(ecors_check_max_age(86400, NULL) == ECORS_OK);
  CHECK(ecors_check_origin("https://example.com/", 20, &error) == ECORS_E_CONFIG);
  CHECK(error.index == ECORS_NO_POSITION && error.byte == 19 && error.entry.len == 20);
  CHECK(ecors_error_message(&error, message, sizeof message, &len) == ECORS_OK && len == strlen(message));
  CHECK_TEXT(message, "origins \"https://example.com/\": has a path or a slash at byte 19; an origin ends after its host and port");
  CHECK(ecors_check_origin(NULL, 0, &error) == ECORS_E_CONFIG);
  ecors_error_message(&error, message, sizeof message, NULL);
  CHECK_TEXT(message, "origins \"\": is empty; remove it");
  CHECK(ecors_check_method("put", 3, &error) == ECORS_E_CONFIG && error.byte == ECORS_NO_POSITION);
  CHECK(ecors_check_header("a b", 3, &error) == ECORS_E_CONFIG && error.byte == 1);
  CHECK(ecors_check_header("a\xff", 2, &error) == ECORS_E_CONFIG && error.byte == 1);
  CHECK(ecors_check_exposed_header("Set-Cookie", 10, &error) == ECORS_E_CONFIG);
  CHECK(ecors_check_max_age(-2, &error) == ECORS_E_CONFIG && ecors_check_max_age(86401, &error) == ECORS_E_CONFIG);
  CHECK(ecors_check_origin(NULL, 1, &error) == ECORS_E_ARG);
  CHECK_TEXT(error.setting, "origins");
  CHECK(ecors_check_origin("a", (size_t)PTRDIFF_MAX + 1, NULL) == ECORS_E_ARG);
  memset(&error, 0, sizeof error);
  strcpy(message, "before");
  CHECK(ecors_error_message(&error, message, sizeof message, &len) == ECORS_E_ARG && len == 0 && message[0] == '\0');
  CHECK(ecors_error_message(NULL, message, sizeof message, NULL) == ECORS_E_ARG);
}

/* ------------------------------------------------------------------------------------ Mistakes */

/* Every function refuses a struct that does not hold a decision. */
static void no_decision(const ecors_decision *decision, int result) {
  char buffer[64] = "before";
  ecors_fields fields;
  size_t len = 1;
  fields.len = 1;
  CHECK(ecors_decision_kind(decision) == result && ecors_decision_status(decision) == result);
  CHECK(ecors_decision_reason(decision) == result);
  CHECK(ecors_decision_reason_byte(decision) == ECORS_NO_POSITION && ecors_decision_reason_header(decision) == ECORS_NO_POSITION);
  CHECK(ecors_decision_is_allowed(decision) == 0);
  CHECK(ecors_decision_field_lines(decision, buffer, sizeof buffer, &len) == result && buffer[0] == '\0' && len == 0);
  strcpy(buffer, "before");
  len = 1;
  CHECK(ecors_decision_response(decision, buffer, sizeof buffer, &len) == result && buffer[0] == '\0' && len == 0);
  strcpy(buffer, "before");
  len = 1;
  CHECK(ecors_decision_fields(decision, buffer, sizeof buffer, &fields, &len) == result);
  CHECK(buffer[0] == '\0' && len == 0 && fields.len == 0);
}

static void structs_without_content(void) {
  static ecors_decision zero_decision;
  static ecors_request zero_request;
  static ecors_reader zero_reader;
  static uint64_t zero_policy[64];
  const ecors_policy *no_policy = (const ecors_policy *)zero_policy;
  ecors_decision decision, odd_decision;
  ecors_request request, odd_request;
  ecors_reader reader, odd_reader;
  unsigned filler;
  snprintf(context, sizeof context, "structs without content");
  CHECK(ecors_request_from_head(&request, preflight, sizeof preflight - 1) == ECORS_OK);
  for (filler = 0; filler < 256; filler += 0x55) {
    memset(&odd_decision, (int)filler, sizeof odd_decision);
    memset(&odd_request, (int)filler, sizeof odd_request);
    memset(&odd_reader, (int)filler, sizeof odd_reader);
    memset(zero_policy, (int)filler, sizeof zero_policy);
    no_decision(&odd_decision, ECORS_E_STATE);
    CHECK(ecors_decision_merge_vary(&odd_decision, "a", 1) == ECORS_E_STATE);
    CHECK(ecors_decide(policy, &odd_request, &decision) == ECORS_E_STATE);
    no_decision(&decision, ECORS_E_STATE);
    CHECK(ecors_decide_for_error_reply(policy, &odd_request, &decision) == ECORS_E_STATE);
    CHECK(ecors_decide(no_policy, &request, &decision) == ECORS_E_STATE);
    no_decision(&decision, ECORS_E_STATE);
    CHECK(ecors_request_add_field(&odd_request, "a", 1, "b", 1) == ECORS_E_STATE);
    CHECK(ecors_request_add_truncated_field(&odd_request, "a", 1) == ECORS_E_STATE);
    CHECK(ecors_request_mark_incomplete(&odd_request) == ECORS_E_STATE);
    CHECK(ecors_request_is_cors(&odd_request) == 0 && ecors_request_is_preflight(&odd_request) == 0);
    CHECK(ecors_reader_push(&odd_reader, "a", 1, NULL) == ECORS_E_STATE);
    CHECK(ecors_reader_decide(&odd_reader, &decision) == ECORS_E_STATE);
    CHECK(ecors_reader_decide_for_error_reply(&odd_reader, &decision) == ECORS_E_STATE);
    CHECK(ecors_reader_init(&reader, no_policy) == ECORS_E_STATE);
    CHECK(ecors_reader_push(&reader, "a", 1, NULL) == ECORS_E_STATE);
    CHECK(ecors_policy_max_response_size(no_policy) == 0 && ecors_policy_max_fields(no_policy) == 0);
  }
  no_decision(&zero_decision, ECORS_E_STATE);
  CHECK(ecors_decide(policy, &zero_request, &decision) == ECORS_E_STATE);
  CHECK(ecors_reader_push(&zero_reader, "a", 1, NULL) == ECORS_E_STATE);
  /* A struct with content of another type. */
  memcpy(&odd_request, memory, sizeof odd_request);
  CHECK(ecors_request_is_cors(&odd_request) == 0);
  memcpy(&odd_decision, &request, sizeof request < sizeof odd_decision ? sizeof request : sizeof odd_decision);
  no_decision(&odd_decision, ECORS_E_STATE);

  no_decision(NULL, ECORS_E_ARG);
  CHECK(ecors_decide(NULL, &request, &decision) == ECORS_E_ARG);
  no_decision(&decision, ECORS_E_STATE);
  CHECK(ecors_decide(policy, NULL, &decision) == ECORS_E_ARG);
  no_decision(&decision, ECORS_E_STATE);
  CHECK(ecors_decide(policy, &request, NULL) == ECORS_E_ARG);
  CHECK(ecors_decide_for_error_reply(NULL, &request, &decision) == ECORS_E_ARG);
  CHECK(ecors_decide_for_error_reply(policy, NULL, &decision) == ECORS_E_ARG);
  CHECK(ecors_decide_for_error_reply(policy, &request, NULL) == ECORS_E_ARG);
  CHECK(ecors_reader_init(NULL, policy) == ECORS_E_ARG && ecors_reader_init(&reader, NULL) == ECORS_E_ARG);
  CHECK(ecors_reader_init_for_header_section(NULL, policy, "GET", 3) == ECORS_E_ARG);
  CHECK(ecors_reader_push(NULL, "a", 1, NULL) == ECORS_E_ARG);
  CHECK(ecors_reader_decide(NULL, &decision) == ECORS_E_ARG && ecors_reader_decide(&reader, NULL) == ECORS_E_ARG);
  CHECK(ecors_request_init(NULL, "GET", 3) == ECORS_E_ARG);
  CHECK(ecors_request_from_head(NULL, preflight, 1) == ECORS_E_ARG);
  CHECK(ecors_request_from_incomplete_head(NULL, preflight, 1) == ECORS_E_ARG);
  CHECK(ecors_request_from_header_section(NULL, "GET", 3, preflight, 1) == ECORS_E_ARG);
  CHECK(ecors_request_add_field(NULL, "a", 1, "b", 1) == ECORS_E_ARG && ecors_request_add_truncated_field(NULL, "a", 1) == ECORS_E_ARG);
  CHECK(ecors_request_mark_incomplete(NULL) == ECORS_E_ARG);
  CHECK(ecors_request_is_cors(NULL) == 0 && ecors_request_is_preflight(NULL) == 0);
  CHECK(ecors_decision_merge_vary(NULL, "a", 1) == ECORS_E_ARG);
  CHECK(ecors_policy_max_response_size(NULL) == 0 && ecors_policy_max_fields(NULL) == 0);
}

static void pointers(void) {
  const size_t too_long = (size_t)PTRDIFF_MAX + 1;
  ecors_request request;
  ecors_reader reader;
  ecors_decision decision;
  ecors_fields fields;
  char buffer[512];
  size_t used = 1;
  snprintf(context, sizeof context, "pointers");
  /* (NULL, 0), and a pointer that must not be followed with the length 0. */
  CHECK(ecors_request_init(&request, NULL, 0) == ECORS_OK && ecors_request_init(&request, unmapped, 0) == ECORS_OK);
  CHECK(ecors_request_add_field(&request, NULL, 0, NULL, 0) == ECORS_OK);
  CHECK(ecors_request_add_field(&request, unmapped, 0, unmapped, 0) == ECORS_OK);
  CHECK(ecors_request_add_truncated_field(&request, NULL, 0) == ECORS_OK);
  CHECK(ecors_decide(policy, &request, &decision) == ECORS_NOT_CORS);
  CHECK(ecors_request_add_field(&request, "Origin", 6, NULL, 0) == ECORS_OK);
  CHECK(ecors_decide(policy, &request, &decision) == ECORS_ACTUAL);
  CHECK_TEXT(ecors_reason_name(ecors_decision_reason(&decision)), "origin_malformed");
  CHECK(ecors_request_from_head(&request, NULL, 0) == ECORS_E_INCOMPLETE);
  CHECK(ecors_request_from_incomplete_head(&request, NULL, 0) == ECORS_OK);
  CHECK(ecors_reader_init(&reader, policy) == ECORS_OK);
  CHECK(ecors_reader_push(&reader, NULL, 0, &used) == ECORS_NEEDS_MORE && used == 0);
  CHECK(ecors_reader_init_for_header_section(&reader, policy, NULL, 0) == ECORS_OK);
  CHECK(ecors_is_cors_response_field(NULL, 0) == 0);
  CHECK(ecors_decision_merge_vary(&decision, NULL, 0) == ECORS_OK);

  /* NULL with a length, and a length that no memory has. */
  CHECK(ecors_request_init(&request, NULL, 1) == ECORS_E_ARG && ecors_request_init(&request, "GET", too_long) == ECORS_E_ARG);
  CHECK(ecors_decide(policy, &request, &decision) == ECORS_E_STATE);
  CHECK(ecors_request_from_head(&request, NULL, 1) == ECORS_E_ARG);
  CHECK(ecors_request_from_head(&request, preflight, too_long) == ECORS_E_ARG);
  CHECK(ecors_request_from_incomplete_head(&request, NULL, 1) == ECORS_E_ARG);
  CHECK(ecors_request_from_header_section(&request, NULL, 1, "\r\n", 2) == ECORS_E_ARG);
  CHECK(ecors_request_from_header_section(&request, "GET", 3, NULL, 2) == ECORS_E_ARG);
  CHECK(ecors_reader_init_for_header_section(&reader, policy, NULL, 1) == ECORS_E_ARG);
  CHECK(ecors_is_cors_response_field(NULL, 27) == 0);
  CHECK(ecors_reader_init(&reader, policy) == ECORS_OK);
  CHECK(ecors_reader_push(&reader, preflight, 10, NULL) == ECORS_NEEDS_MORE);
  CHECK(ecors_reader_push(&reader, NULL, 1, &used) == ECORS_E_ARG && used == 0);
  CHECK(ecors_reader_push(&reader, preflight, too_long, NULL) == ECORS_E_ARG);
  CHECK(ecors_reader_push(&reader, preflight + 10, sizeof preflight - 11, NULL) == ECORS_DONE);
  CHECK(ecors_reader_decide(&reader, &decision) == ECORS_PREFLIGHT && ecors_decision_is_allowed(&decision));

  /* A request is refused if one of its fields could not be added. */
  for (used = 0; used < 4; used++) {
    CHECK(ecors_request_init(&request, "GET", 3) == ECORS_OK);
    CHECK(ecors_request_add_field(&request, "Origin", 6, origins[0].ptr, origins[0].len) == ECORS_OK);
    CHECK((used == 0   ? ecors_request_add_field(&request, NULL, 6, "a", 1)
           : used == 1 ? ecors_request_add_field(&request, "Origin", 6, NULL, 1)
           : used == 2 ? ecors_request_add_field(&request, "Origin", 6, "a", too_long)
                       : ecors_request_add_truncated_field(&request, "Origin", too_long)) == ECORS_E_ARG);
    CHECK(ecors_decide(policy, &request, &decision) == ECORS_ACTUAL && !ecors_decision_is_allowed(&decision));
    CHECK_TEXT(ecors_reason_name(ecors_decision_reason(&decision)), "head_incomplete");
    CHECK(ecors_decide_for_error_reply(policy, &request, &decision) == ECORS_ACTUAL && ecors_decision_is_allowed(&decision));
  }

  CHECK(ecors_request_from_head(&request, preflight, sizeof preflight - 1) == ECORS_OK);
  CHECK(ecors_decide(policy, &request, &decision) == ECORS_PREFLIGHT);
  CHECK(ecors_decision_field_lines(&decision, NULL, 1, NULL) == ECORS_E_ARG);
  CHECK(ecors_decision_field_lines(&decision, buffer, too_long, NULL) == ECORS_E_ARG);
  CHECK(ecors_decision_field_lines(&decision, NULL, 0, NULL) == ECORS_E_MEMORY);
  CHECK(ecors_decision_response(&decision, NULL, 1, NULL) == ECORS_E_ARG);
  CHECK(ecors_decision_fields(&decision, NULL, 1, &fields, NULL) == ECORS_E_ARG && fields.len == 0);
  CHECK(ecors_decision_fields(&decision, buffer, sizeof buffer, NULL, NULL) == ECORS_E_ARG);
  CHECK(ecors_decision_fields(&decision, buffer, sizeof buffer, &fields, NULL) == ECORS_OK && fields.len > 0);
  CHECK(ecors_decision_field_lines(&decision, buffer, sizeof buffer, NULL) == ECORS_OK);
}

static void heads(void) {
  static const char truncated[] = "GET / HTTP/1.1\r\nOrigin: https://app.example.com\r\nCookie: a=";
  ecors_request request;
  ecors_reader reader;
  ecors_decision decision;
  size_t used;
  snprintf(context, sizeof context, "heads");
  CHECK(ecors_request_from_head(&request, truncated, sizeof truncated - 1) == ECORS_E_INCOMPLETE);
  CHECK(ecors_decide(policy, &request, &decision) == ECORS_E_STATE);
  CHECK(ecors_request_from_head(&request, " GET / HTTP/1.1\r\n\r\n", 19) == ECORS_E_HEAD);
  CHECK(ecors_decide(policy, &request, &decision) == ECORS_E_STATE);
  CHECK(ecors_request_from_incomplete_head(&request, "\x16\x03\x01", 3) == ECORS_E_HEAD);
  CHECK(ecors_request_from_header_section(&request, "GET", 3, "Origin: a\r\n", 11) == ECORS_E_INCOMPLETE);
  CHECK(ecors_request_from_incomplete_head(&request, truncated, sizeof truncated - 1) == ECORS_OK);
  CHECK(ecors_decide(policy, &request, &decision) == ECORS_ACTUAL && !ecors_decision_is_allowed(&decision));
  CHECK(ecors_decide_for_error_reply(policy, &request, &decision) == ECORS_ACTUAL && ecors_decision_is_allowed(&decision));
  CHECK(ecors_request_init(&request, "GET", 3) == ECORS_OK);
  CHECK(ecors_request_add_truncated_field(&request, "ORIGIN", 6) == ECORS_OK);
  CHECK(ecors_decide(policy, &request, &decision) == ECORS_ACTUAL);
  CHECK_TEXT(ecors_reason_name(ecors_decision_reason(&decision)), "origin_truncated");
  CHECK(ecors_request_init(&request, "GET", 3) == ECORS_OK && ecors_request_mark_incomplete(&request) == ECORS_OK);
  CHECK(ecors_decide(policy, &request, &decision) == ECORS_NOT_CORS);
  CHECK_TEXT(ecors_reason_name(ecors_decision_reason(&decision)), "head_incomplete");

  CHECK(ecors_reader_init(&reader, policy) == ECORS_OK);
  CHECK(ecors_reader_push(&reader, "\x16", 1, &used) == ECORS_E_HEAD && used == 0);
  CHECK(ecors_reader_push(&reader, preflight, sizeof preflight - 1, &used) == ECORS_E_HEAD && used == 0);
  CHECK(ecors_reader_decide(&reader, &decision) == ECORS_NOT_CORS && ecors_decision_reason(&decision) != 0);
  CHECK(ecors_reader_init_for_header_section(&reader, policy, "OPTIONS", 7) == ECORS_OK);
  CHECK(ecors_reader_push(&reader, preflight + 23, sizeof preflight - 24, &used) == ECORS_DONE && used == sizeof preflight - 24);
  CHECK(ecors_reader_decide(&reader, &decision) == ECORS_PREFLIGHT && ecors_decision_is_allowed(&decision));
}

/* A copy of a reader goes on where the reader was, and its decision borrows the copy only. */
static void copies(void) {
  ecors_reader first, second;
  ecors_decision decision;
  char buffer[1024];
  size_t first_len;
  snprintf(context, sizeof context, "copies");
  for (first_len = 0; first_len < sizeof preflight - 1; first_len++) {
    CHECK(ecors_reader_init(&first, policy) == ECORS_OK);
    CHECK(ecors_reader_push(&first, preflight, first_len, NULL) == ECORS_NEEDS_MORE);
    memcpy(&second, &first, sizeof second);
    memset(&first, 0xa5, sizeof first);
    CHECK(ecors_reader_push(&second, preflight + first_len, sizeof preflight - 1 - first_len, NULL) == ECORS_DONE);
    CHECK(ecors_reader_decide(&second, &decision) == ECORS_PREFLIGHT);
    CHECK(ecors_decision_response(&decision, buffer, sizeof buffer, NULL) == ECORS_OK);
    CHECK_TEXT(buffer, response);
  }
}

static void vary(void) {
  static const char *const wrong[] = { "a b", "a\r\nset-cookie: b", "a,b\xff", "a;b" };
  ecors_request request;
  ecors_decision decision;
  char buffer[512];
  size_t i;
  snprintf(context, sizeof context, "vary");
  ecors_request_init(&request, "GET", 3);
  CHECK(ecors_decide(policy, &request, &decision) == ECORS_NOT_CORS);
  for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    CHECK(ecors_decision_merge_vary(&decision, wrong[i], strlen(wrong[i])) == ECORS_E_ARG);
  CHECK(ecors_decision_field_lines(&decision, buffer, sizeof buffer, NULL) == ECORS_OK);
  CHECK_TEXT(buffer, "vary: origin\r\n");
  CHECK(ecors_decision_merge_vary(&decision, "*", 1) == ECORS_OK);
  CHECK(ecors_decision_field_lines(&decision, buffer, sizeof buffer, NULL) == ECORS_OK);
  CHECK_TEXT(buffer, "vary: *\r\n");
  CHECK(ecors_decision_merge_vary(&decision, "accept,ORIGIN", 13) == ECORS_OK);
  CHECK(ecors_decision_field_lines(&decision, buffer, sizeof buffer, NULL) == ECORS_OK);
  CHECK_TEXT(buffer, "vary: accept,ORIGIN\r\n");
}

static void texts(void) {
  int code;
  snprintf(context, sizeof context, "texts");
  for (code = -300; code < 300; code++) {
    CHECK(ecors_strerror(code) != NULL && (ecors_strerror(code)[0] != '\0') == (code < 0 && code >= ECORS_E_INCOMPLETE));
    CHECK(ecors_reason_name(code) != NULL && (code > 0 || ecors_reason_name(code)[0] == '\0'));
    CHECK(ecors_reason_sentence(code) != NULL && (code > 0 || ecors_reason_sentence(code)[0] == '\0'));
  }
  CHECK_TEXT(ecors_reason_name(4), "origin_not_allowed");
  CHECK(ecors_is_cors_response_field("Access-Control-Allow-Origin", 27) == 1);
  CHECK(ecors_is_cors_response_field("ACCESS-CONTROL-MAX-AGE", 22) == 1 && ecors_is_cors_response_field("access-control-max-ag", 21) == 0);
  CHECK(ecors_is_cors_response_field("vary", 4) == 0 && ecors_is_cors_response_field("origin", 6) == 0);
}

/* -------------------------------------------------------------------------------------- Memory */

static void alignments(void) {
  size_t needed = ecors_policy_size(&config), shift;
  snprintf(context, sizeof context, "alignments");
  for (shift = 0; shift < 16; shift++) {
    guarded memory = guarded_memory(needed + 16);
    char *place = last(memory, needed + shift);
    const ecors_policy *policy;
    memset(memory.end - memory.size, 0xa5, memory.size);
    policy = policy_in(place, needed, &config);
    CHECK(decide_origin(policy, origins[0].ptr, origins[0].len) == 0);
    CHECK(shift == 0 || (unsigned char)place[needed] == 0xa5);
    CHECK((unsigned char)place[-1] == 0xa5);
  }
}

static void macros(void) {
  static ecors_str many[100];
  size_t i;
  snprintf(context, sizeof context, "macros");
  for (i = 0; i < 100; i++) {
    ecors_config config;
    memset(&config, 0, sizeof config);
    config.struct_size = sizeof config;
    many[i].ptr = "x-name";
    many[i].len = 6;
    config.origins.items = config.methods.items = config.headers.items = config.expose.items = many;
    config.origins.len = i;
    config.methods.len = i % 3;
    config.headers.len = i % 7;
    config.expose.len = i % 2;
    CHECK(ecors_policy_size(&config) == ECORS_POLICY_SIZE(i, i % 3, i % 7, i % 2));
    config.flags = ECORS_RENDER;
    CHECK(ecors_policy_size(&config) == ECORS_POLICY_SIZE(i, i % 3, i % 7, i % 2) + ECORS_RENDERED_SIZE(7 * (i % 3 + i % 7 + i % 2)));
    config.flags = ECORS_RENDER | ECORS_TIMING;
    /* The origins of an index are never written. */
    CHECK(ecors_policy_size(&config) ==
          ECORS_POLICY_SIZE(i, i % 3, i % 7, i % 2) +
              ECORS_RENDERED_SIZE(7 * ((i < ECORS_INDEX_MIN_ORIGINS ? i : 0) + i % 3 + i % 7 + i % 2)));
  }
}

/* The memory is large enough for the longest text that can be rendered. */
static void rendering(void) {
  static ecors_str exact[ECORS_INDEX_MIN_ORIGINS - 1];
  static char exact_text[ECORS_INDEX_MIN_ORIGINS - 1][256];
  static ecors_str names[3][64];
  static char text[3][64][1024];
  const ecors_policy *policy;
  ecors_config config;
  ecors_request request;
  ecors_decision decision;
  size_t list, i, size;
  guarded memory;
  snprintf(context, sizeof context, "rendering");
  memset(&config, 0, sizeof config);
  config.struct_size = sizeof config;
  config.max_age_seconds = 86400;
  config.flags = ECORS_RENDER | ECORS_CREDENTIALS;
  config.origins.items = origins;
  config.origins.len = 2;
  for (list = 0; list < 3; list++) {
    for (i = 0; i < 64; i++) {
      memset(text[list][i], 'a', 1024);
      snprintf(text[list][i], 1024, "x-%u", (unsigned)i);
      text[list][i][strlen(text[list][i])] = '-';
      names[list][i].ptr = text[list][i];
      names[list][i].len = 1024;
    }
  }
  config.methods.items = names[0];
  config.headers.items = names[1];
  config.expose.items = names[2];
  config.methods.len = config.headers.len = config.expose.len = 64;
  size = ecors_policy_size(&config);
  memory = guarded_memory(size);
  policy = policy_in(last(memory, size), size, &config);
  CHECK(decide_origin(policy, origins[0].ptr, origins[0].len) == 0);
  CHECK(ecors_policy_max_response_size(policy) > 2 * 64 * 1024);
  /* With ECORS_TIMING a response has all origins too. */
  for (i = 0; i < ECORS_INDEX_MIN_ORIGINS - 1; i++) {
    exact[i].ptr = exact_text[i];
    exact[i].len = (size_t)snprintf(exact_text[i], sizeof exact_text[i], "https://%u.%060u.%060u.%060u.example", (unsigned)i, 0u, 0u, 0u);
  }
  config.flags |= ECORS_TIMING;
  config.origins.items = exact;
  config.origins.len = ECORS_INDEX_MIN_ORIGINS - 1;
  size = ecors_policy_size(&config);
  memory = guarded_memory(size);
  policy = policy_in(last(memory, size), size, &config);
  CHECK(decide_origin(policy, exact[7].ptr, exact[7].len) == 0);
  CHECK(ecors_request_init(&request, "GET", 3) == ECORS_OK && ecors_decide(policy, &request, &decision) == ECORS_NOT_CORS);
  CHECK(ecors_decision_field_lines(&decision, NULL, 0, &size) == ECORS_E_MEMORY && size > 31 * 190);
}

/* ---------------------------------------------------------------------------------- Long lists */

static void long_list(size_t count) {
  ecors_str *list = (ecors_str *)calloc(count, sizeof(ecors_str));
  char *text = (char *)malloc(count * 48);
  ecors_config config;
  const ecors_policy *policy;
  ecors_error error;
  guarded memory;
  size_t i, size, step = count > 1000 ? 97 : 1;
  snprintf(context, sizeof context, "%lu origins", (unsigned long)count);
  for (i = 0; i < count; i++) {
    list[i].ptr = text + i * 48;
    list[i].len = (size_t)snprintf(text + i * 48, 48, i % 1000 == 7 ? "https://*.t%lu.example" : "https://tenant-%lu.example",
                                   (unsigned long)i);
  }
  memset(&config, 0, sizeof config);
  config.struct_size = sizeof config;
  config.max_age_seconds = -1;
  config.flags = ECORS_CREDENTIALS;
  config.origins.items = list;
  config.origins.len = count;
  memcpy(config.index_seed, "\xe5\x7a\x02\x9c\xd3\x11\x6b\x2f", sizeof config.index_seed);
  size = ecors_policy_size(&config);
  memory = guarded_memory(size);
  CHECK(ecors_policy_init(last(memory, size), size - 1, &config, &policy, &error) == ECORS_E_MEMORY);
  policy = policy_in(last(memory, size), size, &config);
  for (i = 0; i < count; i += step) {
    char other[64];
    int len;
    if (i % 1000 == 7) {
      len = snprintf(other, sizeof other, "https://x.y%s", list[i].ptr + 9);
      CHECK(decide_origin(policy, other, (size_t)len) == 0);
      len = snprintf(other, sizeof other, "https://%s", list[i].ptr + 10);
    } else {
      CHECK(decide_origin(policy, list[i].ptr, list[i].len) == 0);
      len = snprintf(other, sizeof other, "%s.evil.test", list[i].ptr);
    }
    CHECK(decide_origin(policy, other, (size_t)len) == 4);
  }
  CHECK(decide_origin(policy, "https://tenant-1000000.example", 30) == 4);
  /* A mistake in the last entry is found too. */
  list[count - 1].ptr = "https://example.com/";
  list[count - 1].len = 20;
  CHECK(ecors_policy_init(last(memory, size), size, &config, &policy, &error) == ECORS_E_CONFIG);
  CHECK(error.index == count - 1 && error.byte == 19);
  free(text);
  free(list);
}

/* --------------------------------------------------------------------------------------- Rules */

static void refused_rules(const ecors_config *rules, size_t count, int result, size_t rule, const char *message) {
  static char room[40000];
  const ecors_policy *policy = (const ecors_policy *)room;
  ecors_error error;
  char text[400];
  memset(&error, 0xa5, sizeof error);
  CHECK(ecors_rules_init(room, sizeof room, rules, count, &policy, &error) == result && policy == NULL);
  CHECK(error.rule == rule && error.reserved[0] == 0 && error.reserved[4] == 0);
  CHECK(ecors_error_message(&error, text, sizeof text, NULL) == ECORS_OK);
  CHECK_TEXT(text, message);
}

static void rules(void) {
  static const ecors_str any[] = { ECORS_STR("*") };
  static const ecors_str slash[] = { ECORS_STR("https://app.example.com"), ECORS_STR("https://example.com/") };
  ecors_config rules[ECORS_MAX_RULES + 1];
  ecors_str names[ECORS_MAX_RULES + 1];
  char text[ECORS_MAX_RULES + 1][32];
  const ecors_policy *policy, *one = NULL;
  ecors_error error;
  ecors_request request;
  ecors_reader reader;
  ecors_decision decision;
  char buffer[1024];
  size_t size, i;
  guarded memory;
  snprintf(context, sizeof context, "rules");
  rules[0] = config;
  memset(&rules[1], 0, sizeof rules[1]);
  rules[1].struct_size = sizeof rules[1];
  rules[1].max_age_seconds = -1;
  rules[1].origins.items = any;
  rules[1].origins.len = 1;

  /* The memory is the sum of the policies', and not a byte less. */
  size = ecors_rules_size(rules, 2);
  CHECK(size == ecors_policy_size(&rules[0]) + ecors_policy_size(&rules[1]));
  CHECK(size == ECORS_POLICY_SIZE(2, 2, 1, 0) + ECORS_POLICY_SIZE(1, 0, 0, 0));
  memory = guarded_memory(size + 16);
  for (i = 0; i < size; i++) {
    policy = one;
    CHECK(ecors_rules_init(last(memory, i), i, rules, 2, &policy, &error) == ECORS_E_MEMORY && policy == NULL);
    CHECK(error.rule == ECORS_NO_POSITION);
  }
  for (i = 0; i < 16; i++) {
    CHECK(ecors_rules_init(last(memory, size + i), size, rules, 2, &policy, &error) == ECORS_OK);
    CHECK(decide_origin(policy, "https://a.example.org", 21) == 0 && decide_origin(policy, "nonsense", 8) == 0);
  }
  CHECK(ecors_request_from_head(&request, preflight, sizeof preflight - 1) == ECORS_OK);
  CHECK(ecors_decide(policy, &request, &decision) == ECORS_PREFLIGHT);
  CHECK(ecors_decision_response(&decision, buffer, sizeof buffer, NULL) == ECORS_OK);
  CHECK_TEXT(buffer, response);
  CHECK(ecors_policy_max_response_size(policy) <= sizeof buffer && ecors_policy_max_fields(policy) <= ECORS_MAX_FIELDS);
  ecors_request_init(&request, "GET", 3);
  CHECK(ecors_decide(policy, &request, &decision) == ECORS_NOT_CORS);
  CHECK(ecors_decision_field_lines(&decision, buffer, sizeof buffer, NULL) == ECORS_OK);
  CHECK_TEXT(buffer, "vary: origin\r\n");
  CHECK(ecors_reader_init_for_header_section(&reader, policy, "GET", 3) == ECORS_OK);
  CHECK(ecors_reader_push(&reader, "Origin: https://x.example\r\n\r\n", 29, NULL) == ECORS_DONE);
  CHECK(ecors_reader_decide(&reader, &decision) == ECORS_ACTUAL && ecors_decision_is_allowed(&decision));
  CHECK(ecors_decision_field_lines(&decision, buffer, sizeof buffer, NULL) == ECORS_OK);
  CHECK_TEXT(buffer, "access-control-allow-origin: *\r\nvary: origin\r\n");

  /* Mistakes in the list, and in a rule. */
  refused_rules(rules, 0, ECORS_E_CONFIG, ECORS_NO_POSITION, "count: is 0; pass at least one rule");
  refused_rules(rules, ECORS_MAX_RULES + 1, ECORS_E_CONFIG, ECORS_NO_POSITION,
                "count: is above ECORS_MAX_RULES; pass at most 16 rules");
  refused_rules(NULL, 1, ECORS_E_ARG, ECORS_NO_POSITION, "rules: is NULL or too long; pass a pointer and its length");
  CHECK(ecors_rules_size(rules, 0) == 0 && ecors_rules_size(rules, (size_t)-1) == 0 && ecors_rules_size(NULL, 1) == 0);
  rules[2] = rules[0];
  refused_rules(rules, 3, ECORS_E_CONFIG, 2,
                "rules[2].origins: earlier rules allow all of them, so this rule never decides; move it before them or remove it");
  rules[1].origins.items = slash;
  rules[1].origins.len = 2;
  refused_rules(rules, 2, ECORS_E_CONFIG, 1,
                "rules[1].origins[1] \"https://example.com/\": has a path or a slash at byte 19; an origin ends after its host and port");
  rules[1].flags = 0x8000;
  refused_rules(rules, 2, ECORS_E_CONFIG, 1,
                "rules[1].flags: has a bit that is not a flag of this library; use the constants of the library's header");
  rules[1].struct_size--;
  refused_rules(rules, 2, ECORS_E_ABI, 1,
                "rules[1].struct_size: is not the size of this library's ecors_config; write sizeof(ecors_config) and compile with "
                "the header of the library");
  CHECK(ecors_rules_size(rules, 2) == 0 && ecors_rules_size(rules, 1) == ecors_policy_size(&config));
  CHECK(ecors_rules_init(NULL, 4096, rules, 1, &policy, &error) == ECORS_E_ARG && policy == NULL);
  CHECK(ecors_rules_init(memory.end - size, size, rules, 1, NULL, &error) == ECORS_E_ARG);
  CHECK_TEXT(error.setting, "policy");

  /* Sixteen rules with different origins and ages. */
  for (i = 0; i <= ECORS_MAX_RULES; i++) {
    names[i].ptr = text[i];
    names[i].len = (size_t)snprintf(text[i], sizeof text[i], "https://%u.example", (unsigned)i);
    rules[i] = config;
    rules[i].flags = i % 2 == 0 ? ECORS_RENDER : 0;
    rules[i].max_age_seconds = (int32_t)i;
    rules[i].origins.items = &names[i];
    rules[i].origins.len = 1;
  }
  size = ecors_rules_size(rules, ECORS_MAX_RULES);
  memory = guarded_memory(size);
  CHECK(ecors_rules_init(last(memory, size), size, rules, ECORS_MAX_RULES, &policy, &error) == ECORS_OK);
  for (i = 0; i <= ECORS_MAX_RULES; i++) {
    char head[128], age[64];
    size_t len = (size_t)snprintf(head, sizeof head, "OPTIONS / HTTP/1.1\r\nOrigin: https://%u.example\r\nAccess-Control-Request-Method: PUT\r\n\r\n",
                                  (unsigned)i);
    snprintf(age, sizeof age, "access-control-max-age: %u\r\n", (unsigned)i);
    CHECK(ecors_request_from_head(&request, head, len) == ECORS_OK);
    CHECK(ecors_decide(policy, &request, &decision) == ECORS_PREFLIGHT);
    CHECK(ecors_decision_is_allowed(&decision) == (i < ECORS_MAX_RULES));
    CHECK(ecors_decision_response(&decision, buffer, sizeof buffer, NULL) == ECORS_OK);
    CHECK((strstr(buffer, age) != NULL) == (i < ECORS_MAX_RULES));
  }

  /* A rule alone answers like its policy. */
  size = ecors_rules_size(&config, 1);
  CHECK(size == ecors_policy_size(&config));
  memory = guarded_memory(size);
  CHECK(ecors_rules_init(last(memory, size), size, &config, 1, &one, &error) == ECORS_OK);
  ecors_request_init(&request, "GET", 3);
  CHECK(ecors_decide(one, &request, &decision) == ECORS_NOT_CORS);
  CHECK(ecors_decision_field_lines(&decision, buffer, sizeof buffer, NULL) == ECORS_OK);
  CHECK_TEXT(buffer, "vary: origin\r\n");
}

/* ---------------------------------------------------------------------------------- Predicates */

static char asked_about[ECORS_MAX_ORIGIN_LEN + 1];

static int answer(void *user, const char *origin, size_t len) {
  memcpy(asked_about, origin, len);
  asked_about[len] = '\0';
  return *(int *)user;
}

static void predicates(void) {
  static unsigned char memory[ECORS_POLICY_SIZE(2, 0, 0, 0)];
  static const int answers[] = { 1, 0, 2, -1, 256, -2147483647 - 1 };
  int says = 0;
  size_t i;
  ecors_config config;
  const ecors_policy *policy;
  ecors_error error;
  snprintf(context, sizeof context, "predicates");
  memset(&config, 0, sizeof config);
  config.struct_size = sizeof config;
  config.origins.items = origins;
  config.origins.len = 2;
  config.origin_predicate = answer;
  config.predicate_user = &says;
  policy = policy_in(memory, sizeof memory, &config);
  for (i = 0; i < sizeof answers / sizeof answers[0]; i++) {
    says = answers[i];
    CHECK(decide_origin(policy, "https://other.example:8443", 26) == (says == 1 ? 0 : 4));
    CHECK_TEXT(asked_about, "https://other.example:8443");
  }
  says = 1;
  asked_about[0] = '\0';
  CHECK(decide_origin(policy, origins[0].ptr, origins[0].len) == 0);
  CHECK(decide_origin(policy, "null", 4) == 5);
  CHECK(decide_origin(policy, "https://a b", 11) == 3);
  CHECK_TEXT(asked_about, "");
  config.flags = ECORS_CREDENTIALS;
  CHECK(ecors_policy_init(memory, sizeof memory, &config, &policy, &error) == ECORS_E_CONFIG);
  CHECK_TEXT(error.setting, "origin_predicate");
  CHECK(error.permitted_by == ECORS_DANGEROUSLY_ALLOW_PREDICATE_WITH_CREDENTIALS);
  config.flags |= ECORS_DANGEROUSLY_ALLOW_PREDICATE_WITH_CREDENTIALS;
  policy = policy_in(memory, sizeof memory, &config);
  CHECK(decide_origin(policy, "https://other.example", 21) == 0);
  CHECK(decide_origin(policy, "http://other.example", 20) == 6);
  config.flags |= ECORS_DANGEROUSLY_ALLOW_INSECURE_ORIGINS_WITH_CREDENTIALS;
  policy = policy_in(memory, sizeof memory, &config);
  CHECK(decide_origin(policy, "http://other.example", 20) == 0);
}

/* ------------------------------------------------------------------- A policy for one request */

/* What the server knows of a request. */
typedef struct exchange {
  const char *host;
  unsigned char memory[ECORS_POLICY_SIZE(0, 0, 0, 0)];
} exchange;

/* Allows http pages of the host that the request names, on any port. */
static int is_own_host(void *user, const char *origin, size_t len) {
  const exchange *exchange = (const struct exchange *)user;
  size_t host_len = strcspn(exchange->host, ":");
  return len >= 7 + host_len && memcmp(origin, "http://", 7) == 0 && memcmp(origin + 7, exchange->host, host_len) == 0 &&
         (len == 7 + host_len || origin[7 + host_len] == ':');
}

/* Patterns of each form, in a short list and in one with an index; and loopback. */
static void patterns(void) {
  static const char *const entries[] = {
    "https://pr-*.example.com", "http://localhost:3000-3010", "*://app.example.org", "chrome-extension://*",
    "http://192.168.0.0/16:*", "http://[fd00::]/8", "app://.", "file://",
  };
  static const char *const allowed[] = {
    "https://pr-1.example.com", "http://localhost:3005", "http://app.example.org", "chrome-extension://abc",
    "http://192.168.7.1:81", "http://[fd12::1]", "app://.", "file://",
  };
  static const char *const refused[] = {
    "https://pr-.example.com", "http://localhost:3011", "ftp://app.example.org", "moz-extension://abc",
    "http://192.169.7.1:81", "http://[fe12::1]", "app://-", "file://x",
  };
  static unsigned char memory[ECORS_POLICY_SIZE(40, 0, 0, 0)];
  ecors_str list[40];
  char text[40][32];
  ecors_config config = ECORS_CONFIG_INIT;
  const ecors_policy *policy;
  size_t i, len;
  for (i = 0; i < 40; i++) {
    list[i].ptr = text[i];
    list[i].len = (size_t)snprintf(text[i], sizeof text[i], "%s", i < 8 ? entries[i] : "https://x.example");
    if (i >= 8) text[i][8] = (char)('a' + i % 26);
  }
  config.origins.items = list;
  for (len = 8; len <= 40; len += 32) {
    snprintf(context, sizeof context, "patterns among %u entries", (unsigned)len);
    config.origins.len = len;
    policy = policy_in(memory, sizeof memory, &config);
    for (i = 0; i < 8; i++) {
      CHECK(decide_origin(policy, allowed[i], strlen(allowed[i])) == 0);
      CHECK(decide_origin(policy, refused[i], strlen(refused[i])) != 0);
    }
  }
  snprintf(context, sizeof context, "loopback");
  config.origins.len = 0;
  config.flags = ECORS_LOOPBACK | ECORS_CREDENTIALS;
  policy = policy_in(memory, sizeof memory, &config);
  CHECK(decide_origin(policy, "http://localhost:5173", 21) == 0 && decide_origin(policy, "https://[::1]", 13) == 0);
  CHECK(decide_origin(policy, "http://localhost.example.com", 28) == 4);
}

static void policy_for_one_request(void) {
  static const struct {
    const char *host, *origin;
    int reason;
  } cases[] = {
    { "lamp.local:8080", "http://lamp.local:3000", 0 },       { "lamp.local", "http://lamp.local", 0 },
    { "lamp.local", "http://lamp.local.evil.example", 4 },    { "fan.local", "http://lamp.local:3000", 4 },
    { "192.168.4.1:80", "http://192.168.4.1:8443", 0 },       { "192.168.4.1", "https://192.168.4.1", 4 },
    { "192.168.4.1", "http://192.168.4.10", 4 },
  };
  size_t i;
  ecors_config config = ECORS_CONFIG_INIT;
  config.origin_predicate = is_own_host;
  for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    exchange exchange;
    exchange.host = cases[i].host;
    config.predicate_user = &exchange;
    snprintf(context, sizeof context, "a policy for %s", cases[i].host);
    CHECK(decide_origin(policy_in(exchange.memory, sizeof exchange.memory, &config), cases[i].origin, strlen(cases[i].origin)) ==
          cases[i].reason);
  }
}

int main(void) {
  the_whole_way();
  configurations();
  values();
  structs_without_content();
  pointers();
  heads();
  copies();
  vary();
  texts();
  alignments();
  macros();
  rendering();
  long_list(ECORS_INDEX_MIN_ORIGINS - 1);
  long_list(ECORS_INDEX_MIN_ORIGINS);
  long_list(1000);
  long_list(100000);
  rules();
  predicates();
  patterns();
  policy_for_one_request();
  the_whole_way();
  return end_of_checks("edges", 5000);
}
