/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * A stand-in for ESP-IDF's header: what README.md uses of it. */
#ifndef STANDIN_ESP_HTTP_SERVER_H
#define STANDIN_ESP_HTTP_SERVER_H

#include <stddef.h>
#include <sys/types.h>

typedef int esp_err_t;
#define ESP_OK 0
#define ESP_ERR_NOT_FOUND 0x105

enum http_method { HTTP_GET = 1, HTTP_OPTIONS = 6 };
const char *http_method_str(enum http_method m);

typedef struct httpd_req {
  void *handle;
  int method;
} httpd_req_t;

esp_err_t httpd_req_get_hdr_value_str(httpd_req_t *r, const char *field, char *val, size_t val_size);
esp_err_t httpd_resp_set_hdr(httpd_req_t *r, const char *field, const char *value);
esp_err_t httpd_resp_set_status(httpd_req_t *r, const char *status);
esp_err_t httpd_resp_send(httpd_req_t *r, const char *buf, ssize_t buf_len);

#endif
