/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "head.h"

#include <string.h>

static const char token[] = "Bearer lamp";

static int is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

/* Whether a line has this name, in lower case with its colon. Then *value is what follows, without white space around it. */
static int field(const head *head, const char *name, const char **value, size_t *len) {
  size_t name_len = strlen(name), i;
  const char *end = head->line + head->line_len;
  if (head->line_len < name_len) return 0;
  for (i = 0; i < name_len; i++) {
    char c = head->line[i];
    if ((c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c) != name[i]) return 0;
  }
  *value = head->line + name_len;
  while (*value < end && is_blank(**value)) ++*value;
  while (*value < end && is_blank(end[-1])) end--;
  *len = (size_t)(end - *value);
  return 1;
}

static size_t number(const char *text, size_t len) {
  size_t n = 0, i;
  if (len == 0 || len > 6) return TOO_LONG;
  for (i = 0; i < len; i++) {
    if (text[i] < '0' || text[i] > '9') return TOO_LONG;
    n = n * 10 + (size_t)(text[i] - '0');
  }
  return n;
}

static void request_line(head *head) {
  const char *at = head->line, *end = head->line + head->line_len;
  size_t len;
  if (head->line_len > 4 && memcmp(at, "GET ", 4) == 0) head->method = METHOD_GET;
  if (head->line_len > 4 && memcmp(at, "PUT ", 4) == 0) head->method = METHOD_PUT;
  while (at < end && *at != ' ') at++;
  while (at < end && *at == ' ') at++;
  for (len = 0; at + len < end && at[len] != ' ' && at[len] != '?' && at[len] != '\r'; len++) {}
  if (len < sizeof head->path) {
    memcpy(head->path, at, len);
    head->path[len] = '\0';
  }
}

static void end_line(head *head) {
  const char *value;
  size_t len;
  int is_cut = head->line_len > sizeof head->line;
  if (is_cut) head->line_len = sizeof head->line;
  if (!head->has_request_line) {
    head->has_request_line = head->line_len > 1;
    request_line(head);
  } else if (field(head, "authorization:", &value, &len)) {
    /* Of several none counts. */
    head->is_authorized = !head->has_authorization && !is_cut && len == sizeof token - 1 && memcmp(value, token, len) == 0;
    head->has_authorization = 1;
  } else if (field(head, "content-length:", &value, &len)) {
    head->content_length = head->has_content_length || is_cut ? TOO_LONG : number(value, len);
    head->has_content_length = 1;
  } else if (field(head, "transfer-encoding:", &value, &len)) {
    head->content_length = TOO_LONG;
    head->has_content_length = 1;
  }
}

void head_init(head *head) {
  memset(head, 0, sizeof *head);
  head->method = METHOD_OTHER;
}

void head_push(head *head, const char *bytes, size_t len) {
  for (; len > 0; len--, bytes++) {
    if (*bytes == '\n') {
      end_line(head);
      head->line_len = 0;
    } else {
      if (head->line_len < sizeof head->line) head->line[head->line_len] = *bytes;
      head->line_len++;
    }
  }
}
