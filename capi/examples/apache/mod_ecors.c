/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * CORS for Apache, with the directives of README.md.
 *
 *     header_parser     decides as soon as the sections and .htaccess files of a request are
 *                       merged, before access is checked, and answers preflights and requests that
 *                       are refused at the doors
 *     insert_filter,    put the output filter into the way of every response, also of those that
 *     insert_error_...  Apache makes itself
 *     output filter     sets the fields, after mod_headers, mod_cache and the like
 *
 * Three kinds of responses never see header_parser: those of Apache to a head that it could not
 * read, those of translate_name (Redirect and RewriteRule of a server), and those of mod_cache
 * as a quick handler. The output filter decides about them. */
#include "config.h"

#include <apr_strings.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>
#include <util_filter.h>

#include "verdicts.h"

/* How far a request has come, and the decision about it, which is made once: by the first request
 * in a chain of internal redirects that has Cors on. */
typedef struct {
  int is_read;      /* Apache has the whole head */
  /* as it was then: Apache changes it to GET for the page of an ErrorDocument */
  const char *method;
  int is_processed; /* no quick handler has answered */
  int is_merged;    /* the directives of all sections and .htaccess files are known */
  struct decided *decided;
} request_state;

typedef struct decided {
  ecors_fields fields; /* their values are in the pool of the first request */
  int status;          /* of the answer to a preflight or at the doors, 0 for other requests */
  int is_at_doors;     /* the status is that of a refusal at the doors */
  int replaces_timing;
  /* the merged directives have a mistake, so there are no fields, and the status is 500 */
  int is_wrong;
  const char *verdict, *reason, *origin; /* for logs; reason and origin may be NULL */
} decided;

APLOG_USE_MODULE(ecors);

static ap_filter_rec_t *filter;

static request_state *state_of(request_rec *r) {
  request_state *state = ap_get_module_config(r->request_config, &ecors_module);
  if (state == NULL) {
    state = apr_pcalloc(r->pool, sizeof *state);
    ap_set_module_config(r->request_config, &ecors_module, state);
  }
  return state;
}

/* ------------------------------------------------------------------------------------- Decision */

static int add_field(void *request, const char *name, const char *value) {
  return ecors_request_add_field(request, name, strlen(name), value, strlen(value)) == ECORS_OK;
}

static const char *method_of(const request_rec *first) {
  const request_state *state = ap_get_module_config(first->request_config, &ecors_module);
  return state != NULL && state->method != NULL ? state->method : first->method != NULL ? first->method : "";
}

static int add_field_at_doors(void *request, const char *name, const char *value) {
  return ecors_doors_request_add_field(request, name, strlen(name), value, strlen(value)) == ECORS_OK;
}

/* Decides at the doors. If the library fails the request is refused. */
static int decide_at_doors(request_rec *r, const request_rec *first, const ecors_made *made, decided *all) {
  const char *method = method_of(first), *target = first->unparsed_uri;
  ecors_doors_request request;
  ecors_doors_decision decision;
  size_t needed = 0;
  char *buffer;
  int rc = ecors_doors_request_init(&request, method, strlen(method));
  all->status = HTTP_FORBIDDEN;
  all->is_at_doors = 1;
  /* Apache has joined several lines of a name by commas, so two Host lines are not a host. */
  if (rc == ECORS_OK && target != NULL) rc = ecors_doors_request_set_target(&request, target, strlen(target));
  if (rc == ECORS_OK && r->proto_num < HTTP_VERSION(1, 1)) rc = ecors_doors_request_set_http_1_0(&request);
  if (rc == ECORS_OK) apr_table_do(add_field_at_doors, &request, r->headers_in, NULL);
  if (rc == ECORS_OK) rc = ecors_doors_decide(made->doors, made->policy, &request, &decision);
  if (rc < 0) return rc;
  all->status = ecors_doors_decision_status(&decision);
  all->is_at_doors = all->status > 0 && ecors_doors_decision_door(&decision) != ECORS_DOOR_PREFLIGHT;
  all->verdict = ecors_doors_decision_is_refused(&decision) ? "refused" : "allowed";
  if (ecors_doors_decision_reason(&decision) > 0) {
    all->reason = ecors_reason_name(ecors_doors_decision_reason(&decision));
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "cors refused at the doors: %s: %s", all->reason,
                  ecors_reason_sentence(ecors_doors_decision_reason(&decision)));
  }
  rc = ecors_doors_decision_fields(&decision, NULL, 0, &all->fields, &needed);
  if (rc != ECORS_E_MEMORY) return rc;
  buffer = apr_palloc(r->pool, needed);
  return ecors_doors_decision_fields(&decision, buffer, needed, &all->fields, NULL);
}

