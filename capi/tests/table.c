/* Compares each answer of the C library with the table, which the Rust library wrote: every policy
 * and list of rules with every request, in each way of passing a request and of writing a decision,
 * byte for byte.
 *     table FILE [STEP]     with STEP, each STEP-th request only, for slow machines
 *
 * With PLAIN it tests the plain library, which has neither rules, an index, readers nor texts. */
#ifdef PLAIN
#define ECORS_WITHOUT_READERS
#define ECORS_WITHOUT_RULES
#define ECORS_WITHOUT_DOORS
#define ECORS_WITHOUT_MERGE_VARY
#define ECORS_WITHOUT_CHECKS
#define ECORS_WITHOUT_TEXTS
#endif
#include "check.h"
#include "table_file.h"

/* ------------------------------------------------------------------------------------ Requests */

typedef struct field {
  ecors_str name, value;
} field;

typedef struct head {
  ecors_str bytes, method;
  /* -1 if parsers disagree about the fields. */
  long n_fields;
  field *fields;
} head;

static head *heads;
static long n_heads;

static void read_heads(void) {
  long i, j;
  n_heads = number();
  heads = (head *)calloc((size_t)n_heads, sizeof(head));
  for (i = 0; i < n_heads; i++) {
    heads[i].bytes = bytes();
    heads[i].n_fields = number();
    if (heads[i].n_fields < 0) continue;
    heads[i].method = bytes();
    heads[i].fields = (field *)calloc((size_t)heads[i].n_fields + 1, sizeof(field));
    for (j = 0; j < heads[i].n_fields; j++) {
      heads[i].fields[j].name = bytes();
      heads[i].fields[j].value = bytes();
    }
  }
}

/* ------------------------------------------------------------------------------------ Policies */

static int is_tenant(void *user, const char *origin, size_t len) {
  static const char suffix[] = ".tenants.example";
  size_t suffix_len = sizeof suffix - 1;
  ++*(int *)user;
  return len > suffix_len && memcmp(origin + len - suffix_len, suffix, suffix_len) == 0;
}

static int asked;

static ecors_config read_config(void) {
  ecors_config config;
  ecors_list *lists[4];
  long i, j;
  memset(&config, 0, sizeof config);
  config.struct_size = sizeof config;
  config.flags = (uint32_t)number();
  config.max_age_seconds = (int32_t)number();
  if (number() == 1) {
    config.origin_predicate = is_tenant;
    config.predicate_user = &asked;
  }
  lists[0] = &config.origins;
  lists[1] = &config.methods;
  lists[2] = &config.headers;
  lists[3] = &config.expose;
  for (i = 0; i < 4; i++) {
    ecors_str *items;
    lists[i]->len = (size_t)number();
    items = (ecors_str *)calloc(lists[i]->len + 1, sizeof(ecors_str));
    for (j = 0; j < (long)lists[i]->len; j++) items[j] = bytes();
    lists[i]->items = items;
  }
  return config;
}

static void free_config(ecors_config *config) {
  free((void *)config->origins.items);
  free((void *)config->methods.items);
  free((void *)config->headers.items);
  free((void *)config->expose.items);
}

/* Makes a policy, or rules if there are any, in memory of exactly its size, at whatever address,
 * before the inaccessible page. Returns NULL for what the plain library has no code for. */
static const ecors_policy *policy_of(const ecors_config *configs, long rules, guarded *memory) {
  const ecors_policy *policy;
  ecors_error error;
  size_t size = ecors_policy_size(configs);
  int result;
  char message[400] = "a mistake";
#ifdef PLAIN
  *memory = guarded_memory(size + 1);
  if (rules > 0 || configs->origins.len >= ECORS_INDEX_MIN_ORIGINS) return NULL;
  result = ecors_policy_init(last(*memory, size), size, configs, &policy, &error);
#else
  if (rules > 0) size = ecors_rules_size(configs, (size_t)rules);
  *memory = guarded_memory(size + 1);
  result = rules == 0 ? ecors_policy_init(last(*memory, size), size, configs, &policy, &error)
                      : ecors_rules_init(last(*memory, size), size, configs, (size_t)rules, &policy, &error);
#endif
  if (result != ECORS_OK) {
#ifndef ECORS_WITHOUT_TEXTS
    ecors_error_message(&error, message, sizeof message, NULL);
#endif
    fprintf(stderr, "%s: %s\n", context, message);
    exit(2);
  }
  return policy;
}

