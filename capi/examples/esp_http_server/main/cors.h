/* CORS for esp_http_server. Copy this file and cors.c into your project, and change the lists in
 * cors.c. */
#ifndef CORS_H
#define CORS_H

#include "esp_http_server.h"

#include "embedded_cors.h"

/* The size of a buffer for the CORS fields of a response. */
#define CORS_BYTES 320

/* Makes the policy; call it before the server starts. own_fields is the number of fields that the
 * application sets in one response at most. Prints what is wrong. */
esp_err_t cors_init(const httpd_config_t *config, size_t own_fields);

/* Decides about a request and sets the CORS fields of its response, which is right for every
 * status. The server keeps pointers into the buffer until the response is sent. So the buffer has
 * to be static, or in the frame of a function that does not return before.
 * Returns the kind of the request. Answer ECORS_PREFLIGHT with cors_answer_preflight and nothing
 * else. If the result is negative return ESP_FAIL, which closes the connection. */
int cors_set_fields(httpd_req_t *r, ecors_decision *decision, char buffer[CORS_BYTES]);

/* Does the same for the server's own 400, 414 and 431, when only a part of the request is there. */
int cors_set_error_fields(httpd_req_t *r, ecors_decision *decision, char buffer[CORS_BYTES]);

/* Sends the answer to a preflight. */
esp_err_t cors_answer_preflight(httpd_req_t *r, const ecors_decision *decision);

#endif
