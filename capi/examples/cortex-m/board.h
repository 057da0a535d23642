/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * What the application needs of the board: a stream of bytes, an LED and the time. */
#ifndef BOARD_H
#define BOARD_H

#include <stddef.h>
#include <stdint.h>

#define FOREVER UINT32_MAX

void board_init(void);

/* Waits for at least one byte and returns the number of bytes read. Returns 0 if nothing arrives
 * for patience_ms. */
size_t board_read(char *bytes, size_t size, uint32_t patience_ms);

void board_write(const char *bytes, size_t len);

void board_led(int on);

uint32_t board_uptime_ms(void);

/* Returns the most bytes of the stack that were in use at once so far. */
uint32_t board_stack_used(void);

#endif
