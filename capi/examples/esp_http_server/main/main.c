/* A lamp with an HTTP API that web pages of other origins may use, as an application of ESP-IDF. */
#include "cors.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* A response has at most one field that the application sets: WWW-Authenticate or Allow. */
#define OWN_FIELDS 1

static bool on;

static esp_err_t answer(httpd_req_t *r, const char *status, const char *json) {
  httpd_resp_set_status(r, status);
  if (json != NULL) httpd_resp_set_type(r, HTTPD_TYPE_JSON);
  return httpd_resp_sendstr(r, json);
}

static esp_err_t get_status(httpd_req_t *r) { return answer(r, HTTPD_200, "{\"status\":\"ok\"}"); }

static esp_err_t get_led(httpd_req_t *r) { return answer(r, HTTPD_200, on ? "{\"on\":true}" : "{\"on\":false}"); }

static esp_err_t put_led(httpd_req_t *r) {
  char authorization[64], content[64];
  size_t len = 0;
  /* A real token is secret, and its comparison takes constant time. */
  if (httpd_req_get_hdr_value_str(r, "Authorization", authorization, sizeof authorization) != ESP_OK ||
      strcmp(authorization, "Bearer lamp") != 0) {
    httpd_resp_set_hdr(r, "WWW-Authenticate", "Bearer");
    return answer(r, "401 Unauthorized", NULL);
  }
  if (r->content_len >= sizeof content) return answer(r, "413 Content Too Large", NULL);
  while (len < r->content_len) {
    int n = httpd_req_recv(r, content + len, r->content_len - len);
    if (n <= 0) return ESP_FAIL;
    len += (size_t)n;
  }
  content[len] = '\0';
  if (strcmp(content, "{\"on\":true}") == 0) on = true;
  else if (strcmp(content, "{\"on\":false}") == 0) on = false;
  else return answer(r, HTTPD_400, NULL);
  return answer(r, HTTPD_204, NULL);
}

static const httpd_uri_t routes[] = {
  { "/status", HTTP_GET, get_status, NULL },
  { "/led", HTTP_GET, get_led, NULL },
  { "/led", HTTP_PUT, put_led, NULL },
};

/* Answers 404 or 405. The handler for OPTIONS matches every URI, so the server itself would answer
 * 405 for every unknown URI. */
static esp_err_t answer_not_found(httpd_req_t *r) {
  size_t path = strcspn(r->uri, "?"), i;
  for (i = 0; i < sizeof routes / sizeof *routes; i++) {
    if (strlen(routes[i].uri) != path || strncmp(routes[i].uri, r->uri, path) != 0) continue;
    httpd_resp_set_hdr(r, "Allow", strcmp(routes[i].uri, "/led") == 0 ? "GET, PUT" : "GET");
    return answer(r, "405 Method Not Allowed", NULL);
  }
  return answer(r, HTTPD_404, NULL);
}

/* Runs before every handler. A handler sends its response before it returns, so the buffer in this
 * frame lives long enough. */
static esp_err_t with_cors(httpd_req_t *r) {
  const httpd_uri_t *route = r->user_ctx;
  ecors_decision decision;
  char cors[CORS_BYTES];
  int kind = cors_set_fields(r, &decision, cors);
  if (kind < 0) return ESP_FAIL;
  /* A preflight is answered before the token is checked. */
  if (kind == ECORS_PREFLIGHT) return cors_answer_preflight(r, &decision);
  return route != NULL ? route->handler(r) : answer_not_found(r);
}

static esp_err_t on_not_found(httpd_req_t *r, httpd_err_code_t error) {
  (void)error;
  r->user_ctx = NULL;
  return with_cors(r);
}

/* Answers an error in the head. The rest of the request is unread, so the connection is closed. */
static esp_err_t on_unread(httpd_req_t *r, httpd_err_code_t error) {
  ecors_decision decision;
  char cors[CORS_BYTES];
  if (cors_set_error_fields(r, &decision, cors) >= 0) httpd_resp_send_err(r, error, NULL);
  return ESP_FAIL;
}

static esp_err_t start_server(void) {
  static const httpd_err_code_t unread[] = { HTTPD_400_BAD_REQUEST, HTTPD_414_URI_TOO_LONG, HTTPD_431_REQ_HDR_FIELDS_TOO_LARGE };
  static const httpd_uri_t preflights = { "/*", HTTP_OPTIONS, with_cors, NULL };
  httpd_config_t config = HTTPD_DEFAULT_CONFIG();
  httpd_handle_t server = NULL;
  size_t i;
  config.stack_size = 6144;
  config.uri_match_fn = httpd_uri_match_wildcard;
  if (cors_init(&config, OWN_FIELDS) != ESP_OK || httpd_start(&server, &config) != ESP_OK) return ESP_FAIL;
  for (i = 0; i < sizeof routes / sizeof *routes; i++) {
    httpd_uri_t uri = routes[i];
    uri.handler = with_cors;
    uri.user_ctx = (void *)&routes[i];
    if (httpd_register_uri_handler(server, &uri) != ESP_OK) return ESP_FAIL;
  }
  if (httpd_register_uri_handler(server, &preflights) != ESP_OK) return ESP_FAIL;
  httpd_register_err_handler(server, HTTPD_404_NOT_FOUND, on_not_found);
  httpd_register_err_handler(server, HTTPD_405_METHOD_NOT_ALLOWED, on_not_found);
  for (i = 0; i < sizeof unread / sizeof *unread; i++) httpd_register_err_handler(server, unread[i], on_unread);
  return ESP_OK;
}

void app_main(void);

void app_main(void) {
  /* On a device the network has to be started first. */
  if (start_server() != ESP_OK) printf("the server did not start\n");
}