/* Decides about a request. If the library fails there are no fields, and browsers refuse. */
static decided *decide(request_rec *r, const ecors_made *made, int is_read) {
  decided *all = apr_pcalloc(r->pool, sizeof *all);
  const char *method, *origin = apr_table_get(r->headers_in, ECORS_ORIGIN);
  const request_rec *first = r;
  ecors_request request;
  ecors_decision decision;
  size_t needed = 0;
  char *buffer, message[512];
  int rc;

  while (first->prev != NULL) first = first->prev;
  method = method_of(first);
  all->replaces_timing = made->replaces_timing;
  rc = ecors_request_init(&request, method, strlen(method));
  /* Apache has joined several lines of a name by commas, so two Origin lines are not an origin. */
  if (rc == ECORS_OK) apr_table_do(add_field, &request, r->headers_in, NULL);
  if (rc == ECORS_OK && origin != NULL && ecors_any_origin != NULL && ecors_has_valid_origin(ecors_any_origin, &request)) all->origin = origin;
  /* Apache gave up in the middle of the head, so the host may be missing. */
  if (rc == ECORS_OK && made->doors != NULL && is_read) {
    rc = decide_at_doors(r, first, made, all);
    if (rc < 0) ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "cors: %s", ecors_strerror(rc));
    return all;
  }
  if (rc == ECORS_OK)
    rc = is_read ? ecors_decide(made->policy, &request, &decision) : ecors_decide_for_error_reply(made->policy, &request, &decision);
  if (rc >= 0) {
    all->status = ecors_decision_status(&decision);
    all->verdict = ecors_verdict(&decision);
    if (ecors_decision_reason(&decision) > 0) {
      all->reason = ecors_reason_name(ecors_decision_reason(&decision));
      if (APLOG_R_IS_LEVEL(r, APLOG_INFO)) {
        ecors_refusal_message(&decision, origin == NULL ? "" : origin, origin == NULL ? 0 : strlen(origin), message, sizeof message);
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "%s", message);
      }
    }
    rc = ecors_decision_fields(&decision, NULL, 0, &all->fields, &needed);
    if (rc == ECORS_E_MEMORY) {
      buffer = apr_palloc(r->pool, needed);
      rc = ecors_decision_fields(&decision, buffer, needed, &all->fields, NULL);
    }
  }
  if (rc < 0) ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "cors: %s", ecors_strerror(rc));
  return all;
}

/* Returns the directives for a request about which header_parser has not decided. */
static ecors_block *block_of(request_rec *r, const request_state *state) {
  ecors_block *block;
  request_rec *lookup;
  if (!state->is_read && r->uri != NULL) {
    /* A mistake in the head. The sections for the path can be known. */
    ap_location_walk(r);
  } else if (state->is_read && !state->is_processed) {
    /* A quick handler has answered before Apache looked for sections. */
    if (!ecors_depends_on_files()) {
      ap_location_walk(r);
    } else {
      lookup = ap_sub_req_method_uri("GET", apr_pstrcat(r->pool, r->uri, r->args == NULL ? NULL : "?", r->args, NULL), r, NULL);
      block = ap_get_module_config(lookup->per_dir_config, &ecors_module);
      return block;
    }
  }
  return ap_get_module_config(r->per_dir_config, &ecors_module);
}