static void free_guarded(guarded memory) {
  munmap(memory.end - memory.size, memory.size + (size_t)sysconf(_SC_PAGESIZE));
}

/* ----------------------------------------------------------------------------------- Decisions */

typedef struct outcome {
  long kind, reason, reason_byte, reason_header, is_allowed, status;
  ecors_str lines, response, merged;
} outcome;

static outcome read_outcome(void) {
  outcome outcome;
  memset(&outcome, 0, sizeof outcome);
  outcome.kind = number();
  outcome.reason = number();
  outcome.reason_byte = number();
  outcome.reason_header = number();
  outcome.is_allowed = number();
  outcome.status = number();
  outcome.lines = bytes();
  if (outcome.status != 0) outcome.response = bytes();
  outcome.merged = bytes();
  return outcome;
}

static guarded out, in;

typedef int (*text_writer)(const ecors_decision *, char *, size_t, size_t *);

/* Writes text into a buffer that is just large enough, and into smaller ones. */
static void check_text(const ecors_decision *decision, text_writer write, ecors_str expected, int every_size) {
  size_t len = 12345, size = every_size ? 0 : expected.len;
  for (; size <= expected.len + 1; size++) {
    char *buffer = last(out, size);
    int result;
    memset(buffer, 0xa5, size);
    result = write(decision, buffer, size, &len);
    CHECK(len == expected.len);
    if (size > expected.len) {
      CHECK(result == ECORS_OK);
      CHECK(equals(expected, buffer, len) && buffer[len] == '\0');
    } else {
      size_t i;
      CHECK(result == ECORS_E_MEMORY);
      CHECK(size == 0 || buffer[0] == '\0');
      for (i = 1; i < size; i++) CHECK((unsigned char)buffer[i] == 0xa5);
    }
  }
}

static void check_fields(const ecors_decision *decision, ecors_str expected, int is_merged, size_t max_fields, int every_size) {
  ecors_fields fields;
  size_t needed = 12345, size, i;
  CHECK(ecors_decision_fields(decision, NULL, 0, &fields, &needed) == (expected.len == 0 ? ECORS_OK : ECORS_E_MEMORY));
  CHECK(needed == expected.len);
  for (size = every_size || needed == 0 ? 0 : needed - 1; size <= needed; size++) {
    char *buffer = last(out, size);
    size_t again;
    int result;
    memset(buffer, 0xa5, size);
    memset(&fields, 0xa5, sizeof fields);
    result = ecors_decision_fields(decision, buffer, size, &fields, &again);
    CHECK(again == needed);
    if (size < needed) {
      CHECK(result == ECORS_E_MEMORY && fields.len == 0);
      CHECK(size == 0 || buffer[0] == '\0');
      for (i = 1; i < size; i++) CHECK((unsigned char)buffer[i] == 0xa5);
    } else {
      char lines[8192];
      size_t len = 0;
      CHECK(result == ECORS_OK && fields.len <= max_fields && fields.len <= ECORS_MAX_FIELDS);
      for (i = 0; i < fields.len && i < ECORS_MAX_FIELDS; i++) {
        const ecors_field *field = &fields.items[i];
        CHECK(strlen(field->name) == field->name_len && strlen(field->value) == field->value_len);
        CHECK(field->value >= buffer && field->value + field->value_len < buffer + size);
        CHECK(field->append == (strcmp(field->name, "vary") == 0 && !is_merged));
        CHECK(fields.reserved[0] == 0 && fields.reserved[1] == 0);
        CHECK(ecors_is_cors_response_field(field->name, field->name_len) == (strcmp(field->name, "vary") != 0));
        len += (size_t)snprintf(lines + len, sizeof lines - len, "%s: %s\r\n", field->name, field->value);
      }
      CHECK(equals(expected, lines, len));
    }
  }
}

