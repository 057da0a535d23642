/* Checks that the stand-in behaves like ESP-IDF's server. The answer to GET /check has the
 * result. */
#include "esp_http_server.h"

#include <stdio.h>

#define CHECK(condition) \
  if (!(condition)) {    \
    failed = #condition; \
  }

static const char *failed;

static esp_err_t check(httpd_req_t *r) {
  char value[6], text[80];
  int i;

  CHECK(httpd_uri_match_wildcard("/led", "/led?x", 4));
  CHECK(!httpd_uri_match_wildcard("/led", "/leds", 5));
  CHECK(httpd_uri_match_wildcard("/*", "/", 1));
  CHECK(httpd_uri_match_wildcard("*", "", 0));
  CHECK(!httpd_uri_match_wildcard("/led/*", "/led", 4));
  CHECK(httpd_uri_match_wildcard("/led/?", "/led", 4));
  CHECK(httpd_uri_match_wildcard("/led/?", "/led/", 5));
  CHECK(!httpd_uri_match_wildcard("/led/?", "/led/1", 6));
  CHECK(httpd_uri_match_wildcard("/led/?*", "/led/1", 6));
  CHECK(!httpd_uri_match_wildcard("?", "", 0));

  /* X: one, X: two, y:    12345, Z: 123456, Empty: */
  CHECK(httpd_req_get_hdr_value_len(r, "x") == 3);
  CHECK(httpd_req_get_hdr_value_str(r, "X", value, sizeof value) == ESP_OK && strcmp(value, "one") == 0);
  CHECK(httpd_req_get_hdr_value_str(r, "Y", value, sizeof value) == ESP_OK && strcmp(value, "12345") == 0);
  CHECK(httpd_req_get_hdr_value_str(r, "Z", value, sizeof value) == ESP_ERR_HTTPD_RESULT_TRUNC && strcmp(value, "12345") == 0);
  CHECK(httpd_req_get_hdr_value_len(r, "Z") == 6);
  CHECK(httpd_req_get_hdr_value_str(r, "Empty", value, sizeof value) == ESP_OK && *value == '\0');
  CHECK(httpd_req_get_hdr_value_str(r, "None", value, sizeof value) == ESP_ERR_NOT_FOUND);
  CHECK(httpd_req_get_hdr_value_len(r, "None") == 0);
  CHECK(httpd_req_get_hdr_value_str(r, NULL, value, sizeof value) == ESP_ERR_INVALID_ARG);

  for (i = 0; i < 8; i++) CHECK(httpd_resp_set_hdr(r, "x-eight", "1") == ESP_OK);
  CHECK(httpd_resp_set_hdr(r, "x-eight", "1") == ESP_ERR_HTTPD_RESP_HDR);
  /* The server keeps the pointer and does not copy the text. */
  snprintf(text, sizeof text, "500 %s", failed != NULL ? failed : "");
  httpd_resp_set_status(r, text);
  if (failed == NULL) strcpy(text, "200 OK");
  httpd_resp_send(r, NULL, 0);
  if (httpd_req_get_hdr_value_len(r, "x") != 0) printf("the request's fields are still there\n");
  return ESP_OK;
}

void app_main(void) {
  httpd_config_t config = HTTPD_DEFAULT_CONFIG();
  httpd_uri_t uri = { "/check", HTTP_GET, check, NULL };
  httpd_handle_t server = NULL;
  char name[] = "/0";
  if (httpd_start(&server, &config) != ESP_OK) failed = "httpd_start";
  CHECK(httpd_register_uri_handler(server, &uri) == ESP_OK);
  CHECK(httpd_register_uri_handler(server, &uri) == ESP_ERR_HTTPD_HANDLER_EXISTS);
  for (uri.uri = name; name[1] < '7'; name[1]++) CHECK(httpd_register_uri_handler(server, &uri) == ESP_OK);
  CHECK(httpd_register_uri_handler(server, &uri) == ESP_ERR_HTTPD_HANDLERS_FULL);
}
