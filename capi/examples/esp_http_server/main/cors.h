/* CORS for esp_http_server: take this file and cors.c into your project, and change the lists in cors.c. */
#ifndef CORS_H
#define CORS_H

#include "esp_http_server.h"

#include "embedded_cors.h"

/* The bytes of a buffer for the CORS fields of a response. */
#define CORS_BYTES 320

/* Makes the policy, before the server is started. own_fields is how many fields a response of the application's has at most. What is wrong
 * is printed. */
esp_err_t cors_init(const httpd_config_t *config, size_t own_fields);

/* Decides about a request and sets the CORS fields of its response, whatever its status. The server keeps pointers into the buffer until
 * the response was sent, so it has to be in the frame of the function that sends, or static: never in that of a function that returns
 * before.
 * ECORS_PREFLIGHT: answer with cors_answer_preflight and nothing else. Negative: no field was set, return ESP_FAIL. */
int cors_set_fields(httpd_req_t *r, ecors_decision *decision, char buffer[CORS_BYTES]);

/* The same for the server's own 400, 414 and 431, of whose request only a part is there. */
int cors_set_error_fields(httpd_req_t *r, ecors_decision *decision, char buffer[CORS_BYTES]);

esp_err_t cors_answer_preflight(httpd_req_t *r, const ecors_decision *decision);

#endif