/* In the table -1 says that there is no position. */
static int is_position(size_t position, long expected) {
  return position == (expected < 0 ? ECORS_NO_POSITION : (size_t)expected);
}

static void check_decision(const ecors_policy *policy, const ecors_decision *given, int kind, const outcome *expected, int every_size) {
  ecors_decision decision = *given;
  size_t max_fields = ecors_policy_max_fields(policy);
  CHECK(kind == expected->kind && ecors_decision_kind(&decision) == expected->kind);
  CHECK(ecors_decision_reason(&decision) == expected->reason);
  CHECK(is_position(ecors_decision_reason_byte(&decision), expected->reason_byte));
  CHECK(is_position(ecors_decision_reason_header(&decision), expected->reason_header));
  CHECK(ecors_decision_is_allowed(&decision) == expected->is_allowed);
  CHECK(ecors_decision_status(&decision) == expected->status);
  CHECK(expected->lines.len < ecors_policy_max_response_size(policy));
  CHECK(expected->response.len < ecors_policy_max_response_size(policy));
  check_text(&decision, ecors_decision_field_lines, expected->lines, every_size);
  check_fields(&decision, expected->lines, 0, max_fields, every_size);
  if (expected->status != 0) {
    check_text(&decision, ecors_decision_response, expected->response, every_size);
  } else {
    char buffer[8] = "before";
    size_t len = 1;
    CHECK(ecors_decision_response(&decision, buffer, sizeof buffer, &len) == ECORS_E_STATE && buffer[0] == '\0' && len == 0);
  }
#ifndef ECORS_WITHOUT_MERGE_VARY
  CHECK(ecors_decision_merge_vary(&decision, "accept-encoding, Origin", 23) == ECORS_OK);
  check_text(&decision, ecors_decision_field_lines, expected->merged, every_size);
  check_fields(&decision, expected->merged, 1, max_fields + 1, every_size);
#endif
}

/* ---------------------------------------------------------------------------------------- Ways */

/* Passes the whole head, before the inaccessible page. */
static void check_head(const ecors_policy *policy, const head *head, const outcome *expected, int every_size) {
  const char *bytes = last_copy(in, head->bytes.ptr, head->bytes.len);
  ecors_request request, copy;
  ecors_decision decision;
  CHECK(ecors_request_from_head(&request, bytes, head->bytes.len) == ECORS_OK);
  memcpy(&copy, &request, sizeof copy);
  memset(&request, 0xa5, sizeof request);
  check_decision(policy, &decision, ecors_decide(policy, &copy, &decision), expected, every_size);
  CHECK(ecors_request_is_cors(&copy) == (expected->kind != ECORS_NOT_CORS));
  CHECK(ecors_request_is_preflight(&copy) == (expected->kind == ECORS_PREFLIGHT));
}

/* Overwrites the request after the answer is written: the answer must not depend on it. */
static void check_overwritten(const ecors_policy *policy, const head *head, const outcome *expected) {
  char *bytes = last_copy(in, head->bytes.ptr, head->bytes.len);
  ecors_request request;
  ecors_decision decision;
  ecors_fields fields;
  size_t size = ecors_policy_max_response_size(policy), len, i;
  char *lines = last(out, size);
  char pairs[8192], again[8192];
  ecors_request_from_head(&request, bytes, head->bytes.len);
  ecors_decide(policy, &request, &decision);
  CHECK(ecors_decision_field_lines(&decision, lines, size, &len) == ECORS_OK);
  CHECK(ecors_decision_fields(&decision, pairs, size, &fields, NULL) == ECORS_OK);
  memset(bytes, 0xa5, head->bytes.len);
  memset(&request, 0xa5, sizeof request);
  memset(&decision, 0xa5, sizeof decision);
  CHECK(equals(expected->lines, lines, len));
  for (i = len = 0; i < fields.len; i++)
    len += (size_t)snprintf(again + len, sizeof again - len, "%s: %s\r\n", fields.items[i].name, fields.items[i].value);
  CHECK(equals(expected->lines, again, len));
}

