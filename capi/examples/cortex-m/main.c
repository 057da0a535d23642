/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * A lamp with an HTTP API that web pages of other origins may use, on a microcontroller: one request at a time, over a serial line. */
#include <string.h>

#include "board.h"
#include "embedded_cors.h"
#include "head.h"

/* In flash. Whoever may use the lamp from a page: the app, its previews, and developers. */
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
  sizeof(ecors_config), 0, 600, /* seconds that browsers may keep the answer to a preflight */
  ECORS_LIST(origins), ECORS_LIST(methods), ECORS_LIST(headers), ECORS_LIST(exposed), NULL, NULL, 0
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
static unsigned char memory[ECORS_POLICY_SIZE(COUNT(origins), COUNT(methods), COUNT(headers), COUNT(exposed))];
static const ecors_policy *policy;

enum {
  PIECE = 64,
  /* The longest head that is answered as it asks: a cookie of 16 KiB is passed over, since none of it is kept. A longer one is answered
   * 431, after its end, with the Origin that may stand behind what is long. */
  MAX_HEAD = 24 * 1024,
  MAX_CONTENT = 64,
  /* The most bytes of a response that are not the policy's. */
  MAX_OWN = 256,
  /* A request in which nothing comes for so long is given up. */
  PATIENCE_MS = 1000,
  /* Content of unknown length has ended if nothing comes for so long. */
  QUIET_MS = 200
};

/* All but the stack. */
static ecors_reader reader;
static ecors_decision decision;
static head head_of_request;
static char content[MAX_CONTENT];
static char answer[1024];
static size_t answer_len;
static int lamp_is_on;

/* Writes text at a place and gives the place behind it, where a NUL is. */
static char *append(char *at, const char *text) {
  size_t len = strlen(text);
  memcpy(at, text, len + 1);
  return at + len;
}

static void put(const char *text) {
  if (strlen(text) >= sizeof answer - answer_len) return; /* main has checked that everything fits */
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

/* Every status goes out with the decision's fields: a page that is allowed sees the status, and no other does. */
static void respond(int status, const char *own_fields, const char *body) {
  size_t len;
  answer_len = 0;
  put("HTTP/1.1 ");
  put(reason_phrase(status));
  put("\r\nconnection: close\r\n");
  /* Should this fail, there are no fields, and browsers refuse. */
  if (ecors_decision_lines(&decision, answer + answer_len, sizeof answer - answer_len, &len) == ECORS_OK) answer_len += len;
  put(own_fields);
  put("content-length: ");
  put(decimal((uint32_t)strlen(body)));
  put("\r\n\r\n");
  put(body);
  board_write(answer, answer_len);
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

/* Routes, and asks who it is where something is to be changed. */
static void handle(const head *head, size_t content_len) {
  int is_led = is(head->path, strlen(head->path), "/led");
  if (!is_led && !is(head->path, strlen(head->path), "/status")) {
    respond(404, "", "");
  } else if (head->method == METHOD_GET) {
    if (is_led) respond_led();
    else respond_status();
  } else if (!is_led) {
    respond(405, "allow: GET\r\n", "");
  } else if (head->method != METHOD_PUT) {
    respond(405, "allow: GET, PUT\r\n", "");
  } else if (!head->is_authorized) {
    respond(401, "www-authenticate: Bearer\r\n", "");
  } else if (is(content, content_len, "{\"on\":true}") || is(content, content_len, "{\"on\":false}")) {
    lamp_is_on = is(content, content_len, "{\"on\":true}");
    board_led(lamp_is_on);
    respond_led();
  } else {
    respond(400, "", "");
  }
}

/* A reply to a request that was not read, or not understood, as a whole. The page sees that too. */
static void give_up(int status) {
  ecors_reader_decide_error_reply(&reader, &decision);
  respond(status, "", "");
}

/* Takes content that nobody wants. Where it ends is not always known; then it ends when nothing comes any more. */
static void discard(size_t len) {
  char piece[PIECE];
  while (len > 0) {
    size_t n = board_read(piece, len < sizeof piece ? len : sizeof piece, QUIET_MS);
    if (n == 0) return;
    if (len != TOO_LONG) len -= n;
  }
}

/* Takes one request, to its end, and answers it. An answer before its end would leave the rest to be taken for the next request. */
static void serve(void) {
  char piece[PIECE];
  head *head = &head_of_request;
  size_t total = 0, len = 0, used = 0, content_len, rest;
  int state = ecors_reader_init(&reader, policy);
  head_init(head);
  while (state == ECORS_MORE) {
    len = board_read(piece, sizeof piece, total == 0 ? FOREVER : PATIENCE_MS);
    if (len == 0) {
      give_up(408);
      return;
    }
    state = ecors_reader_push(&reader, piece, len, &used);
    if (state < 0) {
      discard(TOO_LONG);
      give_up(400);
      return;
    }
    head_push(head, piece, used);
    if (total <= MAX_HEAD) total += used;
  }
  content_len = len - used < head->content_length ? len - used : head->content_length;
  rest = head->content_length == TOO_LONG ? TOO_LONG : head->content_length - content_len;
  if (total > MAX_HEAD) {
    discard(rest);
    give_up(431);
    return;
  }

  /* Before routing and before authentication: a browser sends no token with a preflight. */
  if (ecors_reader_decide(&reader, &decision) == ECORS_PREFLIGHT) {
    discard(rest);
    if (ecors_decision_response(&decision, answer, sizeof answer, &answer_len) == ECORS_OK) board_write(answer, answer_len);
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
  /* A mistake in the policy is told on the console, and nothing is served. */
  if (ecors_policy_init(memory, sizeof memory, &config, &policy, &error) != ECORS_OK) {
    if (ecors_error_message(&error, answer, sizeof answer, &answer_len) == ECORS_OK) board_write(answer, answer_len);
    return 1;
  }
  if (ecors_policy_max_response_size(policy) > sizeof answer - MAX_OWN) return 1;
  for (;;) serve();
}
