/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * A lamp with an HTTP API that web pages of other origins may use, on a microcontroller. It serves
 * one request at a time over a serial line. */
#include <string.h>

#include "board.h"
#include "embedded_cors.h"
#include "head.h"

/* The origins whose pages may use the lamp: the app, its previews, and developers. All lists stay
 * in flash. */
static const ecors_str origins[] = {
  ECORS_STR("https://app.example.com"),
  ECORS_STR("https://*.preview.example.com"),
  ECORS_STR("http://localhost:*"),
  ECORS_STR("http://127.0.0.1:*"),
};
static const ecors_str methods[] = { ECORS_STR("PUT") };
static const ecors_str headers[] = { ECORS_STR("authorization"), ECORS_STR("content-type") };
static const ecors_str exposed[] = { ECORS_STR("www-authenticate") };
static const ecors_config config = {
  sizeof(ecors_config), 0, 600, /* for 10 minutes browsers may keep the answer to a preflight */
  ECORS_LIST(origins), ECORS_LIST(methods), ECORS_LIST(headers), ECORS_LIST(exposed), NULL, NULL, { 0 }
};

/* The names of the lamp, for its doors: CORS decides who may read, and the doors keep pages of
 * strangers from switching the lamp by a form, and from becoming pages of the lamp by DNS
 * rebinding. 192.168.4.1, localhost and the like need no entry. */