/* Passes the header section without the request line. */
static void check_section(const ecors_policy *policy, const head *head, const outcome *expected) {
  size_t line = 0;
  const char *section;
  ecors_request request;
  ecors_decision decision;
  if (head->n_fields < 0) return;
  while (head->bytes.ptr[line] != '\n') line++;
  section = last_copy(in, head->bytes.ptr + line + 1, head->bytes.len - line - 1);
  CHECK(ecors_request_from_header_section(&request, head->method.ptr, head->method.len, section, head->bytes.len - line - 1) == 0);
  check_decision(policy, &decision, ecors_decide(policy, &request, &decision), expected, 0);
}

/* Passes field by field, each value before an inaccessible page. */
static void check_field_by_field(const ecors_policy *policy, const head *head, const outcome *expected) {
  static guarded values[64];
  static guarded names;
  ecors_request request;
  ecors_decision decision;
  long i;
  if (head->n_fields < 0 || head->n_fields > 64) return;
  if (names.end == NULL) names = guarded_memory(4096);
  CHECK(ecors_request_init(&request, head->method.ptr, head->method.len) == ECORS_OK);
  for (i = 0; i < head->n_fields; i++) {
    const field *field = &head->fields[i];
    if (values[i].end == NULL) values[i] = guarded_memory(65536);
    CHECK(ecors_request_add_field(&request, last_copy(names, field->name.ptr, field->name.len), field->name.len,
                              last_copy(values[i], field->value.ptr, field->value.len), field->value.len) == ECORS_OK);
  }
  check_decision(policy, &decision, ecors_decide(policy, &request, &decision), expected, 0);
}

#ifndef ECORS_WITHOUT_READERS
/* Passes a first piece of one length and the rest in pieces of another, each before the
 * inaccessible page. */
static void check_pieces(const ecors_policy *policy, const head *head, size_t first, size_t rest, const outcome *expected) {
  ecors_reader reader;
  ecors_decision decision;
  size_t start = 0, used = 0, len = first;
  int result = ECORS_NEEDS_MORE;
  CHECK(ecors_reader_init(&reader, policy) == ECORS_OK);
  while (result == ECORS_NEEDS_MORE && start < head->bytes.len) {
    if (len > head->bytes.len - start) len = head->bytes.len - start;
    result = ecors_reader_push(&reader, last_copy(in, head->bytes.ptr + start, len), len, &used);
    CHECK(result == ECORS_DONE || used == len);
    start += used;
    len = rest;
  }
  CHECK(result == ECORS_DONE);
  CHECK(ecors_reader_push(&reader, "more", 4, &used) == ECORS_DONE && used == 0);
  check_decision(policy, &decision, ecors_reader_decide(&reader, &decision), expected, 0);
}

#endif

/* Decides about an error reply to the first two thirds of the head, with a request and a reader. */
static void check_error_reply(const ecors_policy *policy, const head *head, const outcome *expected) {
  size_t len = head->bytes.len * 2 / 3;
  const char *bytes = last_copy(in, head->bytes.ptr, len);
  ecors_request request;
  ecors_decision decision;
  CHECK(ecors_request_from_incomplete_head(&request, bytes, len) == ECORS_OK);
  check_decision(policy, &decision, ecors_decide_for_error_reply(policy, &request, &decision), expected, 0);
#ifndef ECORS_WITHOUT_READERS
  {
    ecors_reader reader;
    CHECK(ecors_reader_init(&reader, policy) == ECORS_OK && ecors_reader_push(&reader, bytes, len, NULL) >= 0);
    /* Both use a value only if its line has ended, so the answers agree. */
    check_decision(policy, &decision, ecors_reader_decide_for_error_reply(&reader, &decision), expected, 0);
  }
#endif
}

