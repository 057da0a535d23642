/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * The directives of mod_ecors, and the policies that are made of them. */
#ifndef MOD_ECORS_CONFIG_H
#define MOD_ECORS_CONFIG_H

#include <httpd.h>
#include <http_config.h>

#include "embedded_cors.h"

/* A place in the configuration. */
typedef struct {
  const char *file;
  int line;
} ecors_place;

/* What has been made of the directives of a block: a policy and doors, or the mistake that they
 * would have. */
typedef struct {
  const ecors_policy *policy;
  const ecors_doors *doors; /* NULL without directives of doors */
  int replaces_timing; /* the policy has Timing-Allow-Origin */
  const char *mistake; /* NULL for a policy */
  ecors_place place;   /* of the mistake */
} ecors_made;

/* The directives of a section, of a server, of an .htaccess file, or of several of them merged. */
typedef struct ecors_block ecors_block;

extern const command_rec ecors_commands[];
void *ecors_create_block(apr_pool_t *pool, char *directory);
void *ecors_merge_blocks(apr_pool_t *pool, void *base, void *add);

/* Starts reading a configuration. */
int ecors_begin_configuration(apr_pool_t *pconf);
/* Checks the blocks that Apache will surely merge, before the first request comes, and
 * makes their policies. Returns OK, or logs the mistake with its file and line. */
int ecors_check_configuration(apr_pool_t *pconf, server_rec *main);
/* Prepares a process for requests. */
void ecors_begin_requests(apr_pool_t *child);

/* Returns whether a section about files has directives, or an .htaccess file may have some, so that
 * the settings of a request are known only after a look at the file system. */
int ecors_depends_on_files(void);

/* Returns what has been made of the block, which is made now if need be; NULL if cors is off. */
const ecors_made *ecors_make(ecors_block *block, apr_pool_t *pool);

/* The policy of ecors_has_valid_origin; NULL if it could not be made. */
extern const ecors_policy *ecors_any_origin;

/* The only symbol that the module exports, since Apache loads modules with RTLD_GLOBAL. */
extern module AP_MODULE_DECLARE_DATA ecors_module __attribute__((visibility("default")));

#endif
