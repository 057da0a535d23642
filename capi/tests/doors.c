/* Compares each decision of the doors with the table, which the Rust library wrote: in each way of
 * passing a request and of writing a decision, byte for byte. Then goes through mistakes.
 *     doors FILE */
#include "check.h"
#include "table_file.h"

#define MAX_ENTRIES 16

static void read_list(ecors_str *entries, ecors_list *list) {
  size_t i;
  list->items = entries;
  list->len = (size_t)number();
  if (list->len > MAX_ENTRIES) exit(2);
  for (i = 0; i < list->len; i++) entries[i] = bytes();
}

typedef struct expected {
  long door, reason, byte, status;
  ecors_str lines, response;
} expected;

/* Compares a decision with what is expected. `result` is that of the function that decides. */
static void compare(int result, const ecors_doors *doors, const ecors_policy *policy, const ecors_doors_decision *decision,
                    const expected *expected) {
  static char buffer[4096];
  size_t len, max = ecors_doors_max_response_size(doors, policy), i, at = 0;
  ecors_fields fields;
  CHECK(max > 0 && max <= sizeof buffer);
  CHECK(result == (expected->status == 0 ? ECORS_DOORS_PASS : ECORS_DOORS_ANSWER));
  CHECK(ecors_doors_decision_door(decision) == expected->door);
  CHECK(ecors_doors_decision_reason(decision) == expected->reason);
  CHECK(ecors_doors_decision_is_refused(decision) == (expected->reason != 0));
  CHECK(ecors_doors_decision_reason_byte(decision) == (expected->byte < 0 ? ECORS_NO_POSITION : (size_t)expected->byte));
  CHECK(ecors_doors_decision_status(decision) == expected->status);
  CHECK(ecors_doors_decision_field_lines(decision, buffer, max, &len) == ECORS_OK);
  CHECK(equals(expected->lines, buffer, len) && buffer[len] == 0);
  CHECK(ecors_doors_decision_field_lines(decision, buffer, len, &len) == (len == 0 ? ECORS_OK : ECORS_E_MEMORY) || len == 0);
  if (expected->status != 0) {
    CHECK(ecors_doors_decision_response(decision, buffer, max, &len) == ECORS_OK);
    CHECK(equals(expected->response, buffer, len) && buffer[len] == 0);
    CHECK(ecors_doors_decision_response(decision, buffer, len, &len) == ECORS_E_MEMORY && buffer[0] == 0);
  } else {
    CHECK(ecors_doors_decision_response(decision, buffer, max, &len) == ECORS_E_STATE && len == 0 && buffer[0] == 0);
  }
  CHECK(ecors_doors_decision_fields(decision, buffer, max, &fields, &len) == ECORS_OK);
  for (i = 0; i < fields.len; i++) {
    const ecors_field *field = &fields.items[i];
    CHECK(expected->lines.len >= at + field->name_len + field->value_len + 4);
    CHECK(memcmp(expected->lines.ptr + at, field->name, field->name_len) == 0);
    at += field->name_len + 2;
    CHECK(memcmp(expected->lines.ptr + at, field->value, field->value_len) == 0 && field->value[field->value_len] == 0);
    at += field->value_len + 2;
    CHECK(field->append == (strcmp(field->name, "vary") == 0));
  }
  CHECK(at == expected->lines.len);
}