/* ------------------------------------------------------------------------------------ The rest */

static void check_mistakes(void) {
  long count = number(), i;
  CHECK(count > 30);
  for (i = 0; i < count; i++) {
    ecors_config config = read_config();
    ecors_str setting = bytes(), what = bytes(), fix = bytes(), sentence;
    uint32_t permitted_by = (uint32_t)number();
    long index = number(), byte = number();
    size_t size = ecors_policy_size(&config);
    guarded memory = guarded_memory(size);
    const ecors_policy *policy = (const ecors_policy *)&config;
    ecors_error error;
    sentence = bytes();
    snprintf(context, sizeof context, "%.*s", (int)sentence.len, sentence.ptr);
    CHECK(ecors_policy_init(last(memory, size), size, &config, &policy, &error) == ECORS_E_CONFIG && policy == NULL);
    CHECK(equals(setting, error.setting, strlen(error.setting)));
#ifdef ECORS_WITHOUT_TEXTS
    CHECK(what.len > 0 && fix.len > 0 && error.what.len > 0 && error.fix.len > 0);
#else
    CHECK(equals(what, error.what.ptr, error.what.len));
    CHECK(equals(fix, error.fix.ptr, error.fix.len));
#endif
    CHECK(error.permitted_by == permitted_by);
#ifdef PLAIN
    /* A list without an index is refused before its entries are read. */
    if (config.origins.len >= ECORS_INDEX_MIN_ORIGINS) index = byte = -1;
#endif
    CHECK(is_position(error.index, index) && is_position(error.byte, byte));
    CHECK(error.reserved[0] == 0 && memcmp(error.reserved, error.reserved + 1, sizeof error.reserved - sizeof error.reserved[0]) == 0);
#ifndef ECORS_WITHOUT_TEXTS
    for (size = 0; size <= sentence.len + 1; size++) {
      char *buffer = last(out, size);
      size_t len;
      memset(buffer, 0xa5, size);
      CHECK(ecors_error_message(&error, buffer, size, &len) == (size > sentence.len ? ECORS_OK : ECORS_E_MEMORY));
      CHECK(len == sentence.len && (size <= len || equals(sentence, buffer, len)));
      CHECK(size == 0 || buffer[size > len ? len : 0] == '\0');
    }
#endif
    CHECK(ecors_policy_init(memory.end - memory.size, memory.size, &config, &policy, NULL) == ECORS_E_CONFIG);
    free_config(&config);
    free_guarded(memory);
  }
}

static void check_reasons(void) {
  long count = number(), i;
  CHECK(count >= 18);
  for (i = 0; i < count; i++) {
    int code = (int)number();
    ecors_str name = bytes(), sentence = bytes();
#ifdef ECORS_WITHOUT_TEXTS
    CHECK(code > 0 && name.len > 0 && sentence.len > 0);
#else
    CHECK(equals(name, ecors_reason_name(code), strlen(ecors_reason_name(code))));
    CHECK(equals(sentence, ecors_reason_sentence(code), strlen(ecors_reason_sentence(code))));
#endif
  }
#ifndef ECORS_WITHOUT_TEXTS
  CHECK_TEXT(ecors_reason_name((int)count + 1), "");
#endif
}

#ifdef PLAIN
/* Without an index, a list that needs one is a mistake. */
static void check_long_list(void) {
  static ecors_str origins[ECORS_INDEX_MIN_ORIGINS];
  static char texts[ECORS_INDEX_MIN_ORIGINS][32];
  static unsigned char memory[ECORS_POLICY_SIZE(ECORS_INDEX_MIN_ORIGINS, 0, 0, 0)];
  ecors_config config = ECORS_CONFIG_INIT;
  const ecors_policy *policy;
  ecors_error error;
  size_t i;
  for (i = 0; i < ECORS_INDEX_MIN_ORIGINS; i++) {
    origins[i].ptr = texts[i];
    origins[i].len = (size_t)snprintf(texts[i], sizeof texts[i], "https://%d.example.com", (int)i);
  }
  config.origins.items = origins;
  config.origins.len = ECORS_INDEX_MIN_ORIGINS - 1;
  CHECK(ecors_policy_init(memory, sizeof memory, &config, &policy, &error) == ECORS_OK);
  config.origins.len = ECORS_INDEX_MIN_ORIGINS;
  CHECK(ecors_policy_init(memory, sizeof memory, &config, &policy, &error) == ECORS_E_CONFIG && policy == NULL);
  CHECK_TEXT(error.setting, "origins");
}
#endif