static const ecors_str hosts[] = { ECORS_STR("lamp.local") };
static const ecors_doors_config doors_config = {
  sizeof(ecors_doors_config), ECORS_DOORS_IP_LITERALS | ECORS_DOORS_LOCALHOST, 0, ECORS_LIST(hosts)
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
static unsigned char memory[ECORS_POLICY_SIZE(COUNT(origins), COUNT(methods), COUNT(headers), COUNT(exposed))];
static unsigned char memory_of_doors[ECORS_DOORS_SIZE(COUNT(hosts))];
static const ecors_policy *policy;
static const ecors_doors *doors;

enum {
  PIECE = 64,
  /* A longer head is answered 431. This one has room for a cookie of 16 KiB, of which nothing is
   * kept. The device reads a longer head to its end as well, since the Origin may come last. */
  MAX_HEAD = 24 * 1024,
  MAX_CONTENT = 64,
  /* The most bytes of a response without its CORS fields. */
  MAX_OWN = 256,
  /* A request that pauses for longer is given up. */
  PATIENCE_MS = 1000,
  /* Content of unknown length ends when it pauses for longer. */
  QUIET_MS = 200
};

/* All memory except the stack. */
static ecors_doors_reader reader;
static ecors_doors_decision decision;
static ecors_decision error_decision; /* for an answer without a decision of the doors */
static head head_of_request;
static char content[MAX_CONTENT];
static char answer[1024];
static size_t answer_len;
static int lamp_is_on;

/* Writes text and a NUL, and returns the place of the NUL. */
static char *append(char *at, const char *text) {
  size_t len = strlen(text);
  memcpy(at, text, len + 1);
  return at + len;
}

static void put(const char *text) {
  /* main has checked that everything fits */
  if (strlen(text) >= sizeof answer - answer_len) return;
  answer_len = (size_t)(append(answer + answer_len, text) - answer);
}

static const char *decimal(uint32_t n) {
  static char digits[11];
  char *at = digits + sizeof digits - 1;
  do *--at = (char)('0' + n % 10);
  while ((n /= 10) > 0);
  return at;
}

static const char *reason_phrase(int status) {
  switch (status) {
  case 200: return "200 OK";
  case 400: return "400 Bad Request";
  case 401: return "401 Unauthorized";
  case 404: return "404 Not Found";
  case 405: return "405 Method Not Allowed";
  case 408: return "408 Request Timeout";
  case 413: return "413 Content Too Large";
  case 431: return "431 Request Header Fields Too Large";
  default: return "500 Internal Server Error";
  }
}

static void put_fields_of_decision(void) {
  size_t len;
  /* If this fails there are no fields, and browsers refuse. */
  if (ecors_doors_decision_field_lines(&decision, answer + answer_len, sizeof answer - answer_len, &len) == ECORS_OK) answer_len += len;
}

static void put_fields_of_error(void) {
  size_t len;
  if (ecors_decision_field_lines(&error_decision, answer + answer_len, sizeof answer - answer_len, &len) == ECORS_OK) answer_len += len;
}

/* Sends a response. Every status has the fields of a decision, so that allowed pages can read
 * it. */
static void respond_with(void (*put_fields)(void), int status, const char *own_fields, const char *body) {
  answer_len = 0;
  put("HTTP/1.1 ");
  put(reason_phrase(status));
  put("\r\nconnection: close\r\n");
  put_fields();
  put(own_fields);
  put("content-length: ");
  put(decimal((uint32_t)strlen(body)));
  put("\r\n\r\n");
  if (head_of_request.method != METHOD_HEAD) put(body);
  board_write(answer, answer_len);
}

static void respond(int status, const char *own_fields, const char *body) {
  respond_with(put_fields_of_decision, status, own_fields, body);
}

static void respond_json(const char *body) { respond(200, "content-type: application/json\r\n", body); }

static void respond_led(void) { respond_json(lamp_is_on ? "{\"on\":true}\n" : "{\"on\":false}\n"); }

static void respond_status(void) {
  char body[64], *at = append(body, "{\"uptime_ms\":");
  at = append(at, decimal(board_uptime_ms()));
  at = append(at, ",\"stack\":");
  at = append(at, decimal(board_stack_used()));
  append(at, "}\n");
  respond_json(body);
}

static int is(const char *bytes, size_t len, const char *text) { return len == strlen(text) && memcmp(bytes, text, len) == 0; }

/* Switches the lamp, if one of the texts is the content. Returns whether it was. */
static int switch_lamp(size_t content_len, const char *on, const char *off) {
  if (!is(content, content_len, on) && !is(content, content_len, off)) return 0;
  lamp_is_on = is(content, content_len, on);
  board_led(lamp_is_on);
  return 1;
}

/* Routes a request. A PUT needs a token. A POST of a form needs none: everybody in the network may
 * switch the lamp, as with most lamps, and the doors keep out the pages of strangers. */
static void handle(const head *head, size_t content_len) {
  int is_led = is(head->path, strlen(head->path), "/led");
  if (!is_led && !is(head->path, strlen(head->path), "/status")) {
    respond(404, "", "");
  } else if (head->method == METHOD_GET || head->method == METHOD_HEAD) {
    if (is_led) respond_led();
    else respond_status();
  } else if (!is_led) {
    respond(405, "allow: GET, HEAD\r\n", "");
  } else if (head->method != METHOD_PUT && head->method != METHOD_POST) {
    respond(405, "allow: GET, HEAD, POST, PUT\r\n", "");
  } else if (head->method == METHOD_PUT && !head->is_authorized) {
    respond(401, "www-authenticate: Bearer\r\n", "");
  } else if (head->method == METHOD_POST ? switch_lamp(content_len, "on=true", "on=false")
                                         : switch_lamp(content_len, "{\"on\":true}", "{\"on\":false}")) {
    respond_led();
  } else {
    respond(400, "", "");
  }
}

/* Answers a request that the device did not read or did not understand as a whole. An allowed page
 * can read this answer too. */
static void give_up(int status) {
  ecors_doors_reader_decide_for_error_reply(policy, &reader, &error_decision);
  respond_with(put_fields_of_error, status, "", "");
}

/* Reads and ignores content. If its length is unknown, it ends when nothing arrives for
 * QUIET_MS. */
static void discard(size_t len) {
  char piece[PIECE];
  while (len > 0) {
    size_t n = board_read(piece, len < sizeof piece ? len : sizeof piece, QUIET_MS);
    if (n == 0) return;
    if (len != TOO_LONG) len -= n;
  }
}

/* Decides about the request. Returns whether the decision is the whole answer: to a preflight, or
 * to a request that the doors refuse. */
static int is_answered_at_doors(void) {
  int what = ecors_doors_reader_decide(doors, policy, &reader, &decision);
#ifdef WITHOUT_DOORS /* only to try the attacks that the doors stop */
  if (ecors_doors_decision_door(&decision) != ECORS_DOOR_PREFLIGHT) return 0;
#endif
  return what != ECORS_DOORS_PASS;
}

/* Reads one request to its end and answers it. After an earlier answer the rest would be taken for
 * the next request. */
static void serve(void) {
  char piece[PIECE];
  head *head = &head_of_request;
  size_t total = 0, len = 0, used = 0, content_len, rest;
  int state = ecors_doors_reader_init(&reader) == ECORS_OK ? ECORS_NEEDS_MORE : ECORS_E_STATE;
  head_init(head);
  while (state == ECORS_NEEDS_MORE) {
    len = board_read(piece, sizeof piece, total == 0 ? FOREVER : PATIENCE_MS);
    if (len == 0) {
      give_up(408);
      return;
    }
    state = ecors_doors_reader_push(&reader, piece, len, &used);
    if (state < 0) {
      discard(TOO_LONG);
      give_up(400);
      return;
    }
    head_push(head, piece, used);
    if (total <= MAX_HEAD) total += used;
  }
  if (head->is_malformed) {
    discard(TOO_LONG);
    give_up(400);
    return;
  }
  content_len = len - used < head->content_length ? len - used : head->content_length;
  rest = head->content_length == TOO_LONG ? TOO_LONG : head->content_length - content_len;
  if (total > MAX_HEAD) {
    discard(rest);
    give_up(431);
    return;
  }

  /* This comes before routing and authentication, since browsers send no token with a preflight. */
  if (is_answered_at_doors()) {
    discard(rest);
    if (ecors_doors_decision_response(&decision, answer, sizeof answer, &answer_len) == ECORS_OK) board_write(answer, answer_len);
    return;
  }

  if (head->content_length > MAX_CONTENT) {
    discard(rest);
    give_up(413);
    return;
  }
  memcpy(content, piece + used, content_len);
  while (rest > 0) {
    len = board_read(content + content_len, rest, PATIENCE_MS);
    if (len == 0) {
      give_up(408);
      return;
    }
    content_len += len;
    rest -= len;
  }
  handle(head, content_len);
}

int main(void) {
  ecors_error error;
  board_init();
  /* If there is a mistake in the policy or in the hosts, print it on the serial line and serve
   * nothing. */
  if (ecors_policy_init(memory, sizeof memory, &config, &policy, &error) != ECORS_OK ||
      ecors_doors_init(memory_of_doors, sizeof memory_of_doors, &doors_config, &doors, &error) != ECORS_OK) {
    if (ecors_error_message(&error, answer, sizeof answer, &answer_len) == ECORS_OK) board_write(answer, answer_len);
    return 1;
  }
  if (ecors_doors_max_response_size(doors, policy) > sizeof answer - MAX_OWN) return 1;
  for (;;) serve();
}
