/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "head.h"

#include <string.h>

static const char token[] = "Bearer lamp";

static int is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

/* Returns whether the line has this name, which is given in lower case and with its colon. *value
 * and *len then become the value without white space around it. */
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
  if (head->line_len > 5 && memcmp(at, "HEAD ", 5) == 0) head->method = METHOD_HEAD;
  if (head->line_len > 5 && memcmp(at, "POST ", 5) == 0) head->method = METHOD_POST;
  if (head->line_len > 4 && memcmp(at, "PUT ", 4) == 0) head->method = METHOD_PUT;
  while (at < end && *at != ' ') at++;
  while (at < end && *at == ' ') at++;
  for (len = 0; at + len < end && at[len] != ' ' && at[len] != '?' && at[len] != '\r'; len++) {}
  if (len < sizeof head->path) {
    memcpy(head->path, at, len);
    head->path[len] = '\0';
  }
}

/* Returns whether the line has a name that consists of something, and of no white space. A server
 * that takes "Content-Length : 9" for another name would take the content for a request. */
static int has_name(const head *head) {
  size_t i;
  for (i = 0; i < head->line_len && head->line[i] != ':'; i++)
    if (is_blank(head->line[i])) return 0;
  return i > 0 && i < head->line_len;
}

static void end_line(head *head) {
  const char *value;
  size_t len;
  int is_truncated = head->line_len > sizeof head->line;
  if (is_truncated) head->line_len = sizeof head->line;
  if (!head->has_request_line) {
    head->has_request_line = head->line_len > 1;
    request_line(head);
  } else if (head->line_len == 0 || (head->line_len == 1 && *head->line == '\r')) {
    return; /* the end of the head */
  } else if (!has_name(head)) {
    /* The names that matter here are shorter than what is kept of a line. */
    head->is_malformed |= !is_truncated;
  } else if (field(head, "authorization:", &value, &len)) {
    /* A request with several such lines is not authorized. */
    head->is_authorized = !head->has_authorization && !is_truncated && len == sizeof token - 1 && memcmp(value, token, len) == 0;
    head->has_authorization = 1;
  } else if (field(head, "content-length:", &value, &len)) {
    head->content_length = head->has_content_length || is_truncated ? TOO_LONG : number(value, len);
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
