/* Links two Rust libraries into one program: both work, and the other one catches its own panic. */
#include "check.h"

int beside_repeated(int words);

int main(void) {
  ecors_request request;
  CHECK(beside_repeated(10) == 5);
  CHECK(beside_repeated(0) == -1);
  CHECK(ecors_request_init(&request, "GET", 3) == ECORS_OK);
  CHECK_TEXT(ecors_reason_name(4), "origin_not_allowed");
  return end_of_checks("beside", 4);
}