static void rows(void) {
  long i, n = number();
  for (i = 0; i < n; i++) {
    static unsigned char policy_memory[8192], doors_memory[ECORS_DOORS_SIZE(MAX_ENTRIES)];
    ecors_str origins[MAX_ENTRIES], hosts[MAX_ENTRIES], head, method, target;
    ecors_str put = ECORS_STR("PUT");
    ecors_config config = ECORS_CONFIG_INIT;
    ecors_doors_config settings = ECORS_DOORS_CONFIG_INIT;
    const ecors_policy *policy;
    const ecors_doors *doors;
    ecors_error error;
    ecors_doors_request request, by_fields;
    ecors_doors_reader reader;
    ecors_doors_decision decision;
    expected expected;
    long n_fields, j, old_version;
    size_t piece, used;

    read_list(origins, &config.origins);
    if (number()) config.flags = ECORS_CREDENTIALS;
    config.methods.items = &put;
    config.methods.len = config.origins.len > 0;
    read_list(hosts, &settings.hosts);
    settings.flags = (uint32_t)number();
    CHECK(ecors_doors_size(&settings) == ECORS_DOORS_SIZE(settings.hosts.len));
    CHECK(ecors_policy_init(policy_memory, sizeof policy_memory, &config, &policy, &error) == ECORS_OK);
    CHECK(ecors_doors_init(doors_memory, sizeof doors_memory, &settings, &doors, &error) == ECORS_OK);

    head = bytes();
    snprintf(context, sizeof context, "%.200s", head.ptr);
    n_fields = number();
    if (n_fields >= 0) {
      method = bytes();
      target = bytes();
      old_version = number();
      CHECK(ecors_doors_request_init(&by_fields, method.ptr, method.len) == ECORS_OK);
      CHECK(ecors_doors_request_set_target(&by_fields, target.ptr, target.len) == ECORS_OK);
      if (old_version) CHECK(ecors_doors_request_set_http_1_0(&by_fields) == ECORS_OK);
      for (j = 0; j < n_fields; j++) {
        ecors_str name = bytes(), value = bytes();
        CHECK(ecors_doors_request_add_field(&by_fields, name.ptr, name.len, value.ptr, value.len) == ECORS_OK);
      }
    }
    expected.door = number();
    expected.reason = number();
    expected.byte = number();
    expected.lines = bytes();
    expected.status = number();
    if (expected.status != 0) expected.response = bytes();

    CHECK(ecors_doors_request_from_head(&request, head.ptr, head.len) == ECORS_OK);
    compare(ecors_doors_decide(doors, policy, &request, &decision), doors, policy, &decision, &expected);
    if (n_fields >= 0) compare(ecors_doors_decide(doors, policy, &by_fields, &decision), doors, policy, &decision, &expected);
    for (piece = 1; piece < 100; piece = piece * 3 + 1) {
      size_t at = 0;
      int state = ECORS_NEEDS_MORE;
      CHECK(ecors_doors_reader_init(&reader) == ECORS_OK);
      while (state == ECORS_NEEDS_MORE && at < head.len) {
        size_t len = head.len - at < piece ? head.len - at : piece;
        state = ecors_doors_reader_push(&reader, head.ptr + at, len, &used);
        at += used;
      }
      CHECK(state == ECORS_DONE && at == head.len);
      compare(ecors_doors_reader_decide(doors, policy, &reader, &decision), doors, policy, &decision, &expected);
    }
  }
  printf("doors: %ld rows\n", n);
}

/* An error reply to a head that ends too early has the fields of an origin that was read, and no
 * others. */
static void error_replies(void) {
  static const char *const heads[] = {
    "GET / HTTP/1.1\r\nOrigin: https://app.example.com\r\nHost: x",
    "GET / HTTP/1.1\r\nOrigin: https://app.exam",
    "OPTIONS / HTTP/1.1\r\nOrigin: https://app.example.com\r\nAccess-Control-Request-Method: PUT\r\nHost",
  };
  static const ecors_str origin = ECORS_STR("https://app.example.com");
  static unsigned char memory[ECORS_POLICY_SIZE(1, 0, 0, 0)];
  ecors_config config = ECORS_CONFIG_INIT;
  const ecors_policy *policy;
  ecors_doors_reader reader;
  ecors_reader other;
  ecors_decision decision, expected;
  char lines[512], same[512];
  size_t i, len, same_len;
  config.origins.items = &origin;
  config.origins.len = 1;
  CHECK(ecors_policy_init(memory, sizeof memory, &config, &policy, NULL) == ECORS_OK);
  for (i = 0; i < sizeof heads / sizeof *heads; i++) {
    CHECK(ecors_doors_reader_init(&reader) == ECORS_OK && ecors_reader_init(&other, policy) == ECORS_OK);
    CHECK(ecors_doors_reader_push(&reader, heads[i], strlen(heads[i]), NULL) == ECORS_NEEDS_MORE);
    CHECK(ecors_reader_push(&other, heads[i], strlen(heads[i]), NULL) == ECORS_NEEDS_MORE);
    CHECK(ecors_doors_reader_decide_for_error_reply(policy, &reader, &decision) == ecors_reader_decide_for_error_reply(&other, &expected));
    CHECK(ecors_decision_is_allowed(&decision) == (i == 0 || i == 2));
    CHECK(ecors_decision_field_lines(&decision, lines, sizeof lines, &len) == ECORS_OK);
    CHECK(ecors_decision_field_lines(&expected, same, sizeof same, &same_len) == ECORS_OK);
    CHECK(len == same_len && memcmp(lines, same, len) == 0);
  }
  CHECK(ecors_doors_reader_decide_for_error_reply(NULL, &reader, &decision) == ECORS_E_ARG);
  CHECK(ecors_doors_reader_decide_for_error_reply(policy, NULL, &decision) == ECORS_E_ARG);
  CHECK(ecors_doors_reader_decide_for_error_reply(policy, &reader, NULL) == ECORS_E_ARG);
  memset(&reader, 0, sizeof reader);
  CHECK(ecors_doors_reader_decide_for_error_reply(policy, &reader, &decision) == ECORS_E_STATE);
}

