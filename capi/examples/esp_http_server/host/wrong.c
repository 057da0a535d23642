/* Makes the mistake that AddressSanitizer has to find: the buffer with the values of the fields is
 * in the frame of a function that returns before the response is sent. */
#include "cors.h"

static void set_fields(httpd_req_t *r) {
  ecors_decision decision;
  char cors[CORS_BYTES];
  cors_set_fields(r, &decision, cors);
}

static esp_err_t get_status(httpd_req_t *r) {
  set_fields(r);
  return httpd_resp_sendstr(r, "{\"status\":\"ok\"}");
}

void app_main(void) {
  static const httpd_uri_t status = { "/status", HTTP_GET, get_status, NULL };
  httpd_config_t config = HTTPD_DEFAULT_CONFIG();
  httpd_handle_t server = NULL;
  if (cors_init(&config, 0) == ESP_OK && httpd_start(&server, &config) == ESP_OK) httpd_register_uri_handler(server, &status);
}
