/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Reads from a head in pieces what the application itself needs: method, path, token and length. */
#ifndef HEAD_H
#define HEAD_H

#include <stddef.h>

/* A content length that is invalid, unknown or more than any request may have. */
#define TOO_LONG ((size_t)-1)

enum method { METHOD_GET, METHOD_HEAD, METHOD_POST, METHOD_PUT, METHOD_OTHER };

/* It keeps the current line only, up to the length of the longest line that the application
 * uses. */
typedef struct head {
  enum method method;
  char path[16]; /* empty if it is longer than every path of the application */
  int is_authorized;
  size_t content_length;
  int has_request_line, has_authorization, has_content_length;
  int is_malformed; /* a line after the request line has no name, or white space in it */
  char line[64];
  size_t line_len; /* of the whole line, also if it does not fit */
} head;

void head_init(head *head);
void head_push(head *head, const char *bytes, size_t len);

#endif
