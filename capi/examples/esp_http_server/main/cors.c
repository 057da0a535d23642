#include "cors.h"

#include <stdio.h>
#include <string.h>

static const ecors_str origins[] = { ECORS_STR("https://app.example.com"), ECORS_STR("http://localhost:*") };
static const ecors_str methods[] = { ECORS_STR("PUT") };
static const ecors_str headers[] = { ECORS_STR("authorization"), ECORS_STR("content-type") };
static const ecors_str expose[] = { ECORS_STR("allow") };
static const ecors_config cors_config = { sizeof(ecors_config), 0, 600, ECORS_LIST(origins), ECORS_LIST(methods), ECORS_LIST(headers),
                                          ECORS_LIST(expose), NULL, NULL, { 0 } };
static const ecors_policy *policy;

esp_err_t cors_init(const httpd_config_t *config, size_t own_fields) {
  static unsigned char memory[ECORS_POLICY_SIZE(2, 1, 2, 1)];
  ecors_error error;
  char sentence[200];
  if (ecors_policy_init(memory, sizeof memory, &cors_config, &policy, &error) != ECORS_OK) {
    ecors_error_message(&error, sentence, sizeof sentence, NULL);
    printf("cors: %s\n", sentence);
    return ESP_FAIL;
  }
  if (ecors_policy_max_response_size(policy) > CORS_BYTES || ecors_policy_max_fields(policy) + own_fields > config->max_resp_headers) {
    printf("cors: CORS_BYTES has to be at least %u and max_resp_headers %u\n", (unsigned)ecors_policy_max_response_size(policy),
           (unsigned)(ecors_policy_max_fields(policy) + own_fields));
    return ESP_FAIL;
  }
  return ESP_OK;
}

/* Adds a field of the request. The server shows only the first line of a name. A truncated value is
 * refused, since the beginning of an origin could be another origin. */
static void add_field(httpd_req_t *r, ecors_request *request, const char *name, char *value, size_t size) {
  esp_err_t result = httpd_req_get_hdr_value_str(r, name, value, size);
  if (result == ESP_OK) ecors_request_add_field(request, name, strlen(name), value, strlen(value));
  else if (result != ESP_ERR_NOT_FOUND) ecors_request_add_truncated_field(request, name, strlen(name));
}

static int set_fields(httpd_req_t *r, ecors_decision *decision, char *buffer,
                      int (*decide)(const ecors_policy *, const ecors_request *, ecors_decision *)) {
  /* The fields of the response do not borrow from the request, so this memory may go. */
  char origin[ECORS_MAX_ORIGIN_LEN + 1], method[32], names[256];
  ecors_request request;
  ecors_fields fields;
  size_t i;
  /* To CORS all methods but OPTIONS are the same. */
  const char *method_name = r->method == HTTP_OPTIONS ? "OPTIONS" : "GET";
  ecors_request_init(&request, method_name, strlen(method_name));
  add_field(r, &request, ECORS_ORIGIN, origin, sizeof origin);
  add_field(r, &request, ECORS_REQUEST_METHOD, method, sizeof method);
  add_field(r, &request, ECORS_REQUEST_HEADERS, names, sizeof names);
  decide(policy, &request, decision);
  if (ecors_decision_fields(decision, buffer, CORS_BYTES, &fields, NULL) != ECORS_OK) return ECORS_E_STATE;
  for (i = 0; i < fields.len; i++)
    if (httpd_resp_set_hdr(r, fields.items[i].name, fields.items[i].value) != ESP_OK) return ECORS_E_MEMORY;
  return ecors_decision_kind(decision);
}

int cors_set_fields(httpd_req_t *r, ecors_decision *decision, char buffer[CORS_BYTES]) {
  return set_fields(r, decision, buffer, ecors_decide);
}

int cors_set_error_fields(httpd_req_t *r, ecors_decision *decision, char buffer[CORS_BYTES]) {
  return set_fields(r, decision, buffer, ecors_decide_for_error_reply);
}

esp_err_t cors_answer_preflight(httpd_req_t *r, const ecors_decision *decision) {
  httpd_resp_set_status(r, ecors_decision_status(decision) == 204 ? HTTPD_204 : "403 Forbidden");
  return httpd_resp_send(r, NULL, 0);
}
