/* Compares the sizes, offsets and numbers of the header with the library's. With ONLY_NUMBERS it
 * compiles to an array of the header's, for machines that can compile this program but not run
 * it. */
#define ALIGNMENT(type) offsetof(struct { char before; type value; }, value)

#ifdef ONLY_NUMBERS

#include "embedded_cors.h"

#define ROW(text, expression, number) (uint32_t)(expression),
const uint32_t ecors_layout[] = {
#include "layout.inc"
};

#else

#include "check.h"

#define ROW(text, expression, number) {text, (uint32_t)(expression), number},
static const struct {
  const char *text;
  uint32_t header, library;
} rows[] = {
#include "layout.inc"
};

int main(void) {
  size_t i;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    snprintf(context, sizeof context, "%s: %u in the header, %u in the library", rows[i].text, rows[i].header, rows[i].library);
    CHECK(rows[i].header == rows[i].library);
  }
  context[0] = '\0';
  CHECK(ecors_size(ECORS_SIZE_CONFIG) == sizeof(ecors_config));
  CHECK(ecors_size(ECORS_SIZE_ERROR) == sizeof(ecors_error));
  CHECK(ecors_size(ECORS_SIZE_REQUEST) == sizeof(ecors_request));
  CHECK(ecors_size(ECORS_SIZE_READER) == sizeof(ecors_reader));
  CHECK(ecors_size(ECORS_SIZE_DECISION) == sizeof(ecors_decision));
  CHECK(ecors_size(ECORS_SIZE_FIELDS) == sizeof(ecors_fields));
  CHECK(ecors_size(ECORS_SIZE_DOORS_CONFIG) == sizeof(ecors_doors_config));
  CHECK(ecors_size(ECORS_SIZE_DOORS_REQUEST) == sizeof(ecors_doors_request));
  CHECK(ecors_size(ECORS_SIZE_DOORS_READER) == sizeof(ecors_doors_reader));
  CHECK(ecors_size(ECORS_SIZE_DOORS_DECISION) == sizeof(ecors_doors_decision));
  CHECK(ecors_size(0) == 0 && ecors_size(-1) == 0 && ecors_size(11) == 0);
  CHECK(ecors_abi_version() == ECORS_ABI_VERSION);
  snprintf(context, sizeof context, "%d.%d.%d", ECORS_VERSION_MAJOR, ECORS_VERSION_MINOR, ECORS_VERSION_PATCH);
  CHECK_TEXT(ecors_version(), context);
  return end_of_checks("layout", 80);
}

#endif