static void mistakes(void) {
  static const struct {
    const char *host, *message;
  } cases[] = {
    { "http://lamp.local", "hosts[0] \"http://lamp.local\": has a scheme at byte 4; write the host alone, such as lamp.local" },
    { "*", "hosts[0] \"*\": is every host; list the hosts that the server answers to, or no host, which turns the check off" },
    { "192.168.0.0/16", "hosts[0] \"192.168.0.0/16\": has a path or a slash at byte 11; write the host alone; for every address, "
                        "set ECORS_DOORS_IP_LITERALS" },
    { "l\303\244mp", "hosts[0] \"l??mp\": is not ASCII at byte 1; write the host as browsers send it, in its xn-- form" },
    { "l\344mp", "hosts[0] \"l?mp\": is not ASCII at byte 1; write the host as browsers send it, in its xn-- form" },
  };
  static unsigned char memory[ECORS_DOORS_SIZE(1)], policy_memory[ECORS_POLICY_SIZE(0, 0, 0, 0)];
  ecors_str host;
  ecors_config nothing = ECORS_CONFIG_INIT;
  ecors_doors_config config = ECORS_DOORS_CONFIG_INIT;
  const ecors_doors *doors;
  const ecors_policy *policy;
  ecors_error error;
  ecors_doors_request request = { { 0 } };
  ecors_doors_reader reader = { { 0 } };
  ecors_doors_decision decision = { { 0 } };
  char text[400];
  size_t i;
  config.hosts.items = &host;
  config.hosts.len = 1;
  for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    snprintf(context, sizeof context, "the host %s", cases[i].host);
    host.ptr = cases[i].host;
    host.len = strlen(cases[i].host);
    CHECK(ecors_doors_init(memory, sizeof memory, &config, &doors, &error) == ECORS_E_CONFIG && doors == NULL);
    CHECK(error.permitted_by == 0 && error.rule == ECORS_NO_POSITION);
    CHECK(ecors_error_message(&error, text, sizeof text, NULL) == ECORS_OK);
    CHECK_TEXT(text, cases[i].message);
  }
  snprintf(context, sizeof context, "mistakes in doors");
  host.ptr = "lamp.local";
  host.len = 10;
  CHECK(ecors_doors_init(memory, sizeof memory - 1, &config, &doors, &error) == ECORS_E_MEMORY && doors == NULL);
  CHECK(ecors_doors_init(NULL, sizeof memory, &config, &doors, &error) == ECORS_E_ARG);
  CHECK(ecors_doors_init(memory, sizeof memory, NULL, &doors, &error) == ECORS_E_ARG);
  CHECK(ecors_doors_init(memory, sizeof memory, &config, NULL, &error) == ECORS_E_ARG);
  config.struct_size--;
  CHECK(ecors_doors_size(&config) == 0);
  CHECK(ecors_doors_init(memory, sizeof memory, &config, &doors, &error) == ECORS_E_ABI);
  config.struct_size++;
  config.flags = 0x80000000u;
  CHECK(ecors_doors_init(memory, sizeof memory, &config, &doors, &error) == ECORS_E_CONFIG);
  config.flags = ECORS_DOORS_RESOURCES_SAME_ORIGIN | ECORS_DOORS_RESOURCES_SAME_SITE;
  CHECK(ecors_doors_init(memory, sizeof memory, &config, &doors, &error) == ECORS_E_CONFIG);
  config.flags = 0;
  config.reserved = 1;
  CHECK(ecors_doors_init(memory, sizeof memory, &config, &doors, &error) == ECORS_E_CONFIG);
  config.reserved = 0;
  CHECK(ecors_doors_init(memory, sizeof memory, &config, &doors, NULL) == ECORS_OK);
  CHECK(ecors_policy_init(policy_memory, sizeof policy_memory, &nothing, &policy, NULL) == ECORS_OK);

  CHECK(ecors_doors_decide(doors, policy, &request, &decision) == ECORS_E_STATE);
  CHECK(ecors_doors_decision_is_refused(&decision) == 1 && ecors_doors_decision_is_refused(NULL) == 1);
  CHECK(ecors_doors_decision_door(&decision) == ECORS_E_STATE && ecors_doors_decision_status(&decision) == ECORS_E_STATE);
  CHECK(ecors_doors_decision_reason(&decision) == ECORS_E_STATE);
  CHECK(ecors_doors_decision_reason_byte(&decision) == ECORS_NO_POSITION);
  CHECK(ecors_doors_decision_field_lines(&decision, text, sizeof text, NULL) == ECORS_E_STATE && text[0] == 0);
  CHECK(ecors_doors_reader_decide(doors, policy, &reader, &decision) == ECORS_E_STATE);
  CHECK(ecors_doors_reader_push(&reader, "GET", 3, NULL) == ECORS_E_STATE);
  CHECK(ecors_doors_request_add_field(&request, "Host", 4, "a", 1) == ECORS_E_STATE);
  CHECK(ecors_doors_request_from_head(&request, "GET / HTTP/1.1\r\n", 16) == ECORS_E_INCOMPLETE);
  CHECK(ecors_doors_request_from_head(&request, "\r", 1) == ECORS_E_INCOMPLETE);
  CHECK(ecors_doors_request_from_head(&request, "?\r\n\r\n", 5) == ECORS_E_HEAD);
  CHECK(ecors_doors_request_from_header_section(&request, "GET", 3, "Host: lamp.local\r\n\r\n", 20) == ECORS_OK);
  CHECK(ecors_doors_decide(NULL, policy, &request, &decision) == ECORS_E_ARG);
  CHECK(ecors_doors_decide(doors, NULL, &request, &decision) == ECORS_E_ARG);
  CHECK(ecors_doors_decide(doors, policy, &request, NULL) == ECORS_E_ARG);
  CHECK(ecors_doors_decide((const ecors_doors *)(const void *)policy, policy, &request, &decision) == ECORS_E_STATE);
  CHECK(ecors_doors_max_response_size(doors, NULL) == 0 && ecors_doors_max_response_size(NULL, policy) == 0);
  CHECK(ecors_doors_decide(doors, policy, &request, &decision) == ECORS_DOORS_PASS);
  CHECK(ecors_doors_request_set_event_stream(&request) == ECORS_OK);
  CHECK(ecors_doors_decide(doors, policy, &request, &decision) == ECORS_DOORS_PASS);
  CHECK(ecors_doors_decision_door(&decision) == ECORS_DOOR_EVENT_STREAM);
  CHECK(ecors_doors_request_add_truncated_field(&request, "Host", 4) == ECORS_OK);
  CHECK(ecors_doors_decide(doors, policy, &request, &decision) == ECORS_DOORS_ANSWER);
  CHECK_TEXT(ecors_reason_name(ecors_doors_decision_reason(&decision)), "host_repeated");
  CHECK(ecors_doors_request_init(&request, "GET", 3) == ECORS_OK);
  CHECK(ecors_doors_request_add_field(&request, "Host", 4, "lamp.local", 10) == ECORS_OK);
  CHECK(ecors_doors_request_add_field(&request, NULL, 4, "a", 1) == ECORS_E_ARG);
  CHECK(ecors_doors_decide(doors, policy, &request, &decision) == ECORS_DOORS_ANSWER);
  CHECK_TEXT(ecors_reason_name(ecors_doors_decision_reason(&decision)), "head_incomplete");
  CHECK(ecors_doors_request_init(&request, "GET", 3) == ECORS_OK);
  CHECK(ecors_doors_request_mark_incomplete(&request) == ECORS_OK);
  CHECK(ecors_doors_decide(doors, policy, &request, &decision) == ECORS_DOORS_ANSWER);
  CHECK(ecors_doors_reader_init_for_header_section(&reader, "POST", 4) == ECORS_OK);
  CHECK(ecors_doors_reader_push(&reader, "Host: lamp.local\r\nOrigin: null\r\n\r\n", 34, NULL) == ECORS_DONE);
  CHECK(ecors_doors_reader_decide(doors, policy, &reader, &decision) == ECORS_DOORS_ANSWER);
  CHECK(ecors_doors_decision_door(&decision) == ECORS_DOOR_UNSAFE_METHOD);
  error_replies();
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  read_file(argv[1]);
  rows();
  mistakes();
  return end_of_checks("doors", 10000);
}