/* Returns the decision about a request, which is made if it does not exist yet; NULL if Cors is
 * off. */
static const decided *decision_about(request_rec *r) {
  request_state *state = state_of(r), *earlier;
  decided *all = state->decided;
  const ecors_made *made;
  ecors_block *block;
  request_rec *previous;

  if (all != NULL) return all;
  for (previous = r->prev; all == NULL && previous != NULL; previous = previous->prev) {
    earlier = ap_get_module_config(previous->request_config, &ecors_module);
    if (earlier != NULL) all = earlier->decided;
  }
  if (all == NULL) {
    block = state->is_merged ? ap_get_module_config(r->per_dir_config, &ecors_module) : block_of(r, state);
    made = block == NULL ? NULL : ecors_make(block, r->pool);
    if (made == NULL) return NULL;
    if (made->mistake == NULL) {
      all = decide(r, made, state->is_read);
    } else {
      ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "%s in %s:%d", made->mistake, made->place.file, made->place.line);
      all = apr_pcalloc(r->pool, sizeof *all);
      all->is_wrong = 1;
    }
  }
  state->decided = all;
  apr_table_setn(r->notes, "cors-verdict", all->verdict == NULL ? "failed" : all->verdict);
  if (all->reason != NULL) apr_table_setn(r->notes, "cors-reason", all->reason);
  if (all->origin != NULL) apr_table_setn(r->notes, "cors-origin", all->origin);
  return all;
}

/* --------------------------------------------------------------------------------------- Fields */

typedef struct {
  const decided *all;
  apr_array_header_t *names;
} stale;

/* Notes a field of the response that the module replaces. Without CorsTiming it leaves
 * Timing-Allow-Origin alone. */
static int note_stale(void *stale_, const char *name, const char *value) {
  stale *fields = stale_;
  (void)value;
  if (ecors_is_cors_response_field(name, strlen(name)) == 1 &&
      (fields->all->replaces_timing || strcasecmp(name, "Timing-Allow-Origin") != 0))
    APR_ARRAY_PUSH(fields->names, const char *) = name;
  return 1;
}

/* Sets the fields. Apache joins the Vary lines of both tables, and removes repeated members. */
static void set_fields(request_rec *r, const decided *all) {
  stale fields;
  size_t i;
  int j;
  fields.all = all;
  fields.names = apr_array_make(r->pool, 4, sizeof(const char *));
  apr_table_do(note_stale, &fields, r->headers_out, NULL);
  apr_table_do(note_stale, &fields, r->err_headers_out, NULL);
  for (j = 0; j < fields.names->nelts; j++) {
    apr_table_unset(r->headers_out, APR_ARRAY_IDX(fields.names, j, const char *));
    apr_table_unset(r->err_headers_out, APR_ARRAY_IDX(fields.names, j, const char *));
  }
  for (i = 0; i < all->fields.len; i++) {
    const ecors_field *field = &all->fields.items[i];
    if (field->append) apr_table_mergen(r->err_headers_out, field->name, field->value);
    else apr_table_setn(r->err_headers_out, field->name, field->value);
  }
}

/* Makes a response the answer to a preflight, or a refusal at the doors. */
static void set_preflight_answer(request_rec *r, const decided *all) {
  r->status = all->status;
  r->status_line = NULL;
  apr_table_unset(r->headers_out, "Location");
  apr_table_unset(r->err_headers_out, "Location");
  ap_set_content_type(r, NULL);
  ap_set_content_length(r, 0);
}

static apr_status_t filter_response(ap_filter_t *f, apr_bucket_brigade *brigade) {
  request_rec *r = f->r;
  const decided *all;
  ap_filter_t *next = f->next;
  ap_remove_output_filter(f);
  all = decision_about(r);
  if (all != NULL) {
    /* A Redirect or RewriteRule of the server came before header_parser. Browsers do not accept it
     * as the answer to a preflight. mod_cache as a quick handler must not answer what is refused at
     * the doors. */
    if (all->status > 0 && !state_of(r)->is_merged && r->prev == NULL && (state_of(r)->is_processed || all->is_at_doors) &&
        r->status >= 200 && r->status < 400) {
      set_preflight_answer(r, all);
      apr_brigade_cleanup(brigade);
      APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_eos_create(r->connection->bucket_alloc));
    }
    set_fields(r, all);
  }
  return ap_pass_brigade(next, brigade);
}

