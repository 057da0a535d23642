/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * A stand-in for Zephyr's header. It declares what README.md uses. */
#ifndef STANDIN_ZEPHYR_HTTP_SERVER_H
#define STANDIN_ZEPHYR_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum http_method { HTTP_GET = 1, HTTP_OPTIONS = 6 };
const char *http_method_str(enum http_method m);
enum http_status { HTTP_200_OK = 200, HTTP_204_NO_CONTENT = 204, HTTP_403_FORBIDDEN = 403 };
enum http_header_status { HTTP_HEADER_STATUS_OK, HTTP_HEADER_STATUS_DROPPED, HTTP_HEADER_STATUS_NONE };

struct http_header {
  const char *name;
  const char *value;
};

struct http_header_name {
  const char *name;
};

struct http_request_ctx {
  uint8_t *data;
  size_t data_len;
  struct http_header *headers;
  size_t header_count;
  enum http_header_status headers_status;
};

struct http_response_ctx {
  enum http_status status;
  const struct http_header *headers;
  size_t header_count;
  const uint8_t *body;
  size_t body_len;
  bool final_chunk;
};

struct http_client_ctx {
  enum http_method method;
};

#define HTTP_SERVER_REGISTER_HEADER_CAPTURE(id, header)                                                                        \
  static const struct http_header_name id __attribute__((used)) = { header }

#endif