int main(int argc, char **argv) {
  long step = argc > 2 ? strtol(argv[2], NULL, 10) : 1, n_policies, i, j;
  int with_render;
  if (argc < 2 || step < 1) return 2;
  read_file(argv[1]);
  out = guarded_memory(16384);
  in = guarded_memory(131072);
  read_heads();
  n_policies = number();
  CHECK(n_policies >= 16);
  for (i = 0; i < n_policies; i++) {
    ecors_config *configs;
    const ecors_policy *policies[2];
    guarded memories[2];
    long rules = number(), n_configs = rules == 0 ? 1 : rules, rule;
    size_t max_response_len, max_fields;
    configs = (ecors_config *)calloc((size_t)n_configs, sizeof(ecors_config));
    for (rule = 0; rule < n_configs; rule++) configs[rule] = read_config();
    max_response_len = (size_t)number();
    max_fields = (size_t)number();
    snprintf(context, sizeof context, "policy %ld", i);
    policies[0] = policy_of(configs, rules, &memories[0]);
    for (rule = 0; rule < n_configs; rule++) configs[rule].flags |= ECORS_RENDER;
    policies[1] = policy_of(configs, rules, &memories[1]);
    /* The policies have copied the arrays. */
    for (rule = 0; rule < n_configs; rule++) free_config(&configs[rule]);
    free(configs);
    for (j = 0; j < n_heads; j++) {
      outcome whole = read_outcome(), pieces = read_outcome(), error_reply = read_outcome();
      if ((i + j) % step != 0 || policies[0] == NULL) continue;
      for (with_render = 0; with_render < 2; with_render++) {
        const ecors_policy *policy = policies[with_render];
        snprintf(context, sizeof context, "policy %ld%s, head %ld", i, with_render ? " rendered" : "", j);
        check_head(policy, &heads[j], &whole, j % 4 == 0 && step == 1);
        check_overwritten(policy, &heads[j], &whole);
        check_section(policy, &heads[j], &whole);
        check_field_by_field(policy, &heads[j], &whole);
        check_error_reply(policy, &heads[j], &error_reply);
#ifdef ECORS_WITHOUT_READERS
        CHECK(pieces.kind == whole.kind);
#else
        check_pieces(policy, &heads[j], heads[j].bytes.len, 1, &pieces);
        check_pieces(policy, &heads[j], 1, 1, &pieces);
        check_pieces(policy, &heads[j], 64, 64, &pieces);
        /* Split at every byte. */
        if (step == 1 && j % 5 == i % 5) {
          size_t first;
          for (first = 0; first < heads[j].bytes.len; first++) check_pieces(policy, &heads[j], first, 65536, &pieces);
        }
#endif
      }
    }
    for (with_render = 0; with_render < 2; with_render++) {
      if (policies[0] != NULL) {
        CHECK(ecors_policy_max_response_size(policies[with_render]) == max_response_len + 1);
        CHECK(ecors_policy_max_fields(policies[with_render]) == max_fields);
      }
      free_guarded(memories[with_render]);
    }
  }
  CHECK(asked > 0);
  check_mistakes();
  context[0] = '\0';
  check_reasons();
#ifdef PLAIN
  check_long_list();
#endif
  CHECK(*at == '\0');
  printf("%ld policies x %ld heads\n", n_policies, n_heads);
  return end_of_checks("table", 100000);
}