/* --------------------------------------------------------------------------------------- Hooks */

static int note_read(request_rec *r) {
  state_of(r)->is_read = 1;
  state_of(r)->method = r->method;
  return DECLINED;
}

static int note_processed(request_rec *r, int is_lookup) {
  (void)is_lookup;
  state_of(r)->is_processed = 1;
  return DECLINED;
}

/* Decides, and answers preflights and what is refused at the doors. It runs for main requests
 * only. */
static int answer_preflight(request_rec *r) {
  apr_bucket_brigade *brigade;
  const decided *all;
  int rc;

  state_of(r)->is_merged = 1;
  all = decision_about(r);
  /* The page of an ErrorDocument is not the answer to a preflight or to a refused request. */
  if (all == NULL || (r->prev != NULL && r->prev->status != HTTP_OK)) return DECLINED;
  if (all->is_wrong) return HTTP_INTERNAL_SERVER_ERROR;
  if (all->status <= 0) return DECLINED;

  rc = ap_discard_request_body(r);
  if (rc != OK) return rc;
  set_preflight_answer(r, all);
  ap_run_insert_error_filter(r);
  brigade = apr_brigade_create(r->pool, r->connection->bucket_alloc);
  APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_eos_create(r->connection->bucket_alloc));
  ap_pass_brigade(r->output_filters, brigade);
  return DONE;
}

static void insert_filter(request_rec *r) {
  ap_filter_t *one;
  if (r->main != NULL) return;
  for (one = r->output_filters; one != NULL; one = one->next)
    if (one->frec == filter) return;
  ap_add_output_filter_handle(filter, NULL, r, r->connection);
}

static int begin_configuration(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp) {
  (void)plog, (void)ptemp;
  return ecors_begin_configuration(pconf);
}

static int check_configuration(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *server) {
  (void)plog, (void)ptemp;
  return ecors_check_configuration(pconf, server);
}

static void begin_requests(apr_pool_t *child, server_rec *server) {
  (void)server;
  ecors_begin_requests(child);
}

static void register_hooks(apr_pool_t *pool) {
  (void)pool;
  /* After mod_headers, mod_deflate (CONTENT_SET), CACHE_SAVE and CACHE_OUT (CONTENT_SET + 1): a
   * cache keeps responses without the fields, so one entry serves pages of all origins. */
  filter = ap_register_output_filter("ECORS", filter_response, NULL, AP_FTYPE_CONTENT_SET + 2);
  ap_hook_pre_config(begin_configuration, NULL, NULL, APR_HOOK_MIDDLE);
  ap_hook_check_config(check_configuration, NULL, NULL, APR_HOOK_MIDDLE);
  ap_hook_child_init(begin_requests, NULL, NULL, APR_HOOK_MIDDLE);
  ap_hook_post_read_request(note_read, NULL, NULL, APR_HOOK_REALLY_FIRST);
  ap_hook_quick_handler(note_processed, NULL, NULL, APR_HOOK_REALLY_LAST);
  ap_hook_header_parser(answer_preflight, NULL, NULL, APR_HOOK_REALLY_FIRST);
  ap_hook_insert_filter(insert_filter, NULL, NULL, APR_HOOK_LAST);
  ap_hook_insert_error_filter(insert_filter, NULL, NULL, APR_HOOK_LAST);
}

module AP_MODULE_DECLARE_DATA ecors_module = {
  STANDARD20_MODULE_STUFF, ecors_create_block, ecors_merge_blocks, NULL, NULL, ecors_commands, register_hooks
};
