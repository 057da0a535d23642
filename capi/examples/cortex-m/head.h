/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * What the application itself wants of a head that is read in pieces. */
#ifndef HEAD_H
#define HEAD_H

#include <stddef.h>

/* More than any content may have. */
#define TOO_LONG ((size_t)-1)

enum method { METHOD_GET, METHOD_PUT, METHOD_OTHER };

/* Of each line as much is kept as the longest line that matters has. */
typedef struct head {
  enum method method;
  char path[16]; /* empty if it is longer than any there is */
  int is_authorized;
  size_t content_length;
  int has_request_line, has_authorization, has_content_length;
  char line[64];
  size_t line_len; /* of the whole line */
} head;

void head_init(head *head);
void head_push(head *head, const char *bytes, size_t len);

#endif
