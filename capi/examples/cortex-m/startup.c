/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * The vector table, and the code that runs before main. */
#include <stdint.h>

#include "board.h"

extern uint32_t data_start[], data_end[], bss_start[], bss_end[], stack_low[], stack_high[];
extern const uint32_t data_source[];

int main(void);
void reset(void);
static void stop(void);

struct vectors {
  uint32_t *stack;
  void (*handlers[15])(void);
};

/* It has reset and the faults only. Interrupts stay masked; they wake the processor, but run no
 * handler. */
__attribute__((section(".vectors"), used)) static const struct vectors vectors = {
  stack_high, { reset, stop, stop, stop, stop, stop, 0, 0, 0, 0, stop, stop, 0, stop, stop }
};

#define PAINT 0x5aa55aa5u

void reset(void) {
  const uint32_t *source = data_source;
  uint32_t *to;
  __asm__ volatile("cpsid i");
  for (to = data_start; to < data_end;) *to++ = *source++;
  for (to = bss_start; to < bss_end;) *to++ = 0;
  /* Paint the stack, so that board_stack_used can see how much of it was used; spare the part that
   * this function itself uses. */
  for (to = stack_low; to < (uint32_t *)__builtin_frame_address(0) - 16;) *to++ = PAINT;
  main();
  stop();
}

uint32_t board_stack_used(void) {
  const uint32_t *from = stack_low;
  while (from < stack_high && *from == PAINT) from++;
  return (uint32_t)(stack_high - from) * 4;
}

static void stop(void) {
  for (;;) __asm__ volatile("wfi");
}
